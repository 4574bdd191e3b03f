"""Lists of documents: which end or begin in a stretch of time, which there are about something or of somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from corpus.types import Document
from qa.catalogue.facts import Facts, day_words
from qa.catalogue.intents import Dated, Listing
from qa.catalogue.said import STATUS_WORDS, dates_of, listed, nothing, titled
from qa.catalogue.subjects import Meant
from qa.types import Outcome, Question, Row

_NAMED = 3  # titles in the short answer
_WORDS = {"end": "到期或失效", "begin": "开始施行", "issued": "印发或公布"}


def dated(asked: Dated, meant: Meant, facts: Facts, question: Question) -> Outcome:
    """The documents of a stretch of time, the earliest day first."""
    found = []
    for document in meant.documents:
        day = day_of(asked, document)
        if day is not None and asked.window.holds(day):
            found.append((day, document))
    found.sort(key=lambda pair: (pair[0], pair[1].title))
    when = _when(asked)
    if not found:
        return nothing(f"已导入的文件里没有{when}{_WORDS[asked.edge]}的")
    rows = [
        Row(
            d.title,
            facts.title_words(d) if asked.edge == "issued" else facts.stated(d, asked.edge),
            f"{day_words(day)}{_verb(asked, question, day)}",
        )
        for day, d in found
    ]
    return listed(f"{when}{_WORDS[asked.edge]}的有 {len(rows)} 份文件{_titles(rows)}", rows, question)


def day_of(asked: Dated, document: Document) -> date | None:
    """The day of a document that counts for what is asked."""
    if asked.edge == "issued":
        return document.issued_on
    return document.validity.effective_until if asked.edge == "end" else document.validity.effective_from


def about(asked: Listing, meant: Meant, facts: Facts, question: Question) -> Outcome:
    """The documents about something, those in force first, the newest first among them."""
    order = {"in_force": 0, "not_yet": 1, "unknown": 2, "expired": 3, "repealed": 4}

    def key(document: Document) -> tuple[int, int]:
        day = document.validity.effective_from or document.issued_on or date.min
        return order[facts.status(document, question.as_of)], -day.toordinal()

    rows = [row_of(d, facts, question) for d in sorted(meant.documents, key=key)]
    return listed(f"找到 {len(rows)} 份文件{_titles(rows)}", rows, question)


def row_of(document: Document, facts: Facts, question: Question) -> Row:
    """A document with its state and days, and the sentence that says them."""
    words = STATUS_WORDS[facts.status(document, question.as_of)]
    dates = dates_of(document)
    return Row(document.title, facts.stated(document), f"{words}，{dates}" if dates else words)


def _when(asked: Dated) -> str:
    first, last = asked.window.first, asked.window.last
    if first == date.min:
        return f"{day_words(last)}以前"
    if first == last:
        return day_words(first)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year}年"
    return f"{day_words(first)}至{day_words(last)}"


def _verb(asked: Dated, question: Question, day: date) -> str:
    if asked.edge == "end":
        return "已到期" if day < question.as_of else "到期"
    return "起施行" if asked.edge == "begin" else "印发"


def _titles(rows: Sequence[Row]) -> str:
    """The titles where they are few; of more the rows tell."""
    titles = list(dict.fromkeys(row.title for row in rows))
    return "：" + "、".join(map(titled, titles)) if len(titles) <= _NAMED else ""
