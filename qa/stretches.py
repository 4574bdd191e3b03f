"""Which part of a passage is read: all of a short one, of a long one the stretch around the sentence that says most about the question.

What a reader costs grows with what it reads: eight stretches take as long as three whole passages.
"""

from __future__ import annotations

from corpus.types import Span
from qa.evidence import evidence
from qa.weighed import Weighed

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
