"""How likely an answer is right: a logistic model over a few features of the evidence, and when to refuse.

The weights were fitted by `python -m eval.calibrate` on development questions (see there); they are few and plain, so that
they carry over to other documents. Premises are checked apart (qa/premise.py).
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

THRESHOLD = 0.35
"""An answer less likely than this to be right is refused."""

MIN_COVER = 0.2
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


_WEIGHTS = (2.3, 0.9, 0.7, 2.0, 0.8, 2.0, 0.2, 1.8, 2.6, 0.5)
_BIAS = -7.35


def probability(features: Features) -> float:
    """The probability in 0..1 that an answer with these features is right."""
    z = _BIAS + sum(w * x for w, x in zip(_WEIGHTS, astuple(features), strict=True))
    return 1.0 / (1.0 + math.exp(-z))
