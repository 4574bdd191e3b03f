"""The one way from a request to an answer, whatever it came by: page, API, OpenAI clients, MCP, bots."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from api.access import KEY, PERSON, Principal
from api.answer.answering import ask_with, search_with
from api.answer.suggestions import Starters
from api.changes.jobs import Jobs
from api.contract import schemas
from api.edge.limits import Gate
from api.edge.metrics import Meter
from api.errors import NotReady
from api.records import outbox
from api.records.asked import Asked
from api.records.asked_log import Log
from api.records.assignees import Assignees
from api.records.audit import KEEP_DAYS as AUDIT_DAYS
from api.records.audit import Audit
from api.records.clock import PlausibleClock
from api.records.database import Records
from api.records.faq import Faq, state_of
from api.records.handoffs import Handoffs
from api.records.marks import Marks
from api.settings import Settings
from api.view import OnStep, Service, View
from corpus.errors import StoreError

T = TypeVar("T")

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
        self.starters = Starters(clock)
        self.jobs = Jobs(records)
        self.retention = PlausibleClock(records)
        self.audit = Audit(records)
        self.marks = Marks(records, self.asked)
        self.log = Log(records)
        self.assignees = Assignees(records)
        self.gate = Gate(settings.at_work, settings.queue, settings.timeout)

    def require_ready(self) -> None:
        if not self.service.ready():
            raise NotReady

    def view(self) -> View:
        """The documents and the engine of now. Raises NotReady."""
        self.require_ready()
        return self.service.current()

    def suggestions(self, limit: int) -> list[str]:
        """Questions to begin with: those that an operator answered, the most used first, then what several callers asked,
        then such as the documents answer."""
        view = self.view()
        most_used = sorted(self.faq.entries(), key=lambda entry: -entry.used)
        current = (entry.questions[0] for entry in most_used if state_of(view, entry) == "current")
        own = islice(current, limit)  # each look at a clause is a read: no more than are shown
        known = list(dict.fromkeys([*own, *self.asked.common(limit)]))
        more = self.starters.questions(view) if len(known) < limit else []
        return list(dict.fromkeys([*known, *more]))[:limit]

    def forget_old(self, stop: threading.Event | None = None) -> int:
        """Forgets what is older than it is to be kept, as far as the clock can be believed (api/records/clock.py), until `stop`;
        returns how many records that were."""
        look = self.retention.look()
        if look.believed:
            self.records.in_batches(self.retention.redate, stop)
        before = _days_before(look.until, self.settings.keep_days)
        outbox.forget_dead(self.records, _days_before(look.until, outbox.KEEP_DEAD_DAYS), stop)
        forgotten = sum(kept.purge(before, stop) for kept in (self.asked, self.handoffs, self.jobs, self.assignees))
        return forgotten + self.audit.purge(_days_before(look.until, max(AUDIT_DAYS, self.settings.keep_days)), stop)

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


def _days_before(at: datetime, days: int) -> str:
    return (at - timedelta(days=days)).isoformat(timespec="microseconds")


def session_of(named: str | None, who: Principal) -> str | None:
    """A conversation of its caller's own: two programs may number their conversations alike, and nobody may name that of a
    key or of a chat. Those of chats have names that nobody can guess already (api/bots/attendant.py)."""
    if named is None or who.id.startswith("bot:"):
        return named
    if who.known:
        return f"{who.id}/{named}"
    return f"open/{named}" if named.startswith((KEY, PERSON, "open/")) else named
