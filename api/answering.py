"""What the HTTP layer and the command line need of an engine, and the bodies that they both give."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api import schemas
from corpus.errors import NotFound
from corpus.types import Clause, Document, Link
from index.types import Hit
from qa.types import Outcome, Question

log = logging.getLogger("tiaowen.api")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a service answers from."""

    documents: int
    clauses: int
    passages: int


class Service(Protocol):
    """What the HTTP layer needs of the engine. Methods are called from several threads at once.

    `document`, `clause` and `clauses` raise corpus.errors.NotFound for an id that is not in the store; `documents`
    raises a PolicyError for a cursor that it did not give out itself.
    """

    def ready(self) -> bool: ...

    def answer(self, question: Question) -> Outcome: ...

    def search(self, question: Question) -> list[Hit]: ...

    def documents(self, limit: int, cursor: str | None) -> tuple[list[Document], str | None]: ...

    def document(self, id: str) -> Document: ...

    def clauses(self, document_id: str) -> list[Clause]: ...

    def clause(self, id: str) -> tuple[Document, Clause]: ...

    def linked_from(self, document_id: str) -> list[Link]:
        """What other documents say of this one: `title` and `target` are theirs."""

    def referring(self, clause_id: str) -> list[Clause]:
        """The clauses whose words name this one."""

    def counts(self) -> Counts: ...


def ask_with(service: Service, question: Question, text: str) -> tuple[schemas.AskResponse, Outcome, float]:
    """The body of POST /v1/ask for a question given as `text`, the outcome behind it and the seconds that it took."""
    started = time.perf_counter()
    outcome = service.answer(question)
    passages = _passages(service, outcome.hits)
    seconds = time.perf_counter() - started
    timings = _timings(outcome.timings_ms, seconds)
    body = schemas.ask_response(uuid.uuid4().hex, text, outcome, passages, question.as_of, timings)
    return body, outcome, seconds


def search_with(service: Service, question: Question, text: str) -> schemas.SearchResponse:
    """The body of POST /v1/search for a question given as `text`."""
    started = time.perf_counter()
    passages = _passages(service, service.search(question))
    timings = _timings({}, time.perf_counter() - started)
    return schemas.SearchResponse(question=text, passages=passages, timings_ms=timings)


def _passages(service: Service, hits: Iterable[Hit]) -> list[schemas.PassageOut]:
    """The hits with title and address. One whose clause has just been taken out of the store is left out."""
    found = []
    for hit in hits:
        try:
            document, clause = service.clause(hit.passage.clause_id)
        except NotFound:
            log.warning("passage %s names a clause that is not in the store", hit.passage.id)
            continue
        found.append(schemas.passage_out(hit, document, clause))
    return found


def _timings(parts: Mapping[str, float], seconds: float) -> dict[str, float]:
    return {**{name: round(ms, 3) for name, ms in parts.items()}, "total": round(seconds * 1000, 3)}
