"""What is known of a passage before it is read, as plain figures in about 0..1: the order in which passages are read is fitted to them.

They tell of the search, of what the passage and its best sentence hold of the question, of its document's place, year, title and day,
and of what the question means. `python -m eval.order` fits the weights, which stand in qa/decide/scorer.json.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
from numpy.typing import NDArray

from corpus.titles import squeeze
from qa.evidence import Source
from qa.figures import in_range_of_years
from qa.understand import Understanding
from qa.weighed import Weighed

FIGURES = (
    "found_at", "hit_score", "dense", "lexical", "residual", "similarity", "cover", "headings", "document_share",
    "titled", "of_place", "of_other_place", "of_year", "of_other_year", "passed_over", "meant", "row",
)  # fmt: skip
"""Their names, in their order."""

_PART_OF_TITLE = 0.5
_PASSED_OVER = ("expired", "repealed", "not_yet")
_OTHER_YEAR = re.compile(r"(?:19|20)\d\d")


def figures(weighed: Weighed, asked: Understanding, as_of: date, meant: frozenset[str]) -> NDArray[np.float32]:
    """The figures of a passage, (len(FIGURES),); `meant` are the documents that the question means."""
    hit, document, best = weighed.source.hit, weighed.source.document, weighed.best
    told = (
        1 / weighed.found_at, hit.score, hit.scores.get("dense", 0.0),
        1 / hit.ranks["lexical"] if "lexical" in hit.ranks else 0.0,
        best.residual if best else 0.0, max(0.0, best.similarity) if best else 0.0,
        weighed.cover, weighed.headings, weighed.document_share,
        titled(document.title, asked), *_of_places(weighed.source, asked), *_of_years(weighed.source, asked),
        float(not asked.years and document.status_on(as_of) in _PASSED_OVER), float(document.id in meant), float(weighed.is_row),
    )  # fmt: skip
    return np.array(told, dtype=np.float32)


def titled(title: str, asked: Understanding) -> float:
    """How plainly a question names a title, 0..1: 《行政复议法》 names that law, and the rules that implement it less."""
    key, question = squeeze(title), squeeze(asked.text)
    if len(key) >= 4 and key in question:
        return 1.0
    names = [name for name in map(squeeze, asked.quoted) if len(name) >= 4]
    if any(key.endswith(name) for name in names):
        return 1.0
    return _PART_OF_TITLE if any(name in key for name in names) else 0.0


def _of_places(source: Source, asked: Understanding) -> tuple[float, float]:
    """The shares of the places asked for that the document is about, and of those that it is not about, though it is about some."""
    document, passage = source.document, source.hit.passage
    head = f"{document.title} {document.region or ''} {document.issuer or ''} {passage.context}"
    inside = [place in head for place in asked.places]
    other = [
        not own and document.region is not None and place not in passage.text
        for own, place in zip(inside, asked.places, strict=True)
    ]
    return _share(inside), _share(other)


def _of_years(source: Source, asked: Understanding) -> tuple[float, float]:
    """The shares of the years asked for that stand in the title, and of those that do not, where other years do."""
    title, text = source.document.title, source.hit.passage.text
    inside = [year in title for year in asked.years]
    other = [
        not own and year not in text and bool(_OTHER_YEAR.search(title)) and not in_range_of_years(year, title)
        for own, year in zip(inside, asked.years, strict=True)
    ]
    return _share(inside), _share(other)


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
