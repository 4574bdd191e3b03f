"""Two reports compared: figures, significance, the rows that changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from eval.datasets import BadDataset
from eval.difference import compare, main, mcnemar
from eval.judged import Judged, read_rows, write_rows

ROW = Judged(
    id="1", part="question", type="amount", style="formal", question="奖多少？", gold=("10万元",), gold_quotes=("奖励10万元",),
    why="", said="10万元", reason=None, confidence=0.9, title="办法", address="第一条", document_id="d", clause_id="c", quote="奖励10万元",
    hit1=True, hit5=True, answer=True, cited=True, recall1=0, recall5=0, recall10=0, reciprocal=0, milliseconds=5,
)  # fmt: skip
WRONG = replace(ROW, said="20万元", answer=False)
REFUSED = replace(ROW, said=None, reason="low_confidence", answer=False, cited=False, quote="")


def rows(outcomes: str) -> list[Judged]:
    """Rows 0, 1, … that are right (r), wrong (w) or refused (n)."""
    kinds = {"r": ROW, "w": WRONG, "n": REFUSED}
    return [replace(kinds[letter], id=str(at)) for at, letter in enumerate(outcomes)]


def test_ten_flips_one_way_are_no_chance() -> None:
    figures, changed = compare(rows("w" * 10 + "r" * 10), rows("r" * 20))
    both = next(f for f in figures if f.name == "both")
    assert (both.first, both.second, both.gained, both.lost) == (0.5, 1.0, 10, 0)
    assert both.mcnemar == pytest.approx(2 / 2**10) and both.difference.significant
    assert [c.kind for c in changed] == ["better"] * 10
    cited = next(f for f in figures if f.name == "cited")
    assert cited.mcnemar == 1.0 and not cited.difference.significant


def test_two_flips_may_be_chance_and_a_wrong_answer_for_another_is_no_change_of_value() -> None:
    figures, changed = compare(rows("wwrr" + "w"), rows("rrrr" + "n"))
    both = next(f for f in figures if f.name == "both")
    assert both.mcnemar == 0.5
    assert [(c.before.id, c.kind) for c in changed] == [("0", "better"), ("1", "better"), ("4", "other")]


@given(st.lists(st.sampled_from("rwn"), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_what_is_compared_with_itself_has_not_changed(letters: list[str], chance: object) -> None:
    same = rows("".join(letters))
    figures, changed = compare(same, list(reversed(same)))
    assert not changed
    assert all(f.difference.mean == 0 and f.mcnemar == 1.0 and f.gained == f.lost == 0 for f in figures)


def test_the_command_writes_figures_and_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, outcomes in (("a", "wr"), ("b", "rw")):
        (tmp_path / name).mkdir()
        write_rows(rows(outcomes), tmp_path / name)
    assert read_rows(tmp_path / "a") == rows("wr")
    assert main([str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "c"), "--base", ""]) == 0
    out = capsys.readouterr().out
    assert "变好：1 问" in out and "变差：1 问" in out and "20万元 → 10万元" in out
    told = json.loads((tmp_path / "c" / "compare.json").read_text("utf-8"))
    assert told["figures"]["both"]["gained"] == told["figures"]["both"]["lost"] == 1
    assert [row["kind"] for row in told["changed"]] == ["better", "worse"]
    assert "先前：20万元" in (tmp_path / "c" / "compare.html").read_text("utf-8")


def test_what_cannot_be_compared_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="没有共同的问题"):
        compare(rows("r"), [replace(ROW, id="other")])
    with pytest.raises(BadDataset, match="没有评测结果"):
        read_rows(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"id": "1"}\n', "utf-8")
    with pytest.raises(BadDataset, match="第 1 行"):
        read_rows(tmp_path)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_a_fair_coin(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected)
