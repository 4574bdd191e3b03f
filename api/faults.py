"""Faults of the machine under the service, by what their causes say: a full disk, damaged data, a file that is locked.

Code below raises what its libraries raise, or a StoreError that names them as its cause. What leaves the service, by HTTP or
on a terminal, goes through `named` first, so that each of these has one code wherever it came about.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from api.errors import DataDamaged, DiskFull
from api.models import index_name
from corpus.errors import PolicyError, StoreError
from corpus.store import FILE as DOCUMENTS

INDEX = "index"
RECORDS = "service.sqlite3"

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}
)
"""Of SQLite's: what mends itself, or is a matter of rights and not of what is in the file."""


def named(error: BaseException) -> PolicyError | None:
    """The error that says what is wrong; a PolicyError that has no such cause is given back. None for any other fault."""
    if isinstance(error, DiskFull):
        return error
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return DiskFull()
        if isinstance(cause, sqlite3.Error):
            extended = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            code = extended & 0xFF
            if code == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
                return DiskFull()
            if code in _PASSING:
                break
            if isinstance(cause, sqlite3.DatabaseError) and code != sqlite3.SQLITE_CONSTRAINT:
                return DataDamaged()
    if isinstance(error, PolicyError):
        return error
    if isinstance(error, sqlite3.Error | OSError):
        return StoreError(f"数据目录暂时无法读写（{error}）。", "请稍后再试；若反复出现，请检查数据目录的权限和磁盘。")
    return None


def damage_of(data: Path) -> PolicyError | None:
    """What is damaged in a data folder, looked at byte by byte: for a fault that no error explains. Seconds for a large one.

    A large file of the index is not read whole each time that it is opened, and may fail anyhow where it is used.
    """
    from index.carriers import carrier_of
    from index.snapshot import open_snapshot

    try:
        if (data / INDEX).is_dir():
            open_snapshot(data / INDEX, full=True, carrier=carrier_of(index_name()))
        for name in (DOCUMENTS, RECORDS):
            if (data / name).is_file():
                with closing(sqlite3.connect(f"file:{quote(str(data / name))}?mode=ro", uri=True)) as connection:
                    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                        return DataDamaged()
    except (PolicyError, sqlite3.Error) as error:
        return named(error)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from."""
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__
