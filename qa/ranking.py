"""Which passage comes first.

Retrieval says which speak of the question; which says most about it is seen in their sentences. Fused score, best sentence and cover
of the whole passage are added; then the reader weighs those that it read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from corpus.titles import squeeze
from index.reader.types import Reading
from index.types import Hit
from qa.defined import defined_terms, defines
from qa.evidence import Sentence, Source
from qa.intent import Intent, intents_of, told_share
from qa.lookup import NAMED
from qa.understand import Understanding

_BOILERPLATE = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十\d]+[）)、．.]\s*)?(?:[^，。]{0,12}?。)?[^，。]{0,12}?"
    r"(?:坚持以|深入贯彻|全面贯彻|以习近平|认真落实|贯彻落实|高举|全面落实|按照党的|深刻领会)"
)
"""The guiding thoughts at the head of most documents: full of the words of the title, never an answer."""


_NAMED_TITLE = 0.4
_PART_OF_TITLE = 0.5
_MEANT = 0.25
"""What a passage or candidate of a document that the question means is worth: less than a good sentence elsewhere, since
places and words of titles are named in passing too."""
_PLACE = 0.1
_YEAR = 0.1
_PASSED_OVER = {"expired": 0.1, "repealed": 0.2, "not_yet": 0.2}
"""What the passages of a document lose that is not in force on the day asked, where no year is named."""
_OTHER_YEAR = re.compile(r"(?:19|20)\d\d")
_RANGE = re.compile(r"((?:19|20)\d\d)\s*年?\s*[～~—\-－至到–]+\s*((?:19|20)\d\d)")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A passage with its sentences as evidence, the share of the question that it holds with its headings, the tokens of both,
    and what the reader told of it, where it was read."""

    source: Source
    sentences: tuple[Sentence, ...]
    cover: float
    tokens: frozenset[str] = frozenset()
    reading: Reading | None = None
    cut: bool = False  # whether a stretch of it was read alone
    found_at: int = 1  # its rank in the search
    evidence: float = 0.0  # its score by sentences, 0..1, before it was read


@dataclass(frozen=True, slots=True)
class PassageWeights:
    """What the parts of a passage's place are worth; fitted, see qa/decide/scorer.json."""

    evidence: float
    relevance: float
    found_at: float

    def total(self, weighed: Weighed) -> float:
        """A logit: only its differences between passages of one question mean something."""
        relevance = weighed.reading.relevance or 0.0 if weighed.reading else 0.0
        return self.evidence * weighed.evidence + self.relevance * relevance + self.found_at / weighed.found_at


def rerank(
    weighed: Sequence[Weighed],
    rest: Sequence[Hit],
    asked: Understanding,
    as_of: date,
    meant: frozenset[str] = frozenset(),
) -> tuple[list[Weighed], list[Hit]]:
    """The passages by evidence, best first, and `rest` after them in its order; scores in 0..1 that fall with rank.

    `meant` are the documents that the question means, by name or place. Of passages with the same text the best one
    stays, of equally good ones that of the document in force.
    """
    intents, terms = intents_of(asked.text), defined_terms(asked.text)
    totals = sorted(
        (
            (
                _passage_score(w, intents, terms)
                + document_fit(w.source, asked, as_of)
                + (_MEANT if w.source.document.id in meant else 0.0),
                i,
            )
            for i, w in enumerate(weighed)
        ),
        key=lambda t: (-t[0], t[1]),
    )
    seen: set[str] = set()
    out = [
        replace(_with_score(weighed[i], total / _BEST), evidence=total / _BEST)
        for total, i in totals
        if _is_new(weighed[i].source.hit, seen)
    ]
    last = out[-1].source.hit.score if out else 1.0
    others = [replace(hit, score=max(0.0, min(1.0, last * hit.score))) for hit in rest if _is_new(hit, seen)]
    return renumbered(out, others)


def by_reading(weighed: Sequence[Weighed], weights: PassageWeights) -> list[Weighed]:
    """The passages that were read in the order of what the reader, their sentences and the search tell together, then the others in
    their order; the scores of the first fall with their new order.

    All are left as they are where the reader compares no passages with each other.
    """
    read = [w for w in weighed if w.reading is not None and w.reading.relevance is not None]
    ids = {id(w) for w in read}
    others = [w for w in weighed if id(w) not in ids]
    scores = sorted((w.source.hit.score for w in read), reverse=True)
    ordered = sorted(read, key=lambda w: -weights.total(w))
    return [*(_with_score(w, score) for w, score in zip(ordered, scores, strict=True)), *others]


def _is_new(hit: Hit, seen: set[str]) -> bool:
    """Whether no passage before had this text; remembers it. What was looked up by its number always is."""
    text = "".join(hit.passage.text.split())
    if text in seen and NAMED not in hit.ranks:
        return False
    seen.add(text)
    return True


def document_fit(source: Source, asked: Understanding, as_of: date) -> float:
    """How well a document fits the places, years and the day that are asked for, -0.4..0.3: it decides between
    passages that say the same."""
    document, passage = source.document, source.hit.passage
    head = f"{document.title} {document.region or ''} {document.issuer or ''} {passage.context}"
    total = 0.0
    total += _NAMED_TITLE * _named(document.title, asked)
    for place in asked.places:
        if place in head:
            total += _PLACE
        elif document.region and place not in passage.text:
            total -= _PLACE
    for year in asked.years:
        if year in document.title:
            total += _YEAR
        elif _OTHER_YEAR.search(document.title) and year not in passage.text and not _in_range(year, document.title):
            total -= _YEAR
    if not asked.years:
        total -= _PASSED_OVER.get(document.status_on(as_of), 0.0)
    return max(-0.4, min(0.3 + _NAMED_TITLE, total))


def _named(title: str, asked: Understanding) -> float:
    """How plainly a question names a title, 0..1: 《行政复议法》 names that law, and the rules that implement it less."""
    key, question = squeeze(title), squeeze(asked.text)
    if len(key) >= 4 and key in question:
        return 1.0
    names = [name for name in map(squeeze, asked.quoted) if len(name) >= 4]
    if any(key.endswith(name) for name in names):
        return 1.0
    return _PART_OF_TITLE if any(name in key for name in names) else 0.0


def _in_range(year: str, title: str) -> bool:
    return any(int(a) <= int(year) <= int(b) for a, b in _RANGE.findall(title))


def renumbered(weighed: Sequence[Weighed], rest: Sequence[Hit]) -> tuple[list[Weighed], list[Hit]]:
    """The same with ranks 1, 2, 3 … through both."""
    first = [
        replace(w, source=replace(w.source, hit=hit), sentences=tuple(_moved(s, hit) for s in w.sentences))
        for rank, w in enumerate(weighed, 1)
        for hit in (replace(w.source.hit, rank=rank),)
    ]
    return first, [replace(hit, rank=rank) for rank, hit in enumerate(rest, len(first) + 1)]


_TOLD = 0.45
"""What the form of what is asked for (a penalty, a definition …) is worth. On 400 questions about laws recall@1 is 0.681
without, 0.712 at 0.2, 0.727 at 0.45 and 0.724 at 0.8; policy questions do not mind."""

_BEST = 1.0 + 1.25 + 0.5 + _TOLD


def _passage_score(weighed: Weighed, intents: tuple[Intent, ...], terms: tuple[str, ...]) -> float:
    best = max((evidence(s) for s in weighed.sentences), default=0.0)
    told = told_share(intents, weighed.source.hit.passage.text)
    if terms:
        told = 2.0 if defines(weighed.source.hit.passage.text, terms) else told
    return weighed.source.hit.score + best + 0.5 * weighed.cover + _TOLD * told


def evidence(sentence: Sentence) -> float:
    """How much a sentence says about the question, 0..1.25."""
    total = 0.25 * sentence.cover + 0.3 * sentence.own_cover + 0.4 * sentence.residual
    return total + 0.3 * max(0.0, sentence.similarity)


def _with_score(weighed: Weighed, value: float) -> Weighed:
    hit = replace(weighed.source.hit, score=max(0.0, min(1.0, value)))
    return replace(weighed, source=replace(weighed.source, hit=hit))


def _moved(sentence: Sentence, hit: Hit) -> Sentence:
    return replace(sentence, source=replace(sentence.source, hit=hit))


def is_boilerplate(text: str) -> bool:
    """Whether a sentence is of the guiding thoughts at the head of a document."""
    return bool(_BOILERPLATE.match(text))
