"""Which documents a question names."""

from __future__ import annotations

import pytest

from corpus.types import Document
from qa.naming import documents_named, named_titles, of_the_place

TITLES = named_titles(
    [
        ("zjtx", "澜江市支持专精特新企业高质量发展若干措施"),
        ("old", "澜江市专精特新企业培育扶持办法（2022—2024年）"),
        ("ebike", "澜江市电动自行车停放充电管理办法"),
        ("flood", "澜江市城市内涝应急预案"),
        ("lift", "澜江市既有住宅加装电梯财政补助办法"),
    ]
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("电动自行车停放充电管理办法什么时候施行？", {"ebike"}),
        ("《澜江市城市内涝应急预案》适用于哪里？", {"flood"}),
        ("《城市内涝应急预案》由谁解释？", {"flood"}),
        ("既有住宅加装电梯财政补助办法有效期多久", {"lift"}),
        ("电动自行车停放充电罚多少？", set()),
        ("加装电梯补多少？", set()),
        ("管理办法有哪些？", set()),
        ("", set()),
    ],
)
def test_named(question: str, expected: set[str]) -> None:
    assert documents_named(question, TITLES) == expected


def test_quotation_marks_inside_a_name_do_not_matter() -> None:
    titles = named_titles([("circle", "澜江市推进“15分钟便民生活圈”建设行动方案")])
    assert documents_named("15分钟便民生活圈建设行动方案到哪年结束", titles) == {"circle"}


def test_no_titles() -> None:
    assert documents_named("《某办法》", ()) == frozenset()


def test_the_place_of_a_document() -> None:
    assert of_the_place(Document("a", "", "安居补贴办法", region="澜江市"), "澜江")
    assert of_the_place(Document("a", "", "石桥市安居补贴办法"), "石桥")
    assert not of_the_place(Document("a", "", "石桥市安居补贴办法", region="石桥市"), "澜江")
