"""What goes out: events for other desks and replies of bots. Written with what causes it, sent after, never lost.

`put` writes an event into the transaction that makes it true (a hand-off and its event are both there, or neither). A
thread for each target sends what is due: with back-off and jitter after a failure, and after the last try kept as a dead
letter, which `tiaowen outbox list` shows and `tiaowen outbox retry` sends again. A lease keeps other worker processes off
what one is sending; it runs out if that one is killed, so everything is sent at least once. Receivers know an event that
comes twice by its id.

Waits and leases are counted by the seconds that the machine has run (`Records.seconds`, the same in all processes; those of the
database where machines share one), which no setting of its clock changes. They begin anew when it is started: a wait or a lease longer
than there are is over.
"""

from __future__ import annotations

import fnmatch
import json
import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from api.records.database import Records, now
from corpus.errors import NotFound, PolicyError
from corpus.sql.shapes import Connection, Row, holes

State = Literal["waiting", "dead"]
LEASE = 120.0  # seconds; longer than any target takes to say yes or no
POLL = 1.0  # seconds between two looks for what other processes wrote
PROBLEM_LIMIT = 200
KEEP_DEAD_DAYS = 30

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox_targets (
    name TEXT PRIMARY KEY,
    kinds TEXT NOT NULL             -- JSON: the patterns of the events that it gets
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,               -- of the event, the same for all its targets
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due REAL NOT NULL,
    lease_until REAL NOT NULL,
    owner TEXT NOT NULL,
    problem TEXT NOT NULL           -- what the last try met
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (target, state, due);
CREATE INDEX IF NOT EXISTS outbox_dead ON outbox (created_at) WHERE state = 'dead';
"""

log = logging.getLogger("tiaowen.outbox")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing for one target. `created_at` is ISO 8601 in UTC; `due` the time of the next try on the clock of the outbox,
    0 for the first."""

    number: int
    id: str
    target: str
    kind: str
    payload: Mapping[str, Any]
    created_at: str
    state: State
    tries: int
    due: float
    problem: str


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often something is tried, and the seconds between: doubled each time up to `most`, and half of it by chance."""

    tries: int = 12
    first: float = 2.0
    most: float = 3600.0

    def wait(self, tries: int, chance: float) -> float:
        """Seconds after the failure of try number `tries`; `chance` is 0..1."""
        return min(self.most, self.first * 2.0 ** min(tries - 1, 40)) * (0.5 + 0.5 * chance)


class Undelivered(Exception):
    """A target did not take a delivery. `after` is the number of seconds that it asked for; `final` forbids more tries."""

    def __init__(self, problem: str, after: float | None = None, final: bool = False) -> None:
        super().__init__(problem)
        self.after = after
        self.final = final


class Target(Protocol):
    """One receiver. `kinds` are the patterns of the events that it wants; empty for a target that only `put_to` names."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def backoff(self) -> Backoff: ...

    def send(self, delivery: Delivery) -> None:
        """Raises Undelivered. Called from several threads, of several processes."""


def put(connection: Connection, kind: str, payload: Mapping[str, Any]) -> None:
    """Writes an event for every target that wants its kind, into the caller's transaction. Needs SCHEMA."""
    rows = connection.execute("SELECT name, kinds FROM outbox_targets").fetchall()
    wanting = [name for name, kinds in rows if any(fnmatch.fnmatchcase(kind, want) for want in json.loads(kinds))]
    id = uuid.uuid4().hex
    for name in wanting:
        _insert(connection, id, name, kind, payload)


def put_to(connection: Connection, target: str, kind: str, payload: Mapping[str, Any]) -> None:
    """Writes something for one target, into the caller's transaction. Needs SCHEMA."""
    _insert(connection, uuid.uuid4().hex, target, kind, payload)


def _insert(connection: Connection, id: str, target: str, kind: str, payload: Mapping[str, Any]) -> None:
    text = json.dumps(payload, ensure_ascii=False)
    connection.execute(
        "INSERT INTO outbox (id, target, kind, payload, created_at, state, tries, due, lease_until, owner, problem) "
        "VALUES (?,?,?,?,?,'waiting',0,0,0,'','')",
        (id, target, kind, text, now()),
    )


class Outbox:
    """Sends what was put. Without `start` it only keeps: that is what the command line uses.

    `targets` None leaves the targets that the service wrote down as they are.
    """

    def __init__(
        self,
        records: Records,
        targets: Sequence[Target] | None = None,
        clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._records = records
        self._targets = list(targets or ())
        self._clock = clock or records.seconds
        self._chance = chance
        self._stopping = threading.Event()
        self._bell = threading.Condition()
        self._threads: list[threading.Thread] = []
        records.ensure(SCHEMA)
        if targets is not None:
            self._write_down()

    def _write_down(self) -> None:
        """The targets, for `put` in any process; what waits for one that is gone becomes a dead letter."""
        names = [target.name for target in self._targets]
        gone = f"state='waiting' AND target NOT IN {holes(names)}"
        with self._records.transaction() as connection:
            connection.execute(
                f"UPDATE outbox SET state='dead', due=?, problem='接收方已不在设置里' WHERE {gone}",
                (self._clock(), *names),
            )
            connection.execute("DELETE FROM outbox_targets")
            connection.executemany(
                "INSERT INTO outbox_targets VALUES (?,?)",
                [(target.name, json.dumps(list(target.kinds))) for target in self._targets],
            )

    # -- sending ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts a thread for each target. A target that hangs holds up nobody else."""
        self._stopping.clear()
        for target in self._targets:
            thread = threading.Thread(target=self._run, args=(target,), name=f"outbox-{target.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 15.0) -> None:
        """Ends the threads, each after what it is sending. What is left is sent after the next start."""
        self._stopping.set()
        self.wake()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()

    def wake(self) -> None:
        """Something was put by this process: no need to wait for the next look."""
        with self._bell:
            self._bell.notify_all()

    def _run(self, target: Target) -> None:
        while not self._stopping.is_set():
            try:
                sent = self.send_next(target)
            except (
                PolicyError
            ) as error:  # the disk is full, or the file locked: nothing is lost, the next look may find it mended
                log.error("outbox of %s: %s", target.name, error)
                sent = False
            if not sent:
                with self._bell:
                    if not self._stopping.is_set():
                        self._bell.wait(POLL)
        self._records.close()

    def send_next(self, target: Target) -> bool:
        """Sends what is longest due for a target. False where nothing is due."""
        delivery, owner = self._take(target)
        if delivery is None:
            return False
        try:
            target.send(delivery)
        except Undelivered as error:
            self._failed(target, delivery, owner, str(error), error.after, error.final)
        except (
            Exception
        ) as error:  # a fault of ours or of an SDK must not stop the thread, nor lose what it could not send
            log.exception("sending %s to %s failed", delivery.id, target.name)
            self._failed(target, delivery, owner, type(error).__name__, None, False)
        else:
            with self._records.transaction(lasting=False) as connection:
                connection.execute("DELETE FROM outbox WHERE number=?", (delivery.number,))
        return True

    def _take(self, target: Target) -> tuple[Delivery | None, str]:
        owner = uuid.uuid4().hex
        # A look takes no lock; only what is there is then taken under one.
        if _next_due(self._records.connect(), target, self._clock()) is None:
            return None, owner
        with self._records.transaction(lasting=False) as connection:
            at = self._clock()  # later than that of any lease there is
            row = _next_due(connection, target, at)
            if row is None:
                return None, owner
            connection.execute(
                "UPDATE outbox SET lease_until=?, owner=?, tries=tries+1 WHERE number=?",
                (at + LEASE, owner, row["number"]),
            )
        return replace(_delivery(row), tries=row["tries"] + 1), owner

    def _failed(
        self, target: Target, delivery: Delivery, owner: str, problem: str, after: float | None, final: bool
    ) -> None:
        dead = final or delivery.tries >= target.backoff.tries
        wait = target.backoff.wait(delivery.tries, self._chance())
        if after is not None:
            wait = min(max(wait, after), target.backoff.most)
        at = self._clock()
        log.warning("%s to %s, try %d: %s", delivery.kind, target.name, delivery.tries, problem[:PROBLEM_LIMIT])
        with self._records.transaction(lasting=False) as connection:
            connection.execute(
                "UPDATE outbox SET state=?, due=?, lease_until=0, problem=? WHERE number=? AND owner=?",
                ("dead" if dead else "waiting", at + wait, problem[:PROBLEM_LIMIT], delivery.number, owner),
            )

    # -- for who runs the service --------------------------------------------------------------------------------------------

    def list(self, state: State | None = None, limit: int = 100) -> Sequence[Delivery]:
        """What has not been sent, oldest first."""
        rows = self._records.connect().execute(
            "SELECT * FROM outbox WHERE ?='' OR state=? ORDER BY number LIMIT ?", (state or "", state or "", limit)
        )
        return [_delivery(row) for row in rows]

    def counts(self) -> Mapping[State, int]:
        """How much waits and how much is dead."""
        rows = self._records.connect().execute("SELECT state, count(*) FROM outbox GROUP BY state")
        return {"waiting": 0, "dead": 0, **{row[0]: row[1] for row in rows}}

    def retry(self, numbers: Sequence[int] | None = None) -> int:
        """Makes dead letters, those of `numbers` or all, due again with all their tries. Returns how many.

        Raises NotFound for a number that is no dead letter; then none is changed.
        """
        fresh = "UPDATE outbox SET state='waiting', tries=0, due=0, lease_until=0 WHERE state='dead'"
        with self._records.transaction() as connection:
            if numbers is None:
                return connection.execute(fresh).rowcount
            for number in numbers:
                if connection.execute(f"{fresh} AND number=?", (number,)).rowcount != 1:
                    raise NotFound(f"没有编号为 {number} 的死信。", "编号见 tiaowen outbox list。")
        self.wake()
        return len(numbers)


DUE = (
    "SELECT * FROM outbox WHERE target = :target AND state = 'waiting' AND due {range} "
    "AND (lease_until <= :at OR lease_until > :longest_lease) ORDER BY due, number LIMIT 1"
)


def _next_due(connection: Connection, target: Target, at: float) -> Row | None:
    """What is longest due for a target; else what is due later than anything can be: by a clock that has begun anew."""
    values = {"target": target.name, "at": at, "longest": at + target.backoff.most, "longest_lease": at + LEASE}
    for range in ("<= :at", "> :longest"):
        row: Row | None = connection.execute(DUE.format(range=range), values).fetchone()
        if row is not None:
            return row
    return None


def forget_dead(records: Records, before: str, stop: threading.Event | None = None) -> int:
    """Forgets dead letters that were put before a time (ISO 8601), in small batches; returns how many. Needs SCHEMA."""
    rows = "SELECT number FROM outbox WHERE state = 'dead' AND created_at < ? ORDER BY created_at LIMIT ?"
    delete = f"DELETE FROM outbox WHERE number IN ({rows})"
    return records.in_batches(lambda connection, size: connection.execute(delete, (before, size)).rowcount, stop)


def _delivery(row: Row) -> Delivery:
    return Delivery(
        number=row["number"],
        id=row["id"],
        target=row["target"],
        kind=row["kind"],
        payload=json.loads(row["payload"]),
        created_at=row["created_at"],
        state=row["state"],
        tries=row["tries"],
        due=row["due"],
        problem=row["problem"],
    )
