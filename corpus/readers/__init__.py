"""One file a format: bytes -> lines with page numbers, chosen by content, not by suffix."""

from __future__ import annotations

from corpus.readers.lines import LeftOut, Line

__all__ = ["LeftOut", "Line", "read_lines"]


def read_lines(data: bytes) -> list[Line]:
    """The lines of a file in whatever format its bytes are: Word, Excel, PowerPoint, PDF, OFD, HTML, mails and
    saved pages (MIME), csv, Markdown or plain text; pictures through text recognition and older office formats through
    LibreOffice, where these are installed.

    Raises a BadFile (EmptyFile, NotText, TooLarge, Encrypted, Damaged, NoTextLayer) that says what is wrong.
    """
    # Not needed by whoever only handles what was read in another process, and slow to load.
    from corpus.readers import delimited, docx, html, images, mime, ofd, office, pdf, plain, pptx, xlsx

    if docx.matches(data):  # also for encrypted Office packages
        return docx.read(data)
    if xlsx.matches(data):
        return xlsx.read(data)
    if pptx.matches(data):
        return pptx.read(data)
    if ofd.matches(data):
        return ofd.read(data)
    if pdf.matches(data):
        return pdf.read(data)
    if images.matches(data):
        return images.read(data)
    if office.matches(data):
        return office.read(data)
    if html.matches(data):
        return html.read(data)
    if mime.matches(data):
        return mime.read(data)
    if delimited.matches(data):
        return delimited.read(data)
    return plain.read(data)
