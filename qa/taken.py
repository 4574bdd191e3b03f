"""A turn of a conversation taken in one way, with what is said to it then: of several ways the surest answer tells what was meant."""

from __future__ import annotations

import math
from dataclasses import dataclass

from index.types import Passage
from qa.turns.read import Way
from qa.types import Outcome, Refusal

PRIOR = 0.3
"""The power of how likely a way to take a turn is, beside the confidence of its answer. Chosen with conversations/dev as a whole."""


def reach(way: Way) -> float:
    """What the surest answer would be worth where a turn is taken in this way."""
    return math.pow(way.probability, PRIOR)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is said where a turn is taken in one way; `leaned` is the passage that it leans on."""

    said: Outcome
    way: Way
    leaned: Passage | None = None
    is_remembered: bool = False

    @property
    def whole(self) -> str | None:
        """The turn made whole, None where it stands by itself."""
        return self.way.follow_up.whole if self.way.follow_up else None

    @property
    def worth(self) -> float:
        """How sure the answer is, and how likely what it answers was meant."""
        return self.said.confidence * reach(self.way)

    @property
    def is_out_of_scope(self) -> bool:
        return isinstance(self.said, Refusal) and self.said.reason == "out_of_scope"
