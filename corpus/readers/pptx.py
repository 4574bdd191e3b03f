"""Presentations (pptx): every visible slide as a heading and its text in the order in which it is read.

Slides are pages. The title comes first, then what else stands on the slide from top to bottom and from left to right;
tables, charts and diagrams (SmartArt) as rows and lines. Left out and reported: hidden slides, speaker's notes, comments,
footers, slide numbers, and pictures, whose text nobody reads here. Source: ECMA-376 part 1, PresentationML and DrawingML.
On lxml alone: python-pptx would bring Pillow and XlsxWriter along for what takes a page here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import ooxml
from corpus.readers.builder import Builder
from corpus.readers.lines import Line
from corpus.readers.numbering import number_text
from corpus.readers.ooxml import Package, child, local, value

MAX_SLIDES = 2000
"""Slides of a presentation."""

MAX_CELLS = 200_000
"""Cells of tables and charts that a presentation may have."""

_TITLES = ("title", "ctrTitle")
_FEET = ("ftr", "hdr", "dt", "sldNum")
_HIDDEN = "hidden"  # in the place of a kind
_AUTO = (  # ST_TextAutonumberScheme begins so -> the number format of numbering.py
    ("arabicDb", "decimalFullWidth"), ("arabic", "decimal"), ("ea1Chs", "chineseCounting"), ("ea1Cht", "chineseCounting"),
    ("ea1Jpn", "japaneseCounting"), ("alphaLc", "lowerLetter"), ("alphaUc", "upperLetter"), ("romanLc", "lowerRoman"),
    ("romanUc", "upperRoman"), ("circleNum", "decimalEnclosedCircle"),
)  # fmt: skip
_ENDS = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "{}-"}
_PLACED = tuple[float, float, float]
"""Top, left and height in EMU."""


def matches(data: bytes) -> bool:
    """Whether the bytes are a PowerPoint package, whole or cut off."""
    return ooxml.is_zip(data) and any(name.startswith("ppt/") for name in ooxml.names(data))


def read(data: bytes) -> list[Line]:
    """The lines of a presentation, slides being pages. Raises Encrypted, Damaged, TooLarge or EmptyFile."""
    with ooxml.reading():
        package = Package(data)
        out = _Deck(package).out
    if not out.has_text:
        raise EmptyFile("演示文稿里没有文字", "如果内容是图片，请先做文字识别（OCR）后再导入")
    return out.lines


@dataclass(slots=True)
class _Shape:
    """Something on a slide: its element, its part in the layout ("" for none) and where it stands, if that is known."""

    element: Any
    kind: str
    place: _PLACED | None


class _Deck:
    """Reads one presentation on construction; the lines are in `out`."""

    def __init__(self, package: Package) -> None:
        self.out = Builder()
        self._package = package
        self._cells = 0
        main = package.related("", "officeDocument") or "ppt/presentation.xml"
        parts = package.relations(main)
        slides = child(package.xml(main), "sldIdLst")
        names = [parts.get(_relation(e), ("", ""))[1] for e in ([] if slides is None else slides)]
        if len(names) > MAX_SLIDES:
            raise TooLarge(f"演示文稿超过 {MAX_SLIDES} 页", "请拆分成多个文件后重新导入")
        for number, name in enumerate(names, start=1):
            if (root := package.xml(name)) is not None:
                self._slide(number, name, root)

    def _slide(self, number: int, name: str, root: Any) -> None:
        if value(root, "show") in ("0", "false"):
            self.out.leave_out("hidden", "\n".join(_texts(root)), number)
            return
        shapes = list(_shapes(child(root, "cSld", "spTree"), self._layout_places(name)))
        for shape in _in_reading_order(shapes):
            self._shape(shape, number, name)
        self._beside(name, number)

    def _layout_places(self, slide: str) -> dict[tuple[str, str], _PLACED]:
        """Where the layout and its master put what a slide puts nowhere itself, by kind and by number."""
        layout = self._package.related(slide, "slideLayout") or ""
        master = self._package.related(layout, "slideMaster") or ""
        out: dict[tuple[str, str], _PLACED] = {}
        for name in (master, layout):
            root = self._package.xml(name)
            for shape in _shapes(child(root, "cSld", "spTree"), {}):
                mark = _placeholder(shape.element)
                if mark is not None and shape.place is not None:
                    out["", value(mark, "idx") or "0"] = out[shape.kind, ""] = shape.place
        return out

    def _shape(self, shape: _Shape, page: int, part: str) -> None:
        element, name = shape.element, local(shape.element)
        if shape.kind == _HIDDEN:
            self.out.leave_out("hidden", "\n".join(_texts(element)), page)
        elif name == "pic":
            self.out.leave_out("unread", _description(element), page)
        elif name == "graphicFrame":
            self._frame(element, page, part)
        elif shape.kind in _FEET:
            if text := "\n".join(_texts(element)):
                self.out.leave_out("page_number" if shape.kind == "sldNum" else "running_head", text, page)
        elif shape.kind in _TITLES:
            if title := " ".join(text for text, _ in _paragraphs(child(element, "txBody"))):
                self.out.add(title, 1, page, goes_on=False)
        else:
            for text, _ in _paragraphs(child(element, "txBody")):
                self.out.add(text, page=page, goes_on=False)

    def _frame(self, element: Any, page: int, part: str) -> None:
        data = child(element, "graphic", "graphicData")
        inner = {local(e): e for e in ([] if data is None else data)}
        if "tbl" in inner:
            self._table(inner["tbl"], page)
        elif "chart" in inner:
            self._chart(self._package.relations(part).get(_relation(inner["chart"]), ("", ""))[1], page)
        elif "relIds" in inner:
            self._diagram(self._package.relations(part).get(value(inner["relIds"], "dm") or "", ("", ""))[1], page)
        else:
            self.out.leave_out("unread", _description(element), page)

    def _table(self, table: Any, page: int) -> None:
        """A row a line; a merged cell's text stands in all that it covers."""
        header = value(child(table, "tblPr"), "firstRow") in ("1", "true")
        above: list[str] = []
        for row in table.findall("{*}tr"):
            cells: list[str] = []
            for n, cell in enumerate(row.findall("{*}tc")):
                text = " ".join(text for text, _ in _paragraphs(child(cell, "txBody")))
                if value(cell, "vMerge") in ("1", "true") and n < len(above):
                    text = above[n]
                elif value(cell, "hMerge") in ("1", "true") and cells:
                    text = cells[-1]
                cells.append(text)
            self._row(cells, page, header)
            above, header = cells, False

    def _row(self, cells: list[str], page: int, header: bool) -> None:
        self._cells += len(cells)
        if self._cells > MAX_CELLS:
            raise TooLarge(f"演示文稿里的表格超过 {MAX_CELLS // 10_000} 万个单元格", "请拆分成多个文件后重新导入")
        self.out.add_row(cells, page, header=header)

    def _chart(self, part: str, page: int) -> None:
        """The title of a chart and its figures as a table: a column for each series."""
        root = self._package.xml(part)
        if root is None:
            self.out.leave_out("unread", "图表", page)
            return
        for text, _ in _paragraphs(child(root, "chart", "title", "tx", "rich")):
            self.out.add(text, page=page, goes_on=False)
        series = list(root.iter("{*}ser"))
        names = [" ".join(_points(child(e, "tx")).values()) for e in series]
        labels: dict[int, str] = {}
        for e in series:
            labels = _points(child(e, "cat")) or labels
        figures = [_points(child(e, "val")) or _points(child(e, "yVal")) for e in series]
        rows = sorted({n for points in (labels, *figures) for n in points})
        if rows:
            self._row(["", *names], page, True)
        for n in rows:
            self._row([labels.get(n, ""), *(points.get(n, "") for points in figures)], page, False)

    def _diagram(self, part: str, page: int) -> None:
        """The texts of a diagram, each above those that hang on it."""
        root = self._package.xml(part)
        if root is None:
            self.out.leave_out("unread", "SmartArt", page)
            return
        for text in _diagram_texts(root):
            self.out.add(text, page=page, goes_on=False)

    def _beside(self, slide: str, page: int) -> None:
        """Notes and comments, which are for those who present."""
        for kind, part in self._package.relations(slide).values():
            if kind.endswith("/notesSlide"):
                root = self._package.xml(part)
                for shape in _shapes(child(root, "cSld", "spTree"), {}):
                    if shape.kind == "body" and (text := "\n".join(_texts(shape.element))):
                        self.out.leave_out("comment", text, page)
            elif kind.endswith("/comments") and (root := self._package.xml(part)) is not None:
                for comment in root:
                    written = [e.text for e in comment.iter("{*}text") if e.text] or list(_texts(comment))
                    if written:
                        self.out.leave_out("comment", "\n".join(written), page)


# -- shapes ------------------------------------------------------------------------------------------------------------


def _shapes(
    tree: Any, placed: dict[tuple[str, str], _PLACED], scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)
) -> Iterator[_Shape]:
    """The shapes of a tree, those of groups where the group puts them."""
    for element in [] if tree is None else tree:
        name = local(element)
        if name == "AlternateContent":
            yield from _shapes(child(element, "Choice"), placed, scale, shift)
        elif name in ("sp", "pic", "graphicFrame", "grpSp", "cxnSp"):
            if _is_hidden(element):
                yield _Shape(element, _HIDDEN, (0.0, 0.0, 0.0))
                continue
            own = _place(element, scale, shift)
            if name == "grpSp":
                yield from _shapes(element, placed, *_inner_frame(element, scale, shift))
                continue
            mark = _placeholder(element)
            kind = "" if mark is None else value(mark, "type") or "obj"
            if own is None and mark is not None:
                own = placed.get(("", value(mark, "idx") or "0")) or placed.get((kind, ""))
            yield _Shape(element, kind, own)


def _placeholder(element: Any) -> Any:
    for properties in element:
        if local(properties) in ("nvSpPr", "nvPicPr", "nvGraphicFramePr"):
            return child(properties, "nvPr", "ph")
    return None


def _is_hidden(element: Any) -> bool:
    return any(value(child(e, "cNvPr"), "hidden") in ("1", "true") for e in element if local(e).startswith("nv"))


def _description(element: Any) -> str:
    """What a picture or object is called, by whoever wrote for those who cannot see it, else by the program."""
    for properties in element:
        if local(properties).startswith("nv"):
            named = child(properties, "cNvPr")
            return value(named, "descr") or value(named, "name") or ""
    return ""


def _transform(element: Any) -> Any:
    for path in (("spPr", "xfrm"), ("grpSpPr", "xfrm"), ("xfrm",)):
        if (found := child(element, *path)) is not None:
            return found
    return None


def _place(element: Any, scale: float, shift: tuple[float, float]) -> _PLACED | None:
    transform = _transform(element)
    offset, extent = child(transform, "off"), child(transform, "ext")
    if offset is None:
        return None
    return (
        _length(offset, "y") * scale + shift[1],
        _length(offset, "x") * scale + shift[0],
        _length(extent, "cy") * scale,
    )


def _inner_frame(group: Any, scale: float, shift: tuple[float, float]) -> tuple[float, tuple[float, float]]:
    """How places inside a group become places on the slide; the scale is that of the height."""
    transform = _transform(group)
    outer, inner = child(transform, "off"), child(transform, "chOff")
    if outer is None or inner is None:
        return scale, shift
    tall = _length(child(transform, "chExt"), "cy")
    own = _length(child(transform, "ext"), "cy") / tall if tall else 1.0
    x = shift[0] + scale * (_length(outer, "x") - own * _length(inner, "x"))
    y = shift[1] + scale * (_length(outer, "y") - own * _length(inner, "y"))
    return scale * own, (x, y)


def _length(element: Any, name: str) -> float:
    try:
        return float(int(value(element, name) or 0))
    except ValueError:
        return 0.0


def _in_reading_order(shapes: list[_Shape]) -> list[_Shape]:
    """The title, then rows from top to bottom: what stands beside something else for more than half of its height is in
    its row. What stands nowhere comes where it was drawn: after what was drawn before it."""
    titles = [shape for shape in shapes if shape.kind in _TITLES]
    rest = [shape for shape in shapes if shape.kind not in _TITLES]
    if any(shape.place is None for shape in rest):
        return titles + rest
    rows: list[list[_Shape]] = []
    for shape in sorted(rest, key=lambda shape: shape.place or (0.0, 0.0, 0.0)):
        if rows and _share_a_row(rows[-1][0], shape):
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return titles + [
        shape for row in rows for shape in sorted(row, key=lambda shape: (shape.place or (0.0, 0.0, 0.0))[1])
    ]


def _share_a_row(first: _Shape, other: _Shape) -> bool:
    (top, _, height), (below, _, tall) = first.place or (0.0, 0.0, 0.0), other.place or (0.0, 0.0, 0.0)
    shared = min(top + height, below + tall) - max(top, below)
    return shared > 0.5 * min(height, tall)


def _relation(element: Any) -> str:
    """The r:id of an element, which may have an id of its own too."""
    for key, text in element.items():
        if key.endswith("relationships}id"):
            return str(text)
    return ""


# -- text --------------------------------------------------------------------------------------------------------------


def _texts(element: Any) -> Iterator[str]:
    """The text of every paragraph below an element, without numbers."""
    for paragraph in element.iter("{*}p"):
        if text := _text(paragraph).strip():
            yield text.replace("\n", " ")


def _paragraphs(body: Any) -> Iterator[tuple[str, int]]:
    """The lines of a text body with their levels of indent, automatic numbers as typed ones."""
    counters: dict[int, tuple[str, int]] = {}
    for paragraph in [] if body is None else body.findall("{*}p"):
        text = _text(paragraph)
        if not text.strip():
            continue
        properties = child(paragraph, "pPr")
        level = int(_length(properties, "lvl")) if properties is not None else 0
        number = _number(_auto(body, properties, level), level, counters)
        for n, piece in enumerate(text.split("\n")):
            if piece.strip():
                yield (number if n == 0 else "") + piece.strip(), level


def _text(paragraph: Any) -> str:
    out = []
    for element in paragraph.iter():
        name = local(element)
        if name == "t":
            out.append((element.text or "").replace("\n", " "))
        elif name == "br":
            out.append("\n")
    return "".join(out).replace("\v", "\n").replace("_x000B_", "\n")


def _auto(body: Any, properties: Any, level: int) -> Any:
    """The automatic number of a paragraph: its own, else that of its shape; None where it has a bullet or nothing."""
    for place in (properties, child(body, "lstStyle", f"lvl{level + 1}pPr")):
        for element in [] if place is None else place:
            if local(element) in ("buNone", "buChar", "buBlip"):
                return None
            if local(element) == "buAutoNum":
                return element
    return None


def _number(auto: Any, level: int, counters: dict[int, tuple[str, int]]) -> str:
    """The number of a paragraph, and the counters counted on: a list goes on over paragraphs deeper than its own."""
    for deeper in [known for known in counters if known > level or (known == level and auto is None)]:
        del counters[deeper]
    if auto is None:
        return ""
    scheme = value(auto, "type") or "arabicPeriod"
    kind, last = counters.get(level, ("", 0))
    number = last + 1 if kind == scheme else max(1, int(_length(auto, "startAt")))
    counters[level] = scheme, number
    style = next((style for begins, style in _AUTO if scheme.startswith(begins)), "decimal")
    shown = number_text(number, style)
    form = next((form for ends, form in _ENDS.items() if scheme.endswith(ends)), "{} ")
    if style.startswith("chinese") and scheme.endswith("Period"):
        form = "{}、"
    return form.format(shown) if not style.startswith("decimalEnclosed") else shown


def _points(reference: Any) -> dict[int, str]:
    """The values that a chart keeps of the sheet behind it, by their place."""
    out = {}
    for point in [] if reference is None else reference.iter("{*}pt"):
        text = child(point, "v")
        if text is not None and text.text:
            out[int(_length(point, "idx"))] = text.text.strip()
    if not out and reference is not None and (plain := child(reference, "v")) is not None and plain.text:
        out[0] = plain.text.strip()
    return out


def _diagram_texts(root: Any) -> Iterator[str]:
    """The texts of the points of a diagram, along its connections from the root; what hangs on nothing at the end."""
    points = {
        value(p, "modelId") or "": p for p in root.iter("{*}pt") if value(p, "type") in (None, "node", "doc", "asst")
    }
    below: dict[str, list[tuple[int, str]]] = {}
    for connection in root.iter("{*}cxn"):
        if value(connection, "type") in (None, "parOf"):
            order = int(_length(connection, "srcOrd"))
            below.setdefault(value(connection, "srcId") or "", []).append((order, value(connection, "destId") or ""))
    starts = [name for name, point in points.items() if value(point, "type") == "doc"]
    seen: set[str] = set()
    waiting = [*starts, *(name for name in points if name not in starts)][::-1]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in points:
            continue
        seen.add(name)
        yield from (text for text, _ in _paragraphs(child(points[name], "t")))
        waiting += [inner for _, inner in sorted(below.get(name, []), reverse=True)]
