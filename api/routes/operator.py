"""The routes of the operator's desk: what was asked, what failed, what waits, and the answers that people wrote."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import FastAPI, Query, Request

from api.access import principal_of
from api.answer.desk import Desk
from api.contract import forms
from api.errors import BadRequest
from api.records.faq import Entry, standing, state_of
from api.records.handoffs import Handoff
from api.records.rows import QueueRow
from api.routes.documents import require_plausible
from api.view import View

Limit = Annotated[int, Query(ge=1, le=200, description="每页的条数")]
Days = Annotated[int, Query(ge=1, le=3650, description="最近多少天")]
Cursor = Annotated[str | None, Query(max_length=40, pattern=r"^[0-9T:.+\-]+$", description="上一页的 next_cursor")]


def add(app: FastAPI, desk: Desk) -> None:
    _add_queue(app, desk)
    _add_faq(app, desk)


def _add_queue(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/operator/summary", summary="近况", response_model=forms.SummaryOut)
    def summary(days: Days = 7) -> forms.SummaryOut:
        view = desk.view()
        changed = sum(state_of(view, entry) != "current" for entry in desk.faq.entries())
        return forms.SummaryOut(
            **asdict(desk.asked.summary(days)), handoffs_open=desk.handoffs.open_count(), faq_changed=changed
        )

    @app.get("/v1/operator/queue", summary="等待处理的问题", response_model=forms.QueuePage)
    def queue(
        kind: Literal["unanswered", "disliked", "handoffs"], limit: Limit = 20, cursor: Cursor = None
    ) -> forms.QueuePage:
        if kind == "handoffs":
            waiting = desk.handoffs.waiting(limit + 1, cursor)
            items = [_handed(handoff, desk) for handoff in waiting[:limit]]
            return forms.QueuePage(
                items=_assigned(items, desk),
                next_cursor=waiting[limit - 1].created_at if len(waiting) > limit else None,
            )
        rows = desk.asked.queue(kind, limit + 1, cursor)
        following = rows[limit - 1]["last_at"] if len(rows) > limit else None
        items = _assigned([_waiting(row) for row in rows[:limit]], desk)
        return forms.QueuePage(items=items, next_cursor=following)

    @app.get("/v1/operator/most-asked", summary="问得最多的问题", response_model=forms.MostAsked)
    def most_asked(days: Days = 30, limit: Limit = 20) -> forms.MostAsked:
        return forms.MostAsked(items=[forms.AskedOften(**row) for row in desk.asked.most_asked(days, limit)])

    @app.post("/v1/operator/handoffs/{id}", summary="受理或办结转人工", response_model=forms.HandoffFull)
    def handle(id: str, body: forms.HandoffUpdate, request: Request) -> forms.HandoffFull:
        require_plausible(id)
        made = desk.handoffs.update(id, body.status, body.reply)
        desk.audit.put(
            principal_of(request), "handoff.update", made.question, id=id, status=made.status, reply=made.reply
        )
        return forms.HandoffFull(**asdict(made))

    @app.post("/v1/operator/dismiss", summary="不再列出", response_model=forms.Dismissed)
    def dismiss(body: forms.Dismissal, request: Request) -> forms.Dismissed:
        desk.asked.settle(body.kind, body.id)
        question = desk.asked.row(body.id)["question"]
        desk.audit.put(principal_of(request), "queue.dismiss", question, kind=body.kind, id=body.id)
        return forms.Dismissed(id=body.id)


def _waiting(row: QueueRow) -> forms.QueueItem:
    return forms.QueueItem.model_validate({**row, "contact": None, "note": None, "assignee": None})


def _handed(handoff: Handoff, desk: Desk) -> forms.QueueItem:
    """A hand-off as a row of the queue, with what the service had answered where that is still known."""
    known = desk.asked.find(handoff.answer_id) if handoff.answer_id else None
    return forms.QueueItem(
        id=handoff.id,
        kind="handoffs",
        question=handoff.question,
        rewritten=known["rewritten"] if known else None,
        times=1,
        last_at=handoff.updated_at,
        status=handoff.status,
        reason=known["reason"] if known else None,
        answer=known["answer"] if known else None,
        confidence=known["confidence"] if known else None,
        rating_reason=None,
        comment=None,
        contact=handoff.contact,
        note=handoff.note,
        citations=[forms.CitedIn(**c) for c in known["citations"]] if known else [],
        assignee=None,
    )


def _assigned(items: list[forms.QueueItem], desk: Desk) -> list[forms.QueueItem]:
    """The same with who looks after each."""
    if not items:
        return items
    kind = items[0].kind
    refs = {i.id: i.id if kind == "handoffs" else str(desk.asked.row(i.id)["same"]) for i in items}
    names = desk.assignees.of(kind, list(refs.values()))
    return [item.model_copy(update={"assignee": names.get(refs[item.id])}) for item in items]


def _add_faq(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/faq", summary="工作人员整理的答案", response_model=forms.FaqList)
    def entries() -> forms.FaqList:
        view = desk.view()
        hits = desk.faq.hits()
        return forms.FaqList(entries=[_entry(view, entry, hits) for entry in desk.faq.entries()])

    @app.post("/v1/faq", summary="整理一条答案，附条款", response_model=forms.FaqOut, status_code=201)
    def create(body: forms.FaqIn, request: Request) -> forms.FaqOut:
        return _put(body, request, None)

    @app.put("/v1/faq/{id}", summary="改写一条答案", response_model=forms.FaqOut)
    def update(id: str, body: forms.FaqIn, request: Request) -> forms.FaqOut:
        require_plausible(id)
        return _put(body, request, id)

    @app.delete("/v1/faq/{id}", summary="删去一条答案", response_model=forms.Deleted)
    def delete(id: str, request: Request) -> forms.Deleted:
        require_plausible(id)
        gone = desk.faq.get(id)
        desk.faq.delete(id)
        desk.audit.put(principal_of(request), "faq.delete", gone.questions[0], id=id, answer=gone.answer)
        return forms.Deleted(id=id)

    def _put(body: forms.FaqIn, request: Request, ident: str | None) -> forms.FaqOut:
        view = desk.view()
        require_plausible(body.clause_id)
        if body.handoff_id:
            desk.handoffs.get(body.handoff_id)
        if body.queue_id:
            desk.asked.row(body.queue_id)
        if any(not question.strip() for question in body.questions):
            raise BadRequest("有一个问法是空的。")
        questions = [question.strip() for question in body.questions]
        who = principal_of(request)
        before = desk.faq.get(ident).answer if ident else None
        entry = desk.faq.put(view, questions, body.answer.strip(), body.clause_id, body.quote, who.name, ident)
        action: Literal["faq.create", "faq.update"] = "faq.update" if ident else "faq.create"
        place = f"{entry.title}{entry.address}"
        desk.audit.put(who, action, questions[0], id=entry.id, before=before, answer=entry.answer, place=place)
        if body.handoff_id:
            desk.handoffs.update(body.handoff_id, "closed", _reply(entry))
        if body.queue_id:
            for queue in ("unanswered", "disliked"):
                desk.asked.settle(queue, body.queue_id)
        return _entry(view, entry, desk.faq.hits())


def _reply(entry: Entry) -> str:
    """What the asker of a hand-off reads: the answer with the words that it rests on."""
    return f"{entry.answer}\n依据：《{entry.title}》{entry.address}：“{entry.quote}”"[:2000]


def _entry(view: View, entry: Entry, hits: dict[str, tuple[int, str]]) -> forms.FaqOut:
    state, document, clause = standing(view, entry)
    near, last = hits.get(entry.id, (0, None))
    now = (
        forms.FaqClause(id=clause.id, address=clause.address, text=document.quote(clause.span))
        if document and clause
        else None
    )
    return forms.FaqOut(
        id=entry.id,
        questions=list(entry.questions),
        answer=entry.answer,
        document=forms.FaqDocument(id=document.id if document else entry.document_id, title=entry.title),
        clause=forms.FaqClause(id=entry.clause_id, address=entry.address, text=entry.clause_text),
        quote=entry.quote,
        state=state,
        now=now,
        used=entry.used,
        used_near=near,
        last_used_at=last,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )
