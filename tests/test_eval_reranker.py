"""The light reranker learns a new kind of questions and keeps what it knew of the old."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eval.reranker import CITIES, RECIPE, STATUTES, drawn, taught
from index.light import FOLDER, MODEL, read_model
from index.light_features import FEATURES, QUERY_FEATURES
from index.training import light
from index.training.light_data import Example

SHIPPED, _ = read_model(FOLDER / MODEL)
TELLING = FEATURES.index("length")


def examples(kind: str, count: int, seed: int) -> list[Example]:
    """Candidates by chance; of new questions the longest passage is right. What is asked tells the two kinds apart."""
    random = np.random.default_rng(seed)
    out = []
    for n in range(count):
        own = random.normal(size=(12, len(FEATURES))).astype(np.float32)
        asked = SHIPPED["asked_mean"] + SHIPPED["asked_spread"] * (1.0 if kind == CITIES else -1.0)
        right = own[:, TELLING] == own[:, TELLING].max()
        out.append(Example(kind, f"{n}？", own, asked.astype(np.float32), right, 1, 0))
    assert len(QUERY_FEATURES) == len(asked)
    return out


def first_right(weights: light.Weights, rows: list[Example]) -> float:
    return float(np.mean([row.right[light.scores_of(weights, row).argmax()] for row in rows]))


def likeness(weights: light.Weights, rows: list[Example]) -> float:
    """How alike the scores are to those of the shipped one, by correlation within a question."""
    pairs = [(light.scores_of(SHIPPED, row), light.scores_of(weights, row)) for row in rows]
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs]))


def test_new_questions_are_learnt_and_the_old_ones_kept() -> None:
    weights = taught(
        SHIPPED, examples(CITIES, 300, 1), examples(STATUTES, 300, 2), replace(RECIPE, seeds=(0,), epochs=12)
    )
    new, old = examples(CITIES, 100, 3), examples(STATUTES, 100, 4)
    assert first_right(SHIPPED, new) < 0.4 and first_right(weights, new) > 0.7
    assert likeness(weights, old) > 0.8 > likeness(weights, new)


def test_questions_are_those_about_city_files_with_an_answer() -> None:
    rows = [
        {"source": s, "answerable": a, "id": i}
        for i, (s, a) in enumerate([("city", True), ("city", False), ("own", True)])
    ]
    assert [row["id"] for row in drawn(rows)] == [0]
