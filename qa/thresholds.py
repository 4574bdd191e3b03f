"""A figure that the asker tells of themselves against the bounds of a sentence: 46岁 against 35周岁以下, 半年 against 满6个月.

Whether a case lies within what a sentence asks for is arithmetic, which a small network learns badly. The verdict is one feature of
the learned scorer for answers of yes or no.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from qa.read.quantity import Interval, intervals, stated, without_unit

_DENIES = re.compile(r"不得|不能|不予|不可|禁止|不享受|不适用|不纳入|不再|不受理|不具备|除外|取消|无需|不需|免")
_ASKS_PASSED = re.compile(
    r"(?<![没未不])(?:超[期过出标时]|逾期|过期|拖延|违[规法反])[^，。]{0,8}$|(?<![没未不])(?:超[期出标时]|逾期|违规)"
)
_AGE = "岁"
_MOST = 2  # bounds of one dimension that may hold together (18周岁以上，且在60周岁以下)
_ALIKE = 1e-7
"""18个月 and 一年半 are the same length, though not the same float; 不到一年 lies further from a year than this (quantity.stated)."""


@lru_cache(maxsize=512)  # the verdict and the words of yes and no ask for it, for both answers of each sentence
def within(question: str, text: str) -> bool | None:
    """Whether the quantities that a question tells lie within the bounds of a text; None where these do not meet in one dimension, or
    where it cannot be told which belongs to which."""
    bounds = [bound for bound in intervals(text) if not bound.bare and not bound.ranked]
    if not bounds:
        return None
    asked, bare = stated(question), without_unit(question)
    met: list[bool] = []
    told = {quantity.dimension for quantity in asked}
    ages = {_AGE} - told if bare else set()  # 我今年59: an age is what people tell without its unit
    for dimension in sorted(told | ages):
        own = {quantity.value for quantity in asked if quantity.dimension == dimension} or set(bare)
        limits = [bound for bound in bounds if bound.dimension == dimension]
        if len(own) != 1 or not 0 < len(limits) <= _MOST or not _hold_together(limits):
            continue
        (value,) = own
        met += [_holds(limit, value) for limit in limits]
    return all(met) if met else None


def _hold_together(limits: list[Interval]) -> bool:
    """Whether bounds can be meant of one thing: one alone, or one from below and one from above."""
    return len(limits) == 1 or {math.isinf(limit.high) for limit in limits} == {True, False}


def _holds(limit: Interval, value: float) -> bool:
    near = next((edge for edge in (limit.low, limit.high) if math.isclose(value, edge, rel_tol=_ALIKE)), value)
    return limit.holds(near)


def verdict(question: str, text: str) -> bool | None:
    """Whether yes is to be said to the case of a question: it lies within the bounds of what a text gives, or outside those of
    what it denies; the other way round where the question asks whether a limit is passed (超期了吗)."""
    found = within(question, text)
    return None if found is None else (found != bool(_DENIES.search(text))) != bool(_ASKS_PASSED.search(question))
