"""违反本办法第十一条第（二）项规定的，处…罚款: the clause that a sentence refers to says what it is about.

A question about a penalty has the words of the conduct, which stands in another clause than the penalty. A sentence that
refers to clauses of its own document is weighed as if it held their words too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qa.evidence import Sentence
from qa.read.candidate import Context

_MAX_CHARS = 800
_SHARE = 0.6
"""How much a word of the clause referred to counts against one of the sentence itself."""


def with_references(sentence: Sentence, context: Context) -> Sentence:
    """The sentence with its cover raised by what the clauses that it refers to hold; itself where it refers to none."""
    own = set(context.tokens(sentence.text))
    # of several clauses the one that says most: a clause that refers to many would hold the words of any question
    told = [set(context.tokens(text)) - own for text in _texts(sentence)]
    if not told:
        return sentence
    added = max(told, key=context.terms.cover)
    gain = _SHARE * context.terms.cover(added)
    fresh = _SHARE * context.terms.cover(added - set(context.tokens(sentence.source.hit.passage.context)))
    return replace(
        sentence,
        cover=min(1.0, max(sentence.cover, sentence.own_cover + gain)),
        own_cover=min(1.0, sentence.own_cover + gain),
        residual=min(1.0, sentence.residual + fresh),
    )


def _texts(sentence: Sentence) -> Iterator[str]:
    """The text of each clause that the sentence, or the one before it in the same clause, refers to last."""
    source = sentence.source
    own = source.clause_at(sentence.start, sentence.end)
    before = [r for r in own.references if r.clause and r.span.end <= sentence.end]
    if not before:
        return
    gap = source.document.text[before[-1].span.end : sentence.start]
    if gap.count("。") > 1:
        return  # said of another sentence
    begin = max(source.document.text.rfind(end, 0, before[-1].span.start) for end in "。；\n")
    for reference in before:
        found = source.clause(reference.clause) if reference.span.start > begin else None
        if found is not None and found.id != own.id and not found.span.contains(own.span):
            yield source.document.quote(found.span)[:_MAX_CHARS]
