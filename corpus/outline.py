"""Canonical text -> clause tree.

Numbering in official documents is a stack: a mark of a family that is open (一、 under 一、) is the next sibling there, a
mark of a family that is not open begins a list inside the clause at hand. Whether a mark is believed depends on its
number: it must begin at one or go on from the last one, so that references (第二十二条第（二）、（四）项) and quoted
amendments stay text. 编 章 节 条 have a fixed order (Legislation Law, art. 65); a paragraph of an article is a 款.
Attachments, the plan after the notice that issues it, and an interpretation after its policy are parts: numbering
starts afresh in each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s

from corpus.bulletin import Draft
from corpus.canonical import Paragraph
from corpus.markers import ENCLOSED, Marker, class_of, marker_of
from corpus.titles import DATE_LINE, ENDS, ISSUES, NAMES, NUMBER_LINE, PARENTHETICAL, squeeze, tidy
from corpus.tree import Node, clauses_of, finish, within
from corpus.types import Anchor, Clause

_INSIDE_CLASS = ("para", "row", "text", "bullet", "dec", "ar", "ar_paren", "ar_half", "circled")
_FIXED = {"part": 1, "chapter": 2, "section": 3, "article": 4}
_ATTACHMENT = re.compile(r"^附\s*([件表录])\s*(?:([0-9一二三四五六七八九十]{1,3})\s*[：:]?)?$")
_CONTENTS = re.compile(r"^目\s*[录次]$")
_LONGEST_CONTENTS = 400  # lines of a contents list
_LISTING = re.compile(r"^附\s*+(?:件\s*+)?[：:]")
_NOTES = re.compile(r"^(?:说明|备注|注)\s*[：:]")
_INTERPRETATION = re.compile(r"^(?:政策)?解读[：:]?$")
_CLOSING = re.compile(
    r"^(?:本|以上|上述)[^。，]{0,14}(?:自|从|由|所|有效期|执行期|实施期|解释|未)|^(?:国家|国家、省|国家和省|上级)[^。]{0,24}(?:另有|新政策|从其规定)"
    r"|^(?:同一|各部门|执行期间|未特别|各地各部门要|各地要)|^附\s*+(?:件\s*+)?[：:]|^[（(](?:此件|联系|此文)"
)
_CLOSING_OF_ARTICLES = re.compile(r"^附\s*+(?:件\s*+)?[：:]|^附[表录则图]?$|^[（(](?:此件|联系|此文)")
_SIGNATURE = re.compile(r"^[^。，；：]{2,40}$")
_DAY = re.compile(r"^((\d{1,2})(?:[-—～~至]\d{1,2})?日)\s")
_BULLET = re.compile(r"^[●•◆■▪★]\s*")
_INLINE = re.compile(
    r"(?:(?<=[。；：;:，”）)])|(?<=\s)(?<!\s\s))\s*+(?=第[〇零一二三四五六七八九十百千0-9]{1,8}条[\s　]?|[（(][一二三四五六七八九十]{1,3}[）)]|[（(]?[0-9]{1,2}[）)]"
    r"|[0-9]{1,2}[．、]|[0-9]{1,2}\.(?![0-9])|[0-9]{1,2}\.(?=(?:19|20)[0-9]{2}年)|[一二三四五六七八九十]{1,3}、|["
    + "".join(ENCLOSED)
    + "])"
)
_SPACED_ARTICLE = re.compile(r"第\S{1,9}条(?:之\S{1,3})?\s+\S")  # references in running text have no space
_HEADING_MAX = 40
_AMOUNT = re.compile(r"[0-9](?:万|%|％|亿)")


@dataclass(frozen=True, slots=True)
class Outline:
    """The canonical text of a document, where each stretch was read, and its clauses in document order."""

    text: str
    anchors: tuple[Anchor, ...]
    clauses: tuple[Clause, ...]


def build(draft: Draft, title: str) -> Outline:
    """The outline of one document. Ids are made from `document_id(text)` and the addresses, so they do not change."""
    segments, text, anchors = _segments(draft)
    root = _Grower(title, draft).grow(segments)
    finish(root, len(text))
    document = document_id(text)
    return Outline(text, tuple(anchors), tuple(clauses_of(root, document, text)))


def document_id(text: str) -> str:
    """The id of a document with this canonical text: 16 hexadecimal digits."""
    return blake2s(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    start: int
    paragraph: int
    first: bool  # begins its paragraph
    level: int
    cells: tuple[str, ...]
    header: bool = False
    particular: bool = False


def _segments(draft: Draft) -> tuple[list[_Segment], str, list[Anchor]]:
    """The paragraphs, cut where numbered items stand inside them; the text; the anchors of the text."""
    segments: list[_Segment] = []
    anchors: list[Anchor] = []
    parts: list[str] = []
    offset = 0
    for n, paragraph in enumerate(draft.paragraphs):
        anchors += [Anchor(offset + o, line, page) for o, line, page in paragraph.anchors]
        cuts = [0, *_inline_items(paragraph), len(paragraph.text)]
        for i, (a, b) in enumerate(zip(cuts, cuts[1:], strict=False)):
            piece = paragraph.text[a:b]
            if paragraph.cells:  # a row is whole: the tabs around a blank cell hold its place
                segments.append(_Segment(piece, offset, n, True, 0, paragraph.cells, paragraph.header))
                continue
            lead = len(piece) - len(piece.lstrip())
            level = paragraph.level if i == 0 else 0
            start = offset + a + lead
            segments.append(_Segment(piece.strip(), start, n, i == 0, level, (), False, paragraph.particular))
        parts.append(paragraph.text)
        offset += len(paragraph.text) + 1
    return segments, "\n".join(parts), anchors


def _inline_items(paragraph: Paragraph) -> list[int]:
    """Offsets where items begin inside a paragraph: （一）…；（二）…, a run from one on or on from the paragraph's own."""
    if paragraph.cells or len(paragraph.text) < 12:
        return []
    own = marker_of(paragraph.text)
    found: list[tuple[int, Marker]] = []
    for match in _INLINE.finditer(paragraph.text):
        marker = marker_of(paragraph.text[match.end() : match.end() + 40])
        if marker and not (found and match.end() == found[-1][0]):
            found.append((match.end(), marker))
    if not found:
        return []
    last = {own.family: own.number} if own else {}
    total: dict[str, int] = {}
    for _, marker in found:
        total[marker.family] = total.get(marker.family, 0) + 1
    out = []
    for at, marker in found:
        follows = marker.number == last.get(marker.family, 0) + 1
        starts_run = marker.number == 1 and total[marker.family] >= 2
        strong = paragraph.text[max(0, at - 3) : at].rstrip().endswith(("。", "；", "：", ";", ":"))
        if strong and follows and (starts_run or marker.number > 1):
            out.append(at)
            last[marker.family] = marker.number
    return out


class _Grower:
    """Grows the tree of one document from its segments, in one pass."""

    def __init__(self, title: str, draft: Draft) -> None:
        self.title = squeeze(title)
        self.title_from, self.title_until = draft.title_from, draft.body_from
        self.root = Node("root", 0, 0, 0)
        self.part = self.root
        self.at = self.root  # the innermost open node
        self.multi = 0  # numbered clauses of this part that have a second paragraph
        self.leaves = 0
        self.listing = False

    def grow(self, segments: list[_Segment]) -> Node:
        self.segments = segments
        self.closing_from = _closing_starts(segments)
        self.chronicle = sum(bool(_DAY.match(s.text)) for s in segments) >= 3
        i = 0
        while i < len(segments):
            i += self._step(i)
        return self.root

    def _step(self, i: int) -> int:
        """Takes segment `i` (and what belongs to it); returns how many segments were taken."""
        segment = self.segments[i]
        if self.title_from <= segment.paragraph < self.title_until:
            return self._take_title(i)
        if segment.paragraph < self.title_from or segment.particular:
            self.part_tail(segment, segment.start + len(segment.text))
            return 1
        if taken := self._take_contents(i) or self._take_part(i):
            return taken
        if segment.cells:
            self._take_row(i)
            return 1
        marker = self._believed(segment)
        if self._is_listing(segment):
            self.part_tail(segment, segment.start + len(segment.text))
        elif marker:
            self._take_marker(segment, marker)
        elif self.chronicle and (_DAY.match(segment.text) or _BULLET.match(segment.text)):
            self._take_event(segment)
        elif self._is_class(i):
            self._take_class(segment)
        elif segment.level or self._is_group(i):
            self._take_heading(i)
        else:
            self._take_paragraph(i)
        return 1

    def _is_listing(self, segment: _Segment) -> bool:
        """Whether a segment is in the list of attachments: 附件：1．… and the numbered lines after it."""
        self.listing = bool(_LISTING.match(segment.text)) or (self.listing and marker_of(segment.text) is not None)
        return self.listing

    # -- pieces --------------------------------------------------------------------------------------------------------

    def _take_title(self, i: int) -> int:
        end = i
        while end < len(self.segments) and self.segments[end].paragraph < self.title_until:
            end += 1
        first, last = self.segments[i], self.segments[end - 1]
        self.root.add(Node("title", 0, first.start, last.start + len(last.text), address="标题"))
        return end - i

    def _take_contents(self, i: int) -> int:
        """A contents list: the headings after 目录, up to where the first of them stands again."""
        segments = self.segments
        if not _CONTENTS.match(segments[i].text) or i + 2 >= len(segments):
            return 0
        first = squeeze(re.sub(r"(?<![.．…·\s])[.．…·\s]++\d*+$|(?<!\d)\d++$", "", segments[i + 1].text))
        for j in range(i + 2, min(len(segments), i + _LONGEST_CONTENTS)):
            if len(first) >= 3 and squeeze(segments[j].text) == first:
                last = segments[j - 1]
                self.part.add(Node("text", 0, segments[i].start, last.start + len(last.text)))
                self.at = self.part
                return j - i
        return 0

    def _take_part(self, i: int) -> int:
        """An attachment, an interpretation, or the plan after its notice."""
        segment = self.segments[i]
        if not segment.first or segment.cells:
            return 0
        label, taken = "", 0
        if (match := _ATTACHMENT.match(segment.text)) and len(segment.text) <= 8:
            label, taken = f"附{match[1]}{match[2] or ''}", 1
        elif _INTERPRETATION.match(segment.text) and i > 3:
            label, taken = "解读", 1
        heading, lines = self._part_title(i + taken)
        if not taken and not (lines and self._is_issued(heading, i)):
            return 0
        last = self.segments[i + taken + lines - 1]
        node = Node("part", 0, segment.start, last.start + len(last.text), label, heading)
        self.part = self.at = self.root.add(node)
        return taken + lines

    def _part_title(self, i: int) -> tuple[str, int]:
        title = ""
        for n in range(4):
            if i + n >= len(self.segments):
                break
            s = self.segments[i + n]
            plain = s.first and not s.cells and 2 <= len(s.text) <= 60 and not re.search(r"[。；：]$", s.text)
            if not plain or marker_of(s.text) or DATE_LINE.match(s.text) or NUMBER_LINE.match(s.text):
                break
            title += s.text
            if ENDS.search(title) or re.search(r"[表图书]$", title):
                after = self.segments[i + n + 1] if i + n + 1 < len(self.segments) else None
                if after is not None and PARENTHETICAL.match(after.text):
                    return tidy(title + after.text), n + 2
                if after is None or not (s.level and after.level and ENDS.search(after.text)) or marker_of(after.text):
                    return tidy(title), n + 1
        return "", 0

    def _is_issued(self, heading: str, i: int) -> bool:
        """Whether a heading is the title of the plan that the notice before it issues."""
        core = squeeze(heading).replace("的", "")
        if len(core) < 8 or not 0 < i <= 60 or self.part is not self.root:
            return False
        before = "".join(s.text for s in self.segments[:i])
        named = core in squeeze(before).replace("的", "")
        return named and bool(ISSUES.search(before[:2000]))

    def _take_row(self, i: int) -> None:
        segment = self.segments[i]
        parent = self.at
        while parent.kind in ("row", "para", "text"):
            parent = parent.parent or self.root
        number = 0 if segment.header else parent.count("row")
        lead = segment.cells[0]
        label = "表头" if segment.header else (f"序号{lead}" if re.fullmatch(r"\d{1,4}", lead) else f"第{number}行")
        parent.add(Node("row", number, segment.start, segment.start + len(segment.text), label))

    def _is_group(self, i: int) -> bool:
        """A short line right above a table: 一 等 奖."""
        s = self.segments[i]
        return bool(
            s.first
            and len(s.text) <= 24
            and i + 1 < len(self.segments)
            and self.segments[i + 1].cells
            and not re.search(r"[。；：，]", s.text)
            and not re.match(r"^[（(].*[）)]$", s.text)
        )

    def _is_class(self, i: int) -> bool:
        """Whether a line opens one of the classes that a list is told apart by: 第二类, over numbers that begin again."""
        segment = self.segments[i]
        if not segment.first or class_of(segment.text) is None or i + 1 >= len(self.segments):
            return False
        after = self.segments[i + 1]
        marker = marker_of(after.text)
        return bool(after.cells) or (marker is not None and marker.number == 1) or bool(self.part.label)

    def _take_class(self, segment: _Segment) -> None:
        number, label, heading = class_of(segment.text) or (0, "", "")
        parent = self.at
        while parent is not self.part and (parent.kind == "group" or parent.kind in _INSIDE_CLASS):
            parent = parent.parent or self.part
        end = segment.start + len(segment.text)
        self.at = parent.add(Node("group", number, segment.start, end, label, heading))

    def _take_heading(self, i: int) -> None:
        """A heading without a number: a group of table rows, or a heading that the format itself marks."""
        segment = self.segments[i]
        level = segment.level or 9
        parent = self.at
        while parent is not self.part and not (parent.kind == "heading" and parent.depth < level):
            parent = parent.parent or self.part
        heading = re.sub(r"(?<=[一-鿿])\s+(?=[一-鿿])", "", segment.text) if len(segment.text) <= 24 else segment.text
        node = Node("heading", 0, segment.start, segment.start + len(segment.text), "", heading, depth=level)
        self.at = parent.add(node)

    def _take_event(self, segment: _Segment) -> None:
        """An event of a chronicle: the first of a day carries the date, the others inherit it."""
        end = segment.start + len(segment.text)
        if match := _DAY.match(segment.text):
            day = Node("day", int(match[2]), segment.start, end, match[1])
            self.at = self.part.add(day)
            return
        parent = self.at
        while parent.kind not in ("day", "root", "part"):
            parent = parent.parent or self.part
        number = parent.count("bullet")
        parent.add(Node("bullet", number, segment.start, end, f"●{number}"))
        self.at = parent

    def _take_marker(self, segment: _Segment, marker: Marker) -> None:
        parent = self._parent_for(marker)
        end = segment.start + len(segment.text)
        body = segment.text[marker.length :].strip()
        node = Node(marker.family, marker.number, segment.start, end, marker.label, "", marker.depth)
        if marker.family == "article" or not within(parent, "article"):
            node.heading = _heading_of(body, marker)
        self.part.last[_key(marker)] = marker.number
        self.at = parent.add(node)
        self.leaves += 1
        if marker.family == "article":
            start = segment.start + min(marker.length, len(segment.text))
            self.at = node.add(Node("para", 1, start, end))

    def _take_paragraph(self, i: int) -> None:
        segment = self.segments[i]
        end = segment.start + len(segment.text)
        closes = self._is_signature(i) or self._is_document_closing(i)
        noted = bool(_NOTES.match(segment.text)) and within(
            self.at, "group"
        )  # 说明 under a list of classes is of them all
        if i >= self.closing_from or self.at is self.part or closes or noted:
            self.part_tail(segment, end)
            return
        host = self.at
        article = host
        while article is not None and article.kind != "article":
            article = article.parent  # type: ignore[assignment]
        if article is not None:
            number = 1 + article.count("para")
            self.at = article.add(Node("para", number, segment.start, end))
            return
        while host.kind in ("para", "row", "bullet"):
            host = host.parent or self.part
        bare = host.heading and host.end - host.start <= len(host.label) + len(host.heading) + 6
        number = host.count("para") + (0 if bare else 1)
        host.add(Node("para", number, segment.start, end))
        self.multi += number > 1
        self.at = host

    def part_tail(self, segment: _Segment, end: int) -> None:
        """A paragraph of the document (or attachment) itself: before the first number, or closing it."""
        self.part.add(Node("text", 0, segment.start, end))
        self.at = self.part

    def _is_signature(self, i: int) -> bool:
        """Whether a segment is a date on a line of its own, or the name over one."""
        text, after = self.segments[i].text, self.segments[i + 1].text if i + 1 < len(self.segments) else ""
        return bool(DATE_LINE.match(text) or (_SIGNATURE.match(text) and DATE_LINE.match(after)))

    def _is_document_closing(self, i: int) -> bool:
        """Unnumbered text after the last number of a part whose clauses were all one paragraph long closes the part."""
        if self.leaves < 4 or self.multi or self.at.kind in ("chapter", "section", "part", "heading"):
            return False
        if within(self.at, "article"):
            return False  # a paragraph after an article is its next 款
        if self.at.heading and self.at.end - self.at.start <= len(self.at.label) + len(self.at.heading) + 6:
            return False  # the body of a bare heading
        rest = self.segments[i : i + 40]
        return not any(s.cells or s.level or marker_of(s.text) or _ATTACHMENT.match(s.text) for s in rest)

    # -- belief --------------------------------------------------------------------------------------------------------

    def _believed(self, segment: _Segment) -> Marker | None:
        """The mark of a segment, where its number says that it is a clause of this document."""
        marker = marker_of(segment.text)
        if marker is None or (not segment.first and marker.family in _FIXED and marker.family != "article"):
            return None
        if marker.family in ("part", "chapter", "section"):
            return marker if len(segment.text) <= 60 and not re.search(r"[。；]", segment.text) else None
        last = self.part.last.get(_key(marker), 0)
        if marker.family == "article":
            gap = marker.number - last
            if gap == 0 and "之" in marker.label:  # 第二条之一 after 第二条
                return marker
            excerpt = gap > 6 and segment.first and _SPACED_ARTICLE.match(segment.text)  # 第二十条 after 第五条
            return marker if (1 <= gap <= 6 or (last == 0 and gap >= 1) or marker.number == 1 or excerpt) else None
        open_number = self._open_number(marker)
        follows = marker.number in (open_number + 1, last + 1)
        return marker if marker.number == 1 or follows or 0 < marker.number - open_number <= 3 else None

    def _open_number(self, marker: Marker) -> int:
        node: Node | None = self.at
        while node is not None and node is not self.part:
            if node.kind == marker.family and node.depth == marker.depth:
                return node.number
            node = node.parent
        return 0

    def _parent_for(self, marker: Marker) -> Node:
        chain = list(self._open_nodes())
        if marker.family in _FIXED:
            rank = _FIXED[marker.family]
            for node in chain:
                if node.kind in _FIXED and _FIXED[node.kind] < rank:
                    return node
            return self.part
        if marker.family == "dec":
            for node in chain:
                if node.kind == "dec" and node.depth < marker.depth:
                    return node
            return self.part
        for node in chain:
            if node.kind == marker.family:
                return node.parent or self.part
        if marker.family == "cn":
            for node in chain:
                if node.kind == "para" and node.parent is not None and node.parent.kind == "article":
                    return node
                if node.kind in _FIXED or node.kind in ("heading", "group"):
                    return node
            return self.part
        for node in chain:
            if node.kind == "para" and (node.parent is None or node.parent.kind != "article"):
                continue
            if node.kind not in ("row", "text", "bullet"):
                return node
        return self.part

    def _open_nodes(self) -> Iterator[Node]:
        node: Node | None = self.at
        while node is not None and node is not self.part:
            yield node
            node = node.parent


def _key(marker: Marker) -> str:
    return f"{marker.family}{marker.depth}"


def _closing_starts(segments: list[_Segment]) -> int:
    """The index from which on only closing paragraphs of the document follow (validity, signature, date)."""
    start = len(segments)
    signed = False  # what follows is a date, or a signature over one
    # An unnumbered paragraph after an article is a 款 of it, whatever it says; only other kinds of document have closing ones.
    articles = sum((m := marker_of(s.text)) is not None and m.family == "article" for s in segments) >= 2
    closing = _CLOSING_OF_ARTICLES if articles else _CLOSING
    for i in range(len(segments) - 1, -1, -1):
        text = segments[i].text
        if segments[i].cells or segments[i].level or marker_of(text) or NAMES.match(text):
            break
        signed = bool(DATE_LINE.match(text)) or (signed and bool(_SIGNATURE.match(text)))
        if closing.match(text) or signed:
            start = i
        elif start < len(segments) and not _SIGNATURE.match(text) and len(text) > 400:
            break
    return start


def _heading_of(body: str, marker: Marker) -> str:
    """The clause's own heading: 加强企业梯次培育 of （二）加强企业梯次培育。对获评…"""
    if marker.family == "article":
        match = re.match(r"^[【\[（(]([^】\]）)]{2,20})[】\]）)]\s*", body)
        return match[1] if match and body[match.end() :] else ""
    if len(body) <= (16 if body.endswith("。") else _HEADING_MAX) and not re.search(r"[。；：]", body.rstrip("。：")):
        if body.endswith("。") and _AMOUNT.search(body):
            return ""  # a short sentence
        return re.sub(r"(?<=[一-鿿])\s+(?=[一-鿿])", "", body.rstrip("。："))
    match = re.match(r"^([^。；：]{2,36})[。：]", body)
    return match[1].strip() if match and not _AMOUNT.search(match[1]) else ""
