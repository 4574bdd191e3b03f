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
