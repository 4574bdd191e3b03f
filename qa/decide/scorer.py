"""The learned scorer: which candidate is the best, and how likely it is right.

Two logistic models (scikit-learn fits them, `python -m eval.scorer`): one over the features of each candidate, whose logit ranks
them; one over those of the best with its rivals, which is the confidence, once it is calibrated. The shipped fit is `scorer.json`, one for answers where a
reader read and one for those without; each has a table of thresholds with the share of wrong answers above them, cross-validated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.decide.features import NAMES, RIVALRY, Pool, bare, features_of, rivalry_of
from qa.errors import BadScorer
from qa.linear import Linear
from qa.order import FIGURES
from qa.ranking import PassageWeights
from qa.read import Candidate

FILE = Path(__file__).parent / "scorer.json"
READ, UNREAD, ORDER = "read", "unread", "order"

_TINY = 1e-6

MAX_WRONG_RATE = 0.227
"""The share of the answers given that may be wrong, where the operator sets none."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its features and its `score`, a logit: its differences within a question tell which is better."""

    candidate: Candidate
    score: float
    features: NDArray[np.float32]


def ends_of(p: float) -> tuple[float, float]:
    """What a share is calibrated by: ln p, which tells shares near 0 apart, and -ln(1 - p), those near 1."""
    p = min(1 - _TINY, max(_TINY, p))
    return math.log(p), -math.log(1 - p)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Beta calibration (Kull et al. 2017): what a share is taken for, `low` and `high` tell how steeply at its ends. Never falls."""

    low: float = 1.0
    high: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        if self.low < 0 or self.high < 0 or not all(map(math.isfinite, (self.low, self.high, self.bias))):
            raise ValueError("a calibration that falls, or is no number")

    def of(self, p: float) -> float:
        """The calibrated share, 0..1."""
        low, high = ends_of(p)
        logit = self.low * low + self.high * high + self.bias
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Scorer:
    """A fit. `order` is that of passages before they are read, `passages` that of those that were; `wrong_rates` are thresholds of the confidence with the share of wrong answers above each."""

    rank: Linear
    sure: Linear
    order: Linear
    passages: PassageWeights
    calibration: Calibration
    wrong_rates: tuple[tuple[float, float], ...]

    def ranked(self, pool: Pool) -> list[Scored]:
        """The candidates of a pool, best first; equal ones as they were."""
        if not pool.candidates:
            return []
        rows = features_of(pool)
        logits = self.rank.logits(rows)
        order = np.argsort(-logits, kind="stable")
        return [Scored(pool.candidates[at], float(logits[at]), rows[at]) for at in order]

    def confidence(self, ranked: Sequence[Scored]) -> float:
        """How likely the first of `ranked` is right, 0..1."""
        rows = np.stack([s.features for s in ranked])
        logits = np.array([s.score for s in ranked], dtype=np.float32)
        texts = [bare(s.candidate.text) for s in ranked]
        documents = [s.candidate.sentence.source.document.id for s in ranked]
        sure = np.concatenate([rows[0], rivalry_of(rows, logits, texts, documents)])
        return self.calibration.of(float(1 / (1 + np.exp(-np.clip(self.sure.logits(sure[None])[0], -30, 30)))))

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


@cache
def load_scorer(read: bool, path: Path = FILE) -> Scorer:
    """The shipped fit for answers with or without a reader. Raises BadScorer where the file does not fit the features."""
    try:
        fits = json.loads(path.read_text("utf-8"))
        told = fits[READ if read else UNREAD]
        rates = tuple((float(a), float(b)) for a, b in told["wrong_rates"])
        if not rates:
            raise ValueError("no thresholds")
        passages = PassageWeights(**{name: float(value) for name, value in told["passages"].items()})
        order = Linear.of(fits[ORDER], FIGURES)
        low, high, bias = (float(told["calibration"][name]) for name in ("low", "high", "bias"))
        rank, sure = Linear.of(told["rank"], NAMES), Linear.of(told["sure"], (*NAMES, *RIVALRY))
        return Scorer(rank, sure, order, passages, Calibration(low, high, bias), rates)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadScorer(f"答案评分模型损坏：{path.name}", "请重新安装，或重新生成该文件") from error
