"""The paired bootstrap against cases whose answer is known."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from eval.significance import RESAMPLES, paired_bootstrap


def run(values: list[float]) -> dict[str, float]:
    return {f"q{i}": value for i, value in enumerate(values)}


def test_equal_runs_do_not_differ() -> None:
    same = paired_bootstrap(run([0.1, 0.7, 1.0] * 20), run([0.1, 0.7, 1.0] * 20))
    assert (same.mean, same.low, same.high, same.p, same.queries) == (0, 0, 0, 1, 60)
    assert not same.significant


def test_a_run_that_is_always_better_is_better() -> None:
    better = paired_bootstrap(run([0.5] * 50), run([0.4] * 50))
    assert better.mean == pytest.approx(0.1)
    assert (better.low, better.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert better.p == pytest.approx(2 / (RESAMPLES + 1))
    assert better.significant


def test_a_difference_of_one_query_in_many_is_luck() -> None:
    one = paired_bootstrap(run([1.0] + [0.0] * 99), run([0.0] * 100))
    assert one.mean == pytest.approx(0.01)
    assert one.low == 0
    assert one.p > 0.5


def test_order_of_the_runs_turns_the_sign_only() -> None:
    generator = np.random.default_rng(1)
    a, b = run(generator.random(80).tolist()), run(generator.random(80).tolist())
    there, back = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert there.mean == pytest.approx(-back.mean)
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))
    assert there.p == pytest.approx(back.p)


def test_the_same_seed_gives_the_same_answer_and_queries_may_come_in_any_order() -> None:
    generator = np.random.default_rng(2)
    a, b = run(generator.random(40).tolist()), run(generator.random(40).tolist())
    assert paired_bootstrap(a, b) == paired_bootstrap(dict(reversed(a.items())), b)
    assert paired_bootstrap(a, b, seed=1) != paired_bootstrap(a, b, seed=2)


def test_the_interval_is_that_of_scipy() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.random(200), generator.random(200) - 0.05
    ours = paired_bootstrap(run(a.tolist()), run(b.tolist()))
    theirs = bootstrap(
        (a - b,), np.mean, n_resamples=RESAMPLES, confidence_level=0.95, method="percentile", rng=generator
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.003)
    assert ours.high == pytest.approx(theirs.high, abs=0.003)


def test_p_is_even_where_nothing_differs() -> None:
    """Under the null hypothesis p falls below 0.05 in about one of 20 cases."""
    generator = np.random.default_rng(4)
    cases = [generator.normal(size=100) for _ in range(200)]
    low = sum(paired_bootstrap(run(c.tolist()), run([0.0] * 100), resamples=500).significant for c in cases)
    assert 2 <= low <= 22


def test_runs_over_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="same queries"):
        paired_bootstrap({"a": 1.0}, {"b": 1.0})
    assert paired_bootstrap({}, {}).p == 1
