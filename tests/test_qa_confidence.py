"""A probability that rises with the evidence."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import MAX_WRONG_RATE, MIN_COVER, Features, probability, threshold_for

NAMES = [field.name for field in fields(Features) if field.name != "read"]
SHARES = st.floats(0, 1)
FEATURES = st.builds(Features, **dict.fromkeys(NAMES, SHARES), read=st.booleans())


@given(FEATURES)
def test_a_probability(features: Features) -> None:
    assert 0.0 < probability(features) < 1.0


@pytest.mark.parametrize(
    "name", ["cover", "own_cover", "residual", "similarity", "fit", "found", "first", "margin", "known"]
)
@given(features=FEATURES, more=SHARES)
def test_more_evidence_is_never_less_sure(name: str, features: Features, more: float) -> None:
    low, high = sorted((more, getattr(features, name)))
    assert probability(replace(features, **{name: low})) <= probability(replace(features, **{name: high}))


@pytest.mark.parametrize("read", [False, True])
def test_the_ends(read: bool) -> None:
    nothing, everything = (Features(**dict.fromkeys(NAMES, value), read=read) for value in (0.0, 1.0))
    assert probability(nothing) < 0.1 < threshold_for(MAX_WRONG_RATE, read) < 0.95 < probability(everything)
    assert 0 < MIN_COVER < 0.5


@pytest.mark.parametrize("read", [False, True])
@given(SHARES, SHARES)
def test_fewer_wrong_answers_need_more_confidence(read: bool, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 < threshold_for(high, read) <= threshold_for(low, read) <= 1


@pytest.mark.parametrize("read", [False, True])
def test_rates(read: bool) -> None:
    assert threshold_for(0, read) == 1
    assert threshold_for(1, read) <= 0.3
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="0..1"):
            threshold_for(wrong, read)
