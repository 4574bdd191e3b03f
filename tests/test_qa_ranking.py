"""Which passage comes first: places, years, the day asked for, and the same text twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import DAY, sources, understood

from corpus.types import Validity
from index.types import Hit
from qa.decide.scorer import load_scorer
from qa.evidence import Loaded, Source
from qa.lexicon import load_lexicon
from qa.lookup import NAMED
from qa.order import FIGURES, figures
from qa.passages import document_shares
from qa.ranking import rerank
from qa.understand import Understander, Understanding
from qa.weighed import Weighed

TEXT = "第一条 对认定的企业给予最高100万元奖励。"


def source(title: str, region: str = "", until: date | None = None, text: str = TEXT) -> Source:
    first = sources(text)[0]
    document = replace(
        first.document, title=title, region=region or None, issuer=None, validity=Validity(effective_until=until)
    )
    passage = replace(first.hit.passage, id=title, context=title)
    return Source(Hit(passage, 1, 0.5), Loaded(document, first.clauses, first.loaded.by_id))


ORDER = load_scorer(True).order


def told(source: Source, asked: Understanding, as_of: date = DAY) -> dict[str, float]:
    values = figures(Weighed(source, (), 0.5), asked, as_of, frozenset()).tolist()
    return dict(zip(FIGURES, values, strict=True))


def order(asked: Understanding, *found: Source) -> list[str]:
    ranked, _ = rerank([Weighed(s, (), 0.5) for s in found], [], asked, DAY, frozenset(), ORDER)
    return [w.source.document.title for w in ranked]


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        ("苏州市的企业奖多少", source("苏州市若干措施", "苏州市"), source("无锡市若干措施", "无锡市")),
        ("2023年的企业奖多少", source("扶持办法（2022—2024年）"), source("扶持办法（2025—2027年）")),
        ("2025年的企业奖多少", source("2025年行动计划"), source("2024年行动计划")),
        ("《物业条例》的期限", source("澜江市物业条例"), source("物业条例实施细则")),
        ("企业奖多少", source("新办法"), source("旧办法", until=date(2024, 12, 31))),
    ],
)
def test_the_document_that_fits(question: str, better: Source, worse: Source) -> None:
    asked = understood(question)
    assert order(asked, worse, better)[0] == better.document.title


def test_a_year_that_is_asked_for_may_be_past() -> None:
    old = source("扶持办法（2022—2024年）", until=date(2024, 12, 31))
    asked = told(old, understood("2023年的企业奖多少"))
    assert asked["passed_over"] == asked["of_other_year"] == 0
    assert told(old, understood("企业奖多少"))["passed_over"] == 1
    assert told(old, understood("企业奖多少"), date(2023, 1, 1))["passed_over"] == 0


def test_a_place_that_the_passage_names_fits() -> None:
    named = source("江苏省若干措施", "江苏省", text="第一条 对苏州市的企业给予最高100万元奖励。")
    assert told(named, understood("苏州的企业奖多少"))["of_other_place"] == 0
    assert told(source("江苏省若干措施", "江苏省"), understood("苏州的企业奖多少"))["of_other_place"] == 1


def test_the_same_text_is_shown_once_and_from_the_document_in_force() -> None:
    old, new = source("旧办法", until=date(2024, 12, 31)), source("新办法")
    asked = understood("企业奖多少")
    assert order(asked, old, new) == ["新办法"]
    ranked, rest = rerank([Weighed(new, (), 0.5)], [old.hit, old.hit], asked, DAY, frozenset(), ORDER)
    assert len(ranked) == 1 and rest == []
    looked_up = Source(replace(old.hit, ranks={NAMED: 1}), old.loaded)
    assert len(order(asked, new, looked_up)) == 2, "what was asked for by its number stays"


def test_the_regions_of_the_documents_are_places() -> None:
    known = Understander(load_lexicon(), lambda text: [text], None, ["澜江市", "江苏省云岫县"])
    assert known.read("澜江市和云岫的补贴").places == ("澜江", "云岫")
    assert understood("云岫的补贴").places == ()


@given(st.lists(st.sampled_from("甲乙丙"), min_size=1, max_size=30))
def test_the_shares_of_documents_fall_with_their_ranks(documents: list[str]) -> None:
    first = source("甲").hit
    hits = [
        replace(first, rank=rank, passage=replace(first.passage, document_id=ident))
        for rank, ident in enumerate(documents, 1)
    ]
    shares = document_shares(hits)
    assert set(shares) == set(documents) and sum(shares.values()) == pytest.approx(1.0)
    assert shares[documents[0]] >= 1 / sum(1 / rank for rank in range(1, len(documents) + 1)) - 1e-9
