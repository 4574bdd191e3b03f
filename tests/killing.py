"""Processes that are killed in the middle of what they do, before a chosen change of the disk: no handler of theirs runs."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.changes.jobs import INCOMING, UPLOADS
from corpus.frozen import FrozenStore
from corpus.store import Store
from index.snapshot import open_snapshot
from qa.build import INDEX, STORE

_DISK = {
    "os.rename": "rename",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "shutil.rmtree": "remove",
    "os.mkdir": "make",
}
KILLED = 9


def steps(work: Callable[[], object]) -> list[str]:
    """What `work` does to the disk, done in a process of its own to its end: commit, rename, remove, make, write."""
    seen, told = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(seen)
        _count(lambda kind: os.write(told, f"{kind}\n".encode()) and None)
        work()
        os._exit(0)
    os.close(told)
    with os.fdopen(seen) as pipe:
        kinds = pipe.read().split()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return kinds


def killed_before(step: int, work: Callable[[], object]) -> bool:
    """Whether `work`, in a process of its own, was ended before the step of this number (0 the first)."""
    if (pid := os.fork()) == 0:
        left = step

        def end(kind: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(KILLED)

        _count(end)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == KILLED


def _count(tell: Callable[[str], None]) -> None:
    """Calls `tell` before each change of the disk that this process makes from now on."""

    class Watched(sqlite3.Connection):
        def commit(self) -> None:
            if self.in_transaction:
                tell("commit")
            super().commit()

        def __exit__(self, *error: Any) -> Any:
            if error[0] is None and self.in_transaction:
                tell("commit")
            return super().__exit__(*error)

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        return real(*given, **{"factory": Watched, **named})

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in _DISK:
            tell(_DISK[event])
        elif event == "open" and isinstance(given[1], str) and set(given[1]) & set("wax+"):
            tell("write")

    real = sqlite3.connect
    sqlite3.connect = connect  # type: ignore[assignment]
    sys.addaudithook(hook)


def apart(data: Path) -> list[str]:
    """In what store, index and files of a data folder differ; empty where they are together."""
    store, snapshot = Store(data), open_snapshot(data / INDEX, full=True)
    frozen = FrozenStore(snapshot.folder / STORE)
    out = [] if store.digest() == frozen.digest() else ["the index is of another state than the store"]
    documents = {document.id for document in store.documents()}
    if not {passage.document_id for passage in snapshot.passages} <= documents:
        out.append("the index finds a document that is gone")
    uploads = (data / UPLOADS).resolve()
    lying = {p for p in uploads.rglob("*") if p.is_file() and INCOMING not in p.relative_to(uploads).parts}
    known = {Path(path) for path in store.all_paths() if Path(path).is_relative_to(uploads)}
    known -= {path for path in known if any(folder in known for folder in path.parents)}  # inside an archive
    out += [f"not in the store: {path.name}" for path in lying - known]
    out += [f"not on the disk: {path.name}" for path in known - lying]
    for path in lying & known:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if (found := store.file(str(path))) is None or found[0] != digest:
            out.append(f"another version than in the store: {path.name}")
    out += [path.name for path in (data / INDEX).glob("*.partial")]
    if store.unpublished() or store.moves_left():
        out.append("the store says that it is not published")
    store.close()
    return out
