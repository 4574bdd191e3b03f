"""What the service itself must not lose: one SQLite file beside the documents, shared by all worker processes.

Each subject (keys, questions, feedback, hand-offs, FAQ, events) keeps its tables in a file of its own and brings its
schema to `ensure`. Write-ahead logging lets workers read while one writes. What was committed is there after a crash of
the process; what was confirmed to a person (`lasting`) after one of the machine, too.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from corpus.errors import StoreError

FILE = "service.sqlite3"
BATCH = 200
"""Rows that one transaction of the house-keeping changes: a few hundredths of a second in which nobody else writes."""


class Records:
    """The service's tables under a data folder; in a temporary folder of its own where none is given.

    >>> records = Records(Path("data"))
    >>> records.ensure("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")

    Safe for several threads and processes. Raises StoreError where the file cannot be opened, is not ours, or is full.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="tiaowen-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.path = self.folder / FILE
        self._local = threading.local()
        with _told(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)  # questions, contacts and hashes of keys: nobody else's business
            self.connect().execute("PRAGMA journal_mode=WAL")

    def connect(self) -> sqlite3.Connection:
        """The connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection

    def ensure(self, schema: str) -> None:
        """Makes the tables of one subject where they are not there yet."""
        with _told(self.path):
            self.connect().executescript(schema)

    @contextmanager
    def transaction(self, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or nothing. Not `lasting`: a loss of power may take the last seconds back, and the
        disk is not waited for, which is what a log line of every question can afford."""
        connection = self.connect()
        with _told(self.path):
            connection.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def in_batches(self, work: Callable[[sqlite3.Connection, int], int], stop: threading.Event | None = None) -> int:
        """Calls `work` with a connection and BATCH, each time in a transaction of its own, until it says that it did nothing,
        or `stop`; returns the sum of what it says. In between it waits as long as it worked: others may write then.
        """
        stop = stop or threading.Event()
        total = 0
        while not stop.is_set():
            began = time.monotonic()
            with self.transaction(lasting=False) as connection:
                done = work(connection, BATCH)
            if not done:
                break
            total += done
            stop.wait(time.monotonic() - began)
        return total

    def close(self) -> None:
        """Closes the connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"服务记录无法读写：{path.name}（{error}）", "请检查数据目录的权限和磁盘空间后重试") from error


def now() -> str:
    """The time of a record: ISO 8601 in UTC with microseconds, so that text order is time order."""
    return after()


def after(**time: float) -> str:
    """The time that lies so much after now, or before it where that is negative: `hours=12`, `days=-30`; as `now` gives it."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat(timespec="microseconds")
