"""The text in which the rungs of a sentence stand: a whole ladder, where a sentence is one rung of it.

Sentences end at ； and at the end of an item, so the shares of 对A…；对B… and of （一）A…；（二）B… stand in several of them. The
window is what stands between two full stops of a clause, or the clause that holds the items with its opening words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.types import Span
from qa.evidence import Sentence

_ITEM = re.compile(r"[（(①-⑳\d]")
_MAX_CHARS = 1200


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a document around a sentence."""

    span: Span
    text: str

    @property
    def start(self) -> int:
        return self.span.start


def window_of(sentence: Sentence) -> Window | None:
    """The window of a sentence; None where it stands alone."""
    source = sentence.source
    clause = source.clause_at(sentence.start, sentence.end)
    document = source.document.text
    if clause.parent is not None and _ITEM.match(clause.label or ""):
        parent = source.clause(clause.parent)
        if parent is not None and len(parent.span) <= _MAX_CHARS and not _is_heading(document, parent.span):
            return Window(parent.span, document[parent.span.start : parent.span.end])
    floor, top = clause.span.start, clause.span.end
    start = max(floor, *(document.rfind(stop, floor, sentence.start) + 1 for stop in "。！？\n"))
    ends = [at for stop in "。！？\n" if (at := document.find(stop, max(start, sentence.end - 1), top)) >= 0]
    end = min(ends, default=top - 1) + 1
    if end - start > _MAX_CHARS or (start >= sentence.start and end <= sentence.end + 1):
        return None
    return Window(Span(start, end), document[start:end])


def _is_heading(document: str, span: Span) -> bool:
    """Whether the clause above an item is only a heading: its items are clauses of their own then, not rungs."""
    first = document[span.start : span.end].split("\n", 1)[0].rstrip()
    return not first.endswith(("：", ":"))
