"""Laws as Word and PDF files, written as people write them: what the reading of such files is measured with.

`docx_of` writes typed numbers, Word headings, or automatic numbers that stand only in the list; `pdf_of` sets justified
lines with running heads and page numbers, as official documents are set or in two columns as gazettes are.
python-docx and reportlab come with the `dev` extra and are imported where they are used.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from corpus.markers import Marker, is_history, marker_of
from corpus.numerals import to_chinese

Style = Literal["typed", "headings", "automatic"]

_NEVER_FIRST = "。，、；：？！）】》〉”’」』％%…—,.;:?!)]}"
_NEVER_LAST = "（【《〈“‘「『([{"
_WORD = re.compile(r"[0-9A-Za-z.,%/℃·-]+|.", re.DOTALL)  # what a line break does not part
_HEADINGS = ("part", "chapter", "section")
_LONGEST_HEADING = 60
_LEVELS = {"part": 0, "chapter": 1, "section": 2, "article": 3, "cn_paren": 4, "ar": 5}
_LIST = 77  # the id of the list of a law in numbering.xml
_MISSING = "〓"  # what printers set where a font has no sign


def is_heading(marker: Marker | None, text: str) -> bool:
    """Whether a paragraph is the heading of 编, 章 or 节."""
    return marker is not None and marker.family in _HEADINGS and len(text) <= _LONGEST_HEADING and "。" not in text


def _paragraphs(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n") if line.strip())


# -- Word --------------------------------------------------------------------------------------------------------------


def docx_of(text: str, style: Style) -> bytes:
    """The lines of `text`, the first of them the title, as the paragraphs of a Word file.

    typed: plain paragraphs with an indent, numbers as typed. headings: the title and 编, 章 and 节 in Word's heading
    styles. automatic: 第一章, 第一条, （一） and 1. only as list numbers wherever the list counts as the text does.
    """
    import docx

    document = docx.Document()
    lists = _Lists(document) if style == "automatic" else None
    for n, line in enumerate(_paragraphs(text)):
        marker = marker_of(line)
        if style == "headings" and (n == 0 or is_heading(marker, line)):
            level = 0 if marker is None or n == 0 else 1 + _HEADINGS.index(marker.family)
            document.add_heading(_xml_safe(line), level)
        elif lists is not None and marker is not None and n and (depth := lists.depth(marker, line)) is not None:
            paragraph = document.add_paragraph(_xml_safe(line[marker.length :].lstrip()))
            lists.number(paragraph, depth)
        else:
            paragraph = document.add_paragraph(_xml_safe(line))
            if n and not is_heading(marker, line):
                paragraph.paragraph_format.first_line_indent = docx.shared.Pt(32)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _xml_safe(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


@dataclass(slots=True)
class _Lists:
    """The multilevel list of a template for laws: 编 章 节 条 （一） 1., articles counted through the whole law."""

    document: Any
    counts: dict[int, int] = field(default_factory=dict)
    instances: int = 0
    at: int = _LIST

    def __post_init__(self) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        names = ["第%1编", "第%2章", "第%3节", "第%4条", "（%5）", "%6．"]
        levels = "".join(
            f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/>'
            f'<w:numFmt w:val="{"decimal" if n == 5 else "chineseCountingThousand"}"/>'
            + ('<w:lvlRestart w:val="0"/>' if n == 3 else "")
            + f'<w:suff w:val="{"space" if n < 4 else "nothing"}"/><w:lvlText w:val="{name}"/></w:lvl>'
            for n, name in enumerate(names)
        )
        root = self.document.part.numbering_part.element
        declared = nsdecls("w")
        root.insert(0, parse_xml(f'<w:abstractNum {declared} w:abstractNumId="{_LIST}">{levels}</w:abstractNum>'))
        root.append(parse_xml(f'<w:num {declared} w:numId="{_LIST}"><w:abstractNumId w:val="{_LIST}"/></w:num>'))

    def depth(self, marker: Marker, line: str) -> int | None:
        """The level whose number a paragraph may carry instead of typing it, else None; counts on."""
        depth = _LEVELS.get(marker.family)
        if depth is None or (marker.family in _HEADINGS and not is_heading(marker, line)):
            return None
        if marker.label != self._label(depth, marker.number) or not line[marker.length :].strip():
            return None
        if marker.number != self.counts.get(depth, 0) + 1:
            if marker.number != 1:
                return None
            self._restart(depth)
        self.counts[depth] = marker.number
        for deeper in [d for d in self.counts if d > depth and d != _LEVELS["article"]]:
            del self.counts[deeper]
        return depth

    def _label(self, depth: int, number: int) -> str:
        if depth == 5:
            return f"{number}．"
        count = to_chinese(number)
        return f"（{count}）" if depth == 4 else f"第{count}{'编章节条'[depth]}"

    def _restart(self, depth: int) -> None:
        """Goes on with another list, which Word makes of the same kind for "begin at 1"."""
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        self.instances += 1
        self.at = _LIST + self.instances
        override = f'<w:lvlOverride w:ilvl="{depth}"><w:startOverride w:val="1"/></w:lvlOverride>'
        xml = f'<w:num {nsdecls("w")} w:numId="{self.at}"><w:abstractNumId w:val="{_LIST}"/>{override}</w:num>'
        self.document.part.numbering_part.element.append(parse_xml(xml))

    def number(self, paragraph: Any, depth: int) -> None:
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = depth
        properties.get_or_add_numId().val = self.at


# -- PDF ---------------------------------------------------------------------------------------------------------------

_FONT = "STSong-Light"  # one of the fonts that every PDF reader has: no file of it is needed
_PAGE = (595.28, 841.89)  # points: A4
_HEAD_SIZE, _NUMBER_SIZE = 10.5, 14


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page is set, in points: the size of the type, the left edges of its columns and their width, the height of
    the first line, the distance of lines and how many there are."""

    size: float
    lefts: tuple[float, ...]
    width: float
    top: float
    pitch: float
    rows: int


DOCUMENT = Layout(16, (74.0,), 448.0, 725.0, 29.0, 22)
"""As GB/T 9704-2012 sets official documents: 28 characters a line, 22 lines a page."""

GAZETTE = Layout(10.5, (74.0, 311.5), 210.0, 745.0, 17.0, 38)
"""Two columns of 20 characters a line, as gazettes are set."""


def printable(text: str) -> str:
    """The text with 〓 for the characters that the font of `pdf_of` cannot show or whose code it does not keep."""
    return "".join(c if _has_sign(c) else _MISSING for c in text)


@cache
def _has_sign(char: str) -> bool:
    from pdfminer.cmapdb import CMapDB

    if char in "\n\r\t \u3000\xa0":
        return True
    if ord(char) > 0xFFFF or 0xD800 <= ord(char) < 0xE000:
        return False
    codes = list(CMapDB.get_cmap("UniGB-UCS2-H").decode(char.encode("utf-16-be")))
    try:
        return len(codes) == 1 and CMapDB.get_unicode_map("Adobe-GB1").get_unichr(codes[0]) == char
    except KeyError:
        return False


def pdf_of(text: str, layout: Layout = DOCUMENT) -> bytes:
    """The lines of `text`, the first of them the title, as an A4 document. Give it `printable` text."""
    setter = _Setter(layout, next(_paragraphs(text), ""))
    head = True  # under the title: when the law was passed and amended
    for n, line in enumerate(_paragraphs(text)):
        head = head and (n == 0 or is_history(line))
        if n == 0:
            setter.title(line)
        elif head or is_heading(marker_of(line), line):
            setter.centred(line)
        else:
            setter.body(line)
    return setter.finish()


class _Setter:
    """Sets paragraphs on pages one after the other, column by column."""

    def __init__(self, layout: Layout, title: str) -> None:
        from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]
        from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
        self._layout = layout
        self._out = io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=_PAGE, pageCompression=1, invariant=1)
        self._head = title[:40]
        self._column = self._row = 0
        self._first = 0  # rows that the title takes above the columns of the first page
        self._page = 1

    def title(self, text: str) -> None:
        """The title over all columns, larger than the text."""
        size = 1.375 * self._layout.size
        left = self._layout.lefts[0]
        width = self._layout.lefts[-1] + self._layout.width - left
        for line, own in _lines(text, size, width):
            self._put(line, left + (width - own) / 2, size)
            self._row += 1
        self._first = self._row

    def centred(self, text: str) -> None:
        """A paragraph whose lines stand in the middle of their column."""
        width, size = self._layout.width, self._layout.size
        for line, own in _lines(text, size, width):
            self._put(line, self._next_line() + (width - own) / 2, size)
            self._row += 1

    def body(self, text: str) -> None:
        """A paragraph with an indent of two characters, its lines filled to the edge but for the last."""
        width, size = self._layout.width, self._layout.size
        indent = 2.0 * size
        lines = list(_lines(text, size, width, indent))
        for n, (line, own) in enumerate(lines):
            start = 0.0 if n else indent
            space = 0.0 if n == len(lines) - 1 else (width - start - own) / max(1, len(line) - 1)
            self._put(line, self._next_line() + start, size, space)
            self._row += 1

    def finish(self) -> bytes:
        """The bytes of the file."""
        self._end_page()
        self._canvas.save()
        return self._out.getvalue()

    def _next_line(self) -> float:
        """The left edge of the column that the next line stands in; turns the page where it is full."""
        if self._row >= self._layout.rows:
            self._row = self._first
            self._column += 1
            if self._column >= len(self._layout.lefts):
                self._end_page()
        return self._layout.lefts[self._column]

    def _put(self, line: str, x: float, size: float, space: float = 0.0) -> None:
        text = self._canvas.beginText(x, self._layout.top - self._layout.pitch * self._row)
        text.setFont(_FONT, size)
        text.setCharSpace(space)
        text.textOut(line)
        self._canvas.drawText(text)

    def _end_page(self) -> None:
        canvas, left = self._canvas, self._layout.lefts[0]
        right = self._layout.lefts[-1] + self._layout.width
        canvas.setFont(_FONT, _HEAD_SIZE)
        canvas.drawCentredString(_PAGE[0] / 2, 790, self._head)
        canvas.setFont(_FONT, _NUMBER_SIZE)
        if self._page % 2:
            canvas.drawRightString(right - _NUMBER_SIZE, 60, f"— {self._page} —")
        else:
            canvas.drawString(left + _NUMBER_SIZE, 60, f"— {self._page} —")
        canvas.showPage()
        self._page += 1
        self._row = self._first = self._column = 0


@cache
def _advance(char: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # type: ignore[import-untyped]

    return float(stringWidth(char, _FONT, size))


def _lines(text: str, size: float, width: float, indent: float = 0.0) -> Iterator[tuple[str, float]]:
    """The lines of a paragraph with their own widths: no closing sign begins a line, no opening one ends it."""
    line: list[str] = []
    own = 0.0
    room = width - indent
    for word in _WORD.findall(text):
        advance = sum(_advance(c, size) for c in word)
        if line and own + advance > room + 0.01:
            carried: list[str] = []
            while len(line) > 1 and ((carried or [word])[0][0] in _NEVER_FIRST or line[-1][-1] in _NEVER_LAST):
                carried.insert(0, line.pop())
            full = "".join(line).rstrip()
            yield full, sum(_advance(c, size) for c in full)
            line, room = carried, width
            own = sum(_advance(c, size) for piece in line for c in piece)
        if line or not word.isspace():
            line.append(word)
            own += advance
    if line:
        yield "".join(line), own
