"""The one way from a request to an answer, whatever it came by: page, API, OpenAI clients, MCP, bots."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from api import outbox, schemas
from api.access import Principal
from api.answering import OnStep, Service, View, ask_with, search_with
from api.asked import Asked
from api.errors import NotReady
from api.faq import Faq, state_of
from api.handoffs import Handoffs
from api.jobs import Jobs
from api.limits import Gate
from api.metrics import Meter
from api.records import Records
from api.settings import Settings
from corpus.errors import StoreError

T = TypeVar("T")

COUNT_EVERY = 60.0  # seconds between two counts of what is asked most


log = logging.getLogger("tiaowen.api")


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
        records.ensure(outbox.SCHEMA)
        self.asked = Asked(records, outbox.put)
        self.handoffs = Handoffs(records, outbox.put)
        self.faq = Faq(records)
        self._counting = threading.Lock()
        self._counted: dict[int, tuple[float, list[str]]] = {}
        self.gate = Gate(settings.at_work, settings.queue, settings.timeout)

    def require_ready(self) -> None:
        if not self.service.ready():
            raise NotReady

    def view(self) -> View:
        """The documents and the engine of now. Raises NotReady."""
        self.require_ready()
        return self.service.current()

    def suggestions(self, limit: int) -> list[str]:
        """Questions to begin with: those that an operator answered, the most used first, then what several callers asked."""
        view = self.view()
        most_used = sorted(self.faq.entries(), key=lambda entry: -entry.used)
        current = (entry.questions[0] for entry in most_used if state_of(view, entry) == "current")
        own = islice(current, limit)  # each look at a clause is a read: no more than are shown
        return list(dict.fromkeys([*own, *self._common(limit)]))[:limit]

    def _common(self, limit: int) -> list[str]:
        """What several callers asked, as it was a minute ago at most: the whole log is counted for it, and every page asks."""
        with self._counting:
            until, known = self._counted.get(limit, (0.0, []))
            if time.monotonic() >= until:
                known = self.asked.common(limit)
                self._counted[limit] = time.monotonic() + COUNT_EVERY, known
        return known

    def forget_old(self) -> int:
        """Forgets what is older than it is to be kept; returns how many records that were."""
        before = (datetime.now(UTC) - timedelta(days=self.settings.keep_days)).isoformat(timespec="microseconds")
        return self.asked.purge(before) + self.handoffs.purge(before) + Jobs(self.records).purge(before)

    async def ask(
        self, body: schemas.AskRequest, who: Principal, channel: str = "api", on_step: OnStep | None = None
    ) -> schemas.AskResponse:
        """The body of POST /v1/ask. `channel` is the door: page, api, openai, mcp, wecom, dingtalk, feishu, webhook;
        `on_step` is told of each step, from another thread."""
        self.require_ready()

        def work() -> schemas.AskResponse:
            question = body.to_question(self.clock())
            question = replace(question, session=session_of(question.session, who))
            response, outcome = ask_with(self.view(), question, body.question, on_step, self.faq.answer)
            try:
                self.asked.put(response, channel, who.id, body.session_id)
            except StoreError as error:  # a full disk costs the record of the question, not its answer
                log.error("a question could not be recorded: %s", error.message)
                self.meter.count_error(error.code)
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


def session_of(named: str | None, who: Principal) -> str | None:
    """A conversation of its caller's own: two programs may number their conversations alike."""
    return f"{who.id}/{named}" if named is not None and who.id.startswith("key:") else named
