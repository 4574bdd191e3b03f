"""What a page prints about its document, and what becomes of a document that the page calls void."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from corpus.bulletin import split
from corpus.canonical import Paragraph
from corpus.frozen import FrozenStore
from corpus.ingest import ingest
from corpus.metadata import read as read_metadata
from corpus.outline import build
from corpus.particulars import cut, ended_by, is_particular, labelled
from corpus.reading import read_documents
from corpus.store import Store
from corpus.types import Document, Validity

TODAY = date(2026, 1, 1)
LAW = "第一条 为了规范供水，制定本办法。\n第二条 本办法自2020年4月1日起施行。\n"


def read(text: str) -> Document:
    ((document, _),) = read_documents(text.encode(), "x.txt")
    return document


def paragraph(text: str) -> Paragraph:
    return Paragraph(text, ((0, 1, None),))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("发文机关：澜江市水务局 文 号：澜水〔2020〕5号", [("issuer", "澜江市水务局"), ("number", "澜水〔2020〕5号")]),
        ("索引号：AB-1发布机构：澜江市水务局\t成文日期:2020年3月1日", [("other", "AB-1"), ("issuer", "澜江市水务局"), ("issued", "2020年3月1日")]),
        ("【时效性】现行有效", [("force", "现行有效")]),
        ("【发文字号】：澜府令8号", [("number", "澜府令8号")]),
        ("市供水单位：澜江水厂", []),
    ],
)  # fmt: skip
def test_labels(text: str, found: list[tuple[str, str]]) -> None:
    assert labelled(text) == found
    assert is_particular(paragraph(text)) == bool(found)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("发布时间：2020-03-02各县区人民政府，市各部门：", ["发布时间：2020-03-02", "各县区人民政府，市各部门："]),
        ("来源：本站 更新时间：2020-03-02关于印发《澜江市供水办法》的通知", ["来源：本站 更新时间：2020-03-02", "关于印发《澜江市供水办法》的通知"]),
        ("发布时间：2020-03-02 字号：【大 中 小】为了规范供水，制定本办法。", ["发布时间：2020-03-02 字号：【大 中 小】", "为了规范供水，制定本办法。"]),
        ("名称：中山路供水管理办法的通知", ["名称：中山路供水管理办法的通知"]),
        ("发布时间：2020-03-02", ["发布时间：2020-03-02"]),
    ],
)  # fmt: skip
def test_a_line_that_runs_on_into_the_document_is_cut(text: str, pieces: list[str]) -> None:
    assert [piece.text for piece in cut(paragraph(text))] == pieces


def test_particulars_give_what_the_text_does_not() -> None:
    document = read(
        "标题：澜江市供水办法\n发文字号：澜水〔2020〕5号\n发布机构：澜江市水务局\n成文日期：2020-03-01\n实施日期：2020/4/1\n"
        "澜江市供水办法\n第一条 为了规范供水，制定本办法。\n第二条 依法供水。\n"
    )
    assert (document.title, document.number, document.issuer) == ("澜江市供水办法", "澜水〔2020〕5号", "澜江市水务局")
    assert (document.issued_on, document.validity.effective_from) == (date(2020, 3, 1), date(2020, 4, 1))


def test_the_day_of_a_page_counts_only_where_the_document_has_none() -> None:
    page = "澜江市供水办法\n发布时间：2020-05-05\n"
    assert read(page + LAW).issued_on == date(2020, 5, 5)
    assert read(page + LAW + "澜江市水务局\n2020年3月1日\n").issued_on == date(2020, 3, 1)


@pytest.mark.parametrize(
    ("note", "status"),
    [
        ("时效性：失效", "expired"),
        ("效力状态：已废止", "repealed"),
        ("有效性：否", "expired"),
        ("【时效性】已被废止", "repealed"),
        ("（本文件已宣布失效）", "expired"),
        ("本文件已废止。", "repealed"),
        ("失效日期：2022-12-31", "expired"),
        ("时效性：现行有效", "in_force"),
        ("有效性：是", "in_force"),
        ("时效性：尚未失效", "in_force"),
    ],
)
def test_what_a_page_calls_void_is_not_in_force(note: str, status: str) -> None:
    document = read(f"澜江市供水办法\n{note}\n" + LAW)
    assert document.status_on(TODAY) == status
    assert document.title == "澜江市供水办法"


def test_a_mark_behind_the_title_is_no_part_of_it() -> None:
    assert ended_by("澜江市供水办法（已废止）") == "repealed"
    document = read("澜江市供水办法（已废止）\n" + LAW)
    assert (document.title, document.status_on(TODAY)) == ("澜江市供水办法", "repealed")


@pytest.mark.parametrize("text", ["原办法已废止的，适用本办法。", "澜江市废止文件目录", "已失效的证件应当交回。"])
def test_other_words_of_the_end_of_force_say_nothing_of_the_document(text: str) -> None:
    assert ended_by(text) is None
    assert read(f"澜江市供水办法\n第一条 {text}\n第二条 本办法自2020年4月1日起施行。\n").status_on(TODAY) == "in_force"


def test_the_store_keeps_that_a_document_is_void(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("澜江市供水办法\n时效性：失效\n" + LAW, "utf-8")
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "a.txt"])
    (document,) = store.documents()
    assert document.validity == Validity(date(2020, 4, 1), void="expired")
    store.freeze(tmp_path / "copy.sqlite3")
    assert FrozenStore(tmp_path / "copy.sqlite3").catalogue()[0].status_on(TODAY) == "expired"


def test_a_store_and_a_copy_of_an_earlier_version_open(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("澜江市供水办法\n" + LAW, "utf-8")
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "a.txt"])
    with closing(store._connect()) as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN void")
        connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.sqlite3"),))
    assert FrozenStore(tmp_path / "copy.sqlite3").documents()[0].status_on(TODAY) == "in_force"
    assert Store(tmp_path / "data").documents()[0].validity.void is None


def test_lines_that_their_reader_marks_as_particulars_are_no_title_and_no_document() -> None:
    lines = [
        ("信息名称：澜江市供水办法", True),
        ("发文字号：澜水〔2020〕5号", True),
        ("效力：失效", True),
        ("澜江市供水办法", False),
        *((line, False) for line in LAW.splitlines()),
        ("成文日期：2020-03-01", True),
    ]
    paragraphs = [Paragraph(text, ((0, n, None),), particular=particular) for n, (text, particular) in enumerate(lines)]
    (draft,) = split(paragraphs)
    meta = read_metadata(draft)
    assert (meta.title, meta.number, meta.issued_on) == ("澜江市供水办法", "澜水〔2020〕5号", date(2020, 3, 1))
    assert meta.validity.status_on(TODAY) == "expired"
    addresses = [c.address for c in build(draft, meta.title).clauses]
    assert addresses == ["开头第一段", "开头第二段", "开头第三段", "标题", "第一条", "第二条", "结尾第一段"]
