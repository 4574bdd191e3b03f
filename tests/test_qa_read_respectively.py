"""Shares that are words: 分别用蓝色、黄色表示; which member a question names, by words, figures and ladders."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import best

COLOURS = ["蓝色", "黄色", "橙色", "红色", "紫色"]
LEVELS = ["Ⅳ级", "Ⅲ级", "Ⅱ级", "Ⅰ级"]
OFFICES = ["市水务局", "市公安局", "市教育局", "市民政局", "市商务局"]
GROUPS = ["抢险排涝组", "交通管制组", "转移安置组", "医疗防疫组", "后勤保障组"]


@settings(max_examples=30)
@given(st.integers(2, 4), st.permutations(COLOURS), st.sampled_from("、和"), st.data())
def test_the_level_named_gets_its_colour(n: int, colours: list[str], last: str, data: st.DataObject) -> None:
    levels, shares = LEVELS[:n], colours[:n]
    members = "、".join(levels[:-1]) + last + levels[-1]
    sentence = f"城市内涝预警由低到高分为{members}，分别用{'、'.join(shares)}表示。"
    i = data.draw(st.integers(0, n - 1))
    assert best(sentence, f"城市内涝{levels[i]}预警是什么颜色？").startswith(shares[i]), sentence


@settings(max_examples=25)
@given(st.integers(2, 5), st.permutations(OFFICES), st.data())
def test_the_group_named_gets_its_office(n: int, offices: list[str], data: st.DataObject) -> None:
    sentence = f"{'、'.join(GROUPS[:n])}分别由{'、'.join(offices[:n])}牵头。"
    i = data.draw(st.integers(0, n - 1))
    said = best(sentence, f"{GROUPS[i]}的牵头者是什么单位呢，请说明")
    assert offices[i] in said, sentence


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("预警分为Ⅰ级、Ⅱ级、Ⅲ级，分别对应红色、橙色、黄色预警。", "Ⅱ级预警用什么颜色？", "橙色"),
        (
            "预警分为Ⅰ级、Ⅱ级、Ⅲ级，分别对应红色、橙色、黄色预警。",
            "三个级别的预警分别是什么颜色？",
            "红色、橙色、黄色预警",
        ),
        (
            "对毕业5年内首次来我市就业的博士研究生、硕士研究生、本科毕业生，分别按照每月3000元、1500元、800元的标准发放补贴。",
            "硕士毕业首次就业，每月补贴多少？",
            "1500元",
        ),
    ],
)
def test_words_that_are_said_of_all_tell_no_member_apart(sentence: str, question: str, answer: str) -> None:
    assert best(sentence, question) == answer


@pytest.mark.parametrize(
    ("asked", "answer"), [("2000万元", "10万元"), ("5000万元", "30万元"), ("6000万元", "30万元"), ("两千万", "10万元")]
)
def test_a_ladder_of_thresholds(asked: str, answer: str) -> None:
    sentence = "年销售额首次突破2000万元、5000万元、1亿元的企业，分别给予10万元、30万元、80万元奖励。"
    assert best(sentence, f"年销售额到了{asked}的企业奖多少？") == answer


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "对国家级、省级平台，分别给予最高500万元、300万元奖励。",
            "国家级和省级的平台各奖多少？",
            "国家级：最高500万元；省级：最高300万元",
        ),
        ("对甲机构给予5万元奖励；对乙机构给予3万元奖励。", "各机构分别奖励多少？", "甲机构：5万元；乙机构：3万元"),
        ("总投资900万元，其中道路改造300万元、污水处理600万元。", "污水处理有多少？", "600万元"),
        ("总投资900万元，其中道路改造300万元、污水处理600万元。", "总投资一共多少万元？", "900万元"),
        (
            "对国家级技能竞赛一、二等奖分别奖励10万元、8万元；对省级技能竞赛一、二等奖分别奖励6万元、4万元。",
            "省级技能竞赛二等奖奖多少？",
            "4万元",
        ),
        (
            "对获得“云泽质量奖”“云泽质量奖提名奖”的企业分别给予30万元、10万元奖励。",
            "云泽质量奖提名奖奖多少？",
            "10万元",
        ),
        ("对获得“云泽质量奖”“云泽质量奖提名奖”的企业分别给予30万元、10万元奖励。", "得了云泽质量奖奖多少？", "30万元"),
        ("对高级技师给予3万元奖励，对高级工给予1万元奖励。", "高级工奖多少？", "1万元"),
        ("对5A级、4A级景区，分别给予50万元、20万元奖励。", "AAAA景区奖多少？", "20万元"),
        ("首次进入前50、前100的事务所，分别给予100万元、50万元奖励。", "排名第30的事务所奖多少？", "100万元"),
        (
            "按实际投入的20%补助，单个企业每年最高200万元，总额不超过1000万元。",
            "补助总共最多多少钱？",
            "不超过1000万元",
        ),
    ],
)
def test_the_cases_of_the_grammar(sentence: str, question: str, answer: str) -> None:
    assert best(sentence, question) == answer


def test_lists_of_different_length_are_not_paired() -> None:
    sentence = "对国家级、省级、市级园区，分别给予100万元、50万元奖励。"
    assert best(sentence, "市级园区奖多少？") in {
        "100万元",
        "50万元",
    }  # a guess: never a pair that the sentence does not make
