"""What every reader returns: the lines of a file, each with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source as the reader found it.

    `number` is 1-based in the file (in the extracted text where a format has no lines), `page` 1-based or None,
    `level` the heading level that the format itself gives (1..6, 0 for none). `confidence` is None where the text stands
    in the file itself; a line that was recognised in a picture has how sure that is, 0..1, its figures above all. A page
    that could not be read for want of recognition is one line without text and with the confidence 0. `goes_on` says
    whether the line goes on the paragraph of the line before, where the layout of a page shows it, and is None where it
    does not.
    """

    text: str
    number: int
    page: int | None = None
    level: int = 0
    confidence: float | None = None
    goes_on: bool | None = None
