"""The fit of the scorer on made-up questions: what tells the right answer is learnt, and no document judges itself."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.scorer import (
    FOLDS,
    THRESHOLDS,
    Judged,
    Trace,
    calibrated,
    cross_validated,
    firsts,
    fit_calibration,
    fit_rank,
    main,
    mixed,
    wrong_rates,
)  # fmt: skip
from qa.decide.features import NAMES
from qa.decide.scorer import FILE, load_scorer

TELLING, NOISE = NAMES.index("agrees"), NAMES.index("cover")


def trace(
    values: list[float],
    right: int | None,
    group: str = "a",
    telling: int = TELLING,
    seed: int = 0,
    kind: str = "amount",
) -> Trace:
    """A question whose candidates have these values of one feature, and noise in another."""
    rows = np.zeros((len(values), len(NAMES)), dtype=np.float16)
    rows[:, telling] = values
    rows[:, NOISE] = np.random.default_rng(seed).random(len(values))
    texts = tuple(f"答{at}" for at in range(len(values)))
    wanted = np.array([at == right for at in range(len(values))])
    return Trace(
        rows, wanted, wanted.copy(), np.ones(len(values), dtype=bool), texts, tuple(group for _ in values), group, 1.0,
        right is not None, "made-up", kind, False, np.zeros((0, 4), dtype=np.float32),
    )  # fmt: skip


def questions(number: int) -> list[Trace]:
    """Questions of which each third has no answer; of the others the candidate that the reader likes is right."""
    out = []
    for at in range(number):
        values = [0.1, 0.2, 0.3]
        if at % 3:
            values[at % 2] = 0.9
        out.append(trace(values, at % 2 if at % 3 else None, f"d{at}", seed=at))
    return out


def test_the_candidate_that_one_feature_tells_is_first() -> None:
    made = questions(40)
    rank = fit_rank(made)
    assert rank.weights[TELLING] > abs(rank.weights[NOISE])
    _, right, sound = firsts(made, rank)
    assert [bool(r) for r in right] == [t.answerable for t in made] and sound.all()


def test_one_of_several_right_candidates_is_enough() -> None:
    made = [trace([0.9, 0.1, 0.2], 0, seed=at) for at in range(12)]
    for one in made:
        one.right[1] = one.exact[1] = True
    _, right, _ = firsts(made, fit_rank(made))
    assert right.all()


def test_what_says_more_than_was_asked_is_not_learnt_as_right() -> None:
    """A list of several figures passes as right by the contract's rule; the exact one must be ranked before it."""
    made = [trace([0.9, 0.1, 0.2], 1, seed=at) for at in range(12)]
    for one in made:
        one.right[0] = True
    rows, _, _ = firsts(made, fit_rank(made))
    assert np.allclose(rows[:, TELLING], 0.1, atol=1e-3)


def test_types_are_weighed_as_people_ask_them() -> None:
    made = [trace([0.5], 0, seed=at, kind="yesno" if at % 4 else "amount") for at in range(40)]
    again = [replace(one, weight=0.3, without=True, answerable=False) for one in made]
    other = replace(made[0], source="other")
    out = mixed([*made, *again, other], "made-up", {"yesno": 0.5, "amount": 0.5})
    whole = out[:40]
    assert sum(t.weight for t in whole) == pytest.approx(40) and out[-1].weight == 1.0
    shares = {kind: sum(t.weight for t in whole if t.kind == kind) for kind in ("yesno", "amount")}
    assert shares["yesno"] == pytest.approx(20) and shares["amount"] == pytest.approx(20)
    assert out[40].weight == pytest.approx(0.3 * out[0].weight)  # asked without its documents: as much less as before


def test_no_document_is_judged_by_what_it_taught() -> None:
    """Each document has a feature of its own that tells its right candidates, so that only a leak could know it."""
    own = [at for at in range(len(NAMES)) if at not in (TELLING, NOISE)]
    made = []
    for at in range(2 * FOLDS):
        secret = [trace([0.0, 1.0], 1, f"d{at}", own[at], seed) for seed in range(2)]
        for one in secret:
            one.rows[:, NOISE] = 0
        made += [*secret, trace([0.5], None, f"d{at}")]
    judged = cross_validated(made)
    assert all(j.trace is one for j, one in zip(judged, made, strict=True))
    assert not any(j.right for j in judged) and all(j.possible == j.trace.answerable for j in judged)


def test_a_broken_premise_is_never_sure() -> None:
    made = questions(48)
    for one in made[:12]:
        one.sound[:] = False
    judged = cross_validated(made)
    assert all(j.sure == 0.0 for j in judged[:12]) and all(0.0 < j.sure < 1.0 for j in judged[12:])
    sure = [np.mean([j.sure for j in judged[12:] if j.trace.answerable is answerable]) for answerable in (True, False)]
    assert sure[0] > sure[1] + 0.1


def test_what_is_told_is_how_often_it_is_right() -> None:
    """Right as often as the square root of what the model says: calibrated, both agree in every tenth. What is never given stays so."""
    random = np.random.default_rng(1)
    one = trace([0.1], 0)
    said = random.random(8000)
    judged = [Judged(p, bool(random.random() < p**0.5), True, one) for p in said.tolist()]
    again = replace(one, without=True)  # counts for nothing
    judged += [Judged(0.9, False, True, again)] * 4000 + [Judged(0.0, False, True, one)] * 50
    told = calibrated(judged, fit_calibration(judged))
    asked = [j for j in told if not j.trace.without and j.sure > 0]
    for tenth in range(10):
        own = [j for j in asked if int(10 * j.sure) == tenth]
        if len(own) > 100:
            assert abs(np.mean([j.sure for j in own]) - np.mean([j.right for j in own])) < 0.06
    assert [j.sure for j in told[-50:]] == [0.0] * 50


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from([1.0, 0.3])), min_size=1, max_size=40))
def test_the_table_of_thresholds_falls(rows: list[tuple[float, bool, float]]) -> None:
    one = trace([0.1], 0)
    judged = [
        Judged(sure, right, True, replace(one, weight=weight))
        for sure, right, weight in rows
    ]  # fmt: skip
    table = wrong_rates(judged)
    thresholds, rates = [t for t, _ in table], [r for _, r in table]
    assert thresholds == sorted(set(thresholds)) and set(thresholds) <= set(THRESHOLDS)
    assert rates == sorted(rates, reverse=True) and all(0.0 <= rate <= 1.0 for rate in rates)
    assert bool(table) == any(sure >= THRESHOLDS[0] for sure, _, _ in rows)
    if all(right for _, right, _ in rows):
        assert set(rates) <= {0.0}


def test_what_is_fitted_is_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, out = tmp_path / "traces.pickle", tmp_path / "scorer.json"
    misleading = trace([0.9, 0.1, 0.2], None, "m")  # looks like an answer, and is none
    kept.write_bytes(pickle.dumps([*questions(48), misleading]))
    assert main(["--keep", str(kept), "--out", str(out)]) == 0
    first = json.loads(out.read_text("utf-8"))["read"]
    order = json.loads(FILE.read_text("utf-8"))["order"]
    assert main(["--keep", str(kept), "--reader", "none", "--out", str(out)]) == 0
    assert json.loads(out.read_text("utf-8")) == {"read": first, "unread": first, "order": order}
    assert "made-up：32 题，17 题无答案；候选里有正确答案 1.000，排第一 1.000" in capsys.readouterr().out
    scorer = load_scorer(True, out)
    rows = np.zeros((2, len(NAMES)), dtype=np.float32)
    rows[1, TELLING] = 0.8
    low, high = scorer.rank.logits(rows)
    assert low < high and scorer.threshold_for(0.0) > scorer.threshold_for(0.3)
