"""Terms that questions ask to be explained, and the clauses that explain them."""

from __future__ import annotations

import pytest

from qa.defined import defined_terms, defines


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("什么是无人驾驶航空器？", ("无人驾驶航空器",)),
        ("《物业办法》所称的物业服务人是指什么？", ("物业服务人",)),
        ("生产企业的质量安全员是什么？", ("生产企业的质量安全员", "质量安全员")),
        ("哪些设备属于特种设备的范畴？", ("特种设备",)),
        ("什么样的文件算是规范性文件？", ("规范性文件",)),
        ("市里的规章对“客运船舶”是怎样界定的？", ("客运船舶",)),
        ("国家级小巨人奖多少？", ()),
        ("这个办法的主要目的是什么？", ()),
        ("申报的截止时间是什么时候？", ()),
        ("什么是什么", ()),
        ("", ()),
    ],
)
def test_terms(question: str, terms: tuple[str, ...]) -> None:
    assert defined_terms(question) == terms


@pytest.mark.parametrize(
    "text",
    [
        "本条例所称无人驾驶航空器，是指没有机载驾驶员的航空器。",
        "第三条 无人驾驶航空器（以下简称航空器）是指没有驾驶员的航空器。",
        "（二）无人驾驶航空器，指没有驾驶员的航空器。",
        "无人驾驶航空器包括遥控航空器和自主航空器。",
        "没有机载驾驶员的航空器为无人驾驶航空器。",
    ],
)
def test_said_in_set_forms(text: str) -> None:
    assert defines(text, ("无人驾驶航空器",))


@pytest.mark.parametrize(
    "text",
    [
        "操控无人驾驶航空器的人员应当经过培训。",
        "无人驾驶航空器系统，是指航空器以及有关的遥控台。",
        "所称管制空域，是指无人驾驶航空器不得飞入的空域。",
    ],
)
def test_used_but_not_explained(text: str) -> None:
    assert not defines(text, ("无人驾驶航空器",))


def test_nothing_asked_is_nothing_defined() -> None:
    assert not defines("无人驾驶航空器，是指没有驾驶员的航空器。", ())
