"""Whose each value is, read from the sentence alone: lists, ranks, shortened members, parallel clauses, 其中."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.read.forms import values
from qa.read.pairs import full_width, is_threshold, label_of, listed, members_of, parallel
from qa.read.ranks import expanded


def pairs(text: str, kind: str = "amount") -> dict[str, str]:
    """Labels with their values, of the lists of a text, else of its parallel values."""
    places = [(v.start, v.end) for v in values(text, kind)]
    side = parallel(text, places)
    found = listed(text, places) or ([side] if side else [])
    return {share.label: text[share.place[0] : share.place[1]] for pairing in found for share in pairing.shares}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对国家级、省级孵化器，分别给予50万元、30万元奖励。", {"国家级": "50万元", "省级": "30万元"}),
        ("一、二等奖各奖10万元、5万元。", {"一等奖": "10万元", "二等奖": "5万元"}),
        ("分别对养老院、托育园给予8万元、6万元补助。", {"养老院": "8万元", "托育园": "6万元"}),
        ("分别按30万元、20万元的标准奖励国家级、省级平台。", {"国家级": "30万元", "省级": "20万元"}),
        ("国家级50万元、省级30万元。", {"国家级": "50万元", "省级": "30万元"}),
        ("对甲机构给予5万元奖励；对乙机构给予3万元奖励。", {"甲机构": "5万元", "乙机构": "3万元"}),
        (
            "年产值达到2000万元、5000万元的，分别给予10万元、30万元。",
            {"年产值达到2000万元": "10万元", "5000万元": "30万元"},
        ),
    ],
)
def test_each_value_has_its_member(text: str, expected: dict[str, str]) -> None:
    assert pairs(text) == expected


def test_lists_of_different_length_are_not_paired() -> None:
    text = "对国家级、省级、市级园区，分别给予100万元、50万元奖励。"
    assert listed(text, [(v.start, v.end) for v in values(text, "amount")]) == []


def test_an_old_and_a_new_figure_are_of_one_member() -> None:
    text = "补助标准由3万元提高到5万元。"
    assert parallel(text, [(v.start, v.end) for v in values(text, "amount")]) is None


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("年产值1亿元以上的奖励50万元", ["1亿元以上"]),
        ("已满10年不满20年的，年休假10天", ["10年", "20年"]),
        ("三年以上固定期限的合同，试用期不得超过六个月", ["三年以上"]),
        ("给予500元以上1000元以下罚款", []),
        ("货值金额不足一万元的，处五千元罚款", ["一万元"]),
        ("给予不超过30万元补助", []),
    ],
)
def test_a_figure_that_says_who_is_no_value(text: str, conditions: list[str]) -> None:
    kind = "period" if "期" in text or "假" in text else "amount"
    assert [v.text for v in values(text, kind) if is_threshold(text, (v.start, v.end))] == conditions


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("一、二、三等奖", "一等奖、二等奖、三等奖"),
        ("一二三等奖", "一等奖、二等奖、三等奖"),
        ("国家、省、市级平台", "国家级、省级、市级平台"),
        ("A、B类人才", "A类、B类人才"),
        ("5A级景区", "5A级景区"),
        ("第二级", "第二级"),
    ],
)
def test_shortened_members_are_spelled_out(short: str, full: str) -> None:
    assert expanded(short) == full


@given(st.lists(st.sampled_from("甲乙丙丁戊己"), min_size=2, max_size=6, unique=True), st.sampled_from("、和及与"))
def test_a_list_is_cut_into_its_members(names: list[str], last: str) -> None:
    members = [f"{name}机构" for name in names]
    found = members_of("、".join(members[:-1]) + last + members[-1], len(members), True)
    assert found is not None and found[0] == members


@given(st.text("，,；;:：1（）()年、a", max_size=20))
def test_full_width_keeps_every_offset(text: str) -> None:
    assert len(full_width(text)) == len(text)


def test_a_label_has_no_words_of_giving() -> None:
    assert label_of("（一）对首次认定为省级平台的，给予最高") == "省级平台"


@given(st.text("对甲乙国家省级一二等奖，、；。的分别给予最高0123456789万元%和其中以上不满年", max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    places = [(v.start, v.end) for v in values(text, "amount")]
    side = parallel(text, places)
    for pairing in [*listed(text, places), *([side] if side else [])]:
        assert len(pairing.shares) >= 2
        assert all(share.place in places for share in pairing.shares)
