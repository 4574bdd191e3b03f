"""Who, which organisation, which place."""

from __future__ import annotations

import pytest
from reading import best, read


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("副市长顾明舒出席活动。市长陆川、常务副市长韩立冬会见客人。", "哪位副市长出席活动？", "顾明舒"),
        ("办公室主任由市水务局局长兼任。", "办公室主任是谁？", "市水务局局长"),
        ("总 指 挥：分管城市建设工作的副市长", "总指挥是谁？", "分管城市建设工作的副市长"),
        ("联席会议办公室设在市商务局。", "联席会议办公室设在哪个单位？", "市商务局"),
        ("试点先在临湖区启动。", "试点先在哪个区启动？", "临湖区"),
    ],
)
def test_person(text: str, question: str, answer: str) -> None:
    assert answer in best(text, question)


def test_a_name_that_the_question_has_is_no_answer() -> None:
    assert best("副市长顾明舒、副市长陆川出席活动。", "和顾明舒一起出席活动的是哪位副市长？") == "陆川"


def test_who_made_it() -> None:
    text = "学习参考资料\n\n第1期\n\n澜江学院党委宣传部编\n\n第一条 市委宣传部负责组织学习。"
    assert best(text, "学习参考资料是由哪家单位编印的？") == "澜江学院党委宣传部"


@pytest.mark.parametrize(
    "question", ["充电设施的公众责任保险由谁来办？", "公众责任保险谁出面？", "公众责任保险是什么？"]
)
def test_the_number_of_a_clause_is_no_answer(question: str) -> None:
    text = "第一条 充电设施的建设者应当履行下列义务：\n（一）定期检查；\n（二）建立台账；\n（三）为充电设施投保公众责任保险。"
    assert all(c.text.strip() not in ("（一）", "（二）", "（三）") for c in read(text, question))
