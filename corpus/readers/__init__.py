"""One file a format: bytes -> lines with page numbers, chosen by content, not by suffix."""

from __future__ import annotations

from corpus.readers import docx, html, images, markdown, office, pdf, text, xlsx
from corpus.readers.lines import Line

__all__ = ["Line", "read_lines"]


def read_lines(data: bytes) -> list[Line]:
    """The lines of a file in whatever format its bytes are: Word, Excel, PDF, HTML, Markdown or plain text; pictures
    through text recognition and older office formats through LibreOffice, where these are installed.

    Raises a BadFile (EmptyFile, NotText, TooLarge, Encrypted, Damaged, NoTextLayer) that says what is wrong.
    """
    if docx.matches(data):  # also for encrypted Office packages
        return docx.read(data)
    if xlsx.matches(data):
        return xlsx.read(data)
    if pdf.matches(data):
        return pdf.read(data)
    if images.matches(data):
        return images.read(data)
    if office.matches(data):
        return office.read(data)
    if html.matches(data):
        return html.read(data)
    lines = text.read(data)
    return markdown.strip_marks(lines) if markdown.looks_like_markdown(lines) else lines
