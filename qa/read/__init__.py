"""One file a form of answer; `candidates` asks those that a kind of question needs.

A form is something that holds for every document and every wording: a figure with its unit, a list after 分别, a rung, the items of a
list, the bracket that names who is responsible, a table, the dates of force. What is said in words the reader (index/reader) finds;
only where none reads are the sentences themselves offered (`whole`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from corpus.types import Span
from qa.evidence import Sentence
from qa.read import department, ladder, listing, referred, respectively, table, validity, values, whole
from qa.read.borders import complete
from qa.read.candidate import IN_WORDS, Candidate, Context, cited_besides
from qa.read.ranks import is_of_another

_OF_ANOTHER = 0.4  # what an answer is worth that speaks of another rank than is asked for
_ASKS_FIGURE = re.compile(r"多少|几|比例|标准")
_ORGANISATION = re.compile(
    r"[局委厅部办院会署处所]$|[局委厅部办院会署处所][、，（）和及]|政府|机关|机构|单位|中心|部门|银行|集团|公司"
)
_LABEL = re.compile(r"[（(][一二三四五六七八九十百零〇0-9]{1,4}[）)]|[一二三四五六七八九十百]{1,4}、|[0-9]{1,3}[．.、]")
"""The number of a clause, which stands in its text and says nothing."""

__all__ = ["Candidate", "Context", "candidates"]


def candidates(sentence: Sentence, context: Context, words: bool = True) -> Iterator[Candidate]:
    """Every short answer that the forms find in a sentence, for each type of answer that a question may want. The sentence is one
    that `referred.with_references` has looked at.

    With `words` the sentence itself is offered, too, where its type of answer is said in words: for passages that no reader reads.
    What another clause adds to the sentence is among the spans of each.
    """
    of_another = is_of_another(context.question.text, sentence.text, " ".join(sentence.clause.path))
    cited = cited_besides(sentence)
    for kind, probability in context.question.kinds:
        own = replace(context, question=replace(context.question, kinds=((kind, probability),)))
        found = _of_kind(sentence, own)
        for candidate in (*found, *(whole.read(sentence, own) if words else ())):
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


def _of_kind(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    kind, asked = context.question.kind, context.question.text
    yield from table.read(sentence, context)
    if kind in IN_WORDS:
        yield from respectively.read(sentence, context)
        yield from ladder.read(sentence, context)
    elif kind == "department":
        yield from (c for c in respectively.read(sentence, context) if _ORGANISATION.search(c.text))
    match kind:
        case "amount" | "ratio":
            found = list(values.read(sentence, context, kind))
            yield from found
            if not found and (kind == "amount" or _ASKS_FIGURE.search(asked)):
                yield from _fallback(values.read(sentence, context, "ratio" if kind == "amount" else "amount"), 0.6)
        case "count":
            yield from values.read(sentence, context, "count")
        case "date" | "period":
            yield from values.read(sentence, context, kind)
            yield from _fallback(values.read(sentence, context, "period" if kind == "date" else "date"), 0.85)
        case "validity":
            yield from validity.read(sentence, context)
        case "department":
            yield from department.read(sentence, context)
        case "list" | "condition" | "procedure":
            yield from listing.read(sentence, context)
        case "span":
            if _ASKS_FIGURE.search(asked):
                for other in ("amount", "ratio", "count", "period"):
                    found_by = values.read(sentence, context, other)
                    yield from _fallback((c for c in found_by if not values.is_condition(c)), 0.8)


def _fallback(found: Iterable[Candidate], factor: float) -> Iterator[Candidate]:
    """Candidates of a kind that was not asked for but is often meant: their fit counts for less."""
    for candidate in found:
        yield replace(candidate, fit=candidate.fit * factor)
