"""One file -> the documents that stand in it.

Bulletins and compilations glue documents together: the next title follows the last sentence of the one before, often
without a line break, or is missing altogether. A new document is seen by a title (form and what follows it), by
addressees or a restarted numbering glued to a finished sentence, or by the entries of a contents list.
A notice and the plan it issues, and a policy and the interpretation printed with it, stay one document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corpus.canonical import Paragraph
from corpus.markers import marker_of
from corpus.titles import (
    BEGINS,
    DATE_LINE,
    ENDS,
    ENDS_FIRMLY,
    ISSUE_LINE,
    ISSUES,
    NAMES,
    NUMBER_LINE,
    PARENTHETICAL,
    squeeze,
    tidy,
)

_OPENING = re.compile(
    r"^(?:为|根据|按照|依据|依照|遵照|经[^。]{0,24}(?:同意|批准|研究)|现将|各[^。]{2,120}[：:]|第一[条章编]|一\s*[、．.]|1\s|1[、．.]"
    r"|[（(]\s*\d{4}\s*年|[（(]一[）)]|[一-鿿]{1,14}[〔\[［（(]\s*\d{4}|\d{1,2}日\s|近日|\d{1,2}月\d{1,2}日|《[^》]{2,60}》|目\s*录"
    r"|\d{4}年是|[^。]{2,80}(?:制定|提出|如下)|[一-鿿]{2,12}决定|\d{4}年\d{1,2}月\d{1,2}日)"
)
_ADDRESSEES = re.compile(r"(?:各[^。；！？：]{2,140}|[^。；！？：，]{2,40}[，、][^。；！？：]{2,100})：$")
_GLUED_ADDRESSEES = re.compile(r"(?<=[。！）])(各[^。！？：]{4,160}：)$")
_GLUED_RESTART = re.compile(r"(?<=[。！）])(一、[^。；，：]{2,30})$")
_GLUED_FIRST_ARTICLE = re.compile(r"(?<=[。！）])(第一[章条编]\s*[^\s。]*.*)$")
_ATTACHMENT = re.compile(r"^附\s*(?:件|表|录)?\s*(?:[0-9一二三四五六七八九十]{1,3}(?![0-9年月日]))?\s*[：:．.]?")
_ATTACHMENT_GLUE = re.compile(
    r"(?:表|清单|名单|目录|图|方案|计划|细则|办法|意见|措施|要点|分工)(?=(?:[一-鿿]{2,4}(?:省|市|县|区|州)|关于|中国[（(]|中共))"
)
_CONTENTS = re.compile(r"^(?:[一二三四五六七八九十]{1,3}[、．.]|\d{1,2}[、．.])?\s*(.{4,90}?)\s*[.．…·]{3,}\s*\d{1,4}$")
_TERMINAL = tuple("。！？；：…，、!?;:,")
_CLOSED = tuple("。！？；…”）)》")
_BRACKETED = re.compile(r"^[（(][^（）()]*[）)]$")
_QUOTED = re.compile(r"《([^《》]{4,80})》")


@dataclass(slots=True)
class Draft:
    """The paragraphs of one document as they stand in its file, with the title found or None."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str | None = None
    title_paragraphs: int = 0  # how many of the first paragraphs are the title
    attachments: list[str] = field(default_factory=list)  # the lines that list its attachments, squeezed
    listing: bool = False

    def append(self, paragraph: Paragraph) -> None:
        """Takes the next paragraph, and notes it where it names attachments (附件：1．… 2．…)."""
        self.paragraphs.append(paragraph)
        self.listing = bool(_ATTACHMENT.match(paragraph.text)) or (
            self.listing and marker_of(paragraph.text) is not None
        )
        if self.listing:
            self.attachments.append(squeeze(paragraph.text))


def split(paragraphs: list[Paragraph]) -> list[Draft]:
    """The documents of a file, in order; every paragraph is in exactly one of them."""
    contents = _contents(paragraphs)
    if len(contents) >= 2:
        return _by_contents(paragraphs, contents)
    pieces = _unglue(paragraphs)
    drafts: list[Draft] = []
    current = Draft()
    i = 0
    while i < len(pieces):
        paragraph, glued = pieces[i]
        begins = bool(glued) and bool(current.paragraphs) and not _issues_current(pieces, i, glued, current)
        block = _title_block(pieces, i, current, glued) or (_first_title(pieces) if i == 0 else None)
        if block:
            begins = bool(current.paragraphs)
        if begins:
            drafts.append(current)
            current = Draft()
        if block:
            current.title, current.title_paragraphs = block[1], block[0]
            for piece, _ in pieces[i : i + block[0]]:
                current.append(piece)
            i += block[0]
        else:
            current.append(paragraph)
            i += 1
    if current.paragraphs:
        drafts.append(current)
    return drafts


# -- glued documents ---------------------------------------------------------------------------------------------------


def _unglue(paragraphs: list[Paragraph]) -> list[tuple[Paragraph, str]]:
    """Each paragraph, cut where another document begins inside it; the second value names the evidence ("" for none)."""
    out: list[tuple[Paragraph, str]] = []
    top = 0  # how far the highest-level numbering of the document at hand has counted
    for i, paragraph in enumerate(paragraphs):
        marker = marker_of(paragraph.text)
        if marker and marker.family in ("cn", "article"):
            top = marker.number
        at, evidence = _glue_point(paragraphs, i, top)
        if at is None:
            out.append((paragraph, ""))
            continue
        head, tail = paragraph.split(at)
        out += [(head, ""), (tail, evidence)]
        top = 1 if evidence == "numbering" else 0
    return out


def _glue_point(paragraphs: list[Paragraph], i: int, top: int) -> tuple[int | None, str]:
    paragraph = paragraphs[i]
    text = paragraph.text
    if paragraph.cells or paragraph.level:
        return None, ""
    if match := _GLUED_ADDRESSEES.search(text):
        return match.start(1), "addressees"
    if top >= 2 and (match := _GLUED_RESTART.search(text)):
        return match.start(1), "numbering"
    if top >= 2 and (match := _GLUED_FIRST_ARTICLE.search(text)):
        return match.start(1), "numbering"
    at = max(text.rfind(c) for c in "。！；") + 1
    if 0 < at < len(text):
        while at < len(text) and text[at] in "”’）)》 ":
            at += 1
        if _is_glued_title(paragraphs, i, text[at:].strip()):
            return at, "title"
    if _ATTACHMENT.match(text) or (
        i and _ATTACHMENT.match(paragraphs[i - 1].text) and len(paragraphs[i - 1].text) <= 8
    ):
        for match in _ATTACHMENT_GLUE.finditer(text):
            if _is_glued_title(paragraphs, i, text[match.end() :]):
                return match.end(), "title"
    return None, ""


def _is_glued_title(paragraphs: list[Paragraph], i: int, tail: str) -> bool:
    if not 3 <= len(tail) <= 90 or tail.endswith(_TERMINAL) or re.search(r"[。；：，]", tail) or marker_of(tail):
        return False
    if _ATTACHMENT.match(tail):
        return False
    lines, j = tail, i + 1
    while True:
        follow = _after_heading(paragraphs, j) or ""
        if ENDS.search(lines) and _names_law(lines, follow):
            return True
        if ENDS.search(lines) and len(lines) >= 8 and BEGINS.search(lines):
            return len(follow) >= 20 or bool(_OPENING.match(follow))
        if j >= len(paragraphs) or j > i + 3 or not _is_title_line(paragraphs[j].text):
            return False
        lines += paragraphs[j].text
        j += 1


_LAW_OPENING = re.compile(
    r"^(?:第一[章编条](?:\s|总则|为|根据|本|在)|目\s*录$|[（(]?\s*(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日[^。]{0,80}(?:通过|公布|发布|批准|修订|施行|令第|审议))"
)


def _names_law(title: str, follow: str) -> bool:
    """Whether a title, however short (献血条例), stands over the first article or the history of a law."""
    return len(title) >= 4 and bool(_LAW_OPENING.match(follow)) and re.search(r"[章节条]\s", title) is None


def _after_heading(paragraphs: list[Paragraph], j: int) -> str | None:
    while j < len(paragraphs) and PARENTHETICAL.match(paragraphs[j].text):
        j += 1
    return paragraphs[j].text if j < len(paragraphs) else None


# -- titles on lines of their own --------------------------------------------------------------------------------------


def _is_title_line(text: str) -> bool:
    return (
        2 <= len(text) <= 80
        and not text.endswith(_TERMINAL)
        and not re.search(r"[。；：]", text)
        and marker_of(text) is None
        and not DATE_LINE.match(text)
        and not NUMBER_LINE.match(text)
        and not ISSUE_LINE.match(text)
        and not _ATTACHMENT.match(text)
        and not _BRACKETED.match(text)
        and not NAMES.match(text)
        and "\t" not in text
    )


def _title_block(pieces: list[tuple[Paragraph, str]], i: int, current: Draft, glued: str) -> tuple[int, str] | None:
    """(number of paragraphs, title) where the title of a document begins at `i`, else None."""
    if glued not in ("", "title") or not _may_begin(current, glued):
        return None
    if not glued and _listed(pieces[i][0].text, current):
        return None
    title, j = "", i
    while j < len(pieces) and j < i + 5 and (j == i or not pieces[j][1]) and _is_title_line(pieces[j][0].text):
        title += pieces[j][0].text
        j += 1
        following = pieces[j][0].text if j < len(pieces) else ""
        sure = (len(title) >= 8 and BEGINS.search(title)) or _names_law(title, following)
        if not sure or not (ENDS if glued else ENDS_FIRMLY).search(title):
            continue
        while j < len(pieces) and PARENTHETICAL.match(pieces[j][0].text):
            title += pieces[j][0].text
            j += 1
        follow = pieces[j][0].text if j < len(pieces) else ""
        if not (_opens(follow) or (glued and len(follow) >= 20)):
            if _is_title_line(follow):
                continue  # a title whose first lines look like one: 关于印发X办法 | 的通知
            return None
        return None if not glued and _belongs(title, current) else (j - i, tidy(title))
    return None


def _first_title(pieces: list[tuple[Paragraph, str]]) -> tuple[int, str] | None:
    """The title at the very beginning of a file: short lines of any form, over what a document begins with."""
    title = ""
    for n, (paragraph, glued) in enumerate(pieces[:6]):
        if n and (glued or _opens(paragraph.text) or PARENTHETICAL.match(paragraph.text)):
            if PARENTHETICAL.match(paragraph.text):
                return n + 1, tidy(title + paragraph.text)
            return (n, tidy(title)) if len(title) >= 4 and ENDS.search(title) else None
        if not _is_title_line(paragraph.text):
            return None
        title += paragraph.text
    return None


def _opens(text: str) -> bool:
    """Whether a text is what follows a title: a first article, addressees, a number or a date."""
    return any(pattern.match(text) for pattern in (_OPENING, _ADDRESSEES, NUMBER_LINE, ISSUE_LINE))


def _may_begin(current: Draft, glued: str) -> bool:
    """Whether the document at hand may be over: it has a finished sentence, a signature, a table row or a label last."""
    if glued or not current.paragraphs:
        return True
    last = current.paragraphs[-1]
    return bool(
        last.text.endswith(_CLOSED)
        or last.cells
        or DATE_LINE.match(last.text)
        or last.text.endswith("印发")
        or (_listed(last.text, current))
        or _ATTACHMENT.match(last.text)
        or (len(current.paragraphs) > current.title_paragraphs + 2 and not _is_title_line(last.text))
        or NAMES.match(last.text)
        or marker_of(last.text) is not None
    )


def _issues_current(pieces: list[tuple[Paragraph, str]], i: int, glued: str, current: Draft) -> bool:
    """Whether glued addressees begin the notice that issues the document at hand, printed after it."""
    if glued != "addressees" or not current.title or i + 1 >= len(pieces):
        return False
    return squeeze(current.title) in {squeeze(name) for name in _QUOTED.findall(pieces[i + 1][0].text)}


def _belongs(title: str, current: Draft) -> bool:
    """Whether a title is that of the plan which the notice at hand issues, or of one of its attachments."""
    if not current.paragraphs:
        return False
    core = squeeze(title)
    own = squeeze(current.title or "")
    if own and core != own and core in own and ISSUES.search(current.title or ""):
        return True
    if _ATTACHMENT.match(current.paragraphs[-1].text) and len(current.paragraphs[-1].text) <= 8:
        return True
    if _listed(title, current):
        return True
    passed_on = " ".join(p.text for p in current.paragraphs[:8] if ISSUES.search(p.text) and "修改" not in p.text)
    # the plan's own title differs from 《…》 in the notice by a 的 or the place in front
    names = {squeeze(n) for n in _QUOTED.findall(passed_on)} if own != core else set()
    bare = core.replace("的", "")
    return any(bare.endswith(n.replace("的", "")) or n.replace("的", "").endswith(bare) for n in names if len(n) >= 6)


def _listed(title: str, current: Draft) -> bool:
    """Whether the document at hand names this title among its attachments."""
    core = squeeze(title)
    return len(core) >= 4 and any(core in line for line in current.attachments)


# -- contents lists ----------------------------------------------------------------------------------------------------


def _contents(paragraphs: list[Paragraph]) -> list[str]:
    return [squeeze(m[1]) for p in paragraphs if (m := _CONTENTS.match(p.text))]


def _by_contents(paragraphs: list[Paragraph], contents: list[str]) -> list[Draft]:
    """Cut where the titles of a contents list stand again as headings; what is before the first is the cover."""
    wanted = list(contents)
    drafts: list[Draft] = []
    current = Draft()
    i = 0
    while i < len(paragraphs):
        found = _heading_of(paragraphs, i, wanted)
        if found is None:
            current.paragraphs.append(paragraphs[i])
            i += 1
            continue
        if current.paragraphs:
            drafts.append(current)
        length, title = found
        current = Draft(list(paragraphs[i : i + length]), title, length)
        i += length
    return [*drafts, current] if current.paragraphs else drafts


def _heading_of(paragraphs: list[Paragraph], i: int, wanted: list[str]) -> tuple[int, str] | None:
    title = ""
    for length in range(1, 5):
        if i + length > len(paragraphs):
            return None
        text = paragraphs[i + length - 1].text
        if len(text) > 100 or _CONTENTS.match(text):
            return None
        title = tidy(title + text)
        core = squeeze(title)
        if core in wanted and not _completes(paragraphs, i + length, core, wanted):
            wanted.remove(core)
            return length, title
    return None


def _completes(paragraphs: list[Paragraph], j: int, core: str, wanted: list[str]) -> bool:
    """Whether the next paragraph still belongs to a longer title of the list: (征求意见稿) on a line of its own."""
    return j < len(paragraphs) and core + squeeze(paragraphs[j].text) in wanted
