"""Web pages: the body of a government page as lines, its headings with levels and its tables as rows.

The body is the smallest element that holds every paragraph of running text. What a page carries around it goes and is
told: by elements (html_chrome.py: navigation, sharing, hidden and struck-out parts) and by lines (html_particulars.py:
breadcrumbs, view counts, footers). A page without such things is taken whole. From outside the body come the page's
title and the particulars that it prints or declares (发文字号, 发布日期), as lines `label：value`.
Written on lxml and not on trafilatura, readability or jusText: those drop titles, short lines, table rows and numbers
of ordered lists, any of which may be a clause. Nothing is run and nothing fetched.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import html_particulars as printed
from corpus.readers.builder import Builder
from corpus.readers.html_chrome import BLOCKS, MARK, clear, is_file, left_out
from corpus.readers.html_chrome import tag_of as _tag
from corpus.readers.html_encoding import decode, head, tail
from corpus.readers.html_head import is_title, names_of, particulars_of
from corpus.readers.html_lists import list_number, whole
from corpus.readers.lines import LeftOut, Line
from corpus.readers.tables import Row, Table
from corpus.titles import ENDS, squeeze

__all__ = ["MAX_BYTES", "decode", "matches", "read"]

MAX_BYTES = 32 * 1024 * 1024
"""Largest page taken in."""

_LEAD = r"\s*(?>(?:<\?xml[^>]*\?>\s*|(?><!--.*?-->)\s*)*)"
_START = re.compile(_LEAD + r"<(?:!doctype\s+html|html|head|body|meta|title)[\s>]", re.I | re.S)
_FRAGMENT = re.compile(
    _LEAD + r"<(?:style|script|div|p|table|h[1-6]|article|section|center|font|main|ul|ol|dl|span)[\s>]", re.I | re.S
)
_SENTENCE = re.compile(r"[。；]|[，、：].*[，、。；：]")
_ENCYCLOPAEDIA = re.compile(r"百科|维基|[Ww]ikipedia|[Bb]aike")
_OF_THE_PAGE = re.compile(
    r"(?:责任编辑|编辑|作者|来源|信息来源|文章来源|稿件来源|关键词|发布人|发布者|录入时间|更新时间|更新日期)："
)
_NAMED = re.compile(r"《[^》]{4,80}》[^。；：]{0,40}")
_LONGEST_LABEL = 40
_LONGEST_VALUES = 60


def matches(data: bytes) -> bool:
    """Whether the bytes are a web page, or a part of one that begins and ends with a tag. Markdown may begin with one."""
    start, end = head(data, 8192).lstrip("\ufeff"), tail(data, 1000)
    start = start.removeprefix("\xef\xbb\xbf")
    if _START.match(start):
        return "</" in start or "</" in end
    return _FRAGMENT.match(start) is not None and end.rstrip().endswith(">") and "</" in end


def read(data: bytes) -> list[Line]:
    """The lines of a page's body, counted in the extracted text. Raises EmptyFile, NotText or TooLarge."""
    if not data:
        raise EmptyFile("文件是空的（0 字节）", "请确认文件内容不为空后重新导入")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"网页超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分后重新导入")
    root = _parse(decode(data))
    out = Builder()
    if root is not None:
        _Page(*_source_shown(root)).write(out)
    if not out.has_text:
        said = " ".join(line.left_out.text for line in out.lines if line.left_out is not None).strip()
        what = f"网页里没有正文文字，只有栏目、链接等（“{said[:40]}…”）" if said else "网页里没有正文文字"
        raise EmptyFile(
            what,
            "如果是文章列表，请打开其中的文章再保存；如果正文由脚本加载，请在浏览器中打开后复制正文，存为 txt 或 docx 再导入",
        )
    return out.lines


def read_tables(markup: str) -> list[Row]:
    """The rows and lines of tables that stand in text of another format; `number` is the line in the markup, from 1."""
    root = _parse(f"<html><body>{markup}</body></html>")
    out: list[Row] = []
    for block in [] if root is None else _blocks(next(root.iter("body"), root)):
        number = block.line or block.element.sourceline or 1
        out.append(Row(tuple(block.cells), block.header, block.text, number))
    return out


def _parse(text: str) -> Any:
    """The root element, None for no page. lxml's HTML parser runs no script and opens nothing. Raises TooLarge."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", "").lstrip("\ufeff"))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    if any("depth" in entry.message for entry in parser.error_log):  # libxml2 stops reading there
        raise TooLarge("网页的标签嵌套过深，无法完整读取", "请在浏览器中打开后复制正文，存为 txt 或 docx 再导入")
    return root


def _source_shown(root: Any) -> tuple[Any, Any]:
    """The page itself, with a file that a code host shows on it as lines of text instead of a table of numbered lines;
    or the page that such a file is the source of. And the element that holds these lines, None for any other page."""
    for table in list(root.iter("table")):
        cells = [cell for cell in table.iter("td") if cell.get("data-line-number") is None]
        if len(cells) == sum(1 for _ in table.iter("td")) or table.getparent() is None:
            continue
        lines = ["".join(cell.itertext()).strip("\n") for cell in cells]
        source = "\n".join(lines)
        if matches(source.encode()) and (inner := _parse(source)) is not None:
            return inner, None
        shown = etree.Element("div")
        for line in lines:
            etree.SubElement(shown, "p").text = line
        shown.tail = table.tail
        table.getparent().replace(table, shown)
        return root, shown
    return root, None


@dataclass(slots=True)
class _Block:
    """A line of the page: the element it stands in, its text, and how much of that is links; or what was left out."""

    element: Any
    text: str = ""
    linked: int = 0
    level: int = 0
    cells: list[str] = field(default_factory=list)
    has_file: bool = False
    particular: bool = False
    left: LeftOut | None = None
    header: bool = False
    line: int = 0  # of the source, for rows

    @property
    def whole(self) -> str:
        """The text, that of all cells for a row."""
        return "".join(self.cells) or self.text

    @property
    def is_prose(self) -> bool:
        """Whether this is running text or a row, and neither a title, a list of links, a particular nor residue."""
        if self.left or self.level or not self.whole.strip() or self.linked > 0.5 * len(self.whole):
            return False
        if self.pieces() is not None or printed.is_residue(self.text) or printed.is_of_the_site(self.whole):
            return False
        if printed.names_the_host(self.text):
            return False
        return (
            bool(self.cells)
            or bool(_SENTENCE.search(self.text))
            or (len(self.text) >= 40 and bool(re.search(r"[，：,;]", self.text)))
        )

    def pieces(self) -> list[printed.Piece] | None:
        """The particulars and the residue that this is made of, None for anything else."""
        return printed.row_pieces(self.cells) if self.cells else printed.pieces(self.text)


class _Page:
    """Finds the body of a page and writes its lines."""

    def __init__(self, root: Any, shown: Any) -> None:
        self.shown = shown
        self.names, self.declared = names_of(root), particulars_of(root)
        title = next(root.iter("title"), None)
        cites = title is not None and _ENCYCLOPAEDIA.search(title.text or "") is not None
        self.body = next((e for e in root.iter("body")), root)
        self.around = clear(self.body, cites=cites)
        self.blocks = [part for block in _blocks(self.body) for part in _tidied(block)]

    def write(self, out: Builder) -> None:
        """The title where the body has none, the particulars before the body, the body; what was left out in its place."""
        named = {squeeze(name) for name in self.names}
        prose = [i for i, block in enumerate(self.blocks) if block.is_prose and squeeze(block.whole) not in named]
        self.first, self.last = (prose[0], prose[-1]) if prose else (len(self.blocks), -1)
        near = self._near([self.blocks[i].element for i in prose])
        title = self._title(near)
        self.begin = next((i for i, block in enumerate(self.blocks) if block.element in near), 0)
        lines = self._lines(near, title, bool(prose))
        if not prose and self.around and all(self._is_of_a_list(block) for block in lines if not block.left):
            lines = [_left(block) for block in lines]  # a page of links and headings: there is no text on it
        _write(out, self._headed(lines, title))

    def _near(self, prose: list[Any]) -> set[Any]:
        """The elements whose lines are of the body: those in the smallest that holds all prose, and those beside it."""
        if self.shown is not None:
            self.home = set(self.shown.iter())
            return self.home
        home = _common(prose) if self.around and prose else self.body
        near = self.home = set(home.iter())
        parent = home.getparent() if home is not self.body else None
        return near if parent is None else near | {parent, *parent}

    def _title(self, near: set[Any]) -> range:
        """The blocks before the text that are the page's title: what the page declares, on as many as four lines; else its
        last heading; else the last line outside the body that looks like a title. Empty for none."""
        cores = {squeeze(name) for name in self.names}
        cores |= {
            squeeze(text.split("：", 1)[1])
            for text in self._printed()
            if re.match(r"(?:名称|标题|\w\w(?:标题|名称))：", text)
        }
        heading = line = range(0)
        texts = [
            squeeze(block.text) if self._may_be_title(block) or self._is_own_link(block, cores) else ""
            for block in self.blocks[: self.first]
        ]
        for i, core in enumerate(texts):
            for n in range(1, 5):
                if core and "".join(texts[i : i + n]) in cores and all(texts[i : i + n]):
                    return range(i, i + n)
            if len(core) < 6:
                continue
            block = self.blocks[i]
            if len(core) >= 8 and any(name.startswith(core) for name in cores):
                return range(i, i + 1)
            if block.level and is_title(block.text):
                heading = range(i, i + 1)
            elif block.element not in near and (
                ENDS.search(block.text.strip()) or _NAMED.fullmatch(block.text.strip())
            ):
                line = range(i, i + 1)
        return heading or line

    def _printed(self) -> list[str]:
        found = [block.pieces() or [] for block in self.blocks[: self.first] if not block.left]
        return [piece.text for pieces in found for piece in pieces if piece.particular]

    def _may_be_title(self, block: _Block) -> bool:
        return not (block.left or block.cells or block.linked > 0.5 * len(block.text) or block.pieces() is not None)

    @staticmethod
    def _is_own_link(block: _Block, cores: set[str]) -> bool:
        """Whether a block is a heading with the declared title of the page that links to the page itself, as forums have it."""
        return bool(block.level) and not block.left and not block.cells and squeeze(block.text) in cores

    def _lines(self, near: set[Any], title: range, has_prose: bool) -> list[_Block]:
        """All blocks in order: those of the text as they are, particulars as their pieces, the rest as left out."""
        out: list[_Block] = []
        ended = False
        for i, block in enumerate(self.blocks):
            if block.left or i in title:
                ended = ended or bool(
                    has_prose and i > self.last and block.left and printed.ends_the_page(block.left.text)
                )
                out.append(block)
                continue
            inside, found = block.element in near, block.pieces()
            after = has_prose and i > self.last
            ended = ended or (after and not block.cells and printed.ends_the_text(block.text))
            if i < self.first and found is not None:
                out += [_particular(block, piece) for piece in found]
            elif (
                after
                and (ended or self._is_foot(block, found))
                and not (block.has_file and not printed.is_residue(block.text))
            ):
                out.append(_left(block))
            elif i < self.first or after:
                kept = inside or (after and block.has_file) or (i < self.first and self._is_between(i, title))
                kept = kept and not printed.is_residue(block.whole) and not (i < self.first and self._is_menu(block))
                out.append(block if kept else _left(block))
            else:
                strong = len(block.text.strip()) > 3 and not block.cells and printed.is_residue(block.text)
                out.append(block if inside and not strong else _left(block))
        return out

    def _is_foot(self, block: _Block, found: list[printed.Piece] | None) -> bool:
        """Whether a block after the text speaks of the page or its site: 责任编辑：某某 【打印】, 声明：本网站…."""
        if found is not None:
            mixed = any(not piece.particular for piece in found)
            return mixed or all(_OF_THE_PAGE.match(piece.text) for piece in found)
        beside = block.element not in self.home
        return self.around and (printed.is_of_the_site(block.whole) or (beside and printed.names_the_host(block.text)))

    def _is_between(self, i: int, title: range) -> bool:
        """Whether a block stands between the title of the page and its text: a subtitle, a 文号, whom it is signed by."""
        return bool(title) and title[-1] < i < self.begin and not self._is_menu(self.blocks[i])

    def _is_menu(self, block: _Block) -> bool:
        """Whether a block above the text is links, or speaks of the site."""
        return (
            self.around
            and not block.has_file
            and (block.linked > 0.5 * len(block.whole) or printed.is_of_the_site(block.whole))
        )

    def _is_of_a_list(self, block: _Block) -> bool:
        """Whether a block is what a list of articles has beside its links: a heading, the name of a column, page numbers."""
        core = squeeze(block.text)
        if ENDS.search(block.text.strip()) and len(core) >= 8:
            return False
        return (
            bool(block.level)
            or core in "".join(map(squeeze, self.names))
            or re.fullmatch(r"[\d年月日页共条第首末尾上下一]*", core) is not None
        )

    def _headed(self, lines: list[_Block], title: range) -> list[_Block]:
        """The lines with the title first, and with the particulars that the page only declares after it."""
        said = {block.text.split("：")[0] for block in lines if block.particular}
        extra = [
            _Block(self.body, f"{label}：{value}", particular=True)
            for label, value, labels in self.declared
            if self.around and not said & labels
        ]
        head: list[_Block] = []
        if title:
            head = [self.blocks[i] for i in title]
            lines = [block for block in lines if not any(block is other for other in head)]
            if len(head) == 1:
                head[0].level = 1
        elif self.names and self.around and any(not block.left for block in lines) and not self._prints(lines):
            head = [_Block(self.body, self.names[0], level=1)]
        return head + extra + lines

    def _prints(self, lines: list[_Block]) -> bool:
        """Whether the text begins with its title, on as many as four lines; or with one that the page does not declare."""
        texts = [squeeze(block.text) for block in lines if not block.left and not block.particular][:30]
        cores = {squeeze(name) for name in self.names}
        if any("".join(texts[i : i + n]) in cores for i in range(len(texts)) for n in range(1, 5)):
            return True
        return not is_title(self.names[0])


def _tidied(block: _Block) -> Iterator[_Block]:
    """A block as it is meant: a row with one cell that lays out the page as text, and no residue of a broken comment."""
    if block.cells and len(alone := [cell for cell in block.cells if cell.strip()]) == 1 and len(block.cells) > 1:
        block = _Block(block.element, alone[0], block.linked) if _is_layout(block, alone[0]) else block
    if not block.cells and (broken := printed.broken_comment(block.text)):
        yield _Block(block.element, left=LeftOut("navigation", broken.strip()))
        block.text = block.text[len(broken) :]
    yield block


def _is_layout(block: _Block, text: str) -> bool:
    """Whether a row of one cell with text is no row of data: its table has only this text."""
    return len(squeeze("".join(block.element.itertext()))) == len(squeeze(text))


def _left(block: _Block) -> _Block:
    """The block as left out."""
    return (
        block if block.left else _Block(block.element, left=LeftOut("navigation", " ".join(block.cells) or block.text))
    )


def _particular(block: _Block, piece: printed.Piece) -> _Block:
    if piece.particular:
        return _Block(block.element, piece.text, particular=True)
    return _Block(block.element, left=LeftOut("navigation", piece.text))


def _write(out: Builder, blocks: list[_Block]) -> None:
    """Writes the lines; what was left out in one place for one reason is told at once."""
    gone: LeftOut | None = None
    for block in blocks:
        if block.left and block.left.text.strip():
            if gone and gone.reason != block.left.reason:
                out.leave_out(gone.reason, gone.text)
                gone = None
            gone = LeftOut(block.left.reason, f"{gone.text}\n{block.left.text}" if gone else block.left.text)
        if block.left or not block.whole.strip():
            continue
        if gone:
            out.leave_out(gone.reason, gone.text)
            gone = None
        if block.cells:
            out.add_row(block.cells, header=block.header)
        else:
            out.add(block.text, block.level if len(block.text) <= 100 else 0, particular=block.particular)
    if gone:
        out.leave_out(gone.reason, gone.text)


def _common(elements: list[Any]) -> Any:
    """The smallest element that holds all of these."""
    path = [elements[0], *elements[0].iterancestors()][::-1]
    for element in elements[1:]:
        other = [element, *element.iterancestors()][::-1]
        size = 0
        for a, b in zip(path, other, strict=False):
            if a is not b:
                break
            size += 1
        path = path[:size]
    return path[-1]


# -- the page as lines -------------------------------------------------------------------------------------------------


def _blocks(body: Any) -> Iterator[_Block]:
    """The lines of an element in order, a term of a list of terms (dt) with what is said of it (dd) on one line."""
    terms: list[_Block] = []  # of a list of terms: a term, or several, and what stands after it
    for block in _walk(body):
        place = _of_terms(block, body)
        if terms and (place == "" or (place == "dt" and _of_terms(terms[-1], body) == "dd")):
            yield from _joined(terms, body)
            terms = []
        if place:
            terms.append(block)
        else:
            yield block
    yield from _joined(terms, body)


def _of_terms(block: _Block, body: Any) -> str:
    """dt or dd where a line stands in one, below `body`; "" elsewhere, and for a row. What was left out stays in place."""
    element = block.element
    while element is not None and element is not body and not block.cells:
        if _tag(element) in ("dt", "dd"):
            return _tag(element)
        if _tag(element) in ("dl", "table", "ul", "ol"):
            return ""
        element = element.getparent()
    return ""


def _joined(terms: list[_Block], body: Any) -> Iterator[_Block]:
    """A term and its value as `label：value`; several short values are joined by 、, of long ones the first stands with it."""
    yield from (block for block in terms if block.left)
    lines = [block for block in terms if not block.left]
    labels = [block for block in lines if _of_terms(block, body) == "dt"]
    values = lines[len(labels) :]
    label = "、".join(block.text.strip().rstrip("：:").rstrip() for block in labels)
    if not labels or not values or len(label) > _LONGEST_LABEL * len(labels):
        yield from lines
        return
    texts = [block.text.strip() for block in values]
    short = sum(map(len, texts)) <= _LONGEST_VALUES and not any(re.search(r"[。；：！？]", text) for text in texts)
    rest = [] if short else values[1:]
    text = "、".join(texts) if short else texts[0]
    mark = "" if re.search(r"[？?！!。]$", label) else "："
    linked = sum(block.linked for block in lines) - sum(block.linked for block in rest)
    has_file = any(block.has_file for block in lines)
    yield _Block(values[0].element, f"{label}{mark}{text.lstrip('：: ')}", linked, has_file=has_file)
    yield from rest


def _walk(body: Any) -> Iterator[_Block]:
    """The lines of an element in order. Walks without recursion: pages nest as deep as they like."""
    current = _Block(body)
    skip: Any = None
    numbers: dict[Any, dict[Any, str]] = {}
    links = preformatted = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if skip is not None:
            if event == "end" and element is skip:
                skip = None
                current = yield from _fresh(current, element.getparent())
                _append(current, element.tail, links, preformatted)
            continue
        tag = _tag(element)
        if event == "start":
            if tag == "table" and _is_data(element):
                yield from _fresh(current, element)
                yield from _rows(element)
                yield from (_Block(mark, left=left_out(mark)) for mark in element.iter(MARK) if mark.get("text"))
                skip, current = element, _Block(element)
                continue
            breaks = tag == "br" or element.get("block") is not None
            if tag in BLOCKS or breaks:
                current = yield from _fresh(current, element.getparent() if breaks else element)
                current.text += list_number(element, numbers) if tag == "li" else ""
            if tag == MARK and element.get("text"):
                yield _Block(element, left=left_out(element))
            links += tag == "a"
            current.has_file |= tag == "a" and is_file(element.get("href"))
            preformatted += tag == "pre"
            _append(current, element.text, links, preformatted)
        else:
            links -= tag == "a"
            preformatted -= tag == "pre"
            if tag in BLOCKS:
                current = yield from _fresh(current, element.getparent())
            if element is not body:
                _append(current, element.tail, links, preformatted)
        if preformatted and "\n" in current.text:
            *whole, current.text = current.text.split("\n")
            yield from (_Block(current.element, text) for text in whole if text.strip())
    yield from _fresh(current, body)


def _fresh(block: _Block, element: Any) -> Generator[_Block, None, _Block]:
    """Yields a finished line where it has text; returns the next one, which stands in `element`."""
    if _is_bare_number(block) and element.getparent() is block.element:
        return _Block(element, block.text, level=_level(element))  # the item's text stands in a paragraph of its own
    text = block.text.strip(" \t")
    if text.strip() and not _is_bare_number(block):
        block.text = text
        yield block
    return _Block(element, level=_level(element))


def _is_bare_number(block: _Block) -> bool:
    """Whether a line is only the number of a list item."""
    return _tag(block.element) == "li" and re.fullmatch(r"[0-9a-zA-Z]{1,6}\. ", block.text) is not None


def _append(block: _Block, text: str | None, links: int, preformatted: int) -> None:
    if not text:
        return
    text = text.replace("\t", " ").replace("\r", "") if preformatted else re.sub(r"[ \t\r\n\f]+", " ", text)
    if block.text.endswith(" ") and text.startswith(" ") and not preformatted:
        text = text[1:]
    block.text += text
    block.linked += len(text.strip()) if links else 0


def _level(element: Any) -> int:
    while element is not None and _tag(element) not in ("body", "div", "td", "li", "p"):
        if re.fullmatch(r"h[1-6]", _tag(element)):
            return int(_tag(element)[1])
        element = element.getparent()
    return 0


# -- tables ------------------------------------------------------------------------------------------------------------


def _is_data(table: Any) -> bool:
    """Whether a table holds rows of data, and does not only lay out the page."""
    if table.get("role") == "presentation":
        return False
    rows = [[e for e in row if _tag(e) in ("td", "th")] for row in _own_rows(table)]
    if all(len(cells) <= 1 for cells in rows) or _lays_out(table, rows):
        return False
    for cells in rows:
        for cell in cells:
            if any(re.fullmatch(r"h[1-4]", _tag(e)) for e in cell.iterdescendants()):
                return False
            if sum(1 for _ in cell.iter("p")) >= 5 and len("".join(cell.itertext())) > 1000:
                return False
    return True


def _own_rows(table: Any) -> list[Any]:
    """The rows of a table without those of tables in its cells."""
    if next(table.iterdescendants("table"), None) is None:
        return list(table.iter("tr"))
    return [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table]


def _lays_out(table: Any, rows: list[list[Any]]) -> bool:
    """Whether a table with tables in its cells only sets them side by side: it has no header cells, fewer than two rows of
    several cells, or less text of its own than they have; or they hold tables themselves."""
    inner = table.iterdescendants("table")
    nested = next(inner, None)
    if nested is None:
        return False
    tables = [nested, *inner]
    if any(next(other.iterdescendants("table"), None) is not None for other in tables[:1]) or len(tables) > 100:
        return True
    if sum(len(cells) >= 2 for cells in rows) < 2:
        return True
    size = len("".join(table.itertext()))
    within = sum(len("".join(other.itertext())) for other in tables)
    return within * 2 > size and not any(_tag(cell) == "th" for cells in rows for cell in cells)


def _rows(table: Any) -> Iterator[_Block]:
    """The caption and the rows of a table."""
    caption = next((e for e in table if _tag(e) == "caption"), None)
    if caption is not None and (text := _cell_text(caption, " ")):
        yield _Block(table, text)
    grid = Table()
    places: dict[int, tuple[int, int]] = {}  # characters in links and line of the source, by row
    for number, row in enumerate(_own_rows(table), start=1):
        grid.begin_row(header=_tag(row.getparent()) == "thead", number=number)
        for cell in (e for e in row if _tag(e) in ("td", "th")):
            wide = min(max(1, whole(cell.get("colspan"), 1)), 100)
            down = min(max(1, whole(cell.get("rowspan"), 1)), 10_000)
            grid.put(_cell_text(cell), wide, down, header=_tag(cell) == "th")
        linked = sum(len("".join(a.itertext()).strip()) for a in row.iter("a"))
        places[number] = linked, row.sourceline or 0
    for told in grid.rows():
        linked, line = places[told.number or 0]
        if told.cells:
            yield _Block(table, "", linked, 0, list(told.cells), header=told.header, line=line)
        else:
            yield from (_Block(table, text, linked, line=line) for text in told.text.split("\n") if text.strip())


def _cell_text(cell: Any, between: str = "\n") -> str:
    """The text of a cell; a row of a table inside it is a line."""
    parts = [" ".join(filter(None, block.cells)) if block.cells else block.text.strip() for block in _blocks(cell)]
    return between.join(part for part in parts if part)
