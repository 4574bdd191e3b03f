"""What the service itself must not lose: one SQLite file beside the documents, shared by all worker processes, or the tables
of a PostgreSQL that several machines share (corpus/sql).

Each subject (keys, questions, feedback, hand-offs, FAQ, events) keeps its tables in a file of its own and brings its
schema to `ensure`; those of PostgreSQL are made by its migrations. Write-ahead logging lets workers read while one writes. What
was committed is there after a crash of the process; what was confirmed to a person (`lasting`) after one of the machine, too.
"""

from __future__ import annotations

import functools
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
from typing import TYPE_CHECKING, cast

from corpus.disk import locked
from corpus.errors import PolicyError, StoreError
from corpus.sql.choice import chosen, dialect_of
from corpus.sql.node import node_of
from corpus.sql.shapes import Connection

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

FILE = "service.sqlite3"
_SUBJECT = "records"  # whose writers come one after the other
BATCH = 200
"""Rows that one transaction of the house-keeping changes: a few hundredths of a second in which nobody else writes."""


class Records:
    """The service's tables under a data folder; in a temporary folder of its own where none is given.

    >>> records = Records(Path("data"))
    >>> records.ensure("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")

    `server` is the PostgreSQL that has them; by default the one chosen for this process, if any. `sql` says what statements need that
    are not the same in both.

    Safe for several threads and processes. Raises StoreError where the file cannot be opened, is not ours, or is full, and
    DatabaseAway.
    """

    def __init__(self, folder: Path | None = None, server: Server | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="tiaowen-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.path = self.folder / FILE
        self._local = threading.local()
        self._server = server or chosen()
        self.sql = dialect_of(self._server)
        with _told(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
        if self._server is not None:
            self._session = self._server.session(_SUBJECT)
            return
        with _told(self.path):
            self.path.touch(mode=0o600)  # questions, contacts and hashes of keys: nobody else's business
            self._file().execute("PRAGMA journal_mode=WAL")

    @property
    def shared(self) -> bool:
        """Whether other machines share them."""
        return self._server is not None

    @functools.cached_property
    def node(self) -> str:
        """The name of this data folder among those that share the database; "" where there is only one."""
        return node_of(self.folder) if self._server is not None else ""

    def connect(self) -> Connection:
        """The connection of this thread."""
        return self._session if self._server is not None else self._file()

    def _file(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection

    def ensure(self, schema: str) -> None:
        """Makes the tables of one subject where they are not there yet."""
        if self._server is None:
            with _told(self.path):
                self._file().executescript(schema)

    def seconds(self) -> float:
        """Seconds counted alike for all who share these records, which no setting of a clock changes: by this machine since it was
        started, or by the database."""
        return time.monotonic() if self._server is None else self._server.seconds()

    def require(self) -> None:
        """Raises DatabaseAway where a database that others share does not answer."""
        if self._server is not None:
            self._server.once("SELECT 1")

    @contextmanager
    def alone(self, name: str, taken: PolicyError, wait: float = 0.0) -> Iterator[None]:
        """Around what one process does for all of them, on whatever machine; `taken` is raised where another one has not done it after
        `wait` seconds."""
        with locked(self.folder / name, taken, wait):
            if self._server is None:
                yield
                return
            with self._server.exclusive(name, taken, wait):
                yield

    @contextmanager
    def transaction(self, lasting: bool = True) -> Iterator[Connection]:
        """All of what is written inside, or nothing. Not `lasting`: a loss of power may take the last seconds back, and the
        disk is not waited for, which is what a log line of every question can afford."""
        if self._server is not None:
            with _told(self.path), self._session.transaction(lasting):
                yield self._session
            return
        connection = cast(sqlite3.Connection, self.connect())
        with _told(self.path):
            connection.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def in_batches(self, work: Callable[[Connection, int], int], stop: threading.Event | None = None) -> int:
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
