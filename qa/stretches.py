"""Which part of a passage is read: all of a short one, of a long one the stretch around the sentence that says most about the question.

What a reader costs grows with what it reads: eight stretches take as long as three whole passages.
"""

from __future__ import annotations

from dataclasses import replace

from corpus.types import Span
from index.reader.types import Reading, ReadSpan
from qa.ranking import Weighed, evidence

MOST = 120
"""Characters of a stretch, as long as its best sentence is not longer."""

_SLACK = 1.25  # a passage that is longer by less is read whole


def stretch_of(weighed: Weighed, most: int = MOST) -> Span:
    """The part of a passage's text to read, in its own offsets."""
    passage = weighed.source.hit.passage
    size = len(passage.text)
    if size <= most * _SLACK or not weighed.sentences:
        return Span(0, size)
    parts = weighed.sentences
    best = max(range(len(parts)), key=lambda i: (evidence(parts[i]), -i))
    first = last = best

    def length(a: int, b: int) -> int:
        return parts[b].end - parts[a].start

    while True:
        # What leads to a sentence says more of it than what follows: (一) under 有下列情形之一的.
        if first > 0 and length(first - 1, last) <= most:
            first -= 1
        elif last + 1 < len(parts) and length(first, last + 1) <= most:
            last += 1
        else:
            break
    start = max(0, parts[first].start - passage.start)
    return Span(start, min(size, max(start + 1, min(parts[last].end - passage.start, start + 2 * most))))


def moved(reading: Reading, by: int, least: int = 0) -> Reading:
    """A reading whose offsets are `by` less than those of the passage, as one of the passage; spans that begin before `least` there
    go."""
    return replace(reading, spans=_moved(reading.spans, by, least), items=_moved(reading.items, by, least))


def _moved(spans: tuple[ReadSpan, ...], by: int, least: int) -> tuple[ReadSpan, ...]:
    return tuple(replace(s, start=s.start + by, end=s.end + by) for s in spans if s.start + by >= least)
