"""How the readers of binary formats and web pages set their lines, so that canonical.py reads them all alike."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from corpus.readers.lines import Line

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
    ) -> None:
        """A line of text; tabs at its start, which would make it a row, go."""
        self.lines.append(Line(text.strip("\t"), len(self.lines) + 1, page, level, confidence, goes_on))

    def add_row(self, cells: Sequence[str], page: int | None = None, confidence: float | None = None) -> None:
        """A table row; nothing where all cells are empty."""
        texts = [_BREAKS.sub(" ", cell).strip(" ") for cell in cells]
        if any(texts):
            row = "\t" + "\t".join(text or " " for text in texts)
            self.lines.append(Line(row, len(self.lines) + 1, page, confidence=confidence))
            self.lines.append(Line("", len(self.lines) + 1, page, confidence=confidence))

    @property
    def has_text(self) -> bool:
        return any(line.text.strip() for line in self.lines)


def filled(cells: Sequence[str | None], above: Sequence[str], merged: Container[int]) -> list[str]:
    """A row in which the leading cells that a cell above reaches into carry its text: the group that the row is in.

    `merged` holds the columns that belong to a cell which began in a row above. Behind the leading columns such cells
    stay empty: their text is a value, not a group.
    """
    out: list[str] = []
    leading = True
    for i, cell in enumerate(cells):
        leading = leading and i in merged
        out.append(cell or (above[i] if leading and i < len(above) else ""))
    return out
