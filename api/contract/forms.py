"""What people and operators send and get besides questions: feedback, hand-offs, FAQ, logins, the figures of the desk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.access import Role
from api.contract.schemas import Name, QuestionText, Text, _Request
from api.contract.states import FaqState, HandoffState
from api.settings import Access

Line = Annotated[Text, Field(max_length=100)]
Note = Annotated[Text, Field(max_length=500)]
Words = Annotated[Text, Field(min_length=1, max_length=500, pattern=r"\S")]


class FeedbackIn(_Request):
    """What somebody thinks of an answer."""

    answer_id: Name = Field(description="回答的 id")
    rating: Literal["up", "down"]
    reason: Literal["wrong", "incomplete", "outdated", "irrelevant", "other"] | None = None
    comment: Note | None = None


class FeedbackOut(BaseModel):
    id: str


class HandoffIn(_Request):
    """A question for a person."""

    question: QuestionText
    answer_id: Name | None = Field(None, description="先前那个没能回答的回答")
    session_id: Name | None = None
    contact: Line | None = Field(None, description="联系方式，只有工作人员看得到")
    note: Note | None = None


class HandoffMade(BaseModel):
    id: str = Field(description="凭这个编号查看进展，请勿告诉他人")
    status: HandoffState
    message: str


class HandoffOut(BaseModel):
    """What the asker sees of a hand-off."""

    id: str
    status: HandoffState
    question: str
    reply: str | None
    created_at: str
    updated_at: str


class HandoffFull(HandoffOut):
    """What the operator sees of it."""

    answer_id: str | None
    session: str | None
    channel: str
    contact: str
    note: str


class HandoffUpdate(_Request):
    status: Literal["taken", "closed"]
    reply: Annotated[Text, Field(max_length=2000)] | None = Field(None, description="给提问人的答复")


class Suggestions(BaseModel):
    """Questions to begin with."""

    questions: list[str]


class CitedIn(BaseModel):
    """What an answer of the log had cited."""

    document_id: str
    title: str
    clause_id: str
    address: str
    quote: str


class QueueItem(BaseModel):
    """A question that waits for the operator, however often it was asked. A hand-off's id is that of the hand-off, any
    other the answer's."""

    id: str
    kind: Literal["unanswered", "disliked", "handoffs"]
    question: str
    rewritten: str | None
    times: int
    last_at: str
    status: str
    reason: str | None
    answer: str | None
    confidence: float | None
    rating_reason: str | None
    comment: str | None
    contact: str | None
    note: str | None
    citations: list[CitedIn]
    assignee: str | None = Field(description="谁在办")


class QueuePage(BaseModel):
    items: list[QueueItem]
    next_cursor: str | None


class AskedOften(BaseModel):
    question: str
    times: int
    answered: int
    refused: int
    last_at: str


class MostAsked(BaseModel):
    items: list[AskedOften]


class SummaryOut(BaseModel):
    """What happened in the last days, and what waits now."""

    days: int
    questions: int
    answered: int
    refused: int
    by_reason: dict[str, int]
    by_channel: dict[str, int]
    up: int
    down: int
    handoffs_open: int
    faq_changed: int


class Dismissal(_Request):
    kind: Literal["unanswered", "disliked"]
    id: Name


class Dismissed(BaseModel):
    id: str


class FaqIn(_Request):
    """An answer that an operator gives, tied to the clause that says so."""

    questions: Annotated[list[QuestionText], Field(min_length=1, max_length=20)] = Field(
        description="同一件事的各种问法"
    )
    answer: Words
    clause_id: Name
    quote: Annotated[Text, Field(min_length=1, max_length=20_000)] | None = Field(
        None, description="条款里的原话，逐字相同；不填则引用整条"
    )
    handoff_id: Name | None = Field(None, description="由此办结的转人工")
    queue_id: Name | None = Field(None, description="由此处理的未答或点踩的问题（回答的 id）")


class FaqDocument(BaseModel):
    id: str
    title: str


class FaqClause(BaseModel):
    id: str
    address: str
    text: str = Field(description="写下这条答案时条款的原文")


class FaqOut(BaseModel):
    """`document` is where the clause stands today. `state`: current while the clause says what it said; changed, missing: the entry is not used until it is written anew."""

    id: str
    questions: list[str]
    answer: str
    document: FaqDocument
    clause: FaqClause
    quote: str
    state: FaqState
    now: FaqClause | None = Field(description="这条条款今天的样子；已不在时为 null")
    used: int = Field(description="共用来答过多少次")
    used_near: int = Field(description="其中换了说法、按意思对上的次数")
    last_used_at: str | None
    created_at: str
    updated_at: str


class FaqList(BaseModel):
    entries: list[FaqOut]


class Deleted(BaseModel):
    id: str


class LoginIn(_Request):
    key: Annotated[Text, Field(min_length=1, max_length=200)]


class LoginOut(BaseModel):
    role: Role
    name: str
    expires_at: str


class Me(BaseModel):
    """Whom this browser or key acts for. `role` is null where nothing may be done without a key."""

    role: Role | None
    name: str
    access: Access
    sso: bool = Field(False, description="能用单位账号登录")


class LoggedOut(BaseModel):
    status: Literal["logged_out"] = "logged_out"
