"""对A、B、C分别给予X、Y、Z: the share of the member that the question names.

The list before 分别 (依次, 各) is paired with the list after it, where both have the same number of members. The list of
members is, in this order: a run of levels or ranks (国家级、省级; Ⅰ级、Ⅱ级) whatever follows it; the last piece with as many
parts; the last parts of a longer one. A member is named by a figure (2000万元, also 两千万), by the highest threshold that a
figure reaches (到了6000万 among 5000万、8000万以上), or by words that no other member has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.types import Span
from qa.evidence import Sentence
from qa.figures import FIGURE, magnitude
from qa.read.candidate import Candidate, Context

Place = tuple[int, int]
"""Start and end of a stretch of a sentence."""

_RESPECTIVELY = re.compile(r"分别|依次|各(?=(?:给予|为|按))")
_ASKS_ALL = re.compile(r"分别|各(?:[奖补罚给是为有级类]|自)|每(?:一)?(?:级|类|档|等)")
_WORDS = re.compile(r"(?:对应|为|是|负责|承担|用|采用|以|按|由|称为|标示为|设)?(?P<list>[^，。；：]{3,120})")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The share of the member that the question names, where the shares are words (分别对应红色、橙色、黄色、蓝色)."""
    text = sentence.text
    for match in _RESPECTIVELY.finditer(text):
        words = _WORDS.match(text, match.end())
        if words is None:
            continue
        start, places = words.start("list"), []
        for part in re.split(r"([、和及与])", words["list"]):
            if part not in "、和及与" and part:
                places.append((start, start + len(part)))
            start += len(part)
        members = _members(text[: match.start()], len(places)) if len(places) >= 2 else None
        if members is None:
            continue
        chosen = _named(members, text[: match.start()], context)
        if chosen is None:
            if re.search(r"分别|哪些|各是|都有|什么", context.question.text):  # all of them, in order
                span = Span(sentence.start + places[0][0], sentence.start + places[-1][1])
                shares = [text[a:b] for a, b in places]
                asked = re.search(r"什么(?P<what>[一-鿿]{2})", context.question.text)
                fit = 0.95 if asked and all(asked["what"][-1] in share for share in shares) else 0.7
                yield Candidate("、".join(shares), sentence, (sentence.span, span), fit)
            continue
        a, b = places[chosen]
        value = text[a:b]
        if chosen == len(places) - 1:  # the noun after the last share belongs to all: 蓝色预警
            value = value[: max(len(text[c:d]) for c, d in places[:-1]) + 2] if len(value) > 6 else value
        span = Span(sentence.start + a, sentence.start + a + len(value))
        yield Candidate(value, sentence, (sentence.span, span), 0.95)


def paired(text: str, found: Sequence[Place], context: Context) -> Place | None:
    """The value of the member that the question names, where a list of members is paired with a list of values.

    对A、B、C分别给予X、Y、Z: as many members before 分别 as values after it. None where the sentence pairs nothing, where
    the numbers differ, or where the question names no single member.
    """
    for match in _RESPECTIVELY.finditer(text):
        after = [place for place in found if place[0] >= match.end()]
        run = _run(text, after)
        if len(run) < 2:
            continue
        members = _members(text[: match.start()], len(run))
        if members is None:
            continue
        chosen = _named(members, text[: match.start()], context)
        if chosen is not None:
            return run[chosen]
    return None


def all_paired(text: str, found: Sequence[Place], context: Context) -> Place | None:
    """The whole list of values, where the question asks for each of the members (分别奖多少) and names no single one."""
    if not _ASKS_ALL.search(context.question.text):
        return None
    for match in _RESPECTIVELY.finditer(text):
        run = _run(text, [place for place in found if place[0] >= match.end()])
        members = _members(text[: match.start()], len(run)) if len(run) >= 2 else None
        if members is not None and _named(members, text[: match.start()], context) is None:
            return run[0][0], run[-1][1]
    return None


def _run(text: str, found: Sequence[Place]) -> list[Place]:
    """The first figures that stand in one list: only 、和及, and the words of giving between them."""
    run: list[Place] = []
    for place in found:
        if run and not re.fullmatch(
            r"\s*(?:[、，和及与或]|以及)?(?:最高|不超过|一次性|奖励|的|资助|补助|给予|奖励资金|支持|补贴|每年|不低于|不少于|至|到|/项|/件)*[、，和及与]?(?:最高|不超过|给予|不低于|每年|不少于)*\s*",
            text[run[-1][1] : place[0]],
        ):
            break
        run.append(place)
    return run


_LEVEL_RUN = re.compile(
    r"(?:国家级|省级|市级|区级|县级|国家|国际|全国|[ⅠⅡⅢⅣ]级|[一二三]等奖|[甲乙丙]级|[特一二三四]级|AAAAA?级?)"
)


def _members(before: str, n: int) -> list[str] | None:
    """The list of exactly `n` members in the words before 分别.

    A run of `n` levels (国家级、省级) is the list whatever follows it; else the last piece with `n` parts; else the last
    `n` parts of the last longer one.
    """
    clause = re.split(r"[。；]", before)[-1]
    levels = list(dict.fromkeys(_LEVEL_RUN.findall(clause)))
    if len(levels) == n:
        return levels
    longer: list[str] | None = None
    for piece in reversed(re.split(r"[，,]", clause)):
        parts = [p.strip() for p in re.split(r"[、]|(?<=[^合其])(?:和|及|与|或)(?=[^、])", piece) if p.strip()]
        if len(parts) == n:
            return parts
        only = [p.strip() for p in piece.split("、") if p.strip()]
        if len(only) == n:
            return only
        if len(parts) > n and longer is None:
            longer = parts[-n:]
    return longer


def _named(members: list[str], before: str, context: Context) -> int | None:
    """Which member the question names: by a figure it states, else by words that the other members do not have.

    What stands `before` the list is said of all of them and tells none apart.
    """
    asked = context.question.magnitudes
    figures = [[m for m in map(magnitude, FIGURE.findall(member)) if m is not None] for member in members]
    if asked and all(figures):
        counts = [sum(f in asked for f in own) for own in figures]
        exact = [i for i, n in enumerate(counts) if n and n == max(counts)]
        if len(exact) == 1:
            return exact[0]
        firsts = [own[0] for own in figures]
        same_unit = len({unit for _, unit in firsts}) == 1
        if not exact and same_unit:  # a ladder of thresholds: the highest one that the question's figure reaches
            unit = firsts[0][1]
            reached = [i for i, (n, _) in enumerate(firsts) if any(u == unit and n <= a for a, u in asked)]
            if reached:
                return max(reached, key=lambda i: firsts[i][0])
    heads = [_head(member, i, len(members)) for i, member in enumerate(members)]
    at = before.rfind(members[0])
    lead = members[0].rfind(heads[0]) if heads[0] else 0
    common = set(context.tokens(before[: max(0, at + lead)])) if at >= 0 else set()
    tokens = [set(context.tokens(head)) - common for head in heads]
    scores = []
    for i, own in enumerate(tokens):
        others = set().union(*(t for j, t in enumerate(tokens) if j != i))
        distinct = context.terms.among(own - others)
        # one character in common names nothing
        scores.append(context.terms.weight(distinct) if any(len(t) > 1 or t.isascii() for t in distinct) else 0.0)
    best = max(range(len(scores)), key=lambda i: scores[i])
    if scores[best] <= 0 or sorted(scores)[-2] > 0.8 * scores[best]:
        return None
    return best


def _head(member: str, i: int, n: int) -> str:
    """What sets a member apart: of the first one only what follows 的, since the words before it are of all; of the last
    one only what precedes 经 or 的, since the words after it are of all."""
    if i == 0:
        member = re.split(r"的|(?<=^)对", member)[-1] or member
    elif i == n - 1:
        member = re.split(r"经|的|(?<![特一二三])等", member)[0] or member
    return member[-16:] if i == 0 else member[:16]
