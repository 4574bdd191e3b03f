"""Word files (docx, docm, dotx; transitional and strict): paragraphs and tables in document order, with the numbers that
Word only computes.

What stands in the body as a reader of the accepted document sees it: list numbers as typed text, insertions kept, results
of fields, the words of text boxes, SmartArt, charts and embedded files after the paragraph that holds them, notes at the
end. The letterhead in the head of the first page stands first where the body has none. What is not text is said in lines
of its own (LeftOut): deletions and struck-out text, hidden text, comments, other heads and feet, placeholders of forms,
contents lists that a field makes (their entries are the headings, which stand in the text), and parts that are not read.
Source: ECMA-376 part 1, WordprocessingML. Only lxml is needed; nothing outside the file is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lxml import etree

from corpus.errors import BadFile, EmptyFile
from corpus.readers import drawings, embedded, images, letterhead, maths, ocr, ooxml, wordfields, wordsymbols
from corpus.readers.builder import Builder
from corpus.readers.errors import NoTextLayer
from corpus.readers.lines import Line, Reason
from corpus.readers.numbering import Numbering
from corpus.readers.ooxml import Package, child, is_on, local, value
from corpus.readers.tables import Table, write
from corpus.readers.wordfields import Field
from corpus.readers.wordstyles import Style, Styles, digit, heading_of, is_centred
from corpus.readers.wordtext import (
    PLAIN,
    Sink,
    all_text,
    chosen,
    is_page_like,
    is_placeholder,
    joined,
    set_type,
    shows_placeholder,
    title_joined,
    wrapped,
)

_SKIPPED = frozenset({
    "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sdtEndPr", "fldData", "footnoteRef", "endnoteRef",
    "annotationRef", "sectPr", "pPrChange", "rPrChange", "docPr", "cNvPr", "shapetype",
})  # fmt: skip
_TRACKED = ("del", "moveFrom")
_BLOCKS = tuple(f"{{*}}{name}" for name in ("p", "tbl", "sdt", "customXml", "body"))
_LONGEST_HEADING = 60
_MOST_COLUMNS = 200


def matches(data: bytes) -> bool:
    """Whether the bytes are a Word package, whole or cut off, or any Office package under a password."""
    if ooxml.is_encrypted(data):
        return True
    return ooxml.is_zip(data) and any(name.startswith("word/") for name in ooxml.names(data))


def read(data: bytes) -> list[Line]:
    """The lines of a Word file; lines are counted in the extracted text, and there are no pages.

    Raises Encrypted, Damaged, TooLarge, EmptyFile, or NoTextLayer where the pages are pictures.
    """
    return _read(data, embedded.Allowance(), 0)


def _read(data: bytes, allowance: embedded.Allowance, depth: int) -> list[Line]:
    """The lines of a file that stands `depth` files deep in others."""
    if ooxml.is_encrypted(data):
        raise ooxml.encrypted()
    with ooxml.reading():
        package = Package(data)
        reader = _Reader(package, replace(allowance), depth)
        if reader.open_fields:  # a contents field that never ends would hide the rest: take it as text
            reader = _Reader(package, replace(allowance), depth, contents=True)
    allowance.parts, allowance.unpacked = reader.allowance.parts, reader.allowance.unpacked
    if not any(line.text for line in reader.lines):
        if reader.pictures:
            raise ocr.problem() or NoTextLayer(
                f"Word 文件里只有图片（{reader.pictures} 张），没有识别出文字",
                "请换用更清楚的图片（200 dpi 以上）重新导入，或先用别的软件做文字识别（OCR）",
            )
        raise EmptyFile("Word 文件里没有文字", "如果内容是图片，请先做文字识别（OCR）后再导入")
    return reader.lines


class _Reader:
    """Reads one document on construction; the lines are in `lines`, how many pictures were not read in `pictures`.

    `open_fields` says whether a contents field was begun and never ended.
    """

    def __init__(
        self, package: Package, allowance: embedded.Allowance, depth: int = 0, *, contents: bool = False
    ) -> None:
        self._out = Builder()
        self._package = package
        self.allowance = allowance
        self._depth = depth
        self._fields: list[Field] = []
        self._contents = contents  # whether contents lists made by a field are taken
        self._notes: list[tuple[str, str]] = []
        self._carried = ""  # text of paragraphs whose end was deleted: it belongs to the next one
        self._after: list[Line] = []  # lines of embedded files, which stand behind the paragraph or table
        self._sections: list[Any] = []
        self._recognised = 0
        self._taken: set[str] = (
            set()
        )  # diagrams, charts and embedded files: a part is read once, however often it is named
        self.pictures = 0
        main = package.related("", "officeDocument") or "word/document.xml"
        self._part = main  # the part that is read, whose relationships count
        self._styles = Styles(package.xml(package.related(main, "styles") or ""))
        self._numbering = Numbering(package.xml(package.related(main, "numbering") or ""), self._styles.lists())
        for element in _body(package, main):
            self._block(element)
        if self._carried:
            self._out.add(self._carried)
        self.open_fields = not contents and any(found.is_contents for found in self._fields)
        self._fields = []
        self._add_notes(main)
        self._add_heads(main)
        self._leave_out_comments(main)
        if self.pictures:
            self._out.leave_out("unread", f"图片 {self.pictures} 张")

    @property
    def lines(self) -> list[Line]:
        return self._out.lines

    # -- blocks --------------------------------------------------------------------------------------------------------

    def _block(self, element: Any) -> None:
        name = local(element)
        if name == "p":
            for text, level in self._paragraph(element):
                self._out.add(text, level)
            self._add_embedded()
        elif name == "tbl":
            self._leave_out_rows(element)
            self._table(element)
            self._add_embedded()
        elif name == "sdt" and not self._contents and _is_contents(element):
            self._leave_out_all("navigation", element)
        elif name == "altChunk":
            self._after += self._file(value(element, "id"), "")
            self._add_embedded()
        elif name == "sectPr":
            self._sections.append(element)
        elif name in _TRACKED:
            self._leave_out_all("deleted", element)
        elif name == "subDoc":
            self._out.leave_out("unread", "主控文档引用的子文档")
        elif name == "AlternateContent":
            for inner in chosen(element):
                self._block(inner)
        elif name in ("r", "hyperlink", "fldSimple", "oMath", "oMathPara", "smartTag"):  # text that lacks its paragraph
            for text, level in self._paragraph(wrapped(element)):
                self._out.add(text, level)
        elif name not in _SKIPPED:
            for inner in element:
                self._block(inner)

    def _paragraph(self, element: Any) -> list[tuple[str, int]]:
        """The lines of a paragraph with their heading level, then those of the text boxes in it."""
        name = self._styles.name_of(element)
        style = self._styles.get(name)
        sink = Sink(style.marks)
        self._inline(element, sink, "markup" if is_placeholder(element) else None)
        self._fields = [found for found in self._fields if found.result]  # a code does not run over a paragraph
        text = "".join(sink.shown)
        properties = child(element, "pPr")
        if (section := child(properties, "sectPr")) is not None:
            self._sections.append(section)
        self._take_pictures(sink, alone=not text.strip())
        if any(child(properties, "rPr", tracked) is not None for tracked in _TRACKED):
            self._leave_out(sink)
            self._carried += text
            return self._boxed(sink)
        text, self._carried = self._carried + text, ""
        if text.strip() and child(properties, "rPr", "specVanish") is not None:  # run on with the next paragraph
            self._leave_out(sink)
            self._carried = self._number(element, name, style) + text
            return self._boxed(sink)
        hidden = not text.strip() and (
            child(properties, "rPr", "vanish") is not None or self._field_reason() is not None
        )
        number = "" if hidden else self._number(element, name, style)
        if number.strip() == "●" and not text.strip():
            number = ""
        if number and not text.strip() and sink.left:  # the number went with the text
            sink.left[0] = (sink.left[0][0], number + sink.left[0][1])
            number = ""
        self._leave_out(sink)
        level = heading_of(element, style) if len(text) <= _LONGEST_HEADING and "。" not in text else 0
        text = number + text.lstrip(" \t\u3000") if number else text
        pieces = [joined(text.strip())] if level else text.split("\n")
        if len(pieces) > 1 and is_centred(element, style):
            pieces = title_joined(pieces)
        return [(piece, level) for piece in pieces if piece.strip()] + self._boxed(sink)

    def _leave_out(self, sink: Sink) -> None:
        for reason, text in sink.left:
            if text.strip():
                self._out.leave_out(reason, text.strip())

    def _leave_out_all(self, reason: Reason, element: Any) -> None:
        """Leaves out all text below an element, a line for each paragraph."""
        texts = [all_text(paragraph) for paragraph in element.iter("{*}p")] or [all_text(element)]
        if found := "\n".join(text for text in texts if text.strip()):
            self._out.leave_out(reason, found)

    def _leave_out_rows(self, table: Any) -> None:
        """Says which rows and cells of a table, and of those inside it, a tracked change deleted."""
        for element in table.iter("{*}tr", "{*}tc"):
            mark = child(element, "trPr", "del") if local(element) == "tr" else child(element, "tcPr", "cellDel")
            if mark is not None and (text := " ".join(map(all_text, element.iter("{*}p"))).strip()):
                self._out.leave_out("deleted", text)

    def _boxed(self, sink: Sink) -> list[tuple[str, int]]:
        out: list[tuple[str, int]] = []
        for reason, box in sink.boxes:
            if reason is None:
                out += [(text, 0) for text in ([box] if isinstance(box, str) else self._texts(box))]
            elif isinstance(box, str):
                self._out.leave_out(reason, box)
            else:
                self._leave_out_all(reason, box)
        return out

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
            elif name == "altChunk":
                for line in self._file(value(element, "id"), ""):
                    if line.left_out is not None:
                        self._out.leave_out(line.left_out.reason, line.left_out.text)
                    elif line.text.strip():
                        yield line.text.replace("\t", " ").strip()
            elif name == "AlternateContent":
                yield from self._texts(chosen(element))
            elif name in _TRACKED:
                self._leave_out_all("deleted", element)
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
        grid = Table()
        leading = True  # only rows from the first one on may be repeated as the header of every page
        for row, cells in rows:
            leading = leading and is_on(child(row, "trPr", "tblHeader"))
            grid.begin_row(header=leading)
            self._row(row, cells, grid)
        write(self._out, grid.rows())

    def _row(self, row: Any, cells: list[Any], grid: Table) -> None:
        """The cells of a row; what goes on from the cell above has no text of its own."""
        grid.blank(_span(child(row, "trPr", "gridBefore"), 0))
        for cell in cells:
            merge = child(cell, "tcPr", "vMerge")
            across = _span(child(cell, "tcPr", "gridSpan"), 1)
            text = "\n".join(text.strip() for text in self._texts(cell))
            if merge is not None and value(merge) != "restart" and not text.strip():
                grid.go_on(across)
            else:
                grid.put(text.strip(), across)

    # -- text ----------------------------------------------------------------------------------------------------------

    def _field_reason(self) -> Reason | None:
        """Why text at this point is not shown: it is the code of a field, or a contents list."""
        if not self._contents and any(found.result and found.is_contents for found in self._fields):
            return "navigation"
        return None if all(found.result for found in self._fields) else "markup"

    def _inline(self, element: Any, sink: Sink, reason: Reason | None) -> None:
        """Takes the text of an element's children; `reason` says why it is left out, None where it is shown."""
        for inner in element:
            name = local(inner)
            if name in _SKIPPED:
                continue
            if name == "r":
                self._run(inner, sink, reason)
            elif name in _TRACKED:
                self._inline(inner, sink, "deleted")
            elif name in ("txbxContent", "txBody"):
                sink.put_box(inner, reason)
            elif name == "AlternateContent":
                self._inline(chosen(inner), sink, reason)
            elif name == "sdt" and shows_placeholder(inner):
                self._inline(inner, sink, reason or "markup")
            elif name == "fldSimple" and not self._contents and wordfields.is_contents(value(inner, "instr") or ""):
                self._inline(inner, sink, reason or "navigation")
            elif name in _DRAWN:
                self._drawing(inner, name, sink, reason)
            elif name == "rt":  # how a word is read
                sink.put(all_text(inner), reason or "markup")
            elif name == "oMath":
                for left, text in maths.formula(inner):
                    sink.put(text, reason or left or self._field_reason())
            elif text := self._text_of(inner, name, sink, reason):
                sink.put(text, reason or self._field_reason())
            else:
                self._inline(inner, sink, reason)

    def _run(self, run: Any, sink: Sink, outer: Reason | None) -> None:
        """Takes a run: its fields, then its text as its marks say."""
        reason = outer or self._styles.marks(run, sink.marks).reason
        before = len(sink.shown)
        rest: list[Any] = []
        for inner in run:
            name = local(inner)
            if name in ("instrText", "fldChar"):
                self._inline(rest, sink, reason)
                rest = []
                if outer is None:  # of a deleted field nothing is left, its marks neither
                    self._field(inner, name, sink, reason)
            else:
                rest.append(inner)
        self._inline(rest, sink, reason)
        if len(sink.shown) > before:
            set_type(run, sink.shown, before)

    def _text_of(self, element: Any, name: str, sink: Sink, reason: Reason | None) -> str:
        """The text of an element of a run, "" where it has none of its own."""
        if name in ("t", "delText"):
            text = re.sub(r"[\t\r\n]", " ", element.text or "")
            kept = "wordprocessingml" not in element.tag or any(
                key.endswith("}space") and space == "preserve" for key, space in element.items()
            )
            return text if kept else text.strip(" ")
        if name == "br":
            return "\n"
        if name == "sym":
            code, font = value(element, "char") or "", value(element, "font") or ""
            shown = wordsymbols.sign(font, int(code, 16)) if re.fullmatch(r"[0-9A-Fa-f]{1,6}", code) else None
            if shown is None:
                sink.put(f"[{font} {code}]", reason or "unread")
            return shown or ""
        if name in ("footnoteReference", "endnoteReference"):
            if reason is None:
                self._notes.append((name.removesuffix("Reference") + "s", value(element, "id") or ""))
            return ""
        return PLAIN.get(name, "")

    def _field(self, element: Any, name: str, sink: Sink, reason: Reason | None) -> None:
        if name == "instrText":
            if self._fields:
                self._fields[-1].code += element.text or ""
            return
        kind = value(element, "fldCharType")
        if kind == "begin":
            self._fields.append(Field(form=child(element, "ffData")))
        elif self._fields and kind == "separate":
            self._fields[-1].result = True
        elif self._fields and kind == "end":
            ended = self._fields.pop()
            for left, text in [] if ended.result else wordfields.printed(ended):
                sink.put(text, reason or left or self._field_reason())

    # -- drawings and files --------------------------------------------------------------------------------------------

    def _drawing(self, element: Any, name: str, sink: Sink, reason: Reason | None) -> None:
        """What stands in a drawing, a picture or an embedded object."""
        if name == "relIds":
            self._take_part(value(element, "dm"), "SmartArt 图示", sink, reason)
        elif name == "chart":
            self._take_part(value(element, "id"), "图表", sink, reason)
        elif name == "textpath":
            self._word_art(element, sink, reason)
        elif name == "OLEObject":
            if reason is None:
                self._after += self._file(value(element, "id"), value(element, "ProgID") or "")
        elif name == "object":
            objects = list(element.iter("{*}OLEObject"))
            self._inline(objects or element, sink, reason)
        elif reason is None:  # blip, imagedata
            ident = value(element, "embed") or value(element, "link") if name == "blip" else value(element, "id")
            if ident is not None:
                sink.pictures.append((ident, is_page_like(element)))

    def _take_part(self, ident: str | None, kind: str, sink: Sink, reason: Reason | None) -> None:
        """The words of a diagram or a chart, behind the paragraph."""
        part = self._package.part(self._part, ident)
        root = None if part is None or part in self._taken else self._package.xml(part)
        self._taken.add(part or "")
        found = False
        if root is not None:
            pieces = drawings.diagram(root) if local(root) == "dataModel" else [(None, t) for t in drawings.chart(root)]
            for left, text in pieces:
                found = True
                sink.put_box(text, reason or left)
        if not found:
            sink.put_box(kind, reason or "unread")

    def _word_art(self, element: Any, sink: Sink, reason: Reason | None) -> None:
        """Text that is drawn as a shape (VML); Word and WPS set watermarks so."""
        text = value(element, "string") or ""
        shape = element.getparent()
        names = "" if shape is None else f"{value(shape, 'id') or ''} {value(shape, 'spid') or ''}".lower()
        if text.strip():
            sink.put_box(text, reason or ("watermark" if "watermark" in names or "水印" in names else None))

    def _file(self, ident: str | None, program: str) -> list[Line]:
        """The lines of an embedded file, or the one that names it."""
        part = self._package.part(self._part, ident)
        if part is None:
            return [embedded.unread(f"链接的对象 {program}".strip())]
        name = part.rpartition("/")[2]
        if part in self._taken:
            return [embedded.unread(f"{name}：前面已经读过")]
        self._taken.add(part)
        if self._package.size(part) > embedded.MAX_BYTES:
            return [embedded.unread(f"{name}：嵌入的文件过大或过多")]
        deep = self._depth + 1

        def word(data: bytes) -> list[Line]:
            return _read(data, self.allowance, deep)

        lines = embedded.lines_of(
            self._package.bytes(part), name, self.allowance, word if deep <= embedded.MAX_DEPTH else None
        )
        if program and len(lines) == 1 and lines[0].left_out is not None:
            return [embedded.unread(f"{lines[0].left_out.text}（{program}）")]
        return lines

    def _add_embedded(self) -> None:
        """Adds the lines of embedded files."""
        lines, self._after = self._after, []
        for line in lines:
            self._out.lines.append(replace(line, number=len(self._out.lines) + 1, page=None))

    def _take_pictures(self, sink: Sink, alone: bool) -> None:
        """Reads pictures like pages that stand alone in a paragraph, where recognition is installed; counts the others."""
        for ident, page_like in sink.pictures:
            part = self._package.part(self._part, ident)
            lines = self._recognise(part) if alone and page_like and part is not None else []
            self._after += lines
            self.pictures += not lines

    def _recognise(self, part: str) -> list[Line]:
        if ocr.problem() is not None or self._recognised >= ocr.MAX_PAGES:
            return []
        data = self._package.bytes(part)
        self._recognised += 1
        try:
            return images.read(data) if images.matches(data) else []
        except BadFile:  # no text in it, or no picture that can be opened: it is counted as not read
            return []

    # -- numbers -------------------------------------------------------------------------------------------------------

    def _number(self, paragraph: Any, name: str, inherited: Style) -> str:
        """The number of a paragraph, from its own list or that of its style; counts the list on."""
        own = child(paragraph, "pPr", "numPr")
        own_list, own_depth = value(child(own, "numId")), value(child(own, "ilvl"))
        list_id = own_list if own_list is not None else inherited.list_id
        if not list_id or list_id == "0":
            return ""
        depth = digit(own_depth)
        if depth is None:
            depth = self._numbering.level_of_style(list_id, name) if own_list is None else None
        if depth is None:
            depth = inherited.depth or 0
        return self._numbering.text(list_id, depth)

    # -- notes, heads, comments ----------------------------------------------------------------------------------------

    def _add_notes(self, main: str) -> None:
        """Footnotes, then endnotes, in the order of their marks: 注1：… Notes whose marks are not shown are left out."""
        number = 0
        for kind in ("footnotes", "endnotes"):
            wanted = dict.fromkeys(ident for k, ident in self._notes if k == kind)
            part = self._package.related(main, kind) or ""
            root = self._package.xml(part)
            notes = (
                {}
                if root is None
                else {value(note, "id") or "": note for note in root if value(note, "type") in (None, "normal")}
            )
            self._part = part
            for ident in wanted:
                text = " ".join(self._texts(notes[ident])).strip() if ident in notes else ""
                if text:
                    number += 1
                    self._out.add(f"注{number}：{text}")
            self._add_embedded()
            for ident, note in notes.items():
                if ident not in wanted:
                    self._leave_out_all("deleted", note)
        self._part = main

    def _add_heads(self, main: str) -> None:
        """The letterhead before the body; all other heads and feet are left out, each text once."""
        first = letterhead.first_head(self._sections)
        seen: set[str] = set()
        before = len(self._out.lines)
        for ident in letterhead.references(self._sections):
            part = self._package.part(main, ident)
            root = None if part is None or part in seen else self._package.xml(part)
            if root is None:
                continue
            seen.add(part or "")
            self._part = part or main
            texts = [text.strip() for text in self._texts(root)]
            self._after = []  # a file in a head repeats on every page
            own: list[str] = []
            if first is not None and ident == first[0]:
                own = letterhead.own_lines(texts, [line.text for line in self._out.lines[:before]], only_first=first[1])
                for at, text in enumerate(own):
                    self._out.lines.insert(at, Line(text, 0))
                before += len(own)
            for text in dict.fromkeys(text for text in texts if text and text not in own and text not in seen):
                seen.add(text)
                self._out.leave_out("page_number" if letterhead.is_page_number(text) else "running_head", text)
        self._part = main
        self._fields = []
        if self._out.lines and self._out.lines[0].number == 0:
            self._out.lines = [replace(line, number=n) for n, line in enumerate(self._out.lines, start=1)]

    def _leave_out_comments(self, main: str) -> None:
        root = self._package.xml(self._package.related(main, "comments") or "")
        for comment in [] if root is None else root:
            self._leave_out_all("comment", comment)


_DRAWN = frozenset({"relIds", "chart", "textpath", "OLEObject", "object", "blip", "imagedata"})


def _body(package: Package, main: str) -> Iterator[Any]:
    """The elements of the body one after the other; each is forgotten once it was used."""
    events = etree.iterparse(
        package.open(main), events=("end",), tag=_BLOCKS, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    done = None
    for _, element in events:
        parent = element.getparent()
        if local(element) == "body":
            yield from (inner for inner in element if inner is not done)
        elif parent is not None and local(parent) == "body":
            while parent[0] is not element:
                if parent[0] is not done:  # what is no block: deletions, formulas, chunks
                    yield parent[0]
                del parent[0]
            yield element
            element.clear()
            done = element


def _is_contents(sdt: Any) -> bool:
    """Whether a content control is Word's own contents list."""
    gallery = value(child(sdt, "sdtPr", "docPartObj", "docPartGallery")) or ""
    return gallery.lower() in ("table of contents", "目录")


def _span(element: Any, otherwise: int) -> int:
    text = value(element)
    return min(int(text), _MOST_COLUMNS) if text and re.fullmatch(r"[0-9]{1,4}", text) else otherwise


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
