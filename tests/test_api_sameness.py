"""Courtesies and punctuation do not make another question; everything else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.records.sameness import sameness

ASKED = "国家级小巨人奖多少"


@pytest.mark.parametrize(
    "text",
    [
        "国家级小巨人奖多少？",
        "请问，国家级小巨人奖多少",
        "您好！想问一下国家级小巨人奖多少?",
        " 国家级 小巨人 奖多少呢？ 谢谢！",
        "请问一下国家级“小巨人”奖多少啊？？",
    ],
)
def test_the_same_question(text: str) -> None:
    assert sameness(text) == ASKED


@pytest.mark.parametrize(
    "text",
    [
        "省级小巨人奖多少？",
        "国家级小巨人奖多少年？",
        "国家级小巨人2025年奖多少？",
        "国家级小巨人不奖多少？",
        "小巨人奖多少？",
    ],
)
def test_another_question(text: str) -> None:
    assert sameness(text) != ASKED


def test_signs_that_mean_something_stay() -> None:
    assert sameness("利率3.5%吗？") != sameness("利率35%吗？") != sameness("利率35吗？")
    assert sameness("5-10人") != sameness("510人")


@given(st.text(min_size=1, max_size=60))
def test_it_is_a_normal_form(text: str) -> None:
    once = sameness(text)
    assert sameness(once) == once or len(sameness(once)) < len(once)


@given(st.text(st.characters(categories=["Lo", "Nd"]), min_size=3, max_size=30))
def test_letters_and_figures_in_the_middle_are_never_lost(text: str) -> None:
    assert sameness(f"甲{text}乙丙") == sameness(f"请问，甲{text}乙丙？")


def test_a_question_made_of_thanks_is_looked_at_once() -> None:
    # Taken apart in every possible way these would take 2 to the power of 160 steps, and the whole service with them.
    assert sameness("谢谢啦" * 160 + "奖励x") == "谢谢啦" * 160 + "奖励x"
    assert sameness("奖励多少" + "谢谢啦" * 160) == "奖励多少"
