"""Vectors in FAISS: exact while that is fast, HNSW above."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# An exact search reads every vector: 2.4 ms for the 61,193 of statutes (256 dimensions, one core), 4 ms at this size,
# built in no time and never wrong. HNSW takes 0.4 ms there and 1 ms at 200,000, but 5 s to build (two cores), and
# misses one in 200 of the 10 nearest.
EXACT_UP_TO = 100_000
HNSW_M = 16
HNSW_EF_BUILD = 100
# Of the 100 nearest of 200 statute questions 96.9 % are found (128: 92.3 %, 512: 98.9 % in twice the time), of the 10
# nearest 99.5 %.
HNSW_EF_SEARCH = 256
# A filter leaves HNSW fewer to find on its walk (a tenth allowed: 66 % of the 100 nearest), so the walk is made longer,
# up to this; where few rows are allowed they are scored one by one instead, 0.1 ms a thousand.
HNSW_EF_MOST = 2048
SCAN_UP_TO = 20_000
BUILD_THREADS = 2

_FILE = "vectors.faiss"

Vector = NDArray[np.float32]
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


class DenseIndex:
    """The vectors of passages, by row number, searched by inner product (of normalised vectors: the cosine).

    >>> index = DenseIndex.build(np.eye(3, dtype=np.float32))
    >>> index.top(np.array([0, 1, 0], dtype=np.float32), k=1)
    (array([1]), array([1.], dtype=float32))

    Up to `EXACT_UP_TO` vectors the search is exact, above it walks an HNSW graph (Malkov and Yashunin 2018). Opened
    from a folder, the vectors are memory-mapped. Searching is safe from several threads, each on one core.
    """

    def __init__(self, index: Any, exact: bool) -> None:
        self._index = index
        self.exact = exact

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @classmethod
    def build(cls, vectors: Vector, exact_up_to: int = EXACT_UP_TO) -> DenseIndex:
        """Build from float32 (n, dim), rows normalised to length 1."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        n, dim = vectors.shape
        exact = n <= exact_up_to
        if exact:
            index = _faiss().IndexFlatIP(dim)
        else:
            index = _faiss().IndexHNSWFlat(dim, HNSW_M, _faiss().METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = HNSW_EF_BUILD
        _faiss().omp_set_num_threads(BUILD_THREADS)
        if n:
            index.add(vectors)
        return cls(index, exact)

    def save(self, folder: Path) -> None:
        """Write the index into `folder` (made where missing)."""
        folder.mkdir(parents=True, exist_ok=True)
        _faiss().write_index(self._index, str(folder / _FILE))

    @classmethod
    def open(cls, folder: Path) -> DenseIndex:
        """Open what `save` wrote, memory-mapped. Raises RuntimeError where the file is missing or damaged."""
        index = _faiss().read_index(str(folder / _FILE), _faiss().IO_FLAG_MMAP_IFC)
        return cls(index, not isinstance(index, _faiss().IndexHNSW))

    def scores(self, vector: Vector, rows: Rows) -> Scores:
        """The inner product of `vector` (dim,) with each of `rows`, float32 (len(rows),)."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        stored: Vector = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        # Row by row: a matrix product may round a row differently in another batch, and equal vectors must tie.
        products: Scores = np.einsum("ij,j->i", stored, vector)
        return products

    def top(self, vector: Vector, k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """Rows and inner products of the `k` nearest passages, nearest first, equal ones by row.

        `allowed` (bool, (n,)) limits the search to the rows where it is true.
        """
        among = len(self) if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, among)
        if k <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        if allowed is not None and not self.exact and among <= SCAN_UP_TO:
            rows = np.flatnonzero(allowed).astype(np.int64)
            return _ordered(rows, self.scores(vector, rows), k)
        _faiss().omp_set_num_threads(1)  # of this thread: a query is too small to share
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        _, found = self._index.search(query, k, params=self._parameters(k, among, allowed))
        rows = found[0][found[0] >= 0].astype(np.int64)
        return _ordered(rows, self.scores(vector, rows), k)

    def _parameters(self, k: int, among: int, allowed: NDArray[np.bool_] | None) -> Any:
        selector = None if allowed is None else _faiss().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.exact:
            return None if selector is None else _faiss().SearchParameters(sel=selector)
        return _faiss().SearchParametersHNSW(
            sel=selector, efSearch=max(k, min(HNSW_EF_MOST, HNSW_EF_SEARCH * len(self) // among))
        )


def _faiss() -> Any:
    # Imported when first needed, and as Any: the stubs that it brings do not know of its Python wrappers.
    return importlib.import_module("faiss")


def _ordered(rows: Rows, scores: Scores, k: int) -> tuple[Rows, Scores]:
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]
