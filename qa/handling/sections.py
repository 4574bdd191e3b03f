"""The parts of a document that stand under headings such as 办理条件, 所需材料, 申请地点: which field of a card each is, and of what.

Headings are numbered (三、申请条件), in brackets (【办理材料】, 第九条（申办条件和材料）), bare lines (所需资料), or lead their
line (报名地点：…). A bare line that is followed by such a heading says what the fields after it are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.numerals import to_int
from corpus.titles import squeeze
from corpus.types import Span
from qa.types import CardName

_FIELDS: tuple[tuple[CardName, re.Pattern[str]], ...] = (
    ("who", re.compile(r"对象|申请人范围|^适用范围|^申请人$|(?:报名|申请|报考)资格$")),
    ("conditions", re.compile(r"条件")),
    ("steps", re.compile(r"流程|程序|步骤|(?:办理|申请|申报|办事|报名|操作|登记)(?:方式|办法|方法)|^(?:现场|网上)(?:申报|报名|预?登记|申请)$")),
    ("materials", re.compile(r"材料|资料|证件|手续$")),
    ("time_limit", re.compile(r"(?:办理|受理|申请|申报|报名|审核|登记|办结|工作)?(?:时限|期限)|(?:办理|受理|申请|申报|报名|登记|办公|工作)(?:受理)?时间|^时间$")),
    ("place", re.compile(r"地点|地址|受理(?:点|窗口|机构|部门|单位)|办理(?:机构|部门|窗口)|经办机构")),
    ("telephone", re.compile(r"电话|联系方式|咨询方式")),
    ("online", re.compile(r"网址|网上(?:办理|申请|申报|报名|预?登记)")),
)  # fmt: skip
_NO_FIELD = re.compile(
    r"注意事项|公示|监督|违反|责任|排名|查询|分值|指标|退出|待遇|罚|条件成熟|工作程序$|信息|包括|签注|变更|换领|补领"
)
_TABLE = re.compile(r"一览表|汇总表|名单|附表|附件")
_TABLE_DEPTH = 9
"""How far below the sections of the text a table at the end stands: it is shown where they say nothing."""
_LABELS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(r"第(?P<n>[一二三四五六七八九十百\d]+)[章节]\s*")),
    (2, re.compile(r"第(?P<n>[一二三四五六七八九十百\d]+)条\s*")),
    (3, re.compile(r"(?P<n>[一二三四五六七八九十]{1,3})[、．.]\s*")),
    (4, re.compile(r"[（(](?P<n>[一二三四五六七八九十]{1,3})[）)]\s*")),
    (5, re.compile(r"(?P<n>\d{1,2})[、．.](?!\d)\s*")),
    (6, re.compile(r"[（(](?P<n>\d{1,2})[）)]\s*")),
    (7, re.compile(r"(?P<n>[①②③④⑤⑥⑦⑧⑨⑩])\s*")),
)
_BULLET = re.compile(r"^[●▲■◆★•·☆*-]\s*")
_HEADING = 24
_LEAD = re.compile(r"^(?P<head>[^，。；：:\t]{2,12})[：:]\s*(?=\S)")
_MARKS = re.compile(r"[【】\[\]（）()：:\s]")
_BARE = 9  # the level of a heading without a number


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document: where it stands, its words without number, its level and number (0: none)."""

    span: Span
    text: str
    words: str
    level: int
    number: int

    @property
    def is_short(self) -> bool:
        return 2 <= len(self.words) <= _HEADING and not re.search(r"[。；，,;\t]", self.words.rstrip("：:"))


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading. `names` are the fields that it holds, `topic` the bare line above that says of what ("" where
    there is none), `depth` the number of headings that it stands under."""

    names: tuple[CardName, ...]
    heading: Span
    topic: str
    depth: int
    lines: tuple[Span, ...]


_Head = tuple[tuple[CardName, ...], Span | None]
"""The fields that a line heads, and what of its own stands under them."""


def lines_of(text: str) -> list[Line]:
    """The lines of a text that hold something."""
    out = []
    for match in re.finditer(r"[^\n]+", text):
        own = match[0].strip()
        if not own:
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        level, number, words = 0, 0, own
        for rank, pattern in _LABELS:
            if found := pattern.match(own):
                level, words = rank, own[found.end() :]
                number = "①②③④⑤⑥⑦⑧⑨⑩".index(found["n"]) + 1 if rank == 7 else to_int(found["n"])
                break
        out.append(Line(Span(start, start + len(own)), own, words, level, number))
    return out


def fields_of(heading: str) -> tuple[CardName, ...]:
    """The fields of a card that a heading names; empty for every other heading."""
    plain = _MARKS.sub("", heading)
    if _NO_FIELD.search(plain):
        return ()
    return tuple(name for name, form in _FIELDS if form.search(plain))


def sections_of(text: str, title: str) -> Iterator[Section]:
    """The sections of a document that are fields of a card, in order. Lines of its `title` head nothing."""
    lines = lines_of(text)
    named = squeeze(title)
    heads: list[_Head] = [((), None) if squeeze(line.text) in named else _head(line) for line in lines]
    topic, above = "", list[int]()
    for at, line in enumerate(lines):
        names, inline = heads[at]
        if line.level:
            above = [level for level in above if level < line.level]
        if names:
            depth = len(above) + _TABLE_DEPTH * bool(_TABLE.search(line.words))
            body = [inline] if inline is not None else [one.span for one in _body(lines, heads, at)]
            if body:
                yield Section(names, line.span, topic, depth, tuple(body))
        elif not line.level and _is_topic(lines, heads, at):
            topic = line.words
        if line.level and (line.is_short or line.level <= 2):
            above.append(line.level)


def _head(line: Line) -> _Head:
    """The fields that a line heads, and its own content where it leads it (报名地点：…)."""
    if _BULLET.match(line.text):
        return (), None
    if line.level == 2 and (named := re.match(r"^[（(]([^（）()]{2,16})[）)]", line.words)):
        rest = line.words[named.end() :].strip()
        start = line.span.end - len(rest)
        return fields_of(named[1]), Span(start, line.span.end) if rest else None
    if line.is_short and not line.text.endswith(("。", "；", ";")):
        return fields_of(line.words), None
    if (lead := _LEAD.match(line.words)) and (names := fields_of(lead["head"])):
        start = line.span.end - len(line.words) + lead.end()
        return names, Span(start, line.span.end)
    return (), None


def _is_topic(lines: Sequence[Line], heads: Sequence[_Head], at: int) -> bool:
    """Whether a line says what the fields after it are about: short, and right before the first of them."""
    line = lines[at]
    return line.is_short and at + 1 < len(lines) and bool(heads[at + 1][0]) and not lines[at + 1].level


def _body(lines: Sequence[Line], heads: Sequence[_Head], at: int) -> list[Line]:
    """The lines under a heading: to the next one of its level, or of a bare heading to the next bare one."""
    head = lines[at]
    level = head.level or _BARE
    above = next((line for line in reversed(lines[:at]) if line.level), None) if level == _BARE else None
    counted: dict[int, int] = {}
    out: list[Line] = []
    for i in range(at + 1, len(lines)):
        line = lines[i]
        if level == _BARE:
            bare = not line.level and heads[i][0] and heads[i][1] is None
            own = line.level and line.number in (1, counted.get(line.level, -1) + 1)
            leaves = above is not None and line.level and line.level <= above.level and not own
            if bare or (not line.level and _is_topic(lines, heads, i)) or leaves or line.level in (1,):
                break
            if line.level:
                counted[line.level] = line.number
        elif line.level and line.level <= level:
            break
        out.append(line)
    return out
