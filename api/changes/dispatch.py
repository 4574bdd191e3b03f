"""The line in which jobs wait: they are done in the order in which they were accepted, one at a time.

Any process of the service may do so for all of them; a lock says which one does. A thread does it as long as a job has not
ended, so that none waits for somebody to ask after it: also not one that was accepted before the service was restarted.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from api.changes.jobs import MOST_SECONDS, SETTLE, Jobs
from api.errors import Busy
from corpus.disk import locked
from qa.changes import behind

MOST_STARTS = 6
"""Processes started for one job, after which it has failed; more than a job may be begun (api.changes.jobs.MOST_TRIES)."""
TRY_AGAIN = (0.0, 5.0, 30.0)
"""Seconds before each try to bring the index up to date."""

_LOCK = "queue.lock"
_LOOK = 1.0  # seconds between two looks at what another process does
_GRACE = 60.0  # seconds that a job may take to stop by itself

log = logging.getLogger("tiaowen.jobs")


class Dispatcher:
    """Does the jobs of one data folder from a thread of its own, which ends with the last of them."""

    def __init__(self, jobs: Jobs, data: Path) -> None:
        self._jobs = jobs
        self._data = data.resolve()
        self._lock = threading.Lock()
        self._wanted = False
        self._settle = False
        self._thread: threading.Thread | None = None
        self._starts: Counter[str] = Counter()

    def kick(self, settle: bool = False) -> None:
        """Sees to it that the jobs are done; to be called after each that was accepted. With `settle` also that the index
        is brought up to date where a change was cut short."""
        with self._lock:
            self._wanted = True
            self._settle |= settle
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="dispatch", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        failures = 0
        while True:
            with self._lock:
                if not self._wanted or failures >= len(TRY_AGAIN):
                    self._thread = None
                    break
                self._wanted = False
            try:
                self._do_all()
                failures = 0
            except Exception:  # a full disk, a locked file: tried again, and with the next job
                failures += 1
                log.exception("the waiting jobs could not be done")
                time.sleep(_LOOK * failures)
                with self._lock:
                    self._wanted = True
        self._jobs.close()

    def _do_all(self) -> None:
        taken = Busy("另一个进程正在处理。")
        while self._jobs.next() is not None:
            try:
                with locked(self._data / _LOCK, taken, _LOOK):
                    if (job := self._jobs.next()) is not None:
                        self._do(job.id)
            except Busy:  # another process of the service does them; should it end, this one does the rest
                continue
        with self._lock:
            settle, self._settle = self._settle, False
        if settle:
            self._bring_together()

    def _do(self, ident: str) -> None:
        self._starts[ident] += 1
        if self._starts[ident] > MOST_STARTS:
            self._jobs.fail(ident, "导入进程无法启动。", "请查看服务日志，再重新上传。")
            return
        time.sleep(_LOOK if self._starts[ident] > 2 else 0)
        process = self._start(ident)
        self._jobs.note(ident, pid=process.pid)
        watched, began = ident, time.monotonic()
        while process.poll() is None:
            try:
                process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                at_work = self._jobs.next()  # it goes on with the next in line
                if at_work is None or at_work.id != watched or at_work.status == "queued":
                    watched, began = at_work.id if at_work else ident, time.monotonic()
                elif time.monotonic() - began > MOST_SECONDS + _GRACE:
                    process.kill()
                    process.wait()
                    self._jobs.fail(watched, "导入用时太长，已停下。", "请把文件拆小后再上传。", "ingestion_too_long")
        if process.returncode == 0:
            self._starts.clear()
        else:  # a job failed, perhaps between the store and the index, or the process was killed
            self._settle = True
            log.warning("the process of job %s ended with status %s", ident, process.returncode)

    def _bring_together(self) -> None:
        for pause in TRY_AGAIN:
            time.sleep(pause)
            if not behind(self._data) or self._start(SETTLE).wait() == 0:
                return

    def _start(self, what: str) -> subprocess.Popen[bytes]:
        """A process of its own, which outlives this one where that has to end."""
        command = [sys.executable, "-m", "api.changes.work", str(self._data), what]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
