"""Questions about clauses by their number: a clause is quoted as it stands, one that is not there is said to be missing."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Hit
from qa.decide import outcome
from qa.inquiry import Inquiry
from qa.lookup import NAMED, Lookup, asks_for_text
from qa.shelf import Shelf
from qa.types import Outcome, Refusal


def about_clauses(
    lookup: Lookup, shelf: Shelf, inquiry: Inquiry, hits: Sequence[Hit], is_known: bool
) -> Outcome | None:
    """What is said where a question is about clauses by their number alone, or names one that is not there; else None. `is_known` tells
    whether the turn before says whose clauses are meant."""
    question = inquiry.question
    if hits and NAMED in hits[0].ranks and asks_for_text(question.text):
        return outcome.quoted(shelf, hits, question)
    nearest = tuple(hits[: question.top_k])
    if not is_known and lookup.lacks_document(inquiry.asked.text):
        return Refusal("ambiguous", outcome.WHICH_DOCUMENT, 0.0, nearest)
    if (lacking := lookup.lacking(inquiry.asked.text)) is not None:
        return Refusal("no_evidence", outcome.NO_ARTICLE.format(*lacking), 0.0, nearest)
    return None
