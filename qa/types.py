"""The values of the answering path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from corpus.types import Clause, Document, Span
from index.types import Filters, Hit

Reason = Literal["no_evidence", "low_confidence", "out_of_scope", "not_in_force", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a user asked, and as of which day it is to be answered.

    A follow-up leans on the turns before in its `session`; where `earlier` holds what the same user asked before (oldest
    first), it leans on that alone, and nothing is remembered.
    """

    text: str
    as_of: date
    filters: Filters = Filters()
    session: str | None = None
    top_k: int = 5
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of a document that carry an answer.

    Raises ValueError where `quote` is not, character for character, the document's text at `span`.
    """

    document: Document
    clause: Clause
    span: Span
    quote: str

    def __post_init__(self) -> None:
        if self.quote != self.document.quote(self.span) or not self.quote:
            raise ValueError("a citation must quote its document word for word")


@dataclass(frozen=True, slots=True)
class Warning:
    """Something the reader of an answer must know. `code` is stable, `message` Chinese."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A short answer and the words that carry it. `confidence` is a probability in 0..1."""

    text: str
    citations: tuple[Citation, ...]
    confidence: float
    hits: tuple[Hit, ...]
    warnings: tuple[Warning, ...] = ()
    rewritten: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text or not self.citations:
            raise ValueError("an answer has a text and at least one citation")


@dataclass(frozen=True, slots=True)
class Refusal:
    """No answer, why, and the nearest passages all the same."""

    reason: Reason
    message: str
    confidence: float
    hits: tuple[Hit, ...]
    rewritten: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


Outcome = Answer | Refusal

Step = Literal["understand", "retrieve", "rerank", "read", "decide"]
"""The steps to an answer, in their order. A refusal may come after any of them."""

OnStep = Callable[[Step], None]
"""Is told each step as it begins, in the thread that answers."""
