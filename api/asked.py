"""The questions that were asked, what became of them, and what people said of the answers.

Kept for so many days (Settings.keep_days), phone and identity numbers masked before anything is written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from api import schemas
from api.handoffs import Announce
from api.masking import masked
from api.records import Records, now
from api.sameness import sameness
from corpus.errors import NotFound

Rating = Literal["up", "down"]
Queue = Literal["unanswered", "disliked"]
SEVERAL = 3  # callers, from whom on a question is no longer one person's
SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, question TEXT NOT NULL, same TEXT NOT NULL, rewritten TEXT, channel TEXT NOT NULL,
  caller TEXT NOT NULL, session TEXT, status TEXT NOT NULL, reason TEXT, answer TEXT, confidence REAL NOT NULL,
  answered_by TEXT NOT NULL, citations TEXT NOT NULL, milliseconds REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS asked_at ON asked (at);
CREATE INDEX IF NOT EXISTS asked_same ON asked (same, at);
CREATE TABLE IF NOT EXISTS feedback (
  answer_id TEXT PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, rating TEXT NOT NULL, reason TEXT, comment TEXT NOT NULL,
  caller TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feedback_at ON feedback (at);
CREATE TABLE IF NOT EXISTS settled (queue TEXT NOT NULL, same TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (queue, same));
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened in the last days."""

    days: int
    questions: int
    answered: int
    refused: int
    by_reason: dict[str, int]
    by_channel: dict[str, int]
    up: int
    down: int


class Asked:
    """The log of questions and the feedback on their answers. `announce` is told of a thumbs-down in the transaction that
    keeps it."""

    def __init__(self, records: Records, announce: Announce | None = None) -> None:
        self._records = records
        self._announce = announce
        records.ensure(SCHEMA)

    # -- writing -------------------------------------------------------------------------------------------------------

    def put(self, answer: schemas.AskResponse, channel: str, caller: str, session: str | None) -> None:
        """Logs one question. Not synced to disk: see Records.transaction."""
        citations = [
            {
                "document_id": c.document.id,
                "title": c.document.title,
                "clause_id": c.clause.id,
                "address": c.clause.address,
                "quote": c.quote,
            }
            for c in answer.citations
        ]
        question = masked(answer.question)
        row = (
            *(answer.id, now(), question, sameness(question)),
            *(
                answer.rewritten and masked(answer.rewritten),
                channel,
                caller,
                session and masked(session),
                answer.status,
                answer.reason,
            ),
            *(answer.answer, answer.confidence, answer.answered_by, json.dumps(citations, ensure_ascii=False)),
            answer.timings_ms.get("total", 0.0),
        )
        with self._records.transaction(lasting=False) as connection:
            connection.execute(f"INSERT INTO asked VALUES ({','.join('?' * len(row))})", row)

    def rate(self, answer_id: str, rating: Rating, reason: str | None, comment: str, caller: str) -> str:
        """Keeps what somebody thinks of an answer, in the place of what was said of it before; returns its id.

        Raises NotFound where no such answer was given, or it is kept no longer.
        """
        row = self.row(answer_id)
        ident = f"f{answer_id}"
        with self._records.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
                (answer_id, ident, now(), rating, reason, masked(comment), caller),
            )
            if rating == "down" and self._announce is not None:
                about = {name: row[name] for name in ("question", "status", "answer", "channel")}
                about |= {"id": ident, "answer_id": answer_id, "reason": reason, "comment": masked(comment)}
                self._announce(connection, "feedback.down", about)
        return ident

    def settle(self, queue: Queue, ident: str) -> None:
        """Takes a question, in all its askings until now, out of a queue. Raises NotFound."""
        same = self.row(ident)["same"]
        with self._records.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", (queue, same, now()))

    def purge(self, before: str) -> int:
        """Forgets what was asked and said before a time (ISO 8601, UTC); returns how many questions that were."""
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM feedback WHERE at < ?", (before,))
            connection.execute("DELETE FROM settled WHERE at < ?", (before,))
            return connection.execute("DELETE FROM asked WHERE at < ?", (before,)).rowcount

    # -- reading -------------------------------------------------------------------------------------------------------

    def row(self, ident: str) -> sqlite3.Row:
        """Raises NotFound."""
        row: sqlite3.Row | None = self._one("SELECT * FROM asked WHERE id = ?", ident)
        if row is None:
            raise NotFound("没有这个回答的记录", "回答的编号是 POST /v1/ask 返回的 id；过了保存期的记录已经删除")
        return row

    def find(self, ident: str) -> dict[str, Any] | None:
        """A question of the log with its citations, or None where it is not there (any more)."""
        row = self._one("SELECT * FROM asked WHERE id = ?", ident)
        return None if row is None else {**dict(row), "citations": json.loads(row["citations"])}

    def summary(self, days: int) -> Summary:
        since = _days_ago(days)
        status = self._counts("SELECT status, count(*) FROM asked WHERE at >= ? GROUP BY status", since)
        reasons = self._counts(
            "SELECT reason, count(*) FROM asked WHERE at >= ? AND reason IS NOT NULL GROUP BY reason", since
        )
        channels = self._counts("SELECT channel, count(*) FROM asked WHERE at >= ? GROUP BY channel", since)
        ratings = self._counts("SELECT rating, count(*) FROM feedback WHERE at >= ? GROUP BY rating", since)
        answered, refused = status.get("answered", 0), status.get("refused", 0)
        return Summary(
            days,
            answered + refused,
            answered,
            refused,
            reasons,
            channels,
            ratings.get("up", 0),
            ratings.get("down", 0),
        )

    def queue(self, kind: Queue, limit: int, after: str | None) -> list[dict[str, Any]]:
        """Questions that wait for the operator, each once with how often it was asked, the last first.

        `unanswered`: refused ones that are about the documents; `disliked`: thumbs down. `after` is the time of the last
        asking of the row before.
        """
        if kind == "unanswered":
            chosen = "a.status = 'refused' AND a.reason != 'out_of_scope'"
            join = "LEFT JOIN feedback f ON f.answer_id = a.id"
            when = "a.at"
        else:
            chosen = "f.rating = 'down'"
            join = "JOIN feedback f ON f.answer_id = a.id"
            when = "f.at"
        rows = self._records.connect().execute(
            f"SELECT a.*, f.rating, f.reason AS rating_reason, f.comment, max({when}) AS last_at, count(*) AS times "
            f"FROM asked a {join} LEFT JOIN settled s ON s.queue = ? AND s.same = a.same "
            f"WHERE {chosen} AND (s.at IS NULL OR {when} > s.at) GROUP BY a.same HAVING max({when}) < ? "
            "ORDER BY last_at DESC LIMIT ?",
            (kind, after or "9999", limit),
        )
        return [_item(row, kind) for row in rows]

    def most_asked(self, days: int, limit: int) -> list[dict[str, Any]]:
        """What was asked most often, in the words in which it was asked last."""
        rows = self._records.connect().execute(
            "SELECT question, count(*) AS times, sum(status = 'answered') AS answered, sum(status = 'refused') AS refused, "
            "max(at) AS last_at FROM asked WHERE at >= ? GROUP BY same ORDER BY times DESC, last_at DESC LIMIT ?",
            (_days_ago(days), limit),
        )
        return [dict(row) for row in rows]

    def common(self, limit: int) -> list[str]:
        """Whole questions that several callers asked, whose answers nobody disliked, most often asked first.

        What one person asked is that person's affair: it is shown to nobody else.
        """
        rows = self._records.connect().execute(
            "SELECT a.question FROM asked a LEFT JOIN feedback f ON f.answer_id = a.id "
            "WHERE a.status = 'answered' AND a.rewritten IS NULL GROUP BY a.same "
            "HAVING ifnull(sum(f.rating = 'down'), 0) = 0 AND count(DISTINCT a.caller) >= ? "
            "ORDER BY count(*) DESC, max(a.at) DESC LIMIT ?",
            (SEVERAL, limit),
        )
        return [row[0] for row in rows]

    def _one(self, query: str, *values: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._records.connect().execute(query, values).fetchone()
        return row

    def _counts(self, query: str, *values: str) -> dict[str, int]:
        return {row[0]: row[1] for row in self._records.connect().execute(query, values)}


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")


def _item(row: sqlite3.Row, kind: Queue) -> dict[str, Any]:
    citations: Sequence[dict[str, str]] = json.loads(row["citations"])
    names = ("id", "question", "rewritten", "times", "last_at", "status", "reason", "answer", "confidence")
    return {
        **{name: row[name] for name in names},
        "kind": kind,
        "rating_reason": row["rating_reason"],
        "comment": row["comment"],
        "contact": None,
        "note": None,
        "citations": citations,
    }
