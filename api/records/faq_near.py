"""Which entry of the FAQ a question means that nobody put in just these words.

By meaning, with the builtin encoder, under the strict check of qa/decide/likeness.py: never another level, place, group, year or kind of
answer. A question that is as near to two entries is nobody's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from api.records.groups import vectors_of
from index.tokens import Tokenizer
from qa.decide.likeness import NEAR, compare

MOST_COMPARED = 8
"""Known questions that are looked at closely, the nearest first."""


@dataclass(frozen=True, slots=True)
class Known:
    """A question of an entry."""

    entry: str
    question: str


@dataclass(frozen=True, slots=True)
class Match:
    """The entry meant, the question of it that matched, and their cosine."""

    entry: str
    question: str
    cosine: float


class Nearby:
    """The known questions with their vectors, made once as long as they stay the same. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: object = None
        self._known: Sequence[Known] = ()
        self._vectors: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)

    def find(self, question: str, stamp: object, read: Callable[[], Sequence[Known]]) -> Match | None:
        """The match of a question among the known ones, which are read anew where `stamp` is another; None where there is
        none or two entries fit."""
        known, vectors = self._of(stamp, read)
        if not known:
            return None
        likeness = vectors @ vectors_of([question])[0]
        found: list[Match] = []
        for at in np.argsort(-likeness, kind="stable")[:MOST_COMPARED]:
            if likeness[at] < NEAR:
                break
            told = compare(question, known[at].question, vectors_of, _tokenizer().words)
            if told.same:
                found.append(Match(known[at].entry, known[at].question, told.cosine))
        return found[0] if found and len({match.entry for match in found}) == 1 else None

    def _of(self, stamp: object, read: Callable[[], Sequence[Known]]) -> tuple[Sequence[Known], NDArray[np.float32]]:
        with self._lock:
            if stamp != self._stamp:
                self._known = read()
                self._vectors = vectors_of([one.question for one in self._known])
                self._stamp = stamp
            return self._known, self._vectors


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer()
