"""Words of documents in Markdown show as they are and never act: held against CommonMark and GitHub's flavour, by every door."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from api.answer.answering import ask_with
from api.app import create_app
from api.contract.citing import cited_text
from api.contract.markup import inert
from qa.types import Question

READERS = {
    "CommonMark": MarkdownIt("commonmark"),
    "GitHub": MarkdownIt("gfm-like", {"html": True, "linkify": False}),
}
SHOWN = {"p", "br"}  # what words alone are rendered as
FOUND_IN_WORDS = re.compile(r"(?i)(?<![\\\w])(?:https?|ftp)://\S|(?<!\\)(?:mailto|xmpp):|\bwww\.\w|[\w.+-]@\w")

TRICKS = st.sampled_from(
    r"""[点此\](http://evil.example/)|[点此](http://evil.example/)|![x\](http://evil.example/p.png)|\<img src=x>|<img src=x>
|\\\<script src=x></script>|<!-- x -->|<http://evil.example>|\<a@evil.example>|<1@evil.example>|&lt;b&gt;|&#60;b>|[a]: http://e
|[a]|[a][a]|[^1]|[^1]: 假|http://evil.example|www.evil.example|mailto:a@evil.example|a@evil.example|# 题|## |> 引|- 项|+ |1. |12) 二
|---|===|***|:-:|**粗**|_斜_|`码`|~~删~~|10~20万元|甲|乙|--|```|~~~|\|(|)|]|[|<|>|!|"|'|&|;|:|@|.|奖励100万元""".replace(
        "\n", ""
    ).split("|")
    + ["|", "\n", "\n\n", "    ", "\t", "  \n", " ", "\r\n", "| - |", "\\"]
)
WORDS = st.lists(
    st.one_of(TRICKS, st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4)), max_size=10
).map("".join)


class Seen(HTMLParser):
    """The elements of a page and the characters that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.add("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


def visible(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("reader", READERS)
@given(words=WORDS)
@example(words="[点此申领\\](http://evil.example/)")
@example(words="\\<img src=http://evil.example/p.png>")
@example(words="- - -")
@example(words="甲\n:-")
@example(words="1.申报条件\n    2. 材料")
def test_words_show_and_do_not_act(reader: str, words: str) -> None:
    seen = Seen(READERS[reader].render(inert(words)))
    assert seen.tags <= SHOWN, inert(words)
    assert visible(seen.text) == visible(words)
    assert not FOUND_IN_WORDS.search(re.sub(r"\\\\", "", inert(words))), "GitHub finds addresses in plain words"


@pytest.mark.parametrize(
    "words",
    [
        "对新认定的企业给予10万元（含税）奖励。",
        "苏府[2023]3号",
        "占比<＝5%、>3%",
        "1.申报条件",
        "A-B/C+D=E",
        "-5℃",
        "“#1”楼",
        "e.g.",
        "1.5万元",
        "AT&T",
    ],
)
def test_what_cannot_act_stays_as_it_is(words: str) -> None:
    assert inert(words) == words


def test_a_long_text_is_read_once() -> None:
    for part in ("]", "] ", "<", "&a", "\\", "-\t", "1", "a.", "@a", "  "):
        words = part * 20_000
        assert len(inert(words)) <= 2 * len(words)


# --- by every door ----------------------------------------------------------------------------------------------------


def service_of(title: str, words: str) -> FakeService | None:
    """A service that answers 奖 with `words`, quoted; None where they are no quotation to find."""
    quote = words.strip()
    text = f"{title}办法\n第一条 {words}\n第二条 本办法自发布之日起施行。\n"
    if not quote or text.count(quote) != 1:
        return None
    return FakeService([make_document(text, number="甲府规[2026]3号")], {"奖": (quote, quote)})


@pytest.mark.parametrize("reader", READERS)
@given(title=st.sampled_from(["", "甲", 'A "b', "[a]: x", "(b"]), words=WORDS)
@example(title='A "b', words='奖励"\n10万元')
@example(title="", words="奖励\n10万元")
def test_an_answer_shows_its_words_and_no_link(reader: str, title: str, words: str) -> None:
    service = service_of(title, words)
    if service is None:
        return
    content = cited_text(ask_with(service, Question("奖多少？", TODAY), "奖多少？")[0])
    seen = Seen(READERS[reader].render(content))
    assert seen.tags <= SHOWN, content
    assert visible(seen.text).count(visible(words)) >= 2, "as the answer and as its quotation"


def call(client: TestClient, tool: str, **arguments: Any) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    return dict(client.post("/mcp", json=message, headers=headers).json()["result"])


@pytest.mark.parametrize(
    "words", ["[点\\](http://evil.example/)", "\\<img src=http://evil.example/p.png>", "![x](http://e)"]
)
def test_no_tool_of_mcp_gives_live_markup(words: str) -> None:
    service = service_of("[题](http://evil.example/)", words)
    assert service is not None
    with TestClient(create_app(service, clock=lambda: TODAY)) as client:
        found = call(client, "search", question="奖多少？")
        (clause, *_) = [c for c in found["structuredContent"]["clauses"] if words in c["text"]]
        texts = [
            found,
            call(client, "ask", question="奖多少？"),
            call(client, "get_clause", clause_id=clause["clause_id"]),
        ]
        texts.append(call(client, "list_documents"))
    for result in texts:
        text = result["content"][0]["text"]
        for reader in READERS.values():
            assert not Seen(reader.render(text)).tags & {"a", "img", "script"}, text
    assert words in clause["text"], "as data the words are the document's"
