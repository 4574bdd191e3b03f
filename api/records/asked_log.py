"""The log of all answers as the operator searches it, and what it shows over time: days, documents, groups of questions.

Reads the tables of api/records/asked.py and api/records/marks.py; writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from api.records.database import Records, after
from api.records.rows import LogRow
from corpus.sql.dialect import Dialect

_FROM = "FROM asked a LEFT JOIN feedback f ON f.answer_id = a.id LEFT JOIN marks m ON m.answer_id = a.id"
NO_TOPIC = "（没有答上）"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which answers of the log; None and "" leave a filter out.

    `document` is the id of a cited document or a part of its title; each of `words` stands in the question or the answer;
    `day` is one day of Shanghai (2026-11-21); `low` and `high` bound the confidence, 0..1.
    """

    days: int = 30
    status: Literal["answered", "refused"] | None = None
    reason: str | None = None
    low: float = 0.0
    high: float = 1.0
    document: str = ""
    words: str = ""
    day: str | None = None
    channel: str | None = None
    rating: Literal["up", "down"] | None = None
    mark: Literal["good", "bad", "none"] | None = None

    def where(self, sql: Dialect) -> tuple[str, list[Any]]:
        """The WHERE clause and its values."""
        wheres, values = ["a.at >= ?", "a.confidence >= ?", "a.confidence <= ?"], [_ago(self.days), self.low, self.high]
        equal = {
            "a.status": self.status,
            "a.reason": self.reason,
            _day(sql): self.day,
            "a.channel": self.channel,
            "f.rating": self.rating,
        }
        for column, value in equal.items():
            if value is not None:
                wheres, values = [*wheres, f"{column} = ?"], [*values, value]
        if self.mark is not None:
            wheres.append("m.verdict IS NULL" if self.mark == "none" else f"m.verdict = '{self.mark}'")
        if self.document:
            titled = sql.within("c.value ->> 'title'")
            inside = f"c.value ->> 'document_id' = ? OR {titled}"
            wheres.append(f"EXISTS (SELECT 1 FROM {sql.items('a.citations', 'c')} WHERE {inside})")
            values += [self.document, self.document]
        for word in self.words.split():
            wheres, values = [*wheres, sql.within("a.question || ' ' || coalesce(a.answer, '')")], [*values, word]
        return " AND ".join(wheres), values


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day of Shanghai."""

    day: str
    questions: int
    answered: int
    refused: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A document that answers cite first, or NO_TOPIC: how many questions, in the days before as many, and thumbs down."""

    topic: str
    document_id: str | None
    questions: int
    before: int
    down: int


class Log:
    """The log of one service."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def rows(self, wanted: Wanted, limit: int, after: str | None = None) -> Iterator[LogRow]:
        """Answers, the newest first, with `rating`, `comment` and `verdict`; `after` is the time of the one before."""
        where, values = wanted.where(self._records.sql)
        found = self._records.connect().execute(
            f"SELECT a.id, a.at, a.question, a.rewritten, a.channel, a.status, a.reason, a.answer, a.confidence, a.answered_by, "
            f"a.citations, a.milliseconds, f.rating, f.comment, m.verdict {_FROM} WHERE {where} AND a.at < ? "
            "ORDER BY a.at DESC LIMIT ?",
            (*values, after or "9999", limit),
        )
        for row in found:
            yield cast(LogRow, {**dict(row), "citations": json.loads(row["citations"])})

    def count(self, wanted: Wanted) -> int:
        where, values = wanted.where(self._records.sql)
        row = self._records.connect().execute(f"SELECT count(*) {_FROM} WHERE {where}", values).fetchone()
        return int(row[0])

    def days(self, days: int) -> list[Day]:
        """The last `days` days with today, those without a question as well, the oldest first."""
        today = datetime.now(UTC) + timedelta(hours=8)
        names = [(today - timedelta(days=back)).date().isoformat() for back in range(days - 1, -1, -1)]
        rows = self._records.connect().execute(
            f"SELECT {_day(self._records.sql)}, count(*), count(*) FILTER (WHERE a.status = 'answered'), "
            "count(*) FILTER (WHERE a.status = 'refused'), count(*) FILTER (WHERE f.rating = 'up'), "
            f"count(*) FILTER (WHERE f.rating = 'down') {_FROM} WHERE a.at >= ? GROUP BY 1",
            (_ago(days + 1),),
        )
        told = {row[0]: tuple(row)[1:] for row in rows}
        return [Day(name, *told.get(name, (0, 0, 0, 0, 0))) for name in names]

    def topics(self, days: int, limit: int) -> list[Topic]:
        """What was asked about, the most first."""
        first = self._records.sql.first("a.citations")
        rows = self._records.connect().execute(
            f"SELECT {first} ->> 'title' AS topic, max({first} ->> 'document_id'), "
            "count(*) FILTER (WHERE a.at >= ?) AS questions, count(*) FILTER (WHERE a.at < ?), "
            "count(*) FILTER (WHERE f.rating = 'down' AND a.at >= ?) "
            f"{_FROM} WHERE a.at >= ? GROUP BY 1 HAVING count(*) FILTER (WHERE a.at >= ?) > 0 "
            f"ORDER BY questions DESC, topic {self._records.sql.nulls_first} LIMIT ?",
            (*[_ago(days)] * 3, _ago(2 * days), _ago(days), limit),
        )
        return [Topic(row[0] or NO_TOPIC, row[1] if row[0] else None, *tuple(row)[2:]) for row in rows]

    def unanswered(self, days: int, limit: int) -> list[tuple[str, str, int]]:
        """(answer id, question, times) of questions about the documents that were refused and not settled, the newest first."""
        rows = self._records.connect().execute(
            "SELECT id, question, times FROM (SELECT a.id, coalesce(a.rewritten, a.question) AS question, a.at AS last, "
            "count(*) OVER (PARTITION BY a.same) AS times, "
            "row_number() OVER (PARTITION BY a.same ORDER BY a.at DESC) AS place FROM asked a "
            "LEFT JOIN settled s ON s.queue = 'unanswered' AND s.same = a.same "
            "WHERE a.at >= ? AND a.status = 'refused' AND a.reason NOT IN ('out_of_scope', 'small_talk') AND (s.at IS NULL OR a.at > s.at)"
            ") w WHERE place = 1 ORDER BY last DESC LIMIT ?",
            (_ago(days), limit),
        )
        return [(row[0], row[1], row[2]) for row in rows]


def _day(sql: Dialect) -> str:
    return sql.shanghai("a.at")  # no daylight saving since 1991


def _ago(days: int) -> str:
    return after(days=-days)
