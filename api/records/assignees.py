"""Who looks after what waits at the desk: one name for a hand-off, or for a question in all its askings."""

from __future__ import annotations

import threading
from typing import Literal

from api.records.database import Records, now
from corpus.sql.shapes import holes

Kind = Literal["unanswered", "disliked", "handoffs"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS assigned (kind TEXT NOT NULL, ref TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (kind, ref));
"""


class Assignees:
    """The names of one service. `ref` is the id of a hand-off, or of a question what api.records.sameness makes of it."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.ensure(SCHEMA)

    def put(self, kind: Kind, ref: str, name: str) -> None:
        """Gives it to somebody; "" takes the name away."""
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM assigned WHERE kind = ? AND ref = ?", (kind, ref))
            if name:
                connection.execute("INSERT INTO assigned VALUES (?, ?, ?, ?)", (kind, ref, name, now()))

    def of(self, kind: Kind, refs: list[str]) -> dict[str, str]:
        """The names of some."""
        rows = self._records.connect().execute(
            f"SELECT ref, name FROM assigned WHERE kind = ? AND ref IN {holes(refs)}", (kind, *refs)
        )
        return {row["ref"]: row["name"] for row in rows}

    def names(self) -> list[str]:
        """Whoever was given something, the one named last first."""
        rows = self._records.connect().execute("SELECT name FROM assigned GROUP BY name ORDER BY max(at) DESC LIMIT 50")
        return [row["name"] for row in rows]

    def purge(self, before: str, stop: threading.Event | None = None) -> int:
        """Forgets the names given before a time (ISO 8601, UTC), in small batches, until `stop`."""
        delete = "DELETE FROM assigned WHERE (kind, ref) IN (SELECT kind, ref FROM assigned WHERE at < ? LIMIT ?)"
        return self._records.in_batches(
            lambda connection, size: connection.execute(delete, (before, size)).rowcount, stop
        )
