"""The picture of a page set upright: where ruling lines draw tables, which text stands in which cell, where ink is.

Ruling lines are what stays of the dark pixels when everything shorter is taken away. Where two cells have no line between
them they are one. OpenCV, which the extra `[ocr]` brings, does the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

_SHORTEST = 0.025  # of the picture's longer side: the shortest ruling line
_DRAWN = 0.6  # share of the way along a cell that must be drawn for a line to count
_MOST_LINES = 400
_PAPER = 0.3  # of the height of a line: what is taken on either side in any case
_GAP = 1.1  # of the height of a line: the widest gap inside a line of writing


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that was recognised as one: its box in pixels, upright, and how sure it is, 0..1.

    `centres` are the horizontal centres of its characters, as many as `text` has, or none. `confidence` is that of its
    least sure figure, `sure` the mean of its characters.
    """

    x0: float
    top: float
    x1: float
    bottom: float
    text: str
    confidence: float
    centres: tuple[float, ...] = ()
    sure: float = 0.0

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Table:
    """The grid of a table: where its lines cross, upright and in pixels, and the cell that each place belongs to.

    `owner[row][column]` is the (row, column) of the first place of the cell: itself, but where cells are merged.
    """

    ys: tuple[float, ...]
    xs: tuple[float, ...]
    owner: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def top(self) -> float:
        return self.ys[0]

    def holds(self, x0: float, x1: float, y: float) -> bool:
        """Whether most of what stands between x0 and x1 at the height y is in the table."""
        inside = min(x1, self.xs[-1]) - max(x0, self.xs[0])
        return self.ys[0] <= y <= self.ys[-1] and inside > 0.5 * (x1 - x0)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The cell at a point; the nearest one for points outside."""
        row = max(0, min(len(self.ys) - 2, sum(line <= y for line in self.ys) - 1))
        column = max(0, min(len(self.xs) - 2, sum(line <= x for line in self.xs) - 1))
        return self.owner[row][column]

    def cells(self, pieces: Sequence[Piece]) -> list[tuple[int, int]]:
        """The cell in which each part of each piece stands."""
        return [cell for piece in pieces for cell, _ in self._parts(piece)]

    def rows(
        self, pieces: Sequence[Piece], text: Callable[[list[Piece]], str]
    ) -> Iterator[tuple[list[str | None], float, float]]:
        """(texts, least confidence, top) of each row; None for what a cell of a row above reaches into."""
        held: dict[tuple[int, int], list[Piece]] = {}
        for piece in pieces:
            for cell, part in self._parts(piece):
                held.setdefault(cell, []).append(part)
        for row, owners in enumerate(self.owner):
            texts: list[str | None] = []
            for column, owner in enumerate(owners):
                if owner == (row, column):
                    texts.append(text(held.get(owner, [])))
                else:
                    texts.append(None if owner[0] < row else "")
            inside = [piece.confidence for owner in set(owners) for piece in held.get(owner, [])]
            yield texts, min(inside, default=1.0), self.ys[row]

    def _parts(self, piece: Piece) -> Iterator[tuple[tuple[int, int], Piece]]:
        """A piece by cells: recognition may run over a ruling line and read two cells as one."""
        slack = piece.height / 2
        first = self.cell(piece.x0 + slack, piece.middle)
        if not piece.centres or self.cell(piece.x1 - slack, piece.middle) == first:
            yield self.cell((piece.x0 + piece.x1) / 2, piece.middle), piece
            return
        run: list[int] = []
        cells = [self.cell(x, piece.middle) for x in piece.centres]
        for i, cell in enumerate(cells):
            if run and cells[run[0]] != cell:
                yield cells[run[0]], _part(piece, run)
                run = []
            run.append(i)
        if run:
            yield cells[run[0]], _part(piece, run)


def _part(piece: Piece, at: list[int]) -> Piece:
    text = "".join(piece.text[i] for i in at)
    return replace(piece, text=text, x0=piece.centres[at[0]], x1=piece.centres[at[-1]], centres=())


class Sheet:
    """The picture of a page that leans by `angle` (radians, clockwise), set upright around its middle.

    `picture` is an array of height x width x 3 bytes.
    """

    def __init__(self, picture: Any, angle: float) -> None:
        import cv2

        height, width = picture.shape[:2]
        self._sine, self._cosine = math.sin(angle), math.cos(angle)
        self.height = float(height)
        self._middle = width / 2, height / 2
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if angle:
            turn = cv2.getRotationMatrix2D(self._middle, math.degrees(angle), 1.0)
            grey = cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        dark = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 15)
        self._length = max(20, int(_SHORTEST * max(height, width)))
        self._across, self._down = _runs(dark, self._length, 1), _runs(dark, 1, self._length)
        lines = cv2.dilate(cv2.bitwise_or(self._across, self._down), np.ones((5, 5), np.uint8))
        self._ink = cv2.bitwise_and(dark, cv2.bitwise_not(lines)) > 0

    def upright(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture as it lies when the page stands upright."""
        return self._turned(x, y, self._sine)

    def leaning(self, x: float, y: float) -> tuple[float, float]:
        """A point of the upright page as it lies in the picture."""
        return self._turned(x, y, -self._sine)

    def _turned(self, x: float, y: float, sine: float) -> tuple[float, float]:
        mx, my = self._middle
        x, y = x - mx, y - my
        return mx + x * self._cosine + y * sine, my + y * self._cosine - x * sine

    def tables(self) -> list[Table]:
        """The tables of two rows and two columns or more, from top to bottom."""
        import cv2

        joined = cv2.dilate(cv2.bitwise_or(self._across, self._down), np.ones((5, 5), np.uint8))
        count, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        out = []
        for x, y, width, height, _ in boxes[1:count].tolist():
            if width > 3 * self._length and height > self._length:
                area = (slice(y, y + height), slice(x, x + width))
                if table := _table(self._across[area], self._down[area], x, y):
                    out.append(table)
        return sorted(out, key=lambda table: table.top)

    def reach(self, x: float, top: float, bottom: float, end: float) -> float:
        """How far writing goes on from x towards `end` in the band of a line, and a little paper beyond it.

        A gap of more than a character, or a ruling line, ends it.
        """
        height = bottom - top
        rows = slice(max(0, int(top + 0.1 * height)), max(0, int(bottom - 0.1 * height)))
        begin, stop = sorted((int(x), int(max(0.0, end))))
        inked = self._ink[rows, begin:stop].sum(axis=0) >= max(2.0, 0.06 * height)
        barred = (self._down[rows, begin:stop] > 0).sum(axis=0) > 0.5 * height
        if end < x:
            inked, barred = inked[::-1], barred[::-1]
        farthest = found = 0
        free = len(inked)
        for place, (ink, bar) in enumerate(zip(inked.tolist(), barred.tolist(), strict=True), start=1):
            if bar:
                free = max(0, place - 4)
                break
            if place - farthest > _GAP * height:
                break
            if ink:
                farthest, found = place, found + 1
        if found < 0.2 * height:  # specks, or the full stop that ends a line
            farthest = 0
        return x + math.copysign(min(free, max(farthest + 0.1 * height, _PAPER * height)), end - x)


def _runs(dark: Any, width: int, height: int) -> Any:
    """The straight runs of a picture, made a little thicker, so that a line that leans by a pixel stays whole."""
    import cv2

    thick = cv2.dilate(dark, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 1) if width == 1 else (1, 3)))
    return cv2.morphologyEx(thick, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (width, height)))


def _table(across: Any, down: Any, left: int, top: int) -> Table | None:
    ys = _places((across > 0).sum(axis=1), 0.25 * across.shape[1])
    xs = _places((down > 0).sum(axis=0), 0.12 * down.shape[0])
    if not (3 <= len(ys) <= _MOST_LINES and 3 <= len(xs) <= _MOST_LINES):
        return None
    owner: list[list[tuple[int, int]]] = []
    for row in range(len(ys) - 1):
        owners: list[tuple[int, int]] = []
        for column in range(len(xs) - 1):
            begin, end, low, high = xs[column], xs[column + 1], ys[row], ys[row + 1]
            if row and not _drawn(across[max(0, low - 4) : low + 5, begin + 3 : end - 2], axis=0):
                owners.append(owner[row - 1][column])
            elif column and not _drawn(down[low + 3 : high - 2, max(0, begin - 4) : begin + 5], axis=1):
                owners.append(owners[column - 1])
            else:
                owners.append((row, column))
        owner.append(owners)
    if len({cell for owners in owner for cell in owners}) < 4:
        return None
    places = tuple(tuple(owners) for owners in owner)
    return Table(tuple(float(top + y) for y in ys), tuple(float(left + x) for x in xs), places)


def _places(counts: Any, least: float) -> list[int]:
    """The middles of the runs of places where at least so many pixels are drawn."""
    out: list[int] = []
    run: list[int] = []
    for place, count in enumerate([*counts.tolist(), 0]):
        if count >= least:
            run.append(place)
        elif run:
            middle = (run[0] + run[-1]) // 2
            if not out or middle - out[-1] > 10:
                out.append(middle)
            run = []
    return out


def _drawn(strip: Any, axis: int) -> bool:
    """Whether a line runs along most of a strip."""
    return bool(strip.size == 0 or (strip > 0).any(axis=axis).mean() >= _DRAWN)
