"""The one way from a request to an answer, whatever it came by: page, API, OpenAI clients, MCP, bots."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from api import schemas
from api.access import Principal
from api.answering import OnStep, Service, View, ask_with, search_with
from api.asked import Asked
from api.errors import NotReady
from api.faq import Faq
from api.handoffs import Handoffs
from api.limits import Gate
from api.metrics import Meter
from api.records import Records
from api.settings import Settings

T = TypeVar("T")


class Desk:
    """Answers questions for every door of the service, and keeps what came of them.

    Raises NotReady until the index is loaded, Busy where too many wait, TimedOut; what it raises besides is a PolicyError
    as well.
    """

    def __init__(
        self, service: Service, clock: Callable[[], date], meter: Meter, records: Records, settings: Settings
    ) -> None:
        self.service = service
        self.clock = clock
        self.meter = meter
        self.records = records
        self.settings = settings
        self.asked = Asked(records)
        self.handoffs = Handoffs(records)
        self.faq = Faq(records)
        self.gate = Gate(settings.at_work, settings.queue, settings.timeout)

    def require_ready(self) -> None:
        if not self.service.ready():
            raise NotReady

    def view(self) -> View:
        """The documents and the engine of now. Raises NotReady."""
        self.require_ready()
        return self.service.current()

    async def ask(
        self, body: schemas.AskRequest, who: Principal, channel: str = "api", on_step: OnStep | None = None
    ) -> schemas.AskResponse:
        """The body of POST /v1/ask. `channel` is the door: page, api, openai, mcp, wecom, dingtalk, feishu, webhook;
        `on_step` is told of each step, from another thread."""
        self.require_ready()

        def work() -> schemas.AskResponse:
            question = body.to_question(self.clock())
            response, outcome = ask_with(self.view(), question, body.question, on_step, self.faq.answer)
            self.asked.put(response, channel, who.id, body.session_id)
            self.meter.count_question(outcome, response.timings_ms)
            return response

        return await self._admitted(work)

    async def search(self, body: schemas.AskRequest, who: Principal) -> schemas.SearchResponse:
        """The body of POST /v1/search."""
        self.require_ready()
        return await self._admitted(lambda: search_with(self.view(), body.to_question(self.clock()), body.question))

    async def _admitted(self, work: Callable[[], T]) -> T:
        entered = time.perf_counter()

        def timed() -> T:
            self.meter.count_wait(time.perf_counter() - entered)
            return work()

        with self.meter.inside():
            return await self.gate.run(timed)
