"""The sentence itself, where no reader reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import best, read


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("对已尽到诚信和勤勉义务的，不追究相关责任。", "什么情况下可以不追究责任？", "对已尽到诚信和勤勉义务的，不追究相关责任"),
        ("第四条 企业领取创新券后，须先行支付服务费用。", "企业怎么使用创新券？", "企业领取创新券后，须先行支付服务费用"),
        ("建设单位应当向县城管部门提出申请。", "建设单位向哪个部门提出申请？", "建设单位应当向县城管部门提出申请"),
    ],
)  # fmt: skip
def test_the_sentence_without_its_number(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


def test_of_two_sentences_the_one_that_shares_more() -> None:
    blue, red = "发布蓝色预警的，应当加强值班。", "发布红色预警的，应当停运车辆。"
    assert best(blue + red, "红色预警时应当怎么处理？").endswith("停运车辆")
    assert not any(c.found for c in read(blue, "红色预警时应当怎么处理？"))


@settings(max_examples=40)
@given(
    st.text(alphabet="企业应当可以的，。；：、（）“”申请10万元由市局负责\n", min_size=1, max_size=80),
    st.sampled_from(["怎么申请？", "符合什么条件？", "企业是什么？", "有哪些？", "谁负责？", "多少？", "行吗？"]),
    st.booleans(),
)
def test_every_candidate_is_quoted_from_its_document(text: str, question: str, words: bool) -> None:
    text = "企业可以申请。" + text
    for candidate in read(text, question, words):
        document = candidate.sentence.source.document
        assert document.quote(candidate.sentence.span).strip() == candidate.sentence.text
        assert 0 <= candidate.fit <= 1 and candidate.text and candidate.spans
