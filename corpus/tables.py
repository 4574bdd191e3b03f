"""The tables of a document, seen from its clauses: every row under its columns, with what is printed over them.

A row is a clause whose cells are parted by tabs; its place in the row is the column of a cell, since readers repeat what a merged
cell holds in every place that it covers. Rows labelled 表头 head the columns, one above the other. What else belongs to a table
stands right before it: its caption, and the unit of its figures (单位：万元).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from corpus.types import Clause, Document, Span

HEADER = "表头"
"""The label of a row that heads the columns of a table."""

_UNITS = (
    r"(?:[百千万亿]*(?:元|美元|人民币)|%|％|‰|个|家|台|套|项|人|人次|名|件|户|所|处|亩|公顷|公里|千米|米|厘米|毫米|平方米|平方公里|㎡|立方米|吨|千克|公斤|克"
    r"|天|日|个?工作日|小时|分钟|个?月|年|岁|分|次|间|张|辆|床|度|千瓦时)(?:/[一-鿿·]{1,5}){0,3}"
)
_IN_BRACKETS = re.compile(rf"[（(]\s*(?:单位\s*[：:]\s*)?({_UNITS})\s*[）)]\s*$")
_UNIT_STOP = re.compile(r"[、，,；;和及]")
_SAID = re.compile(rf"单位\s*[：:]\s*((?:{_UNITS})(?: ?{_UNIT_STOP.pattern} ?(?:{_UNITS}))*)")
_COUNTED = (
    (re.compile(r"比例|比率|占比|百分比|率$|率[（(]"), re.compile(r"[%％‰]")),
    (re.compile(r"人数|人次|名额|计划数|户数|床位|数量|台数|辆数|家数|个数|件数"), re.compile(r"[人名户张台辆家个件套]")),
    (re.compile(r"面积"), re.compile(r"平方|㎡|亩|公顷")),
    (re.compile(r"年龄|工龄|年限"), re.compile(r"岁|年|月")),
    (re.compile(r"序号|编号|代码|号码|电话|邮编|排名|名次|年份|日期|时间$"), re.compile(r"(?!)")),
)  # fmt: skip
"""(what a header says that its figures count, the units in which that is counted): 单位：元 over a whole table is not that of its
column 报销比例."""
_FIGURE = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
_STOPS = re.compile(r"[。；！？]")
_LONGEST_HEADING = 60  # characters of a line that may stand between the rows of one table
_CAPTION_LINES = 2
_COUNTING = re.compile(r"\d{1,3}|[A-Z]|[一二三四五六七八九十]{1,3}|[（(]\d{1,2}[）)]|[①-⑳]|栏次|行次|序号|")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a row, "" where that is blank, and where in the document."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of the header over a column, from the top down, and the unit that these give its figures ("" for none)."""

    path: tuple[str, ...]
    unit: str = ""

    @property
    def name(self) -> str:
        return " ".join(self.path)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of data. `group` is the line inside the table that it stands under, "" for none."""

    clause: Clause
    cells: tuple[Cell, ...]
    group: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """A table of one document: `columns` has one for each place of its widest row; a table without header has nameless ones."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    headers: tuple[Clause, ...] = ()

    @cached_property
    def at(self) -> dict[str, int]:
        """The place of each row by the id of its clause."""
        return {row.clause.id: n for n, row in enumerate(self.rows)}

    def value(self, row: Row, column: int) -> str:
        """A cell as it is to be read out: with the unit of its column where it is a bare figure."""
        text = row.cells[column].text
        unit = self.columns[column].unit
        return text + unit if unit and _FIGURE.fullmatch(text) else text


def is_row(document: Document, clause: Clause) -> bool:
    """Whether a clause is a row of a table, of data or of the header."""
    text = document.text[clause.span.start : clause.span.end]
    return "\t" in text and "\n" not in text


def tables_of(document: Document, clauses: Sequence[Clause]) -> list[Table]:
    """The tables of a document, in order. Linear in the clauses."""
    return list(_Builder(document, clauses).tables())


class _Builder:
    """Walks the clauses of a document once."""

    def __init__(self, document: Document, clauses: Sequence[Clause]) -> None:
        self.document, self.clauses = document, clauses
        self.before: list[str] = []  # lines since the last row
        self.headers: list[Clause] = []
        self.rows: list[Row] = []
        self.caption = ""
        self.group = ""
        self.last: tuple[tuple[Column, ...], tuple[Clause, ...], str] = ((), (), "")

    def tables(self) -> Iterator[Table]:
        for at, clause in enumerate(self.clauses):
            if is_row(self.document, clause):
                yield from self._take_row(clause)
            elif line := self._own_text(at, clause):
                yield from self._take_line(line)
        yield from self._closed()

    def _own_text(self, at: int, clause: Clause) -> str:
        """The words of a clause before those of its children."""
        end = clause.span.end
        if at + 1 < len(self.clauses) and self.clauses[at + 1].parent == clause.id:
            end = self.clauses[at + 1].span.start
        return self.document.text[clause.span.start : end].strip()

    def _take_row(self, clause: Clause) -> Iterator[Table]:
        header = clause.label == HEADER
        if header and self.rows:
            yield from self._closed()
        if not self.headers and not self.rows:
            lines = [line for line in self.before[-_CAPTION_LINES:] if len(line) <= _LONGEST_HEADING]
            self.caption = "\n".join(lines)
        elif self.before:
            self.group = self.before[-1]
        self.before = []
        if header:
            self.headers.append(clause)
        else:
            self.rows.append(Row(clause, self._cells(clause), self.group))

    def _take_line(self, line: str) -> Iterator[Table]:
        if self.rows and (len(line) > _LONGEST_HEADING or _STOPS.search(line) or self.before):
            yield from self._closed()
        self.before.append(line)

    def _cells(self, clause: Clause) -> tuple[Cell, ...]:
        out, at = [], clause.span.start
        for text in self.document.text[clause.span.start : clause.span.end].split("\t"):
            bare = text.strip()
            start = at + len(text) - len(text.lstrip())
            out.append(Cell(bare, Span(start, start + len(bare))))
            at += len(text) + 1
        return tuple(out)

    def _closed(self) -> Iterator[Table]:
        """The table at hand, where it has rows. One without a header of its own, as wide as the one before, goes on that one."""
        if self.rows:
            width = max(len(row.cells) for row in self.rows)
            headers, caption = tuple(self.headers), self.caption
            columns = self._columns(width, caption)
            if not headers and len(self.last[0]) == width and self.last[1]:
                columns, headers, caption = self.last
            rows = tuple(self._padded(row, width) for row in self.rows)
            self.last = columns, headers, caption
            yield Table(caption, columns, rows, headers)
        self.headers, self.rows, self.group = [], [], ""

    @staticmethod
    def _padded(row: Row, width: int) -> Row:
        end = row.clause.span.end
        blank = (Cell("", Span(end, end)),) * (width - len(row.cells))
        return Row(row.clause, row.cells + blank, row.group) if blank else row

    def _columns(self, width: int, caption: str) -> tuple[Column, ...]:
        rows = [self._cells(clause) for clause in self.headers]
        rows = [cells for cells in rows if not all(_COUNTING.fullmatch(cell.text) for cell in cells)]
        out = []
        for n in range(width):
            path = tuple(dict.fromkeys(cells[n].text for cells in rows if n < len(cells) and cells[n].text))
            out.append(Column(path, _unit_under(caption, path)))
        return tuple(out)


def _unit_under(caption: str, path: Sequence[str]) -> str:
    """The unit of the figures under a header: the nearest that is told, in a text over it or in the caption, in which what the
    header counts can be counted; "" for none."""
    below = ""  # the texts between a unit and the figures, which may say that they count something else
    for told in reversed(path):
        units = _units_of(_IN_BRACKETS.search(told) or _SAID.search(told))
        if fitting := [unit for unit in units if _counts(below, unit)]:
            return fitting[0]
        below = f"{told} {below}"
    return next((unit for unit in _units_of(_SAID.search(caption)) if _counts(below, unit)), "")


def _units_of(match: re.Match[str] | None) -> list[str]:
    """The units that a header or caption tells, in order: 额度（万元）, 收费标准 单位：元/次, 单位：元、%."""
    return [unit.strip() for unit in _UNIT_STOP.split(match[1])] if match else []


def _counts(header: str, unit: str) -> bool:
    """Whether what a header says is counted can be counted in a unit; one that says nothing of it takes any."""
    kinds = [units for said, units in _COUNTED if said.search(header)]
    return not kinds or any(units.search(unit) for units in kinds)
