"""One file a kind of answer; `candidates` asks the readers that a kind of question needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.types import Span
from qa.evidence import Sentence
from qa.read import (
    amendment,
    definition,
    department,
    ladder,
    listing,
    person,
    procedure,
    referred,
    respectively,
    sense,
    span,
    table,
    validity,
    values,
    yesno,
)
from qa.read.borders import complete
from qa.read.candidate import Candidate, Context, cited_besides
from qa.read.ranks import is_of_another

_OF_ANOTHER = 0.4  # what an answer is worth that speaks of another rank than is asked for
_ASKS_FIGURE = re.compile(r"多少|几|比例|标准")
_ASKS_UNIT = re.compile(
    r"(?:多少|几)(?:公里|千米|米|吨|公斤|亩|度|分贝|人|名|家|件|个|项|次|天|年|小时|岁|户|台|辆|平方米|平米|层|分)"
)
_ASKS_LENGTH = re.compile(r"几天|几日|几个?(?:工作日|月|小时|星期|周)|多少(?:天|日|个工作日|个月|小时)")
_ORGANISATION = re.compile(
    r"[局委厅部办院会署处所]$|[局委厅部办院会署处所][、，（）和及]|政府|机关|机构|单位|中心|部门|银行|集团|公司"
)
_LABEL = re.compile(r"[（(][一二三四五六七八九十百零〇0-9]{1,4}[）)]|[一二三四五六七八九十百]{1,4}、|[0-9]{1,3}[．.、]")
"""The number of a clause, which stands in its text and says nothing."""
_ASKS_DAY = re.compile(r"几月|几号|几日|哪天|哪一天|何日|哪年|哪一年|日子")

__all__ = ["Candidate", "Context", "candidates"]


def candidates(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Every short answer that a sentence offers to a question, for each type of answer that this may want; most often at least one,
    the sentence itself where nothing fits. The sentence is one `referred.with_references` has looked at.

    What another clause adds to the sentence is among the spans of each.
    """
    of_another = is_of_another(context.question.text, sentence.text, " ".join(sentence.clause.path))
    cited = cited_besides(sentence)
    for kind, probability in context.question.kinds:
        own = replace(context, question=replace(context.question, kinds=((kind, probability),)))
        for candidate in _by_rungs(sentence, own):
            if _LABEL.fullmatch(candidate.text.strip()):
                continue
            candidate = referred.for_circumstances(candidate, context.question.text)
            if of_another:
                candidate = replace(candidate, fit=candidate.fit * _OF_ANOTHER, found=False)
            candidate = _untorn(candidate)
            spans = (*candidate.spans, *cited)
            yield replace(candidate, spans=spans, kind=kind)
    yield from referred.deeds(sentence, context)


def _untorn(candidate: Candidate) -> Candidate:
    """The same with the number, date or range that it begins or ends inside of: 4月15日至30日 for 15日至30日, 第1天 for 1天."""
    text, value = candidate.sentence.source.document.text, candidate.spans[-1]
    if not value or text[value.start : value.end] != candidate.text:
        return candidate  # several pieces, or said with a unit from elsewhere
    start, end = complete(text, value.start, value.end)
    return replace(candidate, text=text[start:end], spans=(*candidate.spans[:-1], Span(start, end)))


_IN_WORDS = ("span", "procedure", "list", "definition", "person", "department", "yesno")
_SAID_WHOLE = ("span", "procedure", "list", "definition")


def _by_rungs(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The candidates, weighed by the rung of a ladder in words that the question stands on, where there is one."""
    kind = context.question.kind
    found = ladder.rung_of(sentence, context) if kind in _IN_WORDS else None
    if found is None:
        yield from _of_kind(sentence, context)
        return
    if kind in _SAID_WHOLE:
        yield from ladder.shares(sentence, context, found)
    for candidate in _of_kind(sentence, context):
        yield ladder.weighed(candidate, found)


def _of_kind(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    kind = context.question.kind
    yield from table.read(sentence, context)
    yield from amendment.read(sentence, context)
    if kind in ("span", "list", "procedure", "condition"):
        yield from span.quality(sentence, context)
    if kind in ("span", "list", "definition", "person"):
        yield from respectively.read(sentence, context)
    elif kind == "department":
        yield from (c for c in respectively.read(sentence, context) if _ORGANISATION.search(c.text))
    match kind:
        case "amount" | "ratio":
            found = list(values.read(sentence, context, kind))
            yield from sense.fitting(found, context.question.text)
            if kind == "ratio":
                yield from values.rates(sentence, context)
            elif not found:
                yield from values.wholes(sentence, context)
            if not found and (kind == "amount" or _ASKS_FIGURE.search(context.question.text)):
                for other in ("ratio", "count", "period") if kind == "amount" else ("amount",):
                    if other == "ratio" or kind == "ratio" or _ASKS_UNIT.search(context.question.text):
                        others = sense.fitting(values.read(sentence, context, other), context.question.text)
                        yield from _fallback(sense.of_money(others, context.question.text), 0.6)
        case "count":
            yield from values.read(sentence, context, "count")
        case "date" | "period":
            yield from values.read(sentence, context, kind)
            asked = context.question.text
            if not _ASKS_DAY.search(asked) and not (kind == "period" and _ASKS_LENGTH.search(asked)):
                other = "period" if kind == "date" else "date"
                yield from _fallback(map(_with_start, values.read(sentence, context, other)), 0.85)
        case "validity":
            yield from validity.read(sentence, context)
        case "department":
            yield from department.read(sentence, context)
            yield from person.makers(sentence, context)
        case "person":
            yield from person.read(sentence, context)
            yield from _fallback(department.read(sentence, context), 0.8)
        case "yesno":
            yield from yesno.read(sentence, context)
        case "definition":
            yield from definition.read(sentence, context)
        case "list":
            yield from listing.read(sentence, context)
        case "condition":
            yield from span.condition(sentence, context)
            if not span.asks_figure(context.question.text):
                yield from listing.items(sentence, context)
        case "procedure":
            yield from procedure.read(sentence, context)
            yield from listing.steps(sentence, context)
            yield from listing.own_share(sentence, context)
        case "span":
            yield from listing.own_share(sentence, context)
            if _ASKS_FIGURE.search(context.question.text):
                for other in ("amount", "ratio", "count", "period"):
                    found_by = values.read(sentence, context, other)
                    yield from _fallback((c for c in found_by if not values.is_condition(c)), 0.8)
    if kind in ("span", "procedure"):
        yield from span.read(sentence, context)
    elif kind in ("condition", "list", "definition"):
        yield from _fallback(span.read(sentence, context), 0.6)


_FROM = re.compile(
    r"(?:自|从)[^，。；：、（）]{2,30}起(?:的)?$|(?:(?<=^)|(?<=[，。；：\s．.）]))[一-鿿][^，。；：、（）．.\s]{1,29}后(?:的)?$"
)


def _with_start(candidate: Candidate) -> Candidate:
    """6个月内 with what it is counted from, 取得使用登记后6个月内: when, not how long, is asked."""
    sentence, span = candidate.sentence, candidate.spans[-1]
    before = _FROM.search(sentence.source.document.text[sentence.start : span.start])
    if before is None or not re.search(r"[年月周日天时]", candidate.text):
        return candidate
    start = sentence.start + before.start()
    return replace(candidate, text=before[0] + candidate.text, spans=(*candidate.spans[:-1], Span(start, span.end)))


def _fallback(found: Iterator[Candidate], factor: float) -> Iterator[Candidate]:
    """Candidates of a kind that was not asked for but is often meant: their fit counts for less."""
    for candidate in found:
        yield replace(candidate, fit=candidate.fit * factor)
