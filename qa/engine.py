"""The whole path from a question to an answer or a refusal."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial

from corpus.queries import Queries
from corpus.types import Clause, Document, Span
from index.reader.types import JointReader, Readable
from index.searcher import Searcher
from index.types import Filters, Hit, Passage
from qa import confidence
from qa.closing import asks_when_in_force, closing_passage
from qa.converse import Conversations, MemoryConversations, Turn, complete, stands_alone
from qa.evidence import Source, Terms, terms_of, weighed_sentences
from qa.lookup import LONGEST, NAMED, Lookup, asks_for_text, passage_of
from qa.naming import of_the_place
from qa.premise import broken_premise
from qa.prepared import PreparedPassages
from qa.ranking import Scored, Weighed, by_reading, read_score, renumbered, rerank, score
from qa.read import Candidate, Context, candidates, neural
from qa.read.referred import asks_penalty, joined, penalties_for, with_references, words_of
from qa.rivals import choose, told
from qa.shelf import Shelf
from qa.types import Answer, Citation, OnStep, Outcome, Question, Reason, Refusal, Step, Warning
from qa.understand import Understander, Understanding

_SEARCHED = 30  # passages retrieved before evidence is weighed
_CLOSINGS = 4  # documents whose clause about their validity is looked up
_FROM_NAMED = 8  # of them from the documents that the question names
_RERANKED = 10  # of them weighed by their sentences
_READ = 8  # passages read for answers
_READ_IN_TURN = (0, 4)  # where the reader begins to read, and may stop
_SURE_READING = 0.8  # that a passage answers: then no more of them are read
_FOLLOWED = 5  # of the first passages: what refers to them is read too; and at most as many of those
_TOLD_RIVALS = 2  # other documents whose figure is told beside the answer
_FEW_OF_ALL = 0.5  # of the documents: a place that more of them are about tells none apart
_CITED_ELSEWHERE = 2  # clauses of other documents that an answer cites because its sentence names them
_EARLIER = 4  # turns of a conversation that a question brings along which are read at most: each costs an answer
_KEPT_QUESTIONS = 64
_KEPT_TOKENS = 2048
_MUCH_CONTENT = 60.0  # summed idf of the content of a question that says plainly what it is about
_SURE_ENOUGH, _UNSURE_READING = (
    0.9,
    0.7,
)  # of lines recognised in pictures: below, one in eight and one in three has a wrong figure
_LOOKED_UP = 0.99  # how sure an answer is that was looked up by its number
_OUT_OF_SCOPE = "我只回答已导入的政策文件里的问题，比如奖励多少、找哪个部门、什么时候截止。"
_NO_EVIDENCE = "已导入的文件没有规定，或没有找到相关条款。下面是最接近的条款，供参考。"
_WHICH_DOCUMENT = "请说明是哪一份文件的这一条，比如《…办法》第五条。"
_WHICH_PLACE = "各地的规定不同，请说明是哪里：{}。"
_NO_ARTICLE = "《{}》没有{}。下面是最接近的条款，供参考。"
_UNSURE = "没有找到足够确定的答案，不作回答。下面是最接近的条款，请以原文为准。"


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
        self.reader = reader  # weighs the first passages and finds answers where no rule does
        # An answer less likely than this to be right is refused.
        default = confidence.threshold_for(confidence.MAX_WRONG_RATE, reader is not None)
        self.threshold = default if threshold is None else threshold
        self.searcher = searcher
        self.understander = understander
        self.conversations = conversations or MemoryConversations()
        self._shelf = Shelf(store)
        self._load = self._shelf.load
        # What filters and names are compared with; without the texts, which only the documents that are read need.
        self._catalogue = tuple(store.catalogue())
        self._ids = frozenset(d.id for d in self._catalogue)
        self._lookup = Lookup(self._catalogue, self._shelf.clauses)
        # Each step of one question asks for it.
        self._meant = lru_cache(maxsize=_KEPT_QUESTIONS)(partial(_find_meant, self._lookup, self._catalogue))
        self._prepared = PreparedPassages(searcher.tokenizer)

    def with_threshold(self, threshold: float) -> Engine:
        """The same engine, sharing all that it holds, with another threshold for refusals."""
        other = copy.copy(self)
        other.threshold = threshold
        return other

    def warm_up(self) -> None:
        """Loads what the first question would load. Raises EncoderError, SnapshotError, BadReader."""
        self.search(Question("奖励标准是多少？", date(2000, 1, 1)))
        if self.reader is not None:
            self.reader.read("奖励标准是多少？", [Readable("奖励标准为一万元。")])

    # -- the path ------------------------------------------------------------------------------------------------------

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
        """The answer with its citations, or a refusal with its reason; never raises for an odd question.

        `on_step` is told the name of each step as it begins; what it raises ends the answer.
        """
        if question.earlier:
            return self._answer_after(question, on_step)
        clock = _Clock(on_step)
        clock.begin("understand")
        last = self._last(question.session)
        follow_up = complete(question.text, last)
        rewritten = follow_up.whole if follow_up else None
        asked = self.understander.read(rewritten or question.text, follow_up.focus if follow_up else "")
        if asked.scope:
            return Refusal("out_of_scope", _OUT_OF_SCOPE, 0.0, (), rewritten, clock.end())
        clock.begin("retrieve")
        terms = self._terms(asked)
        hits = self._retrieve(asked, question, last)
        if hits and NAMED in hits[0].ranks and asks_for_text(question.text):
            quoted = self._quoted(hits, question)
            self._remember(question.session, question.text, quoted)
            return replace(quoted, rewritten=rewritten, timings_ms=clock.end())
        if not (last and last.passage) and self._lookup.lacks_document(asked.text):
            return Refusal("ambiguous", _WHICH_DOCUMENT, 0.0, tuple(hits[: question.top_k]), rewritten, clock.end())
        if (lacking := self._lookup.lacking(asked.text)) is not None:
            nearest = tuple(hits[: question.top_k])
            return Refusal("no_evidence", _NO_ARTICLE.format(*lacking), 0.0, nearest, rewritten, clock.end())
        clock.begin("rerank")
        weighed, rest = self._rerank(asked, terms, hits, question)
        if follow_up and last and last.passage and not (hits and NAMED in hits[0].ranks):
            weighed, rest = self._in_front(asked, terms, weighed, rest, last.passage)
        clock.begin("read")
        scored = self._read(asked, terms, weighed, question)
        clock.begin("decide")
        hits = [*(w.source.hit for w in weighed), *rest]
        outcome = self._decide(asked, terms, hits, scored, question)
        self._remember(question.session, follow_up.topic if follow_up else question.text, outcome)
        return replace(outcome, rewritten=rewritten, timings_ms=clock.end())

    def _answer_after(self, question: Question, on_step: OnStep | None) -> Outcome:
        """The answer to a question that brings its conversation along: what was asked since the last turn that stood alone
        is answered again first, in a memory of its own."""
        earlier = question.earlier[-_EARLIER:]
        first = len(earlier) - 1
        while first > 0 and self._leans(earlier[first]):
            first -= 1
        alone = copy.copy(self)
        alone.conversations = MemoryConversations(1)
        turn = replace(question, session="", earlier=())
        for text in earlier[first:]:
            alone.answer(replace(turn, text=text))
        return alone.answer(turn, on_step)

    def _leans(self, text: str) -> bool:
        """Whether a turn needs the one before it, or is none that a later one could lean on (small talk)."""
        return not stands_alone(text) or self._lookup.lacks_document(text) or bool(self.understander.read(text).scope)

    def search(self, question: Question) -> list[Hit]:
        """The passages for a question, best first."""
        asked = self.understander.read(question.text)
        terms = self._terms(asked)
        weighed, rest = self._rerank(asked, terms, self._retrieve(asked, question), question)
        return [*(w.source.hit for w in weighed), *rest][: question.top_k]

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _retrieve(self, asked: Understanding, question: Question, last: Turn | None = None) -> list[Hit]:
        """The passages for a question: clauses that it names by number, then of the documents that it names, then all
        others."""
        allowed = self._allowed(question.filters)
        if allowed is not None and not allowed:
            return []
        found = self._search(asked, max(_SEARCHED, question.top_k), allowed)
        before = [last.passage.document_id] if last and last.passage else []
        clauses = self._lookup.find(asked.text, before)
        named = [passage_of(self._load(c.document_id).document, c) for c in clauses]
        front = [Hit(p, 1, 1.0, {NAMED: 1}) for p in named if allowed is None or p.document_id in allowed]
        inside = {h.passage.id for h in front}
        rest = [h for h in found if h.passage.id not in inside]
        return [replace(h, rank=rank) for rank, h in enumerate([*front, *rest], 1)] if front else found

    def _search(self, asked: Understanding, depth: int, allowed: frozenset[str] | None) -> list[Hit]:
        """The passages of the documents that a question names in front, then all others."""
        hits = self.searcher.search(asked.query, depth, allowed, added=asked.added)
        named = self._meant(asked)
        if allowed is not None:
            named &= allowed
        if not named:
            return hits
        front = self.searcher.search(asked.query, depth, named, added=asked.added)[:_FROM_NAMED]
        if asks_when_in_force(asked) and (titled := named & self._lookup.documents_meant(asked.text)):
            closings = self._closings(titled)
            ids = {h.passage.id for h in closings}
            front = [*closings, *(h for h in front if h.passage.id not in ids)]
        inside = {h.passage.id for h in front}
        rest = [h for h in hits if h.passage.id not in inside]
        return [replace(h, rank=rank) for rank, h in enumerate([*front, *rest], 1)]

    def _terms(self, asked: Understanding) -> Terms:
        return terms_of(asked, self.searcher.tokenizer, self.searcher.idf)

    def _context(self, asked: Understanding, terms: Terms) -> Context:
        """What readers may look at. Sentences share leads and references, so their tokens are kept for one question."""
        return Context(asked, terms, lru_cache(maxsize=_KEPT_TOKENS)(self.searcher.tokenizer.tokens))

    def _rerank(
        self, asked: Understanding, terms: Terms, hits: Sequence[Hit], question: Question
    ) -> tuple[list[Weighed], list[Hit]]:
        """The first hits by what their best sentence says about the question, and the others in their order: only the
        documents of the first are loaded."""
        sources = [self._source(hit) for hit in hits[:_RERANKED]]
        rest = list(hits[_RERANKED:])
        penalty = asks_penalty(asked.text)
        if penalty:
            sources += self._penalties(sources)
            inside = {s.hit.passage.id for s in sources}
            rest = [hit for hit in rest if hit.passage.id not in inside]
        weighed = self._weigh_sentences(asked, terms, sources)
        if penalty:
            weighed = self._weigh_joined(asked, terms, weighed)
        ordered, rest = rerank(weighed, rest, asked, question.as_of, self._meant(asked))
        ordered = by_reading(self._read_first(asked, ordered))
        named = [w for w in ordered if NAMED in w.source.hit.ranks]
        return renumbered([*named, *(w for w in ordered if NAMED not in w.source.hit.ranks)], rest)

    def _read_first(self, asked: Understanding, weighed: Sequence[Weighed]) -> list[Weighed]:
        """The first passages with what the reader tells of them: a few, and more while none of them surely answers."""
        out = list(weighed)
        for begin, end in itertools.pairwise(_READ_IN_TURN):
            if self.reader is None or any(w.reading and w.reading.answers >= _SURE_READING for w in out[:begin]):
                break
            part = out[begin:end]
            readings = self.reader.read(asked.query, _readable(part)) if part else []
            out[begin:end] = [replace(w, reading=r) for w, r in zip(part, readings, strict=True)]
        return out

    def _penalties(self, sources: Sequence[Source]) -> list[Source]:
        """The clauses that say what follows from breaking those of the first sources, as sources of their own.

        They name the clause that is broken by its number, so retrieval does not find them by the words of the deed.
        """
        out: list[Source] = []
        for source in sources[:_FOLLOWED]:
            passage = source.hit.passage
            span = Span(passage.start, passage.end)
            inside = [c for c in source.clauses if span.contains(c.span) or c.span.contains(span)]
            referring = [r for clause in inside for r in self.store.clauses_referring(clause.id)]
            for clause in dict.fromkeys(penalties_for(source, referring)):
                found = passage_of(source.document, clause)
                known = [*(s.hit.passage for s in sources), *(s.hit.passage for s in out)]
                if not any(p.document_id == found.document_id and p.start <= found.start < p.end for p in known):
                    out.append(replace(source, hit=replace(source.hit, passage=found)))
        return out[:_FOLLOWED]

    def _weigh_sentences(self, asked: Understanding, terms: Terms, sources: Sequence[Source]) -> list[Weighed]:
        """Each passage with its sentences, these with the cosine of their vector and the question's."""
        if not sources:
            return []
        whole = " ".join((asked.query, *asked.expansions))
        encoder = self.searcher.encoder
        vector = encoder.encode_queries([whole])[0]
        return [
            Weighed(
                source,
                tuple(weighed_sentences(source, parts, terms, (vectors @ vector).tolist())),
                terms.cover(parts.whole),
            )
            for source, (parts, vectors) in zip(sources, self._prepared.of(sources, encoder), strict=True)
        ]

    def _weigh_joined(self, asked: Understanding, terms: Terms, weighed: Sequence[Weighed]) -> list[Weighed]:
        """The same with each sentence as if it held the clause that it names, which says what its penalty is for."""
        encoder = self.searcher.encoder
        words = list(dict.fromkeys(words_of(s, span) for w in weighed for s in w.sentences for span in joined(s)))
        if not words:
            return list(weighed)
        whole = " ".join((asked.query, *asked.expansions))
        cosines = (encoder.encode_passages(words) @ encoder.encode_queries([whole])[0]).tolist()
        similarities = dict(zip(words, cosines, strict=True))
        context = self._context(asked, terms)
        return [
            replace(w, sentences=tuple(with_references(s, context, similarities) for s in w.sentences)) for w in weighed
        ]

    def _in_front(
        self, asked: Understanding, terms: Terms, weighed: Sequence[Weighed], rest: Sequence[Hit], passage: Passage
    ) -> tuple[list[Weighed], list[Hit]]:
        """The weighed passages with the one that the turn before was answered from as the first."""
        own = [w for w in weighed if w.source.hit.passage.id == passage.id]
        if far := next((hit for hit in rest if hit.passage.id == passage.id), None):
            own = [Weighed(self._source(far), (), 0.0)]  # shown first, but too far from the follow-up to be read
        elif not own:
            own = self._weigh_sentences(asked, terms, [self._source(Hit(passage, 1, 1.0))])
        others = [w for w in weighed if w.source.hit.passage.id != passage.id]
        return renumbered([*own, *others], [h for h in rest if h.passage.id != passage.id])

    def _read(self, asked: Understanding, terms: Terms, weighed: Sequence[Weighed], question: Question) -> list[Scored]:
        """Every candidate answer of the best passages, best first."""
        read = list(weighed[:_READ])
        context = self._context(asked, terms)
        if asked.kind == "validity":
            stated = self._validity_sources([w.source for w in read])
            read = [*self._weigh_sentences(asked, terms, stated), *read]
        found = [c for w in read for sentence in w.sentences for c in candidates(sentence, context)]
        meant = self._meant(asked)
        if self.reader is None:
            scored = [Scored(c, score(c, question.as_of, asked.years, meant)) for c in found]
        else:
            # What a follow-up put in front was not read yet; what a document says of its validity is left to the rules.
            late = [
                w for w in read[: _READ_IN_TURN[1]] if w.reading is None and w.sentences and asked.kind != "validity"
            ]
            readings = self.reader.read(asked.query, _readable(late)) if late else []
            told = [(w.sentences, w.reading) for w in read if w.reading is not None]
            told += [(w.sentences, reading) for w, reading in zip(late, readings, strict=True)]
            found = neural.candidates(found, asked, told)
            by_passage = {sentences[0].source.hit.passage.id: reading for sentences, reading in told if sentences}
            scored = []
            for c in found:
                reading = by_passage.get(c.sentence.source.hit.passage.id)
                answers = reading.answers if reading else 0.0
                agrees = neural.agreement(c, asked.text, reading) if reading else 0.0
                total = score(c, question.as_of, asked.years, meant) + read_score(answers, agrees)
                scored.append(Scored(c, total, answers, agrees))
        return sorted(scored, key=lambda s: -s.score)

    def _decide(
        self, asked: Understanding, terms: Terms, hits: Sequence[Hit], scored: Sequence[Scored], question: Question
    ) -> Outcome:
        nearest = tuple(hits[: question.top_k])
        if not scored:
            return Refusal("no_evidence", _NO_EVIDENCE, 0.0, nearest)
        choice = choose(scored, asked, question.as_of, self._meant(asked))
        scored = choice.scored
        best = scored[0]
        nearest = _cited_first(hits, best.candidate, question.top_k)
        features = self._features(best, scored, terms)
        probability = confidence.probability(features)
        if best.candidate.sentence.cover < confidence.MIN_COVER:
            return Refusal("no_evidence", _NO_EVIDENCE, probability, nearest)
        broken = broken_premise(asked, best.candidate) or self._said_elsewhere(asked, best.candidate)
        if broken is not None:
            return Refusal("no_evidence", broken + "。下面是最接近的条款，供参考。", probability * 0.2, nearest)
        if probability < self.threshold:
            reason: Reason = "low_confidence" if best.candidate.found else "no_evidence"
            return Refusal(reason, _UNSURE if best.candidate.found else _NO_EVIDENCE, probability, nearest)
        citations = self.cite(best.candidate)
        said = "；".join(told(rival, question.as_of) for rival in choice.rivals[:_TOLD_RIVALS])
        if choice.equal:
            own = told(best.candidate, question.as_of)
            return Refusal("ambiguous", _WHICH_PLACE.format(f"{own}；{said}"), probability, nearest)
        warnings = _warnings(citations, question)
        if said:
            warnings = (*warnings, Warning("conflicting", f"另有文件的规定不同：{said}"))
        return Answer(best.candidate.text, citations, probability, nearest, warnings)

    def _said_elsewhere(self, asked: Understanding, candidate: Candidate) -> str | None:
        """What is wrong where a question names documents by title and the evidence stands in another one that is not
        linked with them; None where nothing is."""
        named = self._lookup.documents_meant(asked.text)
        own = candidate.sentence.source.document
        if not named or own.id in named or any(link.target in named for link in own.links):
            return None
        meant = [self._load(ident).document for ident in sorted(named)]
        if any(link.target == own.id for document in meant for link in document.links):
            return None
        return f"《{meant[0].title}》中没有找到相关规定"

    def _quoted(self, hits: Sequence[Hit], question: Question) -> Answer:
        """The words of the clauses that a question names, where it asks for nothing else."""
        citations = []
        for hit in hits:
            if NAMED in hit.ranks:
                source = self._source(hit)
                span = Span(hit.passage.start, hit.passage.end)
                clause = source.clause(hit.passage.clause_id) or source.clause_at(span.start, span.end)
                citations.append(Citation(source.document, clause, span, source.document.quote(span)))
        first = citations[0]
        warnings = _warnings(citations, question)
        if len({c.clause.address for c in citations}) < len({c.quote for c in citations}):
            warnings = (*warnings, Warning("conflicting", "有几份同名文件，这一条的内容不同，请核对是哪一份"))
        return Answer(first.quote, tuple(citations), _LOOKED_UP, tuple(hits[: question.top_k]), warnings)

    def _features(self, best: Scored, scored: Sequence[Scored], terms: Terms) -> confidence.Features:
        sentence = best.candidate.sentence
        rival = next((s.score for s in scored if s.candidate.text != best.candidate.text), 0.0)
        passage = sentence.source.hit.passage
        known = terms.cover(self.searcher.tokenizer.tokens(passage.text + " " + passage.context))
        return confidence.Features(
            cover=sentence.cover,
            own_cover=sentence.own_cover,
            residual=sentence.residual,
            similarity=max(0.0, sentence.similarity),
            fit=best.candidate.fit,
            found=float(best.candidate.found),
            first=float(sentence.source.hit.rank == 1),
            margin=min(1.0, max(0.0, best.score - rival) * 2),
            known=known,
            content=min(1.0, terms.total / _MUCH_CONTENT),
            answers=best.answers,
            agrees=best.agrees,
            read=self.reader is not None,
        )

    def weigh(self, question: Question) -> tuple[Candidate, confidence.Features] | None:
        """The best candidate for a question and what its confidence is computed from, whether or not it would be given.

        None where the question is refused whatever the confidence. For calibration.
        """
        found = self.best(question)
        return found[:2] if found and found[2] else None

    def best(self, question: Question) -> tuple[Candidate, confidence.Features, bool] | None:
        """The same, and whether it may be given at all: it is evidence, no premise is broken, no document named is passed
        over. None where there is no candidate."""
        asked = self.understander.read(question.text)
        if asked.scope:
            return None
        terms = self._terms(asked)
        weighed, _ = self._rerank(asked, terms, self._retrieve(asked, question), question)
        scored = self._read(asked, terms, weighed, question)
        scored = choose(scored, asked, question.as_of, self._meant(asked)).scored
        if not scored:
            return None
        candidate = scored[0].candidate
        sound = _bears_out(asked, candidate) and not self._said_elsewhere(asked, candidate)
        return candidate, self._features(scored[0], scored, terms), sound

    def cite(self, candidate: Candidate) -> tuple[Citation, ...]:
        """The citations of a candidate: its sentence first, then what else carries it. Quotes are word for word."""
        source = candidate.sentence.source
        document = source.document
        out: list[Citation] = []
        for span in candidate.spans:
            if any(c.span.contains(span) for c in out):
                continue
            clause = source.clause_at(span.start, span.end)
            out.append(Citation(document, clause, span, document.quote(span)))
        return (*out, *self._cited_elsewhere(candidate))

    def _cited_elsewhere(self, candidate: Candidate) -> Iterator[Citation]:
        """The clauses of other documents that the sentence of a candidate names, while they are short."""
        sentence = candidate.sentence
        own = sentence.clause
        there = [r for r in own.references if sentence.span.contains(r.span) and r.document != own.document_id]
        for reference in there[:_CITED_ELSEWHERE]:
            if reference.document and reference.clause:
                loaded = self._load(reference.document)
                clause = loaded.by_id.get(reference.clause)
                if clause is not None and len(clause.span) <= LONGEST:
                    yield Citation(loaded.document, clause, clause.span, loaded.document.quote(clause.span))

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _source(self, hit: Hit) -> Source:
        return Source(hit, self._load(hit.passage.document_id))

    def load(self, ident: str) -> tuple[Document, tuple[Clause, ...]]:
        """A document with its clauses. Raises NotFound."""
        loaded = self._load(ident)
        return loaded.document, loaded.clauses

    def _validity_sources(self, sources: Sequence[Source]) -> list[Source]:
        """For each document of the first hits the passage that says from when and until when it is in force."""
        out: list[Source] = []
        for source in sources:
            if len(out) < _CLOSINGS and all(source.document.id != s.document.id for s in out):
                passage = closing_passage(source.document, source.clauses)
                if passage is not None:
                    out.append(replace(source, hit=replace(source.hit, passage=passage)))
        return out

    def _closings(self, documents: Collection[str]) -> list[Hit]:
        """The same for documents that a question names, as hits."""
        loaded = [self._load(ident) for ident in sorted(documents)[:_CLOSINGS]]
        passages = [closing_passage(one.document, one.clauses) for one in loaded]
        return [Hit(passage, 1, 1.0) for passage in passages if passage is not None]

    def _allowed(self, filters: Filters) -> frozenset[str] | None:
        """The ids of the documents that the filters let through; None where there are no filters."""
        if filters == Filters():
            return None
        return frozenset(document.id for document in self._catalogue if filters.admit(document))

    def _last(self, session: str | None) -> Turn | None:
        """The turn before, without its passage where that is not in these documents: another version answered it."""
        turn = self.conversations.last(session)
        passage = turn.passage if turn else None
        if turn is None or passage is None:
            return turn
        if passage.document_id in self._ids and passage.clause_id in self._load(passage.document_id).by_id:
            return turn
        return replace(turn, passage=None)

    def _remember(self, session: str | None, topic: str, outcome: Outcome) -> None:
        passage = outcome.hits[0].passage if isinstance(outcome, Answer) and outcome.hits else None
        self.conversations.remember(session, Turn(topic, passage))


def _readable(weighed: Sequence[Weighed]) -> list[Readable]:
    return [Readable(w.source.hit.passage.text, w.source.hit.passage.context) for w in weighed]


def _bears_out(asked: Understanding, candidate: Candidate) -> bool:
    """Whether a candidate is evidence at all, and no premise of the question is broken."""
    return candidate.sentence.cover >= confidence.MIN_COVER and broken_premise(asked, candidate) is None


def _find_meant(lookup: Lookup, catalogue: Sequence[Document], asked: Understanding) -> frozenset[str]:
    """The documents that a question names by their titles, else those of the places that it names, where these are few
    enough to tell them from the others."""
    if named := lookup.documents_meant(asked.text):
        return named
    of_place = [d.id for d in catalogue if any(of_the_place(d, place) for place in asked.places)]
    return frozenset(of_place if len(of_place) <= _FEW_OF_ALL * len(catalogue) else ())


class _Clock:
    """Milliseconds that each step of one answer takes."""

    def __init__(self, on_step: OnStep | None) -> None:
        self._on_step = on_step
        self._laps: dict[str, float] = {}
        self._step: Step | None = None
        self._began = 0.0

    def begin(self, step: Step) -> None:
        """Ends the step before and tells of this one."""
        self.end()
        self._step = step
        if self._on_step is not None:
            self._on_step(step)
        self._began = time.perf_counter()

    def end(self) -> dict[str, float]:
        """Ends the last step; what each took."""
        if self._step is not None:
            self._laps[self._step] = round((time.perf_counter() - self._began) * 1000, 3)
            self._step = None
        return self._laps


def _cited_first(hits: Sequence[Hit], candidate: Candidate, top_k: int) -> tuple[Hit, ...]:
    """The nearest passages with the one that the answer was read from in front."""
    own = candidate.sentence.source.hit
    rest = [h for h in hits if h.passage.id != own.passage.id]
    return tuple(replace(h, rank=rank) for rank, h in enumerate([own, *rest][:top_k], 1))


def _warnings(citations: Sequence[Citation], question: Question) -> tuple[Warning, ...]:
    out = []
    document = citations[0].document
    status = document.status_on(question.as_of)
    if status == "expired":
        out.append(Warning("expired", f"《{document.title}》已于{document.validity.effective_until}到期，内容仅供参考"))
    elif status == "repealed":
        out.append(Warning("superseded", f"《{document.title}》已被《{document.validity.repealed_by}》废止"))
    elif status == "not_yet":
        out.append(Warning("not_yet", f"《{document.title}》自{document.validity.effective_from}起施行，尚未生效"))
    if document.title_inferred:
        out.append(Warning("inferred_title", "原文没有标题，标题由系统根据内容推断"))
    sure = [c.document.confidence_of(c.span) for c in citations]
    least = min((value for value in sure if value is not None), default=1.0)
    if least < _SURE_ENOUGH:
        degree = "可能有误，" if least < _UNSURE_READING else ""
        out.append(Warning("recognised", f"引文由图片识别得来，{degree}数字请核对原件"))
    return tuple(out)
