"""Whether one run is better than another, or only luckier: the paired bootstrap over queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 20
LEVEL = 0.95
_AT_A_TIME = 1000  # resamples drawn together: bounds the memory, not the result


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of one run less that of another over the same queries, with an interval and a p-value.

    `low` and `high` are the ends of the 95 % interval (percentiles of the resampled means). `p` is two-sided: twice the
    share of resamples on the other side of 0 (or at 0), one resample counted on top so that it is never 0, at most 1.
    """

    mean: float
    low: float
    high: float
    p: float
    queries: int

    @property
    def significant(self) -> bool:
        """Whether p is below 1 - LEVEL."""
        return self.p < 1 - LEVEL


def paired_bootstrap(
    ours: Mapping[str, float], theirs: Mapping[str, float], resamples: int = RESAMPLES, seed: int = SEED
) -> Difference:
    """The difference `ours - theirs` of a metric given by query. The same seed gives the same answer.

    Queries are drawn with replacement, the two runs' values together.
    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", 13.3 (percentile interval); Sakai 2006,
    "Evaluating Evaluation Metrics based on the Bootstrap". Raises ValueError where the runs do not have the same queries.
    """
    if ours.keys() != theirs.keys():
        raise ValueError("the two runs were not judged on the same queries")
    differences = np.array([ours[query] - theirs[query] for query in sorted(ours)], dtype=np.float64)
    if not len(differences):
        return Difference(0.0, 0.0, 0.0, 1.0, 0)
    means = _resampled_means(differences, resamples, seed)
    low, high = np.percentile(means, [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
    # A mean of differences that cancel exactly may come out as 1e-18: that is 0.
    below, above = np.count_nonzero(means <= 1e-12), np.count_nonzero(means >= -1e-12)
    p = min(1.0, 2 * (min(int(below), int(above)) + 1) / (resamples + 1))
    return Difference(float(differences.mean()), float(low), float(high), p, len(differences))


def _resampled_means(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    means = np.empty(resamples, dtype=np.float64)
    for start in range(0, resamples, _AT_A_TIME):
        drawn = generator.integers(0, len(values), (min(_AT_A_TIME, resamples - start), len(values)))
        means[start : start + len(drawn)] = values[drawn].mean(axis=1)
    return means
