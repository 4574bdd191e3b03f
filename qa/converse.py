"""Follow-ups made whole: 那省级的呢？ is asked of what the turn before was about.

A turn that cannot stand alone (it begins with 那/这/它, ends with 呢, or is short and without a name of its own) takes the
topic of the last whole question: the words that carry its content, with the level, year or place that the new turn names in
the place of the old one, and the kind of answer that it asks for. A session knows only its own turns, and forgets the
oldest.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from index.types import Passage
from qa.question.answer_type import type_said

MAX_SESSIONS = 10_000
"""Sessions remembered at once; the one used longest ago is forgotten first."""

_LEANS = re.compile(
    r"^(?:那|那么|这个?事?|它|他|她|其|该|要是|如果|假如|还有|另外|最后|再|然后|以及|换成|也)|呢[？?]?$|这笔|这事|这个|他们|它们|上述|前面|刚才"
)
_BARE = re.compile(
    r"^(?:请问|想问)?(?:补助|补贴|奖励|罚款|利息|期限|有效期|金额|比例|标准|条件|材料|地址|电话|截止|时间|流程)?[^，。]{0,6}?"
    r"(?:什么时候|找(?:谁|哪)|归谁|归哪|交给谁|向谁|哪个部门|哪些部门|哪个单位|多少|怎么算|怎么办|怎么申请|多久|几天|哪天|何时|在哪|是多少|是什么|谁负责|最高|牵头|截止)[^，。]{0,8}[？?]?$"
)
_SWAPS = (
    re.compile(r"国家级|省级|市级|区级|县级"),
    re.compile(r"[ⅠⅡⅢⅣ]级|[一二三四]级"),
    re.compile(r"[一二三]等奖"),
    re.compile(r"(?:19|20)\d\d年?"),
    re.compile(r"\d+(?:\.\d+)?\s*(?:亿|万)?元?(?:以上|以下)?"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a later turn may lean on: the last question that stood alone (with what later turns replaced in it), and the
    passage that answered last, if any."""

    topic: str
    passage: Passage | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up made whole. `focus` is what the user wrote of it, `topic` what the next turn leans on."""

    whole: str
    focus: str
    topic: str


class Conversations(Protocol):
    """The last turn of each session. Safe for several threads; nothing passes from one session to another."""

    def last(self, session: str | None) -> Turn | None:
        """The turn that was remembered last; None where there is none, it is forgotten, or there is no session."""
        ...

    def remember(self, session: str | None, turn: Turn) -> None:
        """Keeps `turn` in the place of the one before. Without a session nothing is kept."""
        ...


class MemoryConversations:
    """Conversations of one process, in its memory."""

    def __init__(self, capacity: int = MAX_SESSIONS) -> None:
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def last(self, session: str | None) -> Turn | None:
        if session is None:
            return None
        with self._lock:
            return self._turns.get(session)

    def remember(self, session: str | None, turn: Turn) -> None:
        if session is None:
            return
        with self._lock:
            self._turns[session] = turn
            self._turns.move_to_end(session)
            while len(self._turns) > self._capacity:
                self._turns.popitem(last=False)


def stands_alone(question: str) -> bool:
    """Whether a question says by itself what it is about."""
    text = question.strip()
    return len(text) > 40 or not (_LEANS.search(text) or _BARE.match(text))


def complete(question: str, last: Turn | None) -> FollowUp | None:
    """The follow-up as a question of its own, or None where it already stands alone (or nothing came before)."""
    text = question.strip()
    if last is None or stands_alone(text):
        return None
    topic, own = last.topic, re.sub(r"^(?:那么?|要是|如果|换成)|呢?[？?。！]*$", "", text)
    if type_said(text) != "span":
        return FollowUp(f"{_subject(topic)}，{own}？", own, topic)
    for pattern in _SWAPS:
        new, old = pattern.search(own), pattern.search(topic)
        if new and old and new[0] != old[0]:
            rest = re.sub(r"^的?(?:过了|到了|是)?|的$", "", own.replace(new[0], "")).strip("的，,了 ")
            swapped = topic.replace(old[0], new[0], 1)
            return FollowUp(swapped + (f"（{rest}）" if len(rest) >= 4 else ""), own, swapped)
    # another member of the same list: 那紧缺的外国技能型人才呢？ asks for the same thing
    return FollowUp(f"{own}，{topic}", own, topic)


_ASKED = re.compile(
    r"(?:市里|省里|区里|县里|国家|一共|最高|能|可以|，)*(?:奖|补|罚|给|拿|领|用|有|归|由|找|向)?(?:了|到|按|是)?"
    r"(?:多少钱?|多大|几(?:天|年|家|个(?:工作日|月|点)?)|什么(?:时候|颜色)?|何时|哪(?:天|年|一年|家公司|个部门|些部门|几个部门|些|个)|"
    r"怎么(?:办|算|申请)?|吗|呢|谁)[^，。]*[？?]?$"
)


def _subject(question: str) -> str:
    """What a question was about, without what it asked for: its question words and the verb of giving go."""
    cut = _ASKED.sub("", question).rstrip("，, 的？?。")
    return cut if len(cut) >= 4 else question.rstrip("？?。")
