"""Which lines of a page go on the paragraph of the line before them, told by where they stand.

Chinese documents begin a paragraph with an indent of two characters, and a line that goes on begins at the edge after
one that was full. Where a file keeps to that, its breaks need no guessing from words; where it does not (paragraphs
without indents, hanging indents), nothing is said and canonical.py judges by the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.markers import ends_event, marker_of

_INDENT = (1.5, 2.6)  # characters
_FLUSH = 0.8  # characters that a line may stand off the edge
_SHORT = 2.6  # characters that a full line may lack: a sign that may not begin a line takes another one with it
_SHORT_JUSTIFIED = 1.1  # the same where lines are filled to the edge
_LATIN = re.compile(r"[0-9A-Za-z.,%/-]+")
_ENDS = tuple("。！？；：!?;:")
_MOST_SIZE = 1.12  # how much larger or smaller the type of one paragraph may be


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands: its page, its left and right end and the height of its type in points, and its column (0
    where the page has none)."""

    page: int
    left: float
    right: float
    size: float
    column: int = 0

    @property
    def frame(self) -> tuple[int, int]:
        """What lines with the same edges have in common: page and column."""
        return self.page, self.column


@dataclass(frozen=True, slots=True)
class _Edges:
    left: float
    right: float


_Frames = dict[tuple[int, int], _Edges]


def goes_on(texts: Sequence[str], places: Sequence[Place | None]) -> list[bool | None]:
    """For each line whether it goes on the paragraph of the line before; None where that cannot be told.

    The place of what is no line of text (a table) is None.
    """
    edges = _edges(places)
    shifts = [None if p is None else _shift(p, edges) for p in places]
    justified = _is_justified(places, shifts, edges)
    full = [
        i > 0 and _is_full(places[i - 1], edges, texts[i], justified) for i in range(len(places))
    ]  # the line before
    if not _keeps_to_indents(shifts, full):
        return [None] * len(places)
    sizes = sorted(p.size for p in places if p is not None)
    body = sizes[len(sizes) // 2] if sizes else 0.0
    return [_judge(i, texts, places, shifts, full, edges, body) for i in range(len(places))]


def _edges(places: Sequence[Place | None]) -> _Frames:
    """The edges of the text in each column of each page; they may differ between left and right pages, as bound copies
    have them."""
    known = [p for p in places if p is not None]
    out = {}
    for column in {p.column for p in known}:
        both = [p for p in known if p.column == column]
        for side in (0, 1):
            lines = [p for p in both if p.page % 2 == side]
            edges = _edges_of(lines if len(lines) >= 20 else both)
            out.update({p.frame: edges for p in lines})
    return out


def _edges_of(lines: Sequence[Place]) -> _Edges:
    """The left edge: the leftmost place where a tenth of the long lines begin; the right one: where one in twenty ends."""
    long = [p for p in lines if p.right - p.left > 10 * p.size]
    if not long:
        return _Edges(0.0, 0.0)
    counts = Counter(round(p.left / 3) for p in long)
    left = min(place for place, count in counts.items() if count >= 0.1 * len(long) or count == max(counts.values()))
    ends = sorted((p.right for p in long), reverse=True)
    return _Edges(3.0 * left, ends[len(ends) // 20])


def _shift(place: Place, edges: _Frames) -> float:
    """How far from the left edge a line begins, in characters."""
    return (place.left - edges[place.frame].left) / max(1.0, place.size)


def _is_justified(places: Sequence[Place | None], shifts: Sequence[float | None], edges: _Frames) -> bool:
    """Whether lines that another one at the left edge follows end at the right edge."""
    gaps = [
        (edges[before.frame].right - before.right) / max(1.0, before.size)
        for before, shift in zip(places, shifts[1:], strict=False)
        if before is not None and shift is not None and _is_flush(shift)
    ]
    return len(gaps) >= 5 and sum(gap < 0.7 for gap in gaps) >= 0.85 * len(gaps)


def _is_full(place: Place | None, edges: _Frames, following: str, justified: bool) -> bool:
    """Whether the first word of the next line had no room on a line."""
    if place is None:
        return False
    if justified:
        return place.right >= edges[place.frame].right - _SHORT_JUSTIFIED * place.size
    word = len(match[0]) / 2 if (match := _LATIN.match(following)) else 0
    return place.right >= edges[place.frame].right - (_SHORT + word) * place.size


def _keeps_to_indents(shifts: Sequence[float | None], full: Sequence[bool]) -> bool:
    """Whether paragraphs begin with an indent here, and lines at the edge follow full lines."""
    indented = sum(s is not None and _is_indent(s) for s in shifts)
    flush = [full[i] for i in range(1, len(shifts)) if (s := shifts[i]) is not None and _is_flush(s)]
    return indented >= 3 and sum(flush) >= 0.7 * len(flush)


def _is_indent(shift: float) -> bool:
    return _INDENT[0] <= shift <= _INDENT[1]


def _is_flush(shift: float) -> bool:
    return abs(shift) < _FLUSH


def _judge(
    i: int,
    texts: Sequence[str],
    places: Sequence[Place | None],
    shifts: Sequence[float | None],
    full: Sequence[bool],
    edges: _Frames,
    body: float,
) -> bool | None:
    place, shift = places[i], shifts[i]
    before, shift_before = (places[i - 1], shifts[i - 1]) if i else (None, None)
    if place is None or shift is None or before is None or shift_before is None:
        return None
    alike = 1 / _MOST_SIZE < place.size / before.size < _MOST_SIZE
    centred = _is_centred(place, edges[place.frame], 0.4 if _is_indent(shift) else 1.0)
    room = full[i] or (centred and _fills(before, edges[before.frame]))
    if not room or not alike or ends_event(texts[i - 1].strip(), texts[i]):
        return False
    if centred and not _is_flush(shift):
        # the end of a centred paragraph, or a centred line under a body paragraph whose last line happens to be full
        title = place.size > _MOST_SIZE * body
        return title or not (texts[i - 1].endswith(_ENDS) or marker_of(texts[i]))
    if _is_indent(shift):
        return False
    if _is_flush(shift):
        marker = marker_of(texts[i])
        heading = marker is not None and marker.family in ("part", "chapter", "section") and len(texts[i]) <= 40
        return None if heading else True
    return None


def _is_centred(place: Place, edges: _Edges, most: float) -> bool:
    """Whether what a line lacks on both sides differs by at most that many characters."""
    return abs((place.left - edges.left) - (edges.right - place.right)) <= most * place.size


def _fills(place: Place, edges: _Edges) -> bool:
    """Whether a line in the middle of the page, which lacks as much on either side, has no room for another word."""
    return _is_centred(place, edges, 1.0) and place.right - place.left >= edges.right - edges.left - _SHORT * place.size
