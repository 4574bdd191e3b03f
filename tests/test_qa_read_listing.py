"""The items of a list: numbered, or paragraphs after a colon."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

NOUNS = ["资金申请表", "营业执照复印件", "信用承诺书", "项目备案文件", "完税证明", "审计报告"]
LEADS = ["第七条 申报企业应当提交下列材料：", "第七条 申报企业应当提交以下材料：", "第七条 申报材料包括："]


def lists(text: str, question: str) -> list[str]:
    return [c.text for c in read(text, question, words=False)]


@settings(max_examples=25)
@given(st.sampled_from(LEADS), st.lists(st.sampled_from(NOUNS), min_size=2, max_size=6, unique=True))
def test_every_item_is_given_from_the_lead_and_from_each_item(lead: str, items: list[str]) -> None:
    numbered = [f"（{'一二三四五六'[at]}）{item}；" for at, item in enumerate(items)]
    text = lead + "\n\n" + "\n\n".join(numbered).rstrip("；") + "。"
    assert set(lists(text, "申报企业要提交哪些材料？")) == {"；".join(items)}


def test_items_that_lost_their_numbers() -> None:
    text = (
        "第十二条 绿道建设主要包括以下内容：\n\n绿廊系统；\n\n道路系统；\n\n标识系统。\n\n第十三条 绿道由市政府管理。"
    )
    assert set(lists(text, "绿道建设主要包括哪些内容？")) == {"绿廊系统；道路系统；标识系统"}


@pytest.mark.parametrize("question", ["申请经营应当符合什么条件？", "申请经营要满足哪些条件？"])
def test_conditions_that_are_listed(question: str) -> None:
    text = "第六条 申请经营的，应当符合下列条件：\n\n（一）取得法人资格；\n\n（二）有安全管理制度。"
    assert "取得法人资格；有安全管理制度" in lists(text, question)


def test_an_item_that_says_what_is_asked_speaks_against_its_list() -> None:
    text = (
        "第三条 送气人员应当遵守下列规定：\n\n（一）随身携带配送单，配送单注明送气地址、气瓶编号等事项；\n\n"
        "（二）按照约定时间送达，并提交正式票据。"
    )
    fits = {c.sentence.text[:3]: c.fit for c in read(text, "配送单应当注明哪些事项？", words=False)}
    assert fits["（一）"] < fits["（二）"]


def test_what_leads_to_nothing_is_no_list() -> None:
    assert not lists("第一条 企业应当建立安全制度、公示制度和培训制度。", "企业应当建立哪些制度？")
