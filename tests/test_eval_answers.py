"""The judgements of answers, by hand and against the scorer that the contract names."""

from __future__ import annotations

import importlib.util
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.answers import character_f1, is_covered, is_right, squeeze
from eval.datasets import GoldQuestion

GOLD = GoldQuestion("1", "奖多少？", "amount", "formal", ("最高100万元",), (), "给予最高100万元奖励", (), "甲", "一、")
FIXTURE = Path(__file__).parent / "fixtures" / "sample_questions.jsonl"


def gold(*answers: str, kind: str = "amount", items: tuple[str, ...] = ()) -> GoldQuestion:
    return replace(GOLD, answers=answers, type=kind, items=items)


@pytest.mark.parametrize(
    ("row", "said", "right"),
    [
        (gold("最高100万元"), "最高 100 万元。", True),
        (gold("100万元"), "最高100万元", True),
        (gold("最高100万元"), "100万元", True),
        (gold("最高100万元"), "最高200万元", False),
        (gold("最高100万元"), "", False),
        (gold("最高100万元"), None, False),
        (gold("50万元", "半数"), "半数", True),
        (gold("100万元"), "对企业按照有关规定一次性给予资金奖励最高100万元", False),
        (gold("可以", kind="yesno"), "是", True),
        (gold("不可以", kind="yesno"), "可以", False),
        (gold("不需要", kind="yesno"), "无需", True),
        (gold("是", kind="yesno"), "由市局决定", False),
        (gold("甲制度、乙制度", kind="list", items=("甲制度", "乙制度")), "甲制度和乙制度", True),
        (gold("甲制度、乙制度", kind="list", items=("甲制度", "乙制度")), "甲制度", False),
        (gold("甲乙", kind="list", items=("甲", "乙")), "甲乙" + "很长的别的话" * 9, False),
    ],
)
def test_right(row: GoldQuestion, said: str | None, right: bool) -> None:
    assert is_right(row, said) is right


@pytest.mark.parametrize(
    ("quote", "text", "covered"),
    [
        ("给予 100 万元", "对企业给予100万元奖励", True),
        ("给予100万元奖励", "给予200万元奖励", False),
        ("一二三四五六七八九十", "一二三四五六七", True),
        ("一二三四五六七八九十", "一二三四五六", True),
        ("一二三四五六七八九十", "一二三四五", False),
        ("", "甲", False),
    ],
)
def test_covered(quote: str, text: str, covered: bool) -> None:
    assert is_covered(quote, text) is covered


@given(st.text(max_size=30), st.text(max_size=30))
def test_f1_is_symmetric_and_one_for_the_same(a: str, b: str) -> None:
    assert character_f1(a, b) == character_f1(b, a) and 0 <= character_f1(a, b) <= 1
    assert not a or character_f1(a, a) == 1


# --- against the scorer of the contract --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scorer(shared: Path) -> Any:
    spec = importlib.util.spec_from_file_location("contract_score", shared / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(files: list[Path]) -> list[dict[str, Any]]:
    found = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    turns = [turn for row in found for turn in row.get("turns", [row])]
    return [row for row in turns if row.get("answers")]


def as_gold(row: dict[str, Any]) -> GoldQuestion:
    return replace(GOLD, type=row.get("type", ""), answers=tuple(row["answers"]), items=tuple(row.get("items") or ()))


@pytest.mark.shared
def test_agrees_with_the_scorer_on_real_rows(scorer: Any, shared: Path) -> None:
    every = rows([FIXTURE, *sorted((shared / "questions").glob("*dev*.jsonl"))])
    assert len(every) > 150
    chance = random.Random(1)
    said = [answer for row in every for answer in row["answers"]] + [row["quote"] for row in every if row.get("quote")]
    said += ["是", "否", "可以", "不可以", "需要", "100万元", "", "3"]
    for row in every:
        own = as_gold(row)
        for text in (*row["answers"], row.get("quote", ""), *chance.sample(said, 25)):
            assert is_right(own, text) == bool(scorer.right(row, text)), (row["answers"], text)
            assert is_covered(row.get("quote", ""), text) == scorer.covered(row.get("quote", ""), text)
            assert is_covered(row.get("quote", ""), text, 0.5) == scorer.covered(row.get("quote", ""), text, 0.5)


ALPHABET = "一二三四五六七八九十百万元可以不能需要是否最高给予奖励ＡＢab12.％%（）、，。 \n0"


@pytest.mark.shared
@given(
    a=st.text(ALPHABET, max_size=40),
    b=st.text(ALPHABET, max_size=60),
    kind=st.sampled_from(["amount", "yesno", "list"]),
)
def test_agrees_with_the_scorer_on_any_text(scorer: Any, a: str, b: str, kind: str) -> None:
    assert squeeze(a) == scorer.squeeze(a)
    assert is_covered(a, b) == scorer.covered(a, b)
    row = {"type": kind, "answers": [a], "items": [a[: len(a) // 2], a[len(a) // 2 :]] if kind == "list" else []}
    assert is_right(as_gold(row), b) == bool(scorer.right(row, b))
