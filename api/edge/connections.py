"""Connections as they are held: how long one may stay silent, how many there may be, and what happens where none is left.

uvicorn closes a connection that is idle after a response. This adds deadlines for what it waits for without end: the head
of a request (the body has its own, api/edge/envelope.py), and a reader that takes nothing of its response. Where there are as
many connections as may be, the one that has waited longest for a request makes room; where all are at work, the newest is
told to come back.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.errors import Busy, error_body

HEAD_SECONDS = 10.0
"""Within which the head of a request must be there, from the connection or from its first byte on."""

UNREAD_SECONDS = 20.0
"""Within which a reader must take what fills the buffer of its connection (64 KB), or what is left at the end."""

BACKLOG = 128
"""Connections that may wait to be accepted; as many are accepted at a stroke."""

RESERVED = 400
"""Descriptors that are not for connections: files, databases of each thread, and connections that are being closed."""

SAY_EVERY = 60.0
"""Seconds between two lines of the log about the same want."""

_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger("tiaowen.api")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections one process holds, in all and of one address; 0 is no limit but that of its descriptors."""

    most: int = 0
    of_address: int = 0

    @property
    def room(self) -> int:
        """Connections that there are descriptors for and that may be."""
        soft = _descriptors()
        within = self.most or 1_000_000 if soft is None else max(16, soft - RESERVED)
        return min(self.most or within, within)


def _descriptors() -> int | None:
    """How many this process may open; None where there is no limit, or as on Windows none that can be asked for."""
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


class Config(uvicorn.Config):
    """uvicorn's, with our connections and a loop that can run out of descriptors."""

    def __init__(self, app: Any, limits: Limits, **more: Any) -> None:
        super().__init__(app, http=Connection, ws="none", backlog=BACKLOG, **more)
        self.limits = limits

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop] | None:
        make = super().get_loop_factory() or asyncio.new_event_loop

        def made() -> asyncio.AbstractEventLoop:
            loop = make()
            loop.set_exception_handler(_Scarcity())
            return loop

        return made


class _Seldom:
    """Says something at most once in SAY_EVERY seconds."""

    def __init__(self) -> None:
        self._said = -SAY_EVERY

    def __call__(self, level: int, words: str, *values: object) -> None:
        at = time.monotonic()
        if at - self._said >= SAY_EVERY:
            self._said = at
            log.log(level, words, *values)


class _Scarcity:
    """The exception handler of a loop. asyncio tries again by itself where a connection cannot be accepted, and tells each
    of thousands of failures with its traceback."""

    def __init__(self) -> None:
        self._say = _Seldom()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _SCARCE and "accept" in context.get("message", ""):
            self._say(logging.ERROR, "no connection can be accepted for now: %s", error.strerror)
            return
        loop.default_exception_handler(context)


@dataclass(eq=False)
class _Book:
    """The connections of one server: how many of each address, and which wait for a request, longest first."""

    of: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    waiting: dict[Connection, None] = field(default_factory=dict)
    waiting_of: dict[str, dict[Connection, None]] = field(default_factory=lambda: defaultdict(dict))
    total: int = 0
    say: _Seldom = field(default_factory=_Seldom)

    def admit(self, made: Connection, limits: Limits) -> bool:
        """Whether a connection may be; counted in any case, until it leaves."""
        room = True
        if limits.of_address and self.of[made.address] >= limits.of_address:
            room = self._drop(self.waiting_of[made.address])
        elif self.total >= limits.room:
            room = self._drop(self.waiting)
        self.of[made.address] += 1
        self.total += 1
        return room

    def _drop(self, waiting: dict[Connection, None]) -> bool:
        self.say(logging.WARNING, "as many connections as may be: %d", self.total)
        oldest = next(iter(waiting), None)
        if oldest is None:
            return False
        self.set_waiting(oldest, False)
        oldest.transport.abort()
        return True

    def set_waiting(self, connection: Connection, waits: bool) -> None:
        for book in (self.waiting, self.waiting_of[connection.address]):
            book.pop(connection, None)
            if waits:
                book[connection] = None

    def leave(self, connection: Connection) -> None:
        self.set_waiting(connection, False)
        self.total -= 1
        self.of[connection.address] -= 1
        if not self.of[connection.address]:
            del self.of[connection.address], self.waiting_of[connection.address]


_books: WeakKeyDictionary[ServerState, _Book] = WeakKeyDictionary()


class Connection(H11Protocol):
    """One connection of uvicorn, with deadlines."""

    address = ""
    _book: _Book
    _head: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._book = _books.setdefault(self.server_state, _Book())
        if not self._book.admit(self, getattr(self.config, "limits", Limits())):
            transport.write(_full())
            transport.close()
            self._watch_reader()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.is_closing():
            self._watch_reader()
        elif self._is_at_work():
            self._stop_waiting()
            if not self.flow.write_paused:  # who asks again has read what came before
                self._reader_reads()
        elif self._head is None:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_reader()
        if not self._is_at_work():  # the head of the next may be there already
            self._book.set_waiting(self, True)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reader_reads()

    def _reader_reads(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for timer in (self._head, self._unread):
            if timer is not None:
                timer.cancel()
        self._book.leave(self)

    def _is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._book.set_waiting(self, True)
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        self._book.set_waiting(self, False)
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _watch_reader(self) -> None:
        if self._unread is None and self.transport.get_write_buffer_size():
            self._unread = self.loop.call_later(UNREAD_SECONDS, self._reader_late)

    def _reader_late(self) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()


def _full() -> bytes:
    """What a connection is told that there is no room for."""
    body = json.dumps(error_body(Busy()), ensure_ascii=False).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Retry-After: {Busy.retry_after}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
