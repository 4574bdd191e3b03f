"""The values of the answering path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from corpus.types import Clause, Document, Span
from index.types import Filters, Hit

Reason = Literal["no_evidence", "low_confidence", "out_of_scope", "not_in_force", "ambiguous", "small_talk"]
"""Why there is no answer. `small_talk`: nothing was asked; the message is the reply to thanks or a greeting."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a user asked, and as of which day it is to be answered.

    A follow-up leans on the turns before in its `session`; where `earlier` holds what the same user asked before (oldest
    first), it leans on that alone, and nothing is remembered. `standalone` asks the text as it stands: it leans on nothing.
    """

    text: str
    as_of: date
    filters: Filters = Filters()
    session: str | None = None
    top_k: int = 5
    earlier: tuple[str, ...] = ()
    standalone: bool = False


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
class Row:
    """One line of an answer that is a list: what it is about, the words that say it, and what stands in its other columns.

    `value` is an amount, a department or a status; `group` names the kind of the row (改动, 新增, 删去); `other` is what the
    other one of two documents says to the same point, where two are compared.
    """

    title: str
    citation: Citation
    value: str = ""
    group: str = ""
    other: Citation | None = None


CardName = Literal["who", "conditions", "steps", "materials", "time_limit", "place", "telephone", "online"]


@dataclass(frozen=True, slots=True)
class CardField:
    """One heading of a handling card with the words of the document that stand under it, in its order.

    Raises ValueError where there are none: empty fields are left out.
    """

    name: CardName
    citations: tuple[Citation, ...]

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError("a field of a card has at least one citation")


@dataclass(frozen=True, slots=True)
class Card:
    """How something is handled, as one document says it: fields in the order of `CardName`, each at most once."""

    document: Document
    fields: tuple[CardField, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A short answer and the words that carry it. `confidence` is a probability in 0..1.

    `rows` are there where the answer is a list; the citations are then theirs. `card` is there where the question asks how
    something is handled.
    """

    text: str
    citations: tuple[Citation, ...]
    confidence: float
    hits: tuple[Hit, ...]
    warnings: tuple[Warning, ...] = ()
    rewritten: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    card: Card | None = None

    def __post_init__(self) -> None:
        if not self.text or not self.citations:
            raise ValueError("an answer has a text and at least one citation")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a question may have meant: what it is called, and the question that says so."""

    label: str
    question: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No answer, why, and the nearest passages all the same. `choices` are there where the question is asked back. `card` is there where the question asks how something is handled, no
    sentence is a sure answer, and one document is about it: its words, to be read, not an answer that is stood for."""

    reason: Reason
    message: str
    confidence: float
    hits: tuple[Hit, ...]
    rewritten: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    card: Card | None = None
    choices: tuple[Choice, ...] = ()


Outcome = Answer | Refusal

Step = Literal["understand", "retrieve", "rerank", "read", "decide"]
"""The steps to an answer, in their order. A refusal may come after any of them."""

OnStep = Callable[[Step], None]
"""Is told each step as it begins, in the thread that answers."""
