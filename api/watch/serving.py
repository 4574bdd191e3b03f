"""Watched folders inside the service: one of its worker processes watches for all, and another takes over where it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api.changes.dispatch import Dispatcher
from api.changes.jobs import Jobs
from api.changes.watched.folders import require_apart
from api.errors import WatchBusy
from api.records.database import Records
from api.schedule import every
from api.settings import Settings
from api.watch.wake import wake_on_events
from api.watch.watcher import Options, Watcher, watching

_AGAIN = 10.0  # seconds between two tries to be the one that watches
_LAST_WORDS = 5.0  # seconds that a look may take when the service ends; what it would have found is found by the next

log = logging.getLogger("tiaowen.watch")


def options_of(settings: Settings, data: Path) -> Options:
    """What the settings say is to be watched. Raises BadSetting."""
    return Options(
        require_apart([Path(folder) for folder in settings.watch], data),
        settings.watch_remove,
        float(settings.watch_rest),
        every(settings.watch_every) if settings.watch_every else None,
        float(settings.watch_poll) or None,
    )


def add(app: FastAPI, records: Records, settings: Settings) -> None:
    """Watches while the app runs, where there is something to be watched. Raises BadSetting."""
    if not settings.watch:
        return
    options = options_of(settings, records.folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stop, wake = threading.Event(), threading.Event()
        thread = threading.Thread(target=watch, args=(records, options, stop, wake), name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            wake.set()
            await run_in_threadpool(thread.join, _LAST_WORDS)

    app.include_router(APIRouter(lifespan=lifespan))


def watch(records: Records, options: Options, stop: threading.Event, wake: threading.Event) -> None:
    """Watches until `stop`, as soon as nobody else does; what goes wrong is logged, and watching begins anew."""
    while not stop.is_set():
        try:
            with watching(records.folder):
                log.info("watching %s", "、".join(map(str, options.folders)))
                if options.poll is None:
                    wake_on_events(options.folders, wake, stop)
                kick = Dispatcher(Jobs(records), records.folder).kick
                Watcher(records, options, kick).run(stop, wake)
        except WatchBusy:
            log.debug("another process watches")
        except Exception:  # a full disk, a share that fails in a way of its own: the next try may succeed
            log.exception("the folders could not be watched")
        stop.wait(_AGAIN)
    records.close()
