"""Rungs whose shares are words: 不满10万美元的，给予撤职处分；10万美元以上的，给予开除处分.

A question that states a quantity (逃汇30万美元) is about the one rung that holds it: that one's share is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context
from qa.read.pairs import full_width
from qa.read.quantity import intervals, rung, stated
from qa.read.window import window_of

_PIECE = re.compile(r"[^；。\n]+")
_STOP = re.compile(r"[的者]?[，：]")
_FIT = 0.85


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The share of the rung that the quantity in the question stands on, where this is in the sentence."""
    share = _share_of(sentence, context.question.text)
    said = sentence.source.document.quote(share).strip() if share is not None else ""
    if share is not None and said:
        yield Candidate(said, sentence, (sentence.span, share), _FIT)


def _share_of(sentence: Sentence, question: str) -> Span | None:
    """What the ladder that a sentence is part of says to the quantity in the question; None where there is none, or elsewhere."""
    if not stated(question):
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
    at = rung([head for head, *_ in found], question) if len(found) > 1 else None
    if at is None:
        return None
    _, begin, share, end = found[at]
    is_own = sentence.start <= start + begin < sentence.end or start + begin <= sentence.start < start + end
    return Span(start + share, start + end) if is_own else None
