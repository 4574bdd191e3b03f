"""PDF files: lines in reading order with page numbers, tables as rows; pages that are pictures go through ocr.py.

Characters and ruling lines come from pdfminer.six through pdfplumber, page by page; each page is forgotten once it was
read. Running heads and page numbers go: text that stands at the same height on most pages, its digits aside. A table is
taken where ruling lines draw one with two rows and two columns or more. Lines are left as they are broken on the page:
canonical.py joins them; an indent is kept as two wide spaces, which tells where a paragraph begins.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.utils.text import extract_words

from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import ocr
from corpus.readers.builder import Builder, filled
from corpus.readers.columns import gutters, regions
from corpus.readers.errors import Damaged, Encrypted, NoTextLayer
from corpus.readers.flow import Place, goes_on
from corpus.readers.lines import Line

MAX_PAGES = 5000
"""Pages that a file may have."""

MAX_STREAM = 100 * 1024 * 1024
"""Bytes that one compressed stream may unpack to."""

MAX_CHARACTERS = 20_000_000
"""Characters that a file may hold."""

_HEAD, _TAIL = 1024, 64 * 1024
_MARGIN = 0.13  # of the height of a page: where running heads and page numbers stand
_GAP, _WIDE_GAP = 0.15, 0.6  # of the height of the type: what is a space between letters, and beside Chinese
_MOST_EDGES = 4000
_DRAWN_LETTERS = 200  # curves on a page without text from which they are taken for letters
_CID = re.compile(r"\(cid:\d+\)")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"^(?:第|[-—–－·.]{0,2})\s*\d{1,4}\s*(?:[-—–－·.]{0,2}|页)$")
_STREAM = re.compile(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")
_CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]")
_DAMAGED = "PDF 文件已损坏或不完整，无法打开"
_HINT = "请重新下载，或用 PDF 阅读器另存一份再导入"


@dataclass(frozen=True, slots=True)
class _Item:
    """A line of text or a table on a page: where it begins, as a share of the page's height, what it holds, and the
    ends and the height of type of a line (0 where nothing is known of them). `confidence` is as in Line."""

    top: float
    text: str = ""
    left: float = 0.0
    right: float = 0.0
    size: float = 0.0
    rows: tuple[tuple[str | None, ...], ...] = ()
    confidence: float | None = None
    column: int = 0  # as in Region

    @property
    def key(self) -> tuple[str, int]:
        """What running heads have in common on all pages."""
        return _DIGITS.sub("#", re.sub(r"\s", "", self.text)), round(self.top * 120)

    @property
    def marginal(self) -> bool:
        return not self.rows and not _MARGIN < self.top < 1 - _MARGIN


def matches(data: bytes) -> bool:
    """Whether the bytes are a PDF: the mark stands in the first kilobyte."""
    return b"%PDF-" in data[:_HEAD]


def read(data: bytes) -> list[Line]:
    """The lines of a PDF with their pages.

    Raises Encrypted, Damaged, NoTextLayer, TooLarge or EmptyFile.
    """
    if b"startxref" not in data[-_TAIL:]:
        raise Damaged("PDF 文件不完整：结尾缺失", _HINT)
    _check_streams(data)
    with _reading():
        pages, pictures, scans = _pages(data)
        problem = ocr.problem() if scans else None
        _recognise(data, pages, scans, problem)
    if not pages:
        raise Damaged("PDF 文件里没有页面", _HINT)
    out = _lines(pages)
    if scans and problem is None:
        check_recognised(out.lines)
    else:
        _check_text(out, len(pages), pictures, problem)
    return out.lines


def _lines(pages: list[list[_Item]]) -> Builder:
    """The lines of all pages without running heads and page numbers."""
    running = _running(pages)
    own = [
        (number, item)
        for number, items in enumerate(pages, start=1)
        for item in items
        if not (item.marginal and (item.key in running or _is_number(item, number, len(pages))))
    ]
    joins = goes_on(
        [item.text for _, item in own],
        [
            None if item.rows or not item.size else Place(number, item.left, item.right, item.size, item.column)
            for number, item in own
        ],
    )
    out = Builder()
    for (number, item), joined in zip(own, joins, strict=True):
        _add(out, item, number, joined)
    return out


def lines_of_pictures(pages: list[list[ocr.Row]]) -> list[Line]:
    """The lines of recognised pages, read like those of a PDF. Raises NoTextLayer where nothing was recognised."""
    lines = _lines([_recognised(rows) for rows in pages]).lines
    check_recognised(lines)
    return lines


@contextmanager
def _reading() -> Iterator[None]:
    """Turns whatever broken bytes cause in pdfminer into Damaged, a password into Encrypted."""
    try:
        yield
    except BadFile:
        raise
    except MemoryError as error:
        raise TooLarge("PDF 文件展开后过大", "请拆分后重新导入") from error
    except Exception as error:  # pdfminer raises anything on broken files; pdfplumber wraps some of it
        causes = [error, error.__cause__, *error.args]
        if any(isinstance(cause, (PDFPasswordIncorrect, PDFEncryptionError)) for cause in causes):
            raise Encrypted("PDF 文件有密码保护，无法读取", "请在 PDF 软件中取消密码后另存，再重新导入") from error
        raise Damaged(_DAMAGED, _HINT) from error


def _check_streams(data: bytes) -> None:
    """Unpacks every compressed stream piece by piece without keeping it. Raises TooLarge for one that is a bomb."""
    for match in _STREAM.finditer(data):
        unpacker, size, rest = zlib.decompressobj(), 0, memoryview(data)[match.end() :]
        try:
            while rest and not unpacker.eof and size <= MAX_STREAM:
                size += len(unpacker.decompress(rest[:65536], 1 << 20))
                while unpacker.unconsumed_tail and size <= MAX_STREAM:
                    size += len(unpacker.decompress(unpacker.unconsumed_tail, 1 << 20))
                rest = rest[65536:]
        except zlib.error:
            continue  # not compressed after all, or broken: pdfminer says so
        if size > MAX_STREAM:
            raise TooLarge(
                f"PDF 文件的内容展开后超过 {MAX_STREAM // 1024 // 1024} MB", "请确认文件来源可信，拆分后重新导入"
            )


# -- pages -------------------------------------------------------------------------------------------------------------


def _pages(data: bytes) -> tuple[list[list[_Item]], int, list[int]]:
    """What stands on each page from top to bottom, how many pages are mostly a picture, and the numbers (from 1) of the
    pages that recognition has to read."""
    pages: list[list[_Item]] = []
    scans: list[int] = []
    known: tuple[float, ...] = ()
    pictures = characters = 0
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        if len(pdf.pages) > MAX_PAGES:
            raise TooLarge(f"PDF 文件超过 {MAX_PAGES} 页", "请拆分后重新导入")
        for page in pdf.pages:
            characters += len(page.chars)
            if characters > MAX_CHARACTERS:
                raise TooLarge(f"PDF 文件超过 {MAX_CHARACTERS // 10_000} 万字", "请拆分后重新导入")
            items, known = _items(page, known)
            pages.append(items)
            pictures += _is_picture(page)
            if _is_scan(page, pages[-1]):
                scans.append(len(pages))
            page.close()
    return pages, pictures, scans


def _items(page: Any, known: tuple[float, ...]) -> tuple[list[_Item], tuple[float, ...]]:
    """What stands on a page in reading order, and the gutters between its columns. `known` are those of the page
    before."""
    height = float(page.height) or 1.0
    tables = _tables(page)
    chars = [char for char in page.chars if not any(_inside(char, table.bbox) for table in tables)]
    origin = float(page.bbox[1])
    out: list[_Item] = []
    found = regions(chars, known)
    for region in found:
        inside = [c for c in chars if region.holds((c["x0"] + c["x1"]) / 2, (c["top"] + c["bottom"]) / 2)]
        items = [
            _Item((float(min(w["top"] for w in line)) - origin) / height, text, *_extent(line), column=region.column)
            for line, text in _text_lines(inside)
        ]
        for table in tables:
            left, top, right, bottom = table.bbox
            if region.holds((left + right) / 2, (top + bottom) / 2):
                rows = tuple(tuple(None if cell is None else _unwrapped(cell) for cell in r) for r in table.extract())
                items.append(_Item((top - origin) / height, rows=rows))
        out += sorted(items, key=lambda item: item.top)
    return out, gutters(found)


def _tables(page: Any) -> list[Any]:
    """The tables that ruling lines draw: two rows and two columns or more."""
    if not 4 <= len(page.edges) <= _MOST_EDGES:
        return []
    tables = page.find_tables()
    return [table for table in tables if len(table.rows) >= 2 and len(table.columns) >= 2]


def _inside(char: Any, box: tuple[float, float, float, float]) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _text_lines(chars: list[Any]) -> list[tuple[list[Any], str]]:
    """The pieces of each line and its text; pieces that stand apart have a space between them."""
    chars = _once([char for char in chars if char.get("upright", True)])
    words = extract_words(chars, keep_blank_chars=True, x_tolerance_ratio=_GAP, y_tolerance=3)
    lines: list[list[Any]] = []
    for word in sorted(words, key=lambda w: (w["top"] + w["bottom"]) / 2):
        middle = (word["top"] + word["bottom"]) / 2
        if lines and _same_line(lines[-1], middle):
            lines[-1].append(word)
        else:
            lines.append([word])
    for line in lines:
        line.sort(key=lambda w: w["x0"])
    left = min((float(line[0]["x0"]) for line in lines if len(line[0]["text"]) > 10), default=0.0)
    read = [(line, _indent(line[0], left), _joined(line)) for line in lines]
    return [(line, indent + _CID.sub("\ufffd", text)) for line, indent, text in read if text]


def _extent(line: list[Any]) -> tuple[float, float, float]:
    """Left end, right end and height of type of a line of words."""
    tallest = max(line, key=lambda w: w["bottom"] - w["top"])
    return float(line[0]["x0"]), max(float(w["x1"]) for w in line), float(tallest["bottom"] - tallest["top"])


def _indent(word: Any, left: float) -> str:
    """Two wide spaces where a line begins two characters from the left edge of the text, as paragraphs do."""
    shift = (float(word["x0"]) - left) / max(1.0, float(word["bottom"] - word["top"]))
    return "\u3000\u3000" if 1.5 <= shift <= 2.6 and not word["text"].startswith("\u3000") else ""


def _joined(line: list[Any]) -> str:
    """The pieces of a line, with a space where they stand apart: a little between words, much beside Chinese."""
    out, end = "", 0.0
    for word in line:
        text = word["text"].strip()
        if out and text:
            wide = _CJK.match(out[-1]) or _CJK.match(text[0])
            apart = word["x0"] - end > (_WIDE_GAP if wide else _GAP) * (word["bottom"] - word["top"])
            blank = not wide and word["text"][0].isspace()
            out += " " if apart or blank else ""
        out += text
        end = float(word["x1"])
    return out.strip()


def _same_line(line: list[Any], middle: float) -> bool:
    """Whether the middle of a piece is within the height of the tallest piece of a line (also for small raised signs)."""
    tallest = max(line, key=lambda w: w["bottom"] - w["top"])
    height = tallest["bottom"] - tallest["top"]
    return bool(tallest["top"] + 0.15 * height <= middle <= tallest["bottom"] - 0.15 * height)


def _once(chars: list[Any]) -> list[Any]:
    """Characters that are printed twice in one place to look bold count once."""
    seen: dict[tuple[str, int, int], tuple[float, float]] = {}
    out = []
    for char in chars:
        text, x, y = char["text"], float(char["x0"]), float(char["top"])
        near = (seen.get((text, int(x) + i, int(y) + j)) for i in (-1, 0, 1) for j in (-1, 0, 1))
        if any(place and abs(place[0] - x) < 1 and abs(place[1] - y) < 1 for place in near):
            continue
        seen[text, int(x), int(y)] = x, y
        out.append(char)
    return out


def _unwrapped(cell: str) -> str:
    """The text of a cell with its line breaks undone: nothing between Chinese characters, a space between words."""
    parts = [part.strip() for part in _CID.sub("\ufffd", cell).split("\n") if part.strip()]
    out = ""
    for part in parts:
        spaced = out and not _CJK.match(out[-1]) and not _CJK.match(part[0])
        out += (" " if spaced else "") + part
    return out


def _is_picture(page: Any) -> bool:
    """Whether pictures cover half of a page."""
    area = sum(abs((image["x1"] - image["x0"]) * (image["bottom"] - image["top"])) for image in page.images)
    return bool(area >= 0.5 * float(page.width) * float(page.height))


def _is_scan(page: Any, items: list[_Item]) -> bool:
    """Whether a page's text is only there to be seen: a picture, letters drawn as curves, or a font without code points.

    Raises TooLarge where the picture has more pixels than are read.
    """
    text = "".join(item.text + "".join(cell or "" for row in item.rows for cell in row) for item in items)
    if text.count("\ufffd") > 0.3 * len(text):
        return True
    own = sum(len(item.text.strip()) for item in items if not item.marginal) + 15 * any(item.rows for item in items)
    if own >= 15 or not (_is_picture(page) or (not text and len(page.curves) >= _DRAWN_LETTERS)):
        return False
    if any(image["srcsize"][0] * image["srcsize"][1] > ocr.MAX_PIXELS for image in page.images):
        raise TooLarge(
            f"PDF 里有超过 {ocr.MAX_PIXELS // 10_000} 万像素的图片", "请降低扫描分辨率（300 dpi 即可）后重新导入"
        )
    return True


def _recognise(data: bytes, pages: list[list[_Item]], scans: list[int], problem: NoTextLayer | None) -> None:
    """Puts what recognition reads in place of these pages; where it cannot run, marks them as unread."""
    read = ocr.read_pdf_pages(data, scans) if scans and problem is None else {}
    for number in scans:
        if problem is None:
            pages[number - 1] = _recognised(read[number]) or pages[number - 1]
        else:
            pages[number - 1].append(_Item(0.5, confidence=0.0))


def _recognised(rows: list[ocr.Row]) -> list[_Item]:
    return [
        _Item(row.top, row.text, row.left, row.right, row.size, (row.cells,) if row.cells else (), row.confidence)
        for row in rows
    ]


# -- what is not the document's own text -------------------------------------------------------------------------------


def _running(pages: list[list[_Item]]) -> set[tuple[str, int]]:
    """The keys of lines that stand in the margin of two pages in five or more, three at least (both pages of two), and
    of one over the title of the file that repeats it in smaller type."""
    counts: Counter[tuple[str, int]] = Counter()
    for items in pages:
        counts.update({item.key for item in items if item.marginal})
    least = 2 if len(pages) == 2 else max(3, 0.4 * len(pages))
    running = {key for key, count in counts.items() if count >= least}
    first = pages[0] if pages else []
    if len(first) > 1 and first[0].marginal and first[0].size < 0.8 * first[1].size:
        title = "".join(item.key[0] for item in first[1:4])
        if len(first[0].key[0]) >= 4 and title.startswith(first[0].key[0]):
            running.add(first[0].key)
    return running


def _is_number(item: _Item, page: int, pages: int) -> bool:
    """Whether a line in the margin is a page number, also in a file too short for counting."""
    match = _PAGE_NUMBER.match(item.text)
    numbers = _DIGITS.findall(item.text)
    return match is not None and (int(numbers[0]) == page or pages >= 3 or bool(re.match(r"[-—–－第]", item.text)))


def _add(out: Builder, item: _Item, page: int, joined: bool | None) -> None:
    if not item.rows:
        out.add(item.text, page=page, confidence=item.confidence, goes_on=joined)
        return
    above: list[str] = []
    for row in item.rows:
        above = filled(row, above, {i for i, cell in enumerate(row) if cell is None})
        out.add_row(above, page, item.confidence)


def check_recognised(lines: list[Line]) -> None:
    """Raises NoTextLayer where recognition found nothing to read."""
    if not any(line.text.strip() for line in lines):
        raise NoTextLayer(
            "页面是图片，没有识别出文字",
            "请换用更清楚的扫描件（200 dpi 以上）重新导入，或先用别的软件做文字识别（OCR）",
        )


def _check_text(out: Builder, pages: int, pictures: int, problem: NoTextLayer | None) -> None:
    """Raises where a file has no text layer that can be used. `problem` says why nothing was recognised, where needed."""
    text = "".join(line.text for line in out.lines)
    size = len(re.sub(r"\s", "", text))
    if size < 15 * pages and pictures >= 0.5 * pages:
        raise NoTextLayer(
            "PDF 的页面是图片，没有文字层",
            problem.hint if problem else "请先做文字识别（OCR），导出为带文字层的 PDF 或 Word 文件后再导入",
        )
    if not size:
        raise EmptyFile("PDF 文件里没有文字", "如果页面上看得到字，请先做文字识别（OCR）后再导入")
    if text.count("\ufffd") > 0.3 * size:
        raise NoTextLayer(
            "PDF 的字体没有文字编码，读出的是乱码",
            problem.hint if problem else "请先做文字识别（OCR），或改用原始的 Word 文件导入",
        )
