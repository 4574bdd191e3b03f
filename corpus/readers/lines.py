"""What every reader returns: the lines of a file, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "navigation",  # what a web page carries around its body: menus, breadcrumbs, sharing, related links, footers
    "running_head",  # a head or foot that is printed on page after page
    "page_number",
    "watermark",
    "hidden",  # hidden rows, columns, sheets and elements
    "deleted",  # struck-out text and deletions of tracked changes
    "comment",  # remarks of reviewers
    "markup",  # marks of the format itself: front matter, residue of an export
    "formula",  # a cell whose formula has no value in the file
    "unread",  # parts that this reader does not know
]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a file that is not part of the document's text: why, and what it says ("" where that is not known)."""

    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source as the reader found it.

    `number` is 1-based in the file (in the extracted text where a format has no lines), `page` 1-based or None,
    `level` the heading level that the format itself gives (1..6, 0 for none). `confidence` is None where the text stands
    in the file itself; a line that was recognised in a picture has how sure that is, 0..1, its figures above all. A page
    that could not be read for want of recognition is one line without text and with the confidence 0. `goes_on` says
    whether the line goes on the paragraph of the line before, where the layout of a page shows it, and is None where it
    does not. `header` says whether a row belongs to the header of its table, and is None where only its text is
    known (flattened text); `particular` a line of the block in
    which a page prints the document's own particulars (发文字号：…, 成文日期：…), which is never a document of its own.
    A line with `left_out` has no text: it says what was left out at its place.
    """

    text: str
    number: int
    page: int | None = None
    level: int = 0
    confidence: float | None = None
    goes_on: bool | None = None
    header: bool | None = None
    particular: bool = False
    left_out: LeftOut | None = None
