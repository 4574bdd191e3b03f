"""A data folder of an earlier version made one of this version: what there is to do, and doing it.

The tables grow by themselves when they are opened, and an index of another format is built anew. What nothing else does
is to read the files again that an earlier version read: their clauses are as that version cut them. They are read from
their originals where these are still what they were; the reading of a file whose original is gone or was changed stays.
Each file is one transaction and says which version read it, so that an upgrade that is cut short goes on where it ended.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.errors import StoreError
from corpus.ingest import PARSER, Report, take_in
from corpus.sql.choice import chosen
from corpus.store import FILE, Store, require_known
from index.carriers import carrier_of
from index.encoder import BUILTIN, is_earlier_builtin
from index.errors import SnapshotError
from index.snapshot import Progress, open_snapshot, writing
from qa.build import INDEX, STORE, encoder_of, update_index
from qa.changes import INDEX_WAIT, Tell, alone

_TABLES = ("moves", "refs")  # that stores of 0.1.0 had not from the beginning
_SAME_READING = "+"  # what follows it says what a reading lacks, not which version read


@dataclass(frozen=True, slots=True)
class Original:
    """A file that an earlier version read: where it lies, the name that users see, and which version read it."""

    path: Path
    name: str
    parser: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upgrade of one data folder will do.

    `tables`: tables and columns that the store lacks; `again`: files that will be read again; `kept`: those that cannot be,
    as their original is gone or was changed; `index`: why the index has to be built anew ("" where it has not).
    """

    tables: tuple[str, ...]
    again: tuple[Original, ...]
    kept: tuple[Original, ...]
    index: str

    @property
    def needed(self) -> bool:
        """Whether there is anything to do. What stays as it is for good is nothing to do."""
        return bool(self.tables or self.again or self.index)


def plan(data: Path, index: str = "") -> Plan:
    """What is to be done; changes nothing. Raises StoreError where there is no store, or it is of a newer version."""
    if chosen() is not None:  # its tables were brought up to date when it was opened
        again, kept = _outdated(Store(data, create=False).read_by())
        return Plan((), again, kept, _index_fault(data, index))
    path = data / FILE
    if not path.is_file():
        raise StoreError("数据目录里还没有导入任何文件", "请用 --data 指明数据目录；新的数据目录无需升级")
    try:
        with _opened(path) as connection:
            require_known(connection)
            tables = tuple(_lacking(connection))
            again, kept = _outdated(_read_by(connection))
    except sqlite3.Error as error:
        raise StoreError(
            f"文件库无法读取：{path}（{error}）", "请检查目录权限，或用 tiaowen restore 恢复备份"
        ) from error
    return Plan(tables, again, kept, _index_fault(data, index))


def outdated(data: Path) -> int:
    """How many files an earlier version read, whether or not they can be read again; 0 where that cannot be told."""
    if chosen() is not None:
        return sum(_is_old(parser) for _, _, parser in Store(data).read_by().values())
    if not (data / FILE).is_file():
        return 0
    try:
        with _opened(data / FILE) as connection:
            return sum(_is_old(parser) for (parser,) in connection.execute("SELECT parser FROM files"))
    except sqlite3.Error:
        return 0


def upgrade(
    data: Path,
    encoder: str = "",
    wait: float = 0.0,
    tell: Tell = lambda message: None,
    step: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    *,
    index: str = "",
) -> Report:
    """Does what `plan` says; returns what became of the files read again. Done twice, it does nothing the second time.

    `step` is called with the name of each file. Raises StoreBusy, StoreError, SnapshotError, EncoderError, IndexAway.
    """
    with alone(data, wait, tell), writing(data / INDEX, INDEX_WAIT):
        again = plan(data, index).again  # of now: somebody else may have been at it while this waited
        store = Store(data, create=False)
        store.finish_moves()
        report = take_in(store, [(original.path, original.name) for original in again], step)
        update_index(store, data, encoder, progress, index=index)
    return report


def _opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30))


def _is_old(parser: str) -> bool:
    return parser.partition(_SAME_READING)[0] != PARSER


def _lacking(connection: sqlite3.Connection) -> Iterator[str]:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    yield from (table for table in _TABLES if table not in tables)
    if "void" not in {row[1] for row in connection.execute("PRAGMA table_info(documents)")}:
        yield "documents.void"


def _read_by(connection: sqlite3.Connection) -> dict[str, tuple[str, str, str]]:
    return {path: (name, sha, parser) for path, name, sha, parser in connection.execute("SELECT * FROM files")}


def _outdated(rows: dict[str, tuple[str, str, str]]) -> tuple[tuple[Original, ...], tuple[Original, ...]]:
    """The files to read again and those that stay as they were read. Files inside archives go with the archive."""
    old = {path for path, (_, _, parser) in rows.items() if _is_old(parser)}
    again: list[Original] = []
    kept: list[Original] = []
    for path in sorted({_outermost(path, rows) for path in old}):
        name, sha, parser = rows[path]
        original = Original(Path(path), name, parser)
        (again if _digest(original.path) == sha else kept).append(original)
    return tuple(again), tuple(kept)


def _outermost(path: str, known: dict[str, tuple[str, str, str]]) -> str:
    around = [str(parent) for parent in PurePosixPath(path).parents if str(parent) in known]
    return around[-1] if around else path


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _index_fault(data: Path, index: str) -> str:
    try:
        snapshot = open_snapshot(data / INDEX, verify=False, carrier=carrier_of(index))
    except SnapshotError as error:
        return error.message
    if is_earlier_builtin(snapshot.encoder_id) and encoder_of(data) == BUILTIN:
        return "索引用的是以前的内置编码模型"
    return "" if (snapshot.folder / STORE).is_file() else "索引没有随带文件库"
