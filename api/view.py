"""What is asked of the engine: a version of the documents that answers, and the service that holds the one of now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from corpus.types import Clause, Document, Link
from index.types import Hit
from qa.catalogue.policies import PolicyPage, Wanted
from qa.types import Outcome, Question

OnStep = Callable[[str], None]
"""Told the name of each step of an answer as it begins: understand, retrieve, rerank, read, decide."""


Answers = Callable[["View", Question, Outcome], Outcome]
"""Looks at a question and the engine's outcome, and gives that or another."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a service answers from."""

    documents: int
    clauses: int
    passages: int


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of the documents answers: its index by name, when that was built, and since when it is served here."""

    index: str
    built_at: datetime
    since: datetime


class View(Protocol):
    """One version of the documents with the engine over it: all of one request is answered from one view.

    Methods are called from several threads at once. `document`, `clause` and `clauses` raise corpus.errors.NotFound for an
    id that is not in the store; `documents` raises a PolicyError for a cursor that it did not give out itself.
    """

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome: ...

    def search(self, question: Question) -> list[Hit]: ...

    def documents(self, limit: int, cursor: str | None) -> tuple[list[Document], str | None]: ...

    def document(self, id: str) -> Document: ...

    def clauses(self, document_id: str) -> list[Clause]: ...

    def clause(self, id: str) -> tuple[Document, Clause]: ...

    def titled(self, title: str) -> list[Document]:
        """The documents of this title, the last ingested first."""

    def linked_from(self, document_id: str) -> list[Link]:
        """What other documents say of this one: `title` and `target` are theirs."""

    def referring(self, clause_id: str) -> list[Clause]:
        """The clauses whose words name this one."""

    def has_file(self, name: str) -> bool:
        """Whether a file of this name was read."""

    def policies(self, wanted: Wanted) -> PolicyPage:
        """The documents that pass filters. Raises NotFound for a cursor that no page had."""

    def counts(self) -> Counts: ...

    def version(self) -> Version: ...


class Service(Protocol):
    """What the HTTP layer needs of the engine: the view of now, which another may replace at any time."""

    def ready(self) -> bool: ...

    def current(self) -> View: ...
