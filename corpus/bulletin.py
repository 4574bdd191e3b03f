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
from corpus.glue import Piece, unglue
from corpus.markers import marker_of
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
_LONGEST_FRONT = 60  # paragraphs between a title and the same title again
_CLOSED = tuple("。！？；…”）)》")
_QUOTED = re.compile(r"《([^《》]{4,80})》")


@dataclass(slots=True)
class Draft:
    """The paragraphs of one document as they stand in its file, with the title found or None."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str | None = None
    title_paragraphs: int = 0  # how many of the first paragraphs are the title
    attachments: list[str] = field(default_factory=list)  # the lines that list its attachments, squeezed
    listing: bool = False
    cover: bool = False  # what a compilation prints before its first document: its name and contents list

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
    if len(contents) >= 2:
        return _by_contents(paragraphs, contents)
    pieces = unglue(paragraphs)
    drafts: list[Draft] = []
    current = Draft()
    i = 0
    while i < len(pieces):
        paragraph, glued = pieces[i]
        begins = bool(glued) and bool(current.paragraphs) and not _goes_on(pieces, i, glued, current)
        block = _title_block(pieces, i, current, glued) or (_first_title(pieces) if i == 0 else None)
        if glued == "case":
            block = 1, tidy(paragraph.text)
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


# -- titles on lines of their own --------------------------------------------------------------------------------------


def _title_block(pieces: list[Piece], i: int, current: Draft, glued: str) -> tuple[int, str] | None:
    """(number of paragraphs, title) where the title of a document begins at `i`, else None."""
    if glued not in ("", "title") or not _may_begin(current, glued):
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
        if not (opens(follow) or (glued and len(follow) >= 20)):
            if is_title_line(follow):
                continue  # a title whose first lines look like one: 关于印发X办法 | 的通知
            return None
        return None if not glued and (_repeats(title, current) or _belongs(title, current)) else (j - i, tidy(title))
    return None


def _first_title(pieces: list[Piece]) -> tuple[int, str] | None:
    """The title at the very beginning of a file: short lines of any form, over what a document begins with."""
    title = ""
    for n, (paragraph, glued) in enumerate(pieces[:6]):
        if n and (glued or opens(paragraph.text) or PARENTHETICAL.match(paragraph.text)):
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
        or (len(current.paragraphs) > current.title_paragraphs + 2 and not is_title_line(last.text))
        or NAMES.match(last.text)
        or marker_of(last.text) is not None
    )


def _goes_on(pieces: list[Piece], i: int, glued: str, current: Draft) -> bool:
    """Whether what looks like another document is of the document at hand: addressees that begin the notice which issues
    it, printed after it, or the first sentence of minutes under their title."""
    title = current.title or ""
    if glued == "minutes":
        return title.endswith("纪要") or len(current.paragraphs) == current.title_paragraphs
    if glued != "addressees" or not title or i + 1 >= len(pieces):
        return False
    return squeeze(title) in {squeeze(name) for name in _QUOTED.findall(pieces[i + 1][0].text)}


def _repeats(title: str, current: Draft) -> bool:
    """Whether a title is that of the document at hand, printed again under its history before its first clause."""
    own, core = squeeze(current.title or ""), squeeze(title)
    front = current.paragraphs[current.title_paragraphs :]
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
