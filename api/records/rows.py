"""What is read of the records, by name: a row of the log, of a queue, of what is asked often, and what an answer cited."""

from __future__ import annotations

from typing import Literal, TypedDict

Queue = Literal["unanswered", "disliked"]
Rating = Literal["up", "down"]


class Cited(TypedDict):
    """One place that an answer cited, as it was when it was given."""

    document_id: str
    title: str
    clause_id: str
    address: str
    quote: str


NOTHING_CITED = Cited(document_id="", title="", clause_id="", address="", quote="")


class QuestionRow(TypedDict):
    """What every row tells of a question that was asked."""

    id: str
    question: str
    rewritten: str | None
    status: Literal["answered", "refused"]
    reason: str | None
    answer: str | None
    confidence: float
    citations: list[Cited]


class AskedRow(QuestionRow):
    """A question of the log. `same` is that of all its askings; `at` is ISO 8601 in UTC."""

    at: str
    same: str
    channel: str
    caller: str
    session: str | None
    answered_by: str
    milliseconds: float


class LogRow(QuestionRow):
    """A question of the log with what its asker and the operator say of its answer."""

    at: str
    channel: str
    answered_by: str
    milliseconds: float
    rating: Rating | None
    comment: str | None
    verdict: str | None


class QueueRow(QuestionRow):
    """A question that waits for the operator, in all its askings."""

    kind: Queue
    times: int
    last_at: str
    rating_reason: str | None
    comment: str | None


class OftenRow(TypedDict):
    """What was asked often, in the words in which it was asked last."""

    question: str
    times: int
    answered: int
    refused: int
    last_at: str
