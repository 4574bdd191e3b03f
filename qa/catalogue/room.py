"""Answers catalogue questions: what is asked is told by form, which documents are meant by metadata, then each kind has its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.types import Document
from index.searcher import Searcher
from qa.catalogue import amounts, documents, status, versions
from qa.catalogue.clauses import Clauses
from qa.catalogue.facts import Facts
from qa.catalogue.intents import Amounts, Asked, Changes, Compare, Dated, Listing, Mine, Responsible, Status, asked_of
from qa.catalogue.policies import PolicyPage, Wanted, find
from qa.catalogue.said import nothing, titled
from qa.catalogue.subjects import Subjects
from qa.lookup import Lookup
from qa.naming import of_the_place
from qa.shelf import Shelf
from qa.types import Outcome, Question
from qa.understand import Understander


class Catalogue:
    """Answers questions about the documents of one store. Safe for several threads.

    >>> Catalogue(catalogue, shelf, searcher, lookup, understander).answer(Question("今年到期的政策有哪些", today))
    """

    def __init__(
        self,
        catalogue: Sequence[Document],
        shelf: Shelf,
        searcher: Searcher,
        lookup: Lookup,
        understander: Understander,
    ) -> None:
        self.facts = Facts(catalogue, shelf)
        self.subjects = Subjects(catalogue, searcher.tokenizer.words, understander.lexicon)
        self._clauses = Clauses(self.facts, shelf, searcher, self.subjects)
        self._shelf, self._lookup, self._understander = shelf, lookup, understander

    def answer(self, question: Question) -> Outcome | None:
        """The answer or refusal of a catalogue question; None for every other one, and where what it names is not told by
        metadata."""
        read = self._understander.read(question.text)
        asked = asked_of(read.text, question.as_of)
        if asked is None:
            return None
        filters = replace(
            question.filters,
            in_force_on=None if isinstance(asked, Status | Dated | Changes) else question.filters.in_force_on,
        )
        admitted = [d for d in self.facts.documents if filters.admit(d)]
        return self._answer(asked, read.places, admitted, question) if admitted else None

    def policies(self, wanted: Wanted) -> PolicyPage:
        """The list for programs. Raises NotFound for a cursor that no page had."""
        places = self._understander.read(wanted.subject).places if wanted.subject else ()
        return find(wanted, places, self.facts, self.subjects, self._clauses)

    def _answer(
        self, asked: Asked, places: Sequence[str], admitted: Sequence[Document], question: Question
    ) -> Outcome | None:
        match asked:
            case Status():
                then = replace(question, as_of=asked.day or question.as_of)
                return status.answer(asked, self._named(asked.mention, admitted), self.facts, then)
            case Changes():
                return self._changes(asked, admitted, question)
            case Compare():
                first, second = (self._named(m, admitted)[:1] for m in (asked.first, asked.second))
                if not first or not second or first == second:
                    return None
                return versions.compare(first[0], second[0], asked.point, self.facts, self._shelf, question)
            case Mine():
                return self._clauses.mine(asked, _inside(places, asked.about), admitted, question)
        meant = self.subjects.meant(asked.about, _inside(places, asked.about), admitted)
        match asked:
            case Dated():
                return None if meant.rest else documents.dated(asked, meant, self.facts, question)
            case Listing():
                known = meant.documents and (meant.places or meant.words)
                return documents.about(asked, meant, self.facts, question) if known and not meant.rest else None
            case Responsible():
                return None if meant.rest else self._clauses.responsible(asked, meant, question)
            case Amounts():
                known = meant.documents and (meant.places or meant.words)
                return amounts.answer(asked, meant, self.facts, self._shelf, question) if known else None

    def _changes(self, asked: Changes, admitted: Sequence[Document], question: Question) -> Outcome | None:
        for document in self._named(asked.mention, admitted)[:2]:
            older = self.facts.repealed_by(document)
            if older is not None:
                return versions.changes(older, document, self.facts, self._shelf, question)
            follower = self.facts.successor(document)
            newer = follower[0] if follower else None
            other = newer or self.facts.other_version(document)
            if other is not None:
                old, new = (document, other) if newer or _issued(other) >= _issued(document) else (other, document)
                return versions.changes(old, new, self.facts, self._shelf, question)
            return nothing(f"已导入的文件里没有{titled(document.title)}的另一版，无法比较")
        return None

    def _named(self, mention: str, admitted: Sequence[Document]) -> list[Document]:
        """The documents that a mention names, of the places that it names."""
        ids = {d.id for d in admitted}
        places = self._understander.read(mention).places
        found = [self.facts.by_id[i] for i in self._lookup.documents(mention) if i in ids]
        return [d for d in found if all(of_the_place(d, place) for place in places)]


def _issued(document: Document) -> int:
    day = document.validity.effective_from or document.issued_on
    return day.toordinal() if day else 0


def _inside(places: Sequence[str], about: str) -> tuple[str, ...]:
    return tuple(place for place in places if place in about)
