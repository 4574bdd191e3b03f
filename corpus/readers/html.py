"""Web pages: the body of a government page as lines, its headings with levels and its tables as rows.

The body is the smallest element that holds every paragraph of running text; what a page carries around it (navigation,
breadcrumbs, sharing, related links, footers) goes, and so do scripts and hidden parts. A page without such things is
taken whole. From outside the body come the page's title and the particulars that are printed above it (发文字号, 发布日期).
Written on lxml and not on trafilatura, readability or jusText: those drop short lines, repeated paragraphs and
numbers of ordered lists, any of which may be a clause. Nothing is run and nothing fetched.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from corpus.errors import EmptyFile, NotText, TooLarge
from corpus.readers.builder import Builder, filled
from corpus.readers.lines import Line
from corpus.readers.numbering import number_text

MAX_BYTES = 32 * 1024 * 1024
"""Largest page taken in."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LEAD = r"\s*(?>(?:<\?xml[^>]*\?>\s*|(?><!--.*?-->)\s*)*)"
_START = re.compile(_LEAD + r"<(?:!doctype\s+html|html|head|body|meta|title)[\s>]", re.I | re.S)
_FRAGMENT = re.compile(
    _LEAD + r"<(?:style|script|div|p|table|h[1-6]|article|section|center|font|main|ul|ol|span)[\s>]", re.I | re.S
)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{2,20})""", re.I)
_CHINESE = {"gb2312", "gbk", "gb18030", "x-gbk", "gb_2312-80", "hz-gb-2312"}

_DROPPED = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "embed", "applet", "svg", "canvas", "audio",
    "video", "map", "head", "select", "option", "button", "textarea", "input", "datalist", "dialog", "nav", "aside",
    "footer", "rt", "rp", "link", "meta",
})  # fmt: skip
_BLOCKS = frozenset({
    "p", "div", "section", "article", "main", "header", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl",
    "dt", "dd", "table", "caption", "tr", "td", "th", "thead", "tbody", "tfoot", "blockquote", "pre", "center",
    "form", "fieldset", "legend", "address", "figure", "figcaption", "hr", "body", "html", "details", "summary",
})  # fmt: skip
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:header\w*|head|top|nav\w*|menu\w*|foot\w*|bread\w*|crumb\w*|location|position|curpos\w*|dqwz|share\w*|bdshare\w*|side\w*|aside|relat\w*|xgwj|xgjd"
    r"|recommend\w*|copyright|toolbar|tools?|print\w*|qrcode|ewm|search\w*|login|friend\w*|links?|pager|pagination|topbar|banner)(?:$|[\s_-])",
    re.I,
)
_LISTS = frozenset({
    "ul", "ol", "dl", "div", "table", "p", "section", "center",
})  # fmt: skip
_ITEM_STYLES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_HEADER = re.compile(r"(?:^|[\s_-])head(?:er)?(?:$|[\s_-])", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_UNNUMBERED = re.compile(r"list-style(?:-type)?\s*:\s*[^;]*none", re.I)
_SENTENCE = re.compile(r"[。；]|[，、：].*[，、。；：]")
_RESIDUE = re.compile(
    r"(?:您?(?:当前|现在|所在|的)*的?位置(?:是)?\s*[：:].*|[【\[（(]?\s*(?:字体|字号)\s*[：:]?.{0,20}|[【\[]?\s*(?:打\s*印|关\s*闭|收\s*藏|分\s*享|返\s*回|下\s*载|保\s*存)"
    r"(?:本页|本文|窗口|页面|顶部|到|列表|此页)?\s*[】\]：:]?|(?:浏览|阅读|访问|点击)(?:次数|量|数)\s*[：:]?\s*\d*\s*次?|扫一扫.{0,20}|(?:上|下)一[篇条]\s*[：:]?.{0,60}"
    r"|分享到?\s*[：:]?.{0,20}|(?:相关|热点|延伸|推荐)(?:文档|文件|链接|解读|阅读|稿件|新闻|信息)\s*[：:]?|.{0,12}(?:ICP备|公网安备|网站标识码|版权所有).{0,80})"
)
_PARTICULAR = re.compile(
    r"(?:索\s*引\s*号|信息索引号|发文字号|文\s*号|文件编号|发文机关|发文单位|发布机构|发布单位|发布机关|制定机关|成文日期|发布日期|发布时间|印发日期|公布日期"
    r"|生效日期|实施日期|施行日期|失效日期|废止日期|有\s*效\s*性|效力状态|主题分类|公文种类|标\s*题|名\s*称|来\s*源|主题词|关键词)\s*[：:]?"
)
_FILE = re.compile(r"\.(?:docx?|xlsx?|pdf|wps|et|zip|rar|ofd|txt)(?:$|[?#])", re.I)
_MARKED = re.compile(r"\s*(?:第[^\s]{1,9}[编章节条款]|[（(]?[0-9０-９一二三四五六七八九十]{1,3}[）)．.、]|[①-⑳])")
_SITE = re.compile(r"\s*(?:[-_|—–]{1,2}|::)\s*[^-_|—–]{2,30}$")


def matches(data: bytes) -> bool:
    """Whether the bytes are a web page, or a part of one that begins and ends with a tag. Markdown may begin with one."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        wide = data[:2] + data[-2000 - len(data) % 2 :]
        head, end = data[:8192].decode("utf-16", "replace"), wide.decode("utf-16", "replace")
    else:
        head, end = data[:8192].removeprefix(b"\xef\xbb\xbf").decode("latin-1"), data[-1000:].decode("latin-1")
    if _START.match(head):
        return "</" in head or "</" in end
    return _FRAGMENT.match(head) is not None and end.rstrip().endswith(">") and "</" in end


def read(data: bytes) -> list[Line]:
    """The lines of a page's body, counted in the extracted text. Raises EmptyFile, NotText or TooLarge."""
    if not data:
        raise EmptyFile("文件是空的（0 字节）", "请确认文件内容不为空后重新导入")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"网页超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分后重新导入")
    root = _parse(decode(data))
    out = Builder()
    if root is not None:
        _Page(root).write(out)
    if not out.has_text:
        raise EmptyFile("网页里没有正文文字", "如果正文由脚本加载，请在浏览器中打开后复制正文，存为 txt 或 docx 再导入")
    return out.lines


def decode(data: bytes) -> str:
    """Bytes -> text: UTF-8 where it is valid, else what the page declares, else GB18030. Raises NotText."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "replace")
    match = _CHARSET.search(data[:8192])
    declared = match[1].decode("ascii").lower() if match else ""
    for name in ("utf-8", "gb18030" if declared in _CHINESE else declared, "gb18030"):
        try:
            return data.decode(name or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    text = min((data.decode(name, "replace") for name in ("utf-8", "gb18030")), key=lambda t: t.count("\ufffd"))
    if text.count("\ufffd") * 100 > len(text):
        raise NotText("网页的编码无法识别", "请在浏览器中打开后另存为 UTF-8 编码的网页或 txt 文件")
    return text


def _parse(text: str) -> Any:
    """The root element, None for no page. lxml's HTML parser runs no script and opens nothing. Raises TooLarge."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", "").lstrip("\ufeff"))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    if any("depth" in entry.message for entry in parser.error_log):  # libxml2 stops reading there
        raise TooLarge("网页的标签嵌套过深，无法完整读取", "请在浏览器中打开后复制正文，存为 txt 或 docx 再导入")
    return root


def _tag(element: Any) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


@dataclass(slots=True)
class _Block:
    """A line of the page: the element it stands in, its text, and how much of that is links."""

    element: Any
    text: str = ""
    linked: int = 0
    level: int = 0
    cells: list[str] = field(default_factory=list)

    @property
    def is_prose(self) -> bool:
        """Whether this is running text or a row, and neither a list of links nor residue."""
        whole = "".join(self.cells) or self.text
        if self.is_particular or not whole.strip() or self.linked > 0.5 * len(whole) or _RESIDUE.fullmatch(self.text):
            return False
        return bool(self.cells) or bool(_SENTENCE.search(self.text)) or len(self.text) >= 40

    @property
    def is_particular(self) -> bool:
        """Whether this is what is printed above a document: labels with their values (发文字号：…)."""
        if self.cells:
            return len(self.cells) % 2 == 0 and all(_PARTICULAR.fullmatch(label.strip()) for label in self.cells[::2])
        return len(self.text) <= 120 and _PARTICULAR.match(self.text) is not None and "：" in self.text


class _Page:
    """Finds the body of a page and writes its lines."""

    def __init__(self, root: Any) -> None:
        self.title = _title(root)
        self.around = False  # whether anything was taken away
        body = next((e for e in root.iter("body")), root)
        self._measures = _measures(body)
        self.body = body
        self._clear(body)
        self.blocks = list(_blocks(body))

    def _clear(self, body: Any) -> None:
        """Takes away what is not text, and what stands around the body by its tag, class or links."""
        for element in list(body.iter()):
            if element is body or element.getparent() is None:
                continue
            if (
                _tag(element) in _DROPPED
                or element.get("hidden") is not None
                or _HIDDEN.search(element.get("style") or "")
            ):
                self.around |= _tag(element) in ("nav", "aside", "footer", "iframe")
                _remove(element)
            elif self._is_around(element):
                self.around = True
                _remove(element)

    def _is_around(self, element: Any) -> bool:
        measure = self._measures[element]
        whole = self._measures[self.body]
        much = measure.marks * 2 > whole.marks or (measure.size - measure.linked) * 3 > whole.size - whole.linked
        if _tag(element) not in _BLOCKS or much:  # an unlucky name for what is the body itself
            return False
        if _tag(element) == "header" or _HEADER.search(element.get("class") or ""):
            return next(element.iter("h1"), None) is None
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        return bool(_AROUND.search(names)) or (_tag(element) in _LISTS and _is_links(measure))

    def write(self, out: Builder) -> None:
        """The title where the body has none, the particulars before the body, the body."""
        prose = [block for block in self.blocks if block.is_prose]
        home = _common([block.element for block in prose]) if self.around and prose else self.body
        inside = set(home.iter())
        parent = home.getparent() if home is not self.body else None
        near = inside if parent is None else inside | {parent, *parent}
        begin = next((i for i, block in enumerate(self.blocks) if block.element in inside), 0)
        taken: list[_Block] = []
        for i, block in enumerate(self.blocks):
            before = i < begin and (block.level == 1 or block.is_particular)
            if before or (block.element in near and not _RESIDUE.fullmatch(block.text)):
                taken.append(block)
        self._write_title(out, taken)
        first = next((i for i, block in enumerate(taken) if block.is_prose), 0)
        for i, block in enumerate(taken):
            _write(out, block, particular=i < first and block.is_particular)

    def _write_title(self, out: Builder, taken: list[_Block]) -> None:
        core = re.sub(r"\W", "", self.title)
        texts = [re.sub(r"\W", "", block.text) for block in taken[:30]]
        printed = any("".join(texts[i : i + n]) == core for i in range(len(texts)) for n in range(1, 5))
        if core and self.around and not printed:
            out.add(self.title, 1)


def _write(out: Builder, block: _Block, *, particular: bool) -> None:
    if block.cells and particular:
        for label, text in zip(block.cells[::2], block.cells[1::2], strict=True):
            if text.strip():
                out.add(f"{label.strip().rstrip('：:')}：{text.strip()}")
    elif block.cells:
        out.add_row(block.cells)
    elif block.text.strip():
        out.add(block.text, block.level if len(block.text) <= 100 else 0)


# -- the page as lines -------------------------------------------------------------------------------------------------


def _blocks(body: Any) -> Iterator[_Block]:
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
                skip, current = element, _Block(element)
                continue
            if tag in _BLOCKS or tag == "br":
                current = yield from _fresh(current, element.getparent() if tag == "br" else element)
                current.text += _list_number(element, numbers) if tag == "li" else ""
            links += tag == "a"
            preformatted += tag == "pre"
            _append(current, element.text, links, preformatted)
        else:
            links -= tag == "a"
            preformatted -= tag == "pre"
            if tag in _BLOCKS:
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
        yield _Block(block.element, text, block.linked, block.level)
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


def _list_number(item: Any, numbers: dict[Any, dict[Any, str]]) -> str:
    """The number that a browser prints before an item of an ordered list, unless the item has one of its own.

    `numbers` keeps those of the lists met so far."""
    parent = item.getparent()
    if (
        parent is None
        or _tag(parent) != "ol"
        or _UNNUMBERED.search(f"{parent.get('style') or ''};{item.get('style') or ''}")
    ):
        return ""
    if parent not in numbers:
        numbers[parent] = _item_numbers(parent)
    return "" if _MARKED.match("".join(item.itertext())[:50]) else numbers[parent][item]


def _item_numbers(ordered: Any) -> dict[Any, str]:
    out: dict[Any, str] = {}
    style = _ITEM_STYLES.get(ordered.get("type") or "1", "decimal")
    number = _whole(ordered.get("start"), 1)
    for item in ordered:
        if _tag(item) == "li":
            number = _whole(item.get("value"), number)
            out[item] = f"{number_text(number, style)}. "
            number += 1
    return out


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text.strip()) else otherwise


# -- tables ------------------------------------------------------------------------------------------------------------


def _is_data(table: Any) -> bool:
    """Whether a table holds rows of data, and does not only lay out the page."""
    if table.get("role") == "presentation" or next(table.iterdescendants("table"), None) is not None:
        return False
    rows = [[e for e in row if _tag(e) in ("td", "th")] for row in table.iter("tr")]
    if all(len(cells) <= 1 for cells in rows):
        return False
    for cells in rows:
        for cell in cells:
            if any(re.fullmatch(r"h[1-4]", _tag(e)) for e in cell.iterdescendants()):
                return False
            if sum(1 for _ in cell.iter("p")) >= 5 and len("".join(cell.itertext())) > 1000:
                return False
    return True


def _rows(table: Any) -> Iterator[_Block]:
    """The rows of a table; a cell that spans rows is repeated where it leads them."""
    caption = next(table.iter("caption"), None)
    if caption is not None and (text := _cell_text(caption)):
        yield _Block(table, text)
    above: list[str] = []
    pending: dict[int, int] = {}  # column -> rows that a cell above still reaches into
    for row in table.iter("tr"):
        cells: list[str] = []
        merged: set[int] = set()
        starts: dict[int, int] = {}
        for cell in (e for e in row if _tag(e) in ("td", "th")):
            _skip_merged(cells, merged, pending)
            wide = min(max(1, _whole(cell.get("colspan"), 1)), 100)
            down = min(max(1, _whole(cell.get("rowspan"), 1)), 10_000)
            starts.update({len(cells) + i: down - 1 for i in range(wide) if down > 1})
            cells += [_cell_text(cell), *[""] * (wide - 1)]
        _skip_merged(cells, merged, pending)
        pending = {n: left - 1 for n, left in pending.items() if left > 1} | starts
        above = filled(cells, above, merged)
        linked = sum(len("".join(a.itertext()).strip()) for a in row.iter("a"))
        if any(text.strip() for text in above):
            yield _Block(table, "", linked, 0, above)


def _skip_merged(cells: list[str], merged: set[int], pending: dict[int, int]) -> None:
    while pending.get(len(cells)):
        merged.add(len(cells))
        cells.append("")


def _cell_text(cell: Any) -> str:
    """The text of a cell on one line; lines inside it have a space between them."""
    parts = [block.text.strip() for block in _blocks(cell)]
    return " ".join(part for part in parts if part)


# -- what stands around the body ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Measure:
    """What an element holds: sentence marks outside links, characters, links, characters in links, and what speaks
    against a mere list of links (a full stop, the word 附件, a link to a file)."""

    marks: int = 0
    size: int = 0
    links: int = 0
    linked: int = 0
    kept: bool = False

    def add(self, text: str | None) -> None:
        if text:
            self.marks += len(re.findall(r"[。；，：]", text))
            self.size += len(re.sub(r"\s", "", text))
            self.kept |= "。" in text or "附件" in text

    def add_child(self, other: _Measure) -> None:
        self.marks, self.size = self.marks + other.marks, self.size + other.size
        self.links, self.linked = self.links + other.links, self.linked + other.linked
        self.kept |= other.kept


def _measures(body: Any) -> dict[Any, _Measure]:
    """The measure of every element, in one pass."""
    out: dict[Any, _Measure] = {}
    for _, element in etree.iterwalk(body, events=("end",)):
        own = out[element] = _Measure()
        if _tag(element) in ("script", "style"):
            continue
        own.add(element.text)
        for inner in element:
            own.add_child(out.get(inner, _Measure()))
            own.add(inner.tail)
        if _tag(element) == "a":
            own.marks, own.links, own.linked = 0, 1, own.size
            own.kept = bool(_FILE.search(element.get("href") or ""))
    return out


def _is_links(measure: _Measure) -> bool:
    """Whether a block is a list of links to other pages: four or more, and most of its text."""
    return measure.links >= 4 and not measure.kept and measure.linked >= 0.7 * measure.size


def _remove(element: Any) -> None:
    """Takes an element away; the text after it stays."""
    parent, tail = element.getparent(), element.tail
    if parent is None:
        return
    if tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
    parent.remove(element)


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


def _title(root: Any) -> str:
    """The title that the page declares: meta ArticleTitle (the standard of government sites), else <title> without the site."""
    for meta in root.iter("meta"):
        if (meta.get("name") or "").lower() == "articletitle" and (meta.get("content") or "").strip():
            return _plain(meta.get("content"))
    title = next(root.iter("title"), None)
    text = _plain("".join(title.itertext())) if title is not None else ""
    return _SITE.sub("", text)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]{0,40}>", "", text)).strip()
