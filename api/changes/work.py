"""The process that changes the documents for pages and other programs: `python -m api.changes.work DATA JOB`.

It does the jobs of api/changes/jobs.py one after the other, each as a transaction of store, files and index (qa/changes.py).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.changes import evaluations
from api.changes.jobs import MOST_SECONDS, SETTLE, UPLOADS, Job, Jobs
from api.changes.told import FileTold, is_of, told
from api.changes.watched.intake import Intake
from api.models import database_name, encoder_name, index_name
from api.records.database import Records
from api.settings import settings_from
from corpus.confined import Confined
from corpus.errors import BadFile, NotFound, PolicyError
from corpus.in_process import here
from corpus.ingest import FileReport, drop, take_in_at
from corpus.parts import Parts
from corpus.sql.choice import choose
from corpus.store import Store
from qa.changes import bring_together, changing

MOST_IN_ONE_PROCESS = 50
"""Jobs that one process does, so that what reading takes up in memory is given back now and then."""
WAIT = 4 * 3600.0
"""How long a job waits, in seconds, for a change of the documents by somebody else (`tiaowen ingest`)."""
_TOLD_EVERY = 0.3  # seconds between two notes of progress

log = logging.getLogger("tiaowen.jobs")


class JobTooLong(PolicyError):
    """An ingestion that took longer than MOST_SECONDS."""

    code = "ingestion_too_long"


def run(data: Path, ident: str, parts: Parts = here) -> int:
    """Does one job; returns the exit status. Everything that goes wrong is in the job's row. `parts` is how files are
    read (see corpus.ingest)."""
    jobs = Jobs(Records(data))
    if jobs.get(ident).kind == "evaluate":
        return _noted(jobs, ident, lambda: _evaluate(jobs, data, ident), "评测时出错。", "请查看服务日志。")
    try:
        return _noted(
            jobs,
            ident,
            lambda: _change(jobs, data, ident, parts),
            "导入时出错。",
            "已有的文件没有受影响；请查看服务日志。",
        )
    finally:
        if not Store(data).moves_left():  # else the files that wait for their place are still needed
            shutil.rmtree(jobs.incoming(ident), ignore_errors=True)


def _noted(jobs: Jobs, ident: str, work: Callable[[], None], message: str, hint: str) -> int:
    """Does the work of a job; what goes wrong is noted in its row, with these words where it is nothing known."""
    try:
        work()
    except PolicyError as error:
        jobs.fail(ident, error.message, error.hint, error.code)
        return 1
    except Exception:
        log.exception("job %s failed", ident)
        jobs.fail(ident, message, hint)
        return 1
    return 0


def _change(jobs: Jobs, data: Path, ident: str, parts: Parts) -> None:
    """Does an upload, a removal, or what is to be done of watched folders."""
    with changing(data, encoder_name(), WAIT, index=index_name()) as store, _within(MOST_SECONDS):
        jobs.tidy()
        if (job := jobs.begin(ident)) is None:  # another process did it, while this one waited
            return
        if job.kind == "watch":
            intake = Intake(jobs, Records(data), store, job)
            intake.take(parts)
            _finish(jobs, store, data, ident, intake.note)
            return
        if job.kind == "upload":
            _upload(jobs, store, data, job, parts)
        else:
            _drop(data, job)
        _finish(jobs, store, data, ident)


def _evaluate(jobs: Jobs, data: Path, ident: str) -> None:
    """Does an evaluation, which changes no document and so waits for nobody who does."""
    with _within(MOST_SECONDS):
        if (job := jobs.begin(ident)) is not None:
            evaluations.run(jobs, data, job)


def run_all(data: Path, ident: str) -> int:
    """Does one job and, in line after it, those that wait: most of the time of a process goes into its start."""
    jobs = Jobs(Records(data))
    with Confined(settings_from(os.environ).reading) as reader:
        status = run(data, ident, reader.parts)
        for _ in range(MOST_IN_ONE_PROCESS - 1):
            if (job := jobs.next()) is None:
                break
            status = run(data, job.id, reader.parts)
    return status


def settle(data: Path) -> int:
    """Does what an earlier change left undone; returns the exit status."""
    try:
        bring_together(data, encoder_name(), WAIT, index=index_name())
    except PolicyError as error:
        log.error("the index could not be brought up to date: %s", error.message)
        return 1
    return 0


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raises JobTooLong inside where it takes longer: a file that cannot be read in that time must not keep others waiting."""

    def give_up(number: int, frame: object) -> None:
        raise JobTooLong("导入用时太长，已停下。", "已有的文件没有受影响；请把文件拆小后再上传。")

    if not hasattr(signal, "SIGALRM"):  # Windows: api/changes/dispatch.py ends the process
        yield
        return
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _upload(jobs: Jobs, store: Store, data: Path, job: Job, parts: Parts) -> None:
    """Takes in the files of a job, each with its report noted as soon as it is in; where the job was begun before, those
    that are not in their place yet."""
    heard: list[FileTold] = job.report.get("files", [])
    jobs.note(job.id, status="reading", stage="reading", done=0, total=len(job.names))
    for done, name in enumerate(job.names, 1):
        came = jobs.incoming(job.id) / name
        if came.is_file() or not any(is_of(report, name) for report in heard):
            heard = [report for report in heard if not is_of(report, name)]
            for report in _take_in(store, data / UPLOADS, came, name, parts):
                heard.append(told(store, report, (data / UPLOADS / report.file).resolve()))
        jobs.note(job.id, done=done, report=json.dumps({"files": heard}, ensure_ascii=False))
        store.finish_moves()


class _NotTaken(Exception):
    """Nothing of an upload was taken in: the store is to be as it was."""


def _take_in(store: Store, uploads: Path, came: Path, name: str, parts: Parts) -> list[FileReport]:
    """One uploaded file as the new version of the file of that name, to be moved to its place; where nothing of it can be
    taken in, all is as it was."""
    place = uploads.resolve() / name
    if (problem := _in_the_way(uploads.resolve(), name)) is not None:
        return [FileReport(name, "rejected", code=problem.code, message=problem.message, hint=problem.hint)]
    lies = came if came.is_file() else place  # it was moved before the process ended
    reports: list[FileReport] = []
    try:
        with store.transaction(lasting=True):
            known = [path for path in store.paths(name) if path != str(place)]
            if len(known) == 1 and store.file(str(place)) is None:
                store.move_file(known[0], str(place))
            reports += take_in_at(store, lies, place, name, parts).files
            if all(report.outcome == "rejected" for report in reports):
                raise _NotTaken
            if lies == came:
                store.plan_move(place, came)
    except _NotTaken:
        pass  # which the reports say
    return reports


def _in_the_way(uploads: Path, name: str) -> BadFile | None:
    """Why a file of this name cannot lie among the uploads: a folder has its name, or a file that of one of its folders."""
    place = uploads / name
    if place.is_dir():
        return BadFile("已有同名的文件夹", "请改名后再上传，或先移除那个文件夹里的文件")
    folders = [folder for folder in place.parents if folder.is_relative_to(uploads)]
    if any(folder.is_file() for folder in folders):
        return BadFile("已有一个文件与它所在的文件夹同名", "请改名后再上传，或先移除那个文件")
    return None


def remove(store: Store, data: Path, names: Sequence[str]) -> list[str]:
    """Takes files out of the store, and those that were uploaded out of `uploads/`; returns the paths. Raises NotFound."""
    uploads = (data / UPLOADS).resolve()
    with store.transaction(lasting=True):
        paths = drop(store, names)
        for path in paths:
            if Path(path).is_relative_to(uploads):
                store.plan_move(Path(path), None)
    store.finish_moves()
    return paths


def _drop(data: Path, job: Job) -> None:
    try:
        remove(Store(data), data, job.names)
    except (
        NotFound
    ) as error:  # it was there when the job was accepted: an earlier job, or this one begun before, was quicker
        log.info("job %s: %s", job.id, error.message)


def _finish(jobs: Jobs, store: Store, data: Path, ident: str, published: Callable[[], None] = lambda: None) -> None:
    """Publishes the index, which a serving engine takes up by itself, calls `published`, and notes the report."""
    from index.snapshot import CURRENT
    from qa.build import INDEX, update_index

    last = 0.0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _TOLD_EVERY or done >= total:
            last = time.monotonic()
            jobs.note(ident, stage=stage, done=done, total=total)

    jobs.note(ident, status="indexing", stage="index", done=0, total=0)
    passages = update_index(store, data, encoder_name(), progress, index=index_name())
    published()
    totals = store.counts()
    current = data / INDEX / CURRENT
    report = {
        "files": jobs.get(ident).report.get("files", []),
        "documents": totals.documents,
        "clauses": totals.clauses,
        "passages": passages,
        "index": current.read_text("utf-8").strip() if current.is_file() else None,
    }
    jobs.note(ident, status="done", report=json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    choose(database_name())
    sys.exit(settle(Path(sys.argv[1])) if sys.argv[2] == SETTLE else run_all(Path(sys.argv[1]), sys.argv[2]))
