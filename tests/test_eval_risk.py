"""The risk-coverage curve and the calibration error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.risk import Trial, best_within, calibration_error, curve, risk_figures

SURE, HALF, WRONG, REFUSED = (
    Trial(0.9, True, True),
    Trial(0.5, True, True),
    Trial(0.4, False, False),
    Trial(None, False, True),
)


def test_points() -> None:
    points = curve([WRONG, SURE, REFUSED, HALF])
    assert [p.threshold for p in points] == [0.9, 0.5, 0.4]
    assert [p.coverage for p in points] == [0.25, 0.5, 0.75]
    assert [p.wrong_rate for p in points] == pytest.approx([0, 0, 1 / 3])
    assert [p.kept for p in points] == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_answers_of_one_confidence_are_given_together() -> None:
    assert [p.coverage for p in curve([Trial(0.5, True, True), Trial(0.5, False, True)])] == [1.0]


def test_widest_coverage_within_a_rate() -> None:
    points = curve([WRONG, SURE, HALF])
    found = best_within(points, 0.1)
    assert found is not None and found.threshold == 0.5
    assert best_within(curve([WRONG]), 0.5) is None


def test_figures() -> None:
    figures = risk_figures([SURE, HALF, WRONG, REFUSED])
    assert figures["coverage@0.02"] == 0.5
    assert figures["ece"] == pytest.approx((0.1 + 0.5 + 0.4) / 3)
    assert curve([]) == [] and calibration_error([]) == 0


TRIALS = st.lists(st.builds(Trial, st.none() | st.floats(0, 1), st.booleans(), st.booleans()), max_size=40)


@given(TRIALS)
def test_a_lower_threshold_answers_more(found: list[Trial]) -> None:
    points = curve(found)
    assert [p.coverage for p in points] == sorted({p.coverage for p in points})
    assert all(0 <= p.wrong_rate <= 1 and 0 < p.coverage <= 1 for p in points)
    assert 0 <= calibration_error(found) <= 1
