"""A figure that the asker tells of themselves against the thresholds of a sentence: 46岁 against 35周岁以下, 半年 against 满6个月.

Whether a case lies within what a sentence asks for is arithmetic, which a small network learns badly. The verdict is one feature of
the learned scorer for answers of yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.figures import FIGURE, magnitude

_BEFORE = re.compile(
    r"(?P<most>不超过|不高于|不多于|不大于|至多|最多|最长|最高|不足|不满|未满|低于|少于|小于|未超过|≤|＜|<)\s*$|"
    r"(?P<least>不少于|不低于|不小于|不短于|至少|最低|年满|已满|满|超过|高于|多于|大于|达到?|≥|＞|>)\s*$"
)
_AFTER = re.compile(
    r"^\s*(?:[（(](?P<with>不?含)[^）)]{0,8}[）)])?(?:的)?(?P<side>及?以上|及其?以下|以下|以内|之内|内(?!容)|以前|之前)(?:[（(](?P<with2>不?含)[^）)]{0,8}[）)])?"
)
_OPEN = ("不足", "不满", "未满", "低于", "少于", "小于", "超过", "高于", "多于", "大于", "＜", "<", "＞", ">")
"""Words before a figure that leave the figure itself out."""

_DENIES = re.compile(r"不得|不能|不予|不可|禁止|不享受|不适用|不纳入|不再|不受理|不具备|除外|取消|无需|不需|免")
_ASKS_PASSED = re.compile(
    r"(?<![没未不])(?:超[期过出标时]|逾期|过期|拖延|违[规法反])[^，。]{0,8}$|(?<![没未不])(?:超[期出标时]|逾期|违规)"
)
_MONTHS = {"年": 12.0, "个月": 1.0, "月": 1.0}
_HALVES = (("一年半", "18个月"), ("两年半", "30个月"), ("半年", "6个月"), ("大半年", "8个月"))
_MOST = 2  # thresholds of one unit that may hold together (18周岁以上60周岁以下)


def figures_of(text: str) -> list[tuple[float, str]]:
    """The figures of a text that have a unit, years and months as months."""
    for short, long in _HALVES:
        text = text.replace(short, long)
    return [_in_months(m) for f in FIGURE.finditer(text) if (m := magnitude(f[0])) is not None and m[1]]


def thresholds_of(text: str) -> Iterator[tuple[float, str, bool, bool]]:
    """The thresholds of a text: figure, unit, whether a case must be above it, and whether the figure itself is within."""
    for match in FIGURE.finditer(text):
        found = magnitude(match[0])
        if found is None or not found[1]:
            continue
        value, unit = _in_months(found)
        before, after = _BEFORE.search(text[: match.start()][-6:]), _AFTER.match(text[match.end() :])
        if after is not None:
            above = "上" in after["side"]
            told = after["with"] or after["with2"]
            yield value, unit, above, told != "不含"
        elif before is not None:
            yield value, unit, before["least"] is not None, not before[0].strip().startswith(_OPEN)


def within(asked: Sequence[tuple[float, str]], text: str) -> bool | None:
    """Whether the figures that a question tells lie within the thresholds of a text; None where these do not meet in one unit."""
    met: list[bool] = []
    for unit in {unit for _, unit in asked}:
        own = [value for value, other in asked if other == unit]
        limits = [limit for limit in thresholds_of(text) if limit[1] == unit]
        if len(own) != 1 or not 0 < len(limits) <= _MOST or len({limit[2] for limit in limits}) < len(limits):
            continue
        for value, _, above, at in limits:
            met.append(own[0] == value and at or (own[0] > value if above else own[0] < value))
    return all(met) if met else None


def verdict(question: str, text: str) -> bool | None:
    """Whether yes is to be said to the case of a question: it lies within the thresholds of what a text gives, or outside those of
    what it denies; the other way round where the question asks whether a limit is passed (超期了吗)."""
    found = within(figures_of(question), text)
    return None if found is None else (found != bool(_DENIES.search(text))) != bool(_ASKS_PASSED.search(question))


def _in_months(found: tuple[float, str]) -> tuple[float, str]:
    value, unit = found
    return (value * _MONTHS[unit], "个月") if unit in _MONTHS and value < 1900 else found
