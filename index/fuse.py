"""Two ranked lists -> one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


def fuse(rows: Rows, lexical: Scores, dense: Scores, dense_weight: float) -> tuple[Rows, Scores]:
    """Order candidates by the convex combination of their min-max normalised scores.

        f(d) = (1 - w) * norm(lexical)(d) + w * norm(dense)(d),   norm(s)(d) = (s(d) - min s) / (max s - min s)

    `rows` are the union of what both retrievers found, `lexical` and `dense` their scores, complete: one (n,) each.
    Min and max are taken over the candidates; where all are alike it is 1 for scores above 0, else 0. Returns rows and
    scores in 0..1, best first, equal scores by row. Raises ValueError for a weight outside 0..1 or unequal lengths.

    Source: Bruch, Gai, Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS 42(1)), where the
    convex combination of min-max normalised scores beats reciprocal rank fusion.
    """
    if not 0 <= dense_weight <= 1:
        raise ValueError(f"dense_weight must lie in 0..1, not {dense_weight}")
    if not len(rows) == len(lexical) == len(dense):
        raise ValueError("one score a row and retriever")
    combined = (1 - dense_weight) * _normalised(lexical) + dense_weight * _normalised(dense)
    fused = np.clip(combined, 0, 1).astype(np.float32)
    order = np.lexsort((rows, -fused))
    return rows[order], fused[order]


def _normalised(scores: Scores) -> NDArray[np.float64]:
    values = scores.astype(np.float64)
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else (values > 0).astype(np.float64)
