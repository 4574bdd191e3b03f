"""Spreadsheets (xlsx): every visible sheet as a heading and its rows, with values as they are shown.

Formulas give the value that was last computed; one without a value is reported and its cell is blank. Hidden sheets, rows
and columns are reported and not taken (rows that a filter or a closed group hides are hidden rows); empty rows and columns
go. The number of a line is its row in the sheet, its page the place of the sheet among the visible ones. Source: ECMA-376
part 1, SpreadsheetML; openpyxl in read-only mode reads the cells, what it leaves out (merged ranges, hidden rows and
columns, formulas without a value) is read here.
"""

from __future__ import annotations

import io
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils import get_column_letter

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import ooxml
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged
from corpus.readers.formats import shown_moment, shown_number, shown_text
from corpus.readers.lines import Line
from corpus.readers.ooxml import Package, child, value
from corpus.readers.tables import Table, write

MAX_CELLS = 2_000_000
"""Cells looked at in a file, empty ones before the last one of a row counted too."""

_DEFAULT_NAME = re.compile(r"^(?:sheet|工作表)\s*\d*$", re.I)
_RANGE = re.compile(r"^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$")
_PLACE = re.compile(r"^([A-Z]{1,3})(\d{1,7})$")
_REPORTED = 10_000  # cells of a hidden sheet that are named in the report
_LONGEST_FORMULA = 200

Merged = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 1."""

Cells = dict[int, dict[int, str]]
"""The texts of the cells that are not empty, by row and column."""


@dataclass(slots=True)
class _Marks:
    """What a sheet says of its cells beside their values: merged ranges, hidden runs of rows and of columns, and the
    formulas that have no value, by row and column."""

    merged: list[Merged] = field(default_factory=list)
    rows: list[tuple[int, int]] = field(default_factory=list)
    columns: list[tuple[int, int]] = field(default_factory=list)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)


class _Hidden:
    """Numbers of rows or columns that are hidden, given as runs."""

    def __init__(self, runs: list[tuple[int, int]]) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in sorted(runs):
            if self._last and first <= self._last[-1] + 1:
                self._last[-1] = max(self._last[-1], last)
            else:
                self._first.append(first)
                self._last.append(last)

    def __contains__(self, number: int) -> bool:
        return self.after(number) != number

    def after(self, number: int) -> int:
        """The first number from this one on that is not hidden."""
        at = bisect_right(self._first, number) - 1
        return self._last[at] + 1 if at >= 0 and self._last[at] >= number else number


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
    page = 0
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                _report_sheet(out, sheet)
                continue
            page += 1
            rows, used = _cells(sheet, budget)
            budget -= used
            _add_sheet(out, sheet.title, rows, _marks(package, sheet), page)
    finally:
        book.close()


def _report_sheet(out: Builder, sheet: Any) -> None:
    """Says what a hidden sheet holds; of a large one its beginning."""
    sheet.reset_dimensions()
    texts = [sheet.title]
    looked = 0
    for row in sheet.iter_rows():
        looked += len(row) + 1
        if looked > _REPORTED:
            break
        texts += [text for cell in row if (text := _shown(cell))]
    out.leave_out("hidden", " ".join(texts))


def _cells(sheet: Any, budget: int) -> tuple[Cells, int]:
    """The texts of a sheet, and how many cells were looked at."""
    sheet.reset_dimensions()  # what the file declares is often wrong
    rows: Cells = {}
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


def _add_sheet(out: Builder, name: str, rows: Cells, marks: _Marks, page: int) -> None:
    for (row, column), formula in marks.formulas.items():
        if not rows.get(row, {}).get(column):
            out.leave_out("formula", f"{get_column_letter(column)}{row}: {formula}", page)
    rows, areas = _visible(out, rows, marks, page)
    if not rows:
        return
    if not _DEFAULT_NAME.match(name):
        out.add(name, 1, page, number=1)
    columns = sorted({n for row in rows.values() for n in row})
    write(out, _table(rows, columns, areas).rows(), page)


def _visible(out: Builder, rows: Cells, marks: _Marks, page: int) -> tuple[Cells, dict[tuple[int, int], Merged]]:
    """The cells that are shown, and the merged ranges by their first place that is. The text of a merged range stands in
    its first cell; it is shown also where the row or column of that is hidden. What is not shown is reported."""
    shown: Cells = {}
    hidden: dict[tuple[str, int], list[str]] = {}
    closed_rows, closed_columns = _Hidden(marks.rows), _Hidden(marks.columns)
    areas: dict[tuple[int, int], Merged] = {}
    for top, left, bottom, right in marks.merged:
        row, column = closed_rows.after(top), closed_columns.after(left)
        text = rows.get(top, {}).get(left)
        if row > bottom or column > right or text is None:
            continue
        areas[row, column] = top, left, bottom, right
        if (row, column) != (top, left):
            rows[top].pop(left)
            rows.setdefault(row, {})[column] = text
    for number in sorted(rows):
        for n, text in rows[number].items():
            if number in closed_rows:
                hidden.setdefault(("row", number), []).append(text)
            elif n in closed_columns:
                hidden.setdefault(("column", n), []).append(text)
            else:
                shown.setdefault(number, {})[n] = text
    for texts in hidden.values():
        out.leave_out("hidden", " ".join(texts), page)
    return shown, areas


def _table(rows: Cells, columns: list[int], areas: dict[tuple[int, int], Merged]) -> Table:
    """The table of a sheet: its rows and columns that hold anything."""
    numbers = list(rows)
    table = Table()
    for at, number in enumerate(numbers):
        row = rows[number]
        table.begin_row(number=number)
        while (place := table.next_place()) < len(columns):
            column = columns[place]
            _, _, bottom, right = areas.get((number, column), (0, 0, 0, 0))
            across = bisect_right(columns, right) - place
            down = bisect_right(numbers, bottom) - at
            table.put(row.get(column, ""), across, down)
    return table


def _marks(package: Package, sheet: Any) -> _Marks:
    path = str(sheet._worksheet_path).lstrip("/")
    marks = _Marks()
    if path not in package.names:
        return marks
    events = etree.iterparse(
        package.open(path), tag=("{*}mergeCell", "{*}row", "{*}col"), resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False,
    )  # fmt: skip
    number = 0
    shared: dict[str, str] = {}
    for _, element in events:
        name = ooxml.local(element)
        if name == "row":
            number = _whole(value(element, "r"), number + 1)
            if _is_hidden(element, "ht"):
                marks.rows.append((number, number))
            _note_formulas(element, number, marks.formulas, shared)
        elif name == "col" and _is_hidden(element, "width"):
            first = _whole(value(element, "min"), 0)
            marks.columns.append((first, _whole(value(element, "max"), first)))
        elif name == "mergeCell" and (match := _RANGE.match((value(element, "ref") or "").replace("$", ""))):
            marks.merged.append((int(match[2]), _column(match[1]), int(match[4]), _column(match[3])))
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return marks


def _is_hidden(element: Any, size: str) -> bool:
    """Whether a row or column is hidden, by its mark or by having no height or width."""
    return (
        value(element, "hidden") in ("1", "true") or re.fullmatch(r"0(?:\.0*)?", value(element, size) or "") is not None
    )


def _note_formulas(row: Any, number: int, formulas: dict[tuple[int, int], str], shared: dict[str, str]) -> None:
    """Notes the formulas of a row that have no value. Of formulas that cells share, the first one has the words."""
    for formula in row.iter("{*}f"):
        text, group = formula.text or "", value(formula, "si")
        if group is not None:
            text = shared.setdefault(group, text) if value(formula, "t") == "shared" else text
        cell = formula.getparent()
        computed = child(cell, "v")
        if computed is not None and (computed.text or value(cell, "t") == "str"):
            continue
        if place := _PLACE.match(value(cell, "r") or ""):
            words = text if len(text) <= _LONGEST_FORMULA else text[:_LONGEST_FORMULA] + "…"
            formulas[number, _column(place[1])] = f"={words}"


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,7}", text) else otherwise


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


# -- values ------------------------------------------------------------------------------------------------------------


def _shown(cell: Any) -> str:
    """The value of a cell as text: 2025年3月1日, 12.5, 5%, 500万元."""
    content = cell.value
    if content is None:
        return ""
    if isinstance(content, bool):
        return "是" if content else "否"
    if isinstance(content, (int, float)):
        return shown_number(content, cell.number_format or "General")
    if isinstance(content, (datetime, date, time, timedelta)):
        return shown_moment(content, cell.number_format or "General")
    text = str(content).replace("\t", " ").replace("\r", "").replace("_x000D_", "").strip()
    return shown_text(text, cell.number_format or "General") if text else ""
