"""A penalty is weighed with the words of the clauses that it refers to."""

from __future__ import annotations

import pytest
from reading import best, read

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
