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
_SAID = re.compile(rf"单位\s*[：:]\s*({_UNITS})")
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
        of_all = match[1] if (match := _SAID.search(caption)) else ""
        out = []
        for n in range(width):
            path = tuple(dict.fromkeys(cells[n].text for cells in rows if n < len(cells) and cells[n].text))
            out.append(Column(path, next(filter(None, map(_unit_of, reversed(path))), of_all)))
        return tuple(out)


def _unit_of(header: str) -> str:
    """The unit that a header gives the figures under it: 额度（万元）, 收费标准 单位：元/次."""
    match = _IN_BRACKETS.search(header) or _SAID.search(header)
    return match[1] if match else ""
