"""对A、B、C分别给予X、Y、Z: the share of the member that the question names, or all shares with their members.

qa/read/pairs.py reads from a sentence whose each value is, qa/read/naming.py which member a question names; here the two
are put together. docs/respectively.md has the cases with examples.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context
from qa.read.naming import named
from qa.read.pairs import RESPECTIVELY, Pairing, Place, Share, full_width, listed, members_of, own_words, parallel

_ASKS_ALL = re.compile(
    r"分别|各(?:[奖补罚给是为有级类档个种]|自|多少)|每(?:一)?(?:级|类|档|等|种)|都(?:是|有|给|奖|补)?(?:多少|什么|几)|哪几[档级类]|几档|标准是(?:什么|怎样|多少)"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The shares that a question asks for, of the pairing that they stand in.

    `sure` where a list of members stands opposite a list of values, where a figure or a rank decided, or where the words
    of one share alone are in the question.
    """

    chosen: tuple[Share, ...]
    pairing: Pairing
    sure: bool

    @property
    def places(self) -> frozenset[Place]:
        """Where the values of the pairing stand."""
        return frozenset(share.place for share in self.pairing.shares)


def verdict(text: str, found: Sequence[Place], context: Context) -> Verdict | None:
    """What a question gets of the values of a text, or None where nothing is paired or the question names no member."""
    text = full_width(text)
    pairings = listed(text, found)
    if pairings:
        return _of_lists(pairings, context)
    rest = parallel(text, found)
    return _of_parallel(text, rest, context) if rest is not None else None


def _of_lists(pairings: Sequence[Pairing], context: Context) -> Verdict | None:
    """The choice among the lists of one text: first the list whose lead the question names, then the member in it."""
    if len(pairings) > 1:
        heads = [p.lead + "、".join(s.member for s in p.shares) for p in pairings]
        group = named(heads, "", context)
        if group is not None and len(group.members) == 1:
            pairings = [pairings[group.members[0]]]
    for pairing in pairings:
        chosen = named([s.member for s in pairing.shares], pairing.lead, context)
        if chosen is not None:
            return Verdict(tuple(pairing.shares[i] for i in chosen.members), pairing, True)
    return _all(tuple(s for p in pairings for s in p.shares), pairings[0].lead, context)


def _all(shares: tuple[Share, ...], lead: str, context: Context) -> Verdict | None:
    if _ASKS_ALL.search(context.question.text):
        return Verdict(shares, Pairing(shares, lead, True), True)
    return None


def _of_parallel(text: str, pairing: Pairing, context: Context) -> Verdict | None:
    """The choice among values with words of their own. After 其中 stand the parts of the value before it: a part is meant
    where the question names one, else the whole."""
    shares = pairing.shares
    part = text.find("其中")
    parts = [s for s in shares if 0 <= part < s.place[0]]
    if parts and len(parts) < len(shares):
        whole = [s for s in shares if s not in parts][-1]
        chosen = named([s.member for s in parts], pairing.lead + whole.member, context) if len(parts) > 1 else None
        if chosen is not None and not _ASKS_WHOLE.search(context.question.text):
            return Verdict(tuple(parts[i] for i in chosen.members), pairing, True)
        if len(parts) > 1:
            return Verdict((whole,), pairing, bool(_ASKS_WHOLE.search(context.question.text)))
    chosen = named([s.member for s in shares], pairing.lead, context)
    if chosen is None or not chosen.sure:
        everything = _all(shares, pairing.lead, context)
        if everything is not None or chosen is None:
            return everything
    if len(chosen.members) > 1 and not _JOINS.search(context.question.text):
        return None
    return Verdict(tuple(shares[i] for i in chosen.members), pairing, chosen.sure)


_JOINS = re.compile(r"[一-鿿][、和与及跟][一-鿿]")


_ASKS_WHOLE = re.compile(r"总共|一共|合计|总额|总计|总的|共(?:有|计|安排)?多少|总规模|总量")


def verdict_of_rungs(text: str, found: Sequence[Place], context: Context) -> Verdict | None:
    """What a question gets of values that stand in sentences of their own (对A…；对B…, （一）A…（二）B…), one in each."""
    text = full_width(text)
    rest = parallel(text, found)
    if rest is None or listed(text, found):
        return None
    cuts = [0, *(m.end() for m in re.finditer(r"[；\n。]", text)), len(text)]
    homes = [max(cut for cut in cuts if cut <= share.place[0]) for share in rest.shares]
    if len(set(homes)) < len(homes):
        return None
    judged = _of_parallel(text, rest, context)
    return judged if judged is not None and judged.sure else None


def paired_text(shares: Sequence[tuple[str, str]]) -> str:
    """Members with their values, 国家级：最高500万元；省级：最高300万元; what all members begin with is left out."""
    shared = os.path.commonprefix([label for label, _ in shares])
    cut = shared.rfind("的") + 1
    return "；".join(f"{label[cut:] or label}：{value}" for label, value in shares)


_WORDS = re.compile(r"(?:对应|为|是|负责|承担|用|采用|以|按|由|称为|标示为|设)?(?P<list>[^，。；：]{3,120})")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The share of the member that the question names, where the shares are words (分别对应红色、橙色、黄色、蓝色)."""
    text = sentence.text
    for match in RESPECTIVELY.finditer(text):
        words = _WORDS.match(text, match.end())
        if words is None or re.match(r"给予|发放|奖励|补助|补贴|资助|拨付", words["list"]):
            continue  # what is given is a figure
        places = _parts(words["list"], words.start("list"))
        head = text[max(text.rfind(stop, 0, match.start()) for stop in "。；") + 1 : match.start()]
        found = members_of(head, len(places), True) if len(places) >= 2 else None
        if found is None:
            continue
        members, of_all = own_words(found[0])
        chosen = named(members, f"{found[1]}，{of_all}", context)
        if chosen is not None and len(chosen.members) == 1:
            yield _word_share(sentence, places, chosen.members[0])
        elif re.search(r"分别|哪些|各是|都有|什么", context.question.text):
            yield _all_words(sentence, members, places, context)


def _parts(words: str, start: int) -> list[Place]:
    places = []
    for part in re.split(r"([、和及与])", words):
        if part not in "、和及与" and part:
            places.append((start, start + len(part)))
        start += len(part)
    return places


_VERB_OF_ALL = re.compile(
    r"(?<=..)(?:表示|标示|标识|标注|显示|牵头|负责|承担|组织|实施|管理|办理|落实|编制|审批|审核|受理)$"
)


def _word_share(sentence: Sentence, places: Sequence[Place], chosen: int) -> Candidate:
    a, b = places[chosen]
    value = sentence.text[a:b]
    if chosen == len(places) - 1:
        value = _VERB_OF_ALL.sub("", value)
        if len(value) > 6 and not value.startswith(("市", "省", "区", "县")):  # the noun of all stands last: 蓝色预警
            value = value[: max(d - c for c, d in places[:-1]) + 2]
    span = Span(sentence.start + a, sentence.start + a + len(value))
    return Candidate(value, sentence, (sentence.span, span), 0.95)


def _all_words(sentence: Sentence, members: Sequence[str], places: Sequence[Place], context: Context) -> Candidate:
    """All shares in order; with their members where those are short."""
    span = Span(sentence.start + places[0][0], sentence.start + places[-1][1])
    shares = [sentence.text[a:b] for a, b in places]
    asked = re.search(r"什么(?P<what>[一-鿿]{2})", context.question.text)
    fit = 0.95 if asked and all(asked["what"][-1] in share for share in shares) else 0.7
    return Candidate("、".join(shares), sentence, (sentence.span, span), fit)
