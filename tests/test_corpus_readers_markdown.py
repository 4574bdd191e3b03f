"""Markdown -> lines: tables of every form, front matter, links, struck-out text, code; each line under its number."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.canonical import paragraphs
from corpus.readers import read_lines
from corpus.readers.lines import LeftOut, Line
from corpus.reading import read_file


def read(text: str) -> list[Line]:
    return read_lines(text.encode())


def shown(text: str) -> list[str]:
    return [line.text for line in read(text) if line.text]


def left_out(text: str) -> list[LeftOut]:
    return [line.left_out for line in read(text) if line.left_out]


@pytest.mark.parametrize(
    "table",
    [
        "| 项目 | 市区 |\n|---|---|\n| 接运 | 300元 |",
        "项目 | 市区\n--- | ---:\n接运 | 300元",
        "|项目|市区|\n|:-:|:--|\n|接运|300元|",
        "| 项目 | 市区\n| - | -\n| 接运 | 300元",
        "> | 项目 | 市区 |\n> |---|---|\n> | 接运 | 300元 |",
        "<table><tr><th>项目</th><th>市区</th></tr>\n<tr><td>接运</td><td>300元</td></tr></table>",
    ],
)
def test_a_table_is_rows_with_a_header(table: str) -> None:
    rows = [p for p in paragraphs(read(f"# 收费标准\n\n{table}\n\n其他收费面议。\n")) if p.cells]
    assert [(row.cells, row.header) for row in rows] == [(("项目", "市区"), True), (("接运", "300元"), False)]
    assert [row.line for row in rows] == [3, 4 if "<table" in table else 5]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        (r"| 甲 \| 乙 | `2元` |", ["甲 | 乙", "2元"]),
        ("| **甲** | [2元](https://a.cn/x_1) |", ["甲", "2元"]),
        ("| 甲<br>乙 | 2元 | 多 |", ["甲 乙", "2元", "多"]),
        ("| 甲 | |", ["甲", " "]),
        ("| 甲<管委会> | 3 * 4 |", ["甲<管委会>", "3 * 4"]),
    ],
)
def test_cells_keep_their_words(text: str, cells: list[str]) -> None:
    row = next(line.text for line in read(f"| 项目 | 标准 |\n|---|---|\n| 乙 | 1元 |\n{text}\n") if line.number == 4)
    assert row.split("\t")[1:][: len(cells)] == cells


def test_rows_without_a_rule_and_with_too_few_cells_are_rows_of_one_length() -> None:
    rows = [p.cells for p in paragraphs(read("# 甲\n\n| 项目 | 市区 | 乡镇 |\n| 接运 | 300元 |\n")) if p.cells]
    assert rows == [("项目", "市区", "乡镇"), ("接运", "300元", "")]


def test_an_html_table_keeps_its_merged_cells_and_what_stands_around_it() -> None:
    text = "# 水价\n\n如下：<table><tr><th rowspan=2>类别</th><th colspan=2>标准</th></tr>\n<tr><th>市区</th><th>乡镇</th></tr>\n<tr><td>居民</td><td>2元</td><td></td></tr></table>以上含税。\n"
    read_ = paragraphs(read(text))
    assert [p.text for p in read_] == [
        "水价",
        "如下：",
        "类别\t标准\t标准",
        "类别\t市区\t乡镇",
        "居民\t2元\t",
        "以上含税。",
    ]
    assert [p.header for p in read_ if p.cells] == [True, True, False]
    assert [p.line for p in read_] == [1, 3, 3, 4, 5, 5]


def test_a_file_with_one_heading_or_only_a_table_is_markdown() -> None:
    assert shown("# 收费标准\n\n每次5元。") == ["收费标准", "每次5元。"]
    assert shown("| 甲 | 乙 |\n|---|---|\n| 1 | 2 |") == ["\t甲\t乙", "\t1\t2"]
    assert shown("1 # 号楼\n* 注：甲") == ["1 # 号楼", "* 注：甲"]
    assert shown("总则\n# 号楼不变\n* 注：甲") == ["总则", "# 号楼不变", "* 注：甲"], "no heading stands so"


@pytest.mark.parametrize(
    "front", ["---\ntitle: 澜江市防汛预案\ndate: 2026-02-01\n---\n", '+++\ntitle = "澜江市防汛预案"\n+++\n']
)
def test_front_matter_is_no_text(front: str) -> None:
    body = "第一条 一级响应由指挥部启动。\n第二条 值守24小时。\n"
    ((document, _),) = read_file((front + "# 澜江市防汛预案\n\n" + body).encode(), "x.md").documents
    assert document.text.split("\n")[0] == "澜江市防汛预案"
    assert "title" not in document.text
    assert document.title == "澜江市防汛预案"
    assert left_out(front + body)[0].reason == "markup"
    assert shown(front + body)[0] == "澜江市防汛预案", "the title of a body without a heading"


def test_a_rule_at_the_start_is_no_front_matter() -> None:
    assert shown("---\n第一条 甲。\n---\n# 乙\n\n丙\n") == ["第一条 甲。", "乙", "丙"]


def test_marks_inside_a_line() -> None:
    text = "# 甲\n\n补贴~~800元~~1200元，见[办法](https://a.cn/b_(1).html)、[附件](附件1.docx)、[注](见下页)。![图](a.png)\n"
    assert shown(text)[1] == "补贴1200元，见办法、附件、[注](见下页)。"
    assert left_out(text) == [LeftOut("deleted", "800元"), LeftOut("markup", "![图](a.png)")]
    assert shown("# 甲\n\n**“强基”**工程\\*，`a*b`，<u>乙</u>&lt;丙&gt;<br>丁")[1] == "“强基”工程*，a*b，乙<丙> 丁"


def test_comments_code_and_lists() -> None:
    text = "# 甲\n\n<!-- 多\n行 -->\n1. 乙\n2. 丙\n- 丁\n\n```\n| 戊 **己**\n```\n"
    assert shown(text) == ["甲", "1. 乙", "2. 丙", "丁", "| 戊 **己**"]
    assert left_out(text) == [LeftOut("markup", "多\n行")]
    assert shown("# 甲\n\n```\n乙\n\n**丙**") == ["甲", "```", "乙", "丙"], "a fence that never ends is text"


@given(st.lists(st.text(alphabet="甲乙丙 #*|-`~<>[]()!\\&;_=\t", max_size=12), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_no_character_is_lost_that_is_no_mark(lines: list[str]) -> None:
    text = "# 题\n\n" + "\n".join(lines) + "\n"
    read_ = read(text)
    kept = "".join(line.text + (line.left_out.text if line.left_out else "") for line in read_)
    assert Counter(c for c in kept if c in "题甲乙丙") == Counter(c for c in text if c in "题甲乙丙")
    numbers = [line.number for line in read_ if line.left_out is None]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    "unit", ["<table>", "```a\n", "~~a", "<!--", "[", "![", "| a |\n", "<del>", "a`", "> ", "\n| - |\n"]
)
def test_much_of_any_mark_takes_time_in_proportion(unit: str) -> None:
    read("# 甲\n\n" + unit * 8_000)
