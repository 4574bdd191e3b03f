"""Which words of a text stand for one of a group: a place, a year, a level, a group of people, an amount.

那硕士呢 takes the place of 博士 since both are degrees. The groups are those of corpus/counterparts.py and what numbers say.
"""

from __future__ import annotations

import re
from functools import cache

from corpus.counterparts import FACETS, SHORT_FORMS, places

_DEGREES = ("博士后", "博士", "硕士", "研究生", "本科", "大专", "专科", "中专", "高中", "技校")
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("year", re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|去年|前年|今年|明年")),
    ("age", re.compile(r"(?:\d+|[一二三四五六七八九十百]+)周?岁")),
    (
        "grade",
        re.compile(
            r"[ⅠⅡⅢⅣ]级|[一二三四五六七八九十]级|[A-Ea-e][类级]|(?:特|[一二三四])等奖?|[一二三四]孩|第[一二三四五六七八九十]+[档次条款批]"
        ),
    ),
    ("money", re.compile(r"(?:\d+(?:\.\d+)?|[一二三四五六七八九十百千]+)[万亿]元?")),
    ("tier", re.compile(r"(?:国家|中央|省|市|区|县|镇)(?=级|里|财政|$)")),
    ("degree", re.compile("|".join(_DEGREES))),
    ("district", re.compile(r"[一-鿿]{2,3}[区县](?![级内里别])")),
)


@cache
def _facets() -> tuple[re.Pattern[str], dict[str, str]]:
    groups = {member: f"facet{n}" for n, facet in enumerate((*FACETS, *SHORT_FORMS)) for member in facet}
    groups |= {name: "place" for names in places() for name in names}
    return re.compile("|".join(sorted(map(re.escape, groups), key=lambda name: (-len(name), name)))), groups


def classes(text: str) -> dict[str, frozenset[str]]:
    """The members that a text names of each group; groups of which it names none are left out.

    >>> classes("2024年的硕士")["year"]
    frozenset({'2024'})
    """
    pattern, groups = _facets()
    found: dict[str, set[str]] = {}
    for match in pattern.finditer(text):
        found.setdefault(groups[match[0]], set()).add(match[0])
    for name, form in _FORMS:
        for match in form.finditer(text):
            found.setdefault(name, set()).add(match[0])
    return {name: frozenset(members) for name, members in found.items()}


@cache
def _just_a_place() -> re.Pattern[str]:
    known = {name.removesuffix("市") for group in places() for name in group}  # of itself 中山 is the city
    names = "|".join(sorted(map(re.escape, known), key=lambda name: (-len(name), name)))
    district = r"(?:[一-鿿]{1,3}[区县])?"
    return re.compile(
        rf"(?:我们?|我家|人)?(?:住?在|是)?(?:{names})[省市]?{district}(?:那边|这边|那里|这里|本地|的|人)?"
    )


def is_place(text: str) -> bool:
    """Whether a text says where and nothing else: 郑州, 我在深圳市南山区, 广州那边."""
    return _just_a_place().fullmatch(text) is not None


def others(new: dict[str, frozenset[str]], old: dict[str, frozenset[str]]) -> int:
    """In how many groups a text names another member than the other one, and not the same."""
    return sum(bool(old.get(name)) and not members & old[name] for name, members in new.items())
