"""API keys and the logins of the pages, both stored as hashes only.

A key is `tw_` and 256 random bits, so that a plain SHA-256 is as good as any slow hash: there is nothing to guess from.

While there never was a key, each start of the service has a token of its own: who sees the terminal may manage the service
by it, and nobody who merely reaches its port. It ends with the next start and with the first key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.access import Principal, Role
from api.records.database import Records, now
from corpus.errors import NotFound, StoreError
from corpus.sql.shapes import Row

PREFIX = "tw_"
SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
  revoked_at TEXT
);
CREATE TABLE IF NOT EXISTS logins (
  hash TEXT PRIMARY KEY, key_id TEXT NOT NULL REFERENCES keys (id), expires_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS starts (hash TEXT PRIMARY KEY, expires_at TEXT NOT NULL);
"""
MADE = "keys.made"
"""The file beside the records that says that there are keys, or were: records that are lost must not open the service."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed: everything but the key. Times are ISO 8601 in UTC."""

    id: str
    name: str
    role: Role
    created_at: str
    revoked_at: str | None

    @property
    def principal(self) -> Principal:
        return Principal(f"key:{self.id}", self.name, self.role)


START = Key("start", "本机管理", "admin", "", None)
"""Whom the token of a start stands for."""


class Keys:
    """The keys of one service. A key that is revoked ends its logins with it, at once and in every worker process."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._made = records.folder / MADE
        records.ensure(SCHEMA)
        if self._in_records() and not self._made.exists():  # the keys of an older version
            self._mark()

    def create(self, name: str, role: Role) -> tuple[Key, str]:
        """A new key and its text, which is shown once and kept nowhere."""
        self._mark()
        token = PREFIX + secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(4), name, role, now(), None)
        with self._records.transaction() as connection:
            connection.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, NULL)", (key.id, name, role, token_hash(token), key.created_at)
            )
        return key, token

    def list(self) -> list[Key]:
        rows = self._records.connect().execute("SELECT * FROM keys ORDER BY created_at")
        return [_key(row) for row in rows]

    def revoke(self, ident: str) -> Key:
        """Raises NotFound where no key in force has this id."""
        with self._records.transaction() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now(), ident)
            ).rowcount
            connection.execute("DELETE FROM logins WHERE key_id = ?", (ident,))
            row = connection.execute("SELECT * FROM keys WHERE id = ?", (ident,)).fetchone()
        if not changed:
            raise NotFound("没有这个编号的有效密钥", "用 tiaowen keys list 查看编号")
        return _key(row)

    def any(self) -> bool:
        """Whether there is a key or ever was one: a service that had keys stays closed when the last is revoked, and when
        its records are lost."""
        return self._in_records() or self._made.exists()

    def lost(self) -> bool:
        """Whether there were keys of which the records know nothing."""
        return self._made.exists() and not self._in_records()

    def find(self, token: str) -> Key | None:
        """The key in force with this text; START for the token of this start."""
        row = self._one("SELECT * FROM keys WHERE hash = ? AND revoked_at IS NULL", token_hash(token))
        return _key(row) if row else self._started(token)

    def start(self) -> str:
        """The token of this start. What an earlier one gave ends."""
        token = PREFIX + "start_" + secrets.token_urlsafe(24)
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM starts")
            connection.execute("INSERT INTO starts VALUES (?, '9999')", (token_hash(token),))
        return token

    def end_start(self) -> str:
        """Ends what an earlier start gave; nothing is written where there is none. "" is no token."""
        if self._one("SELECT 1 FROM starts LIMIT 1"):
            with self._records.transaction() as connection:
                connection.execute("DELETE FROM starts")
        return ""

    def _started(self, token: str) -> Key | None:
        row = self._one("SELECT 1 FROM starts WHERE hash = ? AND expires_at >= ?", token_hash(token), now())
        return START if row and not self.any() else None

    def _in_records(self) -> bool:
        return self._one("SELECT 1 FROM keys LIMIT 1") is not None

    def _mark(self) -> None:
        try:
            self._made.touch(mode=0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"{MADE} 无法写入（{reason}）", "请检查数据目录的权限和磁盘空间后重试") from error

    # -- logins of the pages -------------------------------------------------------------------------------------------

    def log_in(self, key: Key, hours: float) -> tuple[str, datetime]:
        """A cookie's value for this key, and when it ends."""
        token = secrets.token_urlsafe(32)
        end = datetime.now(UTC) + timedelta(hours=hours)
        with self._records.transaction() as connection:
            for table in ("logins", "starts"):
                connection.execute(f"DELETE FROM {table} WHERE expires_at < ?", (now(),))
            ends = end.isoformat(timespec="microseconds")
            if key == START:
                connection.execute("INSERT INTO starts VALUES (?, ?)", (token_hash(token), ends))
            else:
                connection.execute("INSERT INTO logins VALUES (?, ?, ?)", (token_hash(token), key.id, ends))
        return token, end

    def logged_in(self, token: str) -> Key | None:
        """The key behind a cookie; None where it has ended."""
        row = self._one(
            "SELECT k.* FROM logins l JOIN keys k ON k.id = l.key_id "
            "WHERE l.hash = ? AND l.expires_at >= ? AND k.revoked_at IS NULL",
            token_hash(token),
            now(),
        )
        return _key(row) if row else self._started(token)

    def log_out(self, token: str) -> None:
        with self._records.transaction() as connection:
            for table in ("logins", "starts"):
                connection.execute(f"DELETE FROM {table} WHERE hash = ?", (token_hash(token),))

    def _one(self, query: str, *values: str) -> Row | None:
        row: Row | None = self._records.connect().execute(query, values).fetchone()
        return row


def token_hash(token: str) -> str:
    """What is stored of a secret that a caller shows: nobody reads it back out of the records."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row) -> Key:
    return Key(row["id"], row["name"], row["role"], row["created_at"], row["revoked_at"])
