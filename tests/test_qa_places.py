"""A question that names no place, where the documents of several hold what may answer it, is asked back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_engine import engine_over

from qa.decide.places import places_open
from qa.engine import Engine
from qa.types import Answer, Question, Refusal

DAY = date(2026, 11, 21)
QUESTION = "申请公租房要交哪些材料？"
RULES = """{place}市公共租赁住房管理办法
{place}府规〔2025〕7号

第一条 为了规范公共租赁住房管理，制定本办法。

第二条 申请公共租赁住房的家庭，应当向街道办事处提交下列材料：{materials}。

第三条 公共租赁住房的租金标准为每平方米每月{rent}元。

第四条 本办法自2025年3月1日起施行。
"""
PLACES = {
    "郑州": ("户口簿、收入证明和住房证明", "8"),
    "佛山": ("身份证、社会保险缴纳记录和无房证明", "12"),
    "南京": ("申请表、婚姻证明和资产申报表", "15"),
}


def rules(place: str) -> str:
    materials, rent = PLACES[place]
    return RULES.format(place=place, materials=materials, rent=rent)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_over(tmp_path_factory.mktemp("places"), {f"{place}.txt": rules(place) for place in PLACES})


def considered(engine: Engine, text: str, sure: float) -> list[str]:
    """The labels of what a question may mean, as sure as `sure` of the best."""
    question = Question(text, DAY)
    found = engine.found(question)
    weighed = engine.consider(question)
    assert found is not None and weighed is not None
    return [choice.label for choice in places_open(found[0], weighed, sure, ["南京市", "厦门市"])]


def test_the_places_of_what_was_found_are_the_choices(engine: Engine) -> None:
    offered = considered(engine, QUESTION, 0.2)
    assert set(offered[:3]) == {"郑州市", "佛山市", "南京市"} and offered[3:] == ["厦门市"]


@pytest.mark.parametrize("text", [f"郑州{QUESTION}", "《郑州市公共租赁住房管理办法》要交哪些材料？"])
def test_who_names_a_place_or_a_document_has_chosen(engine: Engine, text: str) -> None:
    assert considered(engine, text, 0.2) == []


def test_what_no_document_answers_is_not_asked_back(engine: Engine) -> None:
    assert considered(engine, QUESTION, 0.01) == []


def test_the_documents_of_one_place_leave_nothing_to_choose(tmp_path: Path) -> None:
    again = rules("郑州").replace("公共租赁", "保障性租赁").replace("户口簿", "身份证")
    assert considered(engine_over(tmp_path, {"a.txt": rules("郑州"), "b.txt": again}), QUESTION, 0.2) == []


def test_each_choice_is_a_question_about_that_place(engine: Engine) -> None:
    unsure = engine.with_threshold(1.0)
    asked_back = unsure.answer(Question(QUESTION, DAY))
    assert isinstance(asked_back, Refusal) and asked_back.reason == "ambiguous"
    assert all(choice.label in asked_back.message for choice in asked_back.choices)
    for choice in asked_back.choices:
        told = engine.with_threshold(0.0).answer(Question(choice.question, DAY))
        assert isinstance(told, Answer)
        assert told.citations[0].document.region == choice.label
        again = unsure.answer(Question(choice.question, DAY))
        assert isinstance(again, Refusal) and again.choices == ()


def test_an_answer_says_whose_it_is_where_no_place_was_named(engine: Engine) -> None:
    sure = engine.with_threshold(0.0)
    for text, told in (
        (QUESTION, True),
        (f"郑州{QUESTION}", False),
        ("《郑州市公共租赁住房管理办法》要交哪些材料？", False),
    ):
        answer = sure.answer(Question(text, DAY))
        assert isinstance(answer, Answer)
        warned = [w.message for w in answer.warnings if w.code == "place_taken"]
        assert bool(warned) is told
        assert all(str(answer.citations[0].document.region) in message for message in warned)


def test_the_place_alone_is_an_answer_to_that(engine: Engine) -> None:
    unsure = engine.with_threshold(1.0)
    unsure.answer(Question(QUESTION, DAY, session="s"))
    told = engine.with_threshold(0.0).answer(Question("佛山", DAY, session="s"))
    assert isinstance(told, Answer) and told.rewritten == f"佛山{QUESTION}"
    assert told.citations[0].document.region == "佛山市"
    other = engine.with_threshold(0.0).answer(Question("那我在南京呢", DAY, session="s"))
    assert isinstance(other, Answer) and other.citations[0].document.region == "南京市"
