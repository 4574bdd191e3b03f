"""A penalty is weighed with the words of the clauses that it refers to."""

from __future__ import annotations

import pytest
from reading import best, read, understood

from qa.read.referred import asks_penalty

RULES = """第一条 本办法适用于电动自行车停放充电。

第二条 任何单位和个人不得有下列行为：

（一）在楼梯间停放电动自行车；

（二）携带蓄电池进入电梯轿厢；

（三）私拉电线充电。

第三条 设置换电柜的单位应当投保公众责任保险。

第四条 违反本办法第二条第（一）项、第（三）项规定的，责令改正；拒不改正的，处200元罚款。

第五条 违反本办法第二条第（二）项规定的，处50元罚款。

第六条 违反本办法第三条规定的，处3000元罚款。

第七条 违反《消防法》第二条规定的，处9000元罚款。"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("把蓄电池带进电梯轿厢罚多少？", "50元"),
        ("在楼梯间停放电动自行车，罚多少？", "200元"),
        ("私拉电线充电罚款多少？", "200元"),
        ("设置换电柜的单位没有投保公众责任保险罚多少？", "3000元"),
    ],
)
def test_the_penalty_of_the_conduct(question: str, answer: str) -> None:
    assert best(RULES, question) == answer


def test_an_article_of_another_law_is_not_ours() -> None:
    found = {c.text: c.sentence.own_cover for c in read(RULES, "携带蓄电池进入电梯轿厢罚多少？")}
    assert found["9000元"] < found["50元"]


LISTED = """第一条 为了加强供水管理，制定本条例。

第二条 用户应当按时缴纳水费。

第三条 有下列行为之一的，责令限期改正，并处500元罚款：

（一）损坏供水设施的；

（二）擅自转供公共供水的。

有前款第（二）项行为，情节严重的，处900元罚款。

第四条 阻挠抢修的，处700元罚款。"""


def test_an_item_below_says_what_the_penalty_above_is_for() -> None:
    assert best(LISTED, "擅自转供公共供水罚多少？") == "500元"
    assert best(LISTED, "擅自转供公共供水，情节严重的罚多少？") == "900元"


def test_the_clause_of_the_deed_is_among_the_spans() -> None:
    found = read(RULES, "把蓄电池带进电梯轿厢罚多少？")[0]
    quotes = [found.sentence.source.document.quote(span) for span in found.spans]
    assert quotes[0].startswith("第五条")
    assert any("携带蓄电池进入电梯轿厢" in quote for quote in quotes[1:])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("哪些行为处50元罚款？", "携带蓄电池进入电梯轿厢"),
        ("因为什么会被处3000元罚款？", "设置换电柜的单位应当投保公众责任保险"),
    ],
)
def test_the_deed_of_a_penalty(question: str, answer: str) -> None:
    assert answer in {c.text for c in read(RULES, question)[:3]}


@pytest.mark.parametrize(
    ("question", "asks"),
    [("乱停车罚多少钱？", True), ("要承担什么法律责任？", True), ("停车费多少？", False)],
)
def test_who_asks_for_a_penalty(question: str, asks: bool) -> None:
    assert asks_penalty(understood(question).text) is asks


GRADED = """第一条 擅自挖掘绿道的，处五百元以上五千元以下罚款；情节严重的，处五千元以上一万元以下罚款。

第二条 发送违禁信息的，处一千元罚款。

单位有前款行为的，处三万元罚款。"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("擅自挖掘绿道罚多少？", "五百元以上五千元以下"),
        ("擅自挖掘绿道，情节严重的罚多少？", "五千元以上一万元以下"),
        ("发送违禁信息罚多少？", "一千元"),
        ("单位发送违禁信息罚多少？", "三万元"),
    ],
)
def test_circumstances_of_a_penalty(question: str, answer: str) -> None:
    assert best(GRADED, question) == answer


def test_an_item_goes_on_from_the_words_above_its_list() -> None:
    text = "第一条 安排工作的军士应当符合下列条件之一：\n\n（一）服现役满12年的；\n\n（二）荣获二等功的。\n\n第二条 投靠安置的军士应当结婚满2年。"
    assert best(text, "军士服现役满几年才安排工作？") == "12年"
