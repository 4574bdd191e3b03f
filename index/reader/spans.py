"""Logits of tokens -> spans: which first and last token belong together, and which tokens lie inside an answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONGEST = 160
"""Tokens of the longest span: about as many characters, which a step or a definition may take."""

GIVEN = 3
"""Spans given of a passage."""

_LOOKED_AT = 200  # best spans of a window among which those are sought that do not overlap

Logits = NDArray[np.floating]


def best_spans(
    starts: Logits, ends: Logits, null: float = -np.inf, longest: int = LONGEST, given: int = GIVEN
) -> list[tuple[int, int, float]]:
    """First and last token, and probability, of the best spans of a window that do not overlap, the likeliest first.

    `starts` and `ends` (n,) are the logits of the passage's tokens, `null` the score of "not here": what scores less is
    left out, though its share of the softmax is counted.
    """
    if not len(starts):
        return []
    scores = starts[:, None] + ends[None, :]
    grid = np.indices(scores.shape)
    firsts, lasts = grid[0], grid[1]
    valid = (firsts <= lasts) & (lasts - firsts < longest)
    rows, columns, values = firsts[valid], lasts[valid], scores[valid]
    top = max(null, float(values.max()))
    log_total = top + np.log(np.exp(null - top) + np.exp(values - top).sum())
    best = np.argpartition(-values, min(_LOOKED_AT, len(values) - 1))[:_LOOKED_AT]
    order = best[np.lexsort((best, -values[best]))]
    out: list[tuple[int, int, float]] = []
    for at in order[values[order] > null]:
        first, last = int(rows[at]), int(columns[at])
        if len(out) < given and all(last < a or first > b for a, b, _ in out):
            out.append((first, last, float(np.exp(values[at] - log_total))))
    return out


def runs(inside: Logits, least: float = 0.0) -> list[tuple[int, int, float]]:
    """First and last token of the stretches whose logits are above `least`, with their mean probability, in order."""
    held = np.concatenate(([False], inside > least, [False]))
    edges = np.flatnonzero(held[1:] != held[:-1])
    sure = 1 / (1 + np.exp(-inside))
    return [(int(a), int(b) - 1, float(sure[a:b].mean())) for a, b in edges.reshape(-1, 2)]
