"""How well characters follow each other, by counts of what people asked: a trigram model over hashed counts.

Stupid back-off (Brants et al. 2007) needs no normalisation and tells seams apart well enough: 省级奖励 from 奖励省级.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 17
STEP = 8.0
"""A count is kept as round(STEP * log2(1 + count)) in a byte."""

_BACK_OFF = math.log(0.4)
_UNSEEN = -12.0


def slot(gram: str) -> int:
    """The bucket of an n-gram."""
    return zlib.crc32(gram.encode("utf-8", "ignore")) % BUCKETS


def counted(texts: Iterable[str]) -> NDArray[np.uint8]:
    """The counts of all n-grams of one to three characters, with ^ and $ around each text, as they are kept."""
    counts = np.zeros(BUCKETS)
    for text in texts:
        marked = f"^{text}$"
        for size in (1, 2, 3):
            for at in range(len(marked) - size + 1):
                counts[slot(marked[at : at + size])] += 1
    return np.minimum(255, np.round(STEP * np.log2(1 + counts))).astype(np.uint8)


class Fluency:
    """Log scores of characters after each other."""

    def __init__(self, kept: NDArray[np.uint8]) -> None:
        self._counts = np.exp2(kept.astype(np.float64) / STEP) - 1
        self._total = float(self._counts.sum()) / 3
        self._known: dict[str, float] = {}

    def _count(self, gram: str) -> float:
        found = self._known.get(gram)
        if found is None:
            if len(self._known) > 1 << 15:
                self._known.clear()
            found = self._known[gram] = float(self._counts[slot(gram)])
        return found

    def _next(self, context: str, character: str) -> float:
        penalty = 0.0
        for start in range(len(context)):
            both = self._count(context[start:] + character)
            if both >= 1:
                return penalty + math.log(min(1.0, both / max(1.0, self._count(context[start:]))))
            penalty += _BACK_OFF
        one = self._count(character)
        return penalty + (math.log(one / self._total) if one >= 1 else _UNSEEN)

    def seam(self, left: str, right: str) -> float:
        """How well the first two characters of `right` follow `left`: a mean log score, about -8 to 0. "" is an end."""
        text = (left[-2:] if left else "^") + (right[:2] if right else "$")
        begin = len(left[-2:]) if left else 1
        steps = [self._next(text[max(0, at - 2) : at], text[at]) for at in range(begin, len(text))]
        return sum(steps) / len(steps)
