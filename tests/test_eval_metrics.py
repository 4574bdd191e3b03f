"""The metrics against values worked out by hand, and against trec_eval's own code (ir-measures)."""

import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import mean, mrr_at, ndcg_at, ndcgs, quote_rank, recall_at, recalls, reciprocal_ranks, write_trec

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


# -- another program's figures -----------------------------------------------------------------------------------------


def random_case(seed: int) -> tuple[dict[str, dict[str, int]], dict[str, list[str]]]:
    """Judgements with grades 0..3 and a run that misses some queries, some relevant documents and has some unjudged."""
    generator = random.Random(seed)
    qrels, run = {}, {}
    for query in (f"q{i}" for i in range(30)):
        judged = generator.sample(range(60), generator.randint(1, 12))
        qrels[query] = {f"d{d}": generator.choice([0, 1, 1, 2, 3]) for d in judged}
        qrels[query][f"d{judged[0]}"] = 1  # at least one is relevant: libraries differ on queries without
        if generator.random() < 0.9:
            run[query] = [f"d{d}" for d in generator.sample(range(60), generator.randint(1, 40))]
    return qrels, run


def by_ir_measures(qrels: dict[str, dict[str, int]], scored: object) -> dict[str, dict[str, float]]:
    ir = pytest.importorskip("ir_measures", reason="ir-measures has no wheel for this platform")
    measures = {"recall@1": ir.R @ 1, "recall@10": ir.R @ 10, "mrr@10": ir.RR @ 10, "ndcg@10": ir.nDCG @ 10}
    names = {str(measure): name for name, measure in measures.items()}
    found: dict[str, dict[str, float]] = {name: {} for name in measures}
    for one in ir.iter_calc(list(measures.values()), qrels, scored):
        found[names[str(one.measure)]][one.query_id] = one.value
    return found


def by_us(qrels: dict[str, dict[str, int]], run: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    return {
        "recall@1": recalls(qrels, run, 1),
        "recall@10": recalls(qrels, run, 10),
        "mrr@10": reciprocal_ranks(qrels, run, 10),
        "ndcg@10": ndcgs(qrels, run, 10),
    }


@pytest.mark.parametrize("seed", range(10))
def test_figures_are_those_of_trec_eval(seed: int) -> None:
    qrels, run = random_case(seed)
    scored = {query: {d: float(-rank) for rank, d in enumerate(ranked)} for query, ranked in run.items()}
    theirs, ours = by_ir_measures(qrels, scored), by_us(qrels, run)
    for name, values in ours.items():
        assert {q: theirs[name].get(q, 0.0) for q in values} == pytest.approx(values)


@pytest.mark.parametrize("seed", range(3))
def test_ties_are_read_back_in_our_order(seed: int, tmp_path: Path) -> None:
    """Where a searcher's scores tie, trec_eval would order by document id: the file written must not let it."""
    ir = pytest.importorskip("ir_measures", reason="ir-measures has no wheel for this platform")
    qrels, run = random_case(seed)
    tied = {query: dict.fromkeys(ranked, 1.0) for query, ranked in run.items()}
    assert by_ir_measures(qrels, tied) != by_us(qrels, run)
    path = tmp_path / "runs" / "a.trec"
    write_trec(run, path, "ours")
    read = list(ir.read_trec_run(str(path)))
    theirs = by_ir_measures(qrels, read)
    for name, values in by_us(qrels, run).items():
        assert {q: theirs[name].get(q, 0.0) for q in values} == pytest.approx(values)


def test_trec_file(tmp_path: Path) -> None:
    write_trec({"q1": ["b", "a"], "q2": []}, tmp_path / "run.trec", "x")
    assert (tmp_path / "run.trec").read_text() == "q1 Q0 b 1 2 x\nq1 Q0 a 2 1 x\n"
    for bad in ({"q 1": ["a"]}, {"q": ["a b"]}, {"q": [""]}):
        with pytest.raises(ValueError, match="TREC"):
            write_trec(bad, tmp_path / "bad.trec", "x")


def test_means_are_of_the_values_by_query() -> None:
    assert recalls(QRELS, RUN, 4) == {"q1": 1, "q2": 0, "q3": 1}
    assert mean(recalls(QRELS, RUN, 4)) == recall_at(QRELS, RUN, 4)


@pytest.mark.parametrize(
    ("texts", "rank"),
    [
        (["无关的一段话在此", "奖励资金由市财政局拨付给企业使用"], 2),
        (["无关的一段话在此"], None),
        ([], None),
        (["无关的一段话在此", "奖励资金由市财", "政局拨付给企业使用的其他规定"], 3),  # only together
    ],
)
def test_rank_of_a_quote(texts: list[str], rank: int | None) -> None:
    assert quote_rank("奖励资金由市财政局拨付给企业使用", texts) == rank
