"""The one way from a request to an answer, whatever it came by: page, API, OpenAI clients, MCP, bots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi.concurrency import run_in_threadpool

from api import schemas
from api.access import Principal
from api.answering import Service, ask_with, search_with
from api.errors import NotReady
from api.metrics import Meter


class Desk:
    """Answers questions for every door of the service.

    Raises NotReady until the index is loaded; what it raises besides is a PolicyError as well.
    """

    def __init__(self, service: Service, clock: Callable[[], date], meter: Meter) -> None:
        self.service = service
        self.clock = clock
        self.meter = meter

    def require_ready(self) -> None:
        if not self.service.ready():
            raise NotReady

    async def ask(self, body: schemas.AskRequest, who: Principal, channel: str = "api") -> schemas.AskResponse:
        """The body of POST /v1/ask. `channel` is the door: page, api, openai, mcp, wecom, dingtalk, feishu, webhook."""
        self.require_ready()
        response, outcome, seconds = await run_in_threadpool(
            ask_with, self.service, body.to_question(self.clock()), body.question
        )
        self.meter.count_question(outcome, seconds)
        return response

    async def search(self, body: schemas.AskRequest, who: Principal) -> schemas.SearchResponse:
        """The body of POST /v1/search."""
        self.require_ready()
        return await run_in_threadpool(search_with, self.service, body.to_question(self.clock()), body.question)
