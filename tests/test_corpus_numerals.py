"""Chinese numerals, as clause numbers and years are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.numerals import NUMERAL, to_chinese, to_int

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@given(value=st.integers(0, 9999))
def test_a_numeral_goes_there_and_back(value: int) -> None:
    written = to_chinese(value)
    assert to_int(written) == value
    assert to_int(written.replace("零", "〇")) == value
    assert re.fullmatch(NUMERAL, written)


@given(value=st.integers(0, 9999))
def test_arabic_digits_may_have_full_width(value: int) -> None:
    assert to_int(str(value).translate(FULL_WIDTH)) == to_int(str(value)) == value


@given(year=st.integers(1000, 9999))
def test_a_year_is_read_digit_by_digit(year: int) -> None:
    digits = "".join("〇一二三四五六七八九"[int(c)] for c in str(year))
    assert to_int(digits) == to_int(digits.replace("〇", "零")) == to_int(digits.replace("〇", "○")) == year


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十", 10), ("十二", 12), ("二十", 20), ("廿三", 23), ("一百〇三", 103), ("一百零三", 103), ("一百一十", 110),
        ("二百", 200), ("两百", 200), ("一千二百六十", 1260), ("一千零一", 1001), ("三万", 30_000), ("两万三千", 23_000),
        ("二〇二五", 2025), ("１０２", 102), (" 7 ", 7),
    ],
)  # fmt: skip
def test_numerals_as_documents_write_them(text: str, value: int) -> None:
    assert to_int(text) == value


@pytest.mark.parametrize("text", ["", " ", "甲", "第一", "一a", "1.5", "-1"])
def test_what_is_no_numeral_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="numeral"):
        to_int(text)


@pytest.mark.parametrize("value", [-1, 10_000])
def test_only_clause_numbers_are_written(value: int) -> None:
    with pytest.raises(ValueError, match="9999"):
        to_chinese(value)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "零"), (10, "十"), (19, "十九"), (110, "一百一十"), (1010, "一千零一十")]
)
def test_numerals_are_written_as_a_clerk_does(value: int, text: str) -> None:
    assert to_chinese(value) == text
