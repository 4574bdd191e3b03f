"""The order in which passages are read, as it is fitted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from corpus.ingest import ingest
from corpus.store import Store
from eval.order import DEPTHS, Ordered, cross_validated, fit, main, places
from qa.build import update_index
from qa.decide.scorer import FILE, load_scorer
from qa.order import FIGURES

TELLING = FIGURES.index("cover")
POLICY = """澜江市企业扶持办法

第一条 对新认定的国家级小巨人企业，给予最高100万元一次性奖励。

第二条 申请贷款贴息的，应当在每年三月底前向市工信局提出。
"""


def question(number: int, rng: np.random.Generator, right: bool = True) -> Ordered:
    rows = rng.normal(0.5, 0.1, (6, len(FIGURES))).astype(np.float32)
    at = int(rng.integers(6))
    rows[at, TELLING] += 1.0
    told = np.zeros(6, dtype=np.bool_)
    told[at] = right
    return Ordered(rows, told, f"d{number % 12}", "made-up")


def test_what_tells_is_learnt_and_holds_for_other_documents() -> None:
    rng = np.random.default_rng(3)
    made = [question(n, rng) for n in range(96)]
    weights = fit(made, [1.0] * len(made))
    assert int(np.abs(weights.weights).argmax()) == TELLING and weights.weights[TELLING] > 0
    assert np.mean([place == 0 for place in cross_validated(made, [1.0] * len(made))]) > 0.95


def test_a_question_counts_as_much_as_it_is_told_to() -> None:
    rng = np.random.default_rng(4)
    made = [question(n, rng) for n in range(40)]
    for q in made[:30]:  # most say the opposite, and count nothing
        q.rows[:, TELLING] *= -1
    assert fit(made, [0.0] * 30 + [1.0] * 10).weights[TELLING] > 0


def test_what_was_not_found_has_no_place() -> None:
    rng = np.random.default_rng(5)
    assert places([question(0, rng, right=False)], load_scorer(True).order)[0] >= max(DEPTHS)


def test_the_command_fits_what_the_engine_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(POLICY + "某项规定另行通知。" * 80, "utf-8")
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "a.txt"])
    update_index(store, tmp_path / "data")
    gold = tmp_path / "gold.jsonl"
    rows = [
        {
            "id": f"q{n}",
            "question": q,
            "type": "amount",
            "style": "口语",
            "doc": f"{n}",
            "quote": quote,
            "alt_quotes": [],
            "answers": [a],
        }
        for n, (q, quote, a) in enumerate(
            [("小巨人奖多少", "给予最高100万元一次性奖励", "100万元"), ("贴息几月前申请", "每年三月底前", "三月底前")]
            * 6
        )
    ]
    gold.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    out = tmp_path / "scorer.json"
    out.write_bytes(FILE.read_bytes())
    assert main([f"{gold}={tmp_path / 'data'}", "--as-of", str(date(2026, 11, 29)), "--out", str(out)]) == 0
    assert "gold" in capsys.readouterr().out
    before, after = load_scorer(True), load_scorer(True, out)
    assert not np.array_equal(before.order.weights, after.order.weights)
    assert np.array_equal(before.rank.weights, after.rank.weights)
    assert main([f"{gold}={tmp_path / 'data'}", "--check"]) == 0
