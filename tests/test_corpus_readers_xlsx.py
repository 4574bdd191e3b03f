"""Spreadsheets -> lines: sheets, rows, merged cells, values as shown, and what is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook

from corpus.canonical import paragraphs
from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import docx, xlsx
from corpus.readers.errors import Damaged, Encrypted
from corpus.readers.lines import LeftOut
from corpus.reading import read_file
from corpus.types import Span


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def book_of(*rows: tuple[Any, ...], merge: tuple[str, ...] = (), name: str = "Sheet1") -> Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = name
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    return book


def texts(book: Workbook) -> list[str]:
    return [line.text for line in xlsx.read(saved(book)) if line.text]


def shown(value: Any, style: str = "General") -> str:
    book = book_of(("名", value))
    book.active["B1"].number_format = style  # type: ignore[index]
    return texts(book)[0].split("\t")[2]


def test_sheets_are_headings_and_rows_are_rows() -> None:
    book = book_of(("序号", "企业"), (1, "甲公司"), name="名单")
    book.create_sheet("标准").append(["类别", "金额"])
    book.create_sheet("空表")
    book.create_sheet("藏").append(["不见"])
    book["藏"].sheet_state = "hidden"
    lines = xlsx.read(saved(book))
    assert [(line.text, line.level) for line in lines if line.text] == [
        ("名单", 1), ("\t序号\t企业", 0), ("\t1\t甲公司", 0), ("标准", 1), ("\t类别\t金额", 0),
    ]  # fmt: skip
    assert [(line.number, line.page) for line in lines if line.text] == [(1, 1), (1, 1), (2, 1), (1, 2), (1, 2)]
    assert [line.left_out for line in lines if line.left_out] == [LeftOut("hidden", "藏 不见")]
    assert [paragraph.cells for paragraph in paragraphs(lines) if paragraph.cells][1] == ("1", "甲公司")


def test_a_default_sheet_name_says_nothing() -> None:
    assert texts(book_of(("甲", "乙"))) == ["\t甲\t乙"]


def test_empty_rows_and_columns_go_and_empty_cells_stay() -> None:
    book = book_of(("甲", None, "乙", "丙"), (), (None, None, 2, 3), ("x", None, None, 4))
    assert texts(book) == ["\t甲\t乙\t丙", "\t \t2\t3", "\tx\t \t4"]


def test_title_and_notes_stand_outside_the_rows() -> None:
    book = book_of(
        ("澜江市补贴标准\n（2025年）",),
        ("单位：万元",),
        ("类", "额"),
        ("一、工业",),
        ("甲", 1),
        (None, 2),
        merge=("A1:B1", "A4:B4"),
    )
    assert texts(book) == ["澜江市补贴标准", "（2025年）", "单位：万元", "\t类\t额", "一、工业", "\t甲\t1", "\t \t2"]


def test_a_merged_cell_stands_in_every_row_that_it_covers() -> None:
    book = book_of(
        ("类别", "级别", "项目", "额度"), ("工业", "国家级", "甲", 300), (None, None, "乙", None), (None, "省级", "丙", 100),
        merge=("A2:A4", "B2:B3", "D2:D3"),
    )  # fmt: skip
    assert texts(book)[1:] == ["\t工业\t国家级\t甲\t300", "\t工业\t国家级\t乙\t300", "\t工业\t省级\t丙\t100"]


def test_a_group_merged_both_ways_is_filled_to_the_right_too() -> None:
    book = book_of(("甲", None, "一"), (None, None, "二"), ("乙", "丙", "三"), merge=("A1:B2",))
    assert texts(book) == ["\t甲\t甲\t一", "\t甲\t甲\t二", "\t乙\t丙\t三"]


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (300, "General", "300"), (0.1 + 0.2, "General", "0.3"), (12.5, "0.00", "12.5"), (1e15, "General", "1000000000000000"), (1e-7, "General", "0.0000001"),
        (-3.0, "General", "-3"), (0.05, "0%", "5%"), (0.075, "0.0%", "7.5%"), (7, "000", "007"), (True, "General", "是"), ("  文字 ", "General", "文字"),
        (datetime(2025, 3, 1), "yyyy-mm-dd", "2025年3月1日"), (date(2025, 12, 31), "yyyy/m/d", "2025年12月31日"),
        (datetime(2025, 3, 1, 14, 30), "yyyy-mm-dd hh:mm", "2025年3月1日14:30"), (time(9, 5), "hh:mm", "09:05"), ("上\n下", "General", "上 下"),
    ],
)  # fmt: skip
def test_values_are_as_shown(value: Any, style: str, text: str) -> None:
    assert shown(value, style) == text


def test_a_formula_gives_the_value_last_computed() -> None:
    data = edited(
        saved(book_of(("甲", 9), ("合计", "=B1+1"))),
        "xl/worksheets/sheet1.xml",
        lambda old: old.replace("<v></v>", "<v>10</v>").replace("<v/>", "<v>10</v>").replace("<v />", "<v>10</v>"),
    )
    assert [line.text for line in xlsx.read(data) if line.text] == ["\t甲\t9", "\t合计\t10"]


# -- what is refused ---------------------------------------------------------------------------------------------------


def edited(data: bytes, part: str, change: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == part else text)
    return out.getvalue()


@pytest.fixture
def good() -> bytes:
    return saved(book_of(*[(f"企业{n * 7919}", n) for n in range(300)]))


@pytest.mark.parametrize("share", [0.3, 0.8, 0.99])
def test_a_file_cut_off_is_damaged(good: bytes, share: float) -> None:
    data = good[: int(len(good) * share)]
    with pytest.raises(Damaged) as caught:
        xlsx.read(data)
    assert caught.value.code == "damaged_file"


def test_flipped_bytes_are_damaged_or_read(good: bytes) -> None:
    for at in range(40, len(good), len(good) // 40):
        try:
            xlsx.read(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        except BadFile as error:
            assert error.hint


def test_a_file_under_a_password_is_named_so() -> None:
    with pytest.raises(Encrypted, match="密码"):
        xlsx.read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le"))


def test_a_dtd_is_refused(good: bytes) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "AAAA">]>'
    data = edited(good, "xl/worksheets/sheet1.xml", lambda old: bomb + old[old.index("<worksheet") :])
    with pytest.raises(Damaged, match="DTD"):
        xlsx.read(data)


def test_too_many_cells_are_refused(good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_CELLS", 500)
    with pytest.raises(TooLarge, match="单元格"):
        xlsx.read(good)


def test_a_far_away_cell_is_no_burden() -> None:
    book = book_of(("甲", "乙"))
    book.active["C9000"] = "远"  # type: ignore[index]
    assert texts(book) == ["\t甲\t乙\t ", "\t \t \t远"]


def test_an_empty_book_is_empty() -> None:
    with pytest.raises(EmptyFile, match="没有文字"):
        xlsx.read(saved(openpyxl.Workbook()))


def test_only_excel_files_match(good: bytes) -> None:
    assert xlsx.matches(good)
    assert xlsx.matches(good[:2000]), "also cut off"
    assert not docx.matches(good)
    for other in (b"", b"PK\x03\x04", b"%PDF-1.7", "序号\t企业".encode()):
        assert not xlsx.matches(other)


# -- what a sheet hides, and where things stand ------------------------------------------------------------------------


def test_hidden_rows_and_columns_are_reported_and_not_taken() -> None:
    book = book_of(("类别", "标准", "测算"), ("甲", "300元", "7"), ("旧", "888元", "x"), ("乙", "350元", "y"))
    sheet: Any = book.active
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[3].hidden = True
    lines = xlsx.read(saved(book))
    assert [(line.text, line.number) for line in lines if line.text] == [
        ("\t类别\t标准", 1), ("\t甲\t300元", 2), ("\t乙\t350元", 4),
    ]  # fmt: skip
    assert {(out.reason, out.text) for line in lines if (out := line.left_out)} == {
        ("hidden", "测算 7 y"), ("hidden", "旧 888元 x"),
    }  # fmt: skip


def test_a_merged_cell_is_shown_though_its_first_row_or_column_is_hidden() -> None:
    book = book_of(
        ("题", None, None),
        ("组", "项目", "额度"),
        ("工业", "甲", 1),
        (None, "乙", 2),
        (None, "丙", 3),
        merge=("A1:C1", "A3:A5"),
    )
    sheet: Any = book.active
    sheet.row_dimensions[3].hidden = True
    assert texts(book) == ["题", "\t组\t项目\t额度", "\t工业\t乙\t2", "\t工业\t丙\t3"]


def test_closed_groups_are_hidden() -> None:
    book = book_of(("项", "额"), ("甲", 1), ("乙", 2), ("丙", 3))
    sheet: Any = book.active
    sheet.row_dimensions.group(2, 3, hidden=True)
    sheet.column_dimensions.group("E", "H", hidden=True)
    assert texts(book) == ["\t项\t额", "\t丙\t3"]


def test_a_formula_that_was_never_computed_is_reported_and_blank() -> None:
    lines = xlsx.read(saved(book_of(("项", "额", "注"), ("甲", "=SUM(A1:A2)", "一"))))
    assert [line.text for line in lines if line.text] == ["\t项\t额\t注", "\t甲\t \t一"]
    assert [line.left_out for line in lines if line.left_out] == [LeftOut("formula", "B2: =SUM(A1:A2)")]


def test_lines_are_rows_of_the_sheet_and_pages_are_sheets() -> None:
    book = book_of(("甲市收费表",), (), ("项目", "金额"), ("接运", 300))
    book.create_sheet("补充").append(["火化", 5])
    read = paragraphs(xlsx.read(saved(book)))
    assert [(p.text, p.anchors[0][1:]) for p in read] == [
        ("甲市收费表", (1, 1)), ("项目\t金额", (3, 1)), ("接运\t300", (4, 1)), ("补充", (1, 2)), ("火化\t5", (1, 2)),
    ]  # fmt: skip
    ((document, clauses),) = read_file(saved(book), "x.xlsx").documents
    whole = Span(0, len(document.text))
    assert document.lines_of(whole) == (1, 4, 1), "up to where the numbers begin again"
    assert all(first <= last for c in clauses for first, last, _ in [document.lines_of(c.span)])


def test_a_wide_sheet_of_merged_cells_is_read_in_time() -> None:
    book = book_of(*[tuple(f"{r}.{c}" for c in range(20)) for r in range(200)], merge=("A1:T1", *[f"A{n}:A{n + 1}" for n in range(2, 200, 2)]))  # fmt: skip
    assert len(texts(book)) == 200
