"""What a term means."""

from __future__ import annotations

import pytest
from reading import best


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (
            "本办法所称换电柜，是指为电动自行车提供蓄电池更换服务的专用柜体。",
            "换电柜是什么？",
            "为电动自行车提供蓄电池更换服务的专用柜体",
        ),
        (
            "本办法所称换电柜，是指为电动自行车提供蓄电池更换服务的专用柜体。",
            "什么叫换电柜？",
            "为电动自行车提供蓄电池更换服务的专用柜体",
        ),
        (
            "“便民生活圈”是指居民步行15分钟可以到达的社区商圈。",
            "便民生活圈的含义是什么？",
            "居民步行15分钟可以到达的社区商圈",
        ),
        ("支持开展合格境外有限合伙人（QFLP）试点。", "QFLP中文叫什么？", "合格境外有限合伙人"),
        ("设立城市内涝应急指挥部（以下简称指挥部）。", "“指挥部”指的是什么？", "城市内涝应急指挥部"),
    ],
)
def test_definition(text: str, question: str, answer: str) -> None:
    assert answer in best(text, question)


def test_words_with_zhi_are_no_definition() -> None:
    assert (
        best("市工信局指导企业建立指标体系。本办法所称企业，是指在本市注册的法人。", "企业的定义是什么？")
        == "在本市注册的法人"
    )


def test_a_longer_term_is_another_term() -> None:
    text = "第一条 本条例所称供热设施，是指热源、管网和换热站。\n\n第二条 本条例所称供热，是指通过管网为用户提供热能的行为。"
    assert best(text, "条例里供热是指什么？") == "通过管网为用户提供热能的行为"
    assert best(text, "供热设施的含义？") == "热源、管网和换热站"
