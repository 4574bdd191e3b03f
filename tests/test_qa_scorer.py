"""The learned scorer: features that are plain figures of any candidate, a fit that is read or refused, logits that rank."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import DAY, sources, understood

from corpus.types import Span
from index.reader.types import Reading, ReadSpan
from index.tokens import Tokenizer
from qa.decide.features import NAMES, RIVALRY, Pool, bare, features_of, rivalry_of
from qa.decide.scorer import Calibration, Scorer, load_scorer
from qa.errors import BadScorer
from qa.evidence import sentences_of, terms_of
from qa.linear import Linear
from qa.order import FIGURES
from qa.ranking import PassageWeights
from qa.read import Context, candidates, neural
from qa.read.referred import with_references
from qa.weighed import Weighed

TOKENIZER = Tokenizer()
TEXTS = (
    "第一条 对小微企业给予最高100万元奖励。\n第二条 由市局负责。职工和居民不得重复申请。",
    "第一条 对小微企业奖励20%，自2022年1月1日起施行。\n第二条 申请材料：身份证、营业执照。",
)
QUESTIONS = (
    "小微企业奖励多少？",
    "小微企业可以申请吗？",
    "申请材料有哪些？",
    "2019年苏州市职工找哪个部门？",
    "",
    "😀\u200b",
)

SHARES = st.floats(0, 1)
SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 20), SHARES).map(lambda t: ReadSpan(t[0], t[0] + t[1], t[2])), max_size=4
).map(tuple)  # fmt: skip
COMPARED = st.builds(Reading, SHARES, SHARES, SHARES, SHARES, st.floats(-30, 30), SPANS, SPANS)
ALONE = st.builds(Reading, SHARES, SHARES, SHARES, SHARES, st.none(), SPANS, SPANS)
READINGS = st.lists(COMPARED, max_size=4) | st.lists(ALONE, max_size=4)


def pool_of(question: str, readings: list[Reading], unknown: float = 0.0, meant: frozenset[str] = frozenset()) -> Pool:
    """All that rules and readings offer for a question; the first passages are read as far as there are readings."""
    asked = understood(question)
    terms = terms_of(asked, TOKENIZER, lambda token: 3.0)
    context = Context(asked, terms, TOKENIZER.tokens)
    found = [source for text in TEXTS for source in sources(text)]
    weighed = [
        Weighed(
            s,
            tuple(with_references(x, context) for x in sentences_of(s, terms, TOKENIZER)),
            0.5,
            frozenset(TOKENIZER.tokens(s.hit.passage.text)),
        )
        for s in found
    ]
    for at, reading in enumerate(readings[: len(weighed)]):
        size = len(weighed[at].source.hit.passage.text)
        spans, items = (tuple(s for s in part if s.end <= size) for part in (reading.spans, reading.items))
        weighed[at] = replace(weighed[at], reading=replace(reading, spans=spans, items=items))
    offered = [c for w in weighed for s in w.sentences for c in candidates(s, context)]
    offered += neural.candidates(asked, [(w.sentences, w.reading) for w in weighed if w.reading is not None])
    return Pool(asked, terms, DAY, meant, offered, weighed, unknown)


POOLS = st.builds(pool_of, st.sampled_from(QUESTIONS), READINGS, SHARES)


def scorer_of(seed: int, scale: float = 1.0) -> Scorer:
    random = np.random.default_rng(seed)
    rank, sure = (
        Linear((random.normal(size=n) * scale).astype(np.float32), 0.5) for n in (len(NAMES), len(NAMES) + len(RIVALRY))
    )
    order, passages = Linear.of({"weights": {}, "bias": 0.0}, FIGURES), PassageWeights(1.0, 1.0, 1.0)
    return Scorer(rank, sure, order, passages, Calibration(), ((0.5, 0.1),))


# -- features ----------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(POOLS)
def test_features_are_figures_of_a_size(pool: Pool) -> None:
    rows = features_of(pool)
    assert rows.shape == (len(pool.candidates), len(NAMES))
    assert np.isfinite(rows).all() and rows.min(initial=0.0) >= -1.0 and rows.max(initial=0.0) <= 2.0


def test_odd_candidates_have_features() -> None:
    pool = pool_of(QUESTIONS[0], [Reading(1.0, 0.0, 1.0, 1.0, None, (ReadSpan(0, 5, 1.0),))], 1.0, frozenset({"x"}))
    first = pool.candidates[0]
    odd = [
        replace(first, text=""),
        replace(first, text="甲" * 4000),
        replace(first, text="😀\ud800\u200b", fit=0.0, found=False),
        replace(first, text="可以", kind="yesno"),
        replace(first, spans=(Span(0, 1), Span(0, 1), Span(2, 3))),
    ]
    rows = features_of(replace(pool, candidates=odd, as_of=date.max))
    assert np.isfinite(rows).all() and np.abs(rows).max() <= 2.0
    assert features_of(replace(pool, candidates=odd, passages=())).shape == rows.shape
    assert features_of(replace(pool, candidates=())).shape == (0, len(NAMES))


def test_every_feature_has_one_name() -> None:
    assert len(set(NAMES) | set(RIVALRY)) == len(NAMES) + len(RIVALRY)


def test_what_the_reader_likes_is_seen() -> None:
    passage = sources(TEXTS[0])[0].hit.passage.text
    at = passage.index("100万元")
    reading = Reading(0.9, 0.0, 0.5, 0.0, 1.0, (ReadSpan(at, at + 5, 0.8),))
    pool = pool_of(QUESTIONS[0], [reading])
    rows = dict(zip(map(id, pool.candidates), features_of(pool), strict=True))
    (own,) = [rows[id(c)] for c in pool.candidates if c.told_by == "reader"]
    seen = dict(zip(NAMES, own.tolist(), strict=True))
    assert seen["answers"] == pytest.approx(0.9) and seen["agrees"] == pytest.approx(0.8)
    assert seen["answers_and_agrees"] == pytest.approx(0.72) and seen["told_by_reader"] == 1.0


# -- ranking and confidence --------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(POOLS, st.integers(0, 1000), st.sampled_from([0.0, 1.0, 1e4]))
def test_all_candidates_are_ranked_by_their_logits(pool: Pool, seed: int, scale: float) -> None:
    scorer = scorer_of(seed, scale)
    ranked = scorer.ranked(pool)
    assert sorted(map(id, pool.candidates)) == sorted(id(s.candidate) for s in ranked)
    logits = [s.score for s in ranked]
    assert logits == sorted(logits, reverse=True)
    if not scale:
        assert [id(s.candidate) for s in ranked] == [id(c) for c in pool.candidates]
    if ranked:
        assert 0.0 <= scorer.confidence(ranked) <= 1.0
        alone = rivalry_of(np.stack([ranked[0].features]), np.array(logits[:1]), ["甲"], ["a"])
        assert alone.tolist() == [1.0, 0.0, 1.0, 0.0]


@given(st.lists(st.tuples(st.floats(-9, 9), st.sampled_from("甲乙丙"), st.sampled_from("ab")), min_size=1, max_size=9))
def test_rivalry_is_told_in_shares(told: list[tuple[float, str, str]]) -> None:
    told.sort(key=lambda row: -row[0])
    rows = np.full((len(told), len(NAMES)), 0.5, dtype=np.float32)
    logits = np.array([row[0] for row in told], dtype=np.float32)
    found = rivalry_of(rows, logits, [row[1] for row in told], [row[2] for row in told])
    assert found.shape == (len(RIVALRY),) and (found >= 0).all() and (found <= 1).all()


def test_what_is_out_of_force_casts_no_doubt_on_what_holds() -> None:
    rows = np.zeros((3, len(NAMES)), dtype=np.float32)
    rows[:, NAMES.index("answers_and_agrees")] = 0.9
    logits = np.array([3.0, 2.9, 1.0], dtype=np.float32)
    told = (logits, ["甲", "乙", "丙"], ["a", "b", "c"])
    both = rivalry_of(rows, *told)
    rows[1, NAMES.index("out_of_force")] = 1.0
    margin, elsewhere, support, near = rivalry_of(rows, *told)
    assert margin == pytest.approx(2.0 / 8) and margin > both[0] and support > both[2] and near == 0 < both[3]
    assert elsewhere == pytest.approx(0.9)
    rows[0, NAMES.index("out_of_force")] = 1.0
    assert rivalry_of(rows, *told) == pytest.approx(both), (
        "nor the other way round: who asks for what was, is asked of all"
    )


def test_the_words_speak_for_yes_or_no() -> None:
    """Of the same words, yes and no get opposite weight; other answers none."""
    pool = pool_of("职工和居民可以重复申请吗？", [Reading(0.9, 1.0, 0.1, 0.0, 1.0, (ReadSpan(0, 9, 0.8),))])
    rows = features_of(pool)
    words, read = (rows[:, NAMES.index(name)] for name in ("polar_words", "polar_read"))
    of_reader = [at for at, c in enumerate(pool.candidates) if c.kind == "yesno" and c.told_by == "reader"]
    assert [pool.candidates[at].text for at in of_reader] == ["不可以", "可以"]
    no, yes = of_reader
    assert words[no] == -words[yes] != 0 and read[no] == -read[yes] > 0
    denied = [at for at, c in enumerate(pool.candidates) if "不得" in c.sentence.text and c.text in ("可以", "不可以")]
    assert all((words[at] > 0) == (pool.candidates[at].text == "不可以") for at in denied) and denied
    assert not words[[at for at, c in enumerate(pool.candidates) if c.kind != "yesno"]].any()


def test_an_answer_is_the_same_however_it_is_spaced() -> None:
    assert bare("100 万元。") == bare("100万元") != bare("10.0万元")
    assert bare("") == bare(" 。") == ""


# -- the file ----------------------------------------------------------------------------------------------------------


ORDER = {"weights": {"found_at": 2.0}, "bias": 0.5}


def fit(**changed: Any) -> dict[str, Any]:
    told = {
        "rank": {"weights": {"cover": 0.5}, "bias": 0.25},
        "sure": {"weights": {"margin": 1.5}, "bias": -1.0},
        "passages": {"evidence": 1.0, "relevance": 0.5, "found_at": 1.0},
        "calibration": {"low": 0.7, "high": 1.1, "bias": -0.1},
        "wrong_rates": [[0.2, 0.3], [0.5, 0.1]],
    }
    return {**told, **changed}


def written(folder: Path, told: Any) -> Path:
    (folder / "scorer.json").write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")
    return folder / "scorer.json"


@pytest.mark.parametrize("read", [False, True])
def test_the_shipped_fit_is_read(read: bool) -> None:
    scorer = load_scorer(read)
    assert scorer.rank.weights.shape == (len(NAMES),) and scorer.sure.weights.shape == (len(NAMES) + len(RIVALRY),)
    rates = [rate for _, rate in scorer.wrong_rates]
    assert rates == sorted(rates, reverse=True)


def test_a_feature_that_is_not_named_weighs_nothing(tmp_path: Path) -> None:
    scorer = load_scorer(False, written(tmp_path, {"unread": fit(), "order": ORDER}))
    assert scorer.rank.weights.sum() == scorer.rank.weights[NAMES.index("cover")] == 0.5
    assert scorer.sure.weights[len(NAMES) + RIVALRY.index("margin")] == 1.5
    assert scorer.order.logits(np.ones((1, len(FIGURES)), dtype=np.float32)).tolist() == [2.5]
    assert scorer.rank.logits(np.zeros((2, len(NAMES)), dtype=np.float32)).tolist() == [0.25, 0.25]


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        {"read": fit()},
        {"unread": []},
        {"unread": fit(wrong_rates=[])},
        {"unread": fit(wrong_rates=[[0.5]])},
        {"unread": fit(wrong_rates=None)},
        {"unread": fit(rank={"weights": {"colour": 1.0}, "bias": 0.0})},
        {"unread": fit(rank={"weights": {"margin": 1.0}, "bias": 0.0})},
        {"unread": fit(rank={"weights": {"cover": "much"}, "bias": 0.0})},
        {"unread": fit(rank={"weights": {"cover": float("nan")}, "bias": 0.0})},
        {"unread": fit(rank={"weights": [0.5], "bias": 0.0})},
        {"unread": fit(sure={"weights": {}, "bias": None})},
        {"unread": fit(sure={"weights": {}, "bias": float("inf")})},
        {"unread": fit(sure={"weights": {}})},
        {"unread": fit(calibration={})},
        {"unread": fit(calibration={"low": -0.1, "high": 1.0, "bias": 0.0})},
        {"unread": fit(calibration={"low": 1.0, "high": float("nan"), "bias": 0.0})},
        {"unread": fit(calibration=None)},
        {"unread": fit(), "order": None},
        {"unread": fit(), "order": {"weights": {"colour": 1.0}, "bias": 0.0}},
        {"unread": fit(), "order": {"weights": {"cover": float("nan")}, "bias": 0.0}},
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, told: Any) -> None:
    whole = {"order": ORDER, **told} if isinstance(told, dict) else told
    with pytest.raises(BadScorer, match="scorer.json"):
        load_scorer(False, written(tmp_path, whole))


def test_no_file_and_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00{")
    for name in ("none.json", "bytes.json"):
        with pytest.raises(BadScorer, match=name):
            load_scorer(True, tmp_path / name)


# -- calibration -------------------------------------------------------------------------------------------------------


@given(st.builds(Calibration, st.floats(0, 5), st.floats(0, 5), st.floats(-5, 5)), SHARES, SHARES)
def test_a_calibrated_share_is_a_share_and_never_falls(calibration: Calibration, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= calibration.of(low) <= calibration.of(high) + 1e-12 <= 1.0 + 1e-12


@given(SHARES)
def test_what_changes_nothing_changes_nothing(share: float) -> None:
    assert Calibration().of(share) == pytest.approx(share, abs=1e-5)


# -- thresholds --------------------------------------------------------------------------------------------------------

TABLES = st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=8).map(
    lambda rows: tuple(zip(sorted({a for a, _ in rows}), sorted((b for _, b in rows), reverse=True), strict=False))
)


@given(TABLES, SHARES, SHARES)
def test_fewer_wrong_answers_need_more_confidence(rates: Any, one: float, other: float) -> None:
    scorer = replace(scorer_of(0), wrong_rates=rates)
    low, high = sorted((one, other))
    assert 0.0 <= scorer.threshold_for(high) <= scorer.threshold_for(low) + 1e-9 <= 1.0 + 1e-9
    assert scorer.threshold_for(1.0) == rates[0][0]
    for threshold, rate in rates:
        assert scorer.threshold_for(rate) <= threshold + 1e-9


def test_between_measured_rates_the_threshold_is_between_them() -> None:
    scorer = replace(scorer_of(0), wrong_rates=((0.2, 0.3), (0.5, 0.1)))
    assert scorer.threshold_for(0.2) == pytest.approx(0.35)
    assert (scorer.threshold_for(0.1), scorer.threshold_for(0.05), scorer.threshold_for(0.9)) == (0.5, 1.0, 0.2)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="0..1"):
            scorer.threshold_for(wrong)
