"""Files that stand in a Word file: chunks in other formats (altChunk) and embedded objects (OLE packages).

Each is read by the reader of its format, within one allowance for the whole file, so that files in files in files cannot
grow without bound. What is not read is named in a line that says so.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from corpus.errors import BadFile
from corpus.readers import html, mime, ooxml, plain, rtf, xlsx
from corpus.readers.lines import LeftOut, Line

MAX_BYTES = 16 * 1024 * 1024
"""Bytes that one embedded file may have."""

MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes that all embedded files together may have unpacked."""

MAX_PARTS = 60
"""Embedded files that are read, all levels together."""

MAX_DEPTH = 3
"""How deep files may stand in files."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = {".pptx": "演示文稿", ".ppt": "演示文稿", ".pdf": "PDF 文件", ".bin": "嵌入对象", ".doc": "旧版 Word 文件", ".xls": "旧版 Excel 文件"}  # fmt: skip


@dataclass(slots=True)
class Allowance:
    """What may still be read of embedded files: how many, and how many bytes unpacked."""

    parts: int = MAX_PARTS
    unpacked: int = MAX_UNPACKED

    def take(self, data: bytes) -> bool:
        """Whether a file may be read; it then counts."""
        size = _unpacked(data)
        if len(data) > MAX_BYTES or self.parts < 1 or size > self.unpacked:
            return False
        self.parts, self.unpacked = self.parts - 1, self.unpacked - size
        return True


def lines_of(data: bytes, name: str, allowance: Allowance, word: Callable[[bytes], list[Line]] | None) -> list[Line]:
    """The lines of an embedded file; one line that names it where it is not read.

    `word` reads Word files; None where files are nested too deep.
    """
    reader = _reader(data, name, word)
    if reader is None:
        return [unread(f"{_kind(name)} {name}")]
    if not allowance.take(data):
        return [unread(f"{name}：嵌入的文件过大或过多")]
    try:
        return reader(data)
    except BadFile as error:
        return [unread(f"{name}：{error.message}")]


def unread(text: str) -> Line:
    """A line that says what was not read."""
    return Line("", 0, left_out=LeftOut("unread", text))


def _reader(data: bytes, name: str, word: Callable[[bytes], list[Line]] | None) -> Callable[[bytes], list[Line]] | None:
    """The reader for the bytes; their name only decides where they could be several things."""
    if ooxml.is_zip(data):
        if any(part.startswith("word/") for part in ooxml.names(data)):
            return word
        return xlsx.read if xlsx.matches(data) else None
    if mime.matches(data):
        return mime.read
    if rtf.matches(data):
        return rtf.read if rtf.can_read(data) else None
    if html.matches(data) or name.lower().endswith((".htm", ".html", ".xhtml")):
        return html.read
    if data.startswith(_OLE) or name.lower().endswith((*_OTHER, ".xml")):
        return None
    return plain.read


def _kind(name: str) -> str:
    return next((kind for suffix, kind in _OTHER.items() if name.lower().endswith(suffix)), "嵌入的文件")


def _unpacked(data: bytes) -> int:
    """How many bytes the parts of a zip say they have; of other files their own."""
    if not ooxml.is_zip(data):
        return len(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return len(data)
