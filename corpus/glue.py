"""Where another document begins inside a paragraph.

Compilations that were copied together leave out the line break between documents: the next title follows the last
sentence of the one before (…起施行。澜江市供水条例), or the end of a table, a signature or a list that has no stop at all.
What follows decides: a title is believed over the history of a law, a first article, addressees or an opening sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace

from corpus.canonical import Paragraph
from corpus.markers import marker_of
from corpus.numerals import NUMERAL
from corpus.titles import (
    ATTACHMENT,
    BEGINS,
    ENDS,
    ENDS_FIRMLY,
    HISTORY_LINE,
    PARENTHETICAL,
    TERMINAL,
    is_title_line,
    names_law,
    opens,
    opens_law,
)

LONGEST = 90
"""Characters of the longest title."""

Piece = tuple[Paragraph, str]
"""A paragraph, and the evidence that a document begins with it: "" (none seen here), title, case,
minutes, addressees, numbering."""

_ADDRESSEES = re.compile(r"(?<=[。！）])(各(?![^：]*(?:可以|应当|不得|如下|下列|以下|限制|情形))[^。！？：]{4,160}：)$")
_RESTART = re.compile(r"(?<=[。！）])(一、[^。；，：]{2,30})$")
_FIRST_ARTICLE = re.compile(r"(?<=[。！）])(第一[章条编]\s*[^\s。]*.*)$")
_AFTER_ATTACHMENT = re.compile(
    r"(?:表|清单|名单|目录|图|方案|计划|细则|办法|意见|措施|要点|分工)(?=(?:[一-鿿]{2,4}(?:省|市|县|区|州)|关于|中国[（(]|中共))"
)
_CLOSING = re.compile(
    r"(?:[自从][^。]{0,40}(?:施行|实施|执行|生效)|废止|停止执行|为准|解释|适用本[一-鿿]{2,4}|有效期[^。]{1,40}|[0-9]日止?)[。；]?[”’）)》]*$"
)
_CASE = re.compile(r"(?:基本案情|案情回顾|案情简介|简要案情|裁判要点|裁判要旨|案例要旨|关键词)[：:]?\s*$")
_CASE_LINES = 6  # the name of a case and lines such as 典型案例 | 最高人民法院发布 | 2022-03-15 over its first heading
_SENTENCE_REST = re.compile(r"[”’）)》\s]*(?:[（(][^（）()]{1,12}[）)])?\s*")
_MEETING = re.compile(
    r"(?:^|(?<=。))(?=[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日[^。]{0,40}主持召开[^。]{0,30}第[0-9一二三四五六七八九十百]{1,5}次[^。]{0,16}会议)"
)
_RESOLVED = re.compile(r"^会议(?:议定|决定|确定|明确|审定|纪要)[^。]{0,20}[：:]?$")
_UNSTOPPED = re.compile(  # ends of documents that have no stop
    r"(?:起(?:施行|实施|执行)|\||^续表|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日印?发?(?=[^\s印发])"
    r"|[（(](?:略|共[0-9]+[^（）()]{1,3}|注[：:][^（）()]*|第[^（）()]{1,12}条|[^（）()]{1,8}版)[）)])"
)
_ORGANS = (
    "中华人民共和国", "国务院", "最高人民法院", "最高人民检察院", "北京市", "天津市", "上海市", "重庆市", "河北省",
    "山西省", "辽宁省", "吉林省", "黑龙江省", "江苏省", "浙江省", "安徽省", "福建省", "江西省", "山东省", "河南省", "湖北省", "湖南省",
    "广东省", "海南省", "四川省", "贵州省", "云南省", "陕西省", "甘肃省", "青海省", "台湾省", "内蒙古自治区", "广西壮族自治区",
    "西藏自治区", "宁夏回族自治区", "新疆维吾尔自治区",
)  # fmt: skip
_AUTHORITY = re.compile(
    r"日\s*经?(最高人民法院|最高人民检察院|[一-鿿]{2,12}?(?:省|自治区|自治州|自治县|[市县州盟旗]))(?=第[^\s]{1,5}届|人民|审判|检察|令)"
)
_GOES_ON = re.compile(
    r"(?:关于|实施|施行|适用|执行|贯彻|修改|废止|批准|公布|印发|发布|转发|[的和与及对在由经或、〈<《“/（(])$"
)
_PLACE = re.compile(r"^[一-鿿]{2,8}(?:省|自治区|自治州|[市县州盟旗])$")
_NO_TITLE = re.compile(
    r"[0-9×…|（）().、％%：\s]|[表图样式数单页]$|^续"
)  # is in what stands before a title, not in a title
_INLINE_TITLE = re.compile(
    r"[一-鿿0-9（）()《》〈〉“”、～—＋+·-]{4,70}?(?=\s*(?:第一[章条编](?:\s|总则|为)|目录第一章|[（(](?:19|20)\d\d年\d{1,2}月\d{1,2}日[^）)]{4,60}"
    r"|为(?:了|加强|加快|进一步|深入|规范|促进|推动|推进|贯彻|落实|支持|保障|全面|切实)|各[^。，：]{2,60}[、，][^。：]{2,80}：|根据《))"
)
_INLINE_HEADING = re.compile(rf"第{NUMERAL}[章节]\s*[^。；，：\s]{{2,20}}?\s*(?=第{NUMERAL}[节条])")


def unglue(paragraphs: list[Paragraph]) -> list[Piece]:
    """Each paragraph, cut where another document begins inside it."""
    out: list[Piece] = []
    top = 0  # how far the highest-level numbering of the document at hand has counted
    whole: list[Piece] = [piece for i, p in enumerate(paragraphs) for piece in _run_on(p, i == 0)]
    lines = [paragraph for paragraph, _ in whole]
    for i, (paragraph, known) in enumerate(whole):
        marker = marker_of(paragraph.text)
        if known:
            out.append((paragraph, known))
            top = 0
            continue
        if marker and marker.family in ("cn", "article"):
            top = marker.number
        at, evidence = _glue_point(lines, i, top)
        if at is None:
            out.append((paragraph, ""))
            continue
        if at == 0:
            out.append((paragraph, evidence))
            continue
        head, tail = paragraph.split(at)
        out.append((head, ""))
        if evidence == "case" and (under := _CASE.search(tail.text)) and under.start():
            tail, rest = tail.split(under.start())  # the heading under the name of a case was taken for its rest
            out += [(tail, evidence), (rest, "")]
        else:
            out.append((tail, evidence))
        top = 1 if evidence == "numbering" else 0
    return out


def _run_on(paragraph: Paragraph, first: bool) -> list[Piece]:
    """The pieces of a paragraph that holds titles and the text under them without a break: …起施行。某市供水办法第一条 为了…"""
    starts = [0] if first else []
    if paragraph.cells or paragraph.level or len(paragraph.text) < 20:
        return [(paragraph, "")]
    text = paragraph.text
    starts += [
        m.end() for m in re.finditer(r"。[”’）)》]*\s*", text) if _CLOSING.search(text[max(0, m.end() - 60) : m.end()])
    ]
    cuts: list[tuple[int, str]] = []  # where a piece begins, and the evidence
    done = 0
    for start in starts:
        match = _INLINE_TITLE.match(text, start)
        title = match[0] if match else ""
        if start < done or marker_of(title) or not (ENDS_FIRMLY.search(title) and BEGINS.search(title)):
            continue
        done = start + len(title)
        cuts += [(start, "title" if start else ""), (done, "")]
    if not cuts:
        return [(paragraph, "")]
    taken = {at for at, _ in cuts}
    inner = [m for m in _INLINE_HEADING.finditer(text, cuts[0][0]) if m.end() < len(text)]
    cuts += [(at, "") for at in {at for m in inner for at in m.span()} - taken]
    return _cut(paragraph, sorted(cuts))


def _cut(paragraph: Paragraph, cuts: list[tuple[int, str]]) -> list[Piece]:
    """A paragraph cut at these offsets, which go up, each with the evidence for what begins there."""
    out: list[Piece] = []
    begins = cuts if cuts[0][0] == 0 else [(0, ""), *cuts]
    ends = [at for at, _ in begins[1:]] + [len(paragraph.text)]
    anchors = list(paragraph.anchors)
    n = 0
    for (start, evidence), end in zip(begins, ends, strict=True):
        text = paragraph.text[start:end]
        start += len(text) - len(text.lstrip())
        while n + 1 < len(anchors) and anchors[n + 1][0] <= start:
            n += 1
        here = [(0, anchors[n][1], anchors[n][2])]
        while n + 1 < len(anchors) and anchors[n + 1][0] < end:
            n += 1
            here.append((anchors[n][0] - start, anchors[n][1], anchors[n][2]))
        if text.strip():
            out.append((replace(paragraph, text=text.strip(), anchors=tuple(here)), evidence))
    return out


def _glue_point(paragraphs: list[Paragraph], i: int, top: int) -> tuple[int | None, str]:
    """Where in paragraph `i` a document begins, and by what evidence."""
    paragraph = paragraphs[i]
    text = paragraph.text
    if paragraph.cells or paragraph.level:
        return None, ""
    if (match := _ADDRESSEES.search(text)) and not ((marker := marker_of(text)) and marker.length == match.start(1)):
        return match.start(1), "addressees"
    if top >= 2 and (match := _RESTART.search(text)):
        return match.start(1), "numbering"
    if top >= 2 and (match := _FIRST_ARTICLE.search(text)):
        return match.start(1), "numbering"
    if (met := _MEETING.search(text)) and any(_RESOLVED.match(p.text) for p in paragraphs[i + 1 : i + 6]):
        return met.start(), "minutes"
    at = max(text.rfind(c) for c in "。！；|") + 1
    if 0 < at < len(text):
        at += len(rest[0]) if (rest := _SENTENCE_REST.match(text[at:])) else 0
        tail = text[at:].strip()
        if _is_case(paragraphs, i, tail):
            return at, "case"
        if _is_glued_title(paragraphs, i, tail, bool(_CLOSING.search(text[max(0, at - 80) : at]))):
            return at, "title"
    if ATTACHMENT.match(text) or (i and ATTACHMENT.match(paragraphs[i - 1].text) and len(paragraphs[i - 1].text) <= 8):
        for match in _AFTER_ATTACHMENT.finditer(text):
            if _is_glued_title(paragraphs, i, text[match.end() :], False):
                return match.end(), "title"
    cut = _after_unstopped(paragraphs, i)
    return (cut, "title") if cut else (None, "")


def _is_glued_title(paragraphs: list[Paragraph], i: int, tail: str, over: bool) -> bool:
    """Whether the end of paragraph `i`, with the lines after it, is a title. `over`: the sentence before it closes a
    document (本办法自…起施行。), so that less is asked of the title."""
    if not 3 <= len(tail) <= LONGEST or tail.endswith(TERMINAL) or re.search(r"[。；：，]", tail) or marker_of(tail):
        return False
    if ATTACHMENT.match(tail):
        return False
    lines, j = tail, i + 1
    while True:
        follow = _after_heading(paragraphs, j) or ""
        if ENDS.search(lines) and names_law(lines, follow):
            return True
        if ENDS.search(lines) and len(lines) >= 8 and BEGINS.search(lines) and (len(follow) >= 20 or opens(follow)):
            return True
        if ENDS_FIRMLY.search(lines) and len(lines) >= 6 and (over or opens(follow)):
            return True
        if j >= len(paragraphs) or j > i + 3 or not is_title_line(paragraphs[j].text):
            return False
        lines += paragraphs[j].text
        j += 1


def _is_case(paragraphs: list[Paragraph], i: int, tail: str) -> bool:
    """Whether the end of paragraph `i` is the name of a court case: of any form, but over 基本案情 or 裁判要点."""
    if not 4 <= len(tail) <= 70 or tail.endswith(TERMINAL) or re.search(r"[。；：]", tail) or marker_of(tail):
        return False
    if (under := _CASE.search(tail)) and under.start() >= 4:
        return True
    for paragraph in paragraphs[i + 1 : i + 1 + _CASE_LINES]:
        if _CASE.match(paragraph.text) or (_CASE.search(paragraph.text) and len(paragraph.text) <= 40):
            return True
        if len(paragraph.text) > 70 or paragraph.text.endswith(TERMINAL):
            return False
    return False


def _after_unstopped(paragraphs: list[Paragraph], i: int) -> int | None:
    """Where the title of a law begins that is glued to words without a stop: 34 矿泉水新乡市文物保护条例.

    Its history in the next paragraphs says whose law it is, and its title begins with that name.
    """
    whole = paragraphs[i].text
    follow = _after_heading(paragraphs, i + 1) or ""
    if HISTORY_LINE.match(whole) or not opens(follow) or not ENDS.search(whole[-40:]):
        return None
    base = max(0, len(whole) - 2 * LONGEST)
    text = whole[base:]
    ends = [match.end() for match in _UNSTOPPED.finditer(text)]
    for at in reversed(ends):
        if 0 < at <= len(text) - 4 and _is_rest_title(text, at):
            return base + at
    if not opens_law(follow):
        return None
    names = [match[1] for p in paragraphs[i + 1 : i + 4] for match in _AUTHORITY.finditer(p.text[:200])]
    short = [name[:-1] for name in names[:1] if name[-1] in "市省县"]
    named = next((name for name in [*names[:2], *short] if name in text), None)
    found = [_outside(text, name) for name in ([named] if named else _ORGANS)]
    at = min((place for place in found if place is not None), default=0)
    head = whole[: base + at]
    fits = base + at > 0 and _is_rest_title(text, at) and not _is_label(head) and not _PLACE.match(head)
    return base + at if fits and (named or _NO_TITLE.search(head)) else None


def _outside(text: str, name: str) -> int | None:
    """Where a name stands in a text that a title may begin with: not inside 《…》, not after 关于 or the like."""
    for match in re.finditer(re.escape(name), text):
        before = text[: match.start()]
        if before.count("《") <= before.count("》") and not _GOES_ON.search(before):
            return match.start()
    return None


def _is_label(head: str) -> bool:
    """Whether what stands before a title says that it is an attachment: 附件2：某市供水条例."""
    match = ATTACHMENT.match(head)
    return match is not None and match.end() == len(head) and not re.match(r"附\s*[表图]", head)


def _is_rest_title(text: str, at: int) -> bool:
    rest = text[at:].strip()
    return (
        4 <= len(rest) <= LONGEST
        and not re.search(r"[。；：|]", rest)
        and bool(ENDS.search(rest))
        and not marker_of(rest)
    )


def _after_heading(paragraphs: list[Paragraph], j: int) -> str | None:
    while j < len(paragraphs) and PARENTHETICAL.match(paragraphs[j].text):
        j += 1
    return paragraphs[j].text if j < len(paragraphs) else None
