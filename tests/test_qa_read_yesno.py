"""Yes or no, in the words of the question; items under 不得有下列行为 are forbidden."""

from __future__ import annotations

import pytest
from reading import best, read

FORBIDDEN = (
    "第一条 任何单位和个人不得有下列行为：\n\n（一）携带电动自行车进入电梯轿厢；\n\n（二）私拉电线为电动自行车充电。"
)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("申请人的配偶和未成年子女可以随迁。", "配偶能不能一起随迁？", "可以"),
        ("物业服务人不得收取入场费。", "物业能收入场费吗？", "不可以"),
        ("申请材料无需提供原件。", "申请材料需要提供原件吗？", "不需要"),
        ("企业应当每年提交报告。", "企业需要每年提交报告吗？", "需要"),
        ("本办法适用于外地企业。", "外地企业适用本办法吗？", "是"),
        ("人才引进不受年龄限制。", "人才引进受年龄限制，还能办吗？", "可以"),
        ("租赁住房不得提取公积金。", "租赁住房不得提取公积金吗？", "是"),
        (FORBIDDEN, "能把电动自行车推进电梯轿厢吗？", "不可以"),
        (FORBIDDEN, "可不可以私拉电线给电动自行车充电？", "不可以"),
    ],
)
def test_yes_or_no(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


@pytest.mark.parametrize("forbids", ["不得", "禁止", "严禁", "不予", "不能"])
def test_words_of_forbidding(forbids: str) -> None:
    assert best(f"公共门厅{forbids}停放电动自行车。", "公共门厅可以停放电动自行车吗？") == "不可以"


def test_an_item_of_what_is_forbidden_is_quoted_with_the_words_that_forbid_it() -> None:
    text = "第一条 禁止用户下列行为：\n\n（一）盗用供水；\n\n（二）擅自向其他单位转供公共供水。"
    found = read(text, "用户可以向其他单位转供公共供水吗？")[0]
    assert found.text == "不可以"
    quote = found.sentence.source.document.quote(found.spans[0])
    assert "禁止用户下列行为" in quote and "转供公共供水" in quote


def test_what_a_word_means_allows_nothing() -> None:
    text = "第一条 公共供水，是指供水企业提供给单位使用的供水。\n\n第二条 单位不得转供公共供水给其他单位使用。"
    assert best(text, "单位能把公共供水转供给其他单位使用吗？") == "不可以"


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (
            "取消除道路危险货物运输以外的货运驾驶员从业资格考试。",
            "道路危险货物运输驾驶员还要参加从业资格考试吗？",
            "需要",
        ),
        ("取消除道路危险货物运输以外的货运驾驶员从业资格考试。", "普通货运驾驶员还要参加从业资格考试吗？", "不需要"),
        ("个人信息不得公开，但本人书面同意公开的除外。", "本人书面同意公开的个人信息可以公开吗？", "可以"),
        ("个人信息不得公开，但本人书面同意公开的除外。", "个人信息可以公开吗？", "不可以"),
        ("公安机关收到申请应当作出受理或者不予受理的决定。", "公安机关收到申请需要作出决定吗？", "需要"),
    ],
)
def test_exceptions(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer
