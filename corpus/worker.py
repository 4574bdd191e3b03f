"""The process that reads files for corpus/confined.py: `python -m corpus.worker MEGABYTES SECONDS`, questions on standard
input, answers on standard output, both pickles. Owns its own limits, which it renews with every question.

Memory is counted as the system counts private, writable memory (RLIMIT_DATA): libraries and models that are mapped from
files are not in it. Reading that needs more fails with MemoryError; more processor time ends the process.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import IO, Any

from corpus import allowance
from corpus.confined import OUT_OF_MEMORY, TIRED, Met, More, Open, reader_died, too_much_memory
from corpus.errors import BadFile
from corpus.reading import Part, parts

_STATUS = Path("/proc/self/status")
_NO_MEMORY = 2  # XML_ERR_NO_MEMORY of libxml2, which lxml takes for a fault of the file
_KEPT = 4  # one part in this many of the memory allowed may be left over from files before

log = logging.getLogger(__name__)


class Worker:
    """Answers questions, each within the limits: megabytes beside what the readers take, seconds of processor time."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes], megabytes: int, seconds: int) -> None:
        self._questions, self._answers = questions, answers
        self._megabytes, self._seconds = megabytes, seconds
        self._base = data_mb()
        allowance.grant = self._grant

    def serve(self) -> None:
        """Until nobody asks any more."""
        self._say(None)  # that it is ready
        while True:
            try:
                question = self._hear()
            except EOFError:
                return
            if not isinstance(question, Open):
                raise TypeError(f"a file to open was expected: {question!r}")
            self._say(TIRED if self._is_tired() else self._take_apart(question))

    def _take_apart(self, question: Open) -> Any:
        try:
            for number, part in enumerate(parts(Path(question.path))):
                if number >= question.skip:
                    self._say(Met(part.place, part.kind, part.digest, part.error))
                    while (name := self._hear()) is not None:
                        self._say(self._read(part, name))
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:
            return self._failure(error)
        return None

    def _read(self, part: Part, name: str) -> Any:
        try:
            return part.read(name)
        except Exception as error:
            return self._failure(error)

    def _failure(self, error: Exception) -> BadFile:
        """The error to tell. Readers take a want of memory for a file that is too large."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, MemoryError) or getattr(cause, "code", None) == _NO_MEMORY:
                return too_much_memory(self._megabytes)
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, BadFile):
            return error
        log.error("a fault of this program", exc_info=error)
        return reader_died()

    def _hear(self) -> Any:
        question = pickle.load(self._questions)
        self._limit(self._megabytes, self._seconds)
        return question

    def _say(self, answer: Any) -> None:
        pickle.dump(answer, self._answers, pickle.HIGHEST_PROTOCOL)
        self._answers.flush()

    def _is_tired(self) -> bool:
        return self._base is not None and (data_mb() or 0) > self._base + self._megabytes / _KEPT

    def _grant(self, seconds: float, megabytes: int) -> None:
        """More, for work that has limits of its own (see corpus/allowance.py)."""
        self._say(More(seconds))
        self._limit(self._megabytes + megabytes, seconds * (os.cpu_count() or 1))

    def _limit(self, megabytes: int, seconds: float) -> None:
        """What may be used from now on. The soft limits are set, so that they can be raised again."""
        try:
            import resource
        except ImportError:  # Windows: time by the clock is all
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        limits = [(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))]
        if self._base is not None:
            limits.append((resource.RLIMIT_DATA, math.ceil(self._base + megabytes) * 2**20))
        for limit, wanted in limits:
            _, hard = resource.getrlimit(limit)
            resource.setrlimit(limit, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def data_mb() -> float | None:
    """Megabytes of private, writable memory that this process has; None where the system does not count it."""
    if not _STATUS.is_file():
        return None
    line = next((line for line in _STATUS.read_text("ascii").splitlines() if line.startswith("VmData:")), None)
    return int(line.split()[1]) / 1024 if line else None


def main(arguments: list[str]) -> int:
    """Serves over the standard streams, which nothing else may use: what a library prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal, for whoever asks
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 (a device, not a path)
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    try:
        Worker(questions, answers, int(arguments[0]), int(arguments[1])).serve()
    except BrokenPipeError:  # nobody is left to be told
        return 1
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # an answer that cannot be told: what is left of it must not be written
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
