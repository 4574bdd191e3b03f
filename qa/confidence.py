"""How likely an answer is right: a logistic model over a few features of the evidence, and when to refuse.

There are two, one for answers of the rules alone and one for answers where a reader (index/reader) read the passages. The weights
were fitted by `python -m eval.calibrate` on development questions (see there); they are few and plain, so that they carry over
to other documents. Premises are checked apart (qa/premise.py).
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

MAX_WRONG_RATE = 0.09
"""The share of the answers given that may be wrong, where the operator sets none."""

MIN_COVER = 0.12
"""A sentence that (with its passage and headings) holds less of the question than this is no evidence at all."""


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
    answers: float = 0.0  # that the passage answers, as the reader has it
    agrees: float = 0.0  # how much of its probability the reader gives to this answer, if the passage has one
    read: bool = False  # whether there was a reader


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fit: the weights of the features (the first so many) and the bias, and thresholds with the share of wrong answers
    among those above, cross-validated on questions of which about a sixth have no answer (`python -m eval.calibrate`)."""

    weights: tuple[float, ...]
    bias: float
    wrong_rates: tuple[tuple[float, float], ...]

    def probability(self, features: Features) -> float:
        """The probability in 0..1 that an answer with these features is right."""
        z = self.bias + sum(w * x for w, x in zip(self.weights, astuple(features), strict=False))
        return 1.0 / (1.0 + math.exp(-z))

    def threshold_for(self, max_wrong_rate: float) -> float:
        """The least confidence with which answers are wrong no more often than `max_wrong_rate` (0..1).

        Between measured thresholds it is interpolated; a rate below all measured gives 1: nothing is sure enough. Raises
        ValueError outside 0..1.
        """
        if not 0 <= max_wrong_rate <= 1:
            raise ValueError(f"a share of wrong answers lies in 0..1, not {max_wrong_rate}")
        last = self.wrong_rates[0]
        for point in self.wrong_rates:
            if point[1] <= max_wrong_rate:
                if point == last:
                    return point[0]
                share = (last[1] - max_wrong_rate) / (last[1] - point[1])
                return last[0] + min(1.0, share) * (point[0] - last[0])
            last = point
        return 1.0


RULES = Calibration(
    weights=(1.52, 1.04, 0.69, 0.99, 1.23, 1.49, 0.33, 2.1, 1.3, 0.36),
    bias=-4.98,
    wrong_rates=(
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
    ),
)
"""Of the rules alone."""

READ = RULES
"""With a reader."""


def calibration(read: bool) -> Calibration:
    """The fit for answers with or without a reader."""
    return READ if read else RULES


def probability(features: Features) -> float:
    """The probability in 0..1 that an answer with these features is right."""
    return calibration(features.read).probability(features)


def threshold_for(max_wrong_rate: float, read: bool = False) -> float:
    """The least confidence with which answers, with or without a reader, are wrong no more often than `max_wrong_rate`."""
    return calibration(read).threshold_for(max_wrong_rate)
