"""The asker's own figure against the bounds of a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.thresholds import verdict, within


@pytest.mark.parametrize(
    ("question", "text", "inside"),
    [
        ("我46岁能申请吗", "申请人应当在35周岁以下。", False),
        ("我35岁能申请吗", "申请人应当在35周岁以下。", True),
        ("交了半年社保行不行", "连续缴纳社会保险满6个月。", True),
        ("交了五个月社保行不行", "连续缴纳社会保险满6个月。", False),
        ("一年半没交了", "中断缴费不超过18个月的，可以补缴。", True),
        ("断了两年", "中断缴费不超过18个月的，可以补缴。", False),
        ("投了80万元", "投资额在100万元以上的企业。", False),
        ("我今年59，奖励多少", "年龄在18周岁以上60周岁以下的人员。", True),
        ("我今年61，交了3年", "年龄在18周岁以上60周岁以下的人员。", False),
        ("要交50元", "年龄在18周岁以上60周岁以下的人员。", None),
        ("我今年59岁", "年满18周岁，且在60周岁以下的人员。", True),
        ("我今年60岁", "年满18周岁、不满60周岁的人员。", False),
        ("人均15平方米", "人均住房面积低于13平方米。", False),
        ("我30岁，他50岁", "应当在35周岁以下。", None),
        ("有3个孩子", "应当在35周岁以下。", None),
        ("到2025年", "自2020年1月1日起施行。", None),
        ("我2013年10月底去办事，新办法管用了没", "本办法自2013年11月1日起施行。", None),
        ("娃读一年级，能住校不", "小学1至3年级学生原则上不寄宿。", None),
    ],
)
def test_within(question: str, text: str, inside: bool | None) -> None:
    assert within(question, text) is inside


@given(st.integers(1, 99), st.integers(1, 99))
def test_every_bound_parts_the_numbers_at_its_figure(age: int, limit: int) -> None:
    asked = f"我{age}岁，可以吗"
    assert within(asked, f"应当年满{limit}周岁。") is (age >= limit)
    assert within(asked, f"应当在{limit}周岁以下。") is (age <= limit)
    assert within(asked, f"应当不满{limit}周岁。") is (age < limit)
    assert within(asked, f"应当超过{limit}周岁。") is (age > limit)


@pytest.mark.parametrize(
    ("question", "text", "yes"),
    [
        ("我46岁能申请吗", "申请人应当在35周岁以下。", False),
        ("我46岁能申请吗", "40周岁以上的不得申请。", False),
        ("我36岁能申请吗", "40周岁以上的不得申请。", True),
        ("材料交了7天，是不是超期了", "应当在5个工作日以内、10天以内提交。", False),
        ("材料交了12天，是不是超期了", "应当在10天以内提交。", True),
    ],
)
def test_what_is_denied_and_what_is_passed_turn_the_verdict(question: str, text: str, yes: bool) -> None:
    assert verdict(question, text) is yes
