"""What the reader (index/reader) found in passages, as candidates beside those of the forms.

A reader that knows yes and no gives the words that decide as evidence, for either of them; otherwise its spans are offered. Nothing is
decided here: the scorer (qa/decide) weighs these candidates against those that the rules found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from corpus.types import Span
from index.reader.types import Reading, ReadSpan
from qa.evidence import Sentence
from qa.question.answer_type import AnswerType
from qa.read.borders import clean
from qa.read.candidate import Candidate, cited_besides
from qa.read.yesno import word_for
from qa.understand import Understanding

BY_READER: Literal["reader"] = "reader"
_HALF = 0.5
_SURELY_POLAR = 0.9  # a question that so surely wants yes or no is not answered by a piece of text


def candidates(asked: Understanding, read: Iterable[tuple[Sequence[Sentence], Reading]]) -> Iterator[Candidate]:
    """What the reader offers of each passage that was `read`: its sentences and its reading."""
    if asked.kind == "validity":
        return  # the form gives both ends of it, a span most often one
    kind: AnswerType = next((name for name, _ in asked.kinds if name != "yesno"), "span")
    for sentences, reading in read:
        if not sentences or not reading.spans:
            continue
        if asked.kind == "yesno" or reading.yes_no >= _HALF:
            yield from _polar(asked, sentences, reading)
        if reading.yes_no < _SURELY_POLAR:
            for candidate in _told(sentences, reading):
                yield replace(candidate, kind=kind)


def _polar(asked: Understanding, sentences: Sequence[Sentence], reading: Reading) -> Iterator[Candidate]:
    """Yes and no, the likelier first, with the words that decide: which of them it is others have a word in, too (qa/decide)."""
    likelier = reading.yes >= _HALF
    for start, end, sentence, quoted in _placed(sentences, reading.spans[:1]):
        for yes in (likelier, not likelier):
            yield Candidate(
                word_for(asked.text, not yes),
                sentence,
                (quoted, Span(start, end), *cited_besides(sentence)),
                reading.answers * (reading.yes if yes else 1 - reading.yes),
                reading.answers >= _HALF,
                BY_READER,
                "yesno",
            )


def _told(sentences: Sequence[Sentence], reading: Reading) -> Iterator[Candidate]:
    """A candidate for each span of a passage, in the sentence that most of it stands in; for items that stand apart one of them
    all."""
    text, found = sentences[0].source.document.text, reading.answers >= _HALF
    if reading.several >= _HALF and len(reading.items) > 1:
        items = list(_placed(sentences, reading.items))
        if len(items) > 1:
            sure = reading.answers * min(item.probability for item in reading.items)
            spans = tuple(dict.fromkeys(quoted for _, _, _, quoted in items)) + tuple(
                Span(a, b) for a, b, _, _ in items
            )
            yield Candidate("、".join(text[a:b] for a, b, _, _ in items), items[0][2], spans, sure, found, BY_READER)
    seen: set[tuple[int, int]] = set()
    for span in reading.spans:
        for start, end, sentence, quoted in _placed(sentences, [span]):
            if (start, end) not in seen:
                seen.add((start, end))
                fit = span.probability * reading.answers
                spans = (quoted, Span(start, end), *cited_besides(sentence))
                yield Candidate(text[start:end], sentence, spans, fit, found, BY_READER)


def _begin(sentences: Sequence[Sentence]) -> int:
    """Where the passage of sentences begins in its document."""
    return sentences[0].source.hit.passage.start


def _placed(sentences: Sequence[Sentence], spans: Sequence[ReadSpan]) -> Iterator[tuple[int, int, Sentence, Span]]:
    """Start and end of each span in the document, torn nowhere, its sentence, and what is to be quoted."""
    text, begins = sentences[0].source.document.text, _begin(sentences)
    for span in spans:
        part = clean(text, begins + span.start, begins + span.end)
        if part is not None:
            start, end = part
            sentence = max(sentences, key=lambda s: min(s.end, end) - max(s.start, start))
            yield start, end, sentence, Span(min(sentence.start, start), max(sentence.end, end))


def agreement(candidate: Candidate, question: str, reading: Reading) -> float:
    """How much of its probability a reader gives to a candidate of the passage that it read, 0..1: to yes or no, or to its
    spans, each as far as it is the candidate's."""
    if (yes := says_yes(candidate, question)) is not None:
        return reading.yes_no * (reading.yes if yes else 1 - reading.yes)
    begin = candidate.sentence.source.hit.passage.start
    own = values_of(candidate)
    # Of a paired list the reader sees that it is one of its values; which of them the sentence says by their order.
    wholes = [[value] for value in (*own, *candidate.instead_of)] if candidate.instead_of else [own]
    return min(
        1.0, sum(span.probability * max(_alike(whole, span, begin) for whole in wholes) for span in reading.spans)
    )


def _alike(own: Sequence[Span], span: ReadSpan, begin: int) -> float:
    """How much a span of a passage that begins at `begin` and spans of its document have in common: F1 of characters."""
    shared = sum(max(0, min(o.end, begin + span.end) - max(o.start, begin + span.start)) for o in own)
    return 2 * shared / (sum(len(o) for o in own) + span.end - span.start)


def unpaired(found: Sequence[Candidate]) -> list[Candidate]:
    """Candidates without those of the reader that are another member's value in a list that is paired by its order."""
    paired = [c for c in found if c.instead_of]
    taken = [(c.sentence.source.document.id, span) for c in paired for span in values_of(c)]
    passed = [(c.sentence.source.document.id, span) for c in paired for span in c.instead_of]
    return [c for c in found if c.told_by != BY_READER or not _touches(c, passed) or _touches(c, taken)]


def _touches(candidate: Candidate, spans: Iterable[tuple[str, Span]]) -> bool:
    """Whether a candidate has a character of one of the spans, each with the document that it is of."""
    ident = candidate.sentence.source.document.id
    mine = values_of(candidate)
    return any(of == ident and v.start < span.end and span.start < v.end for of, span in spans for v in mine)


def says_yes(candidate: Candidate, question: str) -> bool | None:
    """Whether a candidate says yes to a question, or no; None where it says something else."""
    if candidate.text == word_for(question, False):
        return True
    return False if candidate.text == word_for(question, True) else None


def values_of(candidate: Candidate) -> list[Span]:
    """The spans of a candidate that are its answer: those inside the words that are quoted for it, or these."""
    spans = [span for span in candidate.spans if span not in candidate.sentence.via] or list(candidate.spans)
    inner = [s for at, s in enumerate(spans) if any(o != s and o.contains(s) for o in spans[:at])]
    return inner or spans[-1:]


def said_by(question: str, passage: str, reading: Reading) -> str:
    """The short answer of one reading, whatever its probabilities; "" where it found no words."""
    if reading.yes_no >= _HALF:
        return word_for(question, reading.yes < _HALF)
    if reading.several >= _HALF and len(reading.items) > 1:
        return "、".join(passage[slice(*part)] for part in _parts(passage, reading.items))
    return next((passage[slice(*part)] for part in _parts(passage, reading.spans)), "")


def _parts(text: str, spans: Sequence[ReadSpan]) -> Iterator[tuple[int, int]]:
    return (part for span in spans if (part := clean(text, span.start, span.end)) is not None)
