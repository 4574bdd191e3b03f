"""A job of watched folders: their files are read where they lie, as `tiaowen ingest` reads them, and stay there.

A file whose bytes are in the library under another name is taken in under the new one and then leaves the old one, so that its
document and its clauses keep their ids. What is known of the files is noted when the index has it; a job that is cut short
before finds the files unchanged when it is begun again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.changes.jobs import Job, Jobs
from api.changes.told import FileTold, is_of, told
from api.changes.watched.compare import Known
from api.changes.watched.folders import Mark, digest_of, mark_of
from api.changes.watched.state import Item, Plan, Watched
from api.records.database import Records
from corpus.errors import BadFile, NoReader, StoreBusy, StoreError
from corpus.ingest import PARSER, FileReport, drop, take_in
from corpus.parts import Kind, Part, Parts, Reading
from corpus.store import Store

AT_A_TIME = 20
"""Files between two notes of how far the job is."""
GONE = ("文件夹里已没有这个文件，文件库里保留着", "确要移除，请在文件库里移除，或用 tiaowen drop")
_PASSING = frozenset({NoReader.code, StoreError.code, StoreBusy.code})


class StillWritten(BadFile):
    """A file that changed while it was to be read; it is read later."""

    code = "still_written"


@dataclass(frozen=True, slots=True)
class _Changed:
    """In the place of what is in a file that is still being written (corpus.parts.Part)."""

    error: BadFile
    place: str = ""
    kind: Kind = "file"
    digest: str = ""

    def read(self, name: str) -> Reading:
        raise self.error


class Intake:
    """Does one job: `take` changes the library, `note` keeps what is known of the files once the index has them."""

    def __init__(self, jobs: Jobs, records: Records, store: Store, job: Job) -> None:
        self._jobs = jobs
        self._job = job
        self._store = store
        self._watched = Watched(records)
        self._plan: Plan = self._watched.plan_of(job.id)
        self._told: list[FileTold] = list(job.report.get("files", []))

    def take(self, parts: Parts) -> None:
        """Reads the files that were not yet, then takes out what is gone. Raises NoReader, StoreError."""
        left = [item for item in self._plan.take if not any(is_of(report, item.name) for report in self._told)]
        self._note_step(len(self._plan.take) - len(left))
        for at in range(0, len(left), AT_A_TIME):
            self._take(left[at : at + AT_A_TIME], parts)
            self._note_step(len(self._plan.take) - len(left[at + AT_A_TIME :]))
        for item in self._plan.gone:
            if self._store.file(item.path) is not None:
                self._let_go(item)
        fresh = {item.path for item in self._plan.take}
        for item in self._plan.unseen:
            if not fresh.isdisjoint(self._store.twins(item.path)):
                self._let_go(item)
        self._note_step(len(self._job.names))

    def note(self) -> None:
        """Keeps what is known of the files now, and what is to be told of them. A file that could not be taken in for reasons
        that pass is not known, so that it is tried again."""
        let_go = [item for item in self._plan.unseen if self._store.file(item.path) is None]
        for folder in {item.folder for item in (*self._plan.take, *self._plan.gone, *let_go)}:
            taken = [item for item in self._plan.take if item.folder == folder]
            known = {item.name: found for item in taken if (found := self._known(item)) is not None}
            forgotten = [item.name for item in let_go if item.folder == folder]
            for item in self._plan.gone:
                if item.folder == folder and (file := self._store.file(item.path)) is not None:
                    known[item.name] = Known(item.mark, item.path, *file, item.code, gone=True)
                elif item.folder == folder:
                    forgotten.append(item.name)
            self._watched.put(folder, known, forgotten)
        before = {item.name: item.code for item in self._plan.take if item.code}
        self._told = [r for r in self._told if not (r["code"] and before.get(r["file"]) == r["code"])]
        self._note_step(len(self._job.names))

    def _known(self, item: Item) -> Known | None:
        reports = [report for report in self._told if is_of(report, item.name)]
        codes = {report["code"] for report in reports if report["outcome"] == "rejected"}
        if not _PASSING.isdisjoint(codes):
            return None
        file = self._store.file(item.path)
        if any(report["outcome"] not in ("rejected", "removed") for report in reports) and file is not None:
            return Known(item.mark, item.path, *file)
        if not codes:
            return None
        digest = digest_of(Path(item.path))
        same = item.mark.same(mark_of(Path(item.path)))
        return Known(item.mark, item.path, digest, PARSER, sorted(codes)[0]) if same else None

    def _take(self, items: list[Item], parts: Parts) -> None:
        for item in items:
            if item.was and self._store.file(item.was) is not None and self._store.file(item.path) is None:
                self._store.move_file(item.was, item.path)
        marks = {item.path: item.mark for item in items}
        report = take_in(self._store, [(Path(item.path), item.name) for item in items], None, steady(parts, marks))
        for item in items:
            for file in report.files:
                if file.file == item.name or file.file.startswith(f"{item.name}/"):
                    self._tell(file, item)

    def _tell(self, file: FileReport, item: Item) -> None:
        if file.code != StillWritten.code:
            self._told.append(told(self._store, file, item.path + file.file[len(item.name) :]))

    def _let_go(self, item: Item) -> None:
        """A file that is gone: it has another name now, or leaves the library, or is told to be gone."""
        twins = self._store.twins(item.path)
        if twins or self._plan.remove:
            drop(self._store, [item.path])
        if any(self._rename(item, new) for new in self._plan.take if new.path in twins):
            return
        stays = not (twins or self._plan.remove)
        message, hint = GONE if stays else ("文件夹里已没有这个文件", "")
        file = FileReport(item.name, "removed", message=message, hint=hint)
        self._told.append({**told(self._store, file, item.path), "outcome": "gone" if stays else "removed"})

    def _rename(self, item: Item, new: Item) -> bool:
        """Tells that a file has a new name; False where it is told already that it is another one's."""
        found = [
            report
            for report in self._told
            if is_of(report, new.name) and report["outcome"] in ("added", "unchanged") and not report["before"]
        ]
        for report in found:
            report["outcome"] = "renamed"
            report["before"] = item.name + report["file"][len(new.name) :]
        return bool(found)

    def _note_step(self, done: int) -> None:
        report = json.dumps({"files": self._told}, ensure_ascii=False)
        self._jobs.note(self._job.id, done=done, total=len(self._job.names), report=report)


def steady(parts: Parts, marks: dict[str, Mark]) -> Parts:
    """Reads files as `parts` does, but none that is not, or no longer, as it was when it was found to be at rest."""

    def read(path: Path) -> Iterator[Part]:
        def moved() -> bool:
            return not marks[str(path)].same(mark_of(path))

        changed = _Changed(StillWritten("文件还在写入", "稍后会再读"))
        if moved():
            yield changed
            return
        for number, part in enumerate(parts(path)):
            if number == 0 and moved():  # its bytes are read as a whole before the first part is given
                yield changed
                return
            yield part

    return read
