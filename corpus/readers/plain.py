"""Text without a format of its own: Markdown where it carries such marks, else plain text with the tables drawn in it."""

from __future__ import annotations

from corpus.readers import drawn, markdown, text
from corpus.readers.lines import Line


def read(data: bytes) -> list[Line]:
    """The lines of a text. Raises EmptyFile, NotText or TooLarge."""
    lines = text.read(data)
    return markdown.read(lines) if markdown.matches(lines) else drawn.with_tables(lines)
