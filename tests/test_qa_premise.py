"""A false premise is told: another city, another year, a rank or a name that stands nowhere."""

from __future__ import annotations

import pytest
from reading import read, understood

from qa.decide.premise import broken_premise, year_holds

CARE = "对重度失能、中度失能老年人，分别按照每人每月600元、400元给予补助。"
PLAN = "2024—2026年，每年新建便民生活圈20个。"


def broken(text: str, question: str) -> str | None:
    return broken_premise(understood(question), read(text, question)[0])


@pytest.mark.parametrize(
    ("text", "question", "told"),
    [
        (CARE, "苏州市中度失能老人每月补多少？", "苏州"),
        (CARE, "轻度失能老人每月补多少？", "轻度"),
        (CARE, "“银发无忧卡”失能老人每月补多少？", "银发无忧卡"),
        ("2021年5月新建便民生活圈20个。", "2019年新建多少个便民生活圈？", "2019"),
        ("对国家级、省级平台，分别给予80万元、30万元支持。", "县级平台支持多少？", "县级"),
        ("对获得一等奖、二等奖的项目，分别奖励12万元、6万元。", "三等奖项目奖励多少？", "三等奖"),
        ("项目验收合格后，给予不超过70万元经费。", "项目验收不合格的，要退还多少钱？", "不合格"),
    ],
)
def test_broken(text: str, question: str, told: str) -> None:
    assert told in (broken(text, question) or "")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (CARE, "中度失能老人每月补多少？"),
        (CARE, "澜江市中度失能老人每月补多少？"),
        (PLAN, "2025年新建多少个便民生活圈？"),
        ("对国家级、省级平台，分别给予80万元、30万元支持。", "国家级平台，市级财政支持多少？"),
        ("对“小巨人”企业给予100万元奖励。", "“小巨人”企业奖励多少？"),
        ("项目验收不合格的，退还经费20万元；合格的，给予70万元。", "项目验收不合格的，要退还多少钱？"),
        ("取得许可证的企业方可经营，未取得的处3万元罚款。", "没取得许可证的企业经营罚多少？"),
        ("取得许可证的企业方可经营。", "没取得许可证的企业能不能经营？"),
    ],
)
def test_holds(text: str, question: str) -> None:
    assert broken(text, question) is None


@pytest.mark.parametrize(
    ("year", "holds"), [("2024", True), ("2025", True), ("2026", True), ("2023", False), ("2027", False)]
)
def test_a_range_holds_its_years(year: str, holds: bool) -> None:
    assert year_holds(year, read(PLAN, "每年新建多少个便民生活圈？")[0].sentence) is holds


def _given(text: str, question: str, answer: str) -> str | None:
    """What is wrong with an answer that some reader gives."""
    found = [c for c in read(text, question) if c.text == answer]
    assert found, "the answer is among those offered"
    return broken_premise(understood(question), found[0])


PRICES = "乐园\t成人价\t儿童价\n海滨乐园\t40元\t25元\n森林乐园\t\t18元\n冰雪乐园\t90元\t\n"
FEES = "事项\t收费标准\t办理时限\n场地租用\t\t3个工作日\n场地清扫\t20元\t1个工作日\n"
SEATS = "学校\t一年级\t二年级\t三年级\n东河小学\t90人\t80人\t70人\n西河小学\t85人\t\t60人\n"


@pytest.mark.parametrize(
    ("table", "question", "neighbour", "blank"),
    [
        (PRICES, "森林乐园成人价多少钱？", "18元", "成人价"),
        (PRICES, "冰雪乐园儿童价是多少？", "90元", "儿童价"),
        (FEES, "场地租用的收费标准是多少？", "3个工作日", "收费标准"),
        (SEATS, "西河小学二年级招多少人？", "85人", "二年级"),
    ],
)
def test_a_blank_cell_is_not_filled_from_its_neighbour(table: str, question: str, neighbour: str, blank: str) -> None:
    assert blank in (_given(table, question, neighbour) or "")


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (PRICES, "森林乐园儿童价多少钱？", "18元"),
        (PRICES, "海滨乐园成人价多少钱？", "40元"),
        (FEES, "场地租用要办多久？", "3个工作日"),
        (SEATS, "西河小学三年级招多少人？", "60人"),
    ],
)
def test_a_blank_cell_says_nothing_of_the_others(table: str, question: str, answer: str) -> None:
    assert _given(table, question, answer) is None


TURNOVER = "第一条 年营业额200万元以上的商户，奖励3万元；200万元以下的，不予奖励。"
TREES = "种植面积在50亩以上的，每亩补助300元；不足50亩的，不予补助。"
SERVED = "第三条 工作人员按下列办法发放补贴：\n（一）工作满3年的，发放补贴6000元；\n（二）工作不满3年的，不发放补贴。"


@pytest.mark.parametrize(
    ("text", "question", "answer", "said"),
    [
        (TURNOVER, "年营业额80万元奖励多少？", "3万元", "不予奖励"),
        (TURNOVER, "年营业额100元的商户奖励多少？", "3万元", "不予奖励"),
        (TREES, "种植面积20亩补助多少？", "300元", "不予补助"),
        (SERVED, "工作2年能发放多少补贴？", "6000元", "不发放"),
    ],
)
def test_who_stands_on_the_rung_that_gets_nothing_is_told_so(text: str, question: str, answer: str, said: str) -> None:
    assert said in (_given(text, question, answer) or "")


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (TURNOVER, "年营业额300万元奖励多少？", "3万元"),
        (TURNOVER, "年营业额200万元奖励多少？", "3万元"),
        (TURNOVER, "商户奖励多少？", "3万元"),
        (TREES, "种植面积60亩每亩补助多少？", "300元"),
        (SERVED, "工作5年能发放多少补贴？", "6000元"),
    ],
)
def test_who_stands_on_the_rung_that_gets_something_gets_it(text: str, question: str, answer: str) -> None:
    assert _given(text, question, answer) is None


def test_a_figure_that_a_rung_gives_is_none_that_the_asker_has() -> None:
    question = "奖励3万元要年营业额多少？"
    for candidate in read(TURNOVER, question):
        assert broken_premise(understood(question), candidate) is None
