"""The fusion of two score lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.fuse import fuse

SCORE = st.floats(-1, 50, width=32)
PAIRS = st.lists(st.tuples(SCORE, SCORE), max_size=20)


def arrays(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lexical, dense = (np.array([p[i] for p in pairs], dtype=np.float32) for i in (0, 1))
    return np.arange(len(pairs), dtype=np.int64), lexical, dense


def test_worked_example() -> None:
    rows, scores = fuse(np.array([4, 7, 9]), np.float32([10, 0, 5]), np.float32([0.2, 0.6, 0.6]), 0.3)
    assert rows.tolist() == [4, 9, 7]
    assert scores.tolist() == pytest.approx([0.7, 0.7 * 0.5 + 0.3, 0.3])


@settings(deadline=None)
@given(PAIRS, st.floats(0, 1))
def test_order_and_range(pairs: list[tuple[float, float]], weight: float) -> None:
    rows, scores = fuse(*arrays(pairs), weight)
    assert sorted(rows.tolist()) == list(range(len(pairs)))
    assert all(0 <= s <= 1 for s in scores)
    order = list(zip((-scores).tolist(), rows.tolist(), strict=True))
    assert order == sorted(order)


@settings(deadline=None)
@given(PAIRS, st.floats(0, 1), st.randoms())
def test_order_of_the_candidates_does_not_matter(pairs: list[tuple[float, float]], weight: float, random) -> None:  # type: ignore[no-untyped-def]
    rows, lexical, dense = arrays(pairs)
    mixed = list(range(len(pairs)))
    random.shuffle(mixed)
    at = np.array(mixed, dtype=np.int64)
    one, other = fuse(rows, lexical, dense, weight), fuse(rows[at], lexical[at], dense[at], weight)
    assert one[0].tolist() == other[0].tolist()


@settings(deadline=None)
@given(PAIRS)
def test_weight_0_and_1_follow_one_retriever(pairs: list[tuple[float, float]]) -> None:
    rows, lexical, dense = arrays(pairs)
    for weight, scores in ((0.0, lexical), (1.0, dense)):
        ordered = scores[fuse(rows, lexical, dense, weight)[0]]
        spread = float(np.ptp(scores)) if len(scores) else 0.0
        assert all(a >= b - 1e-6 * spread for a, b in zip(ordered, ordered[1:], strict=False))


def test_single_candidate() -> None:
    assert fuse(np.array([3]), np.float32([2.5]), np.float32([0.4]), 0.3)[1].tolist() == [1]


def test_wrong_use() -> None:
    with pytest.raises(ValueError, match="dense_weight"):
        fuse(np.array([1]), np.float32([1]), np.float32([1]), 1.5)
    with pytest.raises(ValueError, match="one score"):
        fuse(np.array([1]), np.float32([1, 2]), np.float32([1]), 0.5)
