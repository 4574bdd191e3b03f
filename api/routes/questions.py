"""The routes of whoever asks: questions, searches, what they think of an answer, and the way to a person."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from api.access import principal_of
from api.answer.desk import Desk, session_of
from api.answer.streaming import stream, wants_stream
from api.contract import forms, schemas
from api.routes.documents import require_plausible

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
                    "required": ["event", "data"],
                },
                "example": 'event: step\ndata: {"step": "retrieve"}\n\nevent: delta\ndata: {"text": "最高"}\n\n'
                "event: citation\ndata: {…}\n\nevent: done\ndata: {…}\n\n",
            }
        },
        "description": "回答或拒答；请求头 Accept: text/event-stream 时逐步发送，最后一个事件 done 是完整的 JSON",
    }
}
_HANDED = "已转给工作人员。请保留这个页面或编号，答复会显示在这里。"


def add(app: FastAPI, desk: Desk) -> None:
    @app.post("/v1/ask", summary="提问", response_model=schemas.AskResponse, responses=_STREAMED)
    async def ask(body: schemas.AskRequest, request: Request) -> Any:
        who = principal_of(request)
        channel = "page" if request.headers.get("x-tiaowen-page") else "api"
        desk.require_ready()
        if wants_stream(request):
            return stream(lambda told: desk.ask(body, who, channel, told), desk.meter.count_error)
        return await desk.ask(body, who, channel)

    @app.post("/v1/search", summary="只查条文，不作答", response_model=schemas.SearchResponse)
    async def search(body: schemas.AskRequest, request: Request) -> schemas.SearchResponse:
        return await desk.search(body, principal_of(request))

    @app.get("/v1/suggestions", summary="可以这样问", response_model=forms.Suggestions)
    def suggestions() -> forms.Suggestions:
        return forms.Suggestions(questions=desk.suggestions(6))

    @app.post("/v1/feedback", summary="对回答点赞或点踩", response_model=forms.FeedbackOut)
    def feedback(body: forms.FeedbackIn, request: Request) -> forms.FeedbackOut:
        who = principal_of(request)
        ident = desk.asked.rate(body.answer_id, body.rating, body.reason, body.comment or "", who.id)
        return forms.FeedbackOut(id=ident)

    @app.post("/v1/handoffs", summary="转人工", response_model=forms.HandoffMade, status_code=201)
    def hand_off(body: forms.HandoffIn, request: Request, response: Response) -> forms.HandoffMade:
        made = desk.handoffs.create(
            question=body.question.strip(),
            answer_id=body.answer_id,
            session=session_of(body.session_id, principal_of(request)),
            contact=(body.contact or "").strip(),
            note=(body.note or "").strip(),
        )
        response.headers["Location"] = f"/v1/handoffs/{made.id}"
        return forms.HandoffMade(id=made.id, status=made.status, message=_HANDED)

    @app.get("/v1/handoffs/{id}", summary="转人工的进展", response_model=forms.HandoffOut)
    def handed_off(id: str) -> forms.HandoffOut:
        require_plausible(id)
        found = desk.handoffs.get(id)
        return forms.HandoffOut(**{name: getattr(found, name) for name in forms.HandoffOut.model_fields})
