"""Tables that leave the program hold text, never formulas."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sheets import csv_lines, harmless, restored, xlsx_bytes

ATTACKS = [
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "@SUM(A1)",
    "\t=1+1",
    " =1+1",
    "＝1+1",
    "\r=1",
    "'=1",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}" and restored(harmless(text)) == text
    (row,) = list(csv.reader(io.StringIO(b"".join(csv_lines(["a"], [[text]])).decode("utf-8-sig"), newline="")))[1:]
    assert row == [f"'{text}"]
    cell = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([("x", ["a"], [[text]])]))).active["A2"]
    assert cell.data_type == "s" and cell.value.strip() == text.strip()


@pytest.mark.parametrize("text", ["-5", "+3.5", "10%", "奖励=10万元", "a@b.cn", "第一条", ""])
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    assert restored(harmless(text)) == text
    assert harmless(text)[:1] not in {"=", "@", "\t"}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.text(min_size=1) | st.integers(), min_size=2, max_size=2), max_size=4))
def test_any_words_make_a_readable_workbook(rows: list[list[str | int]]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([("问题/答案[1]", ["甲", "乙"], rows)])))
    assert book.active.max_row == 1 + len(rows)
    assert all(cell.data_type != "f" for line in book.active.iter_rows() for cell in line)
