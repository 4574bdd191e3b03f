"""The last turn of each conversation, shared by all worker processes: a follow-up may come to another than the question.

A conversation is forgotten some time after its last turn, and the one used longest ago goes first where there are too many.
Nothing waits for the disk, and a file that cannot be read or written costs the follow-up its context, never the answer.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict

from api.records.database import Records
from api.records.masking import masked
from corpus.errors import StoreError
from index.types import Passage
from qa.turns.memory import MAX_SESSIONS, Turn

# Conversations of earlier versions are an hour old at most: their table goes.
SCHEMA = """
DROP TABLE IF EXISTS conversations;
CREATE TABLE IF NOT EXISTS talks (
  session TEXT PRIMARY KEY, topic TEXT NOT NULL, passage TEXT, before TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS talks_at ON talks (at);
"""

log = logging.getLogger("tiaowen.api")


class StoredConversations:
    """Conversations (qa.turns.memory) in the records of a service. Safe for several threads and processes.

    `minutes` is how long a turn is remembered, `capacity` how many conversations at most, `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        records: Records,
        minutes: float = 60,
        capacity: int = MAX_SESSIONS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._seconds = minutes * 60
        self._capacity = capacity
        self._clock = clock
        records.ensure(SCHEMA)

    def last(self, session: str | None) -> Turn | None:
        if session is None:
            return None
        try:
            row = (
                self._records.connect()
                .execute(
                    "SELECT topic, passage, before FROM talks WHERE session = ? AND at > ?",
                    (session, self._clock() - self._seconds),
                )
                .fetchone()
            )
        except (sqlite3.Error, StoreError, UnicodeEncodeError) as error:
            log.warning("a conversation cannot be read: %s", error)
            return None
        return None if row is None else Turn(row["topic"], _passage(row["passage"]), _texts(row["before"]))

    def remember(self, session: str | None, turn: Turn) -> None:
        if session is None:
            return
        at = self._clock()
        passage = None if turn.passage is None else json.dumps(asdict(turn.passage), ensure_ascii=False)
        before = json.dumps([masked(text) for text in turn.before], ensure_ascii=False)
        try:
            with self._records.transaction(lasting=False) as connection:
                connection.execute("DELETE FROM talks WHERE at <= ?", (at - self._seconds,))
                connection.execute(
                    "INSERT INTO talks VALUES (?, ?, ?, ?, ?) ON CONFLICT (session) DO UPDATE SET "
                    "topic = excluded.topic, passage = excluded.passage, before = excluded.before, at = excluded.at",
                    (session, masked(turn.topic), passage, before, at),
                )
                (held,) = connection.execute("SELECT count(*) FROM talks").fetchone()
                if held > self._capacity:
                    connection.execute(
                        "DELETE FROM talks WHERE session IN (SELECT session FROM talks ORDER BY at, session LIMIT ?)",
                        (held - self._capacity,),
                    )
        except (StoreError, UnicodeEncodeError) as error:
            log.warning("a conversation cannot be written: %s", error)


def _passage(text: str | None) -> Passage | None:
    """A passage as it was written; None where another version of the program wrote it."""
    try:
        return None if text is None else Passage(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _texts(text: str) -> tuple[str, ...]:
    """The questions before, as they were written; none where they cannot be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()
