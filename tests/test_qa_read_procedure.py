"""How something is done: the whole rest of the rule after the case that the question tells of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import best, read


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (
            "第一条 用户对评价结果有异议的，可以书面向管理部门提出，管理部门会同主管部门进行复核。\n\n第二条 评价每年一次。",
            "对评价结果有异议怎么办？",
            "可以书面向管理部门提出，管理部门会同主管部门进行复核",
        ),
        (
            "第一条 居民遗失旅行证件，应当向原发证机关报失；经调查属实的，可补发证件。\n\n第二条 证件有效期为10年。",
            "居民遗失旅行证件怎么办？",
            "应当向原发证机关报失；经调查属实的，可补发证件",
        ),
        (
            "第一条 预算不得随意调整，确需调整的，应当按规定报批。\n\n第二条 预算每年编制一次。",
            "预算确需调整怎么办？",
            "应当按规定报批",
        ),
    ],
)
def test_the_steps(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


def test_numbered_steps_are_given_all() -> None:
    text = "第一条 申请补贴按照下列程序办理：\n\n（一）提交申请表；\n\n（二）现场核查；\n\n（三）公示并拨付。"
    assert best(text, "申请补贴怎么办理？") == "提交申请表；现场核查；公示并拨付"


def test_a_list_of_cases_is_no_way_to_do_something() -> None:
    text = "第一条 夫妻一方要求离婚的，可以向法院起诉。\n\n第二条 有下列情形之一的，准予离婚：\n\n（一）重婚的；\n\n（二）分居满二年的。"
    assert best(text, "想离婚怎么办？") == "可以向法院起诉"


def test_a_penalty_is_no_way_to_do_something() -> None:
    text = "第一条 居民遗失证件的，应当向发证机关报失。\n\n第二条 居民转让证件的，证件应当予以吊销。"
    assert best(text, "居民的证件没了怎么办？") == "应当向发证机关报失"


@given(st.lists(st.sampled_from(["的，", "应当", "可以", "向", "证件", "；", "。", "报失"]), min_size=1, max_size=14))
def test_every_answer_stands_in_the_text(parts: list[str]) -> None:
    text = "第一条 居民" + "".join(parts) + "办理。"
    for candidate in read(text, "居民证件怎么办？"):
        document = candidate.sentence.source.document
        assert candidate.spans[0].start >= 0
        assert all(span.end <= len(document.text) for span in candidate.spans)
