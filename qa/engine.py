"""The whole path from a question to an answer or a refusal."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from corpus.queries import Queries
from corpus.types import Clause, Document
from index.reader.types import JointReader, Readable
from index.searcher import Searcher
from index.types import Hit, Passage
from qa.by_number import about_clauses
from qa.catalogue.room import Catalogue
from qa.clock import Clock
from qa.decide import outcome
from qa.decide.features import Pool
from qa.decide.places import places_open
from qa.decide.premise import broken_premise, named_elsewhere
from qa.decide.rivals import Considered, choose
from qa.decide.scorer import MAX_WRONG_RATE, load_scorer
from qa.handling.room import Handling
from qa.inquiry import Inquiry
from qa.lookup import NAMED
from qa.passages import READ, Passages
from qa.read import Candidate, candidates, neural
from qa.read.referred import with_references
from qa.retrieval import Retrieval
from qa.shelf import Shelf
from qa.taken import Taken, reach
from qa.turns.memory import Conversations, MemoryConversations, Turn, after
from qa.turns.read import SmallTalk, TurnReader, Way
from qa.types import Answer, Citation, OnStep, Outcome, Question, Refusal
from qa.understand import Understander
from qa.weighed import Weighed


class Engine:
    """Answers questions over one store and one index. Safe for several threads.

    `conversations` may be shared with engines over other versions of the documents. An engine that nobody uses any more
    is freed at once: nothing in it refers back to it.

    >>> engine = build_engine(Path("data"))
    >>> engine.answer(Question("国家级小巨人奖多少？", date.today())).text
    '最高100万元'
    """

    def __init__(
        self,
        store: Queries,
        searcher: Searcher,
        understander: Understander,
        threshold: float | None = None,
        reader: JointReader | None = None,
        conversations: Conversations | None = None,
    ) -> None:
        self.store = store
        self.searcher = searcher
        self.understander = understander
        self.reader = reader
        self.scorer = load_scorer(reader is not None)
        # An answer less likely than this to be right is refused.
        self.threshold = self.scorer.threshold_for(MAX_WRONG_RATE) if threshold is None else threshold
        self.conversations = conversations or MemoryConversations()
        self._turns = TurnReader(searcher.tokenizer)
        self._shelf = Shelf(store)
        # What filters and names are compared with; without the texts, which only the documents that are read need.
        catalogue = tuple(store.catalogue())
        self._ids = frozenset(d.id for d in catalogue)
        self._retrieval = Retrieval(catalogue, self._shelf, searcher)
        self.catalogue = Catalogue(catalogue, self._shelf, searcher, self._retrieval.lookup, understander)
        self._handling = Handling(self._shelf, searcher.tokenizer.words, understander.lexicon)
        self._passages = Passages(store, self._shelf, searcher, reader, self.scorer.order, self.scorer.passages)

    def with_threshold(self, threshold: float) -> Engine:
        """The same engine, sharing all that it holds, with another threshold for refusals."""
        other = copy.copy(self)
        other.threshold = threshold
        return other

    def with_reader(self, reader: JointReader | None) -> Engine:
        """An engine over the same documents with another reader, or none, and the threshold that fits it."""
        return Engine(self.store, self.searcher, self.understander, None, reader, self.conversations)

    def warm_up(self) -> None:
        """Loads what the first question would load. Raises EncoderError, SnapshotError, BadReader."""
        self.search(Question("奖励标准是多少？", date(2000, 1, 1)))
        if self.reader is not None:
            self.reader.read("奖励标准是多少？", [Readable("奖励标准为一万元。")])

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
        """The answer with its citations, or a refusal with its reason; never raises for an odd question.

        `on_step` is told the name of each step as it begins; what it raises ends the answer.
        """
        if question.earlier and not question.standalone:
            return self._answer_after(question, on_step)
        if question.earlier:  # nothing is remembered of a question that brings its conversation along
            question = replace(question, earlier=(), session=None)
        clock = Clock(on_step)
        clock.begin("understand")
        last = self._last(question.session)
        if (listed := self.catalogue.answer(question)) is not None:
            self._remember(question.session, last, question.text, listed, None)
            return replace(listed, timings_ms=clock.end())
        ways = self._turns.ways(question.text, None if question.standalone else last)
        if isinstance(ways, SmallTalk):
            return Refusal("small_talk", ways.reply, 0.0, (), None, clock.end())
        best = self._taken(question, ways[0], last, clock)
        if not best.is_out_of_scope:
            for way in ways[1:]:
                if reach(way) > best.worth:
                    best = max(best, self._taken(question, way, last, clock), key=lambda taken: taken.worth)
        if best.is_remembered:
            self._remember(question.session, last, best.whole or question.text, best.said, best.leaned)
        return replace(best.said, rewritten=best.whole, timings_ms=clock.end())

    def _taken(self, question: Question, way: Way, last: Turn | None, clock: Clock) -> Taken:
        """What is said where a turn is taken in this way."""
        follow_up = way.follow_up
        whole = follow_up.whole if follow_up else None
        clock.begin("understand")
        asked = self.understander.read(whole or question.text, follow_up.focus if follow_up else "")
        if asked.scope:
            return Taken(Refusal("out_of_scope", outcome.OUT_OF_SCOPE, 0.0, ()), way)
        clock.begin("retrieve")
        leaned = last.passage if follow_up and follow_up.at == 0 and last else None
        inquiry = self._retrieval.inquire(question, asked, leaned.document_id if leaned else None)
        hits = self._retrieval.hits(inquiry, last)
        named = bool(hits) and NAMED in hits[0].ranks
        said = about_clauses(self._retrieval.lookup, self._shelf, inquiry, hits, bool(last and last.passage))
        if said is not None:
            return Taken(said, way, leaned, isinstance(said, Answer))
        clock.begin("rerank")
        weighed, rest = self._passages.ranked(inquiry, hits, None if named else leaned)
        clock.begin("read")
        considered = self._consider(inquiry, weighed)
        clock.begin("decide")
        found = [*(w.source.hit for w in weighed), *rest]
        said = self._handling.with_card(self._decide(inquiry, found, considered), question, asked, found)
        return Taken(said, way, leaned, True)

    def _answer_after(self, question: Question, on_step: OnStep | None) -> Outcome:
        """The answer to a question that brings its conversation along: what was asked since the last turn that stood alone
        is answered again first, in a memory of its own; of the turns before that one only the words count."""
        alone = copy.copy(self)
        alone.conversations = MemoryConversations(1)
        begins, remembered = self._turns.begun(
            question.earlier,
            lambda text: bool(self.understander.read(text).scope),
            self._retrieval.lookup.lacks_document,
        )
        turn = replace(question, session="", earlier=())
        if remembered is not None:
            alone.conversations.remember("", remembered)
        for text in question.earlier[begins:]:
            alone.answer(replace(turn, text=text, standalone=False))
        return alone.answer(turn, on_step)

    def search(self, question: Question) -> list[Hit]:
        """The passages for a question, best first."""
        inquiry = self._retrieval.inquire(question, self.understander.read(question.text))
        weighed, rest = self._passages.ranked(inquiry, self._retrieval.hits(inquiry))
        return [*(w.source.hit for w in weighed), *rest][: question.top_k]

    def found(self, question: Question) -> tuple[Inquiry, list[Weighed]] | None:
        """What the search brings, weighed but in no order yet; None where a question is out of scope. For evaluation."""
        if (inquiry := self._inquiry(question)) is None:
            return None
        return inquiry, self._passages.found(inquiry, self._retrieval.hits(inquiry))[0]

    def consider(self, question: Question) -> Considered | None:
        """All candidates for a question, whether or not one would be given; None where it is out of scope. For evaluation."""
        if (inquiry := self._inquiry(question)) is None:
            return None
        weighed, _ = self._passages.ranked(inquiry, self._retrieval.hits(inquiry))
        return self._consider(inquiry, weighed)

    def _inquiry(self, question: Question) -> Inquiry | None:
        asked = self.understander.read(question.text)
        return None if asked.scope else self._retrieval.inquire(question, asked)

    def _consider(self, inquiry: Inquiry, weighed: Sequence[Weighed]) -> Considered:
        """The candidates of the first passages, of those that were read where any was: of the forms and of the reader."""
        first = weighed[:READ]
        read = [w for w in first if w.reading is not None] or list(first)
        asked, context = inquiry.asked, inquiry.context
        if asked.kind == "validity":
            read += self._passages.closings(inquiry, read)
        read = [replace(w, sentences=tuple(with_references(s, context) for s in w.sentences)) for w in read]
        found = [c for w in read for sentence in w.sentences for c in candidates(sentence, context, w.reading is None)]
        found += neural.candidates(asked, [(w.sentences, w.reading) for w in read if w.reading is not None])
        found = neural.unpaired(found)
        pool = Pool(asked, inquiry.terms, inquiry.as_of, inquiry.meant, found, read, inquiry.unknown_words)
        scored = self.scorer.ranked(pool)
        choice = choose(scored, asked, inquiry.as_of, inquiry.meant)
        return Considered(pool, choice.scored, choice.rivals, choice.equal)

    def _decide(self, inquiry: Inquiry, hits: Sequence[Hit], considered: Considered) -> Outcome:
        question = inquiry.question
        if not considered.scored:
            return Refusal("no_evidence", outcome.NO_EVIDENCE, 0.0, tuple(hits[: question.top_k]))
        best = considered.scored[0]
        nearest = outcome.cited_first(hits, best.candidate, question.top_k)
        sure = self.scorer.confidence(considered.scored)
        if sure < self.threshold and inquiry.is_vague:
            return outcome.asked_back(self._shelf, inquiry.asked.text, sure, nearest)
        broken = self.contradicted(considered.pool, best.candidate)
        if broken is not None:
            return Refusal("no_evidence", broken + "。下面是最接近的条款，供参考。", sure * 0.2, nearest)
        if sure < self.threshold:
            return outcome.refused(
                best, sure, nearest, places_open(inquiry, considered, sure, self._retrieval.places(hits))
            )
        return outcome.answered(self._shelf, considered, sure, nearest, inquiry)

    def contradicted(self, pool: Pool, candidate: Candidate) -> str | None:
        """What the question takes for granted and a candidate does not bear out, as a Chinese sentence; None where nothing."""
        if (broken := broken_premise(pool.asked, candidate)) is not None:
            return broken
        named = self._retrieval.lookup.documents_meant(pool.asked.text)
        return named_elsewhere(candidate, named, lambda ident: self._shelf.load(ident).document)

    def cite(self, candidate: Candidate) -> tuple[Citation, ...]:
        """The citations of a candidate: its sentence first, then what else carries it. Quotes are word for word."""
        return outcome.cited(self._shelf, candidate)

    def load(self, ident: str) -> tuple[Document, tuple[Clause, ...]]:
        """A document with its clauses. Raises NotFound."""
        loaded = self._shelf.load(ident)
        return loaded.document, loaded.clauses

    def _last(self, session: str | None) -> Turn | None:
        """The turn before, without its passage where that is not in these documents: another version answered it."""
        turn = self.conversations.last(session)
        passage = turn.passage if turn else None
        if turn is None or passage is None:
            return turn
        if passage.document_id in self._ids and passage.clause_id in self._shelf.load(passage.document_id).by_id:
            return turn
        return replace(turn, passage=None)

    def _remember(
        self, session: str | None, last: Turn | None, topic: str, said: Outcome, leaned: Passage | None
    ) -> None:
        """A follow-up without an answer leaves the passage that it leaned on to the next."""
        passage = said.hits[0].passage if isinstance(said, Answer) and said.hits else leaned
        self.conversations.remember(session, after(last, topic, passage))
