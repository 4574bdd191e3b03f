"""Handling cards and the conditions of a clause over made-up documents: every item is the document's own words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_engine import engine_over

from qa.conditions import clause_with_conditions, conditions_of
from qa.engine import Engine
from qa.handling.asks import NAMES, asked_fields
from qa.handling.card import card_of
from qa.handling.sections import lines_of, sections_of
from qa.types import Answer, Card, Question, Refusal

DAY = date(2026, 11, 21)
FILES = {
    "guide.txt": """澜江市护理补贴申请指南

一、申请对象
年满60周岁的失能老年人。

二、申请条件
（一）具有本市户籍；
（二）经评估为失能。

三、申请流程
（一）提出申请。
（二）上门评估。

四、所需材料
1、居民身份证；
2、户口簿；
3、评估报告。

五、办理时限
自受理之日起15个工作日内办结。

六、办理地点
户籍所在地街道便民服务中心，地址：江滨路8号。

七、联系电话
0512-65551234

八、网址
http://mz.lanjiang.example
""",
    "rules.txt": """禾山市居住证管理办法

第一条 为规范居住证管理，制定本办法。

第二条 符合下列条件之一的，可以申领居住证：
（一）在本市有合法稳定就业；
（二）在本市有合法稳定住所。

第三条 申领居住证应当向居住地公安派出所提出申请，并提交下列材料：
（一）居民身份证；
（二）居住地址证明。

第四条 公安派出所应当自受理之日起十五个工作日内发放居住证。

第五条 居住证遗失的，应当到公安派出所补办。

第六条 年满16周岁、在本市居住满半年且未享受其他补助的人员，可以领取200元补助。
""",
    "two.txt": """云岭市办证须知
居住登记
所需资料
一、居民身份证；
二、租房合同。
合法就业办理居住证
所需资料
一、劳动合同；
二、社保清单。
""",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_over(tmp_path_factory.mktemp("handling"), FILES)


def card_for(engine: Engine, title: str, *subject: str) -> dict[str, list[str]]:
    ident = next(d.id for d in engine.store.catalogue() if title in d.title)
    card = card_of(engine._shelf.load(ident), subject)
    assert card is not None
    return quotes(card)


def quotes(card: Card) -> dict[str, list[str]]:
    for field in card.fields:
        for citation in field.citations:
            assert citation.document.id == card.document.id
            assert citation.clause.span.contains(citation.span), "each quote is of the clause that it names"
    names = [field.name for field in card.fields]
    assert names == [name for name in NAMES if name in names], "fields have one order, none stands twice"
    return {field.name: [c.quote for c in field.citations] for field in card.fields}


# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("护理补贴怎么申请？", ("steps",)),
        ("居住证去哪儿办", ("place",)),
        ("办居住证要带什么材料", ("materials",)),
        ("申请需要哪些证件，多久能办好？", ("materials", "time_limit")),
        ("居住证怎么办理，到哪里办", ("steps", "place")),
        ("护理补贴多少钱", ()),
        ("申领居住证要符合什么条件", ()),
        ("谁负责发放补贴", ()),
    ],
)
def test_what_of_the_handling_is_asked(question: str, fields: tuple[str, ...]) -> None:
    assert asked_fields(question) == fields


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_guide_gives_all_its_sections(engine: Engine) -> None:
    assert card_for(engine, "护理补贴", "护理补贴") == {
        "who": ["年满60周岁的失能老年人。"],
        "conditions": ["（一）具有本市户籍；", "（二）经评估为失能。"],
        "steps": ["（一）提出申请。", "（二）上门评估。"],
        "materials": ["1、居民身份证；", "2、户口簿；", "3、评估报告。"],
        "time_limit": ["自受理之日起15个工作日内办结。"],
        "place": ["户籍所在地街道便民服务中心，地址：江滨路8号。"],
        "telephone": ["0512-65551234"],
        "online": ["http://mz.lanjiang.example"],
    }


def test_rules_without_headings_are_read_by_their_forms(engine: Engine) -> None:
    card = card_for(engine, "禾山市", "居住证")
    assert card["conditions"][1:3] == ["（一）在本市有合法稳定就业；", "（二）在本市有合法稳定住所。"]
    assert card["materials"][1:] == ["（一）居民身份证；", "（二）居住地址证明。"]
    assert any("居住地公安派出所提出申请" in quote for quote in card["place"])
    assert card["time_limit"] == ["第四条 公安派出所应当自受理之日起十五个工作日内发放居住证。"]
    assert not {"telephone", "online"} & card.keys(), "what the document does not say is left out"


def test_of_two_procedures_the_one_asked_about_is_shown(engine: Engine) -> None:
    assert card_for(engine, "云岭市", "居住登记")["materials"] == ["一、居民身份证；", "二、租房合同。"]
    assert card_for(engine, "云岭市", "合法就业")["materials"] == ["一、劳动合同；", "二、社保清单。"]


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_what_is_said_about_handling_has_its_card_answer_or_refusal(engine: Engine, threshold: float) -> None:
    sure = engine.with_threshold(threshold)
    outcome = sure.answer(Question("澜江市护理补贴怎么申请，要什么材料？", DAY))
    assert isinstance(outcome, Answer) == (threshold == 0.0), "a card is no reason to answer"
    assert outcome.card is not None
    assert "1、居民身份证；" in quotes(outcome.card)["materials"]
    assert outcome.card.document.title == "澜江市护理补贴申请指南"


def test_another_question_has_none(engine: Engine) -> None:
    outcome = engine.answer(Question("禾山市居住证多少个工作日内发放？", DAY))
    assert outcome.card is None


@pytest.mark.parametrize("question", ["澜江市渔船补贴怎么申请？", "北京市护理补贴去哪里办？", "结婚登记要带什么材料？"])
def test_no_card_of_another_matter_or_place_answers(engine: Engine, question: str) -> None:
    outcome = engine.answer(Question(question, DAY))
    assert isinstance(outcome, Refusal) and outcome.card is None


@settings(max_examples=60)
@given(st.text(alphabet="一二三、（）1.\n申请条件材料流程：电话网址【】第条①●\t ab8。；", max_size=120))
def test_sections_are_spans_of_the_text_in_order(text: str) -> None:
    for line in lines_of(text):
        assert text[line.span.start : line.span.end] == line.text
    for section in sections_of(text, ""):
        assert section.names and section.lines
        assert all(0 <= span.start < span.end <= len(text) for span in section.lines)
        assert [s.start for s in section.lines] == sorted(s.start for s in section.lines)


# --- conditions -------------------------------------------------------------------------------------------------------


def conditions(engine: Engine, address: str) -> tuple[str, list[str]] | None:
    ident = next(d.id for d in engine.store.catalogue() if "禾山市" in d.title)
    loaded = engine._shelf.load(ident)
    clause = next(c for c in loaded.clauses if c.address == address)
    found = conditions_of(loaded.document, loaded.clauses, clause)
    if found is None:
        return None
    assert all(clause.span.contains(c.span) for c in found.items)
    return found.needs, [c.quote for c in found.items]


def test_a_list_of_conditions_item_by_item(engine: Engine) -> None:
    assert conditions(engine, "第二条") == ("any", ["（一）在本市有合法稳定就业；", "（二）在本市有合法稳定住所。"])


def test_conditions_inside_one_sentence(engine: Engine) -> None:
    found = conditions(engine, "第六条")
    assert found is not None and found[0] == "all"
    assert any("年满16周岁" in item for item in found[1])


def test_a_clause_that_lays_down_none_has_none(engine: Engine) -> None:
    assert conditions(engine, "第一条") is None
    assert conditions(engine, "第五条") is None
    assert conditions(engine, "第三条") is None, "materials are no conditions"


def test_an_item_leads_to_the_list_that_it_is_of(engine: Engine) -> None:
    ident = next(d.id for d in engine.store.catalogue() if "禾山市" in d.title)
    loaded = engine._shelf.load(ident)
    item = next(c for c in loaded.clauses if loaded.document.quote(c.span).startswith("（二）在本市有合法稳定住所"))
    found = clause_with_conditions(loaded.document, loaded.clauses, item)
    assert found is not None and found.span.contains(item.span) and found.id != item.id
