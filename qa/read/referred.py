"""违反本办法第十一条第（二）项规定的，处…罚款: the clause that a sentence refers to says what it is about.

A question about a penalty has the words of the conduct, which stands in another clause than the penalty. A sentence that
refers to clauses of its own document is weighed as if it held their words too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.numerals import NUMERAL, to_chinese, to_int
from corpus.types import Clause
from qa.evidence import Sentence
from qa.read.candidate import Context

_ITEM = r"第?[（(][一二三四五六七八九十\d]+[）)]项?"
_REFERENCE = re.compile(
    rf"(?:(?<=本办法)|(?<=本条例)|(?<=本规定)|(?<=本细则)|(?<=违反)|(?<=[条款项])、|(?<=[条款项])(?:和|或者?))第(?P<article>{NUMERAL})条(?P<paragraph>第[一二三四五六七八九十]+款)?(?P<items>{_ITEM}(?:[、和或及至]{_ITEM})*)?"
    r"|违反(?P<before>前条)"
)
_MAX_CHARS = 800
_SHARE = 0.6
"""How much a word of the clause referred to counts against one of the sentence itself."""


def with_references(sentence: Sentence, context: Context) -> Sentence:
    """The sentence with its cover raised by what the clauses that it refers to hold; itself where it refers to none."""
    text = " ".join(_texts(sentence))
    if not text:
        return sentence
    added = set(context.tokens(text)) - set(context.tokens(sentence.text))
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
    clause = source.clause_at(sentence.start, sentence.end)
    said = source.document.text[clause.span.start : sentence.end]
    pieces = [piece for piece in re.split(r"[。；\n]", said) if _REFERENCE.search(piece)]
    for match in _REFERENCE.finditer(pieces[-1]) if pieces else ():
        for found in _clauses(match, sentence, clause):
            if found.id != clause.id and not found.span.contains(clause.span):
                yield source.document.quote(found.span)[:_MAX_CHARS]


def _clauses(match: re.Match[str], sentence: Sentence, own: Clause) -> Iterator[Clause]:
    if match["before"]:
        number = re.match(rf"第({NUMERAL})条", own.address)
        heads = [f"第{to_chinese(to_int(number[1]) - 1)}条"] if number and 1 < to_int(number[1]) < 9999 else []
    else:
        head = f"第{match['article']}条{match['paragraph'] or ''}"
        items = re.findall(r"[（(][一二三四五六七八九十\d]+[）)]", match["items"] or "")
        heads = [f"{head}第{item}项" for item in items] or [head]
    for head in heads:
        found = next((c for c in sentence.source.clauses if c.address == head), None)
        if found is not None:
            yield found
