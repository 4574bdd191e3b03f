"""What every reader gives: a short answer and the words of the document that carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from corpus.types import Span
from qa.evidence import Sentence, Terms
from qa.question.answer_type import AnswerType
from qa.understand import Understanding

IN_WORDS: tuple[AnswerType, ...] = ("span", "list", "definition", "person", "condition", "procedure")
"""Types of answer that are said in words."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A short answer found in a sentence. `spans` are the stretches of the document that carry it (the first is quoted
    first); `fit` in 0..1 says how well its surroundings match the question; `found` is False where no value of the kind
    asked for was there and the sentence itself had to do; `told_by` says who found it (`table`: it is
    said of several rows of a table together),
    `kind` what type of answer it is; `instead_of` are the other values of a list (对A、B、C分别给予X、Y、Z) of which this one
    is its share who is asked for: they are not the answer."""

    text: str
    sentence: Sentence
    spans: tuple[Span, ...]
    fit: float
    found: bool = True
    told_by: Literal["rules", "reader", "table"] = "rules"
    kind: AnswerType = "span"
    instead_of: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader may look at besides the sentence: the question, its terms and how text becomes tokens."""

    question: Understanding
    terms: Terms
    tokens: Callable[[str], list[str]]

    def cover(self, text: str) -> float:
        """The share of the question's content that a text holds."""
        return self.terms.cover(self.tokens(text))


_LONGEST_CITED = 800
"""Characters of another clause at most that are quoted with a sentence."""


def cited_besides(sentence: Sentence) -> tuple[Span, ...]:
    """What another clause adds to a sentence that refers to it, and is cited with it."""
    return tuple(span for span in sentence.via if len(span) <= _LONGEST_CITED)
