"""The common end of all catalogue answers: rows become an answer with their citations, or the list is said to be empty."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.types import Document, Status
from index.types import Hit
from qa.catalogue.facts import day_words
from qa.lookup import passage_of
from qa.types import Answer, Question, Refusal, Row, Warning

SURE = 0.9
"""Confidence of what metadata say. Figures: docs/catalogue.md."""

MOST_ROWS = 60
"""Rows of one answer; how many more there are is said in a warning."""

STATUS_WORDS: dict[Status, str] = {
    "in_force": "现行有效",
    "not_yet": "尚未施行",
    "expired": "已失效",
    "repealed": "已废止",
    "unknown": "效力未注明",
}


def listed(text: str, rows: Sequence[Row], question: Question, sure: float = SURE) -> Answer:
    """An answer that is a list. `rows` must not be empty."""
    shown = tuple(rows[:MOST_ROWS])
    citations = tuple(dict.fromkeys(c for row in shown for c in (row.citation, row.other) if c is not None))
    hits = tuple(
        Hit(passage_of(c.document, c.clause), rank, 1.0 / rank) for rank, c in enumerate(citations[: question.top_k], 1)
    )
    more = len(rows) - len(shown)
    warnings = (Warning("more_rows", f"另有 {more} 条没有列出，可以加上地区或主题缩小范围"),) if more > 0 else ()
    return Answer(text, citations, sure, hits, warnings, rows=shown)


def nothing(message: str) -> Refusal:
    """What is said where no document or clause is of the kind asked for."""
    return Refusal("no_evidence", message, 0.0, ())


def dates_of(document: Document) -> str:
    """From when until when a document holds, in words, as far as it says so."""
    begin, until = document.validity.effective_from, document.validity.effective_until
    parts = [f"{day_words(begin)}起施行" if begin else "", f"有效期至{day_words(until)}" if until else ""]
    return "，".join(part for part in parts if part)


def titled(title: str) -> str:
    """A title in 《》, unless it has such marks itself."""
    return title if "《" in title else f"《{title}》"
