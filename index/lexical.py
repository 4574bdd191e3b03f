"""BM25 over token lists: each token's score in each passage is computed when the index is built (Lù 2024, "BM25S")."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.postings import Counts, Places, Postings, compacted, count, merged, scored

# Robertson & Zaragoza 2009 suggest k1 1.2..2, b 0.5..0.8; 1.2/0.75 was the best of a grid on ../shared/statutes.
K1 = 1.2
B = 0.75

# From this many passages on a search leaves out what cannot change its result (see `find`); below, adding up all scores
# is as fast (0.5 ms for the 61,193 of statutes, 2 ms at 200,000).
PRUNED_FROM = 300_000
# Looking up the score of one candidate costs as much as adding this many scores in a row.
_LOOK_UP = 16
_SLACK = 1e-4  # sums of float32 differ by less

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
    Scores depend on the passages alone: an index that was `updated` gives the same, to the bit, as one built at once.
    Reading is safe from several threads.
    """

    def __init__(self, vocabulary: dict[str, int], counts: Counts, postings: Postings) -> None:
        self._vocabulary = vocabulary
        self._counts = counts
        self._postings = postings
        self._df = np.diff(postings.starts)

    def __len__(self) -> int:
        return len(self._counts)

    @classmethod
    def build(cls, token_lists: Iterable[Sequence[str]]) -> LexicalIndex:
        """Build from one token list a passage. The lists are read once and not kept."""
        vocabulary: dict[str, int] = {}
        counts = count(token_lists, vocabulary)
        return cls(vocabulary, counts, scored(counts, len(vocabulary), K1, B))

    def updated(self, kept: Places, token_lists: Iterable[Sequence[str]]) -> LexicalIndex:
        """The index of other passages, the counts of which are in part known.

        `kept` (n,) gives for each passage its row here, or -1 where it is new: `token_lists` has the tokens of the new
        ones, in order. All scores are made anew.
        """
        vocabulary = dict(self._vocabulary)
        fresh = count(token_lists, vocabulary)
        counts, vocabulary = compacted(merged(self._counts, fresh, kept), vocabulary)
        return LexicalIndex(vocabulary, counts, scored(counts, len(vocabulary), K1, B))

    def save(self, folder: Path) -> None:
        """Write the index into `folder` (made where missing)."""
        folder.mkdir(parents=True, exist_ok=True)
        self._counts.save(folder)
        self._postings.save(folder)
        (folder / "vocabulary.json").write_text(json.dumps(list(self._vocabulary)), "utf-8")

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open what `save` wrote. Raises OSError or ValueError where it is not there or not readable."""
        counts, postings = Counts.open(folder), Postings.open(folder)
        tokens = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        if len(tokens) != len(postings.starts) - 1:
            raise ValueError("the vocabulary does not fit the scores")
        return cls({token: at for at, token in enumerate(tokens)}, counts, postings)

    def scores(self, tokens: Iterable[str]) -> Scores:
        """The BM25 score of every passage, float32 (n,); 0 where no token occurs."""
        scores = np.zeros(len(self), dtype=np.float32)
        for at, weight in self._ordered(dict.fromkeys(tokens, 1.0)):
            self._add(scores, at, weight)
        return scores

    def top(self, tokens: Iterable[str], k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """Rows and scores of the `k` best passages, best first, equal scores by row; only those with a score above 0.

        `allowed` (bool, (n,)) limits the search to the rows where it is true.
        """
        return self.find(dict.fromkeys(tokens, 1.0), k, allowed)

    def find(
        self, weights: Mapping[str, float], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """As `top`, with a weight (above 0) for each token, by which its scores are multiplied.

        In a large index tokens are added up from the rarest; as soon as those left could not lift a passage without
        points among the best `k`, only the passages that can still get there are looked up (MaxScore: Turtle and Flood
        1995). The result is that of adding up everything, to the bit.
        """
        tokens = self._ordered(weights)
        scores = np.zeros(len(self), dtype=np.float32)
        if k <= 0 or not tokens:
            return best(scores, k)
        # What the tokens from each on can add to a score, and how many scores they have.
        bounds = np.array([weight * self._postings.highest[at] for at, weight in tokens], dtype=np.float64)
        rest = (1 + _SLACK) * np.append(np.cumsum(bounds[::-1])[::-1], 0.0)
        left = np.append(np.cumsum(self._df[[at for at, _ in tokens]][::-1])[::-1], 0)
        tried = left[0]
        for i, (at, weight) in enumerate(tokens):
            if len(self) >= PRUNED_FROM and left[i] > len(self) / 2 and tried - left[i] > len(self) / 8:
                tried = left[i]
                floor = _reached_by(scores if allowed is None else np.where(allowed, scores, np.float32(0)), k)
                if floor * (1 - _SLACK) > rest[i]:
                    rows = np.flatnonzero(scores >= floor * (1 - _SLACK) - rest[i])
                    rows = rows if allowed is None else rows[allowed[rows]]
                    if len(rows) * _LOOK_UP * (len(tokens) - i) < left[i]:
                        return self._finished(rows, scores[rows], tokens[i:], rest[i + 1 :], k)
            self._add(scores, at, weight)
        return best(scores, k, allowed)

    def _finished(
        self, rows: Rows, scores: Scores, tokens: Sequence[tuple[int, float]], rest: NDArray[np.float64], k: int
    ) -> tuple[Rows, Scores]:
        """The `k` best of the passages `rows` (ascending), whose `scores` lack those of `tokens`; `rest[i]` is what the
        tokens after the i-th can add."""
        for (at, weight), more in zip(tokens, rest.tolist(), strict=True):
            scores = scores + self._of(at, weight, rows)
            if len(rows) > 2 * k:
                hopeful = scores >= np.partition(scores, -k)[-k] * (1 - _SLACK) - more
                rows, scores = rows[hopeful], scores[hopeful]
        order, scores = best(scores, k)
        return rows[order], scores

    def scores_of(self, weights: Mapping[str, float], rows: Rows) -> Scores:
        """The score of each of `rows` with a weight for each token, float32 (len(rows),): as `find` gives it."""
        scores = np.zeros(len(rows), dtype=np.float32)
        for at, weight in self._ordered(weights):
            scores += self._of(at, weight, rows)
        return scores

    def _ordered(self, weights: Mapping[str, float]) -> list[tuple[int, float]]:
        """Number and weight of the tokens that occur, rarest first. Always in this order: sums of float32 depend on it,
        and token numbers on how the index came about."""
        known = [(token, self._vocabulary[token]) for token in weights if token in self._vocabulary]
        return [(at, weights[token]) for token, at in sorted(known, key=lambda pair: (self._df[pair[1]], pair[0]))]

    def _add(self, scores: Scores, at: int, weight: float) -> None:
        """Add the scores of the token numbered `at` to those of all passages."""
        begin, end = self._postings.starts[at : at + 2].tolist()
        own = self._postings.scores[begin:end]
        np.add.at(scores, self._postings.rows[begin:end], own if weight == 1 else np.float32(weight) * own)

    def _of(self, at: int, weight: float, rows: Rows) -> Scores:
        """The score of the token numbered `at` in each of `rows`."""
        begin, end = self._postings.starts[at : at + 2].tolist()
        its = self._postings.rows[begin:end]
        places = np.minimum(np.searchsorted(its, rows.astype(its.dtype)), len(its) - 1)
        found: Scores = np.where(its[places] == rows, self._postings.scores[begin:end][places], np.float32(0))
        return found if weight == 1 else np.float32(weight) * found

    def document_frequency(self, token: str) -> int:
        """In how many passages `token` occurs."""
        at = self._vocabulary.get(token)
        return 0 if at is None else int(self._df[at])

    @property
    def tokens(self) -> Iterable[str]:
        """The tokens that occur, by number."""
        return self._vocabulary.keys()

    def number_of(self, token: str) -> int | None:
        """The number of `token`; None where it occurs nowhere."""
        return self._vocabulary.get(token)

    def tokens_in(self, row: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """The numbers of the different tokens of a passage, ascending, and how often each occurs in it."""
        held = slice(int(self._counts.starts[row]), int(self._counts.starts[row + 1]))
        return self._counts.ids[held], self._counts.times[held]

    def mean_length(self) -> float:
        """How many tokens a passage has on average, at least 1. Reads all counts."""
        return max(1.0, float(self._counts.times.sum(dtype=np.int64)) / max(1, len(self)))

    def idf(self, token: str) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)): near 0 for a token that is everywhere, highest for an unseen one."""
        df = self.document_frequency(token)
        return math.log(1 + (len(self) - df + 0.5) / (df + 0.5))


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
