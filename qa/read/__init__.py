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
    listing,
    person,
    procedure,
    referred,
    respectively,
    span,
    table,
    validity,
    values,
    yesno,
)
from qa.read.candidate import Candidate, Context
from qa.read.referred import with_references

_LONGEST_CITED = 800  # characters of another clause that is quoted beside an answer
_ASKS_FIGURE = re.compile(r"多少|几|比例|标准")
_ASKS_DAY = re.compile(r"几月|几号|几日|哪天|哪一天|何日|哪年|哪一年|日子")

__all__ = ["Candidate", "Context", "candidates"]


def candidates(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Every short answer that a sentence offers to a question; at least one, the sentence itself where nothing fits.

    What another clause adds to the sentence is among the spans of each.
    """
    sentence = with_references(sentence, context)
    cited = tuple(span for span in sentence.via if len(span) <= _LONGEST_CITED)
    for candidate in _of_kind(sentence, context):
        candidate = referred.for_circumstances(candidate, context.question.text)
        yield replace(candidate, spans=(*candidate.spans, *cited)) if cited else candidate
    yield from referred.deeds(sentence, context)


def _of_kind(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    kind = context.question.kind
    yield from table.read(sentence, context)
    yield from amendment.read(sentence, context)
    if kind in ("span", "list", "procedure", "condition"):
        yield from span.quality(sentence, context)
    if kind in ("span", "list", "definition", "person"):
        yield from respectively.read(sentence, context)
    match kind:
        case "amount" | "ratio":
            found = list(values.read(sentence, context, kind))
            yield from found
            if kind == "ratio":
                yield from values.rates(sentence, context)
            if not found and (kind == "amount" or _ASKS_FIGURE.search(context.question.text)):
                yield from _fallback(values.read(sentence, context, "ratio" if kind == "amount" else "amount"), 0.6)
        case "count":
            yield from values.read(sentence, context, "count")
        case "date" | "period":
            yield from values.read(sentence, context, kind)
            if not _ASKS_DAY.search(context.question.text):
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
