"""One question with what is worked out of it once and needed by every step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qa.evidence import Terms
from qa.read import Context
from qa.types import Question
from qa.understand import Understanding

VAGUE = 12.0
"""Summed idf of the content of a question: about two words that many passages have."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question as understood. `meant` are the documents that it means by name or place; `unknown_words` is the share of its
    weight in words that no passage at all holds, 0..1."""

    question: Question
    asked: Understanding
    context: Context
    meant: frozenset[str]
    unknown_words: float

    @property
    def terms(self) -> Terms:
        return self.context.terms

    @property
    def is_vague(self) -> bool:
        """Whether it says too little to tell what it is about (有什么补贴, 我能申请吗) and means no document."""
        return self.terms.total < VAGUE and not self.meant

    @property
    def is_placeless(self) -> bool:
        """Whether it names neither a place nor a document."""
        return not self.asked.places and not self.meant

    @property
    def as_of(self) -> date:
        return self.question.as_of
