"""PDF files: lines in reading order with page numbers, tables as rows; pages that are pictures go through ocr.py.

Characters and ruling lines come from PDFium (pdfium.py), page by page; each page is forgotten once it was read. What
stands where on a page is for layout.py, what its margins hold for margins.py: running heads, page numbers and
watermarks are reported, not read. Lines are left as they are broken on the page: canonical.py joins them; an indent is
kept as two wide spaces, which tells where a paragraph begins.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import margins, ocr, pdfium
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged, Encrypted, NoTextLayer
from corpus.readers.flow import Place, goes_on
from corpus.readers.layout import Item, items
from corpus.readers.lines import Line
from corpus.readers.tables import Row, goes_on_from, write

MAX_PAGES = 5000
"""Pages that a file may have."""

MAX_STREAM = 100 * 1024 * 1024
"""Bytes that one compressed stream may unpack to."""

MAX_CHARACTERS = 20_000_000
"""Characters that a file may hold."""

_HEAD, _TAIL = 1024, 64 * 1024
_DRAWN_LETTERS = 200  # curves on a page without text from which they are taken for letters
_PACKED = re.compile(rb"[\x08\x18\x28\x38\x48\x58\x68\x78]")  # the first byte of what zlib packs
_STREAM = re.compile(rb"stream\r?\n(?=" + _PACKED.pattern + rb")")
_DAMAGED = "PDF 文件已损坏或不完整，无法打开"
_HINT = "请重新下载，或用 PDF 阅读器另存一份再导入"


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


def _lines(pages: list[list[Item]]) -> Builder:
    """The lines of all pages; running heads, page numbers and watermarks are left out."""
    gone = margins.left_out(pages)
    every = [
        (page, item, gone.get((page, n), item.left_out)) for page, on in enumerate(pages) for n, item in enumerate(on)
    ]
    own = [(page, item) for page, item, reason in every if reason is None]
    joins = iter(
        goes_on(
            [item.text for _, item in own],
            [
                None if item.rows or not item.size else Place(page, item.left, item.right, item.size, item.column)
                for page, item in own
            ],
        )
    )
    heads = _repeated_heads(own)
    out = Builder()
    header: tuple[Row, ...] = ()  # of the table at hand
    above: tuple[Row, ...] = ()  # the table that the page before ends with
    last = -1
    for page, item, reason in every:
        if reason is not None:
            out.leave_out(reason.reason, reason.text, page + 1)
            continue
        joined = next(joins)
        if not item.rows:
            out.add(item.text, page=page + 1, confidence=item.confidence, goes_on=joined)
            above = ()
            continue
        rows = item.rows
        if item.confidence is None:
            if id(item) in heads:
                rows = (replace(rows[0], header=True), *rows[1:])
            goes_on_here = bool(above) and last == page - 1
            told, now = goes_on_from(rows, above, header) if goes_on_here else (rows, _header(rows))
            repeated = _repeated(told, header) if goes_on_here else 0
            for row in told[:repeated]:
                out.leave_out("running_head", " ".join(cell for cell in row.cells if cell), page + 1)
            above, header, rows, last = rows, now or header, told[repeated:], page
        write(out, rows, page + 1, item.confidence)
    return out


def _header(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.header)


def _repeated(rows: tuple[Row, ...], header: tuple[Row, ...]) -> int:
    """How many of the first rows print the header of the page before again."""
    known = {row.cells for row in header}
    return next((n for n, row in enumerate(rows) if not (row.header and row.cells in known)), 0)


def lines_of_pictures(pages: list[list[ocr.Row]]) -> list[Line]:
    """The lines of recognised pages, read like those of a PDF. Raises NoTextLayer where nothing was recognised."""
    lines = _lines([_recognised(rows) for rows in pages]).lines
    check_recognised(lines)
    return lines


@contextmanager
def _reading() -> Iterator[None]:
    """Turns whatever broken bytes cause in the libraries into Damaged, a password into Encrypted."""
    try:
        yield
    except BadFile:
        raise
    except MemoryError as error:
        raise TooLarge("PDF 文件展开后过大", "请拆分后重新导入") from error
    except pdfium.Locked as error:
        raise Encrypted("PDF 文件有密码保护，无法读取", "请在 PDF 软件中取消密码后另存，再重新导入") from error
    except Exception as error:  # also what recognition raises on pages that cannot be drawn
        raise Damaged(_DAMAGED, _HINT) from error


def _check_streams(data: bytes) -> None:
    """Unpacks every compressed stream piece by piece without keeping it. Raises TooLarge for one that is a bomb."""
    for match in _STREAM.finditer(data):
        layer, rest = _Layer(), memoryview(data)[match.end() :]
        try:
            while rest and not layer.ended:
                layer.feed(rest[:65536])
                rest = rest[65536:]
        except zlib.error:
            continue  # not compressed after all, or broken: PDFium says so


class _Layer:
    """A compressed stream that is measured, with what it holds where that is one in turn: a kilobyte packed twice can hold
    what one packed once cannot."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj()
        self._size = 0
        self._inner: _Layer | None = None

    @property
    def ended(self) -> bool:
        return self._unpacker.eof

    def feed(self, piece: bytes | memoryview) -> None:
        """Raises TooLarge, and zlib.error where it is no such stream."""
        while piece:
            out = self._unpacker.decompress(piece, 1 << 20)
            if not self._size and _PACKED.match(out):
                self._inner = _Layer()
            self._size += len(out)
            if self._size > MAX_STREAM:
                raise TooLarge(
                    f"PDF 文件的内容展开后超过 {MAX_STREAM // 1024 // 1024} MB", "请确认文件来源可信，拆分后重新导入"
                )
            if self._inner is not None:
                try:
                    self._inner.feed(out)
                except zlib.error:
                    self._inner = None
            piece = self._unpacker.unconsumed_tail


# -- pages -------------------------------------------------------------------------------------------------------------


def _pages(data: bytes) -> tuple[list[list[Item]], int, list[int]]:
    """What stands on each page from top to bottom, how many pages are mostly a picture, and the numbers (from 1) of the
    pages that recognition has to read."""
    pages: list[list[Item]] = []
    scans: list[int] = []
    known: tuple[float, ...] = ()
    pictures = characters = 0
    with pdfium.opened(data) as document:
        if document.size > MAX_PAGES:
            raise TooLarge(f"PDF 文件超过 {MAX_PAGES} 页", "请拆分后重新导入")
        for sheet in document.sheets():
            characters += len(sheet.chars)
            if characters > MAX_CHARACTERS:
                raise TooLarge(f"PDF 文件超过 {MAX_CHARACTERS // 10_000} 万字", "请拆分后重新导入")
            found, known = items(sheet, known)
            pages.append(found)
            pictures += _is_picture(sheet)
            if _is_scan(sheet, found):
                scans.append(len(pages))
    return pages, pictures, scans


def _is_picture(sheet: pdfium.Sheet) -> bool:
    """Whether pictures cover half of a page."""
    area = sum((p.x1 - p.x0) * (p.bottom - p.top) for p in sheet.pictures)
    return area >= 0.5 * sheet.width * sheet.height


def _is_scan(sheet: pdfium.Sheet, found: list[Item]) -> bool:
    """Whether a page's text is only there to be seen: a picture, letters drawn as curves, or a font without code points.

    Raises TooLarge where the picture has more pixels than are read.
    """
    text = "".join(item.text + "".join(row.text + "".join(row.cells) for row in item.rows) for item in found)
    if text.count("\ufffd") > 0.3 * len(text):
        return True
    own = sum(len(item.text.strip()) for item in found if not item.marginal) + 15 * any(item.rows for item in found)
    if own >= 15 or not (_is_picture(sheet) or (not text and sheet.curves >= _DRAWN_LETTERS)):
        return False
    if any(picture.pixels > ocr.MAX_PIXELS for picture in sheet.pictures):
        raise TooLarge(
            f"PDF 里有超过 {ocr.MAX_PIXELS // 10_000} 万像素的图片", "请降低扫描分辨率（300 dpi 即可）后重新导入"
        )
    return True


def _recognise(data: bytes, pages: list[list[Item]], scans: list[int], problem: NoTextLayer | None) -> None:
    """Puts what recognition reads in place of these pages; where it cannot run, marks them as unread."""
    read = ocr.read_pdf_pages(data, scans) if scans and problem is None else {}
    for number in scans:
        if problem is None:
            pages[number - 1] = _recognised(read[number]) or pages[number - 1]
        else:
            pages[number - 1].append(Item(0.5, confidence=0.0))


def _recognised(rows: list[ocr.Row]) -> list[Item]:
    return [Item(row.top, row.text, row.left, row.right, row.size, _row_of(row), row.confidence) for row in rows]


def _row_of(row: ocr.Row) -> tuple[Row, ...]:
    return (Row(row.cells, row.header),) if row.cells else ()


# -- lines and rows ----------------------------------------------------------------------------------------------------


def _repeated_heads(own: list[tuple[int, Item]]) -> set[int]:
    """The ids of tables that the next page goes on with, printing their first row again, and of those parts: that row is a
    header whatever it says."""
    out: set[int] = set()
    for (page, item), (after, following) in zip(own, own[1:], strict=False):
        if item.rows and following.rows and after == page + 1 and _is_head(item.rows[0], following.rows):
            out |= {id(item), id(following)}
    return out


def _is_head(row: Row, rows: tuple[Row, ...]) -> bool:
    """Whether a row begins the next page's part of a table again."""
    return len(rows) > 1 and rows[0].cells == row.cells and sum(1 for cell in row.cells if cell.strip()) >= 2


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
