"""Ingestions that a page or another program asked for: the table, and the process that does the work.

Each runs in a process of its own, so that reading a broken file can neither stall nor kill the service; one at a time, by a
lock that the system lets go of when the process dies. What was uploaded waits in `uploads/.incoming/<job>/`; a file takes
its place in `uploads/` when its job begins, and gives it back to the version before where it is rejected.
"""

from __future__ import annotations

import fcntl
import json
import logging
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from api.records import Records, now
from corpus.errors import NotFound, PolicyError
from corpus.ingest import FileReport, drop, ingest
from corpus.store import Store

State = Literal["queued", "reading", "indexing", "done", "failed"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL,
  total INTEGER NOT NULL, names TEXT NOT NULL, report TEXT NOT NULL, error TEXT, pid INTEGER, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
"""
UPLOADS = "uploads"
INCOMING = ".incoming"
_BEFORE = ".before"  # no upload is called so: a name does not begin with a dot
MOST_SECONDS = 3600.0
"""How long one ingestion may take."""
_ENDED = ("done", "failed")
_TOLD_EVERY = 0.3  # seconds between two notes of progress

log = logging.getLogger("tiaowen.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """One ingestion. `done` of `total` are files while reading, passages while indexing; `report` is filled at the end."""

    id: str
    kind: Literal["upload", "drop"]
    status: State
    stage: str
    done: int
    total: int
    names: tuple[str, ...]
    report: dict[str, Any]
    error: dict[str, str] | None
    created_at: str
    updated_at: str


class JobTooLong(PolicyError):
    """An ingestion that took longer than MOST_SECONDS."""

    code = "ingestion_too_long"


class Jobs:
    """The ingestions of one service."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.ensure(SCHEMA)

    def incoming(self, ident: str) -> Path:
        """Where the files of a job wait."""
        return self._records.folder / UPLOADS / INCOMING / ident

    def put(self, kind: Literal["upload", "drop"], names: Sequence[str], ident: str | None = None) -> str:
        """A new job, which `start` runs; returns its id."""
        ident = ident or new_id()
        with self._records.transaction() as connection:
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, 'queued', '', 0, ?, ?, '{}', NULL, NULL, ?, ?)",
                (ident, kind, len(names), json.dumps(list(names), ensure_ascii=False), now(), now()),
            )
        return ident

    def get(self, ident: str) -> Job:
        """Raises NotFound. A job whose process is gone before its end has failed."""
        row = self._row(ident)
        if row["status"] not in _ENDED and row["pid"] and not _alive(row["pid"], ident):
            row = self._row(ident)  # it may have ended between the two looks
            if row["status"] not in _ENDED:
                self.fail(ident, "导入进程中途退出。", "已有的文件没有受影响；请重新上传，仍不行请查看服务日志。")
                row = self._row(ident)
        error = row["error"]
        return Job(
            *(row["id"], row["kind"], row["status"], row["stage"], row["done"], row["total"]),
            names=tuple(json.loads(row["names"])),
            report=json.loads(row["report"]),
            error=json.loads(error) if error else None,
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )

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

    def start(self, ident: str) -> None:
        """Runs a job in a process of its own, which outlives the one that started it."""
        command = [sys.executable, "-m", "api.jobs", str(self._records.folder.resolve()), ident]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self.note(ident, pid=process.pid)
        threading.Thread(target=process.wait, name=f"job-{ident}", daemon=True).start()  # so that no zombie stays

    def waiting(self) -> int:
        """Jobs that have not ended."""
        row = self._records.connect().execute("SELECT count(*) FROM jobs WHERE status NOT IN ('done', 'failed')")
        return int(row.fetchone()[0])

    def is_waiting(self, ident: str) -> bool:
        """Whether there is such a job and it has not ended."""
        try:
            return self.get(ident).status not in _ENDED
        except NotFound:
            return False

    def purge(self, before: str) -> int:
        """Forgets jobs that ended before a time (ISO 8601)."""
        with self._records.transaction() as connection:
            return connection.execute("DELETE FROM jobs WHERE updated_at < ?", (before,)).rowcount

    def _row(self, ident: str) -> sqlite3.Row:
        row: sqlite3.Row | None = (
            self._records.connect().execute("SELECT * FROM jobs WHERE id = ?", (ident,)).fetchone()
        )
        if row is None:
            raise NotFound("没有这次导入的记录。", "编号见上传时返回的 id。")
        return row


def new_id() -> str:
    return secrets.token_hex(8)


def _alive(pid: int, ident: str) -> bool:
    """Whether the process of a job runs. Another one may have its number by now; one that has ended and was not waited for
    has no command line."""
    try:
        return ident.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


# -- the process -------------------------------------------------------------------------------------------------------


def run(data: Path, ident: str) -> int:
    """Does one job; returns the exit status. Everything that goes wrong is in the job's row."""
    jobs = Jobs(Records(data))
    try:
        with alone(data), _within(MOST_SECONDS):
            _tidy(jobs, data, ident)
            job = jobs.get(ident)
            reports = _upload(jobs, data, job) if job.kind == "upload" else _drop(data, job)
            _finish(jobs, data, ident, reports)
    except PolicyError as error:
        jobs.fail(ident, error.message, error.hint, error.code)
        return 1
    except Exception:
        log.exception("job %s failed", ident)
        jobs.fail(ident, "导入时出错。", "已有的文件没有受影响；请查看服务日志。")
        return 1
    finally:
        shutil.rmtree(jobs.incoming(ident), ignore_errors=True)
    return 0


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """One job at a time; whoever comes meanwhile waits."""
    with (data / "jobs.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raises JobTooLong inside where it takes longer: a file that cannot be read in that time must not keep others waiting."""

    def give_up(number: int, frame: object) -> None:
        raise JobTooLong("导入用时太长，已停下。", "已有的文件没有受影响；请把文件拆小后再上传。")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _tidy(jobs: Jobs, data: Path, own: str) -> None:
    """Clears away what jobs that were killed left, and puts the version of a file that the store holds back in its place."""
    store = Store(data)
    for folder in sorted((data / UPLOADS / INCOMING).glob("*")):
        if folder.name == own or jobs.is_waiting(folder.name):
            continue
        for old in (folder / _BEFORE).glob("*"):
            place = (data / UPLOADS / old.name).resolve()
            known = store.file(str(place))
            if known and known[0] == sha256(old.read_bytes()).hexdigest():
                old.replace(place)
        shutil.rmtree(folder, ignore_errors=True)


def _upload(jobs: Jobs, data: Path, job: Job) -> list[dict[str, Any]]:
    store = Store(data)
    jobs.note(job.id, status="reading", stage="reading", done=0, total=len(job.names))
    out = []
    for done, name in enumerate(job.names, 1):
        report = _take_in(store, data / UPLOADS, jobs.incoming(job.id), name)
        jobs.note(job.id, done=done)
        documents = [] if report.outcome == "rejected" else _documents(store, data / UPLOADS / name)
        out.append(_told(report, documents))
    return out


def _take_in(store: Store, uploads: Path, incoming: Path, name: str) -> FileReport:
    """One uploaded file as the new version of the file of that name; where it is rejected, all is as it was."""
    place, before = (uploads / name).resolve(), incoming / _BEFORE
    before.mkdir(exist_ok=True)
    known = [path for path in store.paths(name) if path != str(place)]
    moved = known[0] if len(known) == 1 and store.file(str(place)) is None else None
    old = before / name if place.exists() else None
    if old:
        place.replace(old)
    (incoming / name).replace(place)
    if moved:
        store.move_file(moved, str(place))
    taken = False
    try:
        report = ingest(store, [place]).files[0]
        taken = report.outcome != "rejected"
    finally:
        if not taken:
            place.unlink(missing_ok=True)
            if old:
                old.replace(place)
            if moved:
                store.move_file(str(place), moved)
    return report


def _drop(data: Path, job: Job) -> list[dict[str, Any]]:
    store = Store(data, create=False)
    own = (data / UPLOADS).resolve()
    for path in drop(store, job.names):
        if Path(path).is_relative_to(own):
            Path(path).unlink(missing_ok=True)
    return []


def _finish(jobs: Jobs, data: Path, ident: str, reports: list[dict[str, Any]]) -> None:
    """Publishes the index, which a serving engine takes up by itself, and notes the report."""
    from api.cli import encoder_name
    from index.snapshot import CURRENT
    from qa.build import INDEX, update_index

    told = 0.0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TOLD_EVERY or done >= total:
            told = time.monotonic()
            jobs.note(ident, stage=stage, done=done, total=total)

    jobs.note(ident, status="indexing", stage="index", done=0, total=0)
    store = Store(data)
    passages = update_index(store, data, encoder_name(), progress)
    counts = store.counts()
    current = data / INDEX / CURRENT
    report = {
        "files": reports,
        "documents": counts.documents,
        "clauses": counts.clauses,
        "passages": passages,
        "index": current.read_text("utf-8").strip() if current.is_file() else None,
    }
    jobs.note(ident, status="done", report=json.dumps(report, ensure_ascii=False))


def _documents(store: Store, path: Path) -> list[dict[str, str]]:
    return [{"id": document.id, "title": document.title} for document, _ in store.read_of(str(path.resolve()))]


def _told(report: FileReport, documents: list[dict[str, str]]) -> dict[str, Any]:
    """What became of one file, as GET /v1/ingestions/{id} gives it."""
    names = ("file", "outcome", "code", "message", "hint")
    return {
        **{name: getattr(report, name) for name in names},
        "documents": documents,
        "clauses": report.clauses,
        "added": list(report.diff.added),
        "changed": list(report.diff.changed),
        "removed": list(report.diff.removed),
        "recognised": list(report.recognised),
        "unread": list(report.unread),
    }


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2]))
