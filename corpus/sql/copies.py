"""The copies that a machine has of documents which lie in PostgreSQL: how one is made, and up to which revision its index has them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import StoreError

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

FILE = "published"
_AT_A_TIME = 2000


class Mark:
    """What the index of a data folder has of a database: a file beside the index, as that is this machine's own. A folder that comes to
    work with another database has nothing of it."""

    def __init__(self, folder: Path, database: str) -> None:
        self._path = folder / FILE
        self._database = database

    def read(self) -> int | None:
        """The revision; None where nothing is known."""
        try:
            database, _, revision = self._path.read_text("ascii").partition(" ")
        except FileNotFoundError:
            return None
        return int(revision) if database == self._database and revision.isdecimal() else None

    def write(self, revision: int) -> None:
        """Notes one, in one step. Raises StoreError."""
        partial = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            partial.write_text(f"{self._database} {revision}", "ascii")
            partial.replace(self._path)
        except OSError as error:
            raise StoreError(f"数据目录无法写入：{self._path}（{error}）", "请检查磁盘空间和目录权限后重试") from error

    def clear(self) -> None:
        """Nothing is known from now on: an index is being made."""
        self._path.unlink(missing_ok=True)


def copy_tables(server: Server, into: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Writes the rows of tables into a SQLite file that has these tables, all of one state whoever else is writing. A few thousand rows are
    in memory at a time."""
    with server.reading() as rows, into:
        for table in tables:
            columns = [row[1] for row in into.execute(f"PRAGMA table_info({table})")]
            names = ", ".join(f'"{name}"' for name in columns)
            into.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({','.join('?' * len(columns))})",
                rows(f"SELECT {names} FROM {table}", _AT_A_TIME),
            )
