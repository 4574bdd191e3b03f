"""The clause that says when a document is in force: found, and asked for."""

from __future__ import annotations

import pytest
from reading import sources, understood

from qa.closing import asks_when_in_force, closing_passage

BODY = "第一条 对认定的企业给予奖励。\n第二条 本办法由市工信局负责解释。\n"


@pytest.mark.parametrize(
    "last",
    [
        "第三条 本办法自2026年1月1日起施行。",
        "第三条 本办法有效期三年。",
        "本措施自发布之日起实施，有效期至2028年12月31日。",
    ],
)
def test_found_at_the_end(last: str) -> None:
    source = sources(BODY + last)[0]
    passage = closing_passage(source.document, source.clauses)
    assert passage is not None and passage.text.endswith(last[-8:])
    assert source.document.text[passage.start : passage.end] == passage.text


def test_none_where_nothing_says_it() -> None:
    source = sources(BODY + "第三条 具体事项另行通知。")[0]
    assert closing_passage(source.document, source.clauses) is None


@pytest.mark.parametrize("question", ["《物业条例》从何时开始实施？", "物业条例 有效期", "这个办法什么时候失效？"])
def test_asked(question: str) -> None:
    assert asks_when_in_force(understood(question))


@pytest.mark.parametrize("question", ["小巨人奖多少？", "几天能办好？", "什么时候发奖金？"])
def test_not_asked(question: str) -> None:
    assert not asks_when_in_force(understood(question))
