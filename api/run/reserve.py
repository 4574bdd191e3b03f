"""Room kept in the data folder for the day when the disk is full: a service that starts then must be able to begin its records.

Where nothing more can be written, a start gives the room up, and the service answers until the disk is seen to. What is
written meanwhile fits into it or is told as a full disk. The next start with room takes it again.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from api.errors import DiskFull
from api.faults import named
from corpus.errors import PolicyError

FILE = ".reserve"
BYTES = 4 << 20
_SPARE = 16  # times that much must be free before it is taken

T = TypeVar("T")


def keep(data: Path) -> None:
    """Takes the room where it is not kept yet and the disk has much more."""
    path = data / FILE
    if path.is_file() and path.stat().st_size == BYTES:
        return
    space = os.statvfs(data)
    if space.f_bavail * space.f_frsize < _SPARE * BYTES:
        return
    path.write_bytes(b"\0" * BYTES)


def with_room(data: Path, act: Callable[[], T]) -> T:
    """What `act` returns; where the disk is full, it is tried once more with the room that was kept. Raises DiskFull."""
    try:
        return act()
    except (PolicyError, sqlite3.Error, OSError) as error:
        path = data / FILE
        if not isinstance(named(error), DiskFull):
            raise
        if not path.is_file():
            raise DiskFull("服务没有启动。请腾出磁盘空间后再启动。") from error
        path.unlink()
        print("警告：磁盘已满。服务用预留的空间启动，可以提问；请尽快腾出磁盘空间。", file=sys.stderr, flush=True)
        return act()
