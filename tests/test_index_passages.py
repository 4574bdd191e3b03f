"""Clauses -> passages: quotes of the document, short, nothing left out, with the context that they are found by."""

from __future__ import annotations

import pytest
from test_corpus_properties import assert_searchable

from corpus.reading import read_documents
from index.passages import MAX_CHARS, passages_of, passages_of_all
from index.types import Passage

LONG = "支持企业加大研发投入，对符合条件的项目给予最高300万元奖励。"


def read(text: str) -> list[Passage]:
    ((document, clauses),) = read_documents(text.encode(), "x")
    assert_searchable(document, clauses)
    return passages_of(document, clauses)


def test_a_short_clause_is_one_passage_with_its_headings_as_context() -> None:
    passages = read(f"澜江市公共充电设施管理办法\n第一章 总则\n第一条 {LONG * 12}\n第二条 {LONG * 12}")
    first = next(p for p in passages if p.text.startswith("第一条"))
    assert first.text == f"第一条 {LONG * 12}"
    assert first.context.split() == ["澜江市公共充电设施管理办法", "第一章总则"]


def test_a_long_clause_gives_its_items_and_they_keep_its_heading() -> None:
    passages = read(f"澜江市若干措施通知\n一、支持研发创新\n（一）{LONG * 9}\n（二）{LONG * 9}")
    items = [p for p in passages if p.text.startswith("（")]
    assert [p.text[:3] for p in items] == ["（一）", "（二）"]
    assert all("支持研发创新" in p.context for p in items)


def test_small_neighbours_are_taken_together() -> None:
    small = "".join(f"第{n}条 企业应当报告情况。\n" for n in "一二三四五六七八九")
    passages = read(f"澜江市公共充电设施管理办法\n{small}")
    assert len(passages) <= 2
    assert any("第三条" in p.text and "第四条" in p.text for p in passages)


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    passages = read(f"澜江市公共充电设施管理办法\n第一条 {LONG * 60}\n第二条 甲。")
    pieces = [p for p in passages if LONG in p.text]
    assert len(pieces) > 3
    assert all(len(p.text) <= MAX_CHARS and p.text.endswith("。") for p in pieces)


@pytest.mark.parametrize("sign", ["字", "字，", "12 "])
def test_text_without_a_sentence_end_is_cut_all_the_same(sign: str) -> None:
    passages = read(f"澜江市公共充电设施管理办法\n第一条 {sign * 5000}")
    assert len(passages) > 2
    assert all(len(p.text) <= 4 * MAX_CHARS for p in passages)


def test_a_table_row_is_found_by_its_header() -> None:
    rows = "".join(f"\t{n}\n\t澜江某某{n}科技有限公司\n\t高新区\n\n" for n in range(1, 30))
    passages = read(f"澜江市人民政府关于公布名单的通知\n一、名单\n一 等 奖\n\t序号\n\t企业名称\n\t地区\n\n{rows}")
    row = [p for p in passages if p.text.split("\t")[:2] == ["7", "澜江某某7科技有限公司"]]
    assert len(row) == 1
    assert "序号 企业名称 地区" in row[0].context
    assert "一等奖" in row[0].context
    assert not any(p.text == "序号\t企业名称\t地区" for p in passages)


def test_passages_of_all_keeps_the_order_and_drops_empty_ones() -> None:
    read_all = [
        one
        for text in ("甲市停车管理办法\n第一条 甲。", "乙市停车管理办法\n第一条 乙。")
        for one in read_documents(text.encode(), "x")
    ]
    passages = passages_of_all(read_all)
    assert list(dict.fromkeys(p.document_id for p in passages)) == [document.id for document, _ in read_all]
    assert all(p.text.strip() for p in passages)
