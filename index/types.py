"""The values of retrieval: what is searched, what is found, and what narrows a search."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from corpus.types import Document, Span


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: the text of a clause and the context that it is searched with.

    `text` is what may be quoted: for a policy document exactly `Document.text[start:end]`. `context` (document title,
    headings above) is searched but never quoted. `clause_id` is the clause whose span is `[start, end)` or, where small
    siblings were taken together, the first of them.
    """

    id: str
    text: str
    context: str = ""
    document_id: str = ""
    clause_id: str = ""
    start: int = 0
    end: int = 0

    @property
    def span(self) -> Span:
        """Where `text` stands in its document."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `rank` is 1-based; `score` falls with rank and lies in 0..1; `ranks` gives the 1-based rank and
    `scores` the raw score per retriever ("lexical", "dense") that found it."""

    passage: Passage
    rank: int
    score: float
    ranks: dict[str, int] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is limited to. None means no limit."""

    document_ids: frozenset[str] | None = None
    issuer: str | None = None
    region: str | None = None
    kind: str | None = None
    in_force_on: date | None = None

    def admit(self, document: Document) -> bool:
        """Whether what the document says may be found."""
        return (
            (self.document_ids is None or document.id in self.document_ids)
            and (self.issuer is None or self.issuer in (document.issuer or ""))
            and (self.region is None or self.region in (document.region or ""))
            and (self.kind is None or self.kind == document.kind)
            and (self.in_force_on is None or document.status_on(self.in_force_on) in ("in_force", "unknown"))
        )
