"""Documents and clauses in one SQLite file, or in a PostgreSQL that several machines share: the place where they become rows, and
where all writing is done.

One connection a thread, write-ahead logging, so that one process reads while another writes. A file is written in one
transaction: all of it is in, or nothing. What answers questions reads a copy that does not change (corpus/frozen.py);
`unpublished` tells whether there is something that the last such copy lacks.

With PostgreSQL each machine has copies of its own, and what its index has is noted beside that (corpus/sql/copies.py), not in the
database.

Files of the data folder that come or go with a transaction are noted in it (`plan_move`) and moved after it
(`finish_moves`); whoever changes the store next does what is left of that, so that a process may end at any point.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.addresses import AddressBook, parse
from corpus.disk import sync
from corpus.errors import StoreBusy, StoreConflict, StoreError
from corpus.linking import Catalogue, Entry
from corpus.queries import Queries
from corpus.revision import distinct
from corpus.sql.choice import chosen, dialect_of
from corpus.sql.copies import Mark, copy_tables
from corpus.sql.node import node_of
from corpus.sql.shapes import Connection
from corpus.types import Anchor, Clause, Document, Link

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

FILE = "tiaowen.sqlite3"
"""The file of the documents inside a data folder."""

SCHEMA_VERSION = 1
"""Of the tables (SQLite's user_version); stores of before it was kept have 0. To be raised where an older program must not write any more."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS moves (place TEXT PRIMARY KEY, source TEXT);
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, title TEXT NOT NULL, title_inferred INTEGER NOT NULL, number TEXT, issuer TEXT,
  issued_on TEXT, effective_from TEXT, effective_until TEXT, repealed_by TEXT, kind TEXT NOT NULL, region TEXT,
  links TEXT NOT NULL, anchors TEXT NOT NULL, text TEXT NOT NULL, void TEXT
);
CREATE INDEX IF NOT EXISTS documents_seq ON documents (seq);
CREATE TABLE IF NOT EXISTS sources (
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, path TEXT NOT NULL REFERENCES files (path),
  line_start INTEGER NOT NULL, line_end INTEGER NOT NULL, page_start INTEGER, page_end INTEGER,
  PRIMARY KEY (document_id, path, line_start)
);
CREATE INDEX IF NOT EXISTS sources_path ON sources (path);
CREATE TABLE IF NOT EXISTS clauses (
  id TEXT PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  address TEXT NOT NULL, path TEXT NOT NULL, label TEXT NOT NULL, heading TEXT NOT NULL, start INTEGER NOT NULL,
  "end" INTEGER NOT NULL, parent TEXT, departments TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS clauses_order ON clauses (document_id, ordinal);
CREATE TABLE IF NOT EXISTS refs (
  clause_id TEXT NOT NULL REFERENCES clauses (id) ON DELETE CASCADE, n INTEGER NOT NULL, start INTEGER NOT NULL,
  "end" INTEGER NOT NULL, title TEXT, bare INTEGER NOT NULL, address TEXT NOT NULL, target_document TEXT, target_clause TEXT,
  PRIMARY KEY (clause_id, n)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refs_title ON refs (title) WHERE title IS NOT NULL;
CREATE INDEX IF NOT EXISTS refs_target ON refs (target_clause);
"""


_SUBJECT = "documents"  # whose writers come one after the other
_CHANGES = "documents: a change"
_PAUSE = 2 * 3600.0  # seconds: files are read inside the transaction that takes an upload in
_COPIED = ("meta", "files", "documents", "sources", "clauses", "refs")
_LASTING = "INSERT INTO meta VALUES ('lasting', '1') ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_COUNT_REVISION = "INSERT INTO meta VALUES ('revision', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)"


def require_known(connection: sqlite3.Connection) -> int:
    """The version of the tables. Raises StoreError where a newer version of the program made the store."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"文件库由更新的版本建立（{version}，本程序认识到 {SCHEMA_VERSION}）",
            "请安装更新的版本，或用 tiaowen restore 恢复升级前的备份",
        )
    return int(version)


def is_there(folder: Path) -> bool:
    """Whether anything was ever written for a data folder. Raises DatabaseAway."""
    return Store(folder).revision() > 0 if chosen() is not None else (folder / FILE).is_file()


class Store(Queries):
    """The documents and clauses under a data folder.

    >>> store = Store(Path("data"))
    >>> [document.title for document in store.documents()]

    `server` is the PostgreSQL that has them; by default the one chosen for this process, if any.

    Raises StoreError where the file cannot be opened or is not ours, and DatabaseAway.
    """

    def __init__(self, folder: Path, create: bool = True, server: Server | None = None) -> None:
        self.path = folder / FILE
        self._server = server or chosen()
        self.sql = dialect_of(self._server)
        self._local = threading.local()
        if self._server is not None:
            self._open_shared(self._server, folder, create)
            return
        if not create and not self.path.is_file():
            raise StoreError("数据目录里还没有导入任何文件", "请先执行 tiaowen ingest 文件或目录 --data 数据目录")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._file() as connection:
                version = require_known(connection)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(_SCHEMA)
                if "void" not in {row[1] for row in connection.execute("PRAGMA table_info(documents)")}:
                    connection.execute("ALTER TABLE documents ADD COLUMN void TEXT")  # a store of an earlier version
                if version != SCHEMA_VERSION:  # which waits for whoever writes: not every opening may
                    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"数据目录无法使用：{folder}（{error}）", "请检查目录权限，或换一个数据目录") from error

    def _open_shared(self, server: Server, folder: Path, create: bool) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"数据目录无法使用：{folder}（{error}）", "请检查目录权限，或换一个数据目录") from error
        self._session = server.session(_SUBJECT, _PAUSE)
        self._node = node_of(folder)
        self._mark = Mark(folder, server.identity())
        if not create and not self.revision():
            raise StoreError("数据库里还没有导入任何文件", "请先执行 tiaowen ingest 文件或目录 --data 数据目录")

    @property
    def shared(self) -> bool:
        """Whether other machines write to it, too."""
        return self._server is not None

    @contextmanager
    def settled(self, taken: StoreBusy, wait: float = 0.0, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """No machine is in the middle of a change meanwhile, unless who is inside; in a file that is a matter of qa.changes alone."""
        if self._server is None:
            yield
            return
        with self._server.exclusive(_CHANGES, taken, wait, on_wait):
            yield

    def _connect(self) -> Connection:
        return self._session if self._server is not None else self._file()

    def _file(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30)
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Closes the connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._connect().execute(sql, values).fetchall()

    def freeze(self, path: Path) -> None:
        """Writes a copy of all that is stored now, in one state whoever else is writing, for `FrozenStore` to open.

        Raises StoreError where it cannot be written.
        """
        try:
            with closing(sqlite3.connect(path)) as copy:
                if self._server is not None:
                    copy.executescript(f"{_SCHEMA} PRAGMA user_version={SCHEMA_VERSION};")
                    copy_tables(self._server, copy, _COPIED)
                else:
                    self._file().backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # no files beside it, so that it can lie on a read-only disk
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"文件库无法复制到 {path}（{error}）", "请检查磁盘空间和目录权限后重试") from error

    # -- writing -------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, lasting: bool = False) -> Iterator[Connection]:
        """All of what is written inside, or nothing; one inside another is a part of it that may be undone alone. `lasting`:
        it is on the disk when it is done, whatever becomes of the machine; else the last of them may be lost with it.

        Raises StoreError, StoreBusy or StoreConflict.
        """
        if self._server is not None:
            with self._shared_transaction(lasting) as session:
                yield session
            return
        connection = self._file()
        depth = getattr(self._local, "depth", 0)
        self._local.depth = depth + 1
        try:
            with _told(self.path):
                if depth == 0:
                    connection.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute(_COUNT_REVISION)
                else:
                    _require_open(connection)
                    connection.execute(f"SAVEPOINT inner{depth}")
                yield connection
                _require_open(connection)
                if depth == 0:
                    connection.commit()
                else:
                    connection.execute(f"RELEASE inner{depth}")
        except BaseException:
            if depth == 0:
                connection.rollback()
            elif connection.in_transaction:  # where the disk is full, SQLite has undone all of it already
                connection.execute(f"ROLLBACK TO inner{depth}")
                connection.execute(f"RELEASE inner{depth}")
            raise
        finally:
            self._local.depth = depth

    @contextmanager
    def _shared_transaction(self, lasting: bool) -> Iterator[Connection]:
        depth = getattr(self._local, "depth", 0)
        self._local.depth = depth + 1
        try:
            if depth == 0:
                with self._session.transaction(lasting) as session:
                    session.execute(_COUNT_REVISION)
                    yield session
            else:
                with self._session.savepoint(f"inner{depth}") as session:
                    yield session
        finally:
            self._local.depth = depth

    # -- what the index has of it --------------------------------------------------------------------------------------

    def unpublished(self) -> bool:
        """Whether something was written since `published`, or may have been."""
        had = self._mark.read() if self._server is not None else self.number("published")
        return had != self.revision()

    def published(self, revision: int) -> None:
        """Notes that the index has all that was written up to a revision."""
        if self._server is not None:
            self._mark.write(revision)
            return
        with _told(self.path), self._file() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('published', ?)", (str(revision),))

    def make_lasting(self) -> None:
        """Waits until all that was written is on the disk: an index must not outlive what it was made from."""
        if self._server is not None:
            self._mark.clear()
            with self._session.transaction(lasting=True) as session:
                session.execute(_LASTING)
            return
        connection = self._file()
        with _told(self.path):
            connection.execute("PRAGMA synchronous=FULL")
            try:
                with connection:
                    connection.execute("INSERT OR REPLACE INTO meta VALUES ('published', '-1')")
            finally:
                connection.execute("PRAGMA synchronous=NORMAL")

    # -- files that come and go with it --------------------------------------------------------------------------------

    def plan_move(self, place: Path, source: Path | None) -> None:
        """Notes, inside a transaction, that the file `source` is to lie at `place` once it is written, or that the file
        at `place` is to go where there is no source. Both lie in the data folder."""
        names = [None if path is None else self._inside(path) for path in (place, source)]
        if self._server is not None:
            self._session.execute("DELETE FROM moves WHERE node = ? AND place = ?", (self._node, names[0]))
            self._session.execute("INSERT INTO moves (node, place, source) VALUES (?, ?, ?)", (self._node, *names))
            return
        self._connect().execute("INSERT OR REPLACE INTO moves VALUES (?, ?)", names)

    def finish_moves(self) -> int:
        """Moves and removes the files that transactions noted; returns how many that were. Doing it twice does no harm."""
        root = self.path.parent.resolve()
        rows = self._rows(f"SELECT place, source FROM moves{self._own} ORDER BY rowid")
        for place, source in rows:
            try:
                _move(root, root / place, None if source is None else root / source)
            except OSError as error:
                raise StoreError(
                    f"文件无法移到位：{place}（{error.strerror}）", "请检查磁盘空间和目录权限后重试"
                ) from error
            if self._server is not None:
                self._session.execute("DELETE FROM moves WHERE node = ? AND place = ?", (self._node, place))
                continue
            with _told(self.path), self._file() as connection:
                connection.execute("DELETE FROM moves WHERE place = ?", (place,))
        return len(rows)

    def moves_left(self) -> bool:
        """Whether `finish_moves` has anything to do."""
        return bool(self._rows(f"SELECT 1 FROM moves{self._own} LIMIT 1"))

    @property
    def _own(self) -> str:
        """Which moves are of this data folder."""
        return f" WHERE node = '{self._node}'" if self._server is not None else ""

    def _inside(self, path: Path) -> str:
        return path.resolve().relative_to(self.path.parent.resolve()).as_posix()

    # -- documents -----------------------------------------------------------------------------------------------------

    def replace_file(
        self, path: str, name: str, sha256: str, parser: str, read: Sequence[tuple[Document, Sequence[Clause]]]
    ) -> None:
        """Puts the documents of one file in the place of what was read from it before, in one transaction."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM sources WHERE path = ?", (path,))
            # Clauses of the old reading go first: the new one may carry their ids over.
            connection.execute("DELETE FROM clauses WHERE document_id NOT IN (SELECT document_id FROM sources)")
            connection.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET name = excluded.name, "
                "sha256 = excluded.sha256, parser = excluded.parser",
                (path, name, sha256, parser),
            )
            for document, clauses in read:
                self._write(connection, path, document, clauses)
            _drop_orphans(connection)

    def drop_file(self, path: str) -> None:
        """Removes a file and the documents that stand in no other file."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM sources WHERE path = ?", (path,))
            connection.execute("DELETE FROM files WHERE path = ?", (path,))
            _drop_orphans(connection)

    def move_file(self, path: str, to: str) -> None:
        """Says that a file that was read lies elsewhere now, so that what is read from there next is a new version of it.
        The files inside it move along."""
        inside = self.paths_inside(path)
        with self.transaction() as connection:
            for old in (path, *inside):
                new = to + old[len(path) :]
                connection.execute(
                    "INSERT INTO files (path, name, sha256, parser) SELECT ?, name, sha256, parser FROM files WHERE path = ?",
                    (new, old),
                )
                connection.execute("UPDATE sources SET path = ? WHERE path = ?", (new, old))
                connection.execute("DELETE FROM files WHERE path = ?", (old,))

    def _write(self, connection: Connection, path: str, document: Document, clauses: Sequence[Clause]) -> None:
        values = (
            document.title,
            document.title_inferred,
            document.number,
            document.issuer,
            _iso(document.issued_on),
            _iso(document.validity.effective_from),
            _iso(document.validity.effective_until),
            document.kind,
            document.region,
            _links(document.links),
            json.dumps([_anchor(a) for a in document.anchors]),
            document.text,
            document.validity.void,
        )
        connection.execute(
            "INSERT INTO documents (id, seq, title, title_inferred, number, issuer, issued_on, effective_from, "
            "effective_until, kind, region, links, anchors, text, void) VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM documents), "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, title_inferred = "
            "excluded.title_inferred, number = excluded.number, issuer = excluded.issuer, issued_on = excluded.issued_on, "
            "effective_from = excluded.effective_from, effective_until = excluded.effective_until, kind = excluded.kind, "
            "region = excluded.region, links = excluded.links, void = excluded.void",
            (document.id, *values),
        )
        for source in document.sources:
            connection.execute(
                "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (document_id, path, line_start) DO UPDATE SET "
                "line_end = excluded.line_end, page_start = excluded.page_start, page_end = excluded.page_end",
                (document.id, path, source.line_start, source.line_end, source.page_start, source.page_end),
            )
        connection.execute("DELETE FROM clauses WHERE document_id = ?", (document.id,))
        clauses = distinct((document, tuple(clauses)), lambda ids: self._of_others(document.id, ids))
        connection.executemany(
            "INSERT INTO clauses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    c.id,
                    c.document_id,
                    c.ordinal,
                    c.address,
                    json.dumps(c.path, ensure_ascii=False),
                    c.label,
                    c.heading,
                    c.span.start,
                    c.span.end,
                    c.parent,
                    json.dumps(
                        [[r.name, r.role, r.inherited, r.span.start, r.span.end] for r in c.responsible],
                        ensure_ascii=False,
                    ),
                )
                for c in clauses
            ],
        )
        connection.executemany(
            "INSERT INTO refs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (c.id, n, r.span.start, r.span.end, r.title, r.bare, r.address, r.document, r.clause)
                for c in clauses
                for n, r in enumerate(c.references)
            ],
        )

    def _of_others(self, document: str, ids: Sequence[str]) -> set[str]:
        """Which of the ids are those of clauses of other documents."""
        rows = self._rows(
            f"SELECT c.id FROM {self.sql.texts('?', 'j')} JOIN clauses c ON c.id = j.value WHERE c.document_id != ?",
            (json.dumps(list(ids)), document),
        )
        return {row[0] for row in rows}

    def link(self) -> None:
        """Resolves what documents say of each other by title: link targets, who repeals whom, and references."""
        rows = (
            self._connect().execute("SELECT id, title, number, issued_on, links FROM documents ORDER BY seq").fetchall()
        )
        catalogue = Catalogue(
            Entry(ident, title, number, date.fromisoformat(issued) if issued else None)
            for ident, title, number, issued, _ in rows
        )
        with self.transaction() as connection:
            connection.execute("UPDATE documents SET repealed_by = NULL WHERE repealed_by IS NOT NULL")
            for ident, title, _, _, raw in rows:
                links = [Link(*link) for link in json.loads(raw)]
                found = [replace(k, target=catalogue.find(k.title, k.number, of=ident)) for k in links]
                if found != links:
                    connection.execute("UPDATE documents SET links = ? WHERE id = ?", (_links(found), ident))
                for link in found:
                    if link.kind == "repeals" and link.target:
                        connection.execute("UPDATE documents SET repealed_by = ? WHERE id = ?", (title, link.target))
            self._link_references(connection, catalogue)

    def _link_references(self, connection: Connection, catalogue: Catalogue) -> None:
        """Finds the clauses of other documents that references name; one document's clauses are in memory at a time."""
        rows = connection.execute(
            "SELECT r.title, r.bare, r.address, c.document_id, r.clause_id, r.n, r.target_document, r.target_clause "
            "FROM refs r JOIN clauses c ON c.id = r.clause_id WHERE r.title IS NOT NULL"
        ).fetchall()
        targets: dict[tuple[str, bool, str], str | None] = {}
        wanted: dict[str | None, list[tuple[str, str, int, str | None, str | None]]] = {}
        for title, bare, address, document, clause, n, *had in rows:
            key = (title, bool(bare), document)
            if key not in targets:
                targets[key] = catalogue.find(title, of=document, bare=bool(bare))
            wanted.setdefault(targets[key], []).append((address, clause, n, had[0], had[1]))
        for target, references in wanted.items():
            book = AddressBook(self.clauses(target)) if target else None
            for address, clause, n, had_document, had_clause in references:
                found = book.find(parse(address)) if book else None
                now = (target, found.id if found else None)
                if now != (had_document, had_clause):
                    connection.execute(
                        "UPDATE refs SET target_document = ?, target_clause = ? WHERE clause_id = ? AND n = ?",
                        (*now, clause, n),
                    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of SQLite as what they are: a contradiction in what was to be written, another writer, or the disk."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StoreConflict(
            f"读出的内容与库中已有的相矛盾，没有写入（{error}）",
            "库中其他文件不受影响；这是程序的缺陷，请附上这个文件反馈",
        ) from error
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreBusy("另一个进程正在写入文件库", "等它结束后再试") from error
        raise StoreError(f"文件库 {path} 无法写入（{error}）", "请检查磁盘空间和目录权限后重试") from error
    except sqlite3.Error as error:
        raise StoreError(f"文件库 {path} 无法写入（{error}）", "请检查磁盘空间和目录权限后重试") from error


def _require_open(connection: sqlite3.Connection) -> None:
    """A full disk makes SQLite undo the whole transaction by itself: what is written after that must not stand alone."""
    if not connection.in_transaction:
        raise StoreError("写入已被数据库撤销", "请检查磁盘空间和目录权限后重试")


def _move(root: Path, place: Path, source: Path | None) -> None:
    """Puts a file in its place, or takes it away with the folders that it leaves empty."""
    if source is not None:
        if source.is_file():  # else it was moved before the process ended
            place.parent.mkdir(parents=True, exist_ok=True)
            source.replace(place)
            sync(place.parent)
        return
    if place.is_file():
        place.unlink()
        sync(place.parent)
    for folder in place.parents:
        if folder.parent in (root, folder) or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def _anchor(anchor: Anchor) -> list[float | int | None]:
    place: list[float | int | None] = [anchor.offset, anchor.line, anchor.page]
    return place if anchor.confidence is None else [*place, anchor.confidence]


def _links(links: Sequence[Link]) -> str:
    return json.dumps([[k.kind, k.title, k.target, k.number] for k in links], ensure_ascii=False)


def _drop_orphans(connection: Connection) -> None:
    connection.execute("DELETE FROM documents WHERE id NOT IN (SELECT document_id FROM sources)")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
