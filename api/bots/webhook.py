"""Any other desk: signed questions at /bots/webhook, answered in the response.

The same message_id with the same content gets the same reply, however often it is sent within two days, each time signed
anew; with other content it is refused. A request whose time is more than five minutes off is refused, so a recorded one
cannot be used later; within the five minutes it gets what it got before, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bots import replies
from api.bots.attendant import Attendant, Attended, Message, Platform, Push, conversation
from api.bots.settings import Webhook
from api.contract import schemas
from api.errors import validation_error
from api.outgoing.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify

PATIENCE = 60.0  # seconds; the desk gives up on a question before


class WebhookMessage(BaseModel):
    """A message of another desk. `channel` is the chat that it came by, where a gateway passes messages on."""

    model_config = ConfigDict(extra="ignore")

    message_id: schemas.Name = Field(description="消息编号：重发时不变")
    conversation_id: schemas.Name = Field(description="对话编号：同一段对话用同一个值，追问才能接上")
    user_id: schemas.Name | None = Field(None, description="提问人，转人工时告诉工作人员")
    text: schemas.QuestionText = Field(description="问题；“转人工”请工作人员答复")
    as_of: schemas.Day | None = Field(None, description="按哪一天的规定回答，默认今天")
    filters: schemas.FiltersIn | None = None
    channel: Annotated[Platform, Field(description="消息来自哪里，只用于统计")] = "webhook"


class WebhookReply(BaseModel):
    """What is to be shown in the chat as Markdown, the title alone, and the answer as POST /v1/ask gives it."""

    message_id: str
    title: str
    markdown: str
    answer: schemas.AskResponse | None = Field(description="转人工时为 null")
    handoff_id: str | None = Field(description="转人工的受理编号，用 GET /v1/handoffs/{id} 查进展")


def add(app: FastAPI, settings: Webhook, attendant: Attendant, page: str, clock: Callable[[], float]) -> None:
    """The route."""
    signature = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": text}
        for name, text in ((TIMESTAMP_HEADER, "秒，1970 年起"), (SIGNATURE_HEADER, "sha256=<十六进制 HMAC-SHA256>"))
    ]
    schema = WebhookMessage.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    @app.post(
        "/bots/webhook",
        summary="其他平台的消息（签名）",
        response_model=WebhookReply,
        openapi_extra={"parameters": signature, "requestBody": body},
    )
    async def receive(request: Request) -> Response:
        raw = await request.body()
        headers = request.headers
        verify(settings.secret, headers.get(TIMESTAMP_HEADER, ""), headers.get(SIGNATURE_HEADER, ""), raw, clock())
        given = _parsed(raw)
        message = Message(
            "webhook",
            given.message_id,
            conversation("webhook", settings.secret, f"{given.channel}\0{given.conversation_id}"),
            given.user_id or "",
            given.text,
            as_of=given.as_of,
            filters=given.filters,
            channel=given.channel,
        )

        def present(done: Attended) -> tuple[str, Push | None]:
            reply = WebhookReply(
                message_id=given.message_id,
                title=done.reply.title,
                markdown=replies.markdown(done.reply, page),
                answer=done.response,
                handoff_id=done.handoff_id,
            )
            return reply.model_dump_json(), None

        text = await attendant.attend(message, present, lambda tries: PATIENCE, strict=True)
        return Response(text, media_type="application/json")


def _parsed(raw: bytes) -> WebhookMessage:
    """Raises InvalidJson, QuestionEmpty, QuestionTooLong, BadRequest."""
    try:
        return WebhookMessage.model_validate_json(raw)
    except ValidationError as error:
        detail = error.errors()[0]
        raise validation_error({**detail, "loc": ("body", *detail["loc"])}) from error
