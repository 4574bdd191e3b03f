"""Passages -> sentences that may carry an answer, each with how much of the question it covers."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from corpus.tables import Table, tables_of
from corpus.types import Clause, Document, Span
from index.tokens import Tokenizer
from index.types import Hit
from qa.understand import Understanding

_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?[”’）)]*")
_EXPANSION_WEIGHT = 0.5
_FOCUS_WEIGHT = 1.7
_IN_CLAUSE = 0.65
_IN_PASSAGE = 0.4
_IN_CONTEXT = 0.55
MAX_IDF = 7.0
_MIN_IDF = 1.0
_UNSEEN = 0.6  # what a token that no passage holds weighs of its idf: many are made by word borders (会找, 找海)
_LITTLE = 2.0  # where the headings hold nearly all of the question, what is left says nothing


@dataclass(frozen=True, slots=True)
class Terms:
    """The tokens of a question that carry content, each with its weight (idf; less for words that were added)."""

    weights: Mapping[str, float]
    total: float

    def weight(self, tokens: Set[str]) -> float:
        """The summed weight of tokens of the question."""
        return sum(self.weights[t] for t in tokens)

    def among(self, tokens: Iterable[str]) -> Set[str]:
        """The tokens of the question that are among `tokens`."""
        held = tokens if isinstance(tokens, Set) else set(tokens)
        return {token for token in self.weights if token in held}

    def cover(self, tokens: Iterable[str]) -> float:
        """The share of the question's weight that `tokens` hold, 0..1."""
        return self.weight(self.among(tokens)) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Loaded:
    """A document with its clauses in order, also by id."""

    document: Document
    clauses: tuple[Clause, ...]
    by_id: Mapping[str, Clause]

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of the document, read when they are first needed."""
        return tuple(tables_of(self.document, self.clauses))

    def row(self, clause: Clause) -> tuple[Table, int] | None:
        """The table and the place in it of the row that a clause is; None where it is none of data."""
        return self._rows.get(clause.id)

    @cached_property
    def _rows(self) -> Mapping[str, tuple[Table, int]]:
        return {ident: (table, at) for table in self.tables for ident, at in table.at.items()}


@dataclass(frozen=True, slots=True)
class Source:
    """A hit with the document and the clauses that it was cut from."""

    hit: Hit
    loaded: Loaded

    @property
    def document(self) -> Document:
        return self.loaded.document

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self.loaded.clauses

    def clause_at(self, start: int, end: int) -> Clause:
        """The smallest clause that holds [start, end), or the passage's own."""
        at = bisect_right(self.clauses, start, key=lambda c: c.span.start) - 1
        clause = self.clauses[at] if at >= 0 else None
        while clause is not None and clause.span.end < end:  # clauses are in document order: go up from the last one
            clause = self.clause(clause.parent)
        return clause or self.clause(self.hit.passage.clause_id) or self.clauses[0]

    def row_at(self, start: int, end: int) -> tuple[Table, int] | None:
        """The table and the place in it of the row that [start, end) stands in; None where it stands in none."""
        return self.loaded.row(self.clause_at(start, end))

    @property
    def row(self) -> tuple[Table, int] | None:
        """The same for the passage."""
        return self.row_at(self.hit.passage.start, self.hit.passage.end)

    def items_of(self, clause: Clause) -> list[Clause]:
        """The clauses right under a clause that have a number or mark of their own, in order."""
        at = bisect_right(self.clauses, clause.span.start - 1, key=lambda c: c.span.start)
        out = []
        for child in self.clauses[at:]:
            if child.span.start >= clause.span.end:
                break
            if child.parent == clause.id and child.label:
                out.append(child)
        return out

    def clause(self, ident: str | None) -> Clause | None:
        """The clause of the document with this id, or None."""
        return self.loaded.by_id.get(ident) if ident is not None else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage. `start` and `end` are offsets in the document; `cover` is the share of the question that
    the sentence covers by itself (1), its passage (a half) or its headings (a half) hold."""

    source: Source
    start: int
    end: int
    text: str
    cover: float
    own_cover: float
    residual: float  # share of what the headings do not hold that the sentence does
    similarity: float = 0.0  # cosine of the question's and the sentence's vectors
    via: tuple[Span, ...] = ()  # of another clause whose words were counted as the sentence's own

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def clause(self) -> Clause:
        """The smallest clause that holds the end of the sentence: the paragraph, where the number of an article stands
        before its first one."""
        return self.source.clause_at(max(self.start, self.end - 1), self.end)


def evidence(sentence: Sentence) -> float:
    """How much a sentence says about the question, 0..1.25."""
    total = 0.25 * sentence.cover + 0.3 * sentence.own_cover + 0.4 * sentence.residual
    return total + 0.3 * max(0.0, sentence.similarity)


def terms_of(question: Understanding, tokenizer: Tokenizer, idf: Callable[[str], float]) -> Terms:
    """The weighted content of a question. A token that no passage holds weighs as much as the rarest one that does."""
    weights: dict[str, float] = {}
    rarest = idf("\x00")  # of a token that no passage holds
    scale = max(1.0, MAX_IDF / rarest)  # with few passages nothing is rare: stretched, so that one document works too
    for text, factor in ((" ".join(question.expansions), _EXPANSION_WEIGHT), (question.content, 1.0)):
        for token in tokenizer.tokens(text):
            single = len(token) == 1 and not token.isascii()
            unseen = _UNSEEN if idf(token) >= rarest else 1.0
            value = max(_MIN_IDF, min(MAX_IDF, scale * idf(token)))
            weights[token] = value * factor * unseen * (0.35 if single else 1.0)
    for token in tokenizer.tokens(question.focus):
        if token in weights:
            weights[token] *= _FOCUS_WEIGHT
    own = tokenizer.tokens(question.content)
    return Terms(weights, sum(weights[t] for t in set(own)) or 1.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a passage before any question: where it stands in the document, its clause and its tokens."""

    start: int
    text: str
    clause: Clause
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Split:
    """A passage cut into sentences, with the tokens of its context, and of text and context together."""

    pieces: tuple[Piece, ...]
    context: frozenset[str]
    whole: frozenset[str]


def split(source: Source, tokenizer: Tokenizer) -> Split:
    """The sentences of one hit, in order, for any question. A table row is one sentence."""
    passage = source.hit.passage
    pieces = []
    for match in _SENTENCE.finditer(passage.text):
        text = match[0].strip()
        if text:
            start = passage.start + match.start() + len(match[0]) - len(match[0].lstrip())
            clause = source.clause_at(start, start + len(text))
            pieces.append(Piece(start, text, clause, _tokens(text, tokenizer)))
    whole = _tokens(f"{passage.text} {passage.context}", tokenizer)
    return Split(tuple(pieces), _tokens(passage.context, tokenizer), whole)


def _tokens(text: str, tokenizer: Tokenizer) -> frozenset[str]:
    """Interned, since the splits that are kept hold the same tokens over and over."""
    return frozenset(map(sys.intern, tokenizer.tokens(text)))


def sentences_of(source: Source, terms: Terms, tokenizer: Tokenizer) -> list[Sentence]:
    """The sentences of one hit, in order, by what they say about a question."""
    return weighed_sentences(source, split(source, tokenizer), terms)


def weighed_sentences(
    source: Source, parts: Split, terms: Terms, cosines: Sequence[float] | None = None
) -> list[Sentence]:
    """The same of a passage that was split before; `cosines` are those of its sentences and the question."""
    likeness = cosines if cosines is not None else [0.0] * len(parts.pieces)
    found = [(piece, terms.among(piece.tokens)) for piece in parts.pieces]
    in_clause: dict[str, set[str]] = {}
    for piece, own in found:
        in_clause.setdefault(piece.clause.id, set()).update(own)
    in_passage = set().union(*in_clause.values())
    in_context = terms.among(parts.context)
    rest = terms.weight(terms.weights.keys() - in_context)
    out = []
    for (piece, own), similarity in zip(found, likeness, strict=True):
        near = in_clause[piece.clause.id] - own
        above = in_context - own - near
        cover = terms.weight(own) + _IN_CLAUSE * terms.weight(near) + _IN_CONTEXT * terms.weight(above)
        cover += _IN_PASSAGE * terms.weight(in_passage - own - near - above)
        residual = terms.weight(own - in_context) / rest if rest > _LITTLE else 0.5
        out.append(
            Sentence(
                source,
                piece.start,
                piece.start + len(piece.text),
                piece.text,
                min(1.0, cover / terms.total),
                terms.weight(own) / terms.total,
                residual,
                similarity,
            )
        )
    return out


def segments(text: str) -> list[tuple[int, int]]:
    """Offsets of the comma-separated pieces of a sentence; brackets keep what is inside them together."""
    out, start, depth = [], 0, 0
    for i, c in enumerate(text):
        if c in "（(《“":
            depth += 1
        elif c in "）)》”":
            depth = max(0, depth - 1)
        elif c in "，,：:；;。！？" and depth == 0 and not (c == "," and i and text[i - 1].isdigit()):
            if i > start:
                out.append((start, i))
            start = i + 1
    if start < len(text):
        out.append((start, len(text)))
    return out
