"""Generated "respectively" sentences through the real readers: a sample of every pattern, and the generator itself."""

from __future__ import annotations

from collections import Counter

import pytest

from eval.pairings import PATTERNS, Case, generate
from eval.respectively import Reader, is_right, main

SAMPLE = 200


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(generate(SAMPLE))


def test_a_sample_is_answered(cases: list[Case]) -> None:
    reader = Reader()
    wrong = [(c.text, c.question, c.answers) for c in cases if not is_right(c, reader.best(c.text, c.question))]
    assert len(wrong) <= 0.06 * SAMPLE, wrong


def test_every_pattern_and_both_wordings_occur(cases: list[Case]) -> None:
    assert set(Counter(c.pattern for c in cases)) == set(PATTERNS)
    assert {c.held_back for c in cases} == {True, False}
    assert len(PATTERNS) >= 12


def test_the_answers_stand_in_the_document(cases: list[Case]) -> None:
    for case in cases:
        assert all(answer in case.text for answer in case.answers), case


def test_the_same_seed_gives_the_same_cases() -> None:
    assert list(generate(60, 5)) == list(generate(60, 5)) != list(generate(60, 6))


@pytest.mark.parametrize(
    ("answers", "said", "right"),
    [
        (("300万元",), "最高300万元", True),
        (("300万元",), "30万元", False),
        (("300万元",), "500万元、300万元", False),
        (("5万元", "3万元"), "甲：5万元；乙：3万元", True),
        (("5万元", "3万元"), "3万元、5万元", False),
        (("5万元", "3万元"), "5万元、4万元、3万元", False),
    ],
)
def test_an_answer_is_right_only_with_its_value_and_no_other(answers: tuple[str, ...], said: str, right: bool) -> None:
    assert is_right(Case("", "", "", answers, False), said) is right


def test_the_table_has_a_row_for_every_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "90"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*PATTERNS, "保留的说法", "合计"))
