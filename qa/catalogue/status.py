"""Is a document in force, since and until when, what replaced it."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.types import Document
from qa.catalogue.facts import Facts, begin_of, day_words
from qa.catalogue.intents import Status
from qa.catalogue.said import STATUS_WORDS, dates_of, listed, titled
from qa.types import Answer, Question, Row

_MOST = 4  # documents of one name


def answer(asked: Status, named: Sequence[Document], facts: Facts, question: Question) -> Answer | None:
    """The state of each document named; None where the store knows nothing of it, or the documents do not say."""
    if not named:
        return _gone(asked, facts, question)
    if len(named) > _MOST:
        return None
    rows: list[Row] = []
    said: list[str] = []
    for document in named:
        text = _told(asked, document, facts, question, rows)
        if text:
            said.append(f"{titled(document.title)}{text}" if len(named) > 1 else text)
    return listed("；".join(said), rows, question) if said else None


def _told(asked: Status, document: Document, facts: Facts, question: Question, rows: list[Row]) -> str:
    """What is said of one document; its rows are added. "" where it does not say."""
    status = facts.status(document, question.as_of)
    follower = facts.successor(document)
    dates = dates_of(document)
    own = own_rows(document, facts, _state_words(status, dates))
    if status == "repealed" and follower is not None:
        newer, citation = follower
        since = begin_of(newer)
        day = f"自{day_words(since)}起" if since else ""
        rows += [Row(newer.title, citation, "取代它的文件"), *own]
        return f"已废止：{day}被{titled(newer.title)}取代"
    if asked.asks == "successor":
        if follower is None:
            return ""
        rows += [Row(follower[0].title, follower[1], "将取代它的文件"), *own]
        return f"将被{titled(follower[0].title)}取代"
    if status == "unknown" and not dates:
        return ""
    if asked.asks == "end" and document.validity.effective_until is None and status in ("in_force", "not_yet"):
        return ""
    rows += own
    begin, until = document.validity.effective_from, document.validity.effective_until
    words = STATUS_WORDS[status]
    if asked.asks == "end" and until:
        return f"有效期至{day_words(until)}（{words}）"
    if asked.asks == "start" and begin:
        return f"{day_words(begin)}起施行（{words}）"
    open_end = "，没有写明到期的日期" if status == "in_force" and until is None else ""
    return f"{words}：{dates}{open_end}" if dates else words


def own_rows(document: Document, facts: Facts, value: str) -> list[Row]:
    """The sentence by which a document says from when it holds, and that for until when where it is another one."""
    said = facts.stated(document)
    end = facts.stated(document, "end") if document.validity.effective_until else said
    begin = facts.stated(document, "begin") if document.validity.effective_from else said
    found = dict.fromkeys(c for c in (begin, end) if not c.quote.startswith(document.title)) or [said]
    return [Row(document.title, citation, value) for citation in found]


def _state_words(status: str, dates: str) -> str:
    words = STATUS_WORDS[status]  # type: ignore[index]
    return f"{words}，{dates}" if dates else words


def _gone(asked: Status, facts: Facts, question: Question) -> Answer | None:
    """What is said of a document that is not in the store, where one of the store repeals it."""
    found = facts.repealer_of(asked.mention)
    if found is None:
        return None
    newer, citation, title = found
    since = begin_of(newer)
    if since is not None and since > question.as_of:
        return None
    day = f"自{day_words(since)}起" if since else ""
    text = f"{titled(title)}已废止：{day}被{titled(newer.title)}取代"
    return listed(text, [Row(newer.title, citation, "取代它的文件")], question)
