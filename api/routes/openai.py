"""The door for OpenAI clients: POST /v1/chat/completions and GET /v1/models.

The last user message is the question; the user messages before it come along, so that follow-ups work in any process and
after any restart. A client that sends its last message only names a session (metadata.session_id or X-Session-Id).
Errors keep the shape of every other route, in which these clients find `code` and `message`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Request
from fastapi.responses import StreamingResponse

from api.access import principal_of
from api.answer.desk import Desk
from api.contract import openai_schemas as chat
from api.contract import schemas
from api.contract.citing import cited_text, references_of, verdict_of
from api.errors import ModelNotFound

CREATED = 1_767_225_600  # seconds; when a model was made has no meaning here, but clients want a number that stays
PIECE = 12  # code points of a streamed piece
NO_BUFFER = {"X-Accel-Buffering": "no"}  # what nginx takes as the wish not to hold the stream back

EVENT = {"type": "object", "properties": {"data": {"type": "string"}}, "required": ["data"]}
"""One event of a stream, as schemas describe it."""

STREAM_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "回答；stream 为 true 时是事件流，每个 data 是一个 chat.completion.chunk，最后是 [DONE]",
        "content": {"text/event-stream": {"schema": EVENT}},
    }
}


def add(app: FastAPI, desk: Desk) -> None:
    @app.post(
        "/v1/chat/completions",
        summary="OpenAI 兼容的对话",
        response_model=chat.ChatCompletion,
        responses=STREAM_DOC,
    )
    async def complete(
        body: chat.ChatRequest,
        request: Request,
        x_session_id: Annotated[schemas.Name | None, Header(description="同 metadata.session_id")] = None,
    ) -> Any:
        require_model(body.model)
        response = await desk.ask(_question(body, x_session_id), principal_of(request), channel="openai")
        reply = _reply(body, response)
        if not body.stream:
            return reply
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(_events(reply, with_usage), media_type="text/event-stream", headers=NO_BUFFER)

    @app.get("/v1/models", summary="OpenAI 兼容的模型列表", response_model=chat.ModelList)
    async def models() -> chat.ModelList:
        return chat.ModelList(data=[_model()])

    @app.get("/v1/models/{id}", summary="OpenAI 兼容的一个模型", response_model=chat.ModelOut)
    async def model(id: str) -> chat.ModelOut:
        require_model(id)
        return _model()


def require_model(name: str) -> None:
    """Raises ModelNotFound for any name but our own."""
    if name != chat.MODEL:
        raise ModelNotFound


def _model() -> chat.ModelOut:
    return chat.ModelOut(id=chat.MODEL, created=CREATED, owned_by="tiaowen")


def _question(body: chat.ChatRequest, header: str | None) -> schemas.AskRequest:
    """The last user message, with what it may lean on: the messages before it, else the session that was named."""
    earlier = body.earlier()
    named = header or (body.metadata.session_id if body.metadata else None)
    session = None if earlier else named
    return schemas.AskRequest(
        question=body.said()[-1],
        earlier=earlier,
        session_id=session,
        top_k=5,
        as_of=None,
        filters=None,
        standalone=None,
    )


def _reply(body: chat.ChatRequest, response: schemas.AskResponse) -> chat.ChatCompletion:
    content = cited_text(response)
    asked = body.characters()
    usage = chat.Usage(prompt_tokens=asked, completion_tokens=len(content), total_tokens=asked + len(content))
    message = chat.ReplyMessage(role="assistant", content=content, references=references_of(response))
    return chat.ChatCompletion(
        id=f"chatcmpl-{response.id}",
        object="chat.completion",
        created=int(time.time()),
        model=chat.MODEL,
        choices=[chat.Choice(index=0, message=message, finish_reason="stop")],
        usage=usage,
        tiaowen=verdict_of(response),
    )


async def _events(reply: chat.ChatCompletion, with_usage: bool) -> AsyncIterator[str]:
    """A reply as the events of a stream. It is whole before the first one, so an error still has its own status."""
    head: dict[str, Any] = {
        "id": reply.id,
        "object": "chat.completion.chunk",
        "created": reply.created,
        "model": reply.model,
        **({"usage": None} if with_usage else {}),
    }

    def chunk(delta: chat.Delta, **more: Any) -> str:
        finish: Literal["stop"] | None = "stop" if more else None
        choice = chat.ChunkChoice(index=0, delta=delta, logprobs=None, finish_reason=finish)
        return chat.Chunk(**head, choices=[choice], **more).event()

    message = reply.choices[0].message
    yield chunk(chat.Delta(role="assistant", content=""))
    for start in range(0, len(message.content), PIECE):
        yield chunk(chat.Delta(content=message.content[start : start + PIECE]))
    yield chunk(chat.Delta(references=message.references), tiaowen=reply.tiaowen)
    if with_usage:
        yield chat.Chunk(**{**head, "usage": reply.usage}, choices=[]).event()
    yield "data: [DONE]\n\n"
