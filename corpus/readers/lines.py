"""What every reader returns: the lines of a file, each with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source as the reader found it.

    `number` is 1-based in the file (in the extracted text where a format has no lines), `page` 1-based or None,
    `level` the heading level that the format itself gives (1..6, 0 for none).
    """

    text: str
    number: int
    page: int | None = None
    level: int = 0
