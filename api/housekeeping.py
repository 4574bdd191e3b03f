"""What a service forgets: questions, feedback, closed hand-offs and jobs older than they are to be kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api.desk import Desk
from corpus.errors import PolicyError

EVERY = 3600.0
"""Seconds between two looks."""

log = logging.getLogger("tiaowen.api")


def add(app: FastAPI, desk: Desk, every: float = EVERY) -> None:
    """Forgets at the start and then again and again, while the app runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_keep_house(desk, every))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app.include_router(APIRouter(lifespan=lifespan))


async def _keep_house(desk: Desk, every: float) -> None:
    while True:
        try:
            forgotten = await run_in_threadpool(desk.forget_old)
            if forgotten:
                log.info("%s old records forgotten", forgotten)
        except PolicyError as error:  # a full disk, a locked file: the next look may succeed
            log.warning("old records could not be forgotten: %s", error.message)
        await asyncio.sleep(every)
