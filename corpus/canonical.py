"""Lines of a file -> paragraphs: the last place where text may change.

What changes here and nowhere else: page marks and web residue go, kinds of space become one, glyphs that PDF fonts map
wrongly are put right, hard wraps are undone, spaces that exports set between Chinese and Latin or digits go, and the
lines of a flattened table become rows. No visible character of the document itself is dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from corpus.markers import Marker, class_of, ends_event, is_history, marker_of
from corpus.radicals import EQUIVALENTS
from corpus.readers import LeftOut, Line
from corpus.readers.tables import header_rows
from corpus.titles import DATE_LINE, ENDS, NAMES, NUMBER_LINE


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of text without line breaks. `anchors` are (offset in text, source line, page); `level` is the heading level
    that the source format gives, 0 for none; `cells` are the cells of a table row, joined by tabs in `text`; `header` and
    `particular` are those of its line (see Line)."""

    text: str
    anchors: tuple[tuple[int, int, int | None], ...]
    level: int = 0
    cells: tuple[str, ...] = ()
    header: bool = False
    particular: bool = False

    @property
    def line(self) -> int:
        return self.anchors[0][1]

    def split(self, at: int) -> tuple[Paragraph, Paragraph]:
        """This paragraph cut before offset `at`; white space at the cut goes."""
        head, tail = self.text[:at].rstrip(), self.text[at:]
        skip = at + len(tail) - len(tail.lstrip())
        before = [a for a in self.anchors if a[0] <= skip]
        after = [(o - skip, line, page) for o, line, page in self.anchors if o > skip]
        first = (0, before[-1][1], before[-1][2])
        kept = tuple(a for a in self.anchors if a[0] < at)
        return replace(self, text=head, anchors=kept), replace(self, text=tail.lstrip(), anchors=(first, *after))


_Cell = list[tuple[str, Line]]
"""A table cell: the texts that it is wrapped into, each with its line."""

_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_RULES = re.compile(r"，(?:由|应|可|不|须|必须|按|经|在|其)")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
# Glyphs that common CJK fonts map to the wrong code point in PDF text layers.
_GLYPHS = {**EQUIVALENTS, **str.maketrans({"臵": "置", "笫": "第", "〃": "·"})}
_PAGE_MARK = re.compile(
    r"^(?:[-—–－―─]{1,2}\s*\d{1,4}\s*[-—–－―─]{1,2}|第\s*\d{1,4}\s*页(?:\s*+(?:[,，/]\s*+)?共\s*\d{1,4}\s*页)?)$"
)
_RESIDUE = re.compile(r"^(?:播报|编辑|播报\s*编辑|收藏|查看我的收藏|有用\+?1)$")
_FOOTNOTE = re.compile(r"(?<=[。；！？”）)日])[ ]*\[\d{1,2}(?:-\d{1,2})?\]")
_LEAD = re.compile(r"^(?:第[^\s]{1,9}[编章节条]|\d{1,2}(?:\.\d{1,2}){0,4}[.．、]?|\d{1,2}日)\s+")
_CJK = "\u2e80-\u9fff\uff00-\uffef\u3000-\u303f“”‘’"
_PANGU = re.compile(f"(?<=[{_CJK}]) (?=[0-9A-Za-z])|(?<=[0-9A-Za-z%‰]) (?=[{_CJK}])")
_SENTENCE_END = tuple("。！？；：”…!?;:")
_INDENT = ("　　", "    ")
_LONGEST_MARK = 40  # characters of a line that is a page mark or residue
_DIGITS = re.compile(r"^\d{1,4}$")


def paragraphs(lines: list[Line]) -> list[Paragraph]:
    """The paragraphs of a file, in order. Empty where nothing but noise was there."""
    lines = [line for line in lines if line.left_out is None]
    # [1] is a web encyclopaedia's mark where the page's other residue stands beside it, else a part of the text.
    residue = any(_RESIDUE.match(line.text.strip()) for line in lines)
    cleaned = _without_page_numbers([replace(line, text=_clean(line.text, residue)) for line in lines])
    width = _wrap_width(cleaned)
    indented = frozenset(line.number for line in lines if line.text.startswith(_INDENT))
    fresh = indented if width is not None and len(indented) >= 3 else frozenset()
    out: list[Paragraph] = []
    table: list[Line] = []
    body: list[Line] = []
    following = _next_texts(cleaned)
    for line, after in zip([*cleaned, Line("", 0)], [*following, ""], strict=True):
        goes_on = bool(table) and (bool(table[-1].text) or (after.startswith("\t") and _is_short(table)))
        cell = goes_on and bool(line.text) and _is_flattened(table)
        if line.text.startswith("\t") or cell:
            out += _prose(body, width, fresh)
            body = []
            while cell and not table[-1].text and not line.text.startswith("\t"):
                table.pop()  # a blank line inside a wrapped cell does not end the row
            table.append(line)
        elif table and not line.text and line.number:
            table.append(line)
        else:
            out += _rows(table)
            table = []
            body.append(line)
    return out + _rows(table) + _prose(body, width, fresh)


def dropped(lines: list[Line]) -> list[LeftOut]:
    """What `paragraphs` leaves out of these lines beside what their reader left out: page marks, page numbers, and the
    residue of a web encyclopaedia with its footnote marks."""
    lines = [line for line in lines if line.left_out is None]
    residue = any(_RESIDUE.match(line.text.strip()) for line in lines)
    out = []
    if residue:
        marks = [mark for line in lines for mark in _FOOTNOTE.findall(_SPACES.sub(" ", line.text))]
        out += [LeftOut("markup", mark.strip()) for mark in marks]
    short = [line for line in lines if 0 < len(line.text.strip()) <= _LONGEST_MARK and not line.text.startswith("\t")]
    cleaned = [replace(line, text=_clean(line.text, residue)) for line in short]
    for line, once, twice in zip(short, cleaned, _without_page_numbers(cleaned), strict=True):
        if not twice.text and (text := line.text.strip()):
            out.append(LeftOut("markup" if not once.text and _RESIDUE.match(text) else "page_number", text))
    return out


def _next_texts(lines: list[Line]) -> list[str]:
    """For each line the text of the next line that is not blank."""
    out, after = [], ""
    for line in reversed(lines):
        out.append(after)
        after = line.text or after
    return out[::-1]


def _is_flattened(table: list[Line]) -> bool:
    """Whether the last row came one cell a line; a row that came whole needs no rest."""
    last = next(line.text for line in reversed(table) if line.text.startswith("\t"))
    return "\t" not in last.removeprefix("\t")


def _is_short(table: list[Line]) -> bool:
    """Whether the last row of flattened table lines has fewer cells than the first."""
    return _first_row(reversed(table)) < _first_row(table)


def _first_row(lines: Iterable[Line]) -> int:
    """How many cells the first row in these lines has."""
    size = 0
    for line in lines:
        size += line.text.startswith("\t")
        if size and not line.text:
            break
    return size


def _clean(text: str, residue: bool) -> str:
    tab = "\t" if text.startswith("\t") and text.strip() else ""
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text)).translate(_GLYPHS)
    if tab:
        return tab + "\t".join(_PANGU.sub("", cell.strip()) for cell in text.strip("\n").removeprefix("\t").split("\t"))
    text = text.replace("\t", " ").strip()
    if residue:
        text = _FOOTNOTE.sub("", text).strip()
    if _PAGE_MARK.match(text) or _RESIDUE.match(text):
        return ""
    lead = match.end() if (match := _LEAD.match(text)) else 0
    return text[:lead] + _PANGU.sub("", text[lead:])


def _without_page_numbers(lines: list[Line]) -> list[Line]:
    """Lines that are only a number go where they count up through the file: they are page numbers."""
    numbered = [line for line in lines if _DIGITS.match(line.text)]
    steps = Counter(int(b.text) - int(a.text) for a, b in zip(numbered, numbered[1:], strict=False))
    if len(numbered) < 3 or steps[1] < 0.8 * (len(numbered) - 1):
        return lines
    return [replace(line, text="") if _DIGITS.match(line.text) else line for line in lines]


class _Widths(dict[str, int]):
    """The columns that a character takes, kept once it was looked up."""

    def __missing__(self, character: str) -> int:
        self[character] = width = 2 if east_asian_width(character) in "WFA" else 1
        return width


_WIDTHS = _Widths()


def _columns(text: str) -> int:
    return sum(map(_WIDTHS.__getitem__, text))


def _wrap_width(lines: list[Line]) -> int | None:
    """The column where the lines of a hard-wrapped file end, or None for a file whose paragraphs are whole lines."""
    texts = [line.text for line in lines if line.text and not line.level and not line.text.startswith("\t")]
    if len(texts) < 8:
        return None
    widths = sorted(_columns(t[:400]) for t in texts)
    width = widths[int(len(widths) * 0.8)]
    full = [t for t in texts if 0.88 * width <= _columns(t[:400]) <= 1.15 * width]
    cut = [t for t in full if not t.endswith(_SENTENCE_END)]
    return width if 20 <= width <= 120 and len(full) >= 0.4 * len(texts) and len(cut) >= 0.5 * len(full) else None


def _prose(lines: list[Line], width: int | None, fresh: frozenset[int]) -> list[Paragraph]:
    """Lines -> paragraphs. `fresh` are the numbers of the lines that a first-line indent begins a paragraph with."""
    out: list[Paragraph] = []
    last: dict[str, int] = {}
    previous: Line | None = None
    set_off = ""  # the text since the layout of a page last began a paragraph
    for line in lines:
        if not line.text:
            continue
        marker = marker_of(line.text)
        inside = bool(out) and width is not None and _open_bracket(out[-1].text)
        begins = line.number in fresh and not inside
        goes_on = line.goes_on
        if goes_on is False:  # the layout ends a paragraph here; the sentence may go on all the same
            goes_on = bool(out) and not (line.level or out[-1].level or marker) and _is_cut(set_off, line.text)
        elif goes_on is None:
            told = bool(out) and _is_told(out[-1].text, line.text)
            goes_on = not (begins or told or previous is None) and (
                inside or _continues(previous, line, marker, last, width)
            )
        set_off = set_off + line.text if line.goes_on else line.text
        if goes_on and out and not (line.particular or out[-1].particular):
            out[-1] = _joined(out[-1], line)
        else:
            anchor = (0, line.number, line.page)
            out.append(Paragraph(line.text, (anchor,), line.level, particular=line.particular))
            if marker:
                last[marker.family] = marker.number
        previous = line
    return out


def _is_told(before: str, text: str) -> bool:
    """Whether a line break stands between the title of a law and its history, or between two events of that."""
    if is_history(before):
        return ends_event(before, text)
    return is_history(text) and bool(ENDS.search(before)) and len(before) <= 80 and "。" not in before


def _joined(paragraph: Paragraph, line: Line) -> Paragraph:
    latin = paragraph.text[-1].isascii() and paragraph.text[-1].isalpha() and line.text[0].isascii()
    head = paragraph.text + (" " if latin and line.text[0].isalpha() else "")
    return replace(paragraph, text=head + line.text, anchors=(*paragraph.anchors, (len(head), line.number, line.page)))


def _continues(previous: Line, line: Line, marker: Marker | None, last: dict[str, int], width: int | None) -> bool:
    """Whether `line` is the rest of the paragraph that `previous` is in."""
    if previous.level or line.level:  # a heading, on two lines where the first breaks off after a 、
        return marker is None and line.level in (0, previous.level) and previous.text.endswith(("、", "，"))
    expected = marker is not None and marker.number in (1, last.get(marker.family, 0) + 1)
    if width is None:
        return marker is None and _is_cut(previous.text, line.text)
    columns, ended = _columns(previous.text), previous.text.endswith(_SENTENCE_END)
    if ended:
        # A full line may end where a sentence does: then only what does not start like a clause goes on.
        return columns >= width - 2 and marker is None
    return columns >= 0.85 * width and not expected


def _open_bracket(text: str) -> bool:
    """Whether a bracket opened in the last 200 characters is not closed yet: （责任单位：| 市商务局）."""
    tail = text[-200:]
    return tail.rfind("（") > tail.rfind("）") or tail.rfind("(") > tail.rfind(")")


def _is_cut(before: str, after: str) -> bool:
    """Whether a paragraph break stands inside a sentence, as recognition of scanned pages leaves it."""
    if before.endswith(("，", "、")):
        return len(before) >= 10
    if before.endswith((*_SENTENCE_END, "）", ")", "》", "】")) or len(before) < 24:
        return False
    if NAMES.match(before) or NAMES.match(after) or ends_event(before, after) or class_of(after):
        return False
    rest = before[max(before.rfind(c) for c in "。！；") + 1 :]
    if marker_of(rest) and len(rest) <= 30 and (rest != before or not _RULES.search(rest)):
        return False  # a heading, or one glued to the sentence before it; no heading has ，由… or ，应…
    return not (ENDS.search(before) or NUMBER_LINE.match(after) or DATE_LINE.match(after))


def _rows(lines: list[Line]) -> list[Paragraph]:
    """Flattened table lines -> one paragraph a row.

    A line with several cells is a row; else each line is a cell, a line without a leading tab continues the cell above
    (a wrapped cell), and a blank line ends the row.
    """
    out: list[Paragraph] = []
    cells: list[_Cell] = []
    for line in [*lines, Line("", 0)]:
        parts = line.text.removeprefix("\t").split("\t") if line.text else []
        if len(parts) > 1 or not line.text:
            out += _row(cells)
            cells = []
        if len(parts) > 1:
            out += _row([[(part, line)] for part in parts])
        elif parts and not line.text.startswith("\t") and cells:
            cells[-1].append((parts[0], line))
        elif parts:
            cells.append([(parts[0], line)])
    return _with_header(out, lines)


def _row(cells: list[_Cell]) -> list[Paragraph]:
    texts = tuple("".join(text for text, _ in cell) for cell in cells)
    if not any(texts):
        return []
    anchors: list[tuple[int, int, int | None]] = []
    offset = 0
    for cell in cells:
        for text, line in cell:
            if not anchors or anchors[-1][1] != line.number:
                anchors.append((offset, line.number, line.page))
            offset += len(text)
        offset += 1
    header = all(line.header for cell in cells for _, line in cell)
    return [Paragraph("\t".join(texts), tuple(anchors), cells=texts, header=header)]


def _with_header(rows: list[Paragraph], lines: list[Line]) -> list[Paragraph]:
    """Rows of flattened text with their header told by content; readers of other formats have told it."""
    if any(line.header is not None for line in lines):
        return rows
    count = header_rows([row.cells for row in rows])
    return [replace(row, header=n < count) for n, row in enumerate(rows)]
