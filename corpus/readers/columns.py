"""Pages set in columns, as gazettes and bulletins are: the regions of a page in the order in which they are read.

A gutter is an upright strip without characters, as wide as a character, between lines that fill their column on both
sides. That is what running text has, and what tables without rules, forms and lists of names have not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from corpus.markers import marker_of

_LEAST_LINES = 6  # lines on either side of a gutter
_FULL = 1.6  # characters that a full line of a column may lack
_SHARE = 0.4  # of the lines on either side that are full
_SHARE_APART = 0.2  # the same where lines stand on no common grid, as the cells of a table never do
_WIDE = 8  # characters that a full line has at least
_STEP = 2.0  # points: how finely a page is scanned for gutters
_LABEL = 12  # characters that the number of a clause stands in
_CENTRAL = 0.15  # of the width of the text: where no gutter is looked for, on both sides
_DEEPEST = 2  # gutters in columns: 2 gives up to four columns


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page. `column` counts from 1 where the page is set in columns there, and is 0 where it is not."""

    left: float
    right: float
    top: float
    bottom: float
    column: int = 0

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom


_WHOLE = Region(float("-inf"), float("inf"), float("-inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class _Row:
    """Characters at one height: the stretches that they cover, from left to right, and the height of the type. `marks`
    are the numbers that stretches begin with (their kind and value), None where one begins with none."""

    top: float
    bottom: float
    size: float
    covered: tuple[tuple[float, float], ...]
    marks: tuple[tuple[str, int] | None, ...] = ()


def regions(
    chars: Sequence[Any],
    known: Sequence[float] = (),
    barriers: Sequence[tuple[float, float, float, float]] = (),
) -> list[Region]:
    """The regions of a page in reading order; one that is the whole page where it has no columns.

    `known` are the gutters of the page before: text that keeps clear of one is set in the same columns, be it ever so
    little, as on the last page. `barriers` are the boxes (left, top, right, bottom) of tables and pictures: columns that
    one reaches over end above it.
    """
    rows = _rows(chars)
    if not rows or (not known and _unpaired(rows)):
        return [_WHOLE]
    sizes = sorted(row.size for row in rows)
    size = sizes[len(sizes) // 2]
    walls = [_Row(top, bottom, size, ((left, right),)) for left, top, right, bottom in barriers if right > left]
    return _split(sorted([*rows, *walls], key=lambda row: row.top) if walls else rows, _WHOLE, _DEEPEST, known)


def _unpaired(rows: Sequence[_Row]) -> bool:
    """Whether too few rows have anything beside them for columns."""
    beside = sum(len(row.covered) > 1 for row in rows)
    aside = sum(_overlaps(row, after) for row, after in zip(rows, rows[1:], strict=False))
    return beside + aside < _LEAST_LINES


def _overlaps(row: _Row, after: _Row) -> bool:
    """Whether two rows stand beside one another, though not at one height."""
    return after.top < row.bottom + row.size and (
        row.covered[-1][1] < after.covered[0][0] or after.covered[-1][1] < row.covered[0][0]
    )


def gutters(found: Sequence[Region]) -> tuple[float, ...]:
    """Where the gutters between regions stand."""
    return tuple(sorted({region.right for region in found if region.column and region.right != _WHOLE.right}))


def _split(rows: Sequence[_Row], region: Region, deepest: int, known: Sequence[float]) -> list[Region]:
    inside = [x for x in known if region.left < x < region.right]
    candidates = (_continued(rows, inside), _gutter(rows)) if deepest and rows else ()
    found = max((f for f in candidates if f is not None), key=lambda f: f[2] - f[1], default=None)
    if found is None:
        return [region]
    x, first, last = found
    top, bottom = (
        min(r.top for r in rows[first : first + 2]),
        max(r.bottom for r in rows[max(first, last - 1) : last + 1]),
    )
    above = Region(region.left, region.right, region.top, top, region.column)
    below = Region(region.left, region.right, bottom, region.bottom, region.column)
    out = _split(rows[:first], above, deepest, known) if first else []
    band_top = top if first else region.top
    rest = rows[last + 1 :]
    band_bottom = bottom if rest else region.bottom
    sides = (Region(region.left, x, band_top, band_bottom), Region(x, region.right, band_top, band_bottom))
    number = 2 * region.column
    for n, side in enumerate(sides, 1):
        inner = [r for row in rows[first : last + 1] if (r := _part(row, side.left, side.right)) is not None]
        numbered = Region(side.left, side.right, side.top, side.bottom, number + n)
        out += _split(inner, numbered, deepest - 1, known)
    return out + (_split(rest, below, deepest, known) if rest else [])


def _rows(chars: Sequence[Any]) -> list[_Row]:
    """The characters grouped by height; neighbours in a row are one stretch."""
    out: list[_Row] = []
    group: list[Any] = []
    for char in sorted((c for c in chars if not c["text"].isspace()), key=lambda c: (c["top"] + c["bottom"]) / 2):
        middle = (char["top"] + char["bottom"]) / 2
        if group and middle - (group[0]["top"] + group[0]["bottom"]) / 2 > 0.4 * (group[0]["bottom"] - group[0]["top"]):
            out.append(_row(group))
            group = []
        group.append(char)
    return [*out, _row(group)] if group else out


def _row(chars: Sequence[Any]) -> _Row:
    size = max(float(c["bottom"] - c["top"]) for c in chars)
    covered: list[tuple[float, float]] = []
    starts: list[str] = []
    for char in sorted(chars, key=lambda c: c["x0"]):
        left, right = float(char["x0"]), float(char["x1"])
        if covered and left - covered[-1][1] < 0.9 * size:
            covered[-1] = covered[-1][0], max(right, covered[-1][1])
            if len(starts[-1]) < _LABEL:
                starts[-1] += char["text"]
        else:
            covered.append((left, right))
            starts.append(char["text"])
    top, bottom = min(float(c["top"]) for c in chars), max(float(c["bottom"]) for c in chars)
    return _Row(top, bottom, size, tuple(covered), tuple(map(_mark, starts)))


def _mark(start: str) -> tuple[str, int] | None:
    marker = marker_of(start)
    return None if marker is None else (marker.family, marker.number)


def _part(row: _Row, left: float, right: float) -> _Row | None:
    inside = [n for n, stretch in enumerate(row.covered) if left <= stretch[0] and stretch[1] <= right]
    covered, marks = tuple(row.covered[n] for n in inside), tuple(row.marks[n] for n in inside if row.marks)
    return _Row(row.top, row.bottom, row.size, covered, marks) if covered else None


def _gutter(rows: Sequence[_Row]) -> tuple[float, int, int] | None:
    """(x, first row, last row) of the gutter with the most rows around it, None where there is none."""
    left, right = min(row.covered[0][0] for row in rows), max(row.covered[-1][1] for row in rows)
    best: tuple[float, int, int] | None = None
    for n in range(int(_CENTRAL * (right - left) / _STEP), int((1 - _CENTRAL) * (right - left) / _STEP) + 1):
        x = left + n * _STEP
        for first, last in _runs(rows, x):
            longer = best is None or last - first > best[2] - best[1]
            if longer and _is_text(rows[first : last + 1], x):
                best = x, first, last
    return None if best is None else (_middle(rows[best[1] : best[2] + 1], best[0]), best[1], best[2])


def _middle(rows: Sequence[_Row], x: float) -> float:
    """The middle of the strip without characters that x is in."""
    before = [stretches[-1][1] for row in rows if (stretches := _before(row, x))]
    after = [stretches[0][0] for row in rows if (stretches := _after(row, x))]
    return (max(before) + min(after)) / 2


def _continued(rows: Sequence[_Row], known: Sequence[float]) -> tuple[float, int, int] | None:
    """The rows around a known gutter, or those that fill only the column before it."""
    for x in known:
        if runs := _runs(rows, x, 1):
            first, last = max(runs, key=lambda run: run[1] - run[0])
            return x, first, last
        left = [n for n, row in enumerate(rows) if row.covered[-1][1] <= x]
        full = [n for n in left if rows[n].covered[-1][1] >= x - 2 * _FULL * rows[n].size and _is_wide(rows[n])]
        if full and left[-1] - left[0] == len(left) - 1:
            return x, left[0], left[-1]
    return None


def _is_wide(row: _Row) -> bool:
    return row.covered[-1][1] - row.covered[0][0] > _WIDE * row.size


def _runs(rows: Sequence[_Row], x: float, least: int = _LEAST_LINES) -> list[tuple[int, int]]:
    """The runs of rows that have nothing at x, each from the first row with text on both sides of it.

    Where the lines of two columns do not stand on one grid, a row of one column has its counterpart in the next row.
    """
    out: list[tuple[int, int]] = []
    both: list[int] = []
    start = 0
    for n, row in enumerate([*rows, None]):
        if row is None or any(a - 0.3 * row.size < x < b + 0.3 * row.size for a, b in row.covered):
            if len(both) >= least:
                out.append((both[0], _end(rows, both[-1], n)))
            both, start = [], n + 1
        elif row.covered[0][0] < x < row.covered[-1][1]:
            both.append(n)
        elif n > start and _overlaps(rows[n - 1], row) and _sides(rows[n - 1], row, x):
            both += [n] if both and both[-1] == n - 1 else [n - 1, n]
    return out


def _sides(row: _Row, after: _Row, x: float) -> bool:
    """Whether two rows stand on the two sides of x."""
    return (row.covered[-1][1] <= x) != (after.covered[-1][1] <= x)


def _end(rows: Sequence[_Row], last: int, limit: int) -> int:
    """The last row of columns of unlike length: what follows the shorter one close by is the rest of the longer one."""
    while last + 1 < limit and rows[last + 1].top - rows[last].bottom <= 1.2 * rows[last].size:
        last += 1
    return last


def _is_text(rows: Sequence[_Row], x: float) -> bool:
    """Whether most lines on both sides of x end where their column ends, or the clauses of one count on in the other."""
    if _counts_on(rows, x):
        return True
    sides = (
        [(stretches[0][0], stretches[-1][1], row.size) for row in rows if (stretches := _before(row, x))],
        [(stretches[0][0], stretches[-1][1], row.size) for row in rows if (stretches := _after(row, x))],
    )
    apart = sum(row.covered[-1][1] <= x or row.covered[0][0] >= x for row in rows)
    share = _SHARE_APART if apart >= 0.8 * len(rows) else _SHARE
    for lines in sides:
        ends = sorted(end for _, end, _ in lines)
        if len(lines) < _LEAST_LINES:
            return False
        edge = ends[-1 - len(ends) // 20]
        full = sum(end >= edge - _FULL * size and end - start > _WIDE * size for start, end, size in lines)
        if full < share * len(lines):
            return False
    return True


def _counts_on(rows: Sequence[_Row], x: float) -> bool:
    """Whether what the lines on the left of x begin with counts up, and goes on on the right: 第一条 to 第四条, 第五条 …"""
    left, right = [], []
    for row in rows:
        sides = {stretch[0] >= x: mark for stretch, mark in reversed(list(zip(row.covered, row.marks, strict=False)))}
        left += [mark] if (mark := sides.get(False)) else []
        right += [mark] if (mark := sides.get(True)) else []
    return any(_consecutive(left, right, kind) for kind in {kind for kind, _ in left})


def _consecutive(left: Sequence[tuple[str, int]], right: Sequence[tuple[str, int]], kind: str) -> bool:
    """Whether the numbers of one kind, two at least on either side, count up without a gap."""
    before, after = ([number for other, number in marks if other == kind] for marks in (left, right))
    numbers = before + after
    steps = zip(numbers, numbers[1:], strict=False)
    return min(len(before), len(after)) >= 2 and all(two == one + 1 for one, two in steps)


def _before(row: _Row, x: float) -> list[tuple[float, float]]:
    return [stretch for stretch in row.covered if stretch[1] <= x]


def _after(row: _Row, x: float) -> list[tuple[float, float]]:
    return [stretch for stretch in row.covered if stretch[0] >= x]
