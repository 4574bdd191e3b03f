"""How much one caller may ask for, and how much the service takes on at once."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, TypeVar

from api.errors import Busy, RateLimited, TimedOut
from corpus.errors import StoreError
from corpus.sql.choice import chosen

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

T = TypeVar("T")
log = logging.getLogger("tiaowen.api")

WINDOW = 60.0
"""Seconds over which calls are counted."""

_FILE = "limits.sqlite3"


class RateLimit:
    """At most so many calls a minute of each caller, counted together by all worker processes, of all machines where these share a
    database.

    A sliding window from two counters: the calls of this minute, and those of the last weighed by the part of it that is
    still within sixty seconds, by the seconds that the machine has run. The counts are not synced to disk: they are worth
    nothing after a restart.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] | None = None, server: Server | None = None) -> None:
        self._path = folder / _FILE
        self._server = server or chosen()
        self._clock = clock or (time.monotonic if self._server is None else self._server.seconds)
        self._local = local()

    def take(self, caller: str, calls: int) -> None:
        """Counts one call of `caller`. Raises RateLimited where it has made `calls` in the last minute already.

        Where the counts cannot be written (a full disk), the call is let through: the limit is there to keep answers coming.
        """
        try:
            self._take(caller, calls)
        except (sqlite3.Error, OSError, StoreError) as error:
            log.warning("calls cannot be counted: %s", error)

    def _take(self, caller: str, calls: int) -> None:
        at = self._clock()
        window = int(at // WINDOW)
        passed = at / WINDOW - window
        if self._server is not None:
            self._take_shared(self._server, caller, calls, window, passed)
            return
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            rows = dict(
                connection.execute(
                    "SELECT at, n FROM calls WHERE caller = ? AND at BETWEEN ? AND ?", (caller, window - 1, window)
                ).fetchall()
            )
            before, own = rows.get(window - 1, 0), rows.get(window, 0)
            refused = before * (1 - passed) + own >= calls
            if not refused:
                connection.execute(
                    "INSERT INTO calls VALUES (?, ?, 1) ON CONFLICT (caller, at) DO UPDATE SET n = n + 1",
                    (caller, window),
                )
                if not own:
                    connection.execute("DELETE FROM calls WHERE at NOT BETWEEN ? AND ?", (window - 1, window))
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")
        if refused:
            raise RateLimited(_wait(before, own, calls, passed))

    def _take_shared(self, server: Server, caller: str, calls: int, window: int, passed: float) -> None:
        """The same in one statement, which holds up the calls of no other caller."""
        faded = "coalesce((SELECT n FROM calls WHERE caller = :caller AND at = :window - 1), 0) * CAST(:left AS double precision)"
        values = {"caller": caller, "window": window, "left": 1 - passed, "calls": calls}
        counted = server.once(
            f"INSERT INTO calls AS c SELECT :caller, :window, 1 WHERE {faded} < :calls "
            f"ON CONFLICT (caller, at) DO UPDATE SET n = c.n + 1 WHERE c.n + {faded} < :calls RETURNING c.n",
            values,
        ).fetchone()
        if counted is None:
            rows = server.once(
                "SELECT at, n FROM calls WHERE caller = :caller AND at BETWEEN :window - 1 AND :window", values
            )
            told = {row["at"]: row["n"] for row in rows}
            raise RateLimited(_wait(told.get(window - 1, 0), told.get(window, 0), calls, passed))
        if counted["n"] == 1:
            server.once("DELETE FROM calls WHERE at NOT BETWEEN :window - 1 AND :window", values)

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.touch(mode=0o600)  # addresses of people
            connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS calls (caller TEXT, at INTEGER, n INTEGER NOT NULL, PRIMARY KEY (caller, at)) "
                "WITHOUT ROWID"
            )
            self._local.connection = connection
        return connection


def _wait(before: int, own: int, calls: int, passed: float) -> int:
    """Whole seconds until the next call is taken."""
    if own < calls:  # it is the last minute's calls that fill the window: they fade as this one passes
        fraction = 1 - (calls - own) / before
        return max(1, math.ceil((fraction - passed) * WINDOW) + 1)
    fraction = 1 - calls / own if own > calls else 0.0
    return max(1, math.ceil((1 - passed + fraction) * WINDOW) + 1)


class Gate:
    """At most `at_work` questions in threads of their own, `queue` waiting; who comes then is told to come back.

    A question that takes longer than `timeout` seconds, waiting included, is given up: taken out of the queue, or, where it
    is being worked on, left to end unheard (a thread cannot be stopped), its place taken until it does.
    """

    def __init__(self, at_work: int, queue: int, timeout: float) -> None:
        self._threads = ThreadPoolExecutor(at_work, thread_name_prefix="question")
        self._most = at_work + queue
        self._timeout = timeout
        self._inside = 0
        self._lock = Lock()
        self.at_work = at_work

    @property
    def inside(self) -> int:
        """Questions at work and waiting."""
        return self._inside

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` returns, or raises. Raises Busy and TimedOut."""
        with self._lock:
            if self._inside >= self._most:
                raise Busy
            self._inside += 1
        future = self._threads.submit(copy_context().run, function)
        future.add_done_callback(self._leave)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout)
        except TimeoutError as error:
            raise TimedOut from error

    def _leave(self, future: Future[T]) -> None:
        with self._lock:
            self._inside -= 1
