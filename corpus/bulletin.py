"""One file -> the documents that stand in it.

Bulletins and compilations glue documents together: the next title follows the last sentence of the one before, often
without a line break, or is missing altogether. A new document is seen by a title (form and what follows it), by
addressees or a restarted numbering glued to a finished sentence, or by the entries of a contents list.
A notice and the plan it issues, and a policy and the interpretation printed with it, stay one document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from corpus.canonical import Paragraph
from corpus.glue import Piece, unglue
from corpus.head import find_head
from corpus.markers import marker_of
from corpus.particulars import cut
from corpus.titles import (
    ATTACHMENT,
    BEGINS,
    CONTENTS,
    DATE_LINE,
    ENDS,
    ENDS_FIRMLY,
    ISSUES,
    NAMES,
    PARENTHETICAL,
    is_title_line,
    names_law,
    opens,
    squeeze,
    tidy,
)

_CONTENTS = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}[、．.]|\d{1,2}[、．.])?\s*+(.{4,90}?)\s*+[.．…·]{3,}\s*\d{1,4}$"
)
_LONGEST_NOTICE = 30  # paragraphs under the title of a notice that only issues another document
_LONGEST_NOTE_LINES, _LONGEST_NOTE = 4, 160  # paragraphs and characters of a note over a title
_ALIKE = 0.85  # share of two titles that is the same where they name one document
_LONGEST_FRONT = 60  # paragraphs between a title and the same title again
_NEAR = 200  # paragraphs before and after a heading in which the articles around it are looked for
_SKIPPED = 9  # articles that an excerpt may leave out
_ISSUED_ALONE = re.compile(r"修改|修订|修正|废止|(?:通知|决定|公告|通告|令)$")
_FIRST_ARTICLE = re.compile(r"第一[编章条](?:\s|$)|目\s*[录次]$")
_NEWS = re.compile(r"^(?:近日|日前|昨日|今日|记者|(?:\d{4}年)?\d{1,2}月\d{1,2}日[，,上下])")
_CLOSED = tuple("。！？；…”）)》")
_QUOTED = re.compile(r"《([^《》]{4,80})》")


@dataclass(slots=True)
class Draft:
    """The paragraphs of one document as they stand in its file, with the title found or None."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str | None = None
    title_paragraphs: int = 0  # how many paragraphs are the title
    title_from: int = (
        0  # the first of them; what stands before it is the letterhead or what a page prints over the text
    )
    printed: str = ""  # the title with the spaces that it is printed with, where it stands in the head of a file
    attachments: list[str] = field(default_factory=list)  # the lines that list its attachments, squeezed
    listing: bool = False
    cover: bool = False  # what a compilation prints before its first document: its name and contents list

    @property
    def body_from(self) -> int:
        """The first paragraph under the title."""
        return self.title_from + self.title_paragraphs

    def append(self, paragraph: Paragraph) -> None:
        """Takes the next paragraph, and notes it where it names attachments (附件：1．… 2．…)."""
        self.paragraphs.append(paragraph)
        self.listing = bool(ATTACHMENT.match(paragraph.text)) or (
            self.listing and marker_of(paragraph.text) is not None
        )
        if self.listing:
            self.attachments.append(squeeze(paragraph.text))


def split(paragraphs: list[Paragraph]) -> list[Draft]:
    """The documents of a file, in order; every paragraph is in exactly one of them."""
    contents = _contents(paragraphs)
    if len(contents) >= 2 and len(drafts := _by_contents(paragraphs, contents)) >= 2:
        return drafts
    paragraphs = [piece for p in paragraphs[:_LONGEST_FRONT] for piece in cut(p)] + paragraphs[_LONGEST_FRONT:]
    pieces = unglue(paragraphs)
    drafts = []
    current = Draft()
    i = _take_head(pieces, current)
    while i < len(pieces):
        paragraph, glued = pieces[i]
        begins = bool(glued) and bool(current.paragraphs) and not _goes_on(pieces, i, glued, current)
        block = _title_block(pieces, i, current, glued) or (_first_title(pieces) if i == 0 else None)
        if glued == "case":
            block = 1, tidy(paragraph.text)
        if block:
            begins = bool(current.paragraphs) and (bool(glued) or bool(drafts) or not _is_front(current))
        if begins:
            drafts.append(current)
            current = Draft()
        if block:
            current.title, current.title_paragraphs, current.title_from = block[1], block[0], len(current.paragraphs)
            for piece, _ in pieces[i : i + block[0]]:
                current.append(piece)
            i += block[0]
        else:
            current.append(paragraph)
            i += 1
    if current.paragraphs:
        drafts.append(current)
    return drafts


def _take_head(pieces: list[Piece], current: Draft) -> int:
    """Puts the head of the file into its first document; returns how many pieces that took, 0 where it has none."""
    lines = [paragraph for paragraph, _ in pieces[:_LONGEST_FRONT]]
    glued = next((i for i, (_, evidence) in enumerate(pieces[:_LONGEST_FRONT]) if i and evidence), len(lines))
    head = find_head(lines[:glued])
    if head is None:
        return 0
    current.title, current.title_from, current.title_paragraphs = tidy(head.title), head.start, head.count
    current.printed = head.title
    for paragraph in lines[: current.body_from]:
        current.append(paragraph)
    return current.body_from


# -- titles on lines of their own --------------------------------------------------------------------------------------


def _title_block(pieces: list[Piece], i: int, current: Draft, glued: str) -> tuple[int, str] | None:
    """(number of paragraphs, title) where the title of a document begins at `i`, else None."""
    if pieces[i][0].particular or glued not in ("", "title") or not _may_begin(current, glued):
        return None
    if not glued and _listed(pieces[i][0].text, current):
        return None
    title = ""
    j = i + bool(CONTENTS.match(pieces[i][0].text))  # 目录 | 某市供水办法 | 第一章 …: a contents list over the title
    while j < len(pieces) and j < i + 5 and (j == i or not pieces[j][1]) and is_title_line(pieces[j][0].text):
        title += pieces[j][0].text
        j += 1
        following = pieces[j][0].text if j < len(pieces) else ""
        sure = (len(title) >= 8 and BEGINS.search(title)) or names_law(title, following)
        if not sure or not (ENDS if glued else ENDS_FIRMLY).search(title):
            continue
        while j < len(pieces) and PARENTHETICAL.match(pieces[j][0].text):
            title += pieces[j][0].text
            j += 1
        follow = pieces[j][0].text if j < len(pieces) else ""
        if not (opens(follow) or _is_over(pieces, i, j) or (glued and len(follow) >= 20)):
            if is_title_line(follow):
                continue  # a title whose first lines look like one: 关于印发X办法 | 的通知
            return None
        if glued and _is_notice_only(current) and _is_issued(squeeze(title), current):
            return None
        if not glued and (
            _is_inner(title, pieces, j, current)
            or _is_of_news(follow, current)
            or (_FIRST_ARTICLE.match(follow) and _is_introduced(title, current))
        ):
            return None
        return None if not glued and (_repeats(title, current) or _belongs(title, current)) else (j - i, tidy(title))
    return None


def _is_inner(title: str, pieces: list[Piece], j: int, current: Draft) -> bool:
    """Whether a title is a heading between two articles of the document at hand, whose numbers go on behind it: 第七条 … |
    关于子女投靠的解释 | … | 第八条."""
    if _ISSUED_ALONE.search(title):
        return False
    before = next((n for p in reversed(current.paragraphs[-_NEAR:]) if (n := _article(p))), 0)
    after = next((n for p, _ in pieces[j : j + _NEAR] if (n := _article(p))), 0) if before else 0
    return before < after <= before + _SKIPPED


def _is_introduced(title: str, current: Draft) -> bool:
    """Whether a title over a first article is that of the document at hand, which so far only says what is to be known of
    the rule: a page's words on it under its headline."""
    own = squeeze(current.title or "")
    short = len(own) >= 8 and squeeze(title) == own and len(current.paragraphs) <= _LONGEST_FRONT
    return short and not any(_article(p) for p in current.paragraphs)


def _article(paragraph: Paragraph) -> int:
    """The number of the article that a paragraph begins, 0 for none."""
    marker = marker_of(paragraph.text)
    return marker.number if marker is not None and marker.family == "article" else 0


def _is_of_news(follow: str, current: Draft) -> bool:
    """Whether what stands under a title is news beside the news at hand, whose headline is no official title: a box of it."""
    return bool(current.title) and not ENDS.search(current.title or "") and bool(_NEWS.match(follow))


def _is_over(pieces: list[Piece], i: int, j: int) -> bool:
    """Whether a title that is a heading from `i` on ends before `j`: a page prints it above the document's own title."""
    return i < j < len(pieces) and pieces[i][0].level == 1 and not pieces[j][0].level


def _first_title(pieces: list[Piece]) -> tuple[int, str] | None:
    """The title at the very beginning of a file: short lines of any form, over what a document begins with."""
    title = ""
    for n, (paragraph, glued) in enumerate(pieces[:6]):
        over = _is_over(pieces, 0, n) and bool(ENDS.search(title))
        if n and (glued or over or opens(paragraph.text) or PARENTHETICAL.match(paragraph.text)):
            if PARENTHETICAL.match(paragraph.text):
                return n + 1, tidy(title + paragraph.text)
            return (n, tidy(title)) if len(title) >= 4 and ENDS.search(title) else None
        if not is_title_line(paragraph.text):
            return None
        title += paragraph.text
    return None


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
        or ATTACHMENT.match(last.text)
        or (len(current.paragraphs) > current.body_from + 2 and not is_title_line(last.text))
        or NAMES.match(last.text)
        or marker_of(last.text) is not None
    )


def _goes_on(pieces: list[Piece], i: int, glued: str, current: Draft) -> bool:
    """Whether what looks like another document is of the document at hand: addressees that begin the notice which issues
    it, printed after it, or the first sentence of minutes under their title."""
    title = current.title or ""
    if glued == "title":
        return _is_notice_only(current) and _is_issued(squeeze(pieces[i][0].text), current)
    if glued == "minutes":
        return title.endswith("纪要") or len(current.paragraphs) == current.body_from
    if glued != "addressees" or not title or i + 1 >= len(pieces):
        return False
    return squeeze(title) in {squeeze(name) for name in _QUOTED.findall(pieces[i + 1][0].text)}


def _repeats(title: str, current: Draft) -> bool:
    """Whether a title is that of the document at hand, printed again under its history before its first clause."""
    own, core = squeeze(current.title or ""), squeeze(title)
    if len(own) >= 8 and core.endswith(own) and _is_notice_only(current):
        return True  # the page's title over its tools, then the title itself
    front = current.paragraphs[current.body_from :]
    if not front or len(core) < 4 or not own.endswith(core) or len(front) > _LONGEST_FRONT:
        return False
    marks = [marker_of(p.text) for p in front]
    return not any(p.text.endswith(("。", "；")) for p in front) and not any(m and m.family == "article" for m in marks)


def _belongs(title: str, current: Draft) -> bool:
    """Whether a title is that of the plan which the notice at hand issues, or of one of its attachments."""
    if not current.paragraphs:
        return False
    core = squeeze(title)
    own = squeeze(current.title or "")
    if own and core != own and core in own and ISSUES.search(current.title or ""):
        return True
    if ATTACHMENT.match(current.paragraphs[-1].text) and len(current.paragraphs[-1].text) <= 8:
        return True
    if _listed(title, current):
        return True
    if _is_notice_only(current) and _is_issued(core, current):
        return True
    names = _passed_on(current) if own != core else set()
    # the plan's own title differs from 《…》 in the notice by a 的 or the place in front
    bare = core.replace("的", "")
    return any(bare.endswith(n.replace("的", "")) or n.replace("的", "").endswith(bare) for n in names if len(n) >= 6)


def _passed_on(current: Draft) -> set[str]:
    """The titles that the first paragraphs of the document at hand pass on, squeezed: 现将《…》印发给你们."""
    first = current.paragraphs[current.body_from :][:8]
    said = " ".join(p.text for p in first if ISSUES.search(p.text) and "修改" not in p.text)
    return {squeeze(name) for name in _QUOTED.findall(said)}


def _is_front(current: Draft) -> bool:
    """Whether the document at hand is so far no more than a note that is printed over its title."""
    if current.title is not None or len(current.paragraphs) > _LONGEST_NOTE_LINES:
        return False
    marked = any(marker_of(p.text) or p.cells for p in current.paragraphs)
    return not marked and sum(len(p.text) for p in current.paragraphs) <= _LONGEST_NOTE


def _is_notice_only(current: Draft) -> bool:
    """Whether the document at hand is so far no more than the notice that issues another: short, without a clause."""
    body = current.paragraphs[current.body_from :]
    marks = [marker_of(p.text) for p in body] if len(body) <= _LONGEST_NOTICE else []
    return 0 < len(body) <= _LONGEST_NOTICE and not any(m and m.family in ("article", "chapter", "cn") for m in marks)


def _is_issued(core: str, current: Draft) -> bool:
    """Whether a title is of what the document at hand issues, though it may be worded a little differently there: with
    another year or 意见 for 的意见, or broken off at the end of its first line."""
    names = _passed_on(current) | {squeeze(n) for n in _QUOTED.findall(current.title or "")}
    for name in names:
        if len(core) >= 8 and (core in name or name in core):
            return True
        if len(core) >= 8 and SequenceMatcher(None, core, name, autojunk=False).ratio() >= _ALIKE:
            return True
    return False


def _listed(title: str, current: Draft) -> bool:
    """Whether the document at hand names this title among its attachments."""
    core = squeeze(title)
    return len(core) >= 4 and any(core in line for line in current.attachments)


# -- contents lists ----------------------------------------------------------------------------------------------------


def _contents(paragraphs: list[Paragraph]) -> list[str]:
    """The titles that a contents list names. One that is wrapped there is joined where it so stands again below."""
    entries = [(i, m[1]) for i, p in enumerate(paragraphs) if (m := _CONTENTS.match(p.text))]
    if not entries:
        return []
    headings = _headings(paragraphs[entries[-1][0] + 1 :])
    out = []
    for i, title in entries:
        before = paragraphs[i - 1].text if i else ""
        if before and len(before) <= 80 and not _CONTENTS.match(before):
            marker = marker_of(before)
            whole = squeeze((before[marker.length :] if marker else before) + title)
            if whole in headings:
                out.append(whole)
                continue
        out.append(squeeze(title))
    return out


def _headings(paragraphs: list[Paragraph]) -> set[str]:
    """What stands on one short line, or on two or three in a row."""
    short = [squeeze(p.text) if len(p.text) <= 100 else "" for p in paragraphs]
    return {"".join(short[i : i + n]) for i in range(len(short)) for n in (1, 2, 3)}


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
            current.cover = not drafts and current.title is None
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
