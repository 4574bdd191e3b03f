"""Figures in a sentence: amounts, ratios, counts, dates and periods, weighed by what stands around them.

A sentence often holds several figures. A list after 分别 is paired with the list before it (A、B分别给予X、Y), and the member that
the question names gives its own value; else the figure counts most whose own stretch of the sentence shares most with the
question. A figure that the question itself states is a condition, not the answer. Which of them answers the scorer decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.types import Span
from qa.evidence import Sentence, segments
from qa.figures import magnitude
from qa.read.candidate import Candidate, Context
from qa.read.forms import Value, values
from qa.read.pairs import Share, is_threshold
from qa.read.respectively import Verdict, paired_text, verdict, verdict_of_rungs
from qa.read.window import Window, window_of


def read(sentence: Sentence, context: Context, kind: str) -> Iterator[Candidate]:
    """Candidates for a figure of `kind` (a key of PATTERNS) in a sentence."""
    text = sentence.text
    everything = values(text, kind)
    if not everything:
        return
    judged = verdict(text, [(v.start, v.end) for v in everything], context)
    if judged is not None and len(judged.chosen) > 1:
        yield _together(sentence, sentence.span, text, judged, everything)
    if judged is None or not judged.sure:
        window = window_of(sentence)
        if window is not None and (all_rungs := _rungs(window, context, kind)) is not None:
            wide, figures = all_rungs
            if len(wide.chosen) > 1 and wide.chosen[0].place[0] + window.start in range(sentence.start, sentence.end):
                yield _together(sentence, window.span, window.text, wide, figures)
            judged = _within(wide, window.start - sentence.start, len(text))
            sentence = _with_lead(sentence, window, wide, context) if judged.chosen else sentence
    sure = judged is not None and judged.sure
    found = [
        v
        for v in everything
        if (sure and judged is not None and _is_chosen(v, judged)) or not _is_in_question(v, kind, context)
    ]
    pieces = segments(text)
    owns = {v: _own_words(text, v, everything) for v in found}
    fits: dict[Value, float] = {}
    for value in found:
        if value.text.endswith("百分点") and "点" not in context.question.text:
            continue  # a step, not a share
        fits[value] = _fit(text, value, pieces, _next(value, everything, text), context)
        fits[value] += _distinct(value, owns, context)
        if judged is not None and not judged.sure and len(judged.chosen) == 1 and _is_chosen(value, judged):
            fits[value] += _NAMED
    scale = max(1.0, *fits.values()) if fits else 1.0  # above 1 the order among them must not be lost
    for value, raw in fits.items():
        fit, said = raw / scale, value.text
        others: tuple[Span, ...] = ()
        if judged is not None and judged.sure:
            if _is_chosen(value, judged) and len(judged.chosen) == 1 and not judged.pairing.listed:
                fit = 0.5 + 0.4 * fit
            elif _is_chosen(value, judged) and len(judged.chosen) == 1:
                fit, said = 0.9 + 0.1 * fit, _shared_cap(text, value, everything) + value.text
                others = _others(judged, sentence)
            else:
                fit *= _PASSED_OVER
        span = Span(sentence.start + value.start, sentence.start + value.end)
        # A figure that everything speaks against is there, but it is not what was asked for.
        spans = (sentence.span, span)
        yield Candidate(said, sentence, spans, max(0.0, min(1.0, fit)), fit > _AGAINST, instead_of=others)


def _others(judged: Verdict, sentence: Sentence) -> tuple[Span, ...]:
    """The values of a pairing that are not chosen, as spans of the document."""
    places = (share.place for share in judged.pairing.shares if share not in judged.chosen)
    return tuple(Span(sentence.start + start, sentence.start + end) for start, end in places)


def is_condition(candidate: Candidate) -> bool:
    """Whether the figure of a candidate says who is given (8000万元以上的) and not what."""
    sentence, at = candidate.sentence, candidate.spans[-1]
    place = (at.start - sentence.start, at.end - sentence.start)
    one = candidate.text.endswith(sentence.text[place[0] : place[1]])  # not several members with their values
    return one and is_threshold(sentence.text, place)


_PASSED_OVER = 0.2
"""What is left of the fit of a figure where the sentence gives the member that is asked for another one."""

_NAMED = 0.12
"""What the words of a value in parallel with others are worth where the question has them and they are not conclusive."""


def _is_chosen(value: Value, judged: Verdict) -> bool:
    return any(share.place == (value.start, value.end) for share in judged.chosen)


def _together(sentence: Sentence, quoted: Span, text: str, judged: Verdict, everything: list[Value]) -> Candidate:
    """The values of several members, each with its member: 国家级：最高500万元；省级：最高300万元. Offsets are in `text`, which
    stands at `quoted`."""
    by_place = {(v.start, v.end): v for v in everything}
    said = [
        (share.label, _shared_cap(text, by_place[share.place], everything) + by_place[share.place].text)
        for share in judged.chosen
    ]
    first = min(share.place[0] for share in judged.chosen)
    last = max(share.place[1] for share in judged.chosen)
    span = Span(quoted.start + first, quoted.start + last)
    return Candidate(paired_text(said), sentence, (quoted, span), 0.95 if judged.sure else 0.5)


def _rungs(window: Window, context: Context, kind: str) -> tuple[Verdict, list[Value]] | None:
    """What the question gets of the rungs of a window, with its figures."""
    figures = values(window.text, kind)
    judged = verdict_of_rungs(window.text, [(v.start, v.end) for v in figures], context)
    return (judged, figures) if judged is not None else None


def _within(judged: Verdict, shift: int, length: int) -> Verdict:
    """A verdict on a window as one on the sentence that stands `-shift` characters into it."""

    def moved(shares: tuple[Share, ...]) -> tuple[Share, ...]:
        at = (replace(s, place=(s.place[0] + shift, s.place[1] + shift)) for s in shares)
        return tuple(s for s in at if s.place[0] >= 0 and s.place[1] <= length)

    chosen = moved(judged.chosen) if len(judged.chosen) == 1 else ()
    return Verdict(chosen, replace(judged.pairing, shares=moved(judged.pairing.shares), listed=True), True)


def _with_lead(sentence: Sentence, window: Window, judged: Verdict, context: Context) -> Sentence:
    """A rung as evidence: it stands for the opening words of its ladder too."""
    lead = window.text[: min(share.place[0] for share in judged.pairing.shares)]
    gained = context.cover(lead + sentence.text)
    return replace(
        sentence,
        own_cover=max(sentence.own_cover, gained),
        cover=max(sentence.cover, gained),
        residual=max(sentence.residual, gained),
    )


_AGAINST = 0.02
_CAP = re.compile(
    r"^(?:最高不超过|累计不超过|不得超过|不得低于|不得高于|不得少于|不超过|最高|不低于|不少于|至少|每年最高)"
)


def _shared_cap(text: str, value: Value, everything: list[Value]) -> str:
    """最高100万元、50万元: the cap before the first figure of a list is that of all of them."""
    first = value
    for other in reversed(everything):
        if other.end <= first.start and re.fullmatch(r"\s*[、和及与]\s*", text[other.end : first.start]):
            first = other
    if first is value or _CAP.match(value.text):
        return ""
    match = _CAP.match(first.text)
    return match[0] if match else ""


def _own_words(text: str, value: Value, everything: list[Value]) -> str:
    """The words right before and after a figure, up to the next comma or figure: what this figure alone is about."""
    before = max((v.end for v in everything if v.end <= value.start), default=0)
    after = min((v.start for v in everything if v.start >= value.end), default=len(text))
    left = re.split(r"[。；，,、]", text[max(before, value.start - 24) : value.start])[-1]
    listed = re.match(r"([^，。；、]{0,16})、", text[value.end :])
    if listed and after - value.end - listed.end() <= _LIST_GAP:  # 新增A 5家、B 6家: the verb is said of all
        left = "" if len(listed[1]) >= 2 else _SHARED_VERB.sub("", left) or left
    right = re.split(r"[。；]", text[value.end : after][:48])[0]
    if after < len(text) and (cut := re.match(r"(.*)[，,、和]", right)):
        right = cut[1]  # what follows the last comma belongs to the next figure
    return left + "|" + right


_LIST_GAP = 10  # characters between 、 and the next figure of the same list
_SHARED_VERB = re.compile(r"^.*(?:新增|引进|培育|认定|建成|建设|新建|完成|打造|形成|全年|达到|累计|力争|每年|给予)")


def _distinct(value: Value, owns: dict[Value, str], context: Context) -> float:
    """For parallel figures (国家级500万元、省级300万元): whether the question names what stands with this one alone."""
    if len(owns) < 2:
        return 0.0
    others = "|".join(words for v, words in owns.items() if v != value)
    mine = {t for t in context.tokens(owns[value]) if t in context.terms.weights} - set(context.tokens(others))
    if level := _level_fit(value, owns, context):
        return level  # 市级总部300家、省级100家: the noun stands with the first one only and is of both
    return min(0.5, 1.6 * context.terms.cover(mine))


_LEVEL = re.compile(r"国家级|省级|市级|区级|县级|[一二三]等奖|[ⅠⅡⅢⅣ]级")


def _level_fit(value: Value, owns: dict[Value, str], context: Context) -> float:
    """新增市级总部300家、省级100家: a figure belongs to the level that stands with it."""
    said = set(_LEVEL.findall(owns[value].partition("|")[0]))
    asked = {level for level in context.question.levels if _LEVEL.fullmatch(level)}
    if not said or not asked:
        return 0.0
    return 0.25 if said & asked else -0.35


def _is_in_question(value: Value, kind: str, context: Context) -> bool:
    """Whether the question itself states the figure: then it is a condition of what is asked."""
    if kind == "date":  # 2022年6月底前 answers a question about 2022年
        return value.text.strip("自从于到至前起止 ") in context.question.text
    return magnitude(value.text) is not None and magnitude(value.text) in context.question.magnitudes


def _next(value: Value, everything: list[Value], text: str) -> int:
    """Where the next figure begins: what is around it says nothing about this one."""
    return min((v.start for v in everything if v.start >= value.end), default=len(text))


def _fit(text: str, value: Value, pieces: list[tuple[int, int]], until: int, context: Context) -> float:
    """How much of the question stands in the figure's own piece of the sentence, and in the pieces before it."""
    at = next((i for i, (a, b) in enumerate(pieces) if a <= value.start < b), 0)
    a, b = pieces[at] if pieces else (0, len(text))
    own = context.cover(text[a:b].replace(value.text, " "))
    before = context.cover(text[pieces[at - 1][0] : pieces[at - 1][1]]) if at else 0.0
    earlier = context.cover(text[: pieces[at - 1][0]]) if at > 1 else 0.0
    near = context.cover(
        text[max(a, value.start - 14) : value.start] + " " + text[value.end : min(b, until, value.end + 14)]
    )
    fit = 0.5 * own + 0.35 * before + 0.15 * earlier + 0.3 * near + _unit_fit(context.question.text, value)
    if is_threshold(text, (value.start, value.end)):
        fit -= _OF_A_THRESHOLD
    return max(0.0, fit)


_OF_A_THRESHOLD = 0.3
"""What a figure loses that says who is given (100万元以上的企业) and not what."""

_UNITS = (
    "工作日",
    "小时",
    "个月",
    "家",
    "件",
    "人",
    "名",
    "辆",
    "项",
    "位",
    "所",
    "套",
    "处",
    "次",
    "张",
    "间",
    "台",
    "户",
    "岁",
    "米",
    "天",
    "月",
    "年",
    "日",
)
_ASKED_UNIT = re.compile(rf"(?:多少|几|哪)一?个?({'|'.join(_UNITS)})")
_ALIKE = {"天": "天日", "日": "天日", "人": "人名位", "名": "人名位", "位": "人名位", "月": "月", "个月": "月"}


def _unit_fit(question: str, value: Value) -> float:
    """Whether a figure has the unit that the question asks in: 几家 wants 家, 哪一天 a date with a day."""
    asked = [m[1] for m in _ASKED_UNIT.finditer(question)]
    if not asked:
        return 0.0
    wanted = "".join(_ALIKE.get(unit, unit) for unit in asked)
    has = any(unit in value.text for unit in asked) or any(c in value.text for c in wanted if c in "天日人名位月")
    return 0.2 if has else -0.25
