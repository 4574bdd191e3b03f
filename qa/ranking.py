"""Which passage comes first.

Retrieval says which speak of the question; in which order they are read is fitted to what is known of each (qa/order.py); then the
reader weighs those that it read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from index.types import Hit
from qa.evidence import Sentence
from qa.linear import Linear
from qa.lookup import NAMED
from qa.order import FIGURES, figures
from qa.understand import Understanding
from qa.weighed import Weighed

_BOILERPLATE = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十\d]+[）)、．.]\s*)?(?:[^，。]{0,12}?。)?[^，。]{0,12}?"
    r"(?:坚持以|深入贯彻|全面贯彻|以习近平|认真落实|贯彻落实|高举|全面落实|按照党的|深刻领会)"
)
"""The guiding thoughts at the head of most documents: full of the words of the title, never an answer."""


@dataclass(frozen=True, slots=True)
class PassageWeights:
    """What the parts of the place of a passage that was read are worth; fitted, see qa/decide/scorer.json."""

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
    meant: frozenset[str],
    order: Linear,
) -> tuple[list[Weighed], list[Hit]]:
    """The passages in the fitted order, best first, and `rest` after them in its order; scores in 0..1 that fall with their order, ranks as
    they were.

    `meant` are the documents that the question means, by name or place. Of passages with the same text the best one
    stays, of equally good ones that which was found first.
    """
    rows = [figures(w, asked, as_of, meant) for w in weighed]
    totals = order.logits(np.array(rows, dtype=np.float32).reshape(-1, len(FIGURES))).tolist()
    seen: set[str] = set()
    out = [
        replace(_with_score(weighed[i], 1 / (1 + math.exp(-totals[i]))), evidence=totals[i])
        for i in sorted(range(len(weighed)), key=lambda i: -totals[i])
        if _is_new(weighed[i].source.hit, seen)
    ]
    last = out[-1].source.hit.score if out else 1.0
    others = [replace(hit, score=max(0.0, min(1.0, last * hit.score))) for hit in rest if _is_new(hit, seen)]
    return out, others


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


def renumbered(weighed: Sequence[Weighed], rest: Sequence[Hit]) -> tuple[list[Weighed], list[Hit]]:
    """The same with ranks 1, 2, 3 … through both."""
    first = [
        replace(w, source=replace(w.source, hit=hit), sentences=tuple(_moved(s, hit) for s in w.sentences))
        for rank, w in enumerate(weighed, 1)
        for hit in (replace(w.source.hit, rank=rank),)
    ]
    return first, [replace(hit, rank=rank) for rank, hit in enumerate(rest, len(first) + 1)]


def _with_score(weighed: Weighed, value: float) -> Weighed:
    hit = replace(weighed.source.hit, score=max(0.0, min(1.0, value)))
    return replace(weighed, source=replace(weighed.source, hit=hit))


def _moved(sentence: Sentence, hit: Hit) -> Sentence:
    return replace(sentence, source=replace(sentence.source, hit=hit))


def is_boilerplate(text: str) -> bool:
    """Whether a sentence is of the guiding thoughts at the head of a document."""
    return bool(_BOILERPLATE.match(text))
