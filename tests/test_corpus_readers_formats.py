"""Number formats of spreadsheets: units, signs and scaling are shown; digits stay those of the value."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.readers.formats import shown_moment, shown_number, shown_text


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (500, '#,##0"万元"', "500万元"), (5, '0"个工作日"', "5个工作日"), (0.05, "0.00%", "5.00%"), (0.0755, "0%", "7.55%"), (2, '"≤"0"天"', "≤2天"),
        (123456, '0!.0,"万元"', "12.3456万元"), (123456, '0\\.0,"万元"', "12.3456万元"), (1234567, '#,##0,"千元"', "1234.567千元"),
        (3, "[$¥-804]#,##0.00", "¥3"), (300, '"￥"0.00"/吨"', "￥300/吨"), (3, 'General"元/月"', "3元/月"), (3, "[DBNum1][$-804]General", "3"),
        (3, '[DBNum1]G/通用格式"元"', "3元"), (20000, '[>=10000]0!.0,"万元";0"元"', "2万元"), (200, '[>=10000]0!.0,"万元";0"元"', "200元"),
        (-3, '"¥"#,##0.00_);[Red]\\("¥"#,##0.00\\)', "-¥3"), (-3, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-3"),
        (0, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"), (0, "0;-0;;@", ""), (3, ";;;", ""), (-3, '0"元";"亏"0"元"', "亏3元"), (-5, '0"元"', "-5元"),
        (5120001, "000-0000", "512-0001"), (0.5, "# ?/?", "0.5"), (7, "000", "007"), (12, "@", "12"), (float("nan"), "General", ""), (1234, "0.00E+00", "1234"),
    ],
)  # fmt: skip
def test_a_number_is_shown_with_its_words(number: float, style: str, text: str) -> None:
    assert shown_number(number, style) == text


MOMENT = datetime(2026, 4, 25, 17, 30)


@pytest.mark.parametrize(
    ("moment", "style", "text"),
    [
        (MOMENT, "yyyy-mm-dd h:mm:ss", "2026年4月25日17:30"), (MOMENT, "yyyy-mm-dd", "2026年4月25日"), (MOMENT, "h:mm", "17:30"),
        (MOMENT, 'yyyy"年"m"月"', "2026年4月"), (MOMENT, 'm"月"d"日"', "4月25日"), (MOMENT, 'yyyy"年"m"月"d"日"h"时"mm"分";@', "2026年4月25日17时30分"),
        (MOMENT, "[$-804]yyyy/m/d dddd", "2026年4月25日"), (datetime(2026, 4, 25), "yyyy-mm-dd h:mm", "2026年4月25日"), (date(2025, 1, 2), "m/d/yy", "2025年1月2日"),
        (time(9, 5), "hh:mm", "09:05"), (time(8, 30), "h:mm:ss", "8:30"), (time(8, 30, 5), "h:mm:ss", "8:30:05"), (timedelta(hours=26, minutes=3), "[h]:mm", "26:03"),
    ],
)  # fmt: skip
def test_a_moment_is_shown_with_the_parts_of_its_format(moment: Any, style: str, text: str) -> None:
    assert shown_moment(moment, style) == text


def test_a_text_is_shown_with_its_words() -> None:
    assert shown_text("500", '@"元"') == "500元"
    assert shown_text("甲", '0"元";-0;;"约"@') == "约甲"
    assert shown_text("甲", "@") == shown_text("甲", '0"元"') == "甲"


@given(
    st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9)),
    st.text(alphabet='0#?,.%;"元@_*\\[]<>=1年ymdhs-()/ ', max_size=14),
)
@settings(max_examples=80, deadline=None)
def test_any_format_is_read(number: float, style: str) -> None:
    assert isinstance(shown_number(number, style), str)
    assert isinstance(shown_moment(MOMENT, style), str)
    assert isinstance(shown_text("甲", style), str)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["General", "#,##0", "0.00", '0"元"', '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ']),
)
def test_no_digit_is_changed(number: int, style: str) -> None:
    text = shown_number(number, style).removesuffix("元")
    assert text == "-" if text == "-" else Decimal(text) == number
