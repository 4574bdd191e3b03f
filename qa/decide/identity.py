"""Whether an answer stands where the question says: its place, its year, its level, its group.

A question names some of these; a passage that is about others does not answer it, however much else they share. Each check gives
a figure for the learned scorer (qa/decide/scorer.py), none decides by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.counterparts import FACETS, facets_of
from qa.decide.premise import year_holds
from qa.evidence import Sentence
from qa.naming import of_the_place
from qa.understand import Understanding


@dataclass(frozen=True, slots=True)
class Identity:
    """How what a question names fits where an answer stands. Shares are 0..1 of the names of that sort in the question, 0 where
    there are none."""

    place: float  # share of the places named that the document is about
    other_place: float  # that it is not about, though it is about some place
    other_year: float  # share of the years that do not hold
    facet: float  # share of the facets named (职工, 省级 …) that the sentence or its headings name
    other_facet: float  # of which the passage has only others of the group
    other_in_sentence: float  # of which the sentence has only others
    meant: float  # 1 where the question means documents, by title or place, and this is one of them
    not_meant: float  # 1 where it means documents and this is none of them


def identity_of(sentence: Sentence, asked: Understanding, meant: frozenset[str]) -> Identity:
    """The identity of an answer in a sentence; `meant` are the documents that the question means."""
    document, passage = sentence.source.document, sentence.source.hit.passage
    of_place = [of_the_place(document, place) for place in asked.places]
    elsewhere = [
        not own and document.region is not None and place not in passage.text
        for own, place in zip(of_place, asked.places, strict=True)
    ]
    years = [not year_holds(year, sentence, asked.text) for year in asked.years]
    names = facets_of(asked.text)
    head = facets_of(passage.context + document.title)
    here, near = facets_of(sentence.text), head | facets_of(passage.text)
    named = other = other_here = 0
    for name in names:
        others = _GROUP[name] - names
        named += name in head | here
        other += name not in near and bool(others & near)
        other_here += name not in head | here and bool(others & here)
    n = max(1, len(names))
    return Identity(
        _share(of_place), _share(elsewhere), _share(years), named / n, other / n, other_here / n,
        float(document.id in meant), float(bool(meant) and document.id not in meant),
    )  # fmt: skip


_GROUP = {name: frozenset(group) for group in FACETS for name in group}


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
