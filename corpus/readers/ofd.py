"""OFD (GB/T 33190-2016), the fixed layout of Chinese offices: the text of each page from top to bottom.

A zip of XML: OFD.xml names the documents, Document.xml its pages, a page's Content.xml holds text objects with the place of
each run. What stands on a template of several pages is left out as running head, annotations (stamps, watermarks) too, and
so is what stands in the margin of page after page. Pages that are pictures have no text here.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from corpus.errors import TooLarge
from corpus.readers import ooxml
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged, NoTextLayer
from corpus.readers.flow import Place, goes_on
from corpus.readers.lines import LeftOut, Line
from corpus.readers.ooxml import Package, child, local, value

MAX_PAGES = 5000
"""Pages of a file."""

MAX_CHARACTERS = 5_000_000
"""Characters of a file."""

_POINTS = 72 / 25.4  # OFD measures in millimetres
_MARGIN = 0.08  # of the height of a page, above and below
_GAP = 0.8  # of the height of the type: pieces of a line that stand farther apart are told apart by a space
_DIGITS = re.compile(r"\d+")


def matches(data: bytes) -> bool:
    """Whether the bytes are an OFD package."""
    return ooxml.is_zip(data) and "OFD.xml" in ooxml.names(data)


def read(data: bytes) -> list[Line]:
    """The lines of an OFD file with their pages. Raises Damaged, Encrypted, TooLarge or NoTextLayer."""
    with ooxml.reading():
        package = Package(data)
        if any(name.lower().endswith(("encryptions.xml", "encryptinfo.xml")) for name in package.names):
            raise ooxml.encrypted()
        pages = [page for document in _documents(package) for page in _pages(package, document)]
    if not pages:
        raise Damaged("OFD 文件里没有页面", "请重新下载，或在 OFD 阅读器中另存为 PDF 后再导入")
    out = _lines(pages)
    if not out.has_text:
        raise NoTextLayer("OFD 的页面是图片，没有文字", "请在 OFD 阅读器中另存为 PDF 后导入，或先做文字识别（OCR）")
    return out.lines


@dataclass(slots=True)
class _Run:
    """A piece of text and where it stands on the page, in points: baseline, left and right end, height of its type."""

    text: str
    baseline: float
    left: float
    right: float
    size: float


@dataclass(slots=True)
class _Row:
    """A line of a page. `top` is its place on the page, 0..1."""

    text: str
    top: float
    left: float
    right: float
    size: float

    @property
    def key(self) -> tuple[str, int]:
        return _DIGITS.sub("#", re.sub(r"\s", "", self.text)), round(self.top * 120)

    @property
    def marginal(self) -> bool:
        return not _MARGIN < self.top < 1 - _MARGIN


@dataclass(slots=True)
class _Page:
    rows: list[_Row]
    left_out: list[LeftOut]  # what its template and its annotations say


def _documents(package: Package) -> Iterator[str]:
    root = package.xml("OFD.xml")
    for body in [] if root is None else root.iter("{*}DocRoot"):
        yield _part("", body.text)


def _part(base: str, location: str | None) -> str:
    """The part at a location, from the root of the package or from the part that names it."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), (location or "").strip())).lstrip("/")


def _pages(package: Package, document: str) -> list[_Page]:
    root = package.xml(document)
    if root is None:
        return []
    common = child(root, "CommonData")
    size = _box(child(common, "PageArea", "PhysicalBox"))
    templates = {
        value(e, "ID") or "": _part(document, value(e, "BaseLoc"))
        for e in ([] if common is None else common.findall("{*}TemplatePage"))
    }
    named = child(root, "Pages")
    parts = [(value(e, "ID") or "", _part(document, value(e, "BaseLoc"))) for e in ([] if named is None else named)]
    if len(parts) > MAX_PAGES:
        raise TooLarge(f"OFD 文件超过 {MAX_PAGES} 页", "请拆分后重新导入")
    beside = _annotations(package, document, root)
    used: Counter[str] = Counter()
    roots = []
    for ident, part in parts:
        page = package.xml(part)
        if page is None:
            raise Damaged("OFD 文件不完整：缺少页面", "请重新下载，或在 OFD 阅读器中另存为 PDF 后再导入")
        names = [value(e, "TemplateID") or "" for e in page.findall("{*}Template")]
        used.update(names)
        roots.append((ident, page, names))
    out, characters = [], 0
    for ident, page, names in roots:
        height = (_box(child(page, "Area", "PhysicalBox")) or size or (0.0, 0.0, 210.0, 297.0))[3] * _POINTS
        runs, left_out = list(_runs(page)), list(beside.get(ident, []))
        for name in names:
            drawn = list(_runs(package.xml(templates.get(name, ""))))
            if used[name] > 1:
                left_out += [LeftOut("running_head", row.text) for row in _rows(drawn, height)]
            else:
                runs += drawn
        characters += sum(len(run.text) for run in runs)
        if characters > MAX_CHARACTERS:
            raise TooLarge(f"OFD 文件超过 {MAX_CHARACTERS // 10_000} 万字", "请拆分后重新导入")
        out.append(_Page(_rows(runs, height), left_out))
    return out


def _annotations(package: Package, document: str, root: Any) -> dict[str, list[LeftOut]]:
    """What is written in annotations, by the id of the page."""
    out: dict[str, list[LeftOut]] = {}
    location = child(root, "Annotations")
    index = _part(document, location.text) if location is not None else ""
    listed = package.xml(index)
    for page in [] if listed is None else listed.findall("{*}Page"):
        found = child(page, "FileLoc")
        notes = package.xml(_part(index, found.text)) if found is not None else None
        for note in [] if notes is None else notes:
            mark = (value(note, "Type") or "").lower() == "watermark"
            texts = [LeftOut("watermark" if mark else "comment", row.text) for row in _rows(list(_runs(note)), 1.0)]
            out.setdefault(value(page, "PageID") or "", []).extend(texts)
    return out


# -- text --------------------------------------------------------------------------------------------------------------


def _runs(page: Any) -> Iterator[_Run]:
    """The pieces of text of a page; objects of no size and invisible ones are left alone."""
    for element in [] if page is None else page.iter("{*}TextObject"):
        if value(element, "Visible") == "false":
            continue
        box = _box(element, "Boundary") or (0.0, 0.0, 0.0, 0.0)
        matrix = _numbers(value(element, "CTM"))
        across, down, skew, tall, right, below = matrix if len(matrix) == 6 else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        size = (_numbers(value(element, "Size")) or [0.0])[0] * abs(tall or down or 1.0)
        x = y = 0.0
        for code in element:
            if local(code) != "TextCode" or not code.text:
                continue
            x = (_numbers(value(code, "X")) or [x])[0]  # where it is not said, that of the one before
            y = (_numbers(value(code, "Y")) or [y])[0]
            text = re.sub(r"[\t\r\n]", " ", code.text)
            left, baseline = box[0] + across * x + skew * y + right, box[1] + down * x + tall * y + below
            width = across * sum(_deltas(value(code, "DeltaX"), len(text) - 1)) + size if len(text) > 1 else size
            if not value(code, "DeltaX"):
                width = max(box[2], size * len(text) if len(text) > 1 else size)
            yield _Run(text, baseline * _POINTS, left * _POINTS, (left + width) * _POINTS, size * _POINTS)


def _deltas(text: str | None, most: int) -> list[float]:
    """The steps from letter to letter; `g 3 2.5` stands for three of 2.5 (GB/T 33190 11.3)."""
    out: list[float] = []
    words = (text or "").split()
    at = 0
    while at < len(words) and len(out) < most:
        if words[at] == "g" and at + 2 < len(words):
            count = int((_numbers(words[at + 1]) or [0.0])[0])
            out += (_numbers(words[at + 2]) or [0.0]) * max(0, min(count, most - len(out)))
            at += 3
        else:
            out += _numbers(words[at])
            at += 1
    return out


def _rows(runs: list[_Run], height: float) -> list[_Row]:
    """The lines of a page: pieces whose baselines differ by less than half of their height are one."""
    lines: list[list[_Run]] = []
    for run in sorted((run for run in runs if run.text.strip()), key=lambda run: run.baseline):
        if lines and run.baseline - lines[-1][0].baseline < 0.5 * max(run.size, lines[-1][0].size):
            lines[-1].append(run)
        else:
            lines.append([run])
    out = []
    for line in lines:
        line.sort(key=lambda run: run.left)
        text, end = "", line[0].left
        for run in line:
            text += (" " if text and run.left - end > _GAP * run.size else "") + run.text
            end = max(end, run.right)
        size = max(run.size for run in line)
        out.append(_Row(text.strip(), (line[0].baseline - size) / height, line[0].left, end, size))
    return out


def _lines(pages: list[_Page]) -> Builder:
    counts = Counter(key for page in pages for key in {row.key for row in page.rows if row.marginal})
    running = {key for key, count in counts.items() if count >= max(3, 0.4 * len(pages))}
    own: list[tuple[int, _Row]] = []
    heads: list[tuple[int, _Row]] = []
    for number, page in enumerate(pages, start=1):
        for row in page.rows:
            (heads if row.marginal and row.key in running else own).append((number, row))
    places = [Place(number, row.left, row.right, row.size) if row.size else None for number, row in own]
    out = Builder()
    for (number, row), joined in zip(own, goes_on([row.text for _, row in own], places), strict=True):
        out.add(row.text, page=number, goes_on=joined)
    for number, row in heads:
        out.leave_out("page_number" if row.key[0].strip("-—–第页共") == "#" else "running_head", row.text, number)
    for number, page in enumerate(pages, start=1):
        for left in page.left_out:
            out.leave_out(left.reason, left.text, number)
    return out


def _box(element: Any, name: str = "") -> tuple[float, float, float, float] | None:
    """Left, top, width and height, from an attribute or from the text of an element."""
    numbers = [] if element is None else _numbers(value(element, name) if name else element.text)
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _numbers(text: str | None) -> list[float]:
    return [
        float(word) for word in (text or "").split() if re.fullmatch(r"-?\d{1,9}(?:\.\d{1,12})?|-?\.\d{1,12}", word)
    ]
