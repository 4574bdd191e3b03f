"""What the HTTP layer and the command line need of an engine, and the bodies that they both give."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api import schemas
from corpus.errors import NotFound
from corpus.types import Clause, Document, Link
from index.types import Hit
from qa.types import Outcome, Question

log = logging.getLogger("tiaowen.api")


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

    def counts(self) -> Counts: ...

    def version(self) -> Version: ...


class Service(Protocol):
    """What the HTTP layer needs of the engine: the view of now, which another may replace at any time."""

    def ready(self) -> bool: ...

    def current(self) -> View: ...


def ask_with(
    view: View, question: Question, text: str, on_step: OnStep | None = None, faq: Answers | None = None
) -> tuple[schemas.AskResponse, Outcome]:
    """The body of POST /v1/ask for a question given as `text`, and the outcome behind it. `faq` may put an answer of its
    own in the place of the engine's."""
    started = time.perf_counter()
    found = view.answer(question, on_step)
    outcome = faq(view, question, found) if faq else found
    passages = _passages(view, outcome.hits)
    timings = _timings(outcome.timings_ms, time.perf_counter() - started)
    answered_by: schemas.AnsweredBy = "documents" if outcome is found else "faq"
    id = uuid.uuid4().hex
    return schemas.ask_response(id, text, outcome, passages, question.as_of, timings, answered_by), outcome


def search_with(view: View, question: Question, text: str) -> schemas.SearchResponse:
    """The body of POST /v1/search for a question given as `text`."""
    started = time.perf_counter()
    passages = _passages(view, view.search(question))
    timings = _timings({}, time.perf_counter() - started)
    return schemas.SearchResponse(question=text, passages=passages, timings_ms=timings)


def _passages(view: View, hits: Iterable[Hit]) -> list[schemas.PassageOut]:
    """The hits with title and address. One whose clause has just been taken out of the store is left out."""
    found = []
    for hit in hits:
        try:
            document, clause = view.clause(hit.passage.clause_id)
        except NotFound:
            log.warning("passage %s names a clause that is not in the store", hit.passage.id)
            continue
        found.append(schemas.passage_out(hit, document, clause))
    return found


def _timings(parts: Mapping[str, float], seconds: float) -> dict[str, float]:
    return {**{name: round(ms, 3) for name, ms in parts.items()}, "total": round(seconds * 1000, 3)}
