"""The values that corpus/ hands to every other folder. Frozen: nothing downstream may change what a document says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Kind = Literal["policy", "regulation", "plan", "notice", "interpretation", "amendment", "minutes", "news", "list"]
Status = Literal["in_force", "not_yet", "expired", "repealed", "unknown"]
LinkKind = Literal["interprets", "amends", "repeals", "cites"]
Role = Literal["lead", "assist", "responsible"]


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range [start, end) of Unicode code points of `Document.text`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Validity:
    """When a document has force. A missing date means that the text does not say."""

    effective_from: date | None = None
    effective_until: date | None = None
    repealed_by: str | None = None  # title of the document that repeals this one, where it is in the store
    void: Literal["expired", "repealed"] | None = None  # what the page that it was read from says of it, with no date

    def status_on(self, day: date) -> Status:
        if self.repealed_by is not None:
            return "repealed"
        if self.void is not None:
            return self.void
        if self.effective_until is not None and day > self.effective_until:
            return "expired"
        if self.effective_from is not None and day < self.effective_from:
            return "not_yet"
        if self.effective_from is None and self.effective_until is None:
            return "unknown"
        return "in_force"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document stands: a file and its 1-based, inclusive line range (pages where the format has them)."""

    file: str
    sha256: str
    line_start: int
    line_end: int
    page_start: int | None = None
    page_end: int | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The canonical text from `offset` on (up to the next anchor) was read from this 1-based line of the source.

    `confidence` is how sure that is where the line was recognised in a picture, 0..1, None where it is text.
    """

    offset: int
    line: int
    page: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A relation that the text of a document states to another, named by title (without 《》)."""

    kind: LinkKind
    title: str
    target: str | None = None  # document id, where the target is in the store
    number: str | None = None  # 文号, where the text gives it beside the title


@dataclass(frozen=True, slots=True)
class Reference:
    """Words of a clause that name another clause: 本办法第八条, 《…》第十二条, 前款.

    `span` is in the text of the document that refers. `address` is that of the clause meant, or as the words name it
    where that clause is not known.
    """

    span: Span
    title: str | None  # of the document named, None for the document that refers
    address: str
    document: str | None = None  # id of the document named, where it is in the store
    clause: str | None = None  # id of the clause meant, where it was found
    bare: bool = False  # the title stood without 《》, so words before it may have been taken along


@dataclass(frozen=True, slots=True)
class Document:
    """One policy document: canonical text and what it says of itself.

    `id` is derived from `text` alone, so the same text read from two files is one document with two sources.
    """

    id: str
    text: str
    title: str
    title_inferred: bool = False
    number: str | None = None  # 文号
    issuer: str | None = None
    issued_on: date | None = None
    validity: Validity = Validity()
    kind: Kind = "policy"
    region: str | None = None
    sources: tuple[Source, ...] = ()
    links: tuple[Link, ...] = ()
    anchors: tuple[Anchor, ...] = field(default=(), repr=False)

    def status_on(self, day: date) -> Status:
        return self.validity.status_on(day)

    def quote(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def lines_of(self, span: Span) -> tuple[int, int, int | None]:
        """First line, last line and page of the first source that `span` was read from."""
        before = [a for a in self.anchors if a.offset <= span.start]
        inside = [a for a in self.anchors if span.start < a.offset < span.end]
        first = before[-1] if before else (inside[0] if inside else Anchor(0, 1))
        end = first.line
        for anchor in inside:
            if anchor.line < end:  # the numbers begin again: what follows stands on another sheet
                break
            end = anchor.line
        return first.line, end, first.page

    def confidence_of(self, span: Span) -> float | None:
        """How sure the least sure line under `span` is that was recognised in a picture; None where all is text."""
        before = [a for a in self.anchors if a.offset <= span.start]
        inside = [a for a in self.anchors if span.start < a.offset < span.end]
        return min((a.confidence for a in [*before[-1:], *inside] if a.confidence is not None), default=None)


@dataclass(frozen=True, slots=True)
class Responsible:
    """A department that is responsible for a clause. `span` is where the document names it; `inherited` says that it does
    so outside of the clause, for a section or for all clauses that follow."""

    name: str
    role: Role
    inherited: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Clause:
    """A node of a document's clause tree.

    `span` covers the clause with all its children; children are inside their parent, siblings are ordered and disjoint,
    and what no child covers is the clause's own text. `address` is what a clerk would write (第二十条第二款第（一）项)
    and is unique in the document; `path` is the labels and headings from the root down.
    """

    id: str
    document_id: str
    address: str
    path: tuple[str, ...]
    label: str  # 第二十条, （一）, 1．, or "" for text without a number of its own
    heading: str  # the clause's own heading, "" where it has none
    span: Span
    parent: str | None
    ordinal: int  # position in document order, 0-based
    responsible: tuple[Responsible, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def departments(self) -> tuple[str, ...]:
        """The names of those responsible, each once, those that the clause names itself first."""
        return tuple(dict.fromkeys(r.name for r in self.responsible))
