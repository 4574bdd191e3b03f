"""Reads answers out of a few sentences through the real parts: outline, passages, understanding, readers, ranking."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date

from corpus.reading import read_documents
from index.passages import passages_of_all
from index.tokens import Tokenizer
from index.types import Hit
from qa.decide.premise import year_holds
from qa.evidence import Loaded, Source, evidence, sentences_of, terms_of
from qa.lexicon import load_lexicon
from qa.read import Candidate, Context, candidates
from qa.read.referred import with_references
from qa.understand import Understander, Understanding

TITLE = "澜江市测试若干措施"
DAY = date(2026, 11, 21)


@functools.cache
def _tools() -> tuple[Tokenizer, Understander]:
    tokenizer = Tokenizer()
    return tokenizer, Understander(load_lexicon(), tokenizer.words)


def understood(question: str, focus: str = "") -> Understanding:
    """A question as the builtin lexicon has it."""
    return _tools()[1].read(question, focus)


@functools.lru_cache(maxsize=512)
def sources(text: str) -> tuple[Source, ...]:
    """The passages of a document that says `text` under a title."""
    ((document, clauses),) = read_documents(f"{TITLE}\n\n{text}\n".encode(), "test.txt")
    loaded = Loaded(document, clauses, {c.id: c for c in clauses})
    passages = passages_of_all([(document, clauses)])
    return tuple(Source(Hit(p, rank, 1.0 / rank), loaded) for rank, p in enumerate(passages, 1))


def read(text: str, question: str, words: bool = True) -> list[Candidate]:
    """Every candidate answer that `text` offers to a question, best first; with `words` the sentences, too. Words are equally rare."""
    tokenizer, _ = _tools()
    asked = understood(question)
    terms = terms_of(asked, tokenizer, lambda token: 3.0)
    context = Context(asked, terms, tokenizer.tokens)
    found = [
        c
        for s in sources(text)
        for x in sentences_of(s, terms, tokenizer)
        for c in candidates(with_references(x, context), context, words)
    ]
    for candidate in found:
        for span in candidate.spans:
            assert candidate.sentence.source.document.quote(span), "every span has words"
    return sorted(found, key=lambda c: -worth(c, asked.years))


def worth(candidate: Candidate, years: Sequence[str] = ()) -> float:
    """How good a candidate of a rule looks by its words and its form alone: enough to order those of a few sentences."""
    sentence = candidate.sentence
    total = evidence(sentence) + 0.45 * candidate.fit + (0.3 if candidate.found else 0.0)
    total += 0.25 if sentence.source.hit.rank == 1 else 0.0
    return total - (0.6 if any(not year_holds(year, sentence) for year in years) else 0.0)


def best(text: str, question: str) -> str:
    """The short answer that `text` gives to a question; "" where it gives none."""
    found = read(text, question)
    return found[0].text if found else ""
