"""Tables that leave the program: csv and xlsx that no spreadsheet program takes for anything but text and numbers.

What people asked stands in them, and a cell that begins with =, +, - or @ is a formula to Excel, LibreOffice and WPS: it may fetch
an address or start a program on the desk of whoever opens the file. In csv such a cell gets an apostrophe in front
(OWASP, "CSV Injection"); in xlsx every text is stored as text, which no program evaluates.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

Cell = str | int | float | bool | None
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_CHARACTERS = 32_767
"""Of a cell: more makes Excel call the file damaged."""
_FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?%?")
_WIDEST = 60


def harmless(text: str) -> str:
    """A text as it may stand in csv: with an apostrophe in front where a spreadsheet program would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def restored(text: str) -> str:
    """A text that was made `harmless`, as it was before."""
    return text[1:] if text.startswith("'") and harmless(text[1:]) == text else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A csv file in pieces: UTF-8 with the mark by which Excel knows it, lines ended as RFC 4180 wants them."""
    yield "\ufeff".encode()
    for row in _chained(header, rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([_plain(cell) for cell in row])
        yield line.getvalue().encode("utf-8", "replace")


def xlsx_bytes(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """A workbook of (name, header, rows), the header in bold and always in sight. Texts are cut at MOST_CHARACTERS."""
    book = Workbook(write_only=True)
    for name, header, rows in sheets:
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", name)[:31])
        kept = [list(row) for row in rows]
        sheet.freeze_panes = "A2"
        for column, title in enumerate(header):
            longest = max((len(str(row[column] or "")) for row in kept[:200]), default=0)
            width = min(_WIDEST, 4 + 2 * max(len(title), min(longest, _WIDEST)))
            sheet.column_dimensions[get_column_letter(column + 1)].width = width
        sheet.append([_cell(sheet, title, bold=True) for title in header])
        for row in kept:
            sheet.append([_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _chained(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield header
    yield from rows


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _cell(sheet: object, value: Cell, bold: bool = False) -> object:
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    text = ILLEGAL_CHARACTERS_RE.sub("", value.encode("utf-8", "replace").decode("utf-8"))[:MOST_CHARACTERS]
    made = WriteOnlyCell(sheet, text)
    made.data_type = "s"  # openpyxl would make a formula of a text that begins with =
    made.alignment = Alignment(vertical="top", wrap_text="\n" in text or len(text) > _WIDEST // 2)
    if bold:
        made.font = Font(bold=True)
    return made
