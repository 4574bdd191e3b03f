"""Word files (docx): paragraphs and tables in document order, with the numbers that Word only computes.

What stands in the body as a reader of the accepted document sees it: list numbers as typed text, insertions kept and
deletions dropped, results of fields, text boxes after the paragraph that holds them, notes at the end. Not taken:
headers, footers, comments, hidden text, and contents lists that a field makes (their entries are the headings, which
stand in the text). Source: ECMA-376 part 1, WordprocessingML. Only lxml is needed; nothing outside the file is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from corpus.errors import EmptyFile
from corpus.readers import ooxml
from corpus.readers.builder import Builder, filled
from corpus.readers.lines import Line
from corpus.readers.numbering import Numbering
from corpus.readers.ooxml import Package, child, is_on, local, value

_SKIPPED = frozenset({
    "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sdtEndPr", "del", "moveFrom", "delText", "instrText",
    "delInstrText", "fldData", "rt", "Fallback", "footnoteRef", "endnoteRef", "annotationRef", "altChunk",
})  # fmt: skip
_PLAIN = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "cr": "\n"}
_SYMBOLS = {  # code points of Wingdings that policy files use
    "F06C": "●", "F06E": "■", "F06F": "□", "F0A8": "□", "F0A3": "□", "F0FE": "☑", "F052": "☑", "F0FC": "√", "F0B7": "•",
    "F075": "◆", "F0D8": "➢", "F0E0": "→",
}  # fmt: skip
_SYMBOL_FONT = {"F0B7": "•", "F0A3": "≤", "F0B3": "≥", "F0B1": "±", "F0B4": "×", "F0B0": "°"}
_BLOCKS = tuple(f"{{*}}{name}" for name in ("p", "tbl", "sdt", "customXml"))
_HEADING_STYLE = re.compile(r"^(?:heading|标题)\s*([1-9])$", re.I)
_CONTENTS = re.compile(r"^\s*TOC\b", re.I)
_LONGEST_HEADING = 60
_MOST_COLUMNS = 200


def matches(data: bytes) -> bool:
    """Whether the bytes are a Word package, whole or cut off, or any Office package under a password."""
    if ooxml.is_encrypted(data):
        return True
    return ooxml.is_zip(data) and any(name.startswith("word/") for name in ooxml.names(data))


def read(data: bytes) -> list[Line]:
    """The lines of a Word file; lines are counted in the extracted text, and there are no pages.

    Raises Encrypted, Damaged, TooLarge or EmptyFile.
    """
    if ooxml.is_encrypted(data):
        raise ooxml.encrypted()
    with ooxml.reading():
        package = Package(data)
        reader = _Reader(package)
        if reader.open_fields:  # a contents field that never ends would hide the rest: take it as text
            reader = _Reader(package, contents=True)
    if not any(line.text for line in reader.lines):
        raise EmptyFile("Word 文件里没有文字", "如果内容是图片，请先做文字识别（OCR）后再导入")
    return reader.lines


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph style says, its bases followed: list, level in the list, heading level (0 for none)."""

    list_id: str = ""
    depth: int | None = None
    heading: int = 0


@dataclass(slots=True)
class _Field:
    code: str = ""
    result: bool = False


class _Reader:
    """Reads one document on construction; the lines are in `lines`.

    `open_fields` says whether a contents field was begun and never ended.
    """

    def __init__(self, package: Package, *, contents: bool = False) -> None:
        self._out = Builder()
        self._fields: list[_Field] = []
        self._contents = contents  # whether contents lists made by a field are taken
        self._notes: list[tuple[str, str]] = []
        self._carried = ""  # text of paragraphs whose end was deleted: it belongs to the next one
        main = package.related("", "officeDocument") or "word/document.xml"
        self._styles, self._default_style = _styles(package.xml(package.related(main, "styles") or ""))
        lists = {name: style.list_id for name, style in self._styles.items() if style.list_id}
        self._numbering = Numbering(package.xml(package.related(main, "numbering") or ""), lists)
        for element in _body(package, main):
            self._block(element)
        if self._carried:
            self._out.add(self._carried)
        self.open_fields = not contents and any(_CONTENTS.match(field.code) for field in self._fields)
        self._add_notes(package, main)

    @property
    def lines(self) -> list[Line]:
        return self._out.lines

    # -- blocks --------------------------------------------------------------------------------------------------------

    def _block(self, element: Any) -> None:
        name = local(element)
        if name == "p":
            for text, level in self._paragraph(element):
                self._out.add(text, level)
        elif name == "tbl":
            self._table(element)
        elif name == "sdt" and not self._contents and _is_contents(element):
            return
        elif name not in _SKIPPED:
            for inner in element:
                self._block(inner)

    def _paragraph(self, element: Any) -> list[tuple[str, int]]:
        """The lines of a paragraph with their heading level, then those of the text boxes in it."""
        out: list[str] = []
        boxes: list[Any] = []
        self._inline(element, out, boxes)
        self._fields = [field for field in self._fields if field.result]  # a code does not run over a paragraph
        text = "".join(out)
        if child(element, "pPr", "rPr", "del") is not None:
            self._carried += text
            return self._boxed(boxes)
        text, self._carried = self._carried + text, ""
        style = self._style_of(element)
        hidden = not text.strip() and (child(element, "pPr", "rPr", "vanish") is not None or not self._visible())
        number = "" if hidden else self._number(element, style)
        if number.strip() == "●" and not text.strip():
            number = ""
        level = _heading(element, style) if len(text) <= _LONGEST_HEADING and "。" not in text else 0
        pieces = (number + text.lstrip(" \t\u3000") if number else text).split("\n")
        return [(piece, level) for piece in pieces if piece.strip()] + self._boxed(boxes)

    def _boxed(self, boxes: list[Any]) -> list[tuple[str, int]]:
        return [(text, 0) for box in boxes for text in self._texts(box)]

    def _texts(self, container: Any) -> Iterator[str]:
        """The texts in a cell or a text box; the rows of a table inside are a text each."""
        for element in container:
            name = local(element)
            if name == "p":
                yield from (text for text, _ in self._paragraph(element))
            elif name == "tbl":
                for row in _rows(element):
                    cells = [" ".join(self._texts(cell)) for cell in _cells(row)]
                    yield " ".join(cell for cell in cells if cell)
            elif name not in _SKIPPED:
                yield from self._texts(element)

    def _table(self, table: Any) -> None:
        """A row a line; a table of one column only sets its text in a frame, so its text is taken as paragraphs."""
        rows = [(row, list(_cells(row))) for row in _rows(table)]
        if all(len(cells) <= 1 for _, cells in rows):
            for _, cells in rows:
                for cell in cells:
                    self._block(cell)
            return
        above: list[str] = []
        for row, cells in rows:
            above = self._row(row, cells, above)
            self._out.add_row(above)

    def _row(self, row: Any, cells: list[Any], above: list[str]) -> list[str]:
        """The texts of a row, one for each grid column."""
        texts = [""] * _span(child(row, "trPr", "gridBefore"), 0)
        merged = set()
        for cell in cells:
            merge = child(cell, "tcPr", "vMerge")
            if merge is not None and value(merge) != "restart":
                merged.add(len(texts))
            text = " ".join(text.strip() for text in self._texts(cell))
            texts += [text, *[""] * (_span(child(cell, "tcPr", "gridSpan"), 1) - 1)]
        return filled(texts, above, merged)

    # -- text ----------------------------------------------------------------------------------------------------------

    def _visible(self) -> bool:
        """Whether text at this point is shown: not the code of a field, and not a contents list."""
        return all(field.result and (self._contents or not _CONTENTS.match(field.code)) for field in self._fields)

    def _inline(self, element: Any, out: list[str], boxes: list[Any]) -> None:
        for inner in element:
            name = local(inner)
            if name in ("instrText", "fldChar"):
                self._field(inner, name)
            elif name in _SKIPPED or (name == "r" and is_on(child(inner, "rPr", "vanish")) and not _has_field(inner)):
                continue
            elif name == "txbxContent":
                boxes.append(inner)
            elif name == "AlternateContent":
                self._inline(_chosen(inner), out, boxes)
            elif name in ("footnoteReference", "endnoteReference"):
                self._notes.append((name.removesuffix("Reference") + "s", value(inner, "id") or ""))
            elif name == "fldSimple" and not self._contents and _CONTENTS.match(value(inner, "instr") or ""):
                continue
            elif name == "f" and child(inner, "num") is not None:
                self._fraction(inner, out, boxes)
            elif text := _text_of(inner, name):
                if self._visible():
                    out.append(text)
            else:
                self._inline(inner, out, boxes)

    def _field(self, element: Any, name: str) -> None:
        if name == "instrText":
            if self._fields:
                self._fields[-1].code += element.text or ""
            return
        kind = value(element, "fldCharType")
        if kind == "begin":
            self._fields.append(_Field())
        elif self._fields and kind == "separate":
            self._fields[-1].result = True
        elif self._fields and kind == "end":
            self._fields.pop()

    def _fraction(self, element: Any, out: list[str], boxes: list[Any]) -> None:
        self._inline(child(element, "num"), out, boxes)
        out.append("/")
        self._inline(child(element, "den"), out, boxes)

    # -- styles and numbers --------------------------------------------------------------------------------------------

    def _style_of(self, paragraph: Any) -> tuple[str, _Style]:
        name = value(child(paragraph, "pPr", "pStyle")) or self._default_style
        return name, self._styles.get(name, _Style())

    def _number(self, paragraph: Any, style: tuple[str, _Style]) -> str:
        """The number of a paragraph, from its own list or that of its style; counts the list on."""
        name, inherited = style
        own = child(paragraph, "pPr", "numPr")
        own_list, own_depth = value(child(own, "numId")), value(child(own, "ilvl"))
        list_id = own_list if own_list is not None else inherited.list_id
        if not list_id or list_id == "0":
            return ""
        depth = _digit(own_depth)
        if depth is None:
            depth = self._numbering.level_of_style(list_id, name) if own_list is None else None
        if depth is None:
            depth = inherited.depth or 0
        return self._numbering.text(list_id, depth)

    # -- notes ---------------------------------------------------------------------------------------------------------

    def _add_notes(self, package: Package, main: str) -> None:
        """Footnotes, then endnotes, in the order of their marks: 注1：…"""
        self._fields = []
        number = 0
        for kind in ("footnotes", "endnotes"):
            wanted = [ident for k, ident in self._notes if k == kind]
            root = package.xml(package.related(main, kind) or "") if wanted else None
            notes = {} if root is None else {value(note, "id"): note for note in root}
            for ident in dict.fromkeys(wanted):
                text = " ".join(self._texts(notes[ident])).strip() if ident in notes else ""
                if text:
                    number += 1
                    self._out.add(f"注{number}：{text}")


def _body(package: Package, main: str) -> Iterator[Any]:
    """The elements of the body one after the other; each is forgotten once it was used."""
    events = etree.iterparse(
        package.open(main), events=("end",), tag=_BLOCKS, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for _, element in events:
        parent = element.getparent()
        if parent is None or local(parent) != "body":
            continue
        yield element
        element.clear()
        while element.getprevious() is not None:
            del parent[0]


def _styles(root: Any) -> tuple[dict[str, _Style], str]:
    """The paragraph styles and numbering styles by id, with what they inherit, and the default paragraph style."""
    elements = {
        value(e, "styleId") or "": e
        for e in ([] if root is None else root)
        # templates bring a hundred styles of tables and characters, which have no lists and no headings
        if local(e) == "style" and value(e, "type") not in ("table", "character")
    }
    default = next(
        (n for n, e in elements.items() if value(e, "type") == "paragraph" and value(e, "default") in ("1", "true")), ""
    )
    return {name: _style(name, elements) for name in elements}, default


def _style(name: str, elements: dict[str, Any]) -> _Style:
    list_id: str | None = None
    depth: int | None = None
    heading: int | None = None
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        element = elements[name]
        number = child(element, "pPr", "numPr")
        list_id = value(child(number, "numId")) if list_id is None else list_id
        depth = _digit(value(child(number, "ilvl"))) if depth is None else depth
        heading = _style_heading(element) if heading is None else heading
        name = value(child(element, "basedOn")) or ""
    return _Style("" if list_id in (None, "0") else str(list_id), depth, heading or 0)


def _style_heading(element: Any) -> int | None:
    outline = _digit(value(child(element, "pPr", "outlineLvl")))
    if outline is not None:
        return _level(outline)
    match = _HEADING_STYLE.match(value(child(element, "name")) or "")
    return _level(int(match[1]) - 1) if match else None


def _heading(paragraph: Any, style: tuple[str, _Style]) -> int:
    outline = _digit(value(child(paragraph, "pPr", "outlineLvl")))
    return style[1].heading if outline is None else _level(outline)


def _level(outline: int) -> int:
    """Outline levels are 0..8, and 9 for body text."""
    return min(outline + 1, 6) if outline < 9 else 0


def _digit(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]", text) else None


def _span(element: Any, otherwise: int) -> int:
    text = value(element)
    return min(int(text), _MOST_COLUMNS) if text and re.fullmatch(r"[0-9]{1,4}", text) else otherwise


def _is_contents(sdt: Any) -> bool:
    """Whether a content control is Word's own contents list."""
    gallery = value(child(sdt, "sdtPr", "docPartObj", "docPartGallery")) or ""
    return gallery.lower() in ("table of contents", "目录")


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table that were not deleted; tables inside its cells have their own."""
    for element in table:
        name = local(element)
        if name == "tr":
            if child(element, "trPr", "del") is None:
                yield element
        elif name not in _SKIPPED and name != "tbl":
            yield from _rows(element)


def _cells(row: Any) -> Iterator[Any]:
    for element in row:
        name = local(element)
        if name == "tc":
            if child(element, "tcPr", "cellDel") is None:
                yield element
        elif name not in _SKIPPED:
            yield from _cells(element)


def _has_field(run: Any) -> bool:
    return any(local(inner) in ("fldChar", "instrText") for inner in run)


def _chosen(alternatives: Any) -> Any:
    """What mc:AlternateContent offers to programs of today, else what older ones get."""
    choice = child(alternatives, "Choice")
    fallback = child(alternatives, "Fallback")
    if choice is None:
        return [] if fallback is None else fallback
    return choice


def _text_of(element: Any, name: str) -> str:
    """The text of an element of a run, "" where it has none of its own."""
    if name == "t":
        text = re.sub(r"[\t\r\n]", " ", element.text or "")
        kept = any(key.endswith("}space") and space == "preserve" for key, space in element.items())
        return text if kept else text.strip(" ")
    if name == "br":
        return "\n" if value(element, "type") in (None, "textWrapping") else ""
    if name == "sym":
        code = (value(element, "char") or "").upper()
        return (_SYMBOL_FONT if (value(element, "font") or "").lower() == "symbol" else _SYMBOLS).get(code, "")
    return _PLAIN.get(name, "")
