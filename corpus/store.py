"""Documents and clauses in one SQLite file: the place where they become rows, and where all writing is done.

One connection a thread, write-ahead logging, so that one process reads while another writes. A file is written in one
transaction: all of it is in, or nothing. What answers questions reads a copy that does not change (corpus/frozen.py).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from corpus.addresses import AddressBook, parse
from corpus.errors import StoreError
from corpus.linking import Catalogue, Entry
from corpus.queries import Queries
from corpus.types import Anchor, Clause, Document, Link

FILE = "tiaowen.sqlite3"
"""The file of the documents inside a data folder."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, title TEXT NOT NULL, title_inferred INTEGER NOT NULL, number TEXT, issuer TEXT,
  issued_on TEXT, effective_from TEXT, effective_until TEXT, repealed_by TEXT, kind TEXT NOT NULL, region TEXT,
  links TEXT NOT NULL, anchors TEXT NOT NULL, text TEXT NOT NULL
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


class Store(Queries):
    """The documents and clauses under a data folder.

    >>> store = Store(Path("data"))
    >>> [document.title for document in store.documents()]

    Raises StoreError where the file cannot be opened or is not ours.
    """

    def __init__(self, folder: Path, create: bool = True) -> None:
        self.path = folder / FILE
        if not create and not self.path.is_file():
            raise StoreError("数据目录里还没有导入任何文件", "请先执行 tiaowen ingest 文件或目录 --data 数据目录")
        self._local = threading.local()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._connect() as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"数据目录无法使用：{folder}（{error}）", "请检查目录权限，或换一个数据目录") from error

    def _connect(self) -> sqlite3.Connection:
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
                self._connect().backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # no files beside it, so that it can lie on a read-only disk
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"文件库无法复制到 {path}（{error}）", "请检查磁盘空间和目录权限后重试") from error

    # -- writing -------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or nothing."""
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        except sqlite3.Error as error:
            connection.rollback()
            raise StoreError(f"写入数据目录失败（{error}）", "请检查磁盘空间和目录权限后重试") from error
        except BaseException:
            connection.rollback()
            raise

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
        """Says that a file that was read lies elsewhere now, so that what is read from there next is a new version of it."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO files (path, name, sha256, parser) SELECT ?, name, sha256, parser FROM files WHERE path = ?",
                (to, path),
            )
            connection.execute("UPDATE sources SET path = ? WHERE path = ?", (to, path))
            connection.execute("DELETE FROM files WHERE path = ?", (path,))

    def _write(self, connection: sqlite3.Connection, path: str, document: Document, clauses: Sequence[Clause]) -> None:
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
        )
        connection.execute(
            "INSERT INTO documents (id, seq, title, title_inferred, number, issuer, issued_on, effective_from, "
            "effective_until, kind, region, links, anchors, text) VALUES (?, (SELECT ifnull(max(seq), 0) + 1 FROM documents), "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, title_inferred = "
            "excluded.title_inferred, number = excluded.number, issuer = excluded.issuer, issued_on = excluded.issued_on, "
            "effective_from = excluded.effective_from, effective_until = excluded.effective_until, kind = excluded.kind, "
            "region = excluded.region, links = excluded.links",
            (document.id, *values),
        )
        for source in document.sources:
            connection.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)",
                (document.id, path, source.line_start, source.line_end, source.page_start, source.page_end),
            )
        connection.execute("DELETE FROM clauses WHERE document_id = ?", (document.id,))
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

    def _link_references(self, connection: sqlite3.Connection, catalogue: Catalogue) -> None:
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


def _anchor(anchor: Anchor) -> list[float | int | None]:
    place: list[float | int | None] = [anchor.offset, anchor.line, anchor.page]
    return place if anchor.confidence is None else [*place, anchor.confidence]


def _links(links: Sequence[Link]) -> str:
    return json.dumps([[k.kind, k.title, k.target, k.number] for k in links], ensure_ascii=False)


def _drop_orphans(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM documents WHERE id NOT IN (SELECT document_id FROM sources)")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
