"""House numbers and the districts that they lie in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.read.doors import addresses, lies_in


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("我家住宝鸡群众路188号，孩子该上哪个小学", [("我家住宝鸡群众路", 188)]),
        ("房子在中山东路37号", [("房子在中山东路", 37)]),
        ("地铁2号线", []),
        ("第7号文件怎么说", []),
    ],
)
def test_addresses_are_roads_with_a_number(question: str, found: list[tuple[str, int]]) -> None:
    assert list(addresses(question)) == found


@pytest.mark.parametrize(
    ("cell", "number", "inside"),
    [
        ("群众路121—260号", 188, True),
        ("群众路1—120号", 188, False),
        ("西关路1-150号、群众路161号至300号", 188, True),
        ("群众路双号门牌", 188, True),
        ("群众路100—200号（单号）", 188, False),
        ("群众路全段", 188, True),
        ("人民路100—200号", 188, False),
    ],
)
def test_a_house_lies_where_its_road_range_and_side_say(cell: str, number: int, inside: bool) -> None:
    assert lies_in(cell, "我家住宝鸡群众路", number) == inside


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 999))
def test_of_a_range_just_its_numbers_lie_inside(first: int, last: int, number: int) -> None:
    assert lies_in(f"解放路{first}—{last}号", "解放路", number) == (first <= number <= last)
