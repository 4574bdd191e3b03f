"""A neural reader of spans: the protocol, and the choice of one by its name in the settings.

The rules of qa/read/ read what has a form (amounts, dates, departments, lists …). What has none, a reason or an effect, is a
stretch of words that a question-answering model may find better. None is shipped; the operator may name one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

NONE = "none"


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """[start, end) of a passage, in code points, and how likely it is the answer if the passage has one, 0..1.

    Of a passage the probabilities of all spans and of "not here" are 1 together, so that the sum of those given is at
    most 1 where they were read in one window.
    """

    start: int
    end: int
    probability: float


class Reader(Protocol):
    """Finds the words of passages that answer a question. Safe for several threads; `id` names the model."""

    @property
    def id(self) -> str: ...

    def spans(self, question: str, passages: Sequence[str]) -> list[list[ReadSpan]]:
        """For each passage its best spans, the likeliest first and none overlapping; none where the passage rather does
        not answer. Raises BadReader."""
        ...


def load_reader(name: str = "") -> Reader | None:
    """The reader called `name`, a model folder or a Hugging Face model; None for "" and "none". Nothing is loaded yet."""
    name = name.strip()
    if not name or name.lower() == NONE:
        return None
    from qa.reader_transformers import TransformersReader

    return TransformersReader(name)
