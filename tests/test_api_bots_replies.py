"""Words of documents and people in chats: whole, within the platform's limits, and never markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bots import replies
from api.bots.replies import Cited, Reply

TRICKS = st.sampled_from(
    [
        "[点这里](http://127.0.0.1/)",
        "![x](http://127.0.0.1/a.png)",
        "<a href='x'>",
        "</a>",
        "<img src=x>",
        "# 一",
        "> 引",
    ]
    + [
        "**粗**",
        "_斜_",
        "`码`",
        "~~删~~",
        "|表|格|",
        "---",
        "\n",
        "&lt;",
        "&#60;script>",
        "5<6",
        "\\",
        "[点\\](http://127.0.0.1/)",
        "\\<img src=x>",
        "1. ",
        "奖励100万元",
        "- ",
    ]
)
WORDS = st.lists(st.one_of(TRICKS, st.text(max_size=10)), max_size=8).map("".join)
REPLIES = st.builds(
    Reply,
    kind=st.just("answer"),
    title=WORDS,
    message=WORDS,
    listed=st.lists(WORDS, max_size=2).map(tuple),
    cited=st.lists(st.builds(Cited, WORDS, st.just("现行有效"), WORDS), max_size=2).map(tuple),
    nearest=st.lists(st.builds(Cited, WORDS, st.just(""), WORDS), max_size=2).map(tuple),
    notes=st.lists(WORDS, max_size=2).map(tuple),
    hint=st.just(replies.HAND_OFF_HINT),
)
MARKUP = {"a", "img", "h1", "h2", "h3", "h4", "h5", "h6", "code", "table", "hr", "em", "s", "pre"}


@given(REPLIES)
def test_nothing_of_it_acts_in_markdown(reply: Reply) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(replies.markdown(reply))
    flat = [token for outer in tokens for token in (outer, *(outer.children or ()))]
    assert not {token.tag for token in flat} & MARKUP
    items = [token for token in flat if token.type == "list_item_open"]
    assert len(items) == len(reply.listed), "one for each line of a list, and none of anybody's words"
    assert not {token.type for token in flat} & {
        "html_block",
        "html_inline",
        "image",
        "link_open",
        "fence",
        "code_block",
    }


@given(REPLIES, st.integers(300, 2048))
def test_a_text_fits_and_holds_no_link(reply: Reply, limit: int) -> None:
    text = replies.text(reply, "https://ask.example.gov.cn/", limit)
    assert len(text.encode()) <= limit
    assert "<a" not in text and "</a" not in text and "<img" not in text


def test_a_long_answer_leaves_room_for_its_clause() -> None:
    reply = Reply("answer", "甲、乙、" * 300, cited=(Cited("《办法》 第一条", "现行有效", "字" * 240),), hint="转人工")
    text = replies.text(reply)
    assert "《办法》" in text and "字" * 240 in text and "转人工" in text and len(text.encode()) <= 2048


@given(st.text(max_size=50), st.integers(6, 80))
def test_cuts_halve_no_character(text: str, limit: int) -> None:
    cut = replies.cut_bytes(text, limit)
    assert len(cut.encode()) <= limit and (cut == text or cut.endswith("……"))
