"""Tables as text (csv, tsv): rows of cells, told apart by a comma, a semicolon or a tab.

Read by the csv module. Whether a text is such a table, its rows say: nearly all have as many cells as the others. Prose
with commas does not; nor do JSON and Markdown, which are left to their readers.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from corpus.errors import EmptyFile, NotText, TooLarge
from corpus.readers import text
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line

MAX_CELLS = 2_000_000
"""Cells of a table."""

_SAMPLE = 200_000  # characters that are looked at to tell a table
_ROWS = 200
_ALIKE = 0.9  # share of the rows that have the same number of cells
_SEPARATOR = re.compile(r"^sep=([,;\t])\r?\n", re.I)  # as Excel writes it
_FIGURE = re.compile(r"[-+¥￥]?[\d,.]+%?")
_SENTENCE = re.compile(r"[。！？；]")


def matches(data: bytes) -> bool:
    """Whether the bytes are text that is a table of two columns or more."""
    if len(data) > text.MAX_BYTES or b"\n" not in data[:_SAMPLE].replace(b"\r", b"\n"):
        return False
    # The sample ends at a line: a character cut in two would be no text.
    head = data[: 3 * _SAMPLE]
    head = head if len(head) == len(data) else head[: head.rfind(b"\n") + 1 or len(head)]
    try:
        return _delimiter(text.decode(head)) is not None
    except (NotText, EmptyFile):
        return False


def read(data: bytes) -> list[Line]:
    """The rows of a table, lines counted in the extracted text. Raises NotText, EmptyFile, TooLarge or Damaged."""
    content = text.decode(data)
    mark = _SEPARATOR.match(content)
    out = Builder()
    cells, first = 0, True
    for row in _rows(content[mark.end() :] if mark else content, _delimiter(content) or ","):
        cells += len(row)
        if cells > MAX_CELLS:
            raise TooLarge(f"表格超过 {MAX_CELLS // 10_000} 万个单元格", "请拆分成多个文件后重新导入")
        filled = [cell for cell in row if cell.strip()]
        if len(row) > 1 and len(filled) == 1 and first:
            out.add(filled[0].strip())  # the title above a table, as Excel saves it
        else:
            out.add_row(row, header=first and _is_header(row))
            first = first and not filled
    return out.lines


def _delimiter(content: str) -> str | None:
    """What stands between the cells; None where the text is no table."""
    content = content.lstrip("\ufeff")
    if mark := _SEPARATOR.match(content):
        return mark[1]
    sample = content[:_SAMPLE]
    if sample.lstrip()[:1] in ("{", "[", "<", "#", "|", "-", ">"):
        return None
    return next((mark for mark in "\t,;" if mark in sample and _is_table(sample, mark)), None)


def _is_table(sample: str, mark: str) -> bool:
    try:
        rows = [row for row in islice(_rows(sample, mark, strict=True), _ROWS) if any(cell.strip() for cell in row)]
    except Damaged:
        return False
    if len(sample) == _SAMPLE:
        rows = rows[:-1]  # cut off
    if len(rows) < 2:
        return False
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or count < (_ALIKE * len(rows) if width > 2 else len(rows)) or (width == 2 and len(rows) < 3):
        return False
    # A table names its columns, or gives its values: neither is made of sentences.
    sentences = sum(len(_SENTENCE.findall(row[0])) > 0 for row in rows)
    return sentences <= 0.1 * len(rows) and not _SENTENCE.search("".join(rows[0]))


def _rows(content: str, mark: str, strict: bool = False) -> Iterator[list[str]]:
    try:
        yield from csv.reader(content.lstrip("\ufeff").splitlines(keepends=True), delimiter=mark, strict=strict)
    except csv.Error as error:  # a field longer than 128 kB, as an open quotation mark leaves it
        raise Damaged("表格文本的引号不成对，无法分列", "请用 Excel 或 WPS 打开后另存为 xlsx 再导入") from error


def _is_header(row: list[str]) -> bool:
    return all(cell.strip() and not _FIGURE.fullmatch(cell.strip()) for cell in row)
