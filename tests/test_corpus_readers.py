"""Bytes -> lines: which encodings are read, what is refused and how, what Markdown leaves."""

from __future__ import annotations

import random
import re

import pytest

from corpus.errors import BadFile, EmptyFile, NotText, TooLarge
from corpus.readers import read_lines
from corpus.readers.errors import Damaged
from corpus.reading import read_documents

TEXT = (
    "澜江市公共充电设施管理办法\n\n第一条　为了加强管理，制定本办法。\n第二条　充电费每千瓦时不超过0.8元（含税），㎡、𠮷、①、℃。\n"
    * 6
)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("gb18030", b""),
        ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-16-le", b""), ("utf-16-be", b""),
    ],
)  # fmt: skip
def test_the_same_text_is_read_from_every_encoding(encoding: str, mark: bytes) -> None:
    lines = read_lines(mark + TEXT.encode(encoding))
    assert [line.text for line in lines] == TEXT.split("\n")
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("encoding", ["gbk", "gb2312"])
def test_older_chinese_encodings_are_read_too(encoding: str) -> None:
    assert (
        read_lines("第一条 为了加强管理，制定本办法。".encode(encoding))[0].text == "第一条 为了加强管理，制定本办法。"
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\f", "\u2028"])
def test_every_kind_of_line_end_counts(ends: str) -> None:
    assert [line.text for line in read_lines(f"第一条 甲。{ends}第二条 乙。".encode())] == [
        "第一条 甲。",
        "第二条 乙。",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_broken_bytes_do_not_lose_the_file(encoding: str) -> None:
    good = ("第一条 为了加强管理，制定本办法。\n" * 500).encode(encoding)
    damaged = good[:300] + b"\xff" + good[300:] + "末".encode(encoding)[:1]  # a bad byte and a cut-off end
    lines = read_lines(damaged)
    assert len(lines) == 501
    assert sum(line.text == "第一条 为了加强管理，制定本办法。" for line in lines) >= 499


def png(size: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(size)


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (b"", EmptyFile, "0 字节"),
        (b" \n\t\r\n ", EmptyFile, "没有文字"),
        ("\u3000\ufeff\n".encode(), EmptyFile, "没有文字"),
        (b"\xef\xbb\xbf", EmptyFile, "没有文字"),
        (b"\x00" * 64, BadFile, ""),
        (png(4000), NotText, "图片"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), NotText, "图片"),
        (b"GIF89a" + bytes(range(256)), NotText, "图片"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", Damaged, "PDF"),
        (b"PK\x03\x04" + bytes(60), NotText, "压缩包"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), NotText, "旧版 Office"),
        (b"\x1f\x8b\x08" + bytes(60), NotText, "gzip"),
        (random.Random(2).randbytes(50_000), NotText, "文本"),
        (random.Random(3).randbytes(50_001), NotText, "文本"),
        (bytes(range(1, 32)) * 40, NotText, "文本"),
    ],
)  # fmt: skip
def test_what_is_not_text_is_refused_with_the_reason(data: bytes, kind: type[BadFile], says: str) -> None:
    with pytest.raises(kind) as caught:
        read_documents(data, "x")
    assert caught.value.code in ("empty_file", "not_text", "damaged_file")
    assert caught.value.code == type(caught.value).code
    assert says in caught.value.message
    assert re.search(r"[一-鿿]", caught.value.message)
    assert re.search(r"[一-鿿]", caught.value.hint), "says what to do next"


@pytest.mark.parametrize(
    "text",
    [
        "●申报条件\n●申报材料\n",
        "①②③\n",
        "温度不超过25℃，误差±0.5℃，≤3次\n",
        "Ⅰ级响应 → Ⅱ级响应\n",
        "OK\n",
        "㐂㛃㮾村工作方案\n",
        "★重点 ■一般\n",
    ],
)
def test_lines_full_of_signs_are_still_text(text: str) -> None:
    assert "\n".join(line.text for line in read_lines((text * 3).encode())) == text * 3


# -- Markdown ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text", "level"),
    [
        ("# 一、总体要求", "一、总体要求", 1),
        ("#### （一）目标 ####", "（一）目标", 4),
        ("**第一条** 为了**加强**管理", "第一条 为了加强管理", 0),
        ("- 申报表", "申报表", 0),
        ("> 引用", "引用", 0),
        ("---", "", 0),
        ("<!-- 注释 -->正文", "正文", 0),
        ("| 序号 | 企业 |", "\t序号\t企业", 0),
        ("|---|:--:|", "", 0),
        ("各县级市（区<管委会>）", "各县级市（区<管委会>）", 0),
        ("面积3 * 4米，2*3", "面积3 * 4米，2*3", 0),
    ],
)
def test_markdown_marks_go_and_the_words_stay(line: str, text: str, level: int) -> None:
    lines = read_lines(f"# 甲\n\n## 乙\n\n{line}\n".encode())
    assert (lines[4].text, lines[4].level, lines[4].number) == (text, level, 5)


def test_text_that_is_not_markdown_keeps_its_signs() -> None:
    assert read_lines("1 # 号楼\n* 注：甲\n".encode())[1].text == "* 注：甲"


# -- size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [1, 4])
def test_a_single_line_of_megabytes_is_read(copies: int) -> None:
    text = "第一条为了加强管理，制定本办法，" * (copies * 25_000)
    ((document, clauses),) = read_documents(text.encode(), "x")
    assert document.text == text
    assert clauses[0].span.end == len(text)


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.readers.text.MAX_LINES", 5)
    assert len(read_lines("甲\n乙\n丙\n丁\n戊".encode())) == 5
    with pytest.raises(TooLarge, match="行"):
        read_lines("甲\n乙\n丙\n丁\n戊\n".encode())


@pytest.mark.parametrize(
    "unit",
    [
        "\n一、项目\n",
        "\n\t格\n\n",
        "\n附件1\n",
        "\n第一条 项\n\n段\n",
        "\n某段文字\n",
        "（一）甲；（二）乙。",
        "（责任单位：",
        "各",
        "\n1.1 项",
    ],
)
def test_many_repeats_take_time_in_proportion(unit: str) -> None:
    """Ten thousand and more of anything: more than a numeral writes (9,999), and minutes where time grows with the square."""
    documents = read_documents((unit * 10_500).encode(), "x")
    assert "".join("".join(d.text.split()) for d, _ in documents) == "".join((unit * 10_500).split())
