"""Who keeps the passages, counts and vectors of a snapshot: files inside its folder, or an engine that several machines share.

A snapshot is searched through the protocols here: `index.lexical` and `index.dense` carry them in files, `index.milvus` in a Milvus
collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]

Allowed = Any
"""What limits a search to some documents, as the carrier's own `allowed` made it: a mask of the rows (files), or a filter (Milvus).
Only the parts of the same carrier look into it."""


class Lexical(Protocol):
    """BM25 over the passages of a snapshot, by row number (`index.lexical.LexicalIndex` says what each is)."""

    def __len__(self) -> int: ...

    @property
    def tokens(self) -> Iterable[str]: ...

    def find(self, weights: Mapping[str, float], k: int, allowed: Allowed | None = None) -> tuple[Rows, Scores]: ...

    def scores_of(self, weights: Mapping[str, float], rows: Rows) -> Scores: ...

    def tokens_in(self, row: int) -> tuple[NDArray[np.int32], NDArray[Any]]: ...

    def number_of(self, token: str) -> int | None: ...

    def document_frequency(self, token: str) -> int: ...

    def mean_length(self) -> float: ...

    def idf(self, token: str) -> float: ...


class Dense(Protocol):
    """The vectors of the passages of a snapshot, by row number (`index.dense.DenseIndex` says what each is)."""

    def __len__(self) -> int: ...

    @property
    def dim(self) -> int: ...

    @property
    def exact(self) -> bool: ...

    @property
    def graph(self) -> tuple[int, int] | None: ...

    def vectors(self, rows: Rows) -> Vectors: ...

    def scores(self, vector: Vectors, rows: Rows) -> Scores: ...

    def top(self, vector: Vectors, k: int, allowed: Allowed | None = None) -> tuple[Rows, Scores]: ...


class Documents(Protocol):
    """Which rows are of which documents."""

    def allowed(self, documents: frozenset[str]) -> Allowed:
        """What limits a search to passages of these documents."""
        ...
