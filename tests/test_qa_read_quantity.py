"""Quantities and intervals: how they are written does not matter, and a ladder has one rung for every value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.numerals import to_chinese
from qa.read.quantity import intervals, quantities, rung, stated

YEAR = 365.0


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("3年半", 3.5 * YEAR, "时间"),
        ("18个月", 1.5 * YEAR, "时间"),
        ("两年零三个月", 2.25 * YEAR, "时间"),
        ("半年", YEAR / 2, "时间"),
        ("满6月", YEAR / 2, "时间"),
        ("注册资本800万", 8e6, "元"),
        ("两千万", 2e7, "元"),
        ("1.5亿元", 1.5e8, "元"),
        ("百分之三十", 30.0, "%"),
        ("七成", 70.0, "%"),
        ("六十周岁", 60.0, "岁"),
        ("第30名", 30.0, "名次"),
        ("2公里", 2000.0, "米"),
        ("60平的房子", 60.0, "平方米"),
    ],
)
def test_a_quantity_is_read_however_it_is_written(text: str, value: float, dimension: str) -> None:
    (found,) = quantities(text)
    assert (round(found.value, 6), found.dimension) == (round(value, 6), dimension)


@pytest.mark.parametrize(
    "text",
    [
        "2023年",
        "第十二条",
        "第3款",
        "按时完成",
        "2025年6月",
        "2013年11月1日",
        "4月底",
        "9月1日至10月",
        "八月中旬",
        "小学三年级",
        "统一平台",
    ],
)
def test_dates_and_numbers_of_clauses_are_no_quantities(text: str) -> None:
    assert [q for q in quantities(text) if q.dimension != "时间" or q.value > 100 * YEAR] == []


@pytest.mark.parametrize(
    ("text", "low", "high", "low_in", "high_in"),
    [
        ("一年以上不满三年的", YEAR, 3 * YEAR, True, False),
        ("已满10年不满20年", 10 * YEAR, 20 * YEAR, True, False),
        ("1000万元（含）以上、5000万元以下", 1e7, 5e7, True, True),
        ("超过3%且低于5%", 3.0, 5.0, False, False),
        ("100万元（不含）以上", 1e6, math.inf, False, True),
        ("不足五万元的", -math.inf, 5e4, True, False),
        ("5—10年", 5 * YEAR, 10 * YEAR, True, True),
        ("前50名", -math.inf, 50.0, True, True),
    ],
)
def test_an_interval_has_its_bounds(text: str, low: float, high: float, low_in: bool, high_in: bool) -> None:
    (found,) = intervals(text)
    assert (found.low, found.high, found.low_in, found.high_in) == (low, high, low_in, high_in)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True).map(sorted), st.integers(1, 60), st.booleans())
def test_every_age_has_exactly_the_rung_that_holds_it(steps: list[int], age: int, chinese: bool) -> None:
    names = [f"{to_chinese(s) if chinese else s}岁" for s in steps]
    rungs = [f"不满{names[0]}的"]
    rungs += [f"{a}以上不满{b}的" for a, b in zip(names, names[1:], strict=False)]
    rungs.append(f"{names[-1]}以上的")
    assert rung(rungs, f"今年{age}岁能领多少？") == sum(age >= s for s in steps)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5, unique=True).map(sorted), st.integers(1, 99))
def test_of_thresholds_the_highest_that_is_reached_counts(steps: list[int], reached: int) -> None:
    members = [f"{s}0万元" for s in steps]
    passed = [i for i, s in enumerate(steps) if s * 10 <= reached]
    assert rung(members, f"到了{reached}万") == (passed[-1] if passed else None)


def test_a_bound_is_left_and_right_of_its_figure() -> None:
    rungs = ["不满一年的", "一年以上的"]
    assert [rung(rungs, f"{how}一年") for how in ("不到", "满", "超过")] == [0, 1, 1]


def test_the_best_place_among_ranks_is_the_narrowest() -> None:
    assert [rung(["前10", "前50", "前100"], f"排名第{n}") for n in (7, 30, 80, 300)] == [0, 1, 2, None]


def test_several_dimensions_must_agree() -> None:
    members = ["50人和1000万元", "100人和2000万元"]
    assert rung(members, "120人，投入2500万") == 1
    assert rung(members, "60人，投入1500万") == 0
    assert rung(members, "60人，投入2500万") is None


def test_a_number_without_a_unit_is_of_the_dimension_that_is_asked_about() -> None:
    assert rung(["职工不满一百人", "职工五千人以上"], "我们厂六千职工") == 1


@given(st.text("一二三十百年月日元万亿%人岁满不以上下至（）含前第0123456789多半", max_size=24))
def test_any_text_can_be_read(text: str) -> None:
    for found in (*quantities(text), *stated(text)):
        assert 0 <= found.start < found.end <= len(text)
    for interval in intervals(text):
        assert 0 <= interval.start < interval.end <= len(text)
