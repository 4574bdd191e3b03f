"""Rich text (RTF) without LibreOffice: the plain text that striprtf finds.

striprtf (BSD-3-Clause) does not know which text is struck out, deleted or hidden; a file that has such text is refused
here rather than read wrongly. office.py reads RTF through LibreOffice where that is installed, and everything with it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from typing import Any

from corpus.errors import EmptyFile, NotText, TooLarge
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line

MAX_BYTES = 8 * 1024 * 1024
"""Largest file read here: striprtf goes through it character by character."""

_MARK = b"{\\rtf"
_MARKED = re.compile(rb"\\(?:strike|striked1|strikedl|deleted|v)(?![a-z0-9-])")
_CELL = re.compile(r"(?<!\\)\|$")


def matches(data: bytes) -> bool:
    """Whether the bytes are rich text."""
    return data.startswith(_MARK)


def is_installed() -> bool:
    """Whether striprtf can be used here."""
    return importlib.util.find_spec("striprtf") is not None


def can_read(data: bytes) -> bool:
    """Whether nothing in the file needs more than striprtf knows."""
    return is_installed() and len(data) <= MAX_BYTES and _MARKED.search(data) is None


def read(data: bytes) -> list[Line]:
    """The lines of rich text. Raises NotText where it cannot be read here, Damaged, TooLarge or EmptyFile."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"RTF 文件超过 {MAX_BYTES // 1024 // 1024} MB", "请另存为 docx 后重新导入")
    if not can_read(data):
        raise NotText("这是 RTF 文件，不能直接导入", "请用 Word 或 WPS 另存为 docx 后重新导入")
    module: Any = importlib.import_module("striprtf.striprtf")
    try:
        text = module.rtf_to_text(data.decode("latin-1"), errors="replace")
    except (ValueError, LookupError, IndexError, TypeError, AttributeError) as error:  # of broken control words
        raise Damaged("RTF 文件已损坏，无法打开", "请用 Word 或 WPS 打开后另存为 docx 再导入") from error
    out = Builder()
    for line in str(text).split("\n"):
        cells = line.split("|")
        if len(cells) > 2 and _CELL.search(line):  # striprtf ends every cell with a bar
            out.add_row(cells[:-1])
        else:
            out.add(line.rstrip("|"))
    if not out.has_text:
        raise EmptyFile("RTF 文件里没有文字", "请确认文件内容不为空后重新导入")
    return out.lines
