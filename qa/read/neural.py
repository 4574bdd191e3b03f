"""Spans that a neural reader (qa/reader.py) found, for what no reader of a form takes.

All passages are read together, after the rules: where a question wants words (a reason, a step, a condition, a meaning), and
where the rules found no value of the kind that it wants. What the reader finds takes the place of the pieces of sentences
that the rules fall back on (qa/read/span.py), and stands beside what they found by its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate
from qa.reader import Reader, ReadSpan
from qa.understand import Understanding

_IN_WORDS = ("span", "procedure", "condition", "definition")
_SAID_OTHERWISE = ("yesno",)  # answered by 是 or 否, never by a span
_OPENING = {c: kind for kind, pair in enumerate(("（(", "《", "〈", "「", "『", "【", "[［", "〔", "“")) for c in pair}
_CLOSING = {c: kind for kind, pair in enumerate(("）)", "》", "〉", "」", "』", "】", "]］", "〕", "”")) for c in pair}
_SENTENCE_ENDS = "。！？；"
_BETWEEN_LINES = "\n\t"  # a tab parts the cells of a row
_HANGING = re.compile(r"[\s，。；：、！？,;:!?]+")


def candidates(
    found: Sequence[Candidate], asked: Understanding, passages: Sequence[Sequence[Sentence]], reader: Reader
) -> list[Candidate]:
    """The candidates that the rules `found`, with what the reader finds; `passages` are the sentences of each that was
    read. Raises BadReader."""
    if asked.kind in _SAID_OTHERWISE or (asked.kind not in _IN_WORDS and any(c.found for c in found)):
        return list(found)
    read = [sentences for sentences in passages if sentences]
    spans = reader.spans(asked.query, [_text_of(sentences[0]) for sentences in read])
    told = [c for sentences, of_passage in zip(read, spans, strict=True) for c in _told(sentences, of_passage)]
    return [*(c for c in found if c.found), *told] if told else list(found)


def _text_of(sentence: Sentence) -> str:
    passage = sentence.source.hit.passage
    return sentence.source.document.text[passage.start : passage.end]


def _told(sentences: Sequence[Sentence], spans: Sequence[ReadSpan]) -> Iterator[Candidate]:
    """A candidate for each span of a passage, in the sentence that most of it stands in."""
    source = sentences[0].source
    text, begins = source.document.text, source.hit.passage.start
    seen: set[tuple[int, int]] = set()
    for span in spans:
        part = whole(text, begins + span.start, begins + span.end)
        if part is None or part in seen:
            continue
        seen.add(part)
        start, end = part
        sentence = max(sentences, key=lambda s: min(s.end, end) - max(s.start, start))
        quoted = Span(min(sentence.start, start), max(sentence.end, end))
        yield Candidate(text[start:end], sentence, (quoted, Span(start, end)), span.probability)


def whole(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The longest part of text[start:end] that tears nothing; None where no words are left.

    It keeps to one line, has both halves of its brackets, goes beyond a sentence only up to the end of another, and
    neither begins nor ends with a stop.
    """
    while start < end:
        start, end = _without_stops(text, start, end)
        cuts = _cuts(text, start, end)
        if not cuts:
            break
        borders = [start - 1, *cuts, end]
        parts = [(a + 1, b) for a, b in zip(borders, borders[1:], strict=False)]
        start, end = max(parts, key=lambda part: part[1] - part[0])
    return (start, end) if start < end else None


def _without_stops(text: str, start: int, end: int) -> tuple[int, int]:
    lead = _HANGING.match(text, start, end)
    start = lead.end() if lead else start
    while end > start and _HANGING.match(text[end - 1]):
        end -= 1
    return start, end


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Where text[start:end] must be cut, in order: at line ends, else at brackets without their other half, else at the
    last end of a sentence where it stops in the midst of another."""
    if lines := [at for at in range(start, end) if text[at] in _BETWEEN_LINES]:
        return lines
    if halves := _halves(text, start, end):
        return halves
    last = max(text.rfind(stop, start, end) for stop in _SENTENCE_ENDS)
    if last < 0 or all(character in _CLOSING for character in text[last + 1 : end]):
        return []  # “…。” ends with its sentence
    ends_there = end == len(text) or text[end] in _SENTENCE_ENDS or text[end] == "\n"
    return [] if ends_there else [last]


def _halves(text: str, start: int, end: int) -> list[int]:
    """The brackets in text[start:end] whose other half is not there."""
    opened: list[tuple[int, int]] = []
    alone: list[int] = []
    for at in range(start, end):
        character = text[at]
        if character in _OPENING:
            opened.append((_OPENING[character], at))
        elif character in _CLOSING:
            if opened and opened[-1][0] == _CLOSING[character]:
                opened.pop()
            else:
                alone.append(at)
    return sorted([*alone, *(at for _, at in opened)])
