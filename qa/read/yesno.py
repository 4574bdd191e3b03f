"""Yes and no in the words of the question: 可以, 不可以, 需要, 不需要, 是, 否."""

from __future__ import annotations

import re

_NEGATED = re.compile(
    r"(?<![用要能可需该得准许让给以])不(?:用|需要?|必|能|得|可以?|该|准|许|让|给|允许|应|须)|无需|无须|禁止|严禁|没有|没法|不到|不了"
)
"""Questions put in the negative (不用交了吧, 是不是不让养): 可以 would say the opposite of yes."""
_ASKS_DUTY = re.compile(r"需要|要不要|用不用|需不需|还用|必须|须|要交|还要|得不得")
_ASKS_LEAVE = re.compile(r"能|可以|可否|允许|行不行|让")
_SURELY_LEAVE = ("能不能", "可以", "能否")


def is_negated(question: str) -> bool:
    """Whether a question is put in the negative, so that yes says that something is not so."""
    return bool(_NEGATED.search(question))


def word_for(question: str, no: bool) -> str:
    """是, 可以, 需要, 不可以, 不需要 or 否, in the words of the question; to one that is put in the negative 是 or 否."""
    if is_negated(question):
        return "否" if no else "是"
    if _ASKS_DUTY.search(question) and not any(word in question for word in _SURELY_LEAVE):
        return "不需要" if no else "需要"
    if _ASKS_LEAVE.search(question):
        return "不可以" if no else "可以"
    return "否" if no else "是"
