"""The ways in which a turn can be put into an earlier question: which words of it are the turn's own, and what they replace.

A question that came before is cut into words; the turn takes the place of a run of them, or stands before, between or
behind them. That one move covers 那硕士呢 (in the place of 博士), 什么时候发 (in the place of 有多少) and 如果单身呢 (before all).
Nothing is chosen here: rank.py does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from index.tokens import normalise
from qa.turns.classes import classes

LONGEST_RUN = 9
"""Words of an earlier question that a turn may take the place of, at most."""

MOST_WORDS = 36
"""Words of an earlier question between which a turn may be put, counted from its end."""

_ENDS = " \t\n\u3000？?。！!；;，,、…~～"

# Particles and markers of Chinese that tell what a turn does and are no part of what it says.
LINK = re.compile(
    r"^(?:(?:那么|那|这么说|所以|也就是说|就是说|意思是|换句话说|然后|还有|另外|再|如果是|要是|如果|假如|换成|换做|至于)[，,]?)+(?=.)"
)
TAIL = re.compile(r"(?:的话|[的呢咧呀啊呐嘛吧哈])+$")
_WRONG = r"(?:(?:不对|不是|不|错了|搞错了|说错了|弄错了|等等|等一下)[，,。！]\s*)"
DENIAL = re.compile(
    rf"^{_WRONG}*(?:我(?:(?:想|要)?(?:问|说|指|讲)的?|的意思)不?是|(?:想|要)?(?:问|说|指|讲)的不?是|应该是)说?(?=.)|"
    rf"^{_WRONG}+(?:我?是(?!不))?(?=.)"
)
NOT_THIS = re.compile(
    r"(?:不是|而不是|不说|没说|没问|不问)(?P<old>[^，,。！]{1,12})[，,](?:我?(?:说|问|指)?的?是|而是|是)(?P<new>.+)$"
)
POINTS = re.compile(
    r"^(?:这|那|该|上述|此)(?:个|件|笔|项|种|类|些|张|家)?(?:事儿?|事情|钱|政策|规定|证件?|补贴|补助|奖励)?的?(?=.{2})|^(?:它|他|她|其)们?的?(?=.{2})"
)
BACK = re.compile(
    r"^(?:(?:再|还是|还有|先|那)?(?:说|讲|转|绕)?(?:回到|说回|说到|回头|接着|之前|刚才|刚刚|前面|上面|先前|方才)(?:再|来)?(?:说|讲|问|提)?(?:的|过的)?"
    r"(?:那个|这个|那件事?|那事|那条)?)+"
)


@dataclass(frozen=True, slots=True)
class Own:
    """What is left of a turn without its markers, and which of them were taken: link, tail, denial, pointer, back."""

    text: str
    without: frozenset[str]
    old: str = ""  # what the turn says it is not


@dataclass(frozen=True, slots=True)
class Splice:
    """A turn put into a question: `before` + `own` + `after`, in the place of `gone`. `words` counts those that are gone;
    `start` is where they begin, `at` tells which earlier question it is (0 the last), `glue` what was put between."""

    before: str
    gone: str
    after: str
    own: Own
    words: int
    start: int
    at: int
    glue: str = ""

    @property
    def whole(self) -> str:
        """The question that this makes."""
        middle = self.own.text
        if self.before and self.glue:
            middle = self.glue + middle
        elif self.glue:
            middle = middle + self.glue
        text = (self.before + middle + self.after).strip(_ENDS)
        return text + "？"


def bare(text: str) -> str:
    """A turn without white space and marks at its ends."""
    return text.strip(_ENDS)


def owns(turn: str) -> list[Own]:
    """The turn with more and more of its markers taken off, as it stands first; none is empty."""
    whole = bare(turn)
    found = {whole: Own(whole, frozenset())}
    denied = NOT_THIS.search(whole)
    if denied:
        text = bare(denied["new"])
        found.setdefault(text, Own(text, frozenset({"denial"}), denied["old"]))
    if BACK.match(whole):
        for text in (bare(BACK.sub("", whole)), bare(re.split("[，,]", whole, maxsplit=1)[-1])):
            if text:
                found.setdefault(text, Own(text, frozenset({"back"})))
    for name, pattern in (("denial", DENIAL), ("link", LINK), ("tail", TAIL), ("points", POINTS)):
        for own in list(found.values()):
            text = bare(pattern.sub("", own.text))
            if text and text not in found:
                found[text] = Own(text, own.without | {name}, own.old)
    return list(found.values())


def cut(text: str, words: Callable[[str], Sequence[str]]) -> list[str]:
    """The words of a question with their own characters, in order; the normalised ones where the two do not align. A member of a group
    is a word of its own (本科 in 本科生): it is what another one takes the place of."""
    plain = bare(text)
    found = [piece for word in words(plain) for piece in _with_members(word)]
    folded = [normalise(c) if not c.isspace() else "" for c in plain]
    if "".join(folded) != "".join(found):
        return found
    ends = list(accumulate(map(len, found)))
    out, piece, length, at = [], "", 0, 0
    for character, fold in zip(plain, folded, strict=True):
        piece += character
        length += len(fold)
        if at < len(ends) and length >= ends[at]:
            out.append(piece)
            piece, at = "", at + 1
            while at < len(ends) and ends[at] <= length:
                at += 1
    if piece and out:
        out[-1] += piece
    return out or found


def _with_members(word: str) -> list[str]:
    """A word cut where a member of a group begins or ends."""
    inside = [member for members in classes(word).values() for member in members if member in word and member != word]
    if not inside:
        return [word]
    before, member, rest = word.partition(max(inside, key=len))
    return [piece for piece in (before, member, rest) if piece]


def splices(question: Sequence[str], own: Own, at: int) -> Iterator[Splice]:
    """All ways to put what a turn says into a question that is cut into words."""
    count = len(question)
    first = max(0, count - MOST_WORDS)
    for start in range(first, count + 1):
        before = "".join(question[:start])
        for end in range(start, min(count, start + LONGEST_RUN) + 1):
            gone, after = "".join(question[start:end]), "".join(question[end:])
            if not before and not after:
                continue
            yield Splice(before, gone, after, own, end - start, start, at)
            if not after and bare(before) == before or not before and bare(after) == after:
                yield Splice(before, gone, after, own, end - start, start, at, "，")
        if start + LONGEST_RUN < count and start > first:  # the turn takes the place of all that follows
            yield Splice(before, "".join(question[start:]), "", own, count - start, start, at)
            if bare(before) == before:
                yield Splice(before, "".join(question[start:]), "", own, count - start, start, at, "，")
