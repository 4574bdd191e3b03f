"""BM25 over token lists (library bm25s: each token's score in each passage is computed when the index is built)."""

from __future__ import annotations

import logging
import math
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Robertson & Zaragoza 2009 suggest k1 1.2..2, b 0.5..0.8; 1.2/0.75 was the best of a grid on ../shared/statutes.
K1 = 1.2
B = 0.75

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


class LexicalIndex:
    """BM25 scores of passages, by row number (0-based, in the order that they were built in).

    >>> index = LexicalIndex.build([["奖", "励"], ["处", "罚"]])
    >>> index.top(["奖"], k=5)[0]
    array([0])

    score(q, d) = sum over the distinct t in q of idf(t) * tf / (tf + k1 * (1 - b + b * |d| / avg|d|)),
    idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)): the variant of Lucene (Kamphuis et al. 2020, "Which BM25 Do You
    Mean?").
    A token counts once in a query, however often it is said. Opened from a folder, the sparse matrix is memory-mapped.
    Reading is safe from several threads.
    """

    def __init__(self, model: Any, vocabulary: dict[str, int], size: int) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._size = size
        indptr = np.asarray(model.scores["indptr"]) if model is not None else np.zeros(1, dtype=np.int64)
        self._df = np.diff(indptr)

    def __len__(self) -> int:
        return self._size

    @classmethod
    def build(cls, token_lists: Iterable[Sequence[str]]) -> LexicalIndex:
        """Build from one token list a passage. The lists are read once and not kept."""
        vocabulary: dict[str, int] = {}
        ids = [array("i", [vocabulary.setdefault(t, len(vocabulary)) for t in tokens]) for tokens in token_lists]
        if not vocabulary:
            return cls(None, {}, len(ids))
        model = _bm25s().BM25(k1=K1, b=B, method="lucene")
        model.index((ids, vocabulary), create_empty_token=False, show_progress=False)
        return cls(model, vocabulary, len(ids))

    def save(self, folder: Path) -> None:
        """Write the index into `folder` (made where missing)."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "size.npy", np.int64(self._size))
        if self._model is not None:
            self._model.save(str(folder), show_progress=False)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open what `save` wrote. Raises OSError or ValueError where it is not there or not readable."""
        size = int(np.load(folder / "size.npy"))
        if not (folder / "params.index.json").exists():
            return cls(None, {}, size)
        model = _bm25s().BM25.load(str(folder), mmap=True, show_progress=False)
        # Plain views of the maps: slicing np.memmap itself costs 5 us a time.
        for name in ("data", "indices", "indptr"):
            model.scores[name] = np.asarray(model.scores[name])
        return cls(model, model.vocab_dict, size)

    def scores(self, tokens: Iterable[str]) -> Scores:
        """The BM25 score of every passage, float32 (n,); 0 where no token occurs."""
        ids = sorted({self._vocabulary[t] for t in tokens if t in self._vocabulary})
        if not ids:
            return np.zeros(self._size, dtype=np.float32)
        scores: Scores = self._model.get_scores_from_ids(ids)
        return scores

    def top(self, tokens: Iterable[str], k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """Rows and scores of the `k` best passages, best first, equal scores by row; only those with a score above 0.

        `allowed` (bool, (n,)) limits the search to the rows where it is true.
        """
        return best(self.scores(tokens), k, allowed)

    def document_frequency(self, token: str) -> int:
        """In how many passages `token` occurs."""
        at = self._vocabulary.get(token)
        return 0 if at is None else int(self._df[at])

    def idf(self, token: str) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)): near 0 for a token that is everywhere, highest for an unseen one."""
        df = self.document_frequency(token)
        return math.log(1 + (self._size - df + 0.5) / (df + 0.5))


def _bm25s() -> Any:
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets DEBUG
    return bm25s


def best(scores: Scores, k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
    """The rows of the `k` highest scores above 0 and these scores, highest first, equal ones by row."""
    if allowed is not None:
        scores = np.where(allowed, scores, np.float32(0))
    if k <= 0 or not len(scores):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    floor = _reached_by(scores, k)
    rows = np.flatnonzero(scores >= floor) if floor > 0 else np.flatnonzero(scores > 0)
    # The sort is stable: of rows that share the k-th score the lowest stay.
    rows = rows[np.argsort(-scores[rows], kind="stable")][:k].astype(np.int64)
    return rows, scores[rows]


def _reached_by(scores: Scores, k: int) -> float:
    """A score that at least `k` rows reach, and not many more: the k-th highest among the maxima of groups of 64 rows.

    Ten times faster than to partition all scores (which takes as long as to compute them).
    """
    groups = len(scores) // 64
    if groups < k:
        return float(np.partition(scores, -k)[-k]) if k < len(scores) else 0.0
    maxima = scores[: groups * 64].reshape(64, groups).max(axis=0)
    return float(np.partition(maxima, -k)[-k])
