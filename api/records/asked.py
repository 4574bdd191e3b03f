"""The questions that were asked, what became of them, and what people said of the answers.

Kept for so many days (Settings.keep_days), phone and identity numbers masked before anything is written. Whatever is read of
many records at once is read from counts that are kept with each of them (api/records/asked_counts.py).
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import takewhile
from typing import cast

from api.contract import schemas
from api.records import asked_counts
from api.records.database import Records, after, now
from api.records.handoffs import Announce
from api.records.masking import masked
from api.records.rows import AskedRow, Cited, OftenRow, Queue, QueueRow, Rating
from api.records.sameness import sameness
from corpus.errors import NotFound
from corpus.sql.shapes import Connection, Row

MOST_LOOKED_AT = 5000
"""Questions, the most often asked of all times, among which those most often asked in some days are looked for."""
COLUMNS = (
    "id, at, question, same, rewritten, channel, caller, session, status, reason, answer, confidence, answered_by, citations, "
    "milliseconds"
)
"""Of a question in the log."""
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
    """What happened in the last days, from the beginning of the hour in which they begin."""

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
        asked_counts.prepare(records)

    # -- writing -------------------------------------------------------------------------------------------------------

    def put(self, answer: schemas.AskResponse, channel: str, caller: str, session: str | None) -> None:
        """Logs one question. Not synced to disk: see Records.transaction."""
        with self._records.transaction(lasting=False) as connection:
            write(connection, answer, channel, caller, session, now())

    def rate(self, answer_id: str, rating: Rating, reason: str | None, comment: str, caller: str) -> str:
        """Keeps what somebody thinks of an answer, in the place of what was said of it before; returns its id.

        Raises NotFound where no such answer was given, or it is kept no longer.
        """
        row = self.row(answer_id)
        ident = f"f{answer_id}"
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM feedback WHERE answer_id = ?", (answer_id,))
            connection.execute(
                "INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
                (answer_id, ident, now(), rating, reason, masked(comment), caller),
            )
            if rating == "down" and self._announce is not None:
                about = {name: row[name] for name in ("question", "status", "answer", "channel")}
                about |= {"id": ident, "answer_id": answer_id, "reason": reason, "comment": masked(comment)}
                self._announce(connection, "feedback.down", about)
        return ident

    def settle(self, queue: Queue, ident: str) -> None:
        """Takes a question, in all its askings until now, out of a queue. Raises NotFound.

        Settled is what waits, up to its own last time and not to that of a clock, which may be wrong: what is asked from
        now on waits again.
        """
        row = self.row(ident)
        said = "SELECT at FROM feedback WHERE answer_id = ?"
        with self._records.transaction() as connection:
            times = [
                *connection.execute(f"SELECT {queue}_at FROM asked_questions WHERE same = ?", (row["same"],)),
                *connection.execute(said, (ident,)),
                *connection.execute("SELECT at FROM settled WHERE queue = ? AND same = ?", (queue, row["same"])),
                *([(row["at"],)] if queue == "unanswered" else []),
            ]
            at = max((at for (at,) in times), default="")
            # Written anew, not changed: what was settled goes in the order in which it was written.
            connection.execute("DELETE FROM settled WHERE queue = ? AND same = ?", (queue, row["same"]))
            connection.execute("INSERT INTO settled VALUES (?, ?, ?)", (queue, row["same"], at))

    def purge(self, before: str, stop: threading.Event | None = None) -> int:
        """Forgets what was asked and said before a time (ISO 8601, UTC); returns how many questions that were.

        In the order in which they were written, up to the first that is newer: what a clock that was set back dated too old
        goes with what was written about it. In small batches, between which others write. What was settled goes last, else
        it would wait again.
        """

        def delete(table: str, connection: Connection, size: int) -> int:
            first = connection.execute(f"SELECT rowid, at FROM {table} ORDER BY rowid LIMIT ?", (size,)).fetchall()
            old = [(row["rowid"],) for row in takewhile(lambda row: row["at"] < before, first)]
            connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", old)
            return len(old)

        gone, *_ = (
            self._records.in_batches(partial(delete, table), stop) for table in ("asked", "feedback", "settled")
        )
        return gone

    def left_to_count(self) -> int:
        """About how many records there are from before there were counts."""
        return asked_counts.left_to_count(self._records)

    def count_older(self, stop: threading.Event | None = None) -> int:
        """Counts those, in small batches; returns how many that were."""
        if not self.left_to_count():
            return 0
        return self._records.in_batches(asked_counts.count_older, stop)

    # -- reading -------------------------------------------------------------------------------------------------------

    def row(self, ident: str) -> Row:
        """Raises NotFound."""
        row = self._one(f"SELECT {COLUMNS} FROM asked WHERE id = ?", ident)
        if row is None:
            raise NotFound("没有这个回答的记录", "回答的编号是 POST /v1/ask 返回的 id；过了保存期的记录已经删除")
        return row

    def find(self, ident: str) -> AskedRow | None:
        """A question of the log with its citations, or None where it is not there (any more)."""
        row = self._one(f"SELECT {COLUMNS} FROM asked WHERE id = ?", ident)
        return None if row is None else cast(AskedRow, {**dict(row), "citations": json.loads(row["citations"])})

    def summary(self, days: int) -> Summary:
        since = _days_ago(days)
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        for what, value, n in self._records.connect().execute(SUMMARY, spans(since)):
            counted[what][value] += n
        status, ratings = counted["status"], counted["rating"]
        answered, refused = status["answered"], status["refused"]
        return Summary(
            days,
            answered + refused,
            answered,
            refused,
            dict(counted["reason"]),
            dict(counted["channel"]),
            ratings["up"],
            ratings["down"],
        )

    def queue(self, kind: Queue, limit: int, after: str | None) -> list[QueueRow]:
        """Questions that wait for the operator, each once with how often it was asked, the last first.

        `unanswered`: refused ones that are about the documents; `disliked`: thumbs down. `after` is the time of the last
        asking of the row before.
        """
        rows = self._records.connect().execute(QUEUES[kind], (after or "9999", limit))
        return [_item(row, kind) for row in rows]

    def most_asked(self, days: int, limit: int) -> list[OftenRow]:
        """What was asked most often, in the words in which it was asked last, counted from the beginning of the day (UTC) in
        which the days begin.

        Exact as long as what is asked most in these days is among the MOST_LOOKED_AT questions asked most in all.
        """
        since = _days_ago(days)
        rows = self._records.connect().execute(MOST_ASKED, (MOST_LOOKED_AT, since[:10], since[:10], limit))
        return [cast(OftenRow, dict(row)) for row in rows]

    def common(self, limit: int) -> list[str]:
        """Whole questions that several callers asked, whose answers nobody disliked, most often asked first.

        What one person asked is that person's affair: it is shown to nobody else.
        """
        return [row[0] for row in self._records.connect().execute(COMMON, (limit,))]

    def _one(self, query: str, *values: str) -> Row | None:
        row: Row | None = self._records.connect().execute(query, values).fetchone()
        return row


# What is read of many records: of each, the plan touches rows of counts and as many rows of the log as are shown.

SUMMARY = (
    "SELECT what, value, sum(n) FROM asked_counts WHERE span >= ? AND span < ? AND length(span) = 13 "
    "GROUP BY what, value UNION ALL "
    "SELECT what, value, sum(n) FROM asked_counts WHERE span >= ? AND length(span) = 10 GROUP BY what, value"
)
MOST_ASKED = (
    "SELECT (SELECT question FROM asked WHERE same = m.same AND at = m.last_at LIMIT 1) AS question, "
    "times, answered, refused, last_at FROM ("
    "SELECT q.same, sum(d.times) AS times, sum(d.answered) AS answered, sum(d.refused) AS refused, q.last_at FROM "
    "(SELECT id, same, last_at FROM asked_questions ORDER BY times DESC, last_at DESC LIMIT ?) q "
    "CROSS JOIN asked_days d WHERE d.question = q.id AND d.day >= ? AND q.last_at >= ? "
    "GROUP BY q.id, q.same, q.last_at ORDER BY 2 DESC, q.last_at DESC LIMIT ?) m ORDER BY times DESC, last_at DESC"
)
COMMON = (
    "SELECT (SELECT question FROM asked WHERE same = q.same AND at = q.whole_at AND status = 'answered' "
    "AND rewritten IS NULL LIMIT 1) FROM asked_questions q "
    f"WHERE callers >= {asked_counts.SEVERAL} AND whole_disliked = 0 ORDER BY whole DESC, whole_at DESC LIMIT ?"
)
QUEUES: dict[Queue, str] = {
    "unanswered": "SELECT a.*, f.rating, f.reason AS rating_reason, f.comment, w.unanswered_at AS last_at, "
    "w.unanswered AS times FROM (SELECT same, unanswered, unanswered_at FROM asked_questions "
    "WHERE unanswered > 0 AND unanswered_at < ? ORDER BY unanswered_at DESC LIMIT ?) w "
    "CROSS JOIN asked a LEFT JOIN feedback f ON f.answer_id = a.id "
    "WHERE a.rowid = (SELECT rowid FROM asked WHERE same = w.same AND at = w.unanswered_at "
    "AND status = 'refused' AND reason NOT IN ('out_of_scope', 'small_talk') LIMIT 1) ORDER BY last_at DESC",
    "disliked": "SELECT a.*, f.rating, f.reason AS rating_reason, f.comment, w.disliked_at AS last_at, "
    "w.disliked AS times FROM (SELECT id, disliked, disliked_at FROM asked_questions "
    "WHERE disliked > 0 AND disliked_at < ? ORDER BY disliked_at DESC LIMIT ?) w "
    "CROSS JOIN feedback f CROSS JOIN asked a WHERE f.answer_id = (SELECT answer_id FROM asked_dislikes "
    "WHERE question = w.id AND at = w.disliked_at LIMIT 1) AND a.id = f.answer_id ORDER BY last_at DESC",
}


def write(
    connection: Connection,
    answer: schemas.AskResponse,
    channel: str,
    caller: str,
    session: str | None,
    at: str,
) -> None:
    """Logs a question that was answered at a time (ISO 8601, UTC), in the caller's transaction."""
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
        *(answer.id, at, question, sameness(question), answer.rewritten and masked(answer.rewritten)),
        *(channel, caller, session and masked(session), answer.status, answer.reason),
        *(answer.answer, answer.confidence, answer.answered_by, json.dumps(citations, ensure_ascii=False)),
        answer.timings_ms.get("total", 0.0),
    )
    connection.execute(f"INSERT INTO asked VALUES ({','.join('?' * len(row))})", row)


def spans(since: str) -> tuple[str, str, str]:
    """The hours of the day of a time, from its own on, and the days after, as SUMMARY takes them."""
    day = date.fromisoformat(since[:10]) + timedelta(days=1)
    return since[:13], day.isoformat(), day.isoformat()


def _days_ago(days: int) -> str:
    return after(days=-days)


def _item(row: Row, kind: Queue) -> QueueRow:
    citations: list[Cited] = json.loads(row["citations"])
    return QueueRow(
        id=row["id"], question=row["question"], rewritten=row["rewritten"], times=row["times"], last_at=row["last_at"],
        status=row["status"], reason=row["reason"], answer=row["answer"], confidence=row["confidence"], kind=kind,
        rating_reason=row["rating_reason"], comment=row["comment"], citations=citations,
    )  # fmt: skip
