"""What is asked of the documents and clauses in a database, whichever way it is opened: rows become dataclasses here."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from corpus.errors import NotFound
from corpus.sql.dialect import SQLITE, Dialect
from corpus.types import Anchor, Clause, Document, Link, Reference, Responsible, Source, Span, Validity

_FACTS = "id, title, title_inferred, number, issuer, issued_on, effective_from, effective_until, repealed_by, void, kind, region, links"
_COLUMNS = f"{_FACTS}, anchors, text"
_COLUMNS_OF_CATALOGUE = f"{_FACTS}, '[]', ''"
_ALL = 2**62  # rows: more than there are
# Columns and order of all that can be shown. Texts are left out: a document's id is made of its text; paths too: files may
# be moved.
_CONTENT = (
    (f"{_FACTS}, anchors", "documents ORDER BY seq"),
    (
        "s.document_id, f.name, f.sha256, s.line_start, s.line_end, s.page_start, s.page_end",
        "sources s JOIN files f ON f.path = s.path ORDER BY s.document_id, f.name, f.sha256, s.line_start",
    ),
    ("name, sha256, parser", "files ORDER BY name, sha256, parser"),
    ("*", "clauses ORDER BY document_id, ordinal"),
    ("*", "refs ORDER BY clause_id, n"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the store holds."""

    files: int
    documents: int
    clauses: int


class Queries(ABC):
    """The questions; a subclass says how rows are read (`Store` of the database in use, `FrozenStore` of a copy), and in which words
    (`sql`)."""

    sql: Dialect = SQLITE

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of one SELECT."""

    def counts(self) -> Counts:
        return Counts(*(self._rows(f"SELECT count(*) FROM {t}")[0][0] for t in ("files", "documents", "clauses")))

    def documents(self, limit: int | None = None, after: str | None = None) -> list[Document]:
        """Documents in the order of their ingestion, from the one after `after` (an id)."""
        start = 0
        if after is not None:
            found = self._rows("SELECT seq FROM documents WHERE id = ?", (after,))
            if not found:
                raise NotFound("没有这份文件，无法从它之后继续翻页", "请从第一页重新开始")
            start = found[0][0]
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM documents WHERE seq > ? ORDER BY seq LIMIT ?",
            (start, _ALL if limit is None else limit),
        )
        return [self._document(row) for row in rows]

    def document(self, ident: str) -> Document:
        """Raises NotFound."""
        found = self._rows(f"SELECT {_COLUMNS} FROM documents WHERE id = ?", (ident,))
        if not found:
            raise NotFound("没有这份文件", "可用 GET /v1/documents 查看已导入的文件")
        return self._document(found[0])

    def catalogue(self) -> list[Document]:
        """All documents as `documents` gives them, without what takes space: texts, anchors and sources."""
        rows = self._rows(f"SELECT {_COLUMNS_OF_CATALOGUE} FROM documents ORDER BY seq")
        return [_document(row, ()) for row in rows]

    def titled(self, title: str) -> list[Document]:
        """The documents of this title, the last ingested first."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM documents WHERE title = ? ORDER BY seq DESC", (title,))
        return [self._document(row) for row in rows]

    def clauses(self, document_id: str) -> list[Clause]:
        """The clauses of a document in order; empty where there is no such document."""
        rows = self._rows("SELECT * FROM clauses WHERE document_id = ? ORDER BY ordinal", (document_id,))
        clauses = [_clause(row) for row in rows]
        refs = self._references("clause_id IN (SELECT id FROM clauses WHERE document_id = ?)", document_id)
        return [replace(c, references=refs[c.id]) if c.id in refs else c for c in clauses]

    def _references(self, where: str, value: str) -> dict[str, tuple[Reference, ...]]:
        rows = self._rows(
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
        found = self._rows("SELECT * FROM clauses WHERE id = ?", (ident,))
        if not found:
            raise NotFound("没有这个条款", "可用 GET /v1/documents/{id} 查看一份文件的全部条款")
        clause = _clause(found[0])
        return replace(clause, references=self._references("clause_id = ?", ident).get(ident, ()))

    def linked_from(self, ident: str) -> list[Link]:
        """What other documents say of the document `ident`: the kind of their link, their title and their id."""
        rows = self._rows(
            f"SELECT d.id, d.title, d.number, j.value ->> 0 FROM documents d, {self.sql.items('d.links', 'j')} "
            "WHERE j.value ->> 2 = ? ORDER BY d.seq",
            (ident,),
        )
        return [Link(kind, title, document, number) for document, title, number, kind in rows]

    def clauses_referring(self, ident: str) -> list[Clause]:
        """The clauses whose words name the clause `ident`, in the order of their documents."""
        rows = self._rows(
            "SELECT c.* FROM clauses c JOIN documents d ON d.id = c.document_id "
            "WHERE c.id IN (SELECT clause_id FROM refs WHERE target_clause = ?) ORDER BY d.seq, c.ordinal",
            (ident,),
        )
        return [_clause(row) for row in rows]

    def file(self, path: str) -> tuple[str, str] | None:
        """(sha256, parser version) of a file that was read, or None."""
        found = self._rows("SELECT sha256, parser FROM files WHERE path = ?", (path,))
        return (found[0][0], found[0][1]) if found else None

    def read_of(self, path: str) -> list[tuple[Document, tuple[Clause, ...]]]:
        """The documents that were read from a file, each with its clauses; empty where the file is not known."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM documents WHERE id IN (SELECT document_id FROM sources WHERE path = ?) ORDER BY seq",
            (path,),
        )
        documents = [self._document(row) for row in rows]
        return [(document, tuple(self.clauses(document.id))) for document in documents]

    def paths(self, name: str) -> list[str]:
        """The full paths of the files that are shown under this name or lie at this path."""
        rows = self._rows("SELECT path FROM files WHERE name = ? OR path = ? ORDER BY path", (name, name))
        return [row[0] for row in rows]

    def paths_inside(self, path: str) -> list[str]:
        """The paths of the files that are inside a file: an archive, or a mail with attachments."""
        # "0" is the character after "/": a range of the index, where LIKE would take % and _ in names for signs.
        rows = self._rows("SELECT path FROM files WHERE path > ? AND path < ? ORDER BY path", (f"{path}/", f"{path}0"))
        return [row[0] for row in rows]

    def twins(self, path: str) -> list[str]:
        """The paths of the other files that hold the very same bytes as the one that was read at `path`."""
        rows = self._rows(
            "SELECT t.path FROM files f JOIN files t ON t.sha256 = f.sha256 AND t.path != f.path WHERE f.path = ? "
            "ORDER BY t.path",
            (path,),
        )
        return [row[0] for row in rows]

    def all_paths(self) -> list[str]:
        """The full paths of all files that were read."""
        return [row[0] for row in self._rows("SELECT path FROM files ORDER BY path")]

    def read_by(self) -> dict[str, tuple[str, str, str]]:
        """Of each file that was read, by its path: the name that users see, its sha256, and which version read it."""
        rows = self._rows("SELECT path, name, sha256, parser FROM files ORDER BY path")
        return {path: (name, sha256, parser) for path, name, sha256, parser in rows}

    def regions(self) -> set[str]:
        """The places that the documents are of."""
        rows = self._rows("SELECT DISTINCT region FROM documents WHERE region IS NOT NULL")
        return {row[0] for row in rows}

    def standing_elsewhere(self, path: str, ids: Sequence[str]) -> list[str]:
        """Which of the documents stand in another file than the one at `path`."""
        rows = self._rows(
            f"SELECT DISTINCT document_id FROM sources WHERE document_id IN (SELECT j.value FROM {self.sql.texts('?', 'j')}) "
            "AND path != ?",
            (json.dumps(list(ids)), path),
        )
        return [row[0] for row in rows]

    def revision(self) -> int:
        """Rises with every transaction that writes documents."""
        return self.number("revision") or 0

    def number(self, key: str) -> int | None:
        """A number that the store keeps of itself, None where it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return int(rows[0][0]) if rows else None

    def digest(self) -> str:
        """Changes whenever anything changes that is shown of a document or a clause. 0.4 s for 100,000 clauses."""
        total = sha256()
        for columns, rest in _CONTENT:
            for row in self._rows(f"SELECT {columns} FROM {rest}"):
                total.update(repr(row).encode("utf-8", "surrogatepass"))
            total.update(b"\n")
        return total.hexdigest()

    def _document(self, row: Sequence[Any]) -> Document:
        sources = self._rows(
            "SELECT f.name, f.sha256, s.line_start, s.line_end, s.page_start, s.page_end FROM sources s JOIN files f "
            "ON f.path = s.path WHERE s.document_id = ? ORDER BY f.name, s.line_start",
            (row[0],),
        )
        return _document(row, tuple(Source(*source) for source in sources))


def _document(row: Sequence[Any], sources: tuple[Source, ...]) -> Document:
    ident, title, inferred, number, issuer, issued, begin, until, repealed, void, kind, region, links, anchors, text = (
        row
    )
    return Document(
        id=ident,
        text=text,
        title=title,
        title_inferred=bool(inferred),
        number=number,
        issuer=issuer,
        issued_on=_date(issued),
        validity=Validity(_date(begin), _date(until), repealed, void),
        kind=kind,
        region=region,
        sources=sources,
        links=tuple(Link(*link) for link in json.loads(links)),
        anchors=tuple(Anchor(*anchor) for anchor in json.loads(anchors)),
    )


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


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
