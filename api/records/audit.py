"""Who changed what: a line for each change that an operator or an administrator makes, and for each table that leaves.

Lines are only added. They hold no keys, no contacts, and questions only with personal numbers masked. They are kept for KEEP_DAYS,
longer than what people asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from api.access import Principal
from api.records.database import Records, after, now
from api.records.masking import masked

KEEP_DAYS = 730
SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who_id TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  target TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_at ON audit (at);
CREATE TRIGGER IF NOT EXISTS audit_is_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""

Action = Literal[
    "faq.create", "faq.update", "faq.delete", "faq.import", "queue.dismiss", "handoff.update", "assign", "mark.set", "mark.remove",
    "files.upload", "files.remove", "files.watch", "evaluation.upload", "evaluation.remove", "evaluation.run",
    "export.log", "export.faq", "export.gold", "export.audit", "key.create", "key.revoke",
    "sso.login", "sso.end",
]  # fmt: skip
ACTIONS: tuple[str, ...] = get_args(Action)
COMMAND_LINE = Principal("command", "命令行", "admin")
"""Whoever changes something by `tiaowen` on the machine itself."""

_WORDS = 500  # characters kept of one text


@dataclass(frozen=True, slots=True)
class Line:
    """One change. `target` names what was changed, `detail` holds what it was changed to; `at` is ISO 8601 in UTC."""

    n: int
    at: str
    who_id: str
    who: str
    action: str
    target: str
    detail: dict[str, Any]


class Audit:
    """The changes of one service."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.ensure(SCHEMA)

    def put(self, who: Principal, action: Action, target: str = "", **detail: Any) -> None:
        """Notes a change that was made. Raises StoreError."""
        told = json.dumps({name: _kept(value) for name, value in detail.items()}, ensure_ascii=False)
        with self._records.transaction() as connection:
            connection.execute(
                "INSERT INTO audit (at, who_id, who, action, target, detail) VALUES (?, ?, ?, ?, ?, ?)",
                (now(), who.id, who.name or who.id, action, masked(target)[:_WORDS], told),
            )

    def lines(
        self, limit: int, *, before: int | None = None, days: int = 3650, action: str | None = None, words: str = ""
    ) -> Iterator[Line]:
        """The newest first, those before line `before`; `words` are looked for in names, targets and details."""
        since = after(days=-days)
        wheres, values = ["at >= ?"], [since]
        if action is not None:
            wheres, values = [*wheres, "action = ?"], [*values, action]
        for word in words.split():
            wheres, values = (
                [*wheres, self._records.sql.within("who || ' ' || target || ' ' || detail")],
                [*values, word],
            )
        rows = self._records.connect().execute(
            f"SELECT * FROM audit WHERE {' AND '.join(wheres)} AND n < ? ORDER BY n DESC LIMIT ?",
            (*values, before if before is not None else 2**62, limit),
        )
        for row in rows:
            yield Line(**{**dict(row), "detail": json.loads(row["detail"])})

    def purge(self, before: str, stop: threading.Event | None = None) -> int:
        """Forgets the lines before a time (ISO 8601, UTC), in small batches, until `stop`."""
        delete = "DELETE FROM audit WHERE n IN (SELECT n FROM audit WHERE at < ? LIMIT ?)"
        return self._records.in_batches(
            lambda connection, size: connection.execute(delete, (before, size)).rowcount, stop
        )


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)[:_WORDS]
    if isinstance(value, list | tuple):
        return [_kept(one) for one in value[:20]]
    return value if value is None or isinstance(value, bool | int | float) else masked(str(value))[:_WORDS]
