"""Questions that ask for much the same, put together by meaning: the vectors of the builtin encoder, average linkage.

For people who look through what was not answered: a group is a hint what to write about, and nothing is answered by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from index.encoder import BUILTIN, Encoder, Vectors, load_encoder

MOST = 1000
"""Questions that are compared: the newest. The work grows with their square (1,000: half a second)."""
NEAR = 0.62
"""The mean cosine from which questions stand together."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question and how often it was asked."""

    id: str
    question: str
    times: int


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that stand together, the one nearest to all of them first."""

    members: tuple[Asking, ...]

    @property
    def times(self) -> int:
        """How often they were asked together."""
        return sum(member.times for member in self.members)


@cache
def builtin_encoder() -> Encoder:
    """The encoder that ships, whatever the service searches with: thresholds were measured with it."""
    return load_encoder(BUILTIN)


def vectors_of(questions: Sequence[str]) -> Vectors:
    """Unit vectors, one a question."""
    return builtin_encoder().encode_queries(questions)


def grouped(asked: Sequence[Asking], near: float = NEAR) -> list[Group]:
    """Every question in one group, alone where nothing is near; the most asked group first. The first MOST are looked at."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    asked = asked[:MOST]
    if len(asked) < 2:
        return [Group((one,)) for one in asked]
    vectors = vectors_of([one.question for one in asked])
    likeness = np.clip(vectors @ vectors.T, -1.0, 1.0)
    distances = 1.0 - likeness
    np.fill_diagonal(distances, 0.0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1.0 - near, "distance")
    groups = []
    for label in np.unique(labels):
        at = np.flatnonzero(labels == label)
        central = at[np.argsort(-likeness[np.ix_(at, at)].sum(1), kind="stable")]
        groups.append(Group(tuple(asked[i] for i in central)))
    return sorted(groups, key=lambda group: (-group.times, -len(group.members)))
