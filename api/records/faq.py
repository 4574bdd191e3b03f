"""Answers that an operator wrote, each tied to the words of a clause.

An entry answers its questions only while the clause still says, word for word, what it said; when the clause changes
under it, the entry is flagged and steps back until the operator has looked at it. A new version of a document is another
document, with clauses of other ids: an entry finds its clause there by title, address and words, so that it outlives the
changes of other clauses.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from api.contract.states import FaqState as State
from api.errors import BadRequest
from api.records.database import Records, now
from api.records.faq_near import Known, Match, Nearby
from api.records.sameness import sameness
from api.view import View
from corpus.errors import NotFound, StoreError
from corpus.sql.shapes import Connection, Row
from corpus.types import Clause, Document, Span
from qa.types import Answer, Citation, Outcome, Question, Warning

SCHEMA = """
CREATE TABLE IF NOT EXISTS faq (
  id TEXT PRIMARY KEY, questions TEXT NOT NULL, answer TEXT NOT NULL, document_id TEXT NOT NULL, clause_id TEXT NOT NULL,
  title TEXT NOT NULL, address TEXT NOT NULL, clause_text TEXT NOT NULL, quote TEXT NOT NULL, used INTEGER NOT NULL,
  made_by TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS faq_questions (same TEXT PRIMARY KEY, faq_id TEXT NOT NULL REFERENCES faq (id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS faq_hits (
  faq_id TEXT PRIMARY KEY REFERENCES faq (id) ON DELETE CASCADE, near INTEGER NOT NULL, last_at TEXT NOT NULL
);
"""
SURE = 0.99
"""The confidence of an answer that a person gave and tied to its clause."""
NEAR = 0.9
"""That of such an answer to a question in other words: the likeness check was right nine times in ten (docs/desk.md)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer. `clause_text` is what the clause said when it was written; times are ISO 8601 in UTC."""

    id: str
    questions: tuple[str, ...]
    answer: str
    document_id: str
    clause_id: str
    title: str
    address: str
    clause_text: str
    quote: str
    used: int
    made_by: str
    created_at: str
    updated_at: str


class Faq:
    """The entries of one service."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._nearby = Nearby()
        records.ensure(SCHEMA)

    def put(
        self,
        view: View,
        questions: Sequence[str],
        answer: str,
        clause_id: str,
        quote: str | None,
        made_by: str,
        ident: str | None = None,
    ) -> Entry:
        """A new entry, or the one `ident` written anew. A question belongs to the entry that was given it last.

        Raises NotFound for the clause or the entry, and BadRequest where the quote does not stand in the clause.
        """
        document, clause = view.clause(clause_id)
        text = document.quote(clause.span)
        words = (text if quote is None else quote).strip()
        if not words or words not in text:
            raise BadRequest("引文和条款的原文不一致。", "quote 应与条款原文逐字相同；不填则引用整条。")
        same = list(dict.fromkeys(sameness(q) for q in questions))
        with self._records.transaction() as connection:
            old = None if ident is None else _by_id(connection, ident)
            at = now()
            made = Entry(
                id=old.id if old else secrets.token_hex(8),
                questions=tuple(questions),
                answer=answer,
                document_id=document.id,
                clause_id=clause_id,
                title=document.title,
                address=clause.address,
                clause_text=text,
                quote=words,
                used=old.used if old else 0,
                made_by=made_by,
                created_at=old.created_at if old else at,
                updated_at=at,
            )
            connection.execute("DELETE FROM faq_questions WHERE faq_id = ?", (made.id,))
            values = (made.id, json.dumps(made.questions, ensure_ascii=False), *_rest(made))
            names = "id, questions, answer, document_id, clause_id, title, address, clause_text, quote, used, made_by, created_at, updated_at"
            updates = ", ".join(f"{n} = excluded.{n}" for n in names.split(", ")[1:])
            connection.execute(
                f"INSERT INTO faq ({names}) VALUES ({','.join('?' * len(values))}) ON CONFLICT (id) DO UPDATE SET {updates}",
                values,
            )
            connection.executemany(
                "INSERT INTO faq_questions VALUES (?, ?) ON CONFLICT (same) DO UPDATE SET faq_id = excluded.faq_id",
                [(question, made.id) for question in same],
            )
        return made

    def get(self, ident: str) -> Entry:
        """Raises NotFound."""
        return _by_id(self._records.connect(), ident)

    def delete(self, ident: str) -> None:
        """Raises NotFound."""
        with self._records.transaction() as connection:
            if not connection.execute("DELETE FROM faq WHERE id = ?", (ident,)).rowcount:
                raise _no_entry()

    def entries(self) -> list[Entry]:
        """All of them, the last written first."""
        return [_entry(row) for row in self._records.connect().execute("SELECT * FROM faq ORDER BY updated_at DESC")]

    def find(self, question: str) -> Entry | None:
        """The entry for a question that stands alone."""
        row = (
            self._records.connect()
            .execute(
                "SELECT f.* FROM faq f JOIN faq_questions q ON q.faq_id = f.id WHERE q.same = ?", (sameness(question),)
            )
            .fetchone()
        )
        return _entry(row) if row else None

    def answer(self, view: View, question: Question, outcome: Outcome) -> Outcome:
        """The operator's answer in the place of `outcome` where there is one for the question (made whole, if it was a
        follow-up), its clause is unchanged, in force on the day, and within the filters; else `outcome`."""
        text = outcome.rewritten or question.text
        entry = self.find(text)
        match = None if entry else self._meant(text)
        if match is not None:
            entry = self._entry_of(match.entry)
        if entry is None:
            return outcome
        found = located(view, entry)
        if found is None:
            return outcome
        document, clause, span = found
        if not question.filters.admit(document) or document.status_on(question.as_of) not in ("in_force", "unknown"):
            return outcome
        with (
            suppress(StoreError),
            self._records.transaction(lasting=False) as connection,
        ):  # a full disk costs the count
            connection.execute("UPDATE faq SET used = used + 1 WHERE id = ?", (entry.id,))
            connection.execute(
                "INSERT INTO faq_hits VALUES (?, ?, ?) ON CONFLICT (faq_id) DO UPDATE SET near = faq_hits.near + excluded.near, "
                "last_at = excluded.last_at",
                (entry.id, int(match is not None), now()),
            )
        told = (Warning("similar_question", f"这是工作人员为相近的问题“{match.question}”写的答案。"),) if match else ()
        return Answer(
            entry.answer,
            (Citation(document, clause, span, document.quote(span)),),
            NEAR if match else SURE,
            outcome.hits,
            told,
            rewritten=outcome.rewritten,
            timings_ms=outcome.timings_ms,
        )

    def hits(self) -> dict[str, tuple[int, str]]:
        """Of each entry that was used: how often by meaning, and when last (ISO 8601)."""
        rows = self._records.connect().execute("SELECT faq_id, near, last_at FROM faq_hits")
        return {row["faq_id"]: (row["near"], row["last_at"]) for row in rows}

    def _meant(self, text: str) -> Match | None:
        return self._nearby.find(text, self._stamp(), self._known)

    def _stamp(self) -> tuple[object, ...]:
        """Another one whenever the questions of the entries have changed."""
        row = self._records.connect().execute(
            "SELECT count(*), max(updated_at), (SELECT count(*) FROM faq_questions) FROM faq"
        )
        return tuple(row.fetchone())

    def _known(self) -> list[Known]:
        """The questions of all entries, each with the entry that it belongs to."""
        connection = self._records.connect()
        owners = {row["same"]: row["faq_id"] for row in connection.execute("SELECT * FROM faq_questions")}
        rows = connection.execute("SELECT id, questions FROM faq ORDER BY id").fetchall()
        asked = [(row["id"], question) for row in rows for question in json.loads(row["questions"])]
        return [Known(ident, question) for ident, question in asked if owners.get(sameness(question)) == ident]

    def _entry_of(self, ident: str) -> Entry | None:
        row = self._records.connect().execute("SELECT * FROM faq WHERE id = ?", (ident,)).fetchone()
        return _entry(row) if row else None


def state_of(view: View, entry: Entry) -> State:
    """Whether the clause still says what it said."""
    return standing(view, entry)[0]


def standing(view: View, entry: Entry) -> tuple[State, Document | None, Clause | None]:
    """Whether the clause of an entry still says what it said, and that clause as it stands today: in its document, or in
    the newest one of the same title, at its address or, renumbered, with its words. None where it is gone."""
    try:
        document, clause = view.clause(entry.clause_id)
    except NotFound:
        return _in_another_version(view, entry)
    return "current" if _quoted(document, clause, entry) else "changed", document, clause


def _in_another_version(view: View, entry: Entry) -> tuple[State, Document | None, Clause | None]:
    changed: tuple[State, Document | None, Clause | None] = "missing", None, None
    for document in view.titled(entry.title):
        clauses = view.clauses(document.id)
        here = next((c for c in clauses if c.address == entry.address), None)
        for clause in [here, *clauses] if here else clauses:
            if _quoted(document, clause, entry):
                return "current", document, clause
        if here is not None and changed[1] is None:
            changed = "changed", document, here
    return changed


def located(view: View, entry: Entry) -> tuple[Document, Clause, Span] | None:
    """The clause of an entry and where its quote stands; None where the clause changed or is gone."""
    _, document, clause = standing(view, entry)
    span = _quoted(document, clause, entry) if document and clause else None
    return (document, clause, span) if document and clause and span else None


def _quoted(document: Document, clause: Clause, entry: Entry) -> Span | None:
    """Where the quote stands in a clause that says what it said, whatever its number is now; None where it says otherwise."""
    text = document.quote(clause.span)
    if _unnumbered(text, clause.address) != _unnumbered(entry.clause_text, entry.address):
        return None
    whole = entry.quote == entry.clause_text.strip()
    for quote in (text.strip(),) if whole else (entry.quote, _unnumbered(entry.quote, entry.address)):
        if quote and quote in text:
            start = clause.span.start + text.index(quote)
            return Span(start, start + len(quote))
    return None


def _unnumbered(text: str, address: str) -> str:
    """The words of a clause without its own number, which its address ends with, and without white space around them."""
    text = text.strip()
    label = next((address[at:] for at in range(len(address)) if text.startswith(address[at:])), "")
    return text.removeprefix(label).strip()


def _rest(entry: Entry) -> tuple[str | int, ...]:
    return (
        *(entry.answer, entry.document_id, entry.clause_id, entry.title, entry.address, entry.clause_text, entry.quote),
        *(entry.used, entry.made_by, entry.created_at, entry.updated_at),
    )


def _entry(row: Row) -> Entry:
    return Entry(row["id"], tuple(json.loads(row["questions"])), *tuple(row)[2:])


def _by_id(connection: Connection, ident: str) -> Entry:
    row = connection.execute("SELECT * FROM faq WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise _no_entry()
    return _entry(row)


def _no_entry() -> NotFound:
    return NotFound("没有这条常见问题", "编号见 GET /v1/faq")
