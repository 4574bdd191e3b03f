"""Which passages are looked at: clauses that a question names by number, then of the documents that it names, then what search finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from corpus.types import Document
from index.searcher import Searcher
from index.types import Filters, Hit
from qa.closing import LOOKED_UP, asks_when_in_force, closing_passage
from qa.evidence import terms_of
from qa.inquiry import Inquiry
from qa.lookup import NAMED, Lookup, passage_of
from qa.naming import of_the_place
from qa.read import Context
from qa.shelf import Shelf
from qa.turns.memory import Turn
from qa.types import Question
from qa.understand import Understanding

_SEARCHED = 30  # passages retrieved before evidence is weighed
_FROM_NAMED = 8  # passages of the documents that the question names
_FEW_OF_ALL = 0.5  # of the documents: a place that more of them are about tells none apart
_KEPT_QUESTIONS = 64
_KEPT_TOKENS = 2048


class Retrieval:
    """Finds passages in one store. Safe for several threads."""

    def __init__(self, catalogue: Sequence[Document], shelf: Shelf, searcher: Searcher) -> None:
        self.lookup = Lookup(catalogue, shelf.clauses)
        self._catalogue, self._shelf, self._searcher = tuple(catalogue), shelf, searcher
        self._regions = {document.id: document.region for document in self._catalogue}
        # Each step of one question asks for it.
        self._meant = lru_cache(maxsize=_KEPT_QUESTIONS)(partial(_find_meant, self.lookup, self._catalogue))

    def inquire(self, question: Question, asked: Understanding, before: str | None = None) -> Inquiry:
        """A question with its terms and the documents that it means: those that it names, and the one `before` that answered the turn
        that it leans on. Sentences share leads and references, so their tokens are kept for one question."""
        tokenizer = self._searcher.tokenizer
        terms = terms_of(asked, tokenizer, self._searcher.idf)
        own = set(tokenizer.tokens(asked.content))
        unknown = {t for t in own & terms.weights.keys() if len(t) > 1 and not self._searcher.document_frequency(t)}
        share = min(1.0, terms.weight(unknown) / terms.total)
        context = Context(asked, terms, lru_cache(maxsize=_KEPT_TOKENS)(tokenizer.tokens))
        meant = self._meant(asked.text, asked.places) | ({before} if before else frozenset())
        return Inquiry(question, asked, context, meant, share)

    def hits(self, inquiry: Inquiry, last: Turn | None = None) -> list[Hit]:
        """The passages for a question, best first. `last` is the turn before, which may say whose clause is named."""
        asked, question = inquiry.asked, inquiry.question
        allowed = self._allowed(question.filters)
        if allowed is not None and not allowed:
            return []
        found = self._search(inquiry, max(_SEARCHED, question.top_k), allowed)
        before = [last.passage.document_id] if last and last.passage else []
        clauses = self.lookup.find(asked.text, before)
        named = [passage_of(self._shelf.load(c.document_id).document, c) for c in clauses]
        front = [Hit(p, 1, 1.0, {NAMED: 1}) for p in named if allowed is None or p.document_id in allowed]
        return _in_front(front, found)

    def places(self, hits: Sequence[Hit]) -> list[str]:
        """The regions of the documents found, in their order, each once."""
        found = (self._regions.get(hit.passage.document_id) for hit in hits)
        return [region for region in dict.fromkeys(found) if region]

    def _search(self, inquiry: Inquiry, depth: int, allowed: frozenset[str] | None) -> list[Hit]:
        """The passages of the documents that a question names in front, then all others."""
        asked = inquiry.asked
        hits = self._searcher.search(asked.query, depth, allowed, added=asked.added)
        named = inquiry.meant if allowed is None else inquiry.meant & allowed
        if not named:
            return hits
        front = self._searcher.search(asked.query, depth, named, added=asked.added)[:_FROM_NAMED]
        if asks_when_in_force(asked) and (titled := named & self.lookup.documents_meant(asked.text)):
            front = _in_front(self._closings(titled), front)
        return _in_front(front, hits)

    def _closings(self, documents: Collection[str]) -> list[Hit]:
        """The passages that say when these documents are in force."""
        loaded = [self._shelf.load(ident) for ident in sorted(documents)[:LOOKED_UP]]
        passages = [closing_passage(one.document, one.clauses) for one in loaded]
        return [Hit(passage, 1, 1.0) for passage in passages if passage is not None]

    def _allowed(self, filters: Filters) -> frozenset[str] | None:
        """The ids of the documents that the filters let through; None where there are no filters."""
        if filters == Filters():
            return None
        return frozenset(document.id for document in self._catalogue if filters.admit(document))


def _find_meant(lookup: Lookup, catalogue: Sequence[Document], text: str, places: tuple[str, ...]) -> frozenset[str]:
    """The documents that a question names by their titles, else those of the places that it names, where these are few
    enough to tell them from the others."""
    if named := lookup.documents_meant(text):
        return named
    of_place = [d.id for d in catalogue if any(of_the_place(d, place) for place in places)]
    return frozenset(of_place if len(of_place) <= _FEW_OF_ALL * len(catalogue) else ())


def _in_front(front: Sequence[Hit], hits: Sequence[Hit]) -> list[Hit]:
    """Both lists, each passage once, with ranks from 1."""
    if not front:
        return list(hits)
    inside = {h.passage.id for h in front}
    rest = [h for h in hits if h.passage.id not in inside]
    return [replace(h, rank=rank) for rank, h in enumerate([*front, *rest], 1)]
