"""Messages already seen, so that a retry is not answered twice: by another worker process or after a restart neither.

A platform sends a message again when it heard nothing in time. Whoever sees it first takes it with a lease; the others wait
for the reply that it lays down. A lease that ran out (the process was killed) is taken over. What is kept: the reply for
KEEP seconds, which is longer than any platform tries again or accepts an old message from us, and the last question of a
chat, which is what 转人工 hands over.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from api.records.database import Records
from corpus.sql.shapes import Connection

LEASE = 45.0  # seconds in which a message is answered or given up
KEEP = 2 * 24 * 3600.0
CHAT_KEEP = 24 * 3600.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS bot_messages (
    platform TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,           -- of what the message said, so that one id cannot stand for two messages
    owner TEXT NOT NULL,            -- who answers it
    lease_until REAL NOT NULL,      -- by the seconds that the machine has run: setting its clock makes no lease longer
    tries INTEGER NOT NULL,         -- times that the platform sent it
    reply TEXT,                     -- what was replied, as the platform's file wrote it
    received REAL NOT NULL,
    PRIMARY KEY (platform, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bot_messages_received ON bot_messages (received);
CREATE TABLE IF NOT EXISTS bot_chats (
    session TEXT PRIMARY KEY,
    question TEXT NOT NULL,
    answer_id TEXT,
    asked REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bot_chats_asked ON bot_chats (asked);
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What `Seen.claim` found. mine: answer it. done: `reply` was given. others: it is being answered. other_content: the
    id belongs to a message that said something else."""

    state: Literal["mine", "done", "others", "other_content"]
    platform: str
    id: str
    owner: str = ""
    tries: int = 1
    reply: str = ""


@dataclass(frozen=True, slots=True)
class LastQuestion:
    """The last question of a chat and the id of its answer."""

    question: str
    answer_id: str | None


class Seen:
    """The messages seen, in the service's records. Safe for several threads and processes."""

    def __init__(
        self,
        records: Records,
        clock: Callable[[], float] = time.time,
        lease: float = LEASE,
        counted: Callable[[], float] | None = None,
    ) -> None:
        self._records = records
        self._clock = clock
        self._counted = counted or records.seconds
        self._lease = lease
        records.ensure(SCHEMA)

    def claim(self, platform: str, id: str, digest: str, again: bool = False) -> Claim:
        """Takes a message, or says who has it. `again`: the same delivery looks a second time, which is no try more."""
        now, owner = self._clock(), uuid.uuid4().hex
        with self._records.transaction(lasting=False) as connection:
            counted = self._counted()  # later than that of any lease there is
            row = connection.execute(
                "SELECT digest, lease_until, tries, reply FROM bot_messages WHERE platform=? AND id=?", (platform, id)
            ).fetchone()
            if row is None:
                connection.execute("DELETE FROM bot_messages WHERE received < ?", (now - KEEP,))
                connection.execute("DELETE FROM bot_chats WHERE asked < ?", (now - CHAT_KEEP,))
                connection.execute(
                    "INSERT INTO bot_messages VALUES (?,?,?,?,?,1,NULL,?)",
                    (platform, id, digest, owner, counted + self._lease, now),
                )
                return Claim("mine", platform, id, owner)
            if row["digest"] != digest:
                return Claim("other_content", platform, id)
            tries = row["tries"] + (0 if again else 1)
            connection.execute("UPDATE bot_messages SET tries=? WHERE platform=? AND id=?", (tries, platform, id))
            if row["reply"] is not None:
                return Claim("done", platform, id, tries=tries, reply=row["reply"])
            if counted < row["lease_until"] <= counted + self._lease:  # a longer one is from before the machine started
                return Claim("others", platform, id, tries=tries)
            connection.execute(
                "UPDATE bot_messages SET owner=?, lease_until=? WHERE platform=? AND id=?",
                (owner, counted + self._lease, platform, id),
            )
            return Claim("mine", platform, id, owner, tries)

    def finish(self, connection: Connection, claim: Claim, reply: str) -> bool:
        """Lays the reply down, inside a transaction of the caller. False where somebody else has taken the message over
        since: then nothing more may be done for it."""
        done = connection.execute(
            "UPDATE bot_messages SET reply=? WHERE platform=? AND id=? AND owner=? AND reply IS NULL",
            (reply, claim.platform, claim.id, claim.owner),
        )
        return done.rowcount == 1

    def release(self, claim: Claim) -> None:
        """Gives a message back unanswered, so that the next try answers it."""
        with self._records.transaction(lasting=False) as connection:
            connection.execute(
                "DELETE FROM bot_messages WHERE platform=? AND id=? AND owner=? AND reply IS NULL",
                (claim.platform, claim.id, claim.owner),
            )

    def remember(self, connection: Connection, session: str, question: str, answer_id: str | None) -> None:
        """Keeps the last question of a chat, inside a transaction of the caller."""
        connection.execute(
            "INSERT INTO bot_chats VALUES (?,?,?,?) ON CONFLICT (session) DO UPDATE SET question = excluded.question, "
            "answer_id = excluded.answer_id, asked = excluded.asked",
            (session, question, answer_id, self._clock()),
        )

    def last_question(self, session: str) -> LastQuestion | None:
        """The last question of a chat, if it was asked in the last CHAT_KEEP seconds."""
        row = (
            self._records.connect()
            .execute(
                "SELECT question, answer_id FROM bot_chats WHERE session=? AND asked >= ?",
                (session, self._clock() - CHAT_KEEP),
            )
            .fetchone()
        )
        return LastQuestion(row["question"], row["answer_id"]) if row else None
