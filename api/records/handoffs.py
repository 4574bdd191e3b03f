"""Questions given to a person: the queue behind 转人工.

The id is 128 random bits, so that whoever holds it is the asker (or one whom the asker told) and may read the reply without
a key. Contacts stay as they were given: they are there to be called.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from api.contract.states import HandoffState as State
from api.records.database import Records, now
from corpus.errors import NotFound
from corpus.sql.shapes import Connection

SCHEMA = """
CREATE TABLE IF NOT EXISTS handoffs (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, question TEXT NOT NULL, answer_id TEXT, session TEXT, channel TEXT NOT NULL,
  contact TEXT NOT NULL, note TEXT NOT NULL, reply TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS handoffs_open ON handoffs (status, created_at);
CREATE INDEX IF NOT EXISTS handoffs_waiting ON handoffs (created_at) WHERE status != 'closed';
CREATE INDEX IF NOT EXISTS handoffs_closed ON handoffs (updated_at) WHERE status = 'closed';
CREATE INDEX IF NOT EXISTS handoffs_session ON handoffs (session) WHERE status = 'open';
"""

Announce = Callable[[Connection, str, Mapping[str, object]], None]
"""Told of an event inside the transaction that makes it: the connection, the kind, what it is about."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """One question with a person. Times are ISO 8601 in UTC."""

    id: str
    status: State
    question: str
    answer_id: str | None
    session: str | None
    channel: str
    contact: str
    note: str
    reply: str | None
    created_at: str
    updated_at: str


class Handoffs:
    """The hand-offs of one service. `announce` is told of each in the transaction that writes it, so that no event is lost."""

    def __init__(self, records: Records, announce: Announce | None = None) -> None:
        self._records = records
        self._announce = announce or _nobody
        records.ensure(SCHEMA)

    def create(
        self,
        *,
        question: str,
        answer_id: str | None = None,
        session: str | None = None,
        contact: str = "",
        note: str = "",
        channel: str = "page",
    ) -> Handoff:
        """A new one; where the same session has an open one for the same question, that one with what is new in it."""
        with self._records.transaction() as connection:
            known = connection.execute(
                "SELECT * FROM handoffs WHERE session IS NOT NULL AND session = ? AND question = ? AND status = 'open'",
                (session, question),
            ).fetchone()
            at = now()
            if known is not None:
                connection.execute(
                    "UPDATE handoffs SET contact = ?, note = ?, updated_at = ? WHERE id = ?",
                    (contact or known["contact"], note or known["note"], at, known["id"]),
                )
                made, kind = _by_id(connection, known["id"]), "handoff.updated"
            else:
                made = Handoff(
                    *(secrets.token_hex(16), "open", question, answer_id, session, channel, contact, note, None),
                    created_at=at,
                    updated_at=at,
                )
                values = tuple(asdict(made).values())
                connection.execute(f"INSERT INTO handoffs VALUES ({','.join('?' * len(values))})", values)
                kind = "handoff.created"
            self._announce(connection, kind, asdict(made))
        return made

    def get(self, ident: str) -> Handoff:
        """Raises NotFound."""
        return _by_id(self._records.connect(), ident)

    def update(self, ident: str, status: State, reply: str | None = None) -> Handoff:
        """Raises NotFound."""
        with self._records.transaction() as connection:
            known = _by_id(connection, ident)
            connection.execute(
                "UPDATE handoffs SET status = ?, reply = ?, updated_at = ? WHERE id = ?",
                (status, known.reply if reply is None else reply, now(), ident),
            )
            changed = _by_id(connection, ident)
            self._announce(connection, "handoff.updated", asdict(changed))
        return changed

    def waiting(self, limit: int, after: str | None = None) -> list[Handoff]:
        """Those not closed yet, the longest waiting first. `after` is the time of making of the one before."""
        rows = self._records.connect().execute(
            "SELECT * FROM handoffs WHERE status != 'closed' AND created_at > ? ORDER BY created_at LIMIT ?",
            (after or "", limit),
        )
        return [Handoff(*row) for row in rows]

    def open_count(self) -> int:
        row = self._records.connect().execute("SELECT count(*) FROM handoffs WHERE status = 'open'").fetchone()
        return int(row[0])

    def purge(self, before: str, stop: threading.Event | None = None) -> int:
        """Forgets closed ones that nobody touched since `before` (ISO 8601), in small batches."""
        rows = f"SELECT id FROM handoffs {self._records.sql.by('handoffs_closed')} WHERE status = 'closed' AND updated_at < ? LIMIT ?"
        delete = f"DELETE FROM handoffs WHERE id IN ({rows})"
        return self._records.in_batches(
            lambda connection, size: connection.execute(delete, (before, size)).rowcount, stop
        )


def _nobody(connection: Connection, kind: str, payload: Mapping[str, object]) -> None:
    """No desk is to be told."""


def _by_id(connection: Connection, ident: str) -> Handoff:
    row = connection.execute("SELECT * FROM handoffs WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise NotFound("没有这个转人工的记录", "编号见提交转人工时返回的 id")
    return Handoff(*row)
