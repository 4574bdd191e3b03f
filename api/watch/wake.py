"""Says when a look at watched folders is worth it: by the events of the system, as far as it has any for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

_LOOK = 3000  # milliseconds between two looks whether the folders are still the same ones
_AGAIN = 30.0  # seconds until events are asked for again where they could not be had

log = logging.getLogger("tiaowen.watch")


def wake_on_events(
    folders: Sequence[Path], wake: threading.Event, stop: threading.Event, tell: Callable[[str], None] = log.info
) -> threading.Thread:
    """Starts a thread that sets `wake` when something happens in a folder, and when one comes or goes; until `stop`.

    Where the system gives no events (too many folders for inotify), that is told once, and looks at intervals have to do.
    """
    thread = threading.Thread(target=_listen, args=(folders, wake, stop, tell), name="watch-events", daemon=True)
    thread.start()
    return thread


def _listen(folders: Sequence[Path], wake: threading.Event, stop: threading.Event, tell: Callable[[str], None]) -> None:
    from watchfiles import watch

    told = False
    while not stop.is_set():
        there = _there(folders)
        try:
            events = watch(
                *there,
                watch_filter=None,
                stop_event=stop,
                rust_timeout=_LOOK,
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            for changes in events if there else ():
                if changes:
                    wake.set()
                if _there(folders) != there:  # one was mounted, or put in the place of another
                    wake.set()
                    break
            told = False
        except Exception as error:  # what the library raises is of its own kind: OSError, RuntimeError, its Rust error
            if not told:
                tell(f"系统不能通知文件变化（{error}），改为定时查看；用 --poll 设间隔")
            told = True
            stop.wait(_AGAIN)
        if not there:
            stop.wait(_LOOK / 1000)


def _there(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """The folders that exist, and which ones they are."""
    out = {}
    for folder in folders:
        try:
            found = folder.stat()
        except OSError:
            continue
        out[folder] = (found.st_dev, found.st_ino)
    return out
