"""The 30 laws to measure on are the same ones, whatever order they are read in."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from eval.clauses import Law
from eval.datasets import GoldQuestion, Unanswerable, read_gold
from eval.laws import LONGEST, SHARES, SHORTEST, chosen, kind_of, name_of

FOLDERS = {"法律": "社会法", "行政法规": "行政法规", "司法解释": "司法解释", "地方性法规": "DLC/某地"}
QUESTIONS = Path(__file__).parent / "fixtures" / "law_questions.jsonl"


def law(path: str, characters: int = SHORTEST) -> Law:
    return Law(path, "第" * characters, (("第一条", "第一条"),))


LAWS = [
    law(f"{folder}/第{n}号办法({year}-01-01).md")
    for folder in FOLDERS.values()
    for n in range(30)
    for year in (2001, 2020)
]


@given(st.integers(0, 1000))
def test_the_same_laws_in_any_order(seed: int) -> None:
    shuffled = LAWS[:]
    random.Random(seed).shuffle(shuffled)
    assert chosen(shuffled) == chosen(LAWS)


def test_shares_and_versions() -> None:
    out = chosen(LAWS)
    assert Counter(kind_of(one) for one in out) == SHARES
    assert len({(kind_of(one), name_of(one)) for one in out}) == len(out) == 30
    assert all("2020" in one.name for one in out), "the last version"


def test_too_short_too_long_and_unknown_are_passed_over() -> None:
    odd = [law("社会法/短.md", SHORTEST - 1), law("社会法/长.md", LONGEST + 1), law("案例/案例.md")]
    assert chosen(odd) == []


def test_the_questions() -> None:
    rows = read_gold(QUESTIONS)
    assert len(rows) == 60
    assert sum(isinstance(row, Unanswerable) for row in rows) == 8
    assert len({json.dumps(row.id) for row in rows}) == 60
    for row in rows:
        if isinstance(row, GoldQuestion):
            assert row.document
            assert row.quote
