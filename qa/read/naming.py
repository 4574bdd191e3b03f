"""Which member of a pairing a question names: by a figure (qa/read/quantity.py), by a rank, or by words of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from qa.read.candidate import Context
from qa.read.quantity import rung
from qa.read.ranks import FAMILIES, expanded

By = Literal["figure", "rank", "words"]


class Named(NamedTuple):
    """The members that a question names, in order, and by what; `sure` where nothing speaks for another one."""

    members: tuple[int, ...]
    by: By
    sure: bool


_COUNTED = re.compile(
    r"(?:多少|几)(?:个|家|名|人|项|件|所|座|台|辆|处|套|张|条|种|类|位|户)(?P<what>[^，。？的]{2,16})"
)
_DENIED = re.compile(r"(?:而不是|并不是|不是|并非|不算|不含|除了|不要)[^，。？、]{1,10}?的?(?=[，。？！]|$)")
_PREFIXED = "非不未无副超次亚准半特"
"""A word after one of these is another word: 居民 does not stand in 非居民."""

_PARTICLES = "的了对给予为在和与及或等是有多少能可以把被按个几到会要就我们你他这那吗呢啊每元万亿"
_GENERIC = re.compile(r"企业|单位|项目|人员|机构|部门|奖励|补助|补贴|资助|资金|最高|标准|对象")
_ALIKE = (
    (r"头等奖|头奖|第一等奖|1等奖|壹等奖", "一等奖"),
    (r"第二等奖|2等奖", "二等奖"),
    (r"第三等奖|3等奖", "三等奖"),
    (r"(?<![东西南北])(国家|省|市|区|县)(?:里的|层面的?|一级的?|级别的?)", r"\1级"),
    (r"AAAAA级?", "5A级"),
    (r"(?<!A)AAAA级?", "4A级"),
    (r"(?<!A)AAA级?", "3A级"),
    (r"([45321])A(?!级)", r"\1A级"),
    (r"[Ⅰ1](?=[级类型])", "一"),
    (r"[Ⅱ2](?=[级类型])", "二"),
    (r"[Ⅲ3](?=[级类型])", "三"),
    (r"[Ⅳ4](?=[级类型])", "四"),
    (r"1(?=[档期]|星级?)", "一"),
    (r"2(?=[档期]|星级?)", "二"),
    (r"3(?=[档期]|星级?)", "三"),
    (r"4(?=[档期]|星级?)", "四"),
    (r"5(?=[档期]|星级?)", "五"),
    (r"总额|合计|总共|一共|总计", "累计"),
    (r"一年(?=最多|最高|能|可|封顶)|每年度|每个年度", "每年"),
    (r"冠军", "第一名"),
    (r"亚军", "第二名"),
    (r"季军", "第三名"),
    (r"两(?=[级类档等])", "二"),
)
_ALIKE_PATTERNS = tuple((re.compile(old), new) for old, new in _ALIKE)


def plain(text: str) -> str:
    """A text with its ranks written one way (头奖 -> 一等奖, Ⅱ级 -> 二级, AAAAA -> 5A级), shortened lists spelled out."""
    text = re.sub(r"\s", "", expanded(text)).upper()
    for pattern, new in _ALIKE_PATTERNS:
        text = pattern.sub(new, text)
    return text


def named(members: Sequence[str], lead: str, context: Context) -> Named | None:
    """The members that the question names; None where it names none, or all alike.

    What stands in `lead` is said of all members and tells none apart.
    """
    asked = _DENIED.sub("", context.question.text)
    if (at := rung(members, asked)) is not None:
        return Named((at,), "figure", True)
    question, own = plain(asked), [plain(member) for member in members]
    if (ranks := _by_rank(own, question)) is not None:
        return Named(ranks, "rank", True)
    if counted := _COUNTED.search(question):  # 工业企业覆盖多少个工业中类: what stands after the number is counted
        words = _by_words(own, plain(lead), counted["what"], None)
        if words is not None and len(words.members) == 1:
            return words._replace(sure=True)
    bare = [_GIVING.sub("|", member) for member in own]
    if (words := _by_words(bare, plain(lead), question, context)) is not None:
        return words
    words = _by_words(own, plain(lead), question, context)
    return words._replace(sure=False) if words is not None else None


_GIVING = re.compile(r"给予|奖励|奖补|补助|补贴|资助|支持|最高|一次性|的?标准|资金|不超过|按照|予以")


def _by_rank(members: Sequence[str], question: str) -> tuple[int, ...] | None:
    """The members that have a rank of the question, where members have different ranks of one family. A member may have
    ranks of two families (高级技师 has 高级 too): the longer rank decides."""
    votes: list[tuple[int, set[int]]] = []
    for family in FAMILIES:
        asked = set(family.findall(question))
        own = [set(family.findall(member)) for member in members]
        if not asked or len({frozenset(o) for o in own}) < 2 or sum(map(bool, own)) < 2:
            continue
        if all(own) and all(o <= asked for o in own) and len(asked) == len(members):
            return tuple(range(len(members)))  # each of them is named
        having = [i for i, o in enumerate(own) if o & asked and o != set.union(*own)]
        if having and len(having) < len(members):
            few = min(len(own[i]) for i in having)
            votes.append((max(map(len, asked)), {i for i in having if len(own[i]) == few}))
    if not votes:
        return None
    longest = max(length for length, _ in votes)
    best = [chosen for length, chosen in votes if length == longest]
    return tuple(sorted(set.intersection(*best) or best[0]))


def _by_words(members: Sequence[str], lead: str, question: str, context: Context | None) -> Named | None:
    """The members with words that the question says and no other member has; the weightiest, or those about as weighty."""
    scores = [_weight(i, members, lead, question, context) for i in range(len(members))]
    best = max(scores)
    if best <= 0:
        return _plain_one(members, lead, question)
    near = tuple(i for i, s in enumerate(scores) if s >= 0.55 * best)
    if len(near) == len(members) and len(members) > 1 and min(scores) < 0.8 * best:
        near = tuple(i for i, s in enumerate(scores) if s >= 0.8 * best)
    sure = best >= _ENOUGH and all(s < _LITTLE * best for i, s in enumerate(scores) if i not in near)
    return Named(near, "words", sure) if len(near) < len(members) else None


_ENOUGH = 12.0
_LITTLE = 0.35
_CONTENT = 3.0
"""What a character of a stretch shared by question and member weighs, beside the weight of tokens (about 3-7 each)."""


def _weight(i: int, members: Sequence[str], lead: str, question: str, context: Context | None) -> float:
    others = [m for j, m in enumerate(members) if j != i]
    stretch = _longest(members[i], [*others, lead], question)
    if context is None:
        return _CONTENT * len(stretch)
    tokens = (
        set(context.tokens(members[i])) - set().union(*(context.tokens(m) for m in others)) - set(context.tokens(lead))
    )
    held = context.terms.among(tokens)
    told = context.terms.weight(held) if any(len(t) > 1 or t.isascii() for t in held) else 0.0
    return told + _CONTENT * len(stretch)


def _longest(member: str, others: Sequence[str], question: str) -> str:
    """The longest stretch of a member that the question has and none of the others: at least two characters of content."""
    best = ""
    for a in range(len(member)):
        for b in range(min(len(member), a + 12), a + 1, -1):
            part = member[a:b]
            core = _GENERIC.sub("", part.strip(_PARTICLES))
            if len(core) < (1 if core and len(part) >= 3 and len(core) < len(part) else 2) or len(core) <= len(best):
                continue
            if _free(part, question) and not any(_free(part, other) for other in others):
                best = core
                break
    return best


def _free(part: str, text: str) -> bool:
    """Whether a stretch stands in a text not as the end of another word (居民 in 非居民)."""
    at = text.find(part)
    while at >= 0:
        if at == 0 or text[at - 1] not in _PREFIXED:
            return True
        at = text.find(part, at + 1)
    return False


def _plain_one(members: Sequence[str], lead: str, question: str) -> Named | None:
    """The member that is the plain one of a pair (企业 beside 其他企业, 居民 beside 非居民) and whose core the question has."""
    cores = ["".join(c for c in member if c.isalnum()) for member in members]
    held = [i for i, core in enumerate(cores) if len(core) >= 2 and _free(core, question) and core not in lead]
    return Named(tuple(held), "words", True) if len(held) == 1 else None
