"""How much memory this process takes, in MB (2**20 bytes), mapped files included as far as they were read."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most so far.

    From /proc where there is one: getrusage counts what the parent had when it started this process.
    """
    told = _told("VmHWM")
    if told is not None:
        return told
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def now_mb() -> float:
    """At this moment; where the system does not say, the most so far."""
    told = _told("VmRSS")
    return peak_mb() if told is None else told


def _told(name: str) -> float | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text("ascii", "replace"), re.M)
    except OSError:
        return None
    return int(found[1]) / 2**10 if found else None
