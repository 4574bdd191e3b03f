"""A disk that several processes share and that may lose power: locks between them, and writes that last.

A lock is a file that the system lets go of when its holder ends, however that comes about.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import PolicyError


@contextmanager
def locked(
    path: Path, taken: PolicyError, wait: float = 0.0, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Holds the lock at `path`, whose folder exists. A thread that has it may take it again inside.

    Where another process or thread has it, `on_wait` is called once and the lock is waited for, at most `wait` seconds;
    then `taken` is raised.
    """
    lock = FileLock(path, is_singleton=True)  # one object a path, so that a thread can come in twice
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if wait <= 0:
            raise taken from None
        if on_wait is not None:
            on_wait()
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise taken from None
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk. Windows has no such thing for folders."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
