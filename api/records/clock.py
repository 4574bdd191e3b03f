"""Whether the clock of this machine can be right, before anything is deleted by it.

A battery that died or a wrong time server sets a clock years ahead, and what is deleted then is gone when it is right again.
So a look at the clock is compared with the look before and with the time that the machine has counted since, which no
setting of a clock changes. It is believed where both agree within TOLERANCE. Where they do not (it was set, or the machine
was off), what is kept for so long counts to the time that was expected, until the new one has held for HOLD seconds; then
that is believed.

What was written while a clock was ahead would be kept too long, and stay at the top of every list: once a clock is believed,
records from its future are given its time. What was written while it was behind goes when what was written before it goes
(api/records/asked.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.records.database import Records
from corpus.sql.shapes import Connection

TOLERANCE = timedelta(days=1)
HOLD = 72 * 3600.0
"""Seconds that a clock which was set must hold: go on as the machine counts, or within TOLERANCE while it is off."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  believed TEXT NOT NULL,       -- the last time that was believed, and what the machine has counted since
  doubted TEXT,                 -- the last time that was not
  held REAL NOT NULL,           -- seconds since that began
  counted REAL NOT NULL         -- what the machine had counted at the last look; begins anew when it is started
);
"""
_DATED = {
    "asked": ("at",),
    "feedback": ("at",),
    "settled": ("at",),
    "handoffs": ("created_at", "updated_at"),
    "jobs": ("created_at", "updated_at"),
}
"""What carries the time of its making, or of the last change."""

log = logging.getLogger("tiaowen.api")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the clock. `until` is the time to which what is kept counts: that of the clock where it is believed."""

    now: datetime
    until: datetime
    believed: bool


class PlausibleClock:
    """The clock of one data folder, for all its processes. `wall` gives the time, `counted` the seconds that have passed, of all
    processes alike (Records.seconds where it is None).

    A folder that has no look yet begins with its newest record. Needs the tables of what is dated. Raises StoreError.
    """

    def __init__(
        self,
        records: Records,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        counted: Callable[[], float] | None = None,
    ) -> None:
        self._records = records
        self._wall = wall
        self._counted = counted or records.seconds
        records.ensure(SCHEMA)
        if records.connect().execute("SELECT 1 FROM clock").fetchone() is None:
            newest = " UNION ALL ".join(f"SELECT max({c}) FROM {t}" for t, columns in _DATED.items() for c in columns)
            with records.transaction() as connection:
                (at,) = connection.execute(f"SELECT max(at) FROM (SELECT NULL AS at UNION ALL {newest}) t").fetchone()
                connection.execute(
                    "INSERT INTO clock VALUES (1, ?, NULL, 0, ?) ON CONFLICT (one) DO NOTHING",
                    (at or _text(wall()), self._counted()),
                )

    def look(self) -> Look:
        """Looks at the clock, and keeps what was seen."""
        now, counted = self._wall(), self._counted()
        with self._records.transaction() as connection:
            row = connection.execute("SELECT * FROM clock").fetchone()
            passed = max(0.0, counted - row["counted"])  # less where the machine was started anew: never too much
            believed, held = _agree(now, row["believed"], passed), 0.0
            if not believed and row["doubted"] and _agree(now, row["doubted"], passed):
                held = row["held"] + max(passed, (now - _time(row["doubted"])).total_seconds())
                believed = held >= HOLD
            expected = _time(row["believed"]) + timedelta(seconds=passed)
            known, doubted = (now, None) if believed else (expected, _text(now))
            connection.execute(
                "UPDATE clock SET believed = ?, doubted = ?, held = ?, counted = ?",
                (_text(known), doubted, 0.0 if believed else held, counted),
            )
        if not believed:
            log.warning(
                "the clock says %s, %s was expected: records are kept until it has held for %d hours (%d so far)",
                *(_text(now)[:16], _text(expected)[:16], HOLD // 3600, held // 3600),
            )
        return Look(now, min(now, known), believed)

    def redate(self, connection: Connection, size: int) -> int:
        """Gives up to `size` records from the future the time of now, in the caller's transaction; returns how many. To be
        called where the clock is believed."""
        now = self._wall()
        for table, columns in _DATED.items():
            key = "id" if table == "handoffs" else "rowid"
            for column in columns:
                rows = f"SELECT {key} FROM {table} WHERE {column} > ? LIMIT ?"
                changed = connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {key} IN ({rows})",
                    (_text(now), _text(now + TOLERANCE), size),
                ).rowcount
                if changed:
                    return changed
        return 0


def _agree(now: datetime, then: str, passed: float) -> bool:
    return abs(now - _time(then) - timedelta(seconds=passed)) <= TOLERANCE


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
