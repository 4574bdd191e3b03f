"""What the operator gets of the log: answers, days, topics, groups, marks, and the changes that were made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.contract.forms import CitedIn, Note, Words
from api.contract.schemas import Name, Text, _Request
from api.contract.states import Verdict

Person = Annotated[Text, Field(max_length=40)]


class MarkIn(_Request):
    """What the operator thinks of an answer. Of a bad one `answer` with `clause_id` say what is right, or `unanswerable` that the
    documents do not answer it."""

    answer_id: Name
    verdict: Verdict
    answer: Words | None = None
    clause_id: Name | None = None
    quote: Annotated[Text, Field(min_length=1, max_length=20_000)] | None = Field(
        None, description="条款里的原话；不填则整条"
    )
    unanswerable: bool = False
    note: Note | None = None


class MarkOut(BaseModel):
    """`gold` says whether it makes a gold row."""

    answer_id: str
    verdict: Verdict
    unanswerable: bool
    answer: str
    quote: str
    title: str
    address: str
    note: str
    who: str
    at: str
    gold: bool


class LogItem(BaseModel):
    """One answer of the log, with what its asker and the operator say of it."""

    id: str
    at: str
    question: str
    rewritten: str | None
    channel: str
    status: Literal["answered", "refused"]
    reason: str | None
    answer: str | None
    confidence: float
    answered_by: str
    citations: list[CitedIn]
    milliseconds: float
    rating: Literal["up", "down"] | None
    comment: str | None
    mark: MarkOut | None


class LogPage(BaseModel):
    """`total` is how many answers the filters leave."""

    items: list[LogItem]
    total: int
    next_cursor: str | None


class DayOut(BaseModel):
    day: str
    questions: int
    answered: int
    refused: int
    up: int
    down: int


class TopicOut(BaseModel):
    """A document that answers cite first; `document_id` is null for the questions without an answer. `before` is how often it was
    asked about in as many days before."""

    topic: str
    document_id: str | None
    questions: int
    before: int
    down: int


class TrendsOut(BaseModel):
    days: list[DayOut]
    topics: list[TopicOut]


class AskingOut(BaseModel):
    id: str
    question: str
    times: int


class GroupOut(BaseModel):
    """Unanswered questions that ask for much the same; the first is the most typical."""

    times: int
    questions: list[AskingOut]


class GroupsOut(BaseModel):
    groups: list[GroupOut]


class AssignIn(_Request):
    """Who looks after something that waits; "" for nobody."""

    kind: Literal["unanswered", "disliked", "handoffs"]
    id: Name
    name: Person


class AssignedOut(BaseModel):
    id: str
    name: str


class NamesOut(BaseModel):
    names: list[str]


class AuditLine(BaseModel):
    n: int
    at: str
    who: str
    who_id: str
    action: str
    target: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    items: list[AuditLine]
    next_before: int | None
