"""Documents and clauses in one SQLite file: the only place where they become rows and rows become them.

One connection a thread, write-ahead logging, so that a service reads while an ingestion writes. A file is written in one
transaction: all of it is in, or nothing.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.addresses import AddressBook, parse
from corpus.errors import NotFound, StoreError
from corpus.linking import Catalogue, Entry
from corpus.types import Anchor, Clause, Document, Link, Reference, Responsible, Source, Span, Validity

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
_COLUMNS = (
    "id, title, title_inferred, number, issuer, issued_on, effective_from, effective_until, repealed_by, kind, region, links, "
    "anchors, text"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the store holds."""

    files: int
    documents: int
    clauses: int


class Store:
    """The documents and clauses under a data folder.

    >>> store = Store(Path("data"))
    >>> [document.title for document in store.documents()]

    Raises StoreError where the file cannot be opened or is not ours.
    """

    def __init__(self, folder: Path, create: bool = True) -> None:
        self.path = folder / "tiaowen.sqlite3"
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

    # -- reading -------------------------------------------------------------------------------------------------------

    def counts(self) -> Counts:
        one = self._connect().execute
        return Counts(*(one(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("files", "documents", "clauses")))

    def documents(self, limit: int | None = None, after: str | None = None) -> list[Document]:
        """Documents in the order of their ingestion, from the one after `after` (an id)."""
        start = 0
        if after is not None:
            row = self._connect().execute("SELECT seq FROM documents WHERE id = ?", (after,)).fetchone()
            if row is None:
                raise NotFound("没有这份文件，无法从它之后继续翻页", "请从第一页重新开始")
            start = row[0]
        rows = self._connect().execute(
            f"SELECT {_COLUMNS} FROM documents WHERE seq > ? ORDER BY seq LIMIT ?",
            (start, -1 if limit is None else limit),
        )
        return [self._document(row) for row in rows.fetchall()]

    def document(self, ident: str) -> Document:
        """Raises NotFound."""
        row = self._connect().execute(f"SELECT {_COLUMNS} FROM documents WHERE id = ?", (ident,)).fetchone()
        if row is None:
            raise NotFound("没有这份文件", "可用 GET /v1/documents 查看已导入的文件")
        return self._document(row)

    def clauses(self, document_id: str) -> list[Clause]:
        """The clauses of a document in order; empty where there is no such document."""
        rows = self._connect().execute("SELECT * FROM clauses WHERE document_id = ? ORDER BY ordinal", (document_id,))
        clauses = [_clause(row) for row in rows.fetchall()]
        refs = self._references("clause_id IN (SELECT id FROM clauses WHERE document_id = ?)", document_id)
        return [replace(c, references=refs[c.id]) if c.id in refs else c for c in clauses]

    def _references(self, where: str, value: str) -> dict[str, tuple[Reference, ...]]:
        rows = self._connect().execute(
            f'SELECT clause_id, start, "end", title, address, target_document, target_clause, bare FROM refs WHERE {where} '
            "ORDER BY clause_id, n",
            (value,),
        )
        out: dict[str, list[Reference]] = {}
        for clause, start, end, title, address, document, target, bare in rows:
            reference = Reference(Span(start, end), title, address, document, target, bool(bare))
            out.setdefault(clause, []).append(reference)
        return {clause: tuple(found) for clause, found in out.items()}

    def clause(self, ident: str) -> Clause:
        """Raises NotFound."""
        row = self._connect().execute("SELECT * FROM clauses WHERE id = ?", (ident,)).fetchone()
        if row is None:
            raise NotFound("没有这个条款", "可用 GET /v1/documents/{id} 查看一份文件的全部条款")
        clause = _clause(row)
        return replace(clause, references=self._references("clause_id = ?", ident).get(ident, ()))

    def linked_from(self, ident: str) -> list[Link]:
        """What other documents say of the document `ident`: the kind of their link, their title and their id."""
        rows = self._connect().execute(
            "SELECT d.id, d.title, d.number, j.value ->> 0 FROM documents d, json_each(d.links) j "
            "WHERE j.value ->> 2 = ? ORDER BY d.seq",
            (ident,),
        )
        return [Link(kind, title, document, number) for document, title, number, kind in rows.fetchall()]

    def clauses_referring(self, ident: str) -> list[Clause]:
        """The clauses whose words name the clause `ident`, in the order of their documents."""
        rows = self._connect().execute(
            "SELECT c.* FROM clauses c JOIN documents d ON d.id = c.document_id "
            "WHERE c.id IN (SELECT clause_id FROM refs WHERE target_clause = ?) ORDER BY d.seq, c.ordinal",
            (ident,),
        )
        return [_clause(row) for row in rows.fetchall()]

    def file(self, path: str) -> tuple[str, str] | None:
        """(sha256, parser version) of a file that was read, or None."""
        row = self._connect().execute("SELECT sha256, parser FROM files WHERE path = ?", (path,)).fetchone()
        return (row[0], row[1]) if row else None

    def note(self, key: str) -> str | None:
        """A short text that another folder keeps with the documents, or None."""
        row = self._connect().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_note(self, key: str, value: str) -> None:
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
            )

    def read_of(self, path: str) -> list[tuple[Document, tuple[Clause, ...]]]:
        """The documents that were read from a file, each with its clauses; empty where the file is not known."""
        rows = self._connect().execute(
            f"SELECT {_COLUMNS} FROM documents WHERE id IN (SELECT document_id FROM sources WHERE path = ?) ORDER BY seq",
            (path,),
        )
        documents = [self._document(row) for row in rows.fetchall()]
        return [(document, tuple(self.clauses(document.id))) for document in documents]

    def paths(self, name: str) -> list[str]:
        """The full paths of the files that are shown under this name or lie at this path."""
        rows = self._connect().execute("SELECT path FROM files WHERE name = ? OR path = ? ORDER BY path", (name, name))
        return [row[0] for row in rows.fetchall()]

    def regions(self) -> set[str]:
        """The places that the documents are of."""
        rows = self._connect().execute("SELECT DISTINCT region FROM documents WHERE region IS NOT NULL")
        return {row[0] for row in rows.fetchall()}

    def digest(self) -> str:
        """Changes whenever the set of documents changes: what an index is built from."""
        rows = (
            self._connect().execute("SELECT id, title, ifnull(repealed_by, '') FROM documents ORDER BY seq").fetchall()
        )
        return sha256("\n".join("\t".join(row) for row in rows).encode()).hexdigest()

    def _document(self, row: Sequence[Any]) -> Document:
        (ident, title, inferred, number, issuer, issued, begin, until, repealed, kind, region, links, anchors, text) = (
            row
        )
        sources = self._connect().execute(
            "SELECT f.name, f.sha256, s.line_start, s.line_end, s.page_start, s.page_end FROM sources s JOIN files f "
            "ON f.path = s.path WHERE s.document_id = ? ORDER BY f.name, s.line_start",
            (ident,),
        )
        return Document(
            id=ident,
            text=text,
            title=title,
            title_inferred=bool(inferred),
            number=number,
            issuer=issuer,
            issued_on=_date(issued),
            validity=Validity(_date(begin), _date(until), repealed),
            kind=kind,
            region=region,
            sources=tuple(Source(*source) for source in sources.fetchall()),
            links=tuple(Link(*link) for link in json.loads(links)),
            anchors=tuple(Anchor(*anchor) for anchor in json.loads(anchors)),
        )

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
        catalogue = Catalogue(Entry(ident, title, number, _date(issued)) for ident, title, number, issued, _ in rows)
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


def _clause(row: Sequence[Any]) -> Clause:
    ident, document, ordinal, address, path, label, heading, start, end, parent, departments = row
    return Clause(
        ident,
        document,
        address,
        tuple(json.loads(path)),
        label,
        heading,
        Span(start, end),
        parent,
        ordinal,
        tuple(
            Responsible(name, role, inherited, Span(first, last))
            for name, role, inherited, first, last in (r for r in json.loads(departments) if isinstance(r, list))
        ),
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
