"""Free spans and conditions: a piece of the sentence, word for word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import best, read


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("对已尽到诚信和勤勉义务的，不追究相关责任。", "什么情况下可以不追究责任？", "已尽到诚信和勤勉义务"),
        ("符合固定资产投资计划条件的项目，可以申请贷款。", "符合什么条件可以申请贷款？", "固定资产投资计划"),
        ("设备投入5000万元以上的项目，按照5%给予奖励。", "设备投入多少钱以上才给奖励？", "5000万元以上"),
        ("企业领取创新券后，须先行支付服务费用。", "企业怎么使用创新券？", "先行支付服务费用"),
    ],
)
def test_span(text: str, question: str, answer: str) -> None:
    assert answer in best(text, question)


@settings(max_examples=40)
@given(
    st.text(alphabet="企业应当可以的，。；：、（）“”申请10万元由市局负责\n", min_size=1, max_size=80),
    st.sampled_from(["怎么申请？", "符合什么条件？", "企业是什么？", "有哪些？", "谁负责？", "多少？", "行吗？"]),
)
def test_every_candidate_is_quoted_from_its_document(text: str, question: str) -> None:
    text = "企业可以申请。" + text
    for candidate in read(text, question):
        document = candidate.sentence.source.document
        assert document.quote(candidate.sentence.span).strip() == candidate.sentence.text
        assert 0 <= candidate.fit <= 1 and candidate.text and candidate.spans


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("对纳税信用级别为A、B级且享受优惠的企业，改为按季申报。", "纳税信用达到何种级别才能按季申报？", "A、B级"),
        ("拍卖股权，应当采取网络司法拍卖方式。", "拍卖股权采取什么方式？", "网络司法拍卖"),
    ],
)
def test_a_quality_that_is_named(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


def test_a_label_is_no_answer() -> None:
    text = "4.4.1  启动条件：发布红色预警，或者发生人员伤亡。"
    assert all("启动条件" not in c.text or "预警" in c.text for c in read(text, "红色预警的时候怎么处理？"))


def test_what_is_said_of_another_rank_fits_less() -> None:
    blue, red = "发布蓝色预警的，应当加强值班。", "发布红色预警的，应当停运车辆。"
    assert best(blue + red, "红色预警时应当怎么处理？").endswith("停运车辆")
    assert not any(c.found for c in read(blue, "红色预警时应当怎么处理？"))
