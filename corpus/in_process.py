"""Files read in this very process, without limits: for tests, and for whoever has limits of his own (see corpus/confined.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.parts import Part


def here(path: Path) -> Iterator[Part]:
    """The parts of a file, read in this process and without limits: for files that can be trusted, and for tests."""
    from corpus.reading import parts  # the readers take a second and 60 MB to load

    return parts(path)
