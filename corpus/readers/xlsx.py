"""Spreadsheets (xlsx): every visible sheet as a heading and its rows, with values as they are shown.

Formulas give the value that was last computed. Hidden sheets, empty rows and empty columns are not taken. Source: ECMA-376
part 1, SpreadsheetML; openpyxl in read-only mode reads the cells, the merged ranges are read here, which it leaves out.
"""

from __future__ import annotations

import io
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
from lxml import etree

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import ooxml
from corpus.readers.builder import Builder, filled
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line
from corpus.readers.ooxml import Package, value

MAX_CELLS = 2_000_000
"""Cells looked at in a file, empty ones before the last one of a row counted too."""

_DEFAULT_NAME = re.compile(r"^(?:sheet|工作表)\s*\d*$", re.I)
_RANGE = re.compile(r"^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$")

_WIDEST = 50

Merged = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 1."""


def matches(data: bytes) -> bool:
    """Whether the bytes are an Excel package, whole or cut off."""
    return ooxml.is_zip(data) and any(name.startswith("xl/") for name in ooxml.names(data))


def read(data: bytes) -> list[Line]:
    """The lines of a workbook: a heading and rows for each sheet.

    Raises Encrypted, Damaged, TooLarge or EmptyFile.
    """
    if ooxml.is_encrypted(data):
        raise ooxml.encrypted()
    out = Builder()
    with ooxml.reading(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of every extension that it does not know
        package = Package(data)
        _refuse_dtd(package)
        _add_workbook(data, package, out)
    if not out.has_text:
        raise EmptyFile("表格文件里没有文字", "请确认工作表不为空、没有被隐藏后重新导入")
    return out.lines


def _refuse_dtd(package: Package) -> None:
    """ECMA-376 part 2 forbids DTDs in a package; what has one means to harm the parser."""
    for name in package.names:
        if name.endswith((".xml", ".rels")):
            with package.open(name) as part:
                if b"<!DOCTYPE" in part.read(2000):
                    raise Damaged("文件内含不允许的 DTD 声明", "请确认文件来源可信，用 Office 或 WPS 另存一份再导入")


def _add_workbook(data: bytes, package: Package, out: Builder) -> None:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    budget = MAX_CELLS
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows, used = _cells(sheet, budget)
            budget -= used
            _add_sheet(out, sheet.title, rows, _merged_ranges(package, sheet))
    finally:
        book.close()


def _cells(sheet: Any, budget: int) -> tuple[dict[int, dict[int, str]], int]:
    """The texts of the cells that are not empty, by row and column, and how many cells were looked at."""
    sheet.reset_dimensions()  # what the file declares is often wrong
    rows: dict[int, dict[int, str]] = {}
    used = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        used += len(row) + 1
        if used > budget:
            raise TooLarge(
                f"表格超过 {MAX_CELLS // 10_000} 万个单元格", "请拆分成多个文件，或删去多余的空行空列后重新导入"
            )
        texts = {n: text for n, cell in enumerate(row, start=1) if (text := _shown(cell))}
        if texts:
            rows[number] = texts
    return rows, used


def _add_sheet(out: Builder, name: str, rows: dict[int, dict[int, str]], ranges: list[Merged]) -> None:
    if not rows:
        return
    if not _DEFAULT_NAME.match(name):
        out.add(name, 1)
    columns = sorted({n for row in rows.values() for n in row})
    reach = _reaching_down(ranges, rows, columns[0])
    above: list[str] = []
    started = False
    for number, row in rows.items():
        below = reach.get(number, set())
        alone = len(row) == 1 and not (below - row.keys())
        if len(columns) == 1 or (alone and (not started or _is_wide(ranges, number, next(iter(row))))):
            _add_text(out, next(iter(row.values())))
            continue
        started = True
        above = filled([row.get(n) for n in columns], above, {i for i, n in enumerate(columns) if n in below})
        out.add_row(above)


def _add_text(out: Builder, text: str) -> None:
    """A cell that stands alone in its row: a title, a note, a heading between rows."""
    for piece in text.split("\n"):
        if piece.strip():
            out.add(piece.strip())


def _is_wide(ranges: list[Merged], row: int, column: int) -> bool:
    return any(top <= row <= bottom and left == column < right for top, left, bottom, right in ranges)


def _reaching_down(ranges: list[Merged], rows: dict[int, dict[int, str]], first: int) -> dict[int, set[int]]:
    """For each row the columns that a merged cell of a row above reaches into.

    A cell in the first column that is merged both ways is also filled to the right, where rows are told apart by it.
    """
    out: dict[int, set[int]] = {}
    numbers = sorted(rows)
    budget = MAX_CELLS
    for top, left, bottom, right in ranges:
        text = rows.get(top, {}).get(left)
        if bottom <= top or text is None:
            continue
        reached = range(left, min(right, left + _WIDEST) + 1)
        if left == first:
            rows[top].update(dict.fromkeys(reached, text))
        below = numbers[bisect_right(numbers, top) : bisect_right(numbers, bottom)]
        budget -= len(below) * len(reached)
        if budget < 0:
            raise TooLarge("表格的合并单元格过多", "请取消合并单元格后另存，再重新导入")
        for row in below:
            out.setdefault(row, set()).update(reached)
    return out


def _merged_ranges(package: Package, sheet: Any) -> list[Merged]:
    path = str(sheet._worksheet_path).lstrip("/")
    if path not in package.names:
        return []
    return list(_ranges(package, path))


def _ranges(package: Package, path: str) -> Iterator[Merged]:
    events = etree.iterparse(
        package.open(path), tag=("{*}mergeCell", "{*}row"), resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False,
    )  # fmt: skip
    for _, element in events:
        match = (
            _RANGE.match((value(element, "ref") or "").replace("$", ""))
            if ooxml.local(element) == "mergeCell"
            else None
        )
        if match:
            yield int(match[2]), _column(match[1]), int(match[4]), _column(match[3])
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


# -- values ------------------------------------------------------------------------------------------------------------


def _shown(cell: Any) -> str:
    """The value of a cell as text: 2025年3月1日, 12.5, 5%."""
    content = cell.value
    if content is None:
        return ""
    if isinstance(content, bool):
        return "是" if content else "否"
    if isinstance(content, (int, float)):
        return _number(content, cell.number_format or "")
    if isinstance(content, (datetime, date, time)):
        return _moment(content)
    return str(content).replace("\t", " ").replace("\r", "").replace("_x000D_", "").strip()


def _number(number: float, style: str) -> str:
    """Without the noise of binary fractions (0.1 + 0.2) and without exponents."""
    if isinstance(number, float) and number != number:
        return ""
    exact = Decimal(f"{number:.15g}") if isinstance(number, float) else Decimal(number)
    if "%" in style and '"' not in style:
        return _plain(exact * 100) + "%"
    if re.fullmatch(r"0{2,20}", style) and exact == int(exact) >= 0:
        return str(int(exact)).zfill(len(style))
    return _plain(exact)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(moment: datetime | date | time) -> str:
    if isinstance(moment, time):
        return f"{moment:%H:%M}"
    day = f"{moment.year}年{moment.month}月{moment.day}日"
    if isinstance(moment, datetime) and (moment.hour or moment.minute):
        return f"{day} {moment:%H:%M}"
    return day
