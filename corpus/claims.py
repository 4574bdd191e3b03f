"""The line of files that the workers of several machines take in together: a table of the database that they share.

A file is claimed by one statement, which passes over what others are claiming just now (SKIP LOCKED), under a lease that a worker
renews as long as it lives; where it was killed, the file is free again when the lease has run out. A file is known by its bytes, so that
one that is taken in twice changes nothing the second time. What a killed command left in line, the next one of its machine takes along.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.crew import Waiting
from corpus.errors import PolicyError, ReaderDied
from corpus.ingest import FileReport, refused
from corpus.readers.lines import LeftOut
from corpus.revision import Diff
from corpus.sql.shapes import Connection

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

LEASE = 60.0
"""Seconds after which what a worker has taken is free for others, unless it renews it."""
MOST_TRIES = 3
"""How often a file is taken whose worker ends before its time."""
_SUBJECT = "intake"

_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
_FREE = f"(state = 'waiting' OR (state = 'taken' AND lease_until < {_NOW}))"

log = logging.getLogger(__name__)


class SharedLine:
    """The files of one command, or where `batch` is None those of whatever commands there are (corpus.crew.Line).

    `node` is the data folder that puts them there. Raises DatabaseAway.
    """

    def __init__(self, server: Server, node: str, batch: str | None) -> None:
        self._server = server
        self._node = node
        self._batch = batch
        self._owner = f"{node}.{os.getpid()}.{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._passed: set[tuple[str, int]] = set()  # files that cannot be seen from here

    def put(self, files: Iterable[tuple[Path, str]]) -> int:
        """Puts files in line, behind those that an earlier command of this data folder left there; returns how many these are. To be
        called while nobody else changes the documents."""
        given = {str(path): name for path, name in files}
        with self._server.session(_SUBJECT).transaction() as session:
            return self._put(session, given)

    def _put(self, session: Connection, given: dict[str, str]) -> int:
        rows = session.execute(
            "DELETE FROM intake WHERE node = ? RETURNING place, path, name, state", (self._node,)
        ).fetchall()
        left = {row["path"]: row["name"] for row in sorted(rows) if row["state"] != "done" and row["path"] not in given}
        left = {path: name for path, name in left.items() if Path(path).is_file()}
        line = json.dumps([[path, name] for path, name in (left | given).items()])
        session.execute(
            "INSERT INTO intake SELECT ?, CAST(f.place AS integer), ?, f.value ->> 0, f.value ->> 1, 'waiting', '', 0, 0, NULL "
            "FROM json_array_elements(CAST(? AS json)) WITH ORDINALITY AS f(value, place)",
            (self._batch, self._node, line),
        )
        return len(left)

    def take(self) -> Waiting | None:
        """As corpus.crew.Line says."""
        while True:
            row = self._claim()
            if row is None:
                return None
            file = Waiting(row["place"], Path(row["path"]), row["name"], row["batch"])
            if row["tries"] > MOST_TRIES:
                self.finish(
                    file,
                    [refused(file.name, ReaderDied("读这个文件的进程几次中途退出", "请检查这个文件，或单独导入它"))],
                )
            elif not file.path.is_file() and row["node"] != self._node:  # it lies on the disk of another machine
                with self._lock:
                    self._passed.add((file.batch, file.place))
                self._let_go("batch = ? AND place = ?", (file.batch, file.place))
            else:
                return file

    def _claim(self) -> Any:
        with self._lock:
            passed = sorted(self._passed)
        where, values = _FREE, list[Any]()
        if self._batch is not None:
            where, values = f"{where} AND batch = ?", [self._batch]
        if passed:
            where += f" AND (batch, place) NOT IN ({', '.join(['(?, ?)'] * len(passed))})"
            values += [value for pair in passed for value in pair]
        return self._server.once(
            f"UPDATE intake SET state = 'taken', owner = ?, lease_until = {_NOW} + ?, tries = tries + 1 WHERE (batch, place) = "
            f"(SELECT batch, place FROM intake WHERE {where} ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *",
            (self._owner, LEASE, *values),
        ).fetchone()

    def _let_go(self, where: str, values: Sequence[Any]) -> None:
        self._server.once(
            f"UPDATE intake SET state = 'waiting', lease_until = 0, tries = tries - 1 WHERE owner = ? AND state = 'taken' AND {where}",
            (self._owner, *values),
        )

    def finish(self, file: Waiting, reports: Sequence[FileReport]) -> None:
        """As corpus.crew.Line says; where the lease ran out and somebody else has the file, nothing."""
        told = json.dumps([asdict(report) for report in reports], ensure_ascii=False)
        self._server.once(
            "UPDATE intake SET state = 'done', report = ? WHERE batch = ? AND place = ? AND owner = ? AND state = 'taken'",
            (told, file.batch, file.place, self._owner),
        )

    def over(self) -> bool:
        """As corpus.crew.Line says; for a helper also where the rest cannot be seen from here."""
        if self._batch is not None:
            return self._left("batch = ?", (self._batch,)) == 0
        with self._lock:
            return self._left("1 = 1", ()) <= len(self._passed)

    def _left(self, where: str, values: Sequence[Any]) -> int:
        (row,) = self._server.once(f"SELECT count(*) FROM intake WHERE state != 'done' AND {where}", values).fetchall()
        return int(row[0])

    def reports(self) -> list[FileReport]:
        """As corpus.crew.Line says."""
        rows = self._server.once("SELECT report FROM intake WHERE batch = ? ORDER BY place", (self._batch,))
        return [_heard(told) for row in rows for told in json.loads(row["report"] or "[]")]

    def clear(self) -> None:
        """Takes the line away: all of it is in the store, and in the index."""
        self._server.once("DELETE FROM intake WHERE batch = ?", (self._batch,))

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Renews the leases of what was taken here; lets go of it on leaving, so that nobody waits for a lease to run out."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(LEASE / 4):
                try:
                    self._server.once(
                        f"UPDATE intake SET lease_until = {_NOW} + ? WHERE owner = ? AND state = 'taken'",
                        (LEASE, self._owner),
                    )
                except PolicyError as error:  # the next beat may come through
                    log.warning("leases could not be renewed: %s", error.message)

        thread = threading.Thread(target=beat, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._let_go("1 = 1", ())


def new_batch() -> str:
    """A name for the files of one command."""
    return secrets.token_hex(8)


def _heard(told: dict[str, Any]) -> FileReport:
    diff = {name: tuple(addresses) for name, addresses in told["diff"].items()}
    return FileReport(
        **{
            **told,
            "diff": Diff(**diff),
            "recognised": tuple(told["recognised"]),
            "unread": tuple(told["unread"]),
            "left_out": tuple(LeftOut(**part) for part in told["left_out"]),
        }
    )
