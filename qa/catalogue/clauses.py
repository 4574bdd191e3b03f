"""Lists of clauses: those for a group or a trade, those that a department is responsible for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.types import Document, Span
from index.searcher import Searcher
from qa.catalogue.facts import Facts, smallest
from qa.catalogue.intents import Mine, Responsible
from qa.catalogue.said import STATUS_WORDS, listed
from qa.catalogue.subjects import Meant, Subjects
from qa.shelf import Shelf
from qa.types import Citation, Outcome, Question, Row

_SEARCHED = 200  # passages looked at for a name that titles lack
_READ = 60  # documents whose clauses are read whole
_OF_ONE = 3  # clauses shown of one document
_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_GIVES = re.compile(r"可以?|享受|给予|补贴|补助|适用|纳入|参加|有权|免|优先|对象|应当|应|按")
_CHARGED = r"(?:负责|牵头|主管|审核|审批|认定|受理|核定|组织|承担|落实|实施|应当|要)"
_LONGEST = 300
_SHORTEST_GROUP, _LONGEST_GROUP = 2, 16


class Clauses:
    """Finds clauses in one store. Safe for several threads."""

    def __init__(self, facts: Facts, shelf: Shelf, searcher: Searcher, subjects: Subjects) -> None:
        self._facts, self._shelf, self._searcher, self._subjects = facts, shelf, searcher, subjects

    def mine(
        self, asked: Mine, places: Sequence[str], admitted: Sequence[Document], question: Question
    ) -> Outcome | None:
        """The clauses that name a group or trade, of those documents first that have it in their title; None where no
        clause names it."""
        group = asked.about
        for place in places:
            group = re.sub(rf"{re.escape(place)}(?:省|市|自治区|县|区)?", " ", group)
        group = re.sub(r"\s", "", group)
        if not _SHORTEST_GROUP <= len(group) <= _LONGEST_GROUP:
            return None
        here = self._subjects.meant("", places, admitted).documents
        rows = []
        for document in self.naming(group, here):
            best = sorted(self._sentences(document, group), key=lambda found: -found[0])[:_OF_ONE]
            state = STATUS_WORDS[self._facts.status(document, question.as_of)]
            rows += [
                Row(document.title, self._cite(document, span), state)
                for _, span in sorted(best, key=lambda f: f[1].start)
            ]
        if not rows:
            return None
        titles = len(dict.fromkeys(row.title for row in rows))
        return listed(
            f"提到“{group}”的有 {titles} 份文件，列出其中 {len(rows)} 处规定，是否适用请对照原文", rows, question
        )

    def responsible(self, asked: Responsible, meant: Meant, question: Question) -> Outcome | None:
        """The clauses that a department is responsible for: as the document's brackets say, or as the clause says itself."""
        name = re.sub(r"^(?:[省市区县]级?)(?=..)", "", asked.department)
        rows = []
        for document in meant.documents[:_READ] if meant.places or meant.words else self.naming(name, meant.documents):
            state = STATUS_WORDS[self._facts.status(document, question.as_of)]
            rows += [
                Row(document.title, citation, f"{who}（{state}）") for who, citation in self.charged(document, name)
            ]
        if not rows:
            return None
        return listed(f"由{asked.department}负责的规定有 {len(rows)} 处", rows, question)

    def naming(self, name: str, documents: Sequence[Document]) -> list[Document]:
        """The documents that name something, those with it in the title first."""
        titled = [d for d in documents if name in d.title]
        allowed = frozenset(d.id for d in documents)
        hits = self._searcher.search(name, _SEARCHED, allowed) if allowed else []
        found = dict.fromkeys(h.passage.document_id for h in hits if name in h.passage.text)
        known = {d.id: d for d in documents}
        return list(dict.fromkeys([*titled, *(known[i] for i in found)]))[:_READ]

    def _sentences(self, document: Document, name: str) -> Iterator[tuple[float, Span]]:
        text = self._shelf.load(document.id).document.text
        for match in _SENTENCE.finditer(text):
            words = match[0].strip()
            if name in words and len(words) <= _LONGEST and words != document.title:
                start = match.start() + len(match[0]) - len(match[0].lstrip())
                at = words.index(name)
                yield len(_GIVES.findall(words)) - at / 200 - (len(words) < 12), Span(start, start + len(words))

    def charged(self, document: Document, name: str) -> Iterator[tuple[str, Citation]]:
        """The clauses of a document that a department is responsible for, each with its name as it stands there."""
        loaded = self._shelf.load(document.id)
        seen: set[str] = set()
        for clause in loaded.clauses:
            own = next((r for r in clause.responsible if not r.inherited and name in r.name), None)
            if own is not None and len(clause.span) <= _LONGEST:
                seen.add(clause.id)
                yield own.name, self._cite(document, clause.span)
        said = re.compile(rf"(?P<who>[一-鿿]{{0,8}}{re.escape(name)}(?:[、和会同][一-鿿、]{{2,30}}?)?){_CHARGED}")
        for match in _SENTENCE.finditer(loaded.document.text):
            words = match[0].strip()
            if len(words) > _LONGEST or not (found := said.search(words)):
                continue
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            span = Span(start, start + len(words))
            if smallest(loaded.clauses, span).id not in seen:
                who = re.sub(r"^.*?(?:由|经|向|报|，)", "", found["who"])
                yield who if name in who else name, self._cite(document, span)

    def _cite(self, document: Document, span: Span) -> Citation:
        text = self._shelf.load(document.id).document.quote(span)
        end = span.start + len(text.rstrip())
        return self._facts.cite(document.id, span.start, end)
