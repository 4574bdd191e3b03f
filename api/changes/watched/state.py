"""What is known of the files of watched folders, so that what changed while nobody looked is noticed; and what the jobs that
come of it have to do. In the database of the service (api/records/database.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.changes.watched.compare import Known
from api.changes.watched.folders import Mark
from api.records.database import Records

SCHEMA = """
CREATE TABLE IF NOT EXISTS watched (
  folder TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, device TEXT NOT NULL,
  path TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL, code TEXT NOT NULL, gone INTEGER NOT NULL,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS watch_jobs (job TEXT PRIMARY KEY, plan TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS watch_checked (n INTEGER PRIMARY KEY CHECK (n = 1), at TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A file that a job is about: its watched folder, its name there, and where it is read. `was` is where it was read before,
    where the folder is a link that leads elsewhere now. `code` is what was wrong with it before; as long as that is all
    there is to say of it, it is not said again."""

    folder: str
    name: str
    path: str
    mark: Mark
    was: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job has to do: files to take in, and files that are gone; these leave the library where `remove`. `unseen` are
    files that cannot be seen for now: one whose bytes are taken in under a new name had that name given to it."""

    take: tuple[Item, ...]
    gone: tuple[Item, ...]
    remove: bool
    unseen: tuple[Item, ...] = ()


class Watched:
    """The watched files of one data folder."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.ensure(SCHEMA)

    def known(self, folder: Path) -> dict[str, Known]:
        """What is known of the files of a folder, by name."""
        rows = self._records.connect().execute("SELECT * FROM watched WHERE folder = ?", (str(folder),))
        return {
            row["name"]: Known(
                Mark(row["size"], row["mtime_ns"], row["device"]),
                *(row["path"], row["sha256"], row["parser"], row["code"]),
                gone=bool(row["gone"]),
            )
            for row in rows
        }

    def put(self, folder: str | Path, known: dict[str, Known], forget: Iterable[str] = ()) -> None:
        """Notes what is known now of some files of a folder, and forgets others."""
        rows = [
            (str(folder), name, k.mark.size, k.mark.mtime_ns, k.mark.device, k.path, k.sha256, k.parser, k.code, k.gone)
            for name, k in known.items()
        ]
        gone = [(str(folder), name) for name in forget]
        if not rows and not gone:
            return
        with self._records.transaction() as connection:
            connection.executemany("DELETE FROM watched WHERE folder = ? AND name = ?", gone)
            connection.executemany("DELETE FROM watched WHERE folder = ? AND name = ?", [row[:2] for row in rows])
            connection.executemany("INSERT INTO watched VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def plan(self, job: str, plan: Plan) -> None:
        """Keeps what a job has to do; those of jobs before it are forgotten."""
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM watch_jobs")
            connection.execute(
                "INSERT INTO watch_jobs VALUES (?, ?)", (job, json.dumps(asdict(plan), ensure_ascii=False))
            )

    def plan_of(self, job: str) -> Plan:
        """What a job has to do; nothing where that was forgotten."""
        row = self._records.connect().execute("SELECT plan FROM watch_jobs WHERE job = ?", (job,)).fetchone()
        if row is None:
            return Plan((), (), False)
        told = json.loads(row["plan"])
        items = {
            kind: tuple(Item(**{**item, "mark": Mark(**item["mark"])}) for item in told[kind])
            for kind in ("take", "gone", "unseen")
        }
        return Plan(items["take"], items["gone"], told["remove"], items["unseen"])

    # -- when everything was compared ------------------------------------------------------------------------------------

    def checked(self) -> datetime | None:
        """When everything was compared last, in local time without a zone."""
        row = self._records.connect().execute("SELECT at FROM watch_checked").fetchone()
        return datetime.fromisoformat(row["at"]).astimezone().replace(tzinfo=None) if row else None

    def check(self, at: datetime) -> None:
        """Notes that everything is compared now; `at` is local."""
        told = at.astimezone(UTC).isoformat(timespec="seconds")
        with self._records.transaction(lasting=False) as connection:
            connection.execute(
                "INSERT INTO watch_checked VALUES (1, ?) ON CONFLICT (n) DO UPDATE SET at = excluded.at", (told,)
            )
