"""What a reader is given and what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Readable:
    """A passage to be read: `text`, which answers are pieces of, and `context` (title, headings), which they are not."""

    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """[start, end) of a passage, in code points, and how likely it is the answer if the passage has one, 0..1.

    Of a passage the probabilities of all spans are 1 together, so that the sum of those given is at most 1.
    """

    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader tells of one passage. Probabilities are 0..1.

    `answers`: the passage answers the question. `yes_no`: the question wants a yes or no; `yes`: it is yes. `several`: the
    answer is several pieces that stand apart, which are `items`, in order. `relevance` is a logit: only its differences
    between passages of one question mean something; None where the reader compares no passages. `spans` are the likeliest, best first, none overlapping: the answer, or for
    yes and no the words that decide.
    """

    answers: float
    yes_no: float
    yes: float
    several: float
    relevance: float | None
    spans: tuple[ReadSpan, ...] = ()
    items: tuple[ReadSpan, ...] = ()


class JointReader(Protocol):
    """Reads a question with passages. Safe for several threads; `id` names the model."""

    @property
    def id(self) -> str: ...

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """A reading of each passage, in their order. Raises BadReader where the model cannot be loaded or run."""
        ...
