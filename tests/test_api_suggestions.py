"""Questions to begin with: of several kinds, of what documents say, and only such as are answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from fake_service import TODAY, FakeService, make_clauses, make_document

from api.answer.suggestions import Starters, answered
from corpus.types import Document, Responsible, Validity
from qa.catalogue.starters import KINDS, proposed

IN_FORCE = Validity(effective_from=date(2026, 1, 1))
TEXT = """甲市园区奖励办法
第一条 对新认定的示范园区，给予一次性50万元奖励。
第二条 园区管理机构不得收取入园押金。
第三条 申请人应当提交下列材料：申请表。
第四条 违反本办法规定，擅自出租园区厂房的，处5000元以上1万元以下罚款。
"""


def document(text: str = TEXT, validity: Validity = IN_FORCE) -> Document:
    return make_document(text, validity=validity)


def test_each_kind_is_made_of_its_own_words() -> None:
    found = list(proposed(document(), make_clauses(document())))
    assert ("amount", "新认定的示范园区，奖励多少钱？") in found
    assert ("amount", "擅自出租园区厂房，罚多少钱？") in found
    assert ("yesno", "园区管理机构可以收取入园押金吗？") in found
    assert ("handling", "《甲市园区奖励办法》要准备哪些材料？") in found
    assert ("when", "《甲市园区奖励办法》什么时候起施行？") in found
    assert {kind for kind, _ in found} == set(KINDS)


def test_whoever_leads_a_clause_is_asked_for_by_its_heading() -> None:
    (clause, *_) = make_clauses(document())
    led = replace(clause, heading="示范园区奖励", responsible=(Responsible("市工信局", "lead", False, clause.span),))
    assert ("who", "示范园区奖励由哪个部门负责？") in list(proposed(document(), [led]))


@pytest.mark.parametrize("text", ["", "无\n", "对，。；：给予不得可以\n", "对" * 5000, "违反" * 3000 + "不得" * 3000])
def test_odd_texts_propose_nothing_of_their_words(text: str) -> None:
    made = make_document("甲市办法\n" + text)
    assert {kind for kind, _ in proposed(made, ())} <= {"who"}


def test_only_what_is_answered_from_its_own_document_is_shown_kind_by_kind() -> None:
    other = document("乙市路灯办法\n第一条 路灯由城管局负责。\n")
    known = {
        "示范园区": ("50万元", "给予一次性50万元奖励"),
        "什么时候": ("2026年1月1日", "第一条 对新认定的示范园区"),
        "押金": ("不可以", "路灯由城管局负责"),  # of another document than the question was made of
    }
    service = FakeService([document(), other], known)
    found = answered(service, TODAY)
    assert found == ["新认定的示范园区，奖励多少钱？", "《甲市园区奖励办法》什么时候起施行？"]
    assert len(service.asked) <= 12, "and not every question of every document"


def test_metadata_give_some_at_once_and_each_version_is_asked_once() -> None:
    service = FakeService([document()], {"示范园区": ("50万元", "给予一次性50万元奖励")})
    starters = Starters(lambda: TODAY)
    assert starters.questions(service) == ["《甲市园区奖励办法》现在还有效吗？"]
    assert starters.wait(20)
    asked = len(service.asked)
    assert starters.questions(service) == ["新认定的示范园区，奖励多少钱？"]
    assert len(service.asked) == asked
