"""What the HTTP layer and the command line need of an engine, and the bodies that they both give."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Mapping

from api.contract import schemas
from api.view import Answers, OnStep, View
from corpus.errors import NotFound
from index.types import Hit
from qa.conditions import clause_with_conditions
from qa.types import Answer, Outcome, Question

log = logging.getLogger("tiaowen.api")


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
    response = schemas.ask_response(id, text, outcome, passages, question.as_of, timings, answered_by)
    return response.model_copy(update={"conditions": _conditions(view, outcome)}), outcome


def _conditions(view: View, outcome: Outcome) -> str | None:
    """The clause beside an answer whose conditions can be gone through one by one; None for lists and refusals."""
    if not isinstance(outcome, Answer) or outcome.rows:
        return None
    first = outcome.citations[0]
    found = clause_with_conditions(first.document, view.clauses(first.document.id), first.clause)
    return found.id if found else None


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
