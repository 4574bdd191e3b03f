"""FAISS against plain matrix products, exact and HNSW."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.dense import DenseIndex

Vectors = NDArray[np.float32]


def some_vectors(n: int, dim: int = 16, seed: int = 1) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["exact", "hnsw"])
def index(request: pytest.FixtureRequest) -> DenseIndex:
    return DenseIndex.build(some_vectors(400), exact_up_to=400 if request.param == "exact" else 0)


def nearest(vectors: Vectors, query: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> list[int]:
    scores = vectors @ query
    rows = range(len(vectors)) if allowed is None else np.flatnonzero(allowed).tolist()
    return sorted(rows, key=lambda row: -scores[row])[:k]


def test_finds_the_nearest(index: DenseIndex) -> None:
    vectors = some_vectors(400)
    for query in some_vectors(10, seed=2):
        rows, scores = index.top(query, 10)
        assert rows.tolist() == nearest(vectors, query, 10)
        np.testing.assert_allclose(scores, (vectors @ query)[rows], rtol=1e-5)


@pytest.mark.parametrize("share", [0.02, 0.5])
@pytest.mark.parametrize("scan_up_to", [0, 1000])
def test_allowed_rows_only(index: DenseIndex, share: float, scan_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.dense.SCAN_UP_TO", scan_up_to)
    allowed = np.random.default_rng(3).random(400) < share
    query = some_vectors(1, seed=2)[0]
    assert index.top(query, 5, allowed)[0].tolist() == nearest(some_vectors(400), query, 5, allowed)


def test_more_wanted_than_there_is(index: DenseIndex) -> None:
    query = some_vectors(1, seed=2)[0]
    assert len(index.top(query, 1000)[0]) == 400
    assert index.top(query, 0)[0].tolist() == []
    assert index.top(query, 5, np.zeros(400, dtype=np.bool_))[0].tolist() == []


def test_saved_and_opened_it_is_the_same(index: DenseIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    opened = DenseIndex.open(tmp_path)
    query = some_vectors(1, seed=2)[0]
    assert (len(opened), opened.dim, opened.exact) == (400, 16, index.exact)
    np.testing.assert_array_equal(opened.top(query, 20)[0], index.top(query, 20)[0])
    np.testing.assert_allclose(opened.scores(query, np.array([7, 3])), some_vectors(400)[[7, 3]] @ query, rtol=1e-5)


def test_a_larger_graph_is_searched_more_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.dense.HNSW_SIZES", ((0, 8, 64), (100, 12, 128)))
    graphs = [DenseIndex.build(some_vectors(n), exact_up_to=50).graph for n in (50, 99, 100)]
    assert graphs == [None, (8, 64), (12, 128)]


def test_equal_vectors_go_by_row() -> None:
    index = DenseIndex.build(np.ones((5, 4), dtype=np.float32) / 2)
    assert index.top(np.ones(4, dtype=np.float32) / 2, 3)[0].tolist() == [0, 1, 2]


def test_no_vectors_at_all(tmp_path: Path) -> None:
    DenseIndex.build(np.zeros((0, 8), dtype=np.float32)).save(tmp_path)
    opened = DenseIndex.open(tmp_path)
    assert (len(opened), opened.dim) == (0, 8)
    assert opened.top(np.ones(8, dtype=np.float32), 3)[0].tolist() == []


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "vectors.faiss").write_bytes(b"not an index")
    with pytest.raises(RuntimeError):
        DenseIndex.open(tmp_path)
