"""Cells of a list: the column that is asked for, the group from the heading."""

from __future__ import annotations

import pytest
from reading import sources, understood, worth

from corpus.reading import read_documents
from index.passages import passages_of_all
from index.tokens import Tokenizer
from index.types import Hit
from qa.evidence import Loaded, Source, sentences_of, terms_of
from qa.read import Context, candidates
from qa.read.referred import with_references

LIST = """2025年度优秀工业设计奖获奖名单

一 等 奖

	序号
	项目名称
	作品编号
	申报单位
	所在地区

	1
	折叠式吸氧机
	LJ-0107
	和畅医疗有限公司
	临湖区

	2
	垂直轴风力发电机
	LJ-0032
	风禾动力有限公司
	石桥县

二 等 奖

	序号
	项目名称
	作品编号
	申报单位
	所在地区

	1
	智能取餐柜
	LJ-0061
	邻里智造有限公司
	北屏区
"""


MEASURES = """澜江市支持制造业若干措施

第一条 支持下列项目：

\t类别\t项目\t额度（万元）
\t工业\t技术改造\t300
\t农业\t冷链物流\t50

第二条 本措施自2026年7月1日起施行。
"""


def ask(question: str, text: str = LIST) -> str:
    read = read_documents(text.encode(), "list.txt")
    tokenizer = Tokenizer()
    asked = understood(question)
    terms = terms_of(asked, tokenizer, lambda token: 3.0)
    context = Context(asked, terms, tokenizer.tokens)
    found = []
    for passage in passages_of_all(read):
        document, clauses = next((d, c) for d, c in read if d.id == passage.document_id)
        source = Source(Hit(passage, 1, 1.0), Loaded(document, clauses, {c.id: c for c in clauses}))
        for sentence in sentences_of(source, terms, tokenizer):
            found += [(worth(c), c.text) for c in candidates(with_references(sentence, context), context)]
    return max(found)[1] if found else ""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("折叠式吸氧机是哪家公司申报的？", "和畅医疗有限公司"),
        ("垂直轴风力发电机 作品编号", "LJ-0032"),
        ("智能取餐柜在哪个地区？", "北屏区"),
        ("智能取餐柜得的是几等奖？", "二等奖"),
        ("和畅医疗有限公司申报的项目名称叫什么？", "折叠式吸氧机"),
    ],
)
def test_cell(question: str, answer: str) -> None:
    assert ask(question).replace(" ", "") == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [("冷链物流的额度是多少？", "50万元"), ("技术改造最多给多少", "300万元"), ("冷链物流属于哪个类别", "农业")],
)
def test_a_figure_has_the_unit_of_its_column(question: str, answer: str) -> None:
    assert ask(question, MEASURES) == answer


def test_prose_is_no_table() -> None:
    assert all("\t" not in s.hit.passage.text for s in sources("对企业给予奖励。"))
