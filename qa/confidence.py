"""How likely an answer is right: a logistic model over a few features of the evidence, and when to refuse.

The weights were fitted by `python -m eval.calibrate` on development questions (see there); they are few and plain, so that
they carry over to other documents. Premises are checked apart (qa/premise.py).
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

MAX_WRONG_RATE = 0.09
"""The share of the answers given that may be wrong, where the operator sets none."""

_WRONG_RATES = (
    (0.20, 0.136),
    (0.25, 0.126),
    (0.30, 0.114),
    (0.35, 0.097),
    (0.40, 0.090),
    (0.50, 0.077),
    (0.55, 0.068),
    (0.60, 0.062),
    (0.65, 0.058),
    (0.70, 0.043),
    (0.75, 0.030),
    (0.85, 0.028),
    (0.90, 0.019),
    (0.95, 0.010),
)
"""Thresholds, and the share of wrong answers among those above: cross-validated on questions of which 16 % have no answer
(`python -m eval.calibrate`)."""

MIN_COVER = 0.12
"""A sentence that (with its passage and headings) holds less of the question than this is no evidence at all."""


def threshold_for(max_wrong_rate: float) -> float:
    """The least confidence with which answers are wrong no more often than `max_wrong_rate` (0..1).

    Between measured thresholds it is interpolated; a rate below all measured gives 1: nothing is sure enough. Raises
    ValueError outside 0..1.
    """
    if not 0 <= max_wrong_rate <= 1:
        raise ValueError(f"a share of wrong answers lies in 0..1, not {max_wrong_rate}")
    last = _WRONG_RATES[0]
    for point in _WRONG_RATES:
        if point[1] <= max_wrong_rate:
            if point == last:
                return point[0]
            share = (last[1] - max_wrong_rate) / (last[1] - point[1])
            return last[0] + min(1.0, share) * (point[0] - last[0])
        last = point
    return 1.0


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence is computed from; every figure in 0..1."""

    cover: float  # share of the question held by the sentence, its clause, passage and headings
    own_cover: float  # by the sentence alone
    residual: float  # by the sentence, of what the headings do not hold
    similarity: float  # cosine of the question and the sentence
    fit: float  # of the candidate's surroundings
    found: float  # 1 where a value of the kind asked for was found
    first: float  # 1 where it stands in the first passage
    margin: float  # to the best different answer
    known: float  # share of the question held by the passage and its headings
    content: float  # how much the question says at all


THRESHOLD = threshold_for(MAX_WRONG_RATE)
"""An answer less likely than this to be right is refused, where the operator sets no rate."""

_WEIGHTS = (1.52, 1.04, 0.69, 0.99, 1.23, 1.49, 0.33, 2.1, 1.3, 0.36)
_BIAS = -4.98


def probability(features: Features) -> float:
    """The probability in 0..1 that an answer with these features is right."""
    z = _BIAS + sum(w * x for w, x in zip(_WEIGHTS, astuple(features), strict=True))
    return 1.0 / (1.0 + math.exp(-z))
