"""How the readers of binary formats and web pages set their lines, so that canonical.py reads them all alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.readers.lines import LeftOut, Line, Reason

_BREAKS = re.compile(r"[\t\r\n\f\v\x85\u2028\u2029]+")


class Builder:
    """Lines in order, numbered in the extracted text. A table row is a line of cells with a tab before each.

    An empty cell holds a space, so that columns stay in their places, and a blank line follows every row: without it,
    the text after a table reads like a wrapped cell.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(
        self,
        text: str,
        level: int = 0,
        page: int | None = None,
        confidence: float | None = None,
        goes_on: bool | None = None,
        particular: bool = False,
        number: int | None = None,
    ) -> None:
        """A line of text; tabs at its start, which would make it a row, go. `number` as in Line, where the format has its
        own."""
        number = number or len(self.lines) + 1
        self.lines.append(Line(text.strip("\t"), number, page, level, confidence, goes_on, particular=particular))

    def add_row(
        self,
        cells: Sequence[str],
        page: int | None = None,
        confidence: float | None = None,
        header: bool = False,
        number: int | None = None,
    ) -> None:
        """A table row; nothing where all cells are empty."""
        texts = [_BREAKS.sub(" ", cell).strip(" ") for cell in cells]
        if any(texts):
            row = "\t" + "\t".join(text or " " for text in texts)
            self.lines.append(Line(row, number or len(self.lines) + 1, page, confidence=confidence, header=header))
            self.lines.append(Line("", number or len(self.lines) + 1, page, confidence=confidence))

    def leave_out(self, reason: Reason, text: str = "", page: int | None = None, number: int | None = None) -> None:
        """Says that something of the file is not part of the text."""
        self.lines.append(Line("", number or len(self.lines) + 1, page, left_out=LeftOut(reason, text)))

    @property
    def has_text(self) -> bool:
        return any(line.text.strip() for line in self.lines)
