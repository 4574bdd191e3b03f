"""Rungs whose shares are words: 不满10万美元的，给予撤职处分；10万美元以上的，给予开除处分.

A question that states a quantity (逃汇30万美元) is about the one rung that holds it: that one's share is an answer, and what
the other rungs say counts for little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context
from qa.read.pairs import full_width
from qa.read.quantity import intervals, rung, stated
from qa.read.window import window_of

_PIECE = re.compile(r"[^；。\n]+")
_STOP = re.compile(r"[的者]?[，：]")
_PASSED_OVER = 0.3
_FIT = 0.85


@dataclass(frozen=True, slots=True)
class Rung:
    """The rung that a question is about: `own` where it stands in the sentence at hand, with its share."""

    own: bool
    share: Span | None


def rung_of(sentence: Sentence, context: Context) -> Rung | None:
    """What the ladder that a sentence is part of says to the quantity in the question; None where there is none."""
    if not stated(context.question.text):
        return None
    window = window_of(sentence)
    start, text = (window.start, window.text) if window else (sentence.start, sentence.text)
    text = full_width(text)
    found: list[tuple[str, int, int, int]] = []
    for piece in _PIECE.finditer(text):
        stated_here = intervals(piece[0])
        stop = _STOP.search(piece[0], stated_here[0].end) if stated_here else None
        if stop is not None and len(piece[0]) - stop.end() >= 2:
            found.append((piece[0][: stop.start()], piece.start(), piece.start() + stop.end(), piece.end()))
    if len(found) < 2:
        return None
    at = rung([head for head, *_ in found], context.question.text)
    if at is None:
        return None
    _, begin, share, end = found[at]
    own = sentence.start <= start + begin < sentence.end or start + begin <= sentence.start < start + end
    return Rung(own, Span(start + share, start + end))


def shares(sentence: Sentence, context: Context, found: Rung) -> Iterator[Candidate]:
    """The share of the rung, where it stands in this sentence."""
    if found.own and found.share is not None:
        said = sentence.source.document.quote(found.share).strip()
        if said:
            yield Candidate(said, sentence, (sentence.span, found.share), _FIT)


def weighed(candidate: Candidate, found: Rung) -> Candidate:
    """A candidate from a ladder: of another rung than the one asked for it counts for little."""
    return candidate if found.own else replace(candidate, fit=candidate.fit * _PASSED_OVER)
