"""Vectors in FAISS: exact while that is fast, HNSW above."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# An exact search reads every vector: 2 ms at this size (256 dimensions, one core), built in no time and never wrong.
# HNSW takes 0.4 ms for the 61,193 of statutes and 1 ms at 200,000, but 5 s to build (two cores), and misses one in 200
# of the 10 nearest, of which fusion shows nothing: statutes dev has the same recall@10 of 0.660 both ways.
EXACT_UP_TO = 50_000
HNSW_EF_BUILD = 100
# From how many vectors on: edges of a vector (M) and how many are looked at in a search (ef). Of the 10 nearest among
# 200,000 near copies of statutes 98.7 % are found with M 16 and ef 256, 99.6 % with ef 512 (0.8 ms);
# among 1,000,000 with M 24 and ef 512 98.2 % (0.7 ms).
HNSW_SIZES = ((0, 16, 256), (150_000, 16, 512), (500_000, 24, 512))
# Vectors taken out stay in the graph, unseen, until they are more than this share of it; then it is built anew.
HNSW_DEAD_UP_TO = 0.2
# A filter leaves HNSW fewer to find on its walk (a tenth allowed: 66 % of the 100 nearest), so the walk is made longer,
# up to this; where few rows are allowed they are scored one by one instead, 0.1 ms a thousand.
HNSW_EF_MOST = 2048
SCAN_UP_TO = 20_000
BUILD_THREADS = 2

_FILE = "vectors.faiss"
_NUMBERS = "numbers.npy"
_AT_A_TIME = 1 << 16  # vectors copied at a time

Vector = NDArray[np.float32]
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Numbers = NDArray[np.int32]


class DenseIndex:
    """The vectors of passages, by row number, searched by inner product (of normalised vectors: the cosine).

    >>> index = DenseIndex.build(np.eye(3, dtype=np.float32))
    >>> index.top(np.array([0, 1, 0], dtype=np.float32), k=1)
    (array([1]), array([1.], dtype=float32))

    Up to `EXACT_UP_TO` vectors the search is exact, above it walks an HNSW graph (Malkov and Yashunin 2018). Opened
    from a folder, the vectors are memory-mapped. Searching is safe from several threads, each on one core.
    """

    def __init__(self, index: Any, exact: bool, numbers: Numbers | None = None, file: Path | None = None) -> None:
        self._index = index
        self.exact = exact
        self._numbers = numbers  # of each row in `index`; None where they are the same
        self._file = file
        self._row_of: Numbers | None = None
        self._alive: NDArray[np.bool_] | None = None
        if numbers is not None:
            self._row_of = np.full(int(index.ntotal), -1, dtype=np.int32)
            self._row_of[numbers] = np.arange(len(numbers), dtype=np.int32)
            self._alive = self._row_of >= 0

    def __len__(self) -> int:
        return int(self._index.ntotal) if self._numbers is None else len(self._numbers)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def graph(self) -> tuple[int, int] | None:
        """M and ef of the graph (see `HNSW_SIZES`); None where the search is exact."""
        return None if self.exact else (int(self._index.hnsw.nb_neighbors(1)), self._ef())

    @classmethod
    def build(cls, vectors: Vector, exact_up_to: int = EXACT_UP_TO) -> DenseIndex:
        """Build from float32 (n, dim), rows normalised to length 1."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        n, dim = vectors.shape
        exact = n <= exact_up_to
        if exact:
            index = _faiss().IndexFlatIP(dim)
        else:
            index = _faiss().IndexHNSWFlat(dim, sized(n)[0], _faiss().METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = HNSW_EF_BUILD
        _faiss().omp_set_num_threads(BUILD_THREADS)
        if n:
            index.add(vectors)
        return cls(index, exact)

    def updated(self, kept: Rows, fresh: Vector, exact_up_to: int = EXACT_UP_TO) -> DenseIndex:
        """The index of other passages, the vectors of which are in part known. This one must have been opened.

        `kept` (n,) gives for each passage its row here, each at most once, or -1 where it is new: `fresh` has the
        vectors of the new ones, in order. New vectors are added to a copy of the graph and those gone are passed over;
        it is built anew where too many are gone, or where the size asks for another kind of index.
        """
        new = kept < 0
        gone = int(self._index.ntotal) - int(np.count_nonzero(~new))
        total = len(fresh) + int(self._index.ntotal)
        to_graph = len(kept) > exact_up_to and not self.exact and self._file is not None
        if not to_graph or gone > HNSW_DEAD_UP_TO * total or self._outgrown(len(kept)):
            return DenseIndex.build(self._gathered(kept, fresh), exact_up_to)
        index = _faiss().read_index(str(self._file))
        numbers = np.empty(len(kept), dtype=np.int32)
        numbers[~new] = self._number_of(kept[~new])
        numbers[new] = np.arange(index.ntotal, total, dtype=np.int32)
        _faiss().omp_set_num_threads(BUILD_THREADS)
        if len(fresh):
            index.add(np.ascontiguousarray(fresh, dtype=np.float32))
        same = len(numbers) == total and bool((np.diff(numbers) == 1).all())
        return DenseIndex(index, False, None if same else numbers)

    def _outgrown(self, n: int) -> bool:
        return int(self._index.hnsw.nb_neighbors(1)) != sized(n)[0]

    def _gathered(self, kept: Rows, fresh: Vector) -> Vector:
        vectors = np.empty((len(kept), self.dim), dtype=np.float32)
        vectors[kept < 0] = fresh
        known = np.flatnonzero(kept >= 0)
        for start in range(0, len(known), _AT_A_TIME):
            part = known[start : start + _AT_A_TIME]
            vectors[part] = self.vectors(kept[part])
        return vectors

    def save(self, folder: Path) -> None:
        """Write the index into `folder` (made where missing)."""
        folder.mkdir(parents=True, exist_ok=True)
        _faiss().write_index(self._index, str(folder / _FILE))
        if self._numbers is not None:
            np.save(folder / _NUMBERS, self._numbers)

    @classmethod
    def open(cls, folder: Path) -> DenseIndex:
        """Open what `save` wrote, memory-mapped.

        Raises RuntimeError where the file is missing or damaged, OSError or ValueError where a file beside it is.
        """
        index = _faiss().read_index(str(folder / _FILE), _faiss().IO_FLAG_MMAP_IFC)
        numbers = np.load(folder / _NUMBERS) if (folder / _NUMBERS).exists() else None
        if numbers is not None and numbers.max(initial=-1) >= index.ntotal:
            raise ValueError("the numbers do not fit the vectors")
        return cls(index, not isinstance(index, _faiss().IndexHNSW), numbers, folder / _FILE)

    def vectors(self, rows: Rows) -> Vector:
        """The vectors of `rows`, float32 (len(rows), dim)."""
        if not len(rows):
            return np.zeros((0, self.dim), dtype=np.float32)
        stored: Vector = self._index.reconstruct_batch(np.ascontiguousarray(self._number_of(rows), dtype=np.int64))
        return stored

    def _number_of(self, rows: Rows) -> NDArray[Any]:
        return rows if self._numbers is None else self._numbers[rows]

    def scores(self, vector: Vector, rows: Rows) -> Scores:
        """The inner product of `vector` (dim,) with each of `rows`, float32 (len(rows),)."""
        # Row by row: a matrix product may round a row differently in another batch, and equal vectors must tie.
        products: Scores = np.einsum("ij,j->i", self.vectors(rows), vector)
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
        numbers = found[0][found[0] >= 0]
        rows = (numbers if self._row_of is None else self._row_of[numbers]).astype(np.int64)
        return _ordered(rows, self.scores(vector, rows), k)

    def _parameters(self, k: int, among: int, allowed: NDArray[np.bool_] | None) -> Any:
        selector = None
        if self._row_of is not None:
            # Those taken out have row -1: what is appended keeps them out.
            allowed = self._alive if allowed is None else np.append(allowed, False)[self._row_of]
        if allowed is not None:
            selector = _faiss().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.exact:
            return None if selector is None else _faiss().SearchParameters(sel=selector)
        longer = int(self._index.ntotal) / among
        return _faiss().SearchParametersHNSW(sel=selector, efSearch=max(k, min(HNSW_EF_MOST, int(self._ef() * longer))))

    def _ef(self) -> int:
        return sized(len(self))[1]


def sized(n: int) -> tuple[int, int]:
    """M and ef of a graph of `n` vectors."""
    return max(size for size in HNSW_SIZES if size[0] <= n)[1:]


def _faiss() -> Any:
    # Imported when first needed, and as Any: the stubs that it brings do not know of its Python wrappers.
    return importlib.import_module("faiss")


def _ordered(rows: Rows, scores: Scores, k: int) -> tuple[Rows, Scores]:
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]
