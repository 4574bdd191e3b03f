"""Time and memory beside what one file may take, for work that has limits of its own: text recognition, LibreOffice.

Owns the way by which a reader asks for it. In a process without limits that does nothing (corpus/worker.py sets `grant`).
"""

from __future__ import annotations

from collections.abc import Callable


def _unlimited(seconds: float, megabytes: int) -> None:
    """Nothing is to be granted where nothing is limited."""


grant: Callable[[float, int], None] = _unlimited


def more(seconds: float, megabytes: int = 0) -> None:
    """Says that what follows is bounded and may take `seconds` from now on, on all cores, and `megabytes` for as long
    as this process lives."""
    grant(seconds, megabytes)
