"""Figures as numbers, whatever they are written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.numerals import to_chinese
from qa.figures import magnitude, magnitudes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("最高100万元", (1e6, "元")),
        ("1亿", (1e8, "元")),
        ("上亿美元", (1e8, "美元")),
        ("1,500元", (1500.0, "元")),
        ("两千万", (2e7, "元")),
        ("一百人", (100.0, "人")),
        ("5名", (5.0, "人")),
        ("3日", (3.0, "天")),
        ("10个工作日", (10.0, "个工作日")),
        ("12.5％", (12.5, "%")),
        ("没有数", None),
        ("", None),
    ],
)
def test_magnitude(text: str, expected: tuple[float, str] | None) -> None:
    assert magnitude(text) == expected


@given(st.integers(1, 9999), st.sampled_from(["人", "家", "件", "户", "元"]))
def test_chinese_and_arabic_figures_are_the_same(value: int, unit: str) -> None:
    assert magnitude(f"{to_chinese(value)}{unit}") == magnitude(f"{value}{unit}") == (float(value), unit)


@given(st.integers(1, 9999))
def test_scales(value: int) -> None:
    assert magnitude(f"{value}万元") == magnitude(f"{value}0000元")
    assert magnitude(f"{value}亿") == (value * 1e8, "元")


@given(st.text(alphabet="0123456789一二三十百千万亿元人家个%.,，两零", max_size=30))
def test_never_raises(text: str) -> None:
    for value, unit in magnitudes(text):
        assert value >= 0 and isinstance(unit, str)


def test_every_figure_of_a_text_once() -> None:
    assert magnitudes("投了300万，招了一百人，又投了300万") == ((3e6, "元"), (100.0, "人"))
