"""Ladders whose rungs are words, in one sentence, in several and in items: the rung that holds the quantity answers."""

from __future__ import annotations

import pytest
from reading import read

PENALTY = (
    "工作人员有套汇行为，数额不满10万美元的，给予撤职处分；数额在10万美元以上不满100万美元的，给予留用察看处分；"
    "数额在100万美元以上的，给予开除处分。"
)
TREES = (
    "第一条　砍伐树木按照下列权限办理：\n（一）砍伐不满20株的，由县林业局批准；\n"
    "（二）砍伐20株以上不满50株的，由市林业局批准；\n（三）砍伐50株以上的，由市人民政府批准。"
)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (PENALTY, "套汇30万美元给什么处分？", "给予留用察看处分"),
        (PENALTY, "套汇9万美元给什么处分？", "给予撤职处分"),
        (PENALTY, "套汇100万美元给什么处分？", "给予开除处分"),
        (TREES, "要砍30株树，怎么办理？", "由市林业局批准"),
        (TREES, "要砍60株树，怎么办理？", "由市人民政府批准"),
    ],
)
def test_the_rung_that_holds_the_quantity_answers(text: str, question: str, answer: str) -> None:
    assert [c.text for c in read(text, question, words=False) if not c.text.startswith("砍伐")] == [answer]


def test_without_a_quantity_there_is_no_rung() -> None:
    assert not read(PENALTY, "套汇给什么处分？", words=False)
