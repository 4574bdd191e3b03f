"""An answer as server-sent events (WHATWG HTML, 9.2): the steps, the words, each citation, and the whole body at the end.

The last event, `done`, holds exactly what a plain request gets, so that a client may take that alone. An error that comes
after the stream began is an event of its own, in the one shape.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Request
from fastapi.responses import StreamingResponse

from api.contract import schemas
from api.errors import Internal, error_body
from api.view import OnStep
from corpus.errors import PolicyError

MEDIA_TYPE = "text/event-stream"
_PIECE = re.compile(r"[0-9０-９.,，]+|[A-Za-z]+|[^，。；！？0-9０-９A-Za-z]{1,8}[，。；！？]?|.", re.S)


def wants_stream(request: Request) -> bool:
    """Whether the caller accepts events and no plain JSON before them."""
    for part in request.headers.get("accept", "").split(","):
        kind = part.split(";")[0].strip().lower()
        if kind in (MEDIA_TYPE, "application/json"):
            return kind == MEDIA_TYPE
    return False


def pieces(text: str) -> list[str]:
    """A text in the pieces in which it is sent: joined they are the text, and no figure is cut in two."""
    return [match[0] for match in _PIECE.finditer(text)]


def stream(
    answer: Callable[[OnStep], Awaitable[schemas.AskResponse]], on_error: Callable[[str], None]
) -> StreamingResponse:
    """The response that streams what `answer` gives, which tells each of its steps to the function that it is called with.

    `on_error` is told the code of an error that is sent as an event.
    """

    async def events() -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[str | None] = asyncio.Queue()

        def tell(step: str | None) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        work = asyncio.ensure_future(answer(tell))
        work.add_done_callback(lambda _: steps.put_nowait(None))
        try:
            while (step := await steps.get()) is not None:
                yield _event("step", {"step": step})
            body = await work
        except PolicyError as error:
            on_error(error.code)
            yield _event("error", error_body(error))
            return
        finally:
            work.cancel()
        for piece in pieces(body.answer or body.message or ""):
            yield _event("delta", {"text": piece})
        for citation in body.citations:
            yield _event("citation", citation.model_dump(mode="json"))
        yield f"event: done\ndata: {body.model_dump_json()}\n\n"

    async def guarded() -> AsyncIterator[str]:
        try:
            async for event in events():
                yield event
        except Exception:
            on_error(Internal.code)
            yield _event("error", error_body(Internal()))
            raise

    return StreamingResponse(guarded(), media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
