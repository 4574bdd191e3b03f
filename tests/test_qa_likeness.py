"""Two questions are the same only where nothing sets their subjects apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.records.groups import vectors_of
from index.tokens import Tokenizer
from qa.decide.likeness import compare

CUT = Tokenizer().words

SAME = [
    ("老旧小区加装电梯补助多少钱？", "老旧小区加装电梯补贴多少钱"),
    ("居民医保缴费标准是多少？", "请问居民医保的缴费标准是多少"),
    ("怎样申请公租房？", "公租房如何申请"),
    ("生育津贴怎么领取？", "生育津贴如何领取？"),
]
APART = [
    ("省级小巨人奖多少？", "市级小巨人奖多少？", "level"),
    ("职工医保报销比例是多少？", "居民医保报销比例是多少？", "level"),
    ("博士有多少安家费？", "硕士有多少安家费？", "level"),
    ("苏州积分落户要多少分？", "杭州积分落户要多少分？", "place"),
    ("从苏州迁到杭州要带什么？", "从杭州迁到苏州要带什么？", "place"),
    ("2024年缴费标准是多少？", "2025年缴费标准是多少？", "figure"),
    ("满60岁能领多少？", "满65岁能领多少？", "figure"),
    ("科目二怎么预约？", "科目三怎么预约？", "figure"),
    ("《落户办法》什么时候施行？", "《购房办法》什么时候施行？", "name"),
    ("哪些人可以申请？", "哪些人不可以申请？", "denial"),
    ("个人购房补贴多少？", "企业购房补贴多少？", "side"),
    ("首次申请要什么材料？", "再次申请要什么材料？", "side"),
    ("公租房怎么申请？", "公租房怎么退出？", "side"),
    ("补贴有多少？", "补贴找谁领？", ""),
    ("购房补贴多少钱？", "购房补贴贷款多少钱？", ""),
    ("老楼加装电梯补助多少？", "老楼外墙改造补助多少？", ""),
]


@pytest.mark.parametrize(("asked", "known"), SAME)
def test_the_same_in_other_words(asked: str, known: str) -> None:
    assert compare(asked, known, vectors_of, CUT).same
    assert compare(known, asked, vectors_of, CUT).same


@pytest.mark.parametrize(("asked", "known", "why"), APART)
def test_never_another_level_place_group_year_or_thing(asked: str, known: str, why: str) -> None:
    for told in (compare(asked, known, vectors_of, CUT), compare(known, asked, vectors_of, CUT)):
        assert not told.same
        assert told.apart == why or not why or told.apart == "meaning"


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_are_compared_alike_both_ways(one: str, other: str) -> None:
    there, back = compare(one, other, vectors_of, CUT), compare(other, one, vectors_of, CUT)
    assert there.same == back.same and there.cosine == pytest.approx(back.cosine, abs=1e-5)
