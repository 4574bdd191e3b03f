"""Where no reader reads: the sentence itself, for answers that are said in words, and both yes and no with it.

Which sentence answers, and whether it says yes or no, is left to the scorer (qa/decide), which knows what sentence and question share
and weighs the words of yes and no (qa/decide/polarity.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import IN_WORDS, Candidate, Context
from qa.read.yesno import word_for

_LONGEST = 240
"""Characters of a sentence that is still an answer."""


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The sentence without its number, or yes and no; nothing for what a figure, a date or a name answers."""
    kind, text = context.question.kind, sentence.text
    if kind == "yesno":
        for no in (False, True):
            yield Candidate(word_for(context.question.text, no), sentence, (sentence.span,), context.cover(text))
        return
    if kind not in IN_WORDS and kind != "department":
        return
    start = max(sentence.start, sentence.clause.span.start + len(sentence.clause.label))
    said = sentence.source.document.text[start : sentence.end]
    start += len(said) - len(said.lstrip())
    said = said.strip().rstrip("。；;")
    if said and len(said) <= _LONGEST:
        span = Span(start, start + len(said))
        yield Candidate(said, sentence, (sentence.span, span), context.cover(said), False)
