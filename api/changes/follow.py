"""Takes up what other machines change in the database that they share: looks every second, and lets the dispatcher bring the index
together with it. One process of a machine does it for all of them; there is nothing to follow where the documents lie in a file.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api.errors import Busy
from corpus.disk import locked
from corpus.errors import PolicyError
from qa.changes import behind

LOOK_EVERY = 1.0
_LOCK = "follow.lock"
_LAST_WORDS = 5.0  # seconds

log = logging.getLogger("tiaowen.jobs")


def add(app: FastAPI, data: Path, kick: Callable[[], None]) -> None:
    """Looks while the app runs. `kick` sees to it that the index is brought up to date."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=follow, args=(data, kick, stop), name="follow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            await run_in_threadpool(thread.join, _LAST_WORDS)

    app.include_router(APIRouter(lifespan=lifespan))


def follow(data: Path, kick: Callable[[], None], stop: threading.Event) -> None:
    """Looks until `stop`, as soon as no other process of this machine does."""
    while not stop.wait(LOOK_EVERY):
        try:
            with locked(data / _LOCK, Busy()):
                while not stop.wait(LOOK_EVERY):
                    if behind(data):
                        kick()
        except Busy:
            continue
        except (PolicyError, OSError) as error:  # a full disk, a database that is away: the next look may succeed
            log.warning("what other machines changed could not be looked for: %s", error)
