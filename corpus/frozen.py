"""A copy of a store that does not change any more: what answers are read from.

All connections are made when it is opened and kept: a copy that is removed from the disk meanwhile, because newer ones were
published, stays readable until it is let go. That is why no lock has to tell its remover who still reads.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Sequence
from pathlib import Path
from queue import LifoQueue
from typing import Any

from corpus.errors import StoreError
from corpus.queries import Counts, Queries

CONNECTIONS = 4
"""Reads at the same time; a read takes less than a millisecond, so that threads beyond these hardly wait."""

_CACHE_KB = 256  # a connection; pages come from the file's map, which all processes share


class FrozenStore(Queries):
    """A file that `Store.freeze` wrote, opened read-only. Safe for several threads.

    >>> store.freeze(Path("copy.sqlite3"))
    >>> FrozenStore(Path("copy.sqlite3")).counts().documents

    Raises StoreError where the file is missing, damaged, or not ours.
    """

    def __init__(self, path: Path) -> None:
        self._free: LifoQueue[sqlite3.Connection] = LifoQueue()
        opened: list[sqlite3.Connection] = []
        weakref.finalize(self, _close, opened)
        try:
            size = path.stat().st_size
            for _ in range(CONNECTIONS):
                opened.append(_connected(path, size))
            self._counts = _counted(opened[0])
        except (OSError, sqlite3.Error) as error:
            _close(opened)
            raise StoreError(f"索引所带的文件库无法打开：{path}（{error}）", "重新执行 tiaowen ingest") from error
        for connection in opened:
            self._free.put(connection)

    def counts(self) -> Counts:
        return self._counts

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        connection = self._free.get()
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            self._free.put(connection)


def _connected(path: Path, size: int) -> sqlite3.Connection:
    # Immutable: no locks, no journal looked for, nothing written beside it.
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection.execute(f"PRAGMA mmap_size={size}")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
    columns = {row[1] for row in connection.execute("PRAGMA table_info(documents)")}
    if columns and "void" not in columns:  # a copy that an earlier version wrote
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("CREATE TEMP VIEW documents AS SELECT *, NULL AS void FROM main.documents")
    return connection


def _counted(connection: sqlite3.Connection) -> Counts:
    one = connection.execute
    return Counts(*(one(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("files", "documents", "clauses")))


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()
