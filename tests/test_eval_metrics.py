"""The metrics against values worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import mrr_at, ndcg_at, recall_at

QRELS = {
    "q1": {"a": 1, "b": 1},  # a is 2nd, b is 4th
    "q2": {"c": 1},  # not found
    "q3": {"d": 2, "e": 1, "f": 0},  # e is 1st, f 2nd, d 3rd
    "q4": {"g": 0},  # nothing relevant: not counted
}
RUN = {"q1": ["x", "a", "y", "b"], "q2": ["x"], "q3": ["e", "f", "d"], "q4": ["g"]}


@pytest.mark.parametrize(
    ("k", "expected"), [(1, (0 + 0 + 1 / 2) / 3), (2, (1 / 2 + 0 + 1 / 2) / 3), (4, (1 + 0 + 1) / 3)]
)
def test_recall(k: int, expected: float) -> None:
    assert recall_at(QRELS, RUN, k) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "expected"), [(1, (0 + 0 + 1) / 3), (10, (1 / 2 + 0 + 1) / 3)])
def test_mrr(k: int, expected: float) -> None:
    assert mrr_at(QRELS, RUN, k) == pytest.approx(expected)


def test_ndcg() -> None:
    log3, log5 = math.log2(3), math.log2(5)
    q1 = (1 / log3 + 1 / log5) / (1 + 1 / log3)
    q3 = (1 + 2 / 2) / (2 + 1 / log3)
    assert ndcg_at(QRELS, RUN, 10) == pytest.approx((q1 + 0 + q3) / 3)


def test_ndcg_cuts_the_ideal_order_too() -> None:
    assert ndcg_at({"q": {"a": 1, "b": 1}}, {"q": ["a"]}, 1) == 1


def test_query_missing_from_the_run_counts_zero() -> None:
    assert recall_at({"q1": {"a": 1}, "q2": {"b": 1}}, {"q1": ["a"]}, 5) == 0.5


@pytest.mark.parametrize("metric", [recall_at, mrr_at, ndcg_at])
def test_without_judged_queries_it_is_zero(metric) -> None:  # type: ignore[no-untyped-def]
    assert metric({}, {}, 10) == 0


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=20), st.sets(st.integers(0, 30), min_size=1), st.integers(1, 20)
)
def test_bounds_and_growth_with_k(ranked: list[int], relevant: set[int], k: int) -> None:
    qrels = {"q": {str(d): 1 for d in relevant}}
    run = {"q": [str(d) for d in ranked]}
    for metric in (recall_at, mrr_at):
        assert 0 <= metric(qrels, run, k) <= metric(qrels, run, k + 1) <= 1
    assert 0 <= ndcg_at(qrels, run, k) <= 1
    best = sorted(run["q"], key=lambda d: d not in qrels["q"])
    assert ndcg_at(qrels, {"q": best}, k) >= ndcg_at(qrels, run, k)
