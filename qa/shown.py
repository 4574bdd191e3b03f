"""What the reader is shown of a passage, and where its answers stand in that: a stretch of text, or a table row with its headers.

The cells of a row say little alone. Each is shown on a line of its own behind what stands over it (咨询电话：85788198), as a clerk
would read it out, and of a long row only those that name it or fit the question: of 134 rows that answer a question the reader
finds the answer in 100 so, and in 94 where it is shown the row as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.tables import Table
from index.reader.types import Reading, ReadSpan
from qa.read.table_match import match, words_of

_SENTENCE_END = re.compile(r"[。；！？]|\s{2,}")
_LONGEST_HEADER = 24  # characters of what stands over a cell
_LONGEST_CELL = 200
MOST = 260
"""Characters of a row that are shown, its headers counted, unless the first cell is longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """[start, start + length) of what is shown stands at `origin` in the passage."""

    start: int
    length: int
    origin: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A text for the reader, and the pieces of it that are the passage's own, in order."""

    text: str
    pieces: tuple[Piece, ...]

    def back(self, reading: Reading) -> Reading:
        """A reading of this text with the offsets of the passage. What lies outside of the passage's own words goes."""
        return replace(reading, spans=self._back(reading.spans), items=self._back(reading.items))

    def _back(self, spans: Sequence[ReadSpan]) -> tuple[ReadSpan, ...]:
        return tuple(moved for span in spans if (moved := self._of(span)) is not None)

    def _of(self, span: ReadSpan) -> ReadSpan | None:
        """The part of a span in the piece that holds most of it."""
        best, shared = None, 0
        for piece in self.pieces:
            own = min(span.end, piece.start + piece.length) - max(span.start, piece.start)
            if own > shared:
                best, shared = piece, own
        if best is None:
            return None
        start = best.origin + max(span.start, best.start) - best.start
        return ReadSpan(start, start + shared, span.probability)


def of_text(text: str, start: int, end: int, lead: str = "") -> Shown:
    """A stretch of a passage behind a lead that is not its own."""
    return Shown(lead + text[start:end], (Piece(len(lead), end - start, start),))


def of_row(table: Table, at: int, begin: int, question: str) -> Shown:
    """A row of a table for one question; `begin` is where its passage begins in the document."""
    row = table.rows[at]
    matched = match(table, question)
    own = matched.rows.get(at, {})
    held = [c for c, cell in enumerate(row.cells) if cell.text and cell.span.start >= begin]
    worth = {c: (bool(own.get(c)), matched.of_cell(at, c)) for c in held}
    chosen: list[int] = []
    size = 0
    for c in sorted(held, key=lambda c: (not worth[c][0], -worth[c][1], c)):
        cost = min(len(table.columns[c].name), _LONGEST_HEADER) + min(len(row.cells[c].text), _LONGEST_CELL) + 2
        if not chosen or size + cost <= MOST:
            chosen.append(c)
            size += cost
    parts: list[str] = [f"{row.group}\n" if row.group else ""]
    pieces: list[Piece] = []
    length = len(parts[0])
    for c in _distinct(table, at, sorted(chosen)):
        name, cell = table.columns[c].name[:_LONGEST_HEADER], row.cells[c]
        lead = f"{name}：" if name else ""
        start, text = _stretch(cell.text, frozenset(matched.weights))
        pieces.append(Piece(length + len(lead), len(text), cell.span.start + start - begin))
        parts.append(f"{lead}{text}\n")
        length += len(parts[-1])
    return Shown("".join(parts).rstrip("\n"), tuple(pieces))


def _stretch(text: str, asked: frozenset[str]) -> tuple[int, str]:
    """Where the part of a cell begins that is shown, and that part: of a long cell the sentences that hold most of a question."""
    if len(text) <= _LONGEST_CELL:
        return 0, text
    starts = [0, *(m.end() for m in _SENTENCE_END.finditer(text) if m.end() < len(text))]

    def held(start: int) -> int:
        return len(asked & set(words_of(text[start : start + _LONGEST_CELL])))

    start = max(starts, key=lambda at: (held(at), -at))
    return start, text[start : start + _LONGEST_CELL]


def _distinct(table: Table, at: int, columns: Sequence[int]) -> list[int]:
    """The columns without those that only repeat a merged cell under the same header."""
    out: list[int] = []
    for c in columns:
        same = out and table.rows[at].cells[c].text == table.rows[at].cells[out[-1]].text
        if not (same and table.columns[c].path[-1:] == table.columns[out[-1]].path[-1:]):
            out.append(c)
    return out
