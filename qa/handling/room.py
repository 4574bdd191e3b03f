"""Adds the card to what is said to a question about handling: to an answer, and to a refusal where one document is about it all the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from corpus.counterparts import cities
from corpus.types import Document
from index.types import Hit
from qa.handling.asks import LABELS, asked_fields
from qa.handling.card import card_of
from qa.lexicon import Lexicon
from qa.naming import of_the_place
from qa.shelf import Shelf
from qa.types import Answer, Card, CardField, CardName, Citation, Outcome, Question
from qa.understand import Understanding

_LOOKED_AT = 12  # documents
_OTHER_MATTER = re.compile(r"丢|遗失|挂失|补办|补领|要补|换领|换证|变更|注销|退出|过期|迁出")
"""What a card on applying does not tell: it answers no such question."""
_DEEDS = frozenset(("登记",))
"""What is done rather than what with: it tells sections of one document apart, and titles may leave it out."""
_TITLE_COVER = 0.66
"""Share of the words of the subject that a title must have."""
_INSTEAD: tuple[CardName, ...] = ("materials", "place", "conditions", "time_limit", "online")
"""What tells how something is done where no steps are told."""
_NO_SUBJECT = re.compile(
    r"^(?:办理?|申请|申报|申领|报名|领取?|补缴|缴纳?|验证|进来|过来|出来|转|材料|资料|手续|证件|流程|程序|步骤|条件|地点|地址|电话|时间|多久|怎么|怎样|如何|哪里|哪儿|准备|需要|提交|提供|拿到|批|下来|去|到|在|要|带|交|什么|哪些|验证)+$"
)


class Handling:
    """Makes cards from the documents of one store. Safe for several threads."""

    def __init__(self, shelf: Shelf, words: Callable[[str], list[str]], lexicon: Lexicon) -> None:
        self._shelf, self._words, self._lexicon = shelf, words, lexicon
        self._lay = lexicon.lay

    def with_card(self, outcome: Outcome, question: Question, asked: Understanding, hits: Sequence[Hit]) -> Outcome:
        """The outcome with its card. A refusal has one where one document's title is about all that the question names and it says
        what is asked: it stays a refusal, since of nine that were given as answers on their own at most three were right."""
        wanted = asked_fields(asked.query)
        if not wanted:
            return outcome
        subject = self._subject(asked)
        if isinstance(outcome, Answer):
            card = card_of(self._shelf.load(outcome.citations[0].document.id), self._spelt(subject))
            return replace(outcome, card=_with_answer(card, wanted, outcome)) if card else outcome
        if outcome.reason not in ("low_confidence", "no_evidence", "ambiguous") or not subject:
            return outcome
        if _OTHER_MATTER.search(asked.query):
            return outcome
        best: tuple[int, Card] | None = None
        for document in self._documents(subject, asked, hits, question):
            card = card_of(self._shelf.load(document.id), self._spelt(subject))
            worth = _worth(card, wanted) if card is not None else 0
            if card is not None and worth and (best is None or worth > best[0]):
                best = worth, card
        return replace(outcome, card=best[1]) if best else outcome

    def _subject(self, asked: Understanding) -> list[str]:
        """The words that tell what is handled: without places, and without the words of handling."""
        text = asked.query
        for place in asked.places:
            text = re.sub(rf"{re.escape(place)}(?:省|市|县|区)?", " ", text)
        words = [
            w
            for w in self._lexicon.cut(text, self._words)
            if w not in self._lexicon.empty and len(w) > 1 and not _NO_SUBJECT.match(w)
        ]
        return list(dict.fromkeys(words))

    def _spelt(self, subject: Sequence[str]) -> list[str]:
        return [*subject, *(other for word in subject for other in self._lay.get(word, ()))]

    def _documents(
        self, subject: Sequence[str], asked: Understanding, hits: Sequence[Hit], question: Question
    ) -> list[Document]:
        """The documents found whose titles have the subject, of the place that is named and not out of force, in their order;
        those that do not say of which place they are where there is none of it."""
        strong = [word for word in subject if word not in _DEEDS] or subject
        own: list[tuple[float, Document]] = []
        unplaced: list[tuple[float, Document]] = []
        for ident in list(dict.fromkeys(h.passage.document_id for h in hits))[:_LOOKED_AT]:
            document = self._shelf.load(ident).document
            cover = sum(self._titled(document, word) for word in strong) / len(strong)
            if not self._told(document, subject) or _of_another_year(document, asked.years):
                continue
            if cover < _TITLE_COVER or document.status_on(question.as_of) in ("expired", "repealed"):
                continue
            if all(of_the_place(document, place) for place in asked.places):
                own.append((cover, document))
            elif document.region is None and cover == 1.0 and not _names_a_city(document.title):
                unplaced.append((cover, document))
        most = max((cover for cover, _ in own), default=0.0)
        found = own if most == 1.0 or not unplaced else unplaced
        return [document for cover, document in found if cover == max(c for c, _ in found)]

    def _titled(self, document: Document, word: str) -> bool:
        named = f"{document.title} {document.region or ''}"
        return any(_shortened(w, named) for w in (word, *self._lay.get(word, ())))

    def _told(self, document: Document, subject: Sequence[str]) -> bool:
        """Whether a document says every word of the subject at all: a place or a group that it never names is another one."""
        return all(any(_shortened(w, document.text) for w in (word, *self._lay.get(word, ()))) for word in subject)


def _worth(card: Card, wanted: Sequence[CardName]) -> int:
    """How much a card says: what is asked, then how many fields; 0 where it does not answer. How something is done may be
    told without a heading of its own: by its conditions, materials and place."""
    held = {f.name for f in card.fields}
    asked = sum(name in held for name in wanted)
    if not asked and ("steps" not in wanted or len(held & set(_INSTEAD)) < 2):
        return 0
    return 20 * asked + sum(2 + (len(f.citations) > 1) for f in card.fields)


def _with_answer(card: Card, wanted: Sequence[CardName], answer: Answer) -> Card:
    """A card with the words of the answer where the field that is asked for is empty: the reader found what no heading shows."""
    held = {f.name for f in card.fields}
    missing = next((name for name in wanted if name not in held), None)
    if missing is None or len(wanted) > 1:
        return card
    own: tuple[Citation, ...] = tuple(c for c in answer.citations if c.document.id == card.document.id)
    fields = [*card.fields, CardField(missing, own)] if own else list(card.fields)
    order = list(LABELS)
    return Card(card.document, tuple(sorted(fields, key=lambda f: order.index(f.name))))


def _names_a_city(title: str) -> bool:
    return any(city.removesuffix("市") in title for city in cities())


def _of_another_year(document: Document, years: Sequence[str]) -> bool:
    """Whether a title has a year, and none of those that the question names."""
    own = re.findall(r"(?:19|20)\d\d", document.title)
    return bool(own and years) and not set(own) & set(years)


def _shortened(word: str, title: str) -> bool:
    """Whether a title has a word, also where people leave characters out: 廉租房 of 廉租住房."""
    if word in title:
        return True
    if len(word) < 3:
        return False
    return re.search(".{0,1}".join(map(re.escape, word)), title) is not None
