"""Files and folders -> the store, one file at a time; what went in, what did not, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpus.errors import BadFile, EmptyFile, NotFound, PolicyError, StoreConflict, StoreError
from corpus.in_process import here
from corpus.parts import Part, Parts, Reading
from corpus.passed_over import passed_over
from corpus.readers.lines import LeftOut
from corpus.revision import Diff, carry_over
from corpus.store import Store

PARSER = "9"
"""Version of the reading: a file read by another version is read again."""

_UNREAD = "+unread"  # beside the version: some pages wait for text recognition to be installed

GIVE_UP_AFTER = 3
"""Files that could not be written, one after the other, after which no more are tried."""

_log = logging.getLogger(__name__)

Outcome = Literal["added", "updated", "unchanged", "rejected", "removed"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. `code`, `message` and `hint` are set where it was rejected, `diff` where it was read
    anew. `recognised` are the pages that are pictures and were read by text recognition, `unread` those that were not
    for want of it. `left_out` is what the file holds beside its text. A file inside an archive or a mail has a report of
    its own; it is `removed` where it was there before and is there no longer."""

    file: str
    outcome: Outcome
    documents: int = 0
    clauses: int = 0
    code: str = ""
    message: str = ""
    hint: str = ""
    diff: Diff = Diff()
    recognised: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every file, in order."""

    files: tuple[FileReport, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(f.outcome == outcome for f in self.files)

    @property
    def changed(self) -> bool:
        return any(f.outcome in ("added", "updated", "removed") for f in self.files)


def find_files(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Every file under the paths, each once, with the name that users see (relative to the folder given).

    Inside folders, hidden files and what programs leave there while they are at work are passed over (corpus/passed_over.py).
    Raises BadFile where a path does not exist.
    """
    out: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path)
                if file.is_file() and not passed_over(inside.parts):
                    out.setdefault(file.resolve(), inside.as_posix())
        elif path.is_file():
            out.setdefault(path.resolve(), path.name)
        else:
            raise BadFile(f"找不到文件或目录：{path}", "请检查路径是否正确")
    return list(out.items())


def ingest(
    store: Store, paths: Iterable[Path], progress: Callable[[str], None] | None = None, parts: Parts = here
) -> Report:
    """Reads files into the store. A bad file is reported and the others go on. `progress` is called with each name.

    `parts` is how files are read: in this process, or by corpus.confined.Confined in one of their own, where a file from
    outside can take no more memory and time than it may have.
    """
    return take_in(store, find_files(paths), progress, parts)


def take_in(
    store: Store,
    files: Iterable[tuple[Path, str]],
    progress: Callable[[str], None] | None = None,
    parts: Parts = here,
) -> Report:
    """Reads files into the store under the names given, like `ingest`.

    A file that cannot be written is reported like one that cannot be read; after GIVE_UP_AFTER of them on end the rest are
    not read any more, as the store will not take those either.
    """
    reports: list[FileReport] = []
    failed: list[StoreError] = []
    for path, name in files:
        if progress:
            progress(name)
        if len(failed) >= GIVE_UP_AFTER:
            reports.append(refused(name, failed[-1]))
            continue
        intake = _Intake(store, path, name, parts)
        reports += intake.reports
        failed = [*failed, *intake.failed] if intake.failed else []
    report = Report(tuple(reports))
    if report.changed:
        store.link()
    return report


def take_in_at(store: Store, source: Path, place: Path, name: str, parts: Parts = here) -> Report:
    """Reads the file that lies at `source` as what will lie at `place`, like `take_in`."""
    report = Report(tuple(_Intake(store, place, name, parts, source).reports))
    if report.changed:
        store.link()
    return report


def take_in_one(store: Store, path: Path, name: str, parts: Parts) -> tuple[list[FileReport], list[StoreError]]:
    """Takes in one file while others take in theirs: what is decided by what the store has and what is written to it are one transaction.
    Returns the reports, and the errors of a store that may take no other file either. Links are left to be resolved (`Store.link`)."""
    intake = _Intake(store, path, name, parts, among_others=True)
    return intake.reports, intake.failed


def is_current(parser: str) -> bool:
    """Whether a file that this version of the reading read need not be read again, as long as its bytes are the same."""
    return parser == PARSER or (parser == PARSER + _UNREAD and _recognition_is_absent())


def _recognition_is_absent() -> bool:
    from corpus.readers import ocr

    return ocr.problem() is not None


def refused(name: str, error: PolicyError) -> FileReport:
    """The report of a file that was not taken in."""
    return FileReport(name, "rejected", code=error.code, message=error.message, hint=error.hint)


class _Intake:
    """Takes in one file that lies on disk, on construction, with the files inside it where it is an archive or a mail:
    those are files of their own, at `path/inner name`. `reports` has one for each, `failed` the errors of
    a store that may take no other file either.

    It may lie elsewhere now than it is to be known by, at `source`. An archive is unpacked each time, as a file inside
    that was rejected may be read by now; what takes time is reading.
    """

    def __init__(
        self,
        store: Store,
        path: Path,
        name: str,
        parts: Parts,
        source: Path | None = None,
        among_others: bool = False,
    ) -> None:
        self._store = store
        self._among_others = among_others
        self._path, self._name = str(path), name
        self._seen: set[str] = set()
        self._rejected: set[str] = set()  # paths: what was read from there before stays
        self.reports: list[FileReport] = []
        self.failed: list[StoreError] = []
        for part in parts(source or path):
            self._take(part)
        try:
            self._drop_what_went()
        except StoreError as error:
            self._fail(self._path, name, error)

    def _take(self, part: Part) -> None:
        path, name = self._path + part.place, self._name + part.place
        self._seen.add(path)
        if part.error is not None:
            self._reject(path, name, part.error)
            return
        try:
            if part.kind == "archive":
                self._know(path, name, part.digest)
                return
            try:
                self.reports.append(self._document(path, name, part))
            except EmptyFile as error:
                if part.kind == "mail":  # it only brings files along, as an archive does
                    self._know(path, name, part.digest)
                else:
                    self._reject(path, name, error)
        except BadFile as error:
            self._reject(path, name, error)
        except StoreError as error:
            self._fail(path, name, error)

    def _reject(self, path: str, name: str, error: PolicyError) -> None:
        self._rejected.add(path)
        self.reports.append(refused(name, error))

    def _fail(self, path: str, name: str, error: StoreError) -> None:
        """A file that is good, but cannot be written: the others may still be."""
        _log.error("%s could not be written: %s", name, error.message, exc_info=error)
        if not isinstance(error, StoreConflict):  # which is of this file alone
            self.failed.append(error)
        self._reject(path, name, error)

    def _document(self, path: str, name: str, part: Part) -> FileReport:
        """Reads one file that holds documents, where it was not read before."""
        store, digest = self._store, part.digest
        known = store.file(path)
        if known is not None and known[0] == digest and is_current(known[1]):
            return FileReport(name, "unchanged")
        reading = part.read(name)
        with store.transaction() if self._among_others else nullcontext():
            return self._replace(path, name, digest, reading)

    def _replace(self, path: str, name: str, digest: str, reading: Reading) -> FileReport:
        store = self._store
        known = store.file(path)
        old = store.read_of(path) if known else []
        ids = [document.id for document, _ in (*old, *reading.documents)]
        elsewhere = {i: (store.document(i), tuple(store.clauses(i))) for i in store.standing_elsewhere(path, ids)}
        read, diff = carry_over(old, reading.documents, elsewhere)
        store.replace_file(path, name, digest, PARSER + (_UNREAD if reading.unread else ""), read)
        return FileReport(
            name,
            "updated" if known else "added",
            len({d.id for d, _ in read}),
            sum(len(c) for _, c in read),
            diff=diff if known else Diff(),
            recognised=reading.recognised,
            unread=reading.unread,
            left_out=reading.left_out,
        )

    def _know(self, path: str, name: str, digest: str) -> None:
        """Notes a file that only holds others as a file without documents, so that it can be dropped with what is in it;
        unless nothing of it was taken in."""
        taken = any(r.outcome != "rejected" and r.file.startswith(f"{name}/") for r in self.reports)
        if taken and self._store.file(path) != (digest, PARSER):
            self._store.replace_file(path, name, digest, PARSER, [])

    def _drop_what_went(self) -> None:
        """Takes out what was inside the file when it was read before and is inside it no longer."""
        for gone in self._store.paths_inside(self._path):
            around = {gone[:at] for at, sign in enumerate(gone) if sign == "/"}
            if gone not in self._seen and self._rejected.isdisjoint(around):
                self._store.drop_file(gone)
                self.reports.append(FileReport(self._name + gone[len(self._path) :], "removed"))


def read_all(path: Path, name: str, parts: Parts = here) -> Iterator[tuple[str, Reading | BadFile]]:
    """How a file on disk, and each file inside it, would be taken in: its name, and its reading or what is wrong."""
    for part in parts(path):
        if part.kind == "archive":
            continue
        try:
            if part.error is not None:
                raise part.error
            yield name + part.place, part.read(name + part.place)
        except BadFile as error:
            if not (part.kind == "mail" and isinstance(error, EmptyFile)):
                yield name + part.place, error


def drop(store: Store, names: Iterable[str]) -> list[str]:
    """Takes files out of the store, by the name that users see or by path; returns the paths taken out.

    The files inside an archive or a mail go with it. Documents that stand in another file too stay. All of it is done, or
    nothing. Raises NotFound for a name that is not there, before anything is done, and StoreError.
    """
    paths: list[str] = []
    for name in names:
        found = store.paths(name) or store.paths(str(Path(name).resolve()))
        if not found:
            raise NotFound(f"没有导入过这个文件：{name}", "可用 tiaowen documents 查看已导入的文件")
        inside = [inner for path in found for inner in store.paths_inside(path)]
        paths += [path for path in dict.fromkeys((*found, *inside)) if path not in paths]
    if paths:
        with store.transaction():
            for path in paths:
                store.drop_file(path)
            store.link()
    return paths
