"""The characters of a page -> its lines of text and tables in reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.readers import ruled, vertical, watermarks
from corpus.readers.columns import Region, gutters, regions
from corpus.readers.lines import LeftOut
from corpus.readers.pdfium import Char, Sheet
from corpus.readers.tables import Row
from corpus.readers.typeset import text_lines

MARGIN = 0.13
"""Of the height of a page: where running heads and page numbers stand."""

_INSET = 0.5  # a block that is no line of the page's own direction stands nowhere near its margins
_MUCH = 0.2  # of the upright characters of a page: text at a right angle that is a part of it
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of text or a table on a page: where it begins, as a share of the page's height, what it holds, and the
    ends and the height of type of a line (0 where nothing is known of them). `confidence` is as in Line, `column` as in
    Region. An item with `left_out` has been left out already and says why."""

    top: float
    text: str = ""
    left: float = 0.0
    right: float = 0.0
    size: float = 0.0
    rows: tuple[Row, ...] = ()
    confidence: float | None = None
    column: int = 0
    left_out: LeftOut | None = None
    faint: bool = False

    @property
    def bare(self) -> str:
        """The text without white space."""
        return _SPACE.sub("", self.text)

    @property
    def marginal(self) -> bool:
        return not self.rows and self.left_out is None and not MARGIN < self.top < 1 - MARGIN


def items(sheet: Sheet, known: tuple[float, ...]) -> tuple[list[Item], tuple[float, ...]]:
    """What stands on a page in reading order, and the gutters between its columns. `known` are those of the page
    before."""
    chars, marks = watermarks.apart(sheet.chars)
    tables = ruled.tables(sheet.edges, chars) if len(sheet.edges) >= 4 else []
    loose = [c for c in chars if not any(_holds(table.box, c) for table in tables)]
    upright = [c for c in loose if not c.get("angle")]
    barriers = [table.box for table in tables] + _plates(sheet, loose)
    out = [Item(mark.top / sheet.height, left_out=LeftOut("watermark", mark.text)) for mark in marks]
    found: list[Region] = []
    for block in vertical.blocks(upright, sheet.width):
        if block.turned:
            out += [item for _, item in _placed(block.chars, regions(block.chars), None)]
            continue
        inside, tables = [t for t in tables if t.box[1] < block.bottom], [t for t in tables if t.box[1] >= block.bottom]
        found = regions(block.chars, known, [box for box in barriers if block.top <= box[1] < block.bottom])
        for region in found:
            read = _placed(block.chars, [region], sheet.height)
            for table in inside:
                left, top, right, bottom = table.box
                if region.holds((left + right) / 2, (top + bottom) / 2):
                    read.append((top, Item(top / sheet.height, rows=table.rows)))
            out += [item for _, item in sorted(read, key=lambda placed: placed[0])]
    return out + _aside([c for c in loose if c.get("angle")], upright, sheet.height), gutters(found)


def _placed(chars: Sequence[Char], found: Sequence[Region], height: float | None) -> list[tuple[float, Item]]:
    """The lines of these regions, each with the place where it begins. `height` is None where that is not a height on
    the page."""
    out = []
    for region in found:
        inside = [c for c in chars if region.holds((c["x0"] + c["x1"]) / 2, (c["top"] + c["bottom"]) / 2)]
        for line in text_lines(inside):
            top = _INSET if height is None else line.top / height
            item = Item(top, line.text, line.left, line.right, line.size, column=region.column, faint=line.faint)
            out.append((line.top, item))
    return out


def _aside(chars: Sequence[Char], upright: Sequence[Char], height: float) -> list[Item]:
    """Text at a right angle to that of the page: read after it where there is much of it, else left out."""
    if len(chars) <= _MUCH * len(upright):
        return [Item(run.top / height, left_out=LeftOut("watermark", run.text)) for run in watermarks.runs(chars)]
    out: list[Item] = []
    for angle in (90, 270, 180):
        turned = [_upright(char, angle) for char in chars if char.get("angle") == angle]
        out += [item for _, item in _placed(turned, regions(turned), None)]
    return out


def _upright(char: Char, angle: int) -> Char:
    """A character as it stands on a page that is turned back by that angle."""
    turned = char.copy()
    x0, x1, top, bottom = char["x0"], char["x1"], char["top"], char["bottom"]
    if angle == 90:
        turned["x0"], turned["x1"], turned["top"], turned["bottom"] = -bottom, -top, x0, x1
    elif angle == 270:
        turned["x0"], turned["x1"], turned["top"], turned["bottom"] = top, bottom, -x1, -x0
    else:
        turned["x0"], turned["x1"], turned["top"], turned["bottom"] = -x1, -x0, -bottom, -top
    return turned


def _plates(sheet: Sheet, chars: Sequence[Char]) -> list[tuple[float, float, float, float]]:
    """Where pictures stand without text on them."""
    boxes = [(p.x0, p.top, p.x1, p.bottom) for p in sheet.pictures[:50]]
    return [box for box in boxes if not any(_holds(box, c) for c in chars)]


def _holds(box: tuple[float, float, float, float], char: Char) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
