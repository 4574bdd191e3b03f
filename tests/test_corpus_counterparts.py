"""Names that exclude each other: each in one group, found where they stand and not inside other words."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.counterparts import FACETS, SHORT_FORMS, facets_of, places

NAMES = [name for group in FACETS for name in group]


def test_a_name_is_in_one_group_and_every_group_tells_two_apart() -> None:
    assert not [name for name, times in Counter(NAMES).items() if times > 1]
    assert all(len(set(group)) == len(group) >= 2 for group in (*places(), *FACETS, *SHORT_FORMS))
    cities, provinces = map(set, places())
    assert {"苏州", "无锡"} <= cities and {"江苏", "浙江"} <= provinces and not cities & provinces


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_and_nothing_else_in_it(name: str) -> None:
    assert facets_of(f"对{name}的规定") == {name}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("最高级别的应急响应", set()),
        ("城市级联控制", set()),
        ("中小学教师", set()),
        ("最高中标价", set()),
        ("在职职工和退休职工", {"在职", "退休", "职工"}),
        ("城镇居民", {"城镇", "居民"}),
        ("省级、市级企业技术中心", {"省级", "市级"}),
        ("高级、中级职称", {"高级", "中级"}),
        ("", set()),
    ],
)
def test_names_inside_other_words_are_none(text: str, names: set[str]) -> None:
    assert facets_of(text) == names


@given(
    st.lists(st.sampled_from([*NAMES, "最高", "城", "中", "联", "标", "，", "\n", "\ud800"]), max_size=8).map("".join)
)
def test_what_is_found_stands_in_the_text(text: str) -> None:
    assert all(name in text and name in NAMES for name in facets_of(text))
