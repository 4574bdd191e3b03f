"""The card of one document for one question: its sections, else the sentences that have the form of a field."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.types import Clause, Span
from qa.catalogue.facts import smallest
from qa.evidence import Loaded
from qa.handling.asks import NAMES
from qa.handling.forms import found_in
from qa.handling.sections import Section, sections_of
from qa.types import Card, CardField, CardName, Citation

MOST_ITEMS = 14
"""Items of one field that are shown."""

_FEW = 6  # telephones and addresses
_SENTENCES = 3  # of one field, where no heading says what it is
_LONGEST = 400
_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_PHONE = re.compile(r"(?<!\d)(?:0\d{2,3}[-－ ]?)?(?:\d{7,8}(?:[、,，/-]\d{3,8})*|1[3-9]\d{9}|12\d{3})(?!\d)")
_ADDRESS = re.compile(r"https?://|www\.|网上|网站|系统|微信|APP|平台")
_LEADS = re.compile(r"下列|以下|如下|[：:]$")
_OF_AN_APPLICATION = re.compile(r"申请|申领|申报|申办|办理|受理|报名|登记|核定|审核|发放|制作")
_OF_ANOTHER_MATTER = re.compile(
    r"换领|补领|补办|注销|变更|退出|终止|取消|违反|处罚|罚款|虚假|骗取|伪造|收回|投诉|行政复议|建设单位|建设项目|竣工|开发|预售|招标|中标|解除|签注|调整"
)
"""Other matters of the same document, which are no part of applying unless they are asked about."""
_BY_FORM: tuple[CardName, ...] = ("telephone", "online")
"""Fields that are looked for in the whole document also where a heading names one."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Spans of one field; `fit` says how well what they are about fits the question: most, then least deep."""

    name: CardName
    spans: tuple[Span, ...]
    fit: tuple[float, int]


def card_of(loaded: Loaded, subject: Sequence[str]) -> Card | None:
    """The card of a document; None where it says nothing of how things are handled. `subject` are the words that tell what
    the question is about."""
    text = loaded.document.text
    found = [f for section in sections_of(text, loaded.document.title) for f in _of_section(section, text, subject)]
    headed = {f.name for f in found}
    fields = []
    for name in NAMES:
        own = [f for f in found if f.name == name]
        best = max((f.fit for f in own), default=None)
        spans = [span for f in own if f.fit == best for span in f.spans]
        if name not in headed or name in _BY_FORM:
            spans += _by_form(loaded, name, subject)
        shown = _apart(spans)[: _FEW if name in _BY_FORM else MOST_ITEMS]
        if shown:
            fields.append(CardField(name, tuple(_cite(loaded, span) for span in shown)))
    return Card(loaded.document, tuple(fields)) if fields else None


def _fit(words: str, subject: Sequence[str]) -> float:
    """How many of the words that tell the subject stand in a text, 0..1."""
    return sum(word in words for word in subject) / len(subject) if subject else 0.0


def _of_section(section: Section, text: str, subject: Sequence[str]) -> list[_Found]:
    """What a section gives to each of its fields: a section for several (申报地点和材料) gives each the lines of its form."""
    fit = (_fit(section.topic, subject), -section.depth)
    out: list[_Found] = []
    for name in section.names:
        spans = [_trimmed(text, span) for span in section.lines]
        if name == "telephone":
            spans = [s for s in spans if _PHONE.search(text[s.start : s.end])]
        elif name == "online":
            spans = [s for s in spans if _ADDRESS.search(text[s.start : s.end])] or spans[:2]
        elif name in ("place", "time_limit") and (len(section.names) > 1 or len(spans) > 6):
            formed = [s for line in section.lines for n, s in found_in(text, line.start, line.end) if n == name]
            spans = formed or spans
        if spans:
            out.append(_Found(name, tuple(spans), fit))
    return out


def _by_form(loaded: Loaded, name: CardName, subject: Sequence[str]) -> list[Span]:
    """The sentences of a document that have the form of a field, those about the subject; a list that one leads comes along."""
    text = loaded.document.text
    scored = []
    for found, span in found_in(text, 0, len(text)):
        if found != name:
            continue
        clause = smallest_at(loaded, span)
        near = "".join(clause.path) + text[clause.span.start : min(clause.span.end, clause.span.start + _LONGEST)]
        words = text[span.start : span.end]
        fit = _fit(words, subject) + 0.5 * _fit(near, subject)
        fit += 0.6 * bool(_OF_AN_APPLICATION.search(words)) + 0.5 * bool(_LEADS.search(words))
        fit -= 0.8 * bool(_OF_ANOTHER_MATTER.search(words) and not any(_OF_ANOTHER_MATTER.search(w) for w in subject))
        scored.append((fit, -span.start, span, clause))
    scored.sort(key=lambda s: (-s[0], -s[1]))
    chosen = sorted(scored[: _FEW if name in _BY_FORM else _SENTENCES], key=lambda s: -s[1])
    spans: list[Span] = []
    for _, _, span, clause in chosen:
        spans.append(_trimmed(text, span))
        if _LEADS.search(text[span.start : span.end].rstrip("。 ")):
            spans += [_trimmed(text, item.span) for item in items_under(loaded, clause)]
    return spans


def items_under(loaded: Loaded, clause: Clause) -> list[Clause]:
    """The numbered clauses that a sentence leads: those under its clause, or right after it where it has none."""
    own = [c for c in loaded.clauses if c.parent == clause.id and c.label]
    if own or clause.label:
        return own
    out: list[Clause] = []
    for other in loaded.clauses[clause.ordinal + 1 :]:
        if out and out[-1].span.contains(other.span):
            continue
        if other.parent != clause.parent or not other.label:
            break
        out.append(other)
    return out


def smallest_at(loaded: Loaded, span: Span) -> Clause:
    """The smallest clause that holds a span. Clauses are in document order: up from the last that begins before it."""
    at = bisect_right(loaded.clauses, span.start, key=lambda c: c.span.start) - 1
    clause = loaded.clauses[at] if at >= 0 else None
    while clause is not None and not clause.span.contains(span):
        clause = loaded.by_id.get(clause.parent) if clause.parent else None
    return clause or smallest(loaded.clauses, span)


def _trimmed(text: str, span: Span) -> Span:
    """A span without white space around it, cut at the end of a sentence where it is long."""
    words = text[span.start : span.end]
    start = span.start + len(words) - len(words.lstrip())
    end = start + len(words.strip())
    if end - start > _LONGEST:
        stop = max(text.rfind(c, start, start + _LONGEST) for c in "。；\n") + 1
        end = stop if stop > start else start + _LONGEST
    return Span(start, end)


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans in the order of the document, none inside another."""
    out: list[Span] = []
    for span in sorted(dict.fromkeys(spans), key=lambda s: (s.start, -s.end)):
        if len(span) and not any(kept.contains(span) for kept in out):
            out.append(span)
    return out


def _cite(loaded: Loaded, span: Span) -> Citation:
    return Citation(loaded.document, smallest_at(loaded, span), span, loaded.document.quote(span))
