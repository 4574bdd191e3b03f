"""The clause that says from when and until when a document is in force; most documents end with it.

It shares no word with a question but 施行 and 有效期, which every document has, so that retrieval alone cannot tell whose it is:
it is looked up in the documents that are meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.types import Clause, Document
from index.types import Passage
from qa.understand import Understanding

_IN_FORCE = re.compile(r"本[^，。；]{1,12}(?:自|从)[^。]{2,40}(?:施行|实施|执行|生效)|(?:有效期|执行期|试行期)")
_LONGEST = 500

LOOKED_UP = 4
"""Documents whose clause about their validity is looked up for one question."""


def asks_when_in_force(asked: Understanding) -> bool:
    """Whether a question asks from when or until when a document holds."""
    return asked.kind == "validity"


def closing_passage(document: Document, clauses: Sequence[Clause]) -> Passage | None:
    """The last clause that says when the document is in force, as a passage of its own; None where none says it."""
    parents = {clause.parent for clause in clauses}
    for clause in reversed(clauses):
        if clause.id in parents or len(clause.span) > _LONGEST:
            continue
        if _IN_FORCE.search(text := document.quote(clause.span)):
            start, end = clause.span.start, clause.span.end
            return Passage(f"{document.id}:{start}", text, document.title, document.id, clause.id, start, end)
    return None
