"""Tables that ruling lines draw: found by pdfplumber's arithmetic, taken where their cells are those of a table.

A page whose lines of text are framed or ruled is no table: its rows hold one cell each, or sentences that the end of a
line cuts, or words that an upright rule cuts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pdfplumber.table import TableFinder

from corpus.markers import marker_of
from corpus.readers.pdfium import Char
from corpus.readers.tables import Row
from corpus.readers.tables import Table as Grid
from corpus.readers.typeset import TextLine, text_lines, unwrapped

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""

_LONG = 10  # characters of a line that may be a part of a sentence
_FULL = 1.6  # characters that such a line may lack
_FLUSH = 0.8  # characters that the next one may stand off the edge
_MANY = 0.4  # of the rows: how many cut sentences or words make a page of lines
_ENDS = tuple("。！？；：!?;:”）)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its box and its rows."""

    box: Box
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    """What pdfplumber needs of a page."""

    edges: list[dict[str, Any]]
    bbox: Box = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Cell:
    box: Box
    chars: list[Char]
    lines: list[TextLine]

    @property
    def text(self) -> str:
        aside = "".join(c["text"] for c in self.chars if c.get("angle"))
        return unwrapped([*(line.text for line in self.lines), aside])


def tables(edges: list[dict[str, Any]], chars: Sequence[Char]) -> list[Table]:
    """The tables that these edges draw around these characters, from top to bottom."""
    found = [t for t in TableFinder(_Page(edges)).tables if len(t.rows) >= 2 and len(t.columns) >= 2]
    if not found:
        return []
    placed = sorted(chars, key=lambda c: c["top"] + c["bottom"])
    middles = [(c["top"] + c["bottom"]) / 2 for c in placed]
    out = []
    for table in found:
        rows = [[None if box is None else _cell(box, placed, middles) for box in row.cells] for row in table.rows]
        if _has_cells(rows) and not _cuts_sentences(rows) and not _cuts_words(rows):
            out.append(Table(table.bbox, _told(rows)))
    return sorted(out, key=lambda table: table.box[1])


def _cell(box: Box, placed: Sequence[Char], middles: Sequence[float]) -> _Cell:
    within = placed[bisect_left(middles, box[1]) : bisect_left(middles, box[3])]
    chars = [c for c in within if box[0] <= (c["x0"] + c["x1"]) / 2 < box[2]]
    return _Cell(box, chars, text_lines([c for c in chars if not c.get("angle")]))


def _told(rows: Sequence[Sequence[_Cell | None]]) -> tuple[Row, ...]:
    """The rows with each cell in every place that its box covers."""
    cells = [cell.box for row in rows for cell in row if cell is not None]
    lefts, tops = {box[0] for box in cells}, {box[1] for box in cells}
    grid = Grid()
    for row in rows:
        grid.begin_row()
        for place, cell in enumerate(row):
            if grid.next_place() > place:
                continue
            if cell is None:
                grid.blank()
                continue
            x0, top, x1, bottom = cell.box
            across = sum(x0 <= left < x1 - 0.1 for left in lefts)
            grid.put(cell.text, across, sum(top <= other < bottom - 0.1 for other in tops))
    return tuple(grid.rows())


def _has_cells(rows: Sequence[Sequence[_Cell | None]]) -> bool:
    """Whether two columns have text in two rows; a merged cell counts for each row that it reaches into."""
    filled = []
    for column in zip(*rows, strict=True):
        cells = [cell for cell in column if cell is not None]
        tall = sum(1 for cell in cells if cell.chars)
        merged = sum(1 for n, cell in enumerate(column) if cell is None and n and _reaches(column[:n], rows, n))
        filled.append(tall + merged)
    return sum(count >= 2 for count in filled) >= 2


def _reaches(above: Sequence[_Cell | None], rows: Sequence[Sequence[_Cell | None]], n: int) -> bool:
    """Whether the last cell above reaches down into row n and has text."""
    cell = next((c for c in reversed(above) if c is not None), None)
    tops = [c.box[1] for c in rows[n] if c is not None]
    return cell is not None and bool(cell.chars) and bool(tops) and cell.box[3] > min(tops) + 1


def _cuts_sentences(rows: Sequence[Sequence[_Cell | None]]) -> bool:
    """Whether the column with the most text holds sentences that go on from row to row."""
    columns = list(zip(*rows, strict=True))
    widest = max(columns, key=lambda cells: sum(len(cell.chars) for cell in cells if cell is not None))
    cells = [cell for cell in widest if cell is not None and cell.lines]
    if len(cells) < 3:
        return False
    left = min(cell.lines[0].left for cell in cells)
    cut = sum(_goes_on(cell, after, left) for cell, after in zip(cells, cells[1:], strict=False))
    return cut >= max(2, _MANY * (len(cells) - 1))


def _goes_on(cell: _Cell, after: _Cell, left: float) -> bool:
    line, following = cell.lines[-1], after.lines[0]
    if len(cell.lines) > 2 or len(line.text) < _LONG or line.text.endswith(_ENDS) or marker_of(following.text.strip()):
        return False
    full = cell.box[2] - line.right <= _FULL * line.size
    return full and following.left - left <= _FLUSH * following.size


def _cuts_words(rows: Sequence[Sequence[_Cell | None]]) -> bool:
    """Whether the rules between columns run through characters."""
    full = [[cell for cell in row if cell is not None and cell.chars] for row in rows]
    both = [row for row in full if len(row) >= 2]
    cut = sum(any(_reaches_over(cell) for cell in row) for row in both)
    return cut >= max(2, _MANY * len(both))


def _reaches_over(cell: _Cell) -> bool:
    """Whether a character of a cell stands on its left or right edge, by a fifth of its width."""
    return any(
        c["x0"] < cell.box[0] - 0.2 * (c["x1"] - c["x0"]) or c["x1"] > cell.box[2] + 0.2 * (c["x1"] - c["x0"])
        for c in cell.chars
        if not c.get("angle") and not c["text"].isspace()
    )
