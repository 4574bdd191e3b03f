"""Of documents that say different things the one that holds answers, and the others are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import understood

from corpus.types import Clause, Document, Span, Validity
from index.types import Hit, Passage
from qa.decide.rivals import alike, are_rivals, choose, told
from qa.decide.scorer import Scored
from qa.evidence import Loaded, Sentence, Source
from qa.read import Candidate

DAY = date(2026, 11, 21)
OLD = Validity(date(2020, 1, 1), date(2023, 12, 31))
NEW = Validity(date(2025, 1, 1), date(2028, 12, 31))


def says(figure: str, text: str, ident: str = "a", region: str = "澜江市", validity: Validity = NEW) -> Candidate:
    """A figure in the only sentence of a document."""
    document = Document(ident, text, f"{region}安居补贴办法（{ident}）", validity=validity, region=region)
    clause = Clause(ident, ident, "第一条", (), "第一条", "", Span(0, len(text)), None, 0)
    passage = Passage(ident, text, document.title, ident, ident, 0, len(text))
    source = Source(Hit(passage, 1, 1.0), Loaded(document, (clause,), {ident: clause}))
    at = text.index(figure)
    sentence = Sentence(source, 0, len(text), text, 0.8, 0.8, 0.8)
    return Candidate(figure, sentence, (sentence.span, Span(at, at + len(figure))), 0.8, kind="amount")


def scored_of(*rows: tuple[Candidate, float]) -> list[Scored]:
    return [Scored(candidate, logit, np.zeros(0, dtype=np.float32)) for candidate, logit in rows]


DOCTOR = "对新引进的博士，给予每人{}的一次性安居补贴。"
QUESTION = "新引进的博士安居补贴多少？"
OLD_SAYS = says("20万元", DOCTOR.format("20万元"), "old", validity=OLD)
NEW_SAYS = says("30万元", DOCTOR.format("30万元"), "new")
ELSEWHERE = says("15万元", DOCTOR.format("15万元"), "else", region="石桥市")


def test_the_document_in_force_answers_and_the_other_is_told() -> None:
    choice = choose(scored_of((OLD_SAYS, 2.0), (NEW_SAYS, 1.8)), understood(QUESTION), DAY, frozenset())
    assert choice.scored[0].candidate is NEW_SAYS
    assert choice.rivals == (OLD_SAYS,)
    assert told(OLD_SAYS, DAY) == "《澜江市安居补贴办法（old）》（2020年，已到期）为20万元"


def test_a_document_or_a_year_that_is_named_is_the_one() -> None:
    scored = scored_of((OLD_SAYS, 2.0), (NEW_SAYS, 1.8))
    for asked, meant in (
        (understood("2020年" + QUESTION), frozenset[str]()),
        (understood(QUESTION), frozenset({"old"})),
    ):
        choice = choose(scored, asked, DAY, meant)
        assert choice.scored[0].candidate is OLD_SAYS
        assert not choice.rivals


def test_two_places_are_asked_back() -> None:
    choice = choose(scored_of((NEW_SAYS, 2.0), (ELSEWHERE, 1.9)), understood(QUESTION), DAY, frozenset())
    assert choice.equal
    assert choice.rivals == (ELSEWHERE,)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (says("30万元", DOCTOR.format("30万元"), "b"), "the same figure"),
        (says("30%", DOCTOR.format("30%"), "b"), "another unit"),
        (says("15万元", "对新引进的硕士，给予每人15万元的一次性安居补贴。", "b"), "another rank"),
        (says("15万元", "对建设人才公寓的企业，按面积给予15万元奖励。", "b"), "another thing"),
        (says("20万元", "对新引进的博士，给予每人20万元的一次性安居补贴，共30万元。", "b"), "it has both figures"),
    ],
)
def test_what_is_no_rival(other: Candidate, why: str) -> None:
    assert not are_rivals(NEW_SAYS, other), why


def test_far_worse_candidates_are_no_rivals() -> None:
    scored = scored_of((NEW_SAYS, 2.0), (OLD_SAYS, -0.5))
    assert not choose(scored, understood(QUESTION), DAY, frozenset()).rivals


def test_only_figures_have_rivals() -> None:
    words = replace(NEW_SAYS, kind="span"), replace(NEW_SAYS, found=False)
    for best in words:
        choice = choose(scored_of((best, 2.0), (OLD_SAYS, 1.9)), understood(QUESTION), DAY, frozenset())
        assert choice.scored[0].candidate is best and not choice.rivals
    assert choose([], understood(QUESTION), DAY, frozenset()).scored == []


_TEXTS = st.text(alphabet="对新引进的博士给予每人一次性安居补贴0123万元，。", max_size=30)


@given(_TEXTS, _TEXTS)
def test_likeness_is_mutual(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)
    assert 0.0 <= alike(one, other) <= 1.0


@given(st.permutations([OLD_SAYS, NEW_SAYS, ELSEWHERE]), st.sampled_from([QUESTION, "澜江市" + QUESTION, "怎么申请？"]))
def test_nothing_is_lost_in_choosing(order: list[Candidate], question: str) -> None:
    scored = scored_of(*((candidate, 2.0 - 0.1 * i) for i, candidate in enumerate(order)))
    choice = choose(scored, understood(question), DAY, frozenset())
    assert sorted(map(id, choice.scored)) == sorted(map(id, scored))
    assert choice.scored[0].candidate not in choice.rivals
