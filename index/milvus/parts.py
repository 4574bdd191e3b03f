"""The parts of a snapshot that Milvus carries, as index.parts asks for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.dense import EXACT_UP_TO, sized
from index.milvus.stored import StoredRows, sparse_of, times_of
from index.types import Passage

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]

_MOST_LISTED = 4000  # documents named in a filter; the others are named where these are fewer


class MilvusPassages(Sequence[Passage]):
    """The passages of a generation by row number, fetched when they are looked at."""

    def __init__(self, stored: StoredRows) -> None:
        self._stored = stored

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [s.passage for s in self._stored.get(range(*row.indices(len(self))))]
        at = int(row) + (len(self) if row < 0 else 0)
        if not 0 <= at < len(self):
            raise IndexError(row)
        return self._stored.get([at])[0].passage


class MilvusDocuments:
    """The documents of a generation, which its rows name by number."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._number = {ident: at for at, ident in enumerate(ids)}

    def allowed(self, documents: frozenset[str]) -> str:
        """A filter of Milvus; the shorter of naming those that may be found and those that may not."""
        named = sorted(self._number[d] for d in documents if d in self._number)
        if len(named) <= min(_MOST_LISTED, len(self._number) // 2):
            return f"document in {named}"
        others = sorted(at for ident, at in self._number.items() if ident not in documents)
        return f"document not in {others}"


class MilvusLexical:
    """BM25 as `index.lexical.LexicalIndex`, searched as inner products of sparse vectors (`stored.py`). The vocabulary with how many
    passages each token is in lies in memory, about 100 bytes a token."""

    def __init__(self, stored: StoredRows, tokens: Sequence[str], frequencies: NDArray[np.int64], mean: float) -> None:
        self.stored, self._tokens, self._df, self._mean = stored, tokens, frequencies, mean
        self._vocabulary = {token: at for at, token in enumerate(tokens)}

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def tokens(self) -> Iterable[str]:
        """The tokens that occur, by number."""
        return self._tokens

    def find(self, weights: Mapping[str, float], k: int, allowed: str | None = None) -> tuple[Rows, Scores]:
        """Rows and scores of the `k` best passages, best first, equal scores by row; only those with a score above 0."""
        query = self._query(weights)
        if k <= 0 or not query:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        sparse = sparse_of(list(query), list(query.values()))
        found = self.stored.connection.search(self.stored.collection, "sparse", sparse, k, allowed or "")
        return ordered([row for row, _ in found], [score for _, score in found])

    def scores_of(self, weights: Mapping[str, float], rows: Rows) -> Scores:
        """The score of each of `rows`, float32 (len(rows),)."""
        query = self._query(weights)
        numbers = np.array(sorted(query), dtype=np.int32)
        values = np.array([query[number] for number in numbers.tolist()], dtype=np.float64)
        out = np.zeros(len(rows), dtype=np.float32)
        for at, row in enumerate(self.stored.get(rows.tolist())):
            _, asked, held = np.intersect1d(numbers, row.ids, assume_unique=True, return_indices=True)
            out[at] = float(values[asked] @ row.parts[held].astype(np.float64))
        return out

    def _query(self, weights: Mapping[str, float]) -> dict[int, float]:
        return {self._vocabulary[t]: weight * self.idf(t) for t, weight in weights.items() if t in self._vocabulary}

    def tokens_in(self, row: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """The numbers of the different tokens of a passage, ascending, and how often each occurs in it."""
        stored = self.stored.get([row])[0]
        return stored.ids, times_of(stored, self._mean)

    def number_of(self, token: str) -> int | None:
        """The number of `token`; None where it occurs nowhere."""
        return self._vocabulary.get(token)

    def document_frequency(self, token: str) -> int:
        """In how many passages `token` occurs."""
        at = self._vocabulary.get(token)
        return 0 if at is None else int(self._df[at])

    def mean_length(self) -> float:
        """How many tokens a passage has on average, at least 1."""
        return max(1.0, self._mean)

    def idf(self, token: str) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)): near 0 for a token that is everywhere, highest for an unseen one."""
        df = self.document_frequency(token)
        return math.log(1 + (len(self) - df + 0.5) / (df + 0.5))


class MilvusDense:
    """The vectors of a generation, searched by Milvus."""

    def __init__(self, stored: StoredRows, dim: int) -> None:
        self._stored, self._dim = stored, dim

    @property
    def exact(self) -> bool:
        """Whether every vector is compared; else a graph is walked."""
        return len(self) <= EXACT_UP_TO

    @property
    def graph(self) -> tuple[int, int] | None:
        """M and ef of the graph (see index.dense.HNSW_SIZES); None where the search is exact."""
        return None if self.exact else sized(len(self))

    def _parameters(self, k: int) -> dict[str, int]:
        return {} if self.graph is None else {"ef": max(k, self.graph[1])}

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def dim(self) -> int:
        return self._dim

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """The vectors of `rows`, float32 (len(rows), dim)."""
        stored = self._stored.get(rows.tolist())
        return np.stack([row.vector for row in stored]) if stored else np.zeros((0, self._dim), dtype=np.float32)

    def scores(self, vector: NDArray[np.float32], rows: Rows) -> Scores:
        """The inner product of `vector` (dim,) with each of `rows`, float32 (len(rows),)."""
        products: Scores = np.einsum("ij,j->i", self.vectors(rows), vector)
        return products

    def top(self, vector: NDArray[np.float32], k: int, allowed: str | None = None) -> tuple[Rows, Scores]:
        """Rows and inner products of the `k` nearest passages, nearest first, equal ones by row."""
        if k <= 0 or not len(self):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        asked = np.asarray(vector, dtype=np.float32).tolist()
        found = self._stored.connection.search(
            self._stored.collection, "dense", asked, min(k, len(self)), allowed or "", self._parameters(k)
        )
        return ordered([row for row, _ in found], [score for _, score in found])


def ordered(rows: Sequence[int], scores: Sequence[float]) -> tuple[Rows, Scores]:
    """Rows by falling score, equal ones by number."""
    at, said = np.array(rows, dtype=np.int64), np.array(scores, dtype=np.float32)
    order = np.lexsort((at, -said))
    return at[order], said[order]
