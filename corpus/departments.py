"""Who is responsible: the department brackets of a text.

A bracket is （责任单位：市工信局、市财政局）, （市工信局牵头，市财政局配合）, a bare （市商务局、各县（区）人民政府）, or the same
without brackets in a paragraph of its own: 责任单位：市工信局. A sentence may speak for many clauses at once: 以下均需各县（区）
人民政府落实，不再列出 or 以上各项由市民政局牵头. There is one grammar for all of them: labels, names and verbs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.types import Role, Span

_LONGEST = 600  # characters in one bracket
_LONGEST_NAME = 40
_DEEPEST = 3  # brackets in brackets

_LABEL = re.compile(
    r"(?:主要|具体|共同)?(?:(?P<lead>牵头|主办|主责|主管)|(?P<assist>配合|协办|协同|参与|参加|协助|会同)|责任|负责|承办|报送|落实|实施)"
    r"(?:责任|负责|配合|[（(]责任[）)])?(?:单位|部门|机构|主体)(?:[（(](?:单位|部门)[）)]|[及和、](?:部门|单位))?"
)
_LABEL_COLON = re.compile(rf"\s*{_LABEL.pattern}\s*[：:]\s*")
_FOREIGN_LABEL = re.compile(r"[一-鿿]{2,8}[：:]")
_LABEL_PARAGRAPH = re.compile(
    rf"(?:^|(?<=[。；！？）)】\]]))[ \t　*]*(?P<all>{re.sub('[?]P<[a-z]+>', '?:', _LABEL.pattern)}\s*[：:](?P<body>[^\n。]{{2,{_LONGEST}}}))",
    re.MULTILINE,
)
_VERB = re.compile(
    r"(?:按(?:照)?(?:各自)?(?:职责|职能)(?:分工)?)?(?:分别|共同|具体|组织|抓好)?"
    r"(?:(?P<lead>牵头|主办|主管|为主)|(?P<assist>支持配合|配合|参与|参加|协助|协办|协同)|负责|落实|实施|承办|承担)"
    r"(?:负责|落实|实施|组织实施|组织|推进|办理|配合){0,8}$|按(?:照)?(?:各自)?(?:职责|职能)分工$"
)
_UNIT = r"[局委办厅部院会府区心队社行司团处组位门关员所站台馆校支联投市县镇>〉）)]"
_AND = re.compile(
    rf"(?<={_UNIT})(?:等(?:相关|有关)?(?:单位|部门)?(?:以及|及|和|与)?"
    r"|(?:以及|及|和|与)(?=市|省|县|区|各|国|州|相关|有关|其他|属地|人行|当地|所在地))"
)
_JOINED = re.compile(
    rf"(?<={_UNIT})(?P<with>会同)(?=[一-鿿])|(?<={_UNIT})(?P<lead>牵头)(?:负责|落实|实施|组织)?(?=[市省县区各])"
)
_SPACE = re.compile(r"(?<=[局委办厅部院会府心队社行司处>〉）)])\s+(?=[市省县区各国州人中])")
_SINGLE = re.compile(
    r"(?:^|[：:与和及])\s*(?P<unit>[省市县区]|(?:各|各[省市县区]、)(?:[省市县区镇乡](?:[（(<〈][^）)>〉]{1,6}[）)>〉])?|县级市|设区市|市县))$"
)
_GLUED = re.compile(
    r"^(?:县级市|区|县|市|镇|乡|街道|园区|开发区|功能区)(?:$|[（(<〈]|人民政府|政府|管委会|办事处|级|等|按|负责|牵头|落实|配合|参与)"
)
_DEPARTMENT = re.compile(
    r"(?:局|委|厅|办|部|院|会|中心|政府|公司|集团|银行|中支|支行|海关|单位|部门|部队|机关|委员会|开发区|园区|管委会|(?<!实验)室|处|站|所|机构|总社|联|"
    r"支队|总队|大队|馆|台|(?<!合作)社|校|大学|区|市|县|镇|街道|分行|创投|国投|国发|组|专班|板块)"
    r"(?:<[^<>]{1,12}>|〈[^〈〉]{1,12}〉|[（(][^（）()]{1,20}[）)])*$"
)
_OFFICE = re.compile(
    r"^(?:市|省|县(?!级[^市])|区(?!域)|各|有关|相关|属地|当地)..|(?:局|委|办|厅|政府|管委会|委员会|办公室|海关|法院|检察院|银行|[支分]行|中支|集团|公司|中心|部门|单位|机构|小组|指挥部)"
    r"(?:[<〈（(].{0,200})?$"
)
_HEAD = re.compile(
    r"(?:市|省|县(?!级[^市])|区(?!域)|各(?!类|种|级各类公)|国家(?!级)|国(?=网|资|税|动|防)|州|团市|人行|人民银行|属地|当地|有关|相关|[一-鿿]{2,3}(?:省|市|县|区))"
    r"(?!级(?!机关|各))"
)
_NOT_NAME = re.compile(
    r"^(?:县级)?[省市县区镇乡](?:[、（(].*)?$|[的对在为将]|进行|应当|可以|^(?:见|含|以下|包括|非|原)|职责$|分工$"
)
_BEFORE_NAME = re.compile(
    r"^(?:并|请|经|以及|及|和|与|还需|均需|需|均|须|应)*(?:[^由]{0,20}(?<!自)由(?=市|省|县|区|各|国|州|属|当|[一-鿿]{2,3}[市县区省]))?"
)
_AFTER_NAME = re.compile(r"(?:等(?:相关|有关)?(?:单位|部门)?|以下简?称.{0,200}|(?<![，,。；;\s*])[，,。；;\s*]++)$")
_ASIDE = re.compile(
    r"[（(<〈](?:(?P<lead>牵头(?:单位|部门)?|主办)|(?P<assist>配合|协办)|以下简?称|(?=[^（）()<>]{0,300}(?:[：:]|\d{3})))[^（）()<>]{0,300}[）)>〉]$"
)
_ONWARD = re.compile(
    r"^\s*(?P<near>本[章节]|本部分)?(?:本[项条款](?:及|和))?(?:以下|下列)(?P<noun>各?[项条款]?(?:政策|措施|任务|工作|条款|事项|内容|举措)*)"
    r"(?P<all>均|都|皆|全部)?(?:还?[需须应请]|还?由|涉及|责任单位[均都]?为){1,3}"
)
_SAME = re.compile(r"^\s*(?:以)?下(?:各[项条])?同$")
_NOT_AGAIN = re.compile(
    r"^\s*(?:[均都])?(?:下文|后文|以下)?不再(?:一一|逐一|单独|另行|重复|逐项|赘述)?(?:列出|列示|列明|标注|注明|列|赘述|重复)?$"
)
_FOR_MANY = re.compile(
    r"(?P<after>(?:本[章节]|本部分)?(?:以下|下列)[^。；，\n]{0,12}?(?:均|都|皆|各[项条款])[^。；，\n]{0,8}?(?:由|需|须|为))"
    r"|(?P<before>(?:以上|上述|前述)(?:各[项条款](?:政策|措施|任务|工作|条款|事项|内容|举措)*|(?:政策|措施|任务|举措)+)"
    r"(?:均|都|皆)?[应需须]?由)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A department that a bracket names; `onward` where the bracket says that it is meant for later clauses too."""

    name: str
    role: Role
    span: Span
    onward: bool = False


@dataclass(frozen=True, slots=True)
class Bracket:
    """One statement of who is responsible. `reach` is what it speaks for: the words before it, or all items above it.

    `near` is set where what is said for later clauses is said for those of the same section alone (本章以下…).
    """

    span: Span
    named: tuple[Named, ...]
    reach: Literal["item", "above"] = "item"
    near: bool = False


# -- brackets of a text ------------------------------------------------------------------------------------------------


def brackets(text: str, start: int = 0, end: int | None = None) -> list[Bracket]:
    """Every statement of responsible departments in text[start:end], in order, with spans in `text`.

    >>> [(n.name, n.role) for b in brackets("推进建设。（市工信局牵头，市财政局配合）") for n in b.named]
    [('市工信局', 'lead'), ('市财政局', 'assist')]
    """
    end = len(text) if end is None else end
    found = [*_in_brackets(text, start, end), *_in_paragraphs(text, start, end), *_for_many(text, start, end)]
    found.sort(key=lambda b: (b.span.start, -b.span.end))
    out: list[Bracket] = []
    for bracket in found:
        if not out or bracket.span.start >= out[-1].span.end:
            out.append(bracket)
    return out


def column(heading: str) -> Role | None:
    """The part of the departments in the cells under a table heading: 牵头单位, 责任部门. None for another heading."""
    match = _LABEL.fullmatch(heading.strip())
    return _role(match) if match else None


def cell(text: str, start: int, end: int, role: Role) -> Bracket | None:
    """The departments in text[start:end], a table cell under such a heading."""
    named, _, _ = _parse(text, start, end)
    named = tuple(replace(n, role=role if n.role == "responsible" else n.role) for n in named)
    return Bracket(Span(start, end), named) if named else None


def _in_brackets(text: str, start: int, end: int) -> Iterator[Bracket]:
    done = start
    for a, b in _pairs(text, start, end):
        if a < done:
            continue
        named, said, near = _parse(text, a + 1, b - 1)
        if named and (said or (text[a] in "（(" and _stands_bare(text, start, a, b, end, named))):
            yield Bracket(Span(a, b), named, near=near)
            done = b


def _pairs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where brackets open and close, the outer before the inner; those too long or too deep are left out."""
    out: list[tuple[int, int]] = []
    open_at: list[tuple[int, int]] = []  # where, and the height of what is inside
    for match in re.finditer(r"[（(【\[]|[）)】\]]", text[start:end]):
        at = start + match.start()
        if match[0] in "（(【[":
            open_at.append((at, 0))
            continue
        while open_at and at - open_at[-1][0] > _LONGEST:
            open_at.pop()
        if open_at:
            a, height = open_at.pop()
            if height < _DEEPEST:
                out.append((a, at + 1))
            if open_at:
                open_at[-1] = (open_at[-1][0], max(open_at[-1][1], height + 1))
    return sorted(out)


def _stands_bare(text: str, start: int, a: int, b: int, end: int, named: Sequence[Named]) -> bool:
    """Whether a bracket that holds nothing but names says who is responsible, and not what a word before it means."""
    inner = re.sub(r"\s|[，,；;、](?:(?:以?下|下各[项条])同|不再[^，,；;]*)", "", text[a + 1 : b - 1])
    if len(inner) - sum(len(n.name) for n in named) > 2 * len(named) + 2:
        return False  # more than names
    if not all(_DEPARTMENT.search(n.name) for n in named):
        return False
    before = text[max(start, a - 4) : a].rstrip()
    closes = re.match(r"[ \t　]*+[。；;]?[ \t　*]*+(?:\n|$)", text[b : min(end, b + 8)]) is not None
    if before.endswith(("。", "；", "！", "？", "”", "）", ")")):
        return closes or any(_HEAD.match(n.name) for n in named)
    return closes and _HEAD.match(named[0].name) is not None and not _DEPARTMENT.search(before)


def _in_paragraphs(text: str, start: int, end: int) -> Iterator[Bracket]:
    """责任单位：… at the beginning of a paragraph, or of a sentence, without brackets around it."""
    for match in _LABEL_PARAGRAPH.finditer(text, start, end):
        a, b = match.span("all")
        close = _unbalanced(text, a, b)
        named, said, near = _parse(text, a, close)
        if named and said:
            yield Bracket(Span(a, close), named, near=near)


def _unbalanced(text: str, a: int, b: int) -> int:
    """The first closing bracket in text[a:b] that was opened before it, or b."""
    depth = 0
    for i in range(a, b):
        depth += (text[i] in "（(【") - (text[i] in "）)】")
        if depth < 0:
            return i
    return b


def _for_many(text: str, start: int, end: int) -> Iterator[Bracket]:
    """Sentences that speak for all items after or before them: 以下各项均由…负责, 以上各项由…牵头，…配合."""
    done = start
    for match in _FOR_MANY.finditer(text, start, end):
        if match.start() < done:
            continue
        stop = re.compile(r"[。；;\n]").search(text, match.end(), min(end, match.end() + _LONGEST))
        b = _unbalanced(text, match.start(), stop.start() if stop else min(end, match.end() + _LONGEST))
        a, done = match.start() if match["after"] else match.end(), b
        named, said, near = _parse(text, a, b)
        if not (named and said) or not any(_DEPARTMENT.search(n.name) for n in named):
            continue
        if match["before"]:
            yield Bracket(Span(match.start(), b), named, "above")
        else:
            yield Bracket(Span(match.start(), b), tuple(replace(n, onward=True) for n in named), near=near)


# -- the grammar -------------------------------------------------------------------------------------------------------

_Token = tuple[Literal["name", "label", "verb", "with", "stop", "onward", "same"], int, int, Role]


def _parse(text: str, start: int, end: int) -> tuple[tuple[Named, ...], bool, bool]:
    """The departments named in text[start:end]; whether a label or a verb says what they do; whether only for a section."""
    named: list[Named] = []
    waiting: list[list[Named]] = [[]]  # names that no verb has spoken of yet, in groups cut by commas
    label: Role | None = None
    said = near = onward = labelled = led = False

    def settle(role: Role | None) -> None:
        for group in waiting:
            named.extend(replace(n, role=role or n.role) for n in group)
        waiting[:] = [[]]

    def rest() -> Role:
        return label or ("assist" if led else "responsible")

    for kind, a, b, role in _tokens(text, start, end):
        if kind == "name":
            waiting[-1].append(Named(text[a:b], role if role != "responsible" else rest(), Span(a, b), onward))
            led = led or role == "lead"
        elif kind == "label":
            if labelled or said:
                settle(None)
            waiting = [
                []
            ]  # what stands before the first label is something else: （自2024年5月1日起施行。报送单位：…）
            label, said, labelled = role, True, True
        elif kind == "with":
            settle("lead")
            label = "assist"
            said = led = True
        elif kind == "verb":
            said = True
            if role == "assist" and not led:
                last = waiting.pop()
                settle(None)
                waiting[:] = [last]
            settle(role if role != "responsible" else label or "responsible")
            led = led or role == "lead"
            label = label if labelled else None
        elif kind == "onward":
            said = onward = True
            near = text[a:b].lstrip().startswith(("本章", "本节", "本部分"))
        elif kind == "same":
            groups = [g for g in waiting if g] or [named[-1:]]
            whole = {n.span.start for n in groups[-1]}
            for group in [named, *waiting]:
                group[:] = [replace(n, onward=n.onward or n.span.start in whole) for n in group]
        elif waiting[-1]:
            waiting.append([])
    settle(None)
    strict = not labelled
    out = tuple(n for n in named if _is_name(n.name, strict))
    sure = _DEPARTMENT if labelled else _OFFICE
    return (out if any(sure.search(n.name) for n in out) else ()), said, near


def _is_name(name: str, strict: bool) -> bool:
    """Whether a piece between separators can be a department; `strict` where no label says that it is one."""
    if not 2 <= len(name) <= _LONGEST_NAME or re.search(r"[：:。\n\t《》]|^\d|^[^一-鿿“]", name):
        return False
    if _DEPARTMENT.search(name):
        return not re.match(r"^(?:县级)?[省市县区镇乡](?:[、（(].{0,4})?$", name) and not (
            strict and re.search(r"进行|应当|可以|^(?:见|含|指|即|以下|包括|非)", name)
        )
    return not _NOT_NAME.search(name) and (not strict or len(name) <= 10)


def _tokens(text: str, start: int, end: int) -> Iterator[_Token]:
    for a, b, strong in _pieces(text, start, end):
        if strong:
            yield ("stop", a, a, "responsible")
        if match := _LABEL_COLON.match(text, a, b):
            yield ("label", a, match.end(), _role(match))
            a = match.end()
        elif _FOREIGN_LABEL.match(text, a, b):
            return
        if _SAME.match(text[a:b]):
            yield ("same", a, b, "responsible")
            continue
        if _NOT_AGAIN.match(text[a:b]):
            continue
        if match := _ONWARD.match(text[a:b]):
            yield ("onward", a, a + match.end(), "responsible")
            a += match.end()
        yield from _names_of(text, a, b)


def _names_of(text: str, a: int, b: int) -> Iterator[_Token]:
    """The names in one piece and the verb that ends it: 市工信局会同市财政局及各县（区）负责."""
    cuts = [(m.start(), m.end(), "") for m in _outside(_AND, text, a, b)]
    cuts += [(m.start(), m.end(), "with" if m["with"] else "lead") for m in _outside(_JOINED, text, a, b)]
    cuts += [(m.start(), m.end(), "") for m in _outside(_SPACE, text, a, b)]
    at = a
    for s, e, what in [*sorted(cuts), (b, b, "")]:
        if s < at:
            continue
        yield from _name(text, at, s)
        if what == "with":
            yield ("with", s, e, "lead")
        elif what == "lead":
            yield ("verb", s, e, "lead")
        at = e


def _name(text: str, a: int, b: int) -> Iterator[_Token]:
    """A name without the words around it, and its verb."""
    lead = re.match(r"[\s*]*", text[a:b])
    a += lead.end() if lead else 0
    b = a + len(text[a:b].rstrip(" \t\n　*，,。；;"))
    verb = _VERB.search(text[a:b])
    stop = a + verb.start() if verb else b
    if match := _BEFORE_NAME.match(text[a:stop]):
        a += match.end()
    role: Role = "responsible"
    while match := _ASIDE.search(text[a:stop]) or _AFTER_NAME.search(text[a:stop]):
        if match.re is _ASIDE:
            role = _role(match)
        stop = a + match.start()
        if not match[0]:
            break
    if stop > a:
        yield ("name", a, stop, role)
    if verb:
        yield ("verb", stop, b, _role(verb))


def _role(match: re.Match[str]) -> Role:
    return "lead" if match["lead"] else "assist" if match["assist"] else "responsible"


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int, bool]]:
    """What stands between 、，； outside inner brackets; whether a comma, not a 、, stands before it. 各市、区政府 is one."""
    out: list[tuple[int, int, bool]] = []
    depth, at, strong = 0, start, False
    for i in range(start, end + 1):
        c = text[i] if i < end else ";"
        if i < end and c in "（(<〈《“":
            depth += 1
        elif i < end and c in "）)>〉》”":
            depth = max(0, depth - 1)
        elif i == end or (c in "、，,；;。" and depth == 0):
            unit = _SINGLE.search(text[out[-1][0] : out[-1][1]]) if out and not strong else None
            if unit and (len(unit["unit"]) == 1 or _GLUED.match(text[at:i].strip())):
                out[-1] = (out[-1][0], i, out[-1][2])
            elif text[at:i].strip():
                out.append((at, i, strong))
            at, strong = i + 1, c != "、"
    return out


def _outside(pattern: re.Pattern[str], text: str, a: int, b: int) -> Iterator[re.Match[str]]:
    """The matches of a pattern in text[a:b] that do not stand in inner brackets or quotation marks."""
    matches = list(pattern.finditer(text, a, b))
    if not matches:
        return
    depth, at = 0, a
    for match in matches:
        depth += sum((c in "（(<〈《“") - (c in "）)>〉》”") for c in text[at : match.start()])
        at = match.start()
        if depth <= 0:
            yield match
