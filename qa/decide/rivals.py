"""Which document: of several that lay down the same thing differently, the one in force and newest, and what the others say.

Two candidates are rivals when their documents differ, each has a figure of the same unit, and their sentences are so alike
without the figures that they speak of the same thing. Anything less is no contradiction: another figure about something
else must not make an answer doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from corpus.types import Document
from qa.decide.features import Pool
from qa.decide.scorer import Scored
from qa.figures import magnitude, magnitudes
from qa.naming import of_the_place
from qa.read import Candidate
from qa.understand import Understanding

_KINDS = ("amount", "ratio", "count", "period", "date")
_ALIKE = 0.6
"""The share of common character pairs from which two sentences without their figures speak of the same thing."""
_AS_GOOD = 2.0
"""How much lower the logit of a rival may be: it says the same, but perhaps not in the first passage."""
_FIGURES = re.compile(r"[\d,.，．％%]+|[〇零一二两三四五六七八九十百千万亿]+")
_LEVELS = re.compile(r"国家级|省级|市级|区级|县级|[一二三特]等奖|[ⅠⅡⅢⅣ]级|博士|硕士|本科|大专|[甲乙丙]级")
_STANDING = {"in_force": 0, "unknown": 1, "expired": 2, "not_yet": 3, "repealed": 4}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidates, best first, and the rivals of the first. `equal` says that nothing chooses between them: they hold
    for different places and the question names none."""

    scored: list[Scored]
    rivals: tuple[Candidate, ...]
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """All candidates of a question, best first, with the pool that they were weighed in; `rivals` say something else of the same
    thing in other documents, and `equal` that nothing chooses between these and the best."""

    pool: Pool
    scored: Sequence[Scored]
    rivals: tuple[Candidate, ...] = ()
    equal: bool = False


def choose(scored: Sequence[Scored], asked: Understanding, as_of: date, meant: frozenset[str]) -> Chosen:
    """The best candidate of the document that holds on a day, where several documents say different things.

    A question that names a document, a year or a place has chosen already.
    """
    ordered = list(scored)
    if not ordered or ordered[0].candidate.kind not in _KINDS or not ordered[0].candidate.found:
        return Chosen(ordered, ())
    best = ordered[0]
    rivals = [
        s
        for s in ordered[1:]
        if s.score >= best.score - _AS_GOOD
        and are_rivals(best.candidate, s.candidate)
        and _of_places(s.candidate, asked)
    ]
    of_document: dict[str, Scored] = {}
    for scored_rival in rivals:
        of_document.setdefault(_document(scored_rival.candidate).id, scored_rival)
    if not of_document or asked.years or meant:
        return Chosen(ordered, ())
    own = _document(best.candidate)
    regions = {_document(s.candidate).region for s in of_document.values()} | {own.region}
    if not asked.places and None not in regions and len(regions) > 1:
        same = [s for s in of_document.values() if _document(s.candidate).status_on(as_of) == own.status_on(as_of)]
        if any(_document(s.candidate).region != own.region for s in same):
            return Chosen(ordered, tuple(s.candidate for s in same), equal=True)
    choices = sorted([best, *of_document.values()], key=lambda s: (_standing(_document(s.candidate), as_of), -s.score))
    first = choices[0]
    return Chosen([first, *(s for s in ordered if s is not first)], tuple(s.candidate for s in choices[1:]))


def are_rivals(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates give different figures for the same thing in different documents."""
    mine, theirs = _document(one), _document(other)
    if mine.id == theirs.id or not other.found:
        return False
    a, b = magnitude(one.text), magnitude(other.text)
    if a is None or b is None or a[1] != b[1] or a[0] == b[0]:
        return False
    if _says_too(other, a) or _says_too(one, b):
        return False  # a row of goals (到2030年…，到2035年…), of which each was asked for another
    if set(_LEVELS.findall(one.sentence.text)) != set(_LEVELS.findall(other.sentence.text)):
        return False
    return alike(one.sentence.text, other.sentence.text) >= _ALIKE


def _says_too(candidate: Candidate, figure: tuple[float, str]) -> bool:
    """Whether the sentence of a candidate has a figure as well; for years, which stand in rows, its passage."""
    sentence = candidate.sentence
    return figure in magnitudes(sentence.source.hit.passage.text if figure[1] == "年" else sentence.text)


def _of_places(candidate: Candidate, asked: Understanding) -> bool:
    """Whether a document may hold in the places that are asked for."""
    document = _document(candidate)
    return not asked.places or document.region is None or any(of_the_place(document, p) for p in asked.places)


def alike(one: str, other: str) -> float:
    """The share of the character pairs of two texts that they have in common, figures aside, 0..1."""
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def told(candidate: Candidate, as_of: date) -> str:
    """What a rival says, in one phrase: 《…实施意见》（2020年，已到期）为300万元."""
    document = _document(candidate)
    year = document.issued_on or document.validity.effective_from
    status = {"expired": "已到期", "repealed": "已废止", "not_yet": "尚未生效"}.get(document.status_on(as_of), "")
    notes = "，".join(note for note in (f"{year.year}年" if year else "", status) if note)
    return f"《{document.title}》{f'（{notes}）' if notes else ''}为{candidate.text}"


def _standing(document: Document, as_of: date) -> tuple[int, int]:
    """How well a document stands on a day: in force first, then the newest."""
    day = document.issued_on or document.validity.effective_from or date.min
    return _STANDING[document.status_on(as_of)], -day.toordinal()


def _document(candidate: Candidate) -> Document:
    return candidate.sentence.source.document


def _pairs(text: str) -> set[str]:
    plain = re.sub(r"[\W_]+", "", _FIGURES.sub("", text))
    return {plain[i : i + 2] for i in range(len(plain) - 1)}
