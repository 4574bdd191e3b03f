"""Files taken in by several workers at once: each reads one file at a time in a process of its own, and they write one after the other.

The files wait in a line. That of one process is a list; that of a database that machines share (corpus/claims.py) is open to the workers
of all of them. In which order documents come to stand in the store is then a matter of who was ready first.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from corpus.errors import StoreError
from corpus.ingest import GIVE_UP_AFTER, FileReport, Report, refused, take_in_one
from corpus.parts import Parts
from corpus.store import Store

LOOK_EVERY = 0.2
"""Seconds between two looks at whether others are done with what they have taken."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file of a line: its place there, where it lies, and the name that users see."""

    place: int
    path: Path
    name: str
    batch: str = ""


class Line(Protocol):
    """Files that wait for whoever takes them in. Safe for several threads."""

    def take(self) -> Waiting | None:
        """The next one; None where there is none for now."""

    def finish(self, file: Waiting, reports: Sequence[FileReport]) -> None:
        """Notes what became of a file that was taken."""

    def over(self) -> bool:
        """Whether nothing waits, nor is with others."""

    def reports(self) -> list[FileReport]:
        """What became of all files, in the order of the line."""


class OwnLine:
    """The line of one process."""

    def __init__(self, files: Iterable[tuple[Path, str]]) -> None:
        self._left = deque(Waiting(place, path, name) for place, (path, name) in enumerate(files))
        self._done: dict[int, Sequence[FileReport]] = {}

    def take(self) -> Waiting | None:
        """As Line says."""
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def finish(self, file: Waiting, reports: Sequence[FileReport]) -> None:
        """As Line says."""
        self._done[file.place] = reports

    def over(self) -> bool:
        """Whether nothing waits; who has taken a file ends it."""
        return not self._left

    def reports(self) -> list[FileReport]:
        """As Line says."""
        return [report for _, reports in sorted(self._done.items()) for report in reports]


class _Trouble:
    """Counts files on end that the store would not take: it will not take the others either."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: list[StoreError] = []

    def note(self, failed: Sequence[StoreError]) -> None:
        with self._lock:
            self._failed = [*self._failed, *failed] if failed else []

    @property
    def last(self) -> StoreError | None:
        """The error that the rest is refused with; None as long as it is worth trying."""
        with self._lock:
            return self._failed[-1] if len(self._failed) >= GIVE_UP_AFTER else None


def work_off(store: Store, line: Line, readers: Sequence[Parts], progress: Callable[[str], None] | None = None) -> None:
    """Takes in what waits in a line, as many files at a time as there are readers; returns when the line is over.

    `progress` is called with each name, from several threads but never at once. Raises what reading and the line raise.
    """
    trouble, stop, telling = _Trouble(), threading.Event(), threading.Lock()

    def work(parts: Parts) -> None:
        try:
            while not stop.is_set():
                file = line.take()
                if file is None:
                    if line.over():
                        return
                    stop.wait(LOOK_EVERY)
                    continue
                with telling:
                    if progress is not None:
                        progress(file.name)
                if (error := trouble.last) is not None:
                    line.finish(file, [refused(file.name, error)])
                    continue
                reports, failed = take_in_one(store, file.path, file.name, parts)
                trouble.note(failed)
                line.finish(file, reports)
        finally:
            store.close()  # the connection of this thread

    with ThreadPoolExecutor(len(readers), thread_name_prefix="intake") as pool:
        at_work = [pool.submit(work, parts) for parts in readers]
        try:
            done, _ = wait(at_work, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
        for future in done:
            future.result()


def take_in_together(
    store: Store, line: Line, readers: Sequence[Parts], progress: Callable[[str], None] | None = None
) -> Report:
    """Takes in what waits in a line, as corpus.ingest.take_in takes in files one by one."""
    work_off(store, line, readers, progress)
    report = Report(tuple(line.reports()))
    if report.changed:
        store.link()
    return report
