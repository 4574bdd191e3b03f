"""The items of a list that a clause leads to: 应当提交下列材料：（一）…（二）…, or the paragraphs after a colon that lost their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Clause, Span
from qa.evidence import Sentence, Source
from qa.read.candidate import Candidate, Context
from qa.read.referred import body_of

_LONGEST = 2000  # characters of a list with all its items
_IS_ITEM = re.compile(r"[（(①-⑳\d]")
_LEADS = re.compile(r"(?:下列|以下|如下)[^。；]{0,24}[：:]?$|[：:]$")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """All items of the list that the sentence leads to or stands in, each with what is below it."""
    found = _list_of(sentence)
    if found is None:
        return
    document = sentence.source.document
    parent, children = found
    head = document.text[parent.span.start : children[0].span.start]
    spans = (Span(parent.span.start, children[-1].span.end), *(c.span for c in children))
    fit = context.cover(head)
    if sentence.start >= children[0].span.start:
        # An item that says what the question says is asked about, not the list that it stands in.
        fit -= max(0.0, context.cover(sentence.text) - fit)
    yield Candidate("；".join(body_of(document, c) for c in children), sentence, spans, max(0.0, fit))


def _list_of(sentence: Sentence) -> tuple[Clause, list[Clause]] | None:
    """The clause that leads to a list and the items of the list, where the sentence is of one."""
    source = sentence.source
    clause = sentence.clause
    for parent in (clause, source.clause(clause.parent)):
        if parent is None or (parent is not clause and not _IS_ITEM.match(clause.label)):
            continue
        children = source.items_of(parent)
        if len(children) >= 2 and len(parent.span) <= _LONGEST:
            head = source.document.text[parent.span.start : children[0].span.start]
            if _LEADS.search(head.strip()):
                return parent, children
    return _unnumbered(source, clause)


def _unnumbered(source: Source, clause: Clause) -> tuple[Clause, list[Clause]] | None:
    """A list whose items lost their numbers: the paragraphs after one that ends in a colon, under the same article."""
    head = source.document.quote(clause.span).rstrip()
    if not head.endswith(("：", ":")) or clause.parent is None:
        return None
    after = [c for c in source.clauses if c.parent == clause.parent and c.span.start >= clause.span.end]
    if len(after) < 2 or sum(len(c.span) for c in after) > _LONGEST:
        return None
    return clause, after
