"""Yes and no in the words of the question."""

from __future__ import annotations

import pytest
from reading import read

from qa.read.yesno import is_negated, word_for


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("配偶能不能一起随迁？", "可以", "不可以"),
        ("申请材料需要提供原件吗？", "需要", "不需要"),
        ("这笔钱要不要还？", "需要", "不需要"),
        ("外地企业适用本办法吗？", "是", "否"),
        ("可以不办证，还需要交费吗？", "可以", "不可以"),
        ("老人不用交了吧？", "是", "否"),
        ("是不是不让养狗？", "是", "否"),
    ],
)
def test_the_words_of_the_question(question: str, yes: str, no: str) -> None:
    assert (word_for(question, False), word_for(question, True)) == (yes, no)


@pytest.mark.parametrize(
    ("question", "negated"),
    [("能不能停车？", False), ("要不要交？", False), ("不能停车吗？", True), ("禁止养鸡吗", True)],
)
def test_a_choice_of_both_is_not_put_in_the_negative(question: str, negated: bool) -> None:
    assert is_negated(question) == negated


def test_where_no_reader_reads_both_are_offered_with_the_sentence() -> None:
    text = "第一条 物业服务人不得收取入场费。"
    found = [c for c in read(text, "物业能收入场费吗？") if c.sentence.text.endswith("不得收取入场费。")]
    assert {c.text for c in found} == {"可以", "不可以"}
    assert all(c.sentence.source.document.quote(c.spans[0]) == c.sentence.text for c in found)
    assert not [c for c in read(text, "物业能收入场费吗？", words=False) if c.kind == "yesno"]
