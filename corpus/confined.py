"""Files read in a process of their own that may take so much memory and time for each: a file made to break the reader, or
too much for it, costs its own reading and nothing else. It bounds what is used, and is no boundary of trust.

One process (corpus/worker.py) reads many files, started with the first; it is ended and started anew where a file was too
much for it. What it says comes through a pipe, as pickles.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BadFile, NoReader, ReaderDied, TooMuchMemory, TooMuchTime
from corpus.parts import Kind, Part, Reading

PATIENCE = 3
"""How many times its seconds a file may take by the clock, since other work may keep the processor busy."""

MOST_DEATHS = 3
"""Files inside one archive that may be too much; the rest of it is not read any more."""

START_SECONDS = 120.0
"""Within which the process must have loaded the readers."""

OUT_OF_MEMORY = 97
"""Exit status of a process that had no memory left to say so."""

TIRED = "tired"
"""Said in the place of a part: the process holds on to much memory, and another one should go on."""

_OUT_OF_TIME = -int(getattr(signal, "SIGXCPU", 0))
_TAIL = 2000  # bytes of what a process that died wrote
_LEAVE = "请确认文件来源可信；确有需要时，请拆分文件，或调高 {} 后重新导入"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: megabytes beside those of the readers themselves, and seconds of processor time.

    Memory is limited on Linux only, processor time where there is setrlimit, time by the clock everywhere.
    """

    memory_mb: int = 1024
    seconds: int = 300


@dataclass(frozen=True, slots=True)
class Open:
    """Asks the process to take a file apart, from the part after the first `skip`."""

    path: str
    skip: int


@dataclass(frozen=True, slots=True)
class Met:
    """The process came upon this part, and waits for the name to read it under, or None to go on."""

    place: str
    kind: Kind
    digest: str
    error: BadFile | None


@dataclass(frozen=True, slots=True)
class More:
    """What the process begins now has limits of its own and may take this long."""

    seconds: float


class Confined:
    """Reads files in a process with limits; for one thread. A context that ends the process on leaving.

    Example: `with Confined(Limits()) as reader: ingest(store, paths, parts=reader.parts)`.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: _Process | None = None
        self._walk: object = None  # the one that the process is in the middle of

    def __enter__(self) -> Confined:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def parts(self, path: Path) -> Iterator[Part]:
        """The parts of a file (see corpus.parts.Parts). Raises NoReader."""
        if self._walk is not None:  # left in the middle, so that the next word of the process would not be for us
            self._end()
        self._walk = walk = object()
        try:
            yield from self._parts(str(path.absolute()))
            self._walk = None
        finally:
            if self._walk is walk:
                self._walk = None
                self._end()

    def _parts(self, path: str) -> Iterator[Part]:
        given = deaths = 0
        question: Open | None = Open(path, 0)
        while True:
            said = self.ask(question)
            if isinstance(said, Met):
                given += 1
                yield _Part(self, said)
                question = None
                if self._process is not None:
                    continue
                deaths += 1
                if not said.place:  # the file itself is the last part
                    return
                if deaths >= MOST_DEATHS:
                    text = f"里面有 {deaths} 个文件无法在限度内读入，其余的没有再读"
                    yield _lost(self, BadFile(text, "请解压后逐个导入"))
                    return
                question = Open(path, given)
            elif said == TIRED:
                self._end()
                question = Open(path, given)
            else:
                if isinstance(said, BadFile):  # met with between two parts: what follows cannot be had
                    yield _lost(self, said)
                return

    def ask(self, question: Open | str | None) -> Any:
        """What the process says to a question: a part, a reading, TIRED or None at the end of a file; or the BadFile that
        it met with or died of. It is started where it has to be. Raises NoReader."""
        if isinstance(question, Open) and (self._process is None or not self._process.lives()):
            self._end()
            self._process = _Process(self._limits)
        if self._process is None:
            raise ValueError("the part that is asked for was of a process that has ended")
        said = self._process.ask(question)
        if isinstance(said, TooMuchMemory | TooMuchTime | ReaderDied):
            self._end()  # what it holds by now is not to be relied on
        return said

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()


class _Part:
    """What the process came upon (see corpus.parts.Part)."""

    def __init__(self, reader: Confined, met: Met) -> None:
        self._reader = reader
        self.place, self.kind, self.digest, self.error = met.place, met.kind, met.digest, met.error

    def read(self, name: str) -> Reading:
        said = self.error if self.error is not None else self._reader.ask(name)
        if isinstance(said, Reading):
            return said
        raise said


def _lost(reader: Confined, error: BadFile) -> _Part:
    """The file itself, of which the rest cannot be had."""
    return _Part(reader, Met("", "file", "", error))


class _Process:
    """One process, ready to be asked. Raises NoReader on construction."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folder = tempfile.TemporaryDirectory(prefix="tiaowen-", ignore_cleanup_errors=True)
        # Libraries write here what is not for us, and readers what a process that is killed leaves lying.
        self._noise = (Path(self._folder.name) / "noise").open("w+b")
        # It must find what this process would, and no module in a folder that files are read from: hence -P.
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        arguments = ("-P", "-X", "faulthandler", "-m", "corpus.worker", str(limits.memory_mb), str(limits.seconds))
        try:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
                env={**os.environ, "PYTHONPATH": paths, "TMPDIR": self._folder.name},
            )
        except OSError as error:
            self._noise.close()
            self._folder.cleanup()
            raise _no_reader(str(error)) from error
        if isinstance(said := self._hear(START_SECONDS), BadFile):
            told = self._told()
            self.end()
            raise _no_reader(f"{said.message} {told}")

    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: Open | str | None) -> Any:
        """What it says, or the BadFile to tell where it did not live to say anything."""
        assert self._process.stdin is not None
        self._noise.seek(0)
        self._noise.truncate()
        with contextlib.suppress(BrokenPipeError):  # it has ended: hearing it says why
            pickle.dump(question, self._process.stdin)
            self._process.stdin.flush()
        said = self._hear(self._limits.seconds * PATIENCE)
        if isinstance(said, ReaderDied):
            log.error("reading failed (exit status %s): %s", self._process.poll(), self._told() or "nothing was said")
        return said

    def _hear(self, seconds: float) -> Any:
        assert self._process.stdout is not None
        clock = _Clock(self._process)
        clock.start(seconds)
        try:
            while isinstance(said := pickle.load(self._process.stdout), More):
                clock.start(max(said.seconds, seconds))
        except (EOFError, pickle.UnpicklingError):
            said = None
            self._process.wait()
        finally:
            clock.stop()
        return said if self._process.poll() is None else self._cause(clock.struck)

    def _cause(self, struck: bool) -> BadFile:
        """What the process died of."""
        status = self._process.returncode
        if struck or (status and status == _OUT_OF_TIME):
            return too_much_time(self._limits.seconds)
        return too_much_memory(self._limits.memory_mb) if status == OUT_OF_MEMORY else reader_died()

    def _told(self) -> str:
        end = self._noise.seek(0, os.SEEK_END)
        self._noise.seek(max(0, end - _TAIL))
        return self._noise.read().decode("utf-8", "replace").strip()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a question that it did not live to take
            self._process.stdin.close()
        self._process.stdout.close()
        self._noise.close()
        self._folder.cleanup()


class _Clock:
    """Kills a process when the time is over that it was last given; `struck` says whether it did."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._timer: threading.Timer | None = None
        self.struck = False

    def start(self, seconds: float) -> None:
        self.stop()
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """After this it strikes no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _strike(self) -> None:
        self.struck = True
        self._process.kill()


# -- what is told ------------------------------------------------------------------------------------------------------


def too_much_memory(megabytes: int) -> TooMuchMemory:
    """The error for a file that needs more."""
    return TooMuchMemory(f"读取要用的内存超过 {megabytes} MB", _LEAVE.format("TIAOWEN_READ_MEMORY_MB"))


def too_much_time(seconds: int) -> TooMuchTime:
    """The error for a file that needs more."""
    return TooMuchTime(f"读了 {seconds} 秒还没有读完", _LEAVE.format("TIAOWEN_READ_SECONDS"))


def reader_died() -> ReaderDied:
    """The error for a file that reading broke down over."""
    return ReaderDied("读取时出错退出：文件可能已损坏，或占用内存过多", "请换一种格式另存后重新导入；详见日志")


def _no_reader(told: str) -> NoReader:
    log.error("the reading process cannot be started: %s", told)
    return NoReader("读文件的进程无法启动", "请检查内存是否足够、安装是否完整；详见日志")
