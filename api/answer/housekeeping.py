"""What a service does beside answering: counts old records, and forgets what is older than it is to be kept.

One of the worker processes does it for all, a small batch at a time.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api.answer.desk import Desk
from api.errors import Busy
from corpus.errors import PolicyError

EVERY = 3600.0
"""Seconds between two looks."""
_LOCK = "housekeeping.lock"

log = logging.getLogger("tiaowen.api")


def add(app: FastAPI, desk: Desk, every: float = EVERY) -> None:
    """Keeps house at the start and then again and again, while the app runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        task = asyncio.create_task(_again_and_again(desk, every, stop))
        try:
            yield
        finally:
            stop.set()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app.include_router(APIRouter(lifespan=lifespan))


async def _again_and_again(desk: Desk, every: float, stop: threading.Event) -> None:
    while True:
        try:
            await run_in_threadpool(keep_house, desk, stop)
        except Busy:
            log.debug("another process keeps house")
        except (PolicyError, sqlite3.Error, OSError) as error:  # a full disk, a locked file: the next look may succeed
            log.warning("old records could not be forgotten: %s", error)
        await asyncio.sleep(every)


def keep_house(desk: Desk, stop: threading.Event) -> None:
    """Does once what there is to do, until `stop`. Raises Busy where another process does it, StoreError."""
    with desk.records.alone(_LOCK, Busy()):
        if left := desk.asked.left_to_count():
            log.info("records of an older version are counted: %d to go, the newest first", left)
            log.info("%d records of an older version counted", desk.asked.count_older(stop))
        forgotten = desk.forget_old(stop)
        if forgotten:
            log.info("%s old records forgotten", forgotten)
