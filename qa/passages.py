"""Passages weighed for one question: by their sentences, then by reading the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.queries import Queries
from corpus.tables import Table
from corpus.types import Span
from index.passages import row_passage
from index.reader.types import JointReader, Readable, Reading
from index.searcher import Searcher
from index.types import Hit, Passage
from qa.closing import LOOKED_UP, closing_passage
from qa.evidence import Source, weighed_sentences
from qa.inquiry import Inquiry
from qa.linear import Linear
from qa.lookup import NAMED, passage_of
from qa.prepared import PreparedPassages
from qa.ranking import PassageWeights, by_reading, renumbered, rerank
from qa.read.referred import asks_penalty, joined, penalties_for, with_references, words_of
from qa.read.table_match import match
from qa.shelf import Shelf
from qa.shown import Shown, of_row, of_text
from qa.stretches import stretch_of
from qa.weighed import Weighed

READ = 8
"""Passages that are read at most, and searched by the forms for answers."""

READ_FIRST, SURE = 4, 0.7
"""Passages read first; the others are read unless one of these answers with this probability. Of 759 questions over city files 70 % need
no more, and in 0.5 % only a passage behind them answers, and is the more relevant (with 0.9: 55 % and 0.3 %)."""

READ_WHOLE = 1
"""Of them read once more, whole."""

_WEIGHED = 16  # hits weighed by their sentences
_ROWS_ADDED, _ROWS_ADDED_IN_ALL = 2, 4  # of a table that the search found, and of all tables
_FOLLOWED = 5  # of the first passages: what refers to them is read too; and at most as many of those
_SHOWN_DEED = 100  # characters of a clause that is named, shown to the reader before the one that names it


class Passages:
    """Weighs and reads the passages of one store. Safe for several threads."""

    def __init__(
        self, store: Queries, shelf: Shelf, searcher: Searcher, reader: JointReader | None,
        order: Linear, weights: PassageWeights,
    ) -> None:  # fmt: skip
        self._store, self._shelf, self._searcher, self._reader = store, shelf, searcher, reader
        self._order, self._weights = order, weights
        self._prepared = PreparedPassages(searcher.tokenizer)

    def source(self, hit: Hit) -> Source:
        """A hit with its document. Raises NotFound."""
        return Source(hit, self._shelf.load(hit.passage.document_id))

    def ranked(
        self, inquiry: Inquiry, hits: Sequence[Hit], before: Passage | None = None
    ) -> tuple[list[Weighed], list[Hit]]:
        """The first hits by what they say about the question, and the others in their order: only the documents of the first are
        loaded. The passage `before`, from which the turn before was answered, comes first; before all come clauses named by number.
        """
        weighed, rest = self.found(inquiry, hits)
        ordered, rest = rerank(weighed, rest, inquiry.asked, inquiry.as_of, inquiry.meant, self._order)
        if before is not None:
            ordered, rest = self._in_front(inquiry, ordered, rest, before)
        named = [w for w in ordered if _is_named(w)]
        ordered = self._read(inquiry, [*named, *(w for w in ordered if not _is_named(w))])
        fixed = [w for w in ordered if _is_named(w) or (before is not None and w.source.hit.passage.id == before.id)]
        inside = {w.source.hit.passage.id for w in fixed}
        read = by_reading([w for w in ordered if w.source.hit.passage.id not in inside], self._weights)
        return renumbered(self._read_whole(inquiry, [*fixed, *read]), rest)

    def found(self, inquiry: Inquiry, hits: Sequence[Hit]) -> tuple[list[Weighed], list[Hit]]:
        """The first hits, and what they lead to, with what they say about the question, in no order yet; and the other hits."""
        sources = [self.source(hit) for hit in hits[:_WEIGHED]]
        rest = list(hits[_WEIGHED:])
        penalty = asks_penalty(inquiry.asked.text)
        if penalty:
            sources += self._penalties(sources)
        sources += self._rows(inquiry, sources)
        inside = {s.hit.passage.id for s in sources}
        rest = [hit for hit in rest if hit.passage.id not in inside]
        weighed = self._by_sentences(inquiry, sources)
        shares = document_shares(hits)
        weighed = [replace(w, document_share=shares.get(w.source.document.id, 0.0)) for w in weighed]
        if penalty:
            weighed = self._with_joined(inquiry, weighed)
        return weighed, rest

    def closings(self, inquiry: Inquiry, weighed: Sequence[Weighed]) -> list[Weighed]:
        """For each document of the passages the one that says from when and until when it is in force."""
        out: list[Source] = []
        known = {w.source.hit.passage.id for w in weighed}
        for source in (w.source for w in weighed):
            if len(out) < LOOKED_UP and all(source.document.id != s.document.id for s in out):
                passage = closing_passage(source.document, source.clauses)
                if passage is not None and passage.id not in known:
                    out.append(replace(source, hit=Hit(passage, source.hit.rank, source.hit.score)))
        return self._read(inquiry, self._by_sentences(inquiry, out))

    def _read(self, inquiry: Inquiry, weighed: Sequence[Weighed]) -> list[Weighed]:
        """The first passages with what the reader tells of them, each of the stretch that says most about the question: a few, and the
        others where none of these surely answers."""
        out = list(weighed)
        wanted = [i for i, w in enumerate(out[:READ]) if w.sentences]
        # Its number or title answers for a document that is asked how long it holds, and says nothing of that.
        step = READ if inquiry.asked.kind == "validity" else READ_FIRST
        for begin in range(0, len(wanted), step):
            at = wanted[begin : begin + step]
            stretches = [stretch_of(out[i]) for i in at]
            readings = self._readings(inquiry, [out[i] for i in at], stretches)
            for i, stretch, reading in zip(at, stretches, readings, strict=False):
                cut = len(stretch) < len(out[i].source.hit.passage.text)
                out[i] = replace(out[i], reading=reading, cut=cut)
            if any(reading.answers >= SURE for reading in readings):
                break
        return out

    def _read_whole(self, inquiry: Inquiry, ordered: Sequence[Weighed]) -> list[Weighed]:
        """The same with the first passages read once more, whole, where a part of them was read: what else they say may decide. Their
        order stays."""
        out = list(ordered)
        at = [i for i, w in enumerate(out[:READ_WHOLE]) if w.reading is not None and w.cut and not _deed(w)]
        whole = [Span(0, len(out[i].source.hit.passage.text)) for i in at]
        for i, reading in zip(at, self._readings(inquiry, [out[i] for i in at], whole), strict=False):
            before = out[i].reading
            out[i] = replace(
                out[i], reading=replace(reading, relevance=before.relevance if before else None), cut=False
            )
        return out

    def _readings(self, inquiry: Inquiry, weighed: Sequence[Weighed], stretches: Sequence[Span]) -> list[Reading]:
        """What the reader tells of a stretch of each passage, in the passage's offsets; nothing where there is no reader.

        A penalty is read behind the deed that it names: alone it does not say what it is for.
        """
        if self._reader is None or not weighed:
            return []
        shown = [_shown(w, s, inquiry.asked.text) for w, s in zip(weighed, stretches, strict=True)]
        told = [Readable(s.text, _context(w)) for w, s in zip(weighed, shown, strict=True)]
        return [s.back(r) for r, s in zip(self._reader.read(inquiry.asked.query, told), shown, strict=True)]

    def _penalties(self, sources: Sequence[Source]) -> list[Source]:
        """The clauses that say what follows from breaking those of the first sources, as sources of their own.

        They name the clause that is broken by its number, so retrieval does not find them by the words of the deed.
        """
        out: list[Source] = []
        for source in sources[:_FOLLOWED]:
            passage = source.hit.passage
            span = passage.span
            inside = [c for c in source.clauses if span.contains(c.span) or c.span.contains(span)]
            referring = [r for clause in inside for r in self._store.clauses_referring(clause.id)]
            for clause in dict.fromkeys(penalties_for(source, referring)):
                found = passage_of(source.document, clause)
                known = [*(s.hit.passage for s in sources), *(s.hit.passage for s in out)]
                if not any(p.document_id == found.document_id and p.start <= found.start < p.end for p in known):
                    out.append(replace(source, hit=replace(source.hit, passage=found)))
        return out[:_FOLLOWED]

    def _rows(self, inquiry: Inquiry, sources: Sequence[Source]) -> list[Source]:
        """The rows of the tables found that hold more of the question than the rows found, as sources of their own.

        The rows of one table are so alike that the search brings some of them, often not the one that is named.
        """
        known = {s.hit.passage.id for s in sources}
        found: dict[Table, tuple[Source, float]] = {}  # each table's first row found, and the best score of those found
        for source in sources:
            if (row := source.row) is not None:
                table, at = row
                first, best = found.get(table, (source, 0.0))
                found[table] = first, max(best, match(table, inquiry.asked.text).of_row(at))
        out: list[Source] = []
        for table, (source, best) in found.items():
            better = [(n, s) for n, s in match(table, inquiry.asked.text).best_rows[:_ROWS_ADDED] if s > best]
            for n, _ in better:
                passage = row_passage(source.document, table, n)
                if passage.id not in known:
                    known.add(passage.id)
                    out.append(replace(source, hit=replace(source.hit, passage=passage)))
        return out[:_ROWS_ADDED_IN_ALL]

    def _by_sentences(self, inquiry: Inquiry, sources: Sequence[Source]) -> list[Weighed]:
        """Each passage with its sentences, these with the cosine of their vector and the question's."""
        if not sources:
            return []
        terms, encoder = inquiry.terms, self._searcher.encoder
        vector = encoder.encode_queries([_with_added(inquiry)])[0]
        return [
            Weighed(
                source,
                tuple(weighed_sentences(source, parts, terms, (vectors @ vector).tolist())),
                terms.cover(parts.whole),
                parts.whole,
                found_at=max(1, source.hit.rank),
                headings=terms.cover(parts.context),
            )
            for source, (parts, vectors) in zip(sources, self._prepared.of(sources, encoder), strict=True)
        ]

    def _with_joined(self, inquiry: Inquiry, weighed: Sequence[Weighed]) -> list[Weighed]:
        """The same with each sentence as if it held the clause that it names, which says what its penalty is for."""
        encoder = self._searcher.encoder
        words = list(dict.fromkeys(words_of(s, span) for w in weighed for s in w.sentences for span in joined(s)))
        if not words:
            return list(weighed)
        cosines = (encoder.encode_passages(words) @ encoder.encode_queries([_with_added(inquiry)])[0]).tolist()
        similarities = dict(zip(words, cosines, strict=True))
        return [
            replace(w, sentences=tuple(with_references(s, inquiry.context, similarities) for s in w.sentences))
            for w in weighed
        ]

    def _in_front(
        self, inquiry: Inquiry, weighed: Sequence[Weighed], rest: Sequence[Hit], passage: Passage
    ) -> tuple[list[Weighed], list[Hit]]:
        """The weighed passages with this one as the first."""
        own = [w for w in weighed if w.source.hit.passage.id == passage.id]
        if far := next((hit for hit in rest if hit.passage.id == passage.id), None):
            own = [Weighed(self.source(far), (), 0.0)]  # shown first, but too far from the follow-up to be read
        elif not own:
            own = self._by_sentences(inquiry, [self.source(Hit(passage, 1, 1.0))])
        others = [w for w in weighed if w.source.hit.passage.id != passage.id]
        return [*own, *others], [h for h in rest if h.passage.id != passage.id]


def document_shares(hits: Sequence[Hit]) -> dict[str, float]:
    """The share of each document, by id, in what the search found, each passage counted by its reciprocal rank: where several passages of
    one document speak of the question, it is about that document's matter."""
    found: dict[str, float] = {}
    for hit in hits:
        ident = hit.passage.document_id
        found[ident] = found.get(ident, 0.0) + 1 / max(1, hit.rank)
    total = sum(found.values())
    return {ident: value / total for ident, value in found.items()}


def _is_named(weighed: Weighed) -> bool:
    """Whether a question names this clause by its number."""
    return NAMED in weighed.source.hit.ranks


def _shown(weighed: Weighed, stretch: Span, question: str) -> Shown:
    """What the reader is shown of a passage: a table row with its headers, else a stretch behind the deed that it names."""
    passage = weighed.source.hit.passage
    row = weighed.source.row
    if row is not None:
        return of_row(*row, passage.start, question)
    return of_text(passage.text, stretch.start, stretch.end, _deed(weighed))


def _context(weighed: Weighed) -> str:
    """What is told of a passage's place: a row is shown with its headers, so that these are left out there."""
    source = weighed.source
    row = source.row
    if row is None:
        return source.hit.passage.context
    table, at = row
    headings = table.rows[at].clause.path[:-1]
    return " ".join(dict.fromkeys((source.document.title, *headings, *table.caption.split("\n"))))


def _deed(weighed: Weighed) -> str:
    """The words of the clause that the best sentence names, where these were counted as its own, as a line before it."""
    best = weighed.best
    return words_of(best, best.via[0])[:_SHOWN_DEED].replace("\n", " ") + "\n" if best is not None and best.via else ""


def _with_added(inquiry: Inquiry) -> str:
    return " ".join((inquiry.asked.query, *inquiry.asked.expansions))
