"""Changes of the documents that a page, another program or a watched folder asked for: the table, and the process that does the work.

They are done in the order in which they were accepted (api/changes/dispatch.py), in a process of their own, so that reading a broken
file can neither stall nor kill the service. What was uploaded waits in `uploads/.incoming/<job>/` and is read from
there; a file takes its place in `uploads/` when the store holds it. A job whose process ends before its time is begun again
and does only what is left to do; after MOST_TRIES it has failed.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from api.changes.told import JobReport
from api.errors import Busy
from api.records.database import Records, now
from corpus.disk import locked, sync
from corpus.errors import NotFound, StoreError
from corpus.sql.shapes import Connection, Row, holes

Kind = Literal["upload", "drop", "evaluate", "watch"]
State = Literal["queued", "reading", "indexing", "done", "failed"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL,
  total INTEGER NOT NULL, names TEXT NOT NULL, report TEXT NOT NULL, error TEXT, pid INTEGER, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS job_tries (job TEXT PRIMARY KEY, tries INTEGER NOT NULL);
"""
UPLOADS = "uploads"
INCOMING = ".incoming"
MOST_WAITING = 20
"""Jobs that have not ended: uploads, removals and all others together."""
MOST_TRIES = 2
"""How often a job is begun whose process ends before its time."""
MOST_SECONDS = 3600.0
"""How long one job may take."""
SETTLE = "settle"
"""In the place of a job's id: nothing new, only what an earlier change left undone."""
_ACCEPTING = "accept.lock"
_ACCEPT_WAIT = 30.0  # seconds; a job is accepted as fast as its files are copied
_ENDED = ("done", "failed")
_OPEN = "status NOT IN ('done', 'failed')"
_CHUNK = 2**20
_COLUMNS = "id, kind, status, stage, done, total, names, report, error, pid, created_at, updated_at"

log = logging.getLogger("tiaowen.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """One upload, removal, evaluation or change of watched folders. `done` of `total` are files while reading, passages while
    indexing, questions while asking; `report` is filled at the end."""

    id: str
    kind: Kind
    status: State
    stage: str
    done: int
    total: int
    names: tuple[str, ...]
    report: JobReport
    error: dict[str, str] | None
    created_at: str
    updated_at: str


class Jobs:
    """The ingestions of one service."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.ensure(SCHEMA)
        # Files wait in the data folder of the machine that accepted them: there the job is done.
        self._own = _OPEN + (f" AND node = '{records.node}'" if records.node else "")

    def incoming(self, ident: str) -> Path:
        """Where the files of a job wait."""
        return self._records.folder / UPLOADS / INCOMING / ident

    @contextmanager
    def accepting(self) -> Iterator[None]:
        """Around what accepts a job: one at a time, so that the order and the number of them are sure.

        Raises Busy where MOST_WAITING jobs have not ended.
        """
        busy = Busy("还有许多上传和移除在等待处理。", "请等前面的完成后再试。")
        with locked(self._records.folder / _ACCEPTING, busy, _ACCEPT_WAIT):
            if self.waiting() >= MOST_WAITING:
                raise busy
            yield

    def receive(self, files: Sequence[tuple[str, IO[bytes]]], ident: str) -> None:
        """Puts the files of a job where it will find them, so that they are there after a loss of power, too."""
        folder = self.incoming(ident)
        folder.mkdir(parents=True)
        for name, content in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as copy:
                shutil.copyfileobj(content, copy, _CHUNK)
            sync(folder / name)
        for inner in (*(path for path in folder.rglob("*") if path.is_dir()), folder, folder.parent):
            sync(inner)

    def put(self, kind: Kind, names: Sequence[str], ident: str | None = None) -> str:
        """A new job, the last in line; returns its id."""
        ident = ident or new_id()
        with self._records.transaction() as connection:
            connection.execute(
                f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, 'queued', '', 0, ?, ?, '{{}}', NULL, NULL, ?, ?)",
                (ident, kind, len(names), json.dumps(list(names), ensure_ascii=False), now(), now()),
            )
            if self._records.node:
                connection.execute("UPDATE jobs SET node = ? WHERE id = ?", (self._records.node, ident))
        return ident

    def get(self, ident: str) -> Job:
        """Raises NotFound."""
        return _job(self._row(ident))

    def next(self) -> Job | None:
        """The one that was accepted first of those that have not ended."""
        row = self._records.connect().execute(f"SELECT * FROM jobs WHERE {self._own} ORDER BY rowid LIMIT 1").fetchone()
        return _job(row) if row else None

    def begin(self, ident: str) -> Job | None:
        """The job, once more at work; None where it has ended, or was begun as often as may be, which is noted."""
        job = self.get(ident)
        if job.status in _ENDED:
            return None
        with self._records.transaction() as connection:
            (tries,) = connection.execute(
                "INSERT INTO job_tries VALUES (?, 1) ON CONFLICT (job) DO UPDATE SET tries = job_tries.tries + 1 RETURNING tries",
                (ident,),
            ).fetchone()
        if tries > MOST_TRIES:
            self.fail(ident, "导入进程中途退出。", "已有的文件没有受影响；请重新上传，仍不行请查看服务日志。")
            return None
        self.note(ident, status="reading", stage="reading", pid=os.getpid())
        return job

    def note(self, ident: str, **values: str | int | None) -> None:
        """Sets columns of a job."""
        names = ", ".join(f"{name} = ?" for name in values)
        with self._records.transaction(lasting=False) as connection:
            connection.execute(
                f"UPDATE jobs SET {names}, updated_at = ? WHERE id = ?", (*values.values(), now(), ident)
            )

    def fail(self, ident: str, message: str, hint: str, code: str = "internal") -> None:
        error = json.dumps({"code": code, "message": message, "hint": hint}, ensure_ascii=False)
        self.note(ident, status="failed", error=error)

    def last(self, kind: Kind, limit: int) -> list[Job]:
        """The newest jobs of a kind."""
        rows = self._records.connect().execute(
            "SELECT * FROM jobs WHERE kind = ? ORDER BY created_at DESC LIMIT ?", (kind, limit)
        )
        return [_job(row) for row in rows]

    def recent(self, kinds: Sequence[Kind], limit: int) -> list[Job]:
        """The newest jobs of several kinds."""
        rows = self._records.connect().execute(
            f"SELECT * FROM jobs WHERE kind IN {holes(kinds)} ORDER BY rowid DESC LIMIT ?",
            (*kinds, limit),
        )
        return [_job(row) for row in rows]

    def open(self, kind: Kind) -> Job | None:
        """The one of a kind that was accepted first of those that have not ended."""
        row = self._records.connect().execute(
            f"SELECT * FROM jobs WHERE kind = ? AND {self._own} ORDER BY rowid", (kind,)
        )
        found = row.fetchone()
        return _job(found) if found else None

    def ended(self, ident: str) -> bool:
        """Whether no job of this id waits or is at work."""
        row = self._records.connect().execute(f"SELECT 1 FROM jobs WHERE id = ? AND {_OPEN}", (ident,)).fetchone()
        return row is None

    def waiting(self) -> int:
        """Jobs that have not ended."""
        row = self._records.connect().execute(f"SELECT count(*) FROM jobs WHERE {self._own}")
        return int(row.fetchone()[0])

    def expects(self, name: str) -> bool:
        """Whether a file of this name is in an upload that has not ended."""
        rows = self._records.connect().execute(f"SELECT names FROM jobs WHERE kind = 'upload' AND {_OPEN}")
        return any(name in json.loads(row["names"]) for row in rows)

    def tidy(self) -> None:
        """Clears away what jobs that have ended left behind."""
        busy = StoreError("上传正在接收，暂不能清理", "请稍后再试")
        with locked(self._records.folder / _ACCEPTING, busy, _ACCEPT_WAIT):  # a folder is there before its job
            rows = self._records.connect().execute(f"SELECT id FROM jobs WHERE {_OPEN}").fetchall()
            kept = {row["id"] for row in rows}
            for folder in sorted((self._records.folder / UPLOADS / INCOMING).glob("*")):
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Closes the connection of this thread."""
        self._records.close()

    def purge(self, before: str, stop: threading.Event | None = None) -> int:
        """Forgets jobs that ended before a time (ISO 8601), in small batches."""

        def delete(connection: Connection, size: int) -> int:
            ended = f"SELECT id FROM jobs WHERE updated_at < ? AND NOT ({_OPEN}) LIMIT ?"
            gone = [(ident,) for (ident,) in connection.execute(ended, (before, size))]
            connection.executemany("DELETE FROM jobs WHERE id = ?", gone)
            connection.executemany("DELETE FROM job_tries WHERE job = ?", gone)
            return len(gone)

        return self._records.in_batches(delete, stop)

    def _row(self, ident: str) -> Row:
        row: Row | None = self._records.connect().execute("SELECT * FROM jobs WHERE id = ?", (ident,)).fetchone()
        if row is None:
            raise NotFound("没有这次导入的记录。", "编号见上传时返回的 id。")
        return row


def new_id() -> str:
    return secrets.token_hex(8)


def _job(row: Row) -> Job:
    error = row["error"]
    return Job(
        *(row["id"], row["kind"], row["status"], row["stage"], row["done"], row["total"]),
        names=tuple(json.loads(row["names"])),
        report=json.loads(row["report"]),
        error=json.loads(error) if error else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
