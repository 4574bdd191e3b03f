"""Clauses -> passages: what is searched.

A clause with all that is under it is one passage while it is short; a longer one gives its children, small neighbours
taken together; a paragraph that is itself too long is cut at sentence ends. Table rows stay apart. The context (title,
headings above, caption and header of a table) is searched with each passage and never quoted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from corpus.tables import Table, is_row, tables_of
from corpus.types import Clause, Document
from index.types import Passage

VERSION = 5
"""Raise it when the same clauses give other passages: the index is then built anew."""

MAX_CHARS = 500
"""Longest passage, in characters, unless a single sentence is longer."""

_PACK_CHARS = 480  # neighbours up to this long are taken together
_SENTENCE = re.compile(r"[^。！？；\n]*(?:[。！？；\n]+|$)")


def passages_of(document: Document, clauses: Sequence[Clause]) -> list[Passage]:
    """The passages of one document, in order."""
    return list(_Cutter(document, clauses).passages())


class _Cutter:
    def __init__(self, document: Document, clauses: Sequence[Clause]) -> None:
        self.document = document
        self.children: dict[str | None, list[Clause]] = defaultdict(list)
        self.by_id = {c.id: c for c in clauses}
        for clause in clauses:
            self.children[clause.parent].append(clause)
        tables = tables_of(document, clauses)
        self.rows = {ident: (table, at) for table in tables for ident, at in table.at.items()}
        self.headers = {header.id for table in tables for header in table.headers}

    def passages(self) -> Iterator[Passage]:
        yield from self._of_siblings(self.children[None])

    def _of_siblings(self, siblings: Sequence[Clause]) -> Iterator[Passage]:
        pack: list[Clause] = []
        for clause in siblings:
            small = len(clause.span) <= _PACK_CHARS and not self._is_row(clause) and not self._has_rows(clause)
            full = bool(pack) and clause.span.end - pack[0].span.start > MAX_CHARS
            if pack and (not small or full):
                yield self._packed(pack)
                pack = []
            if small:
                pack.append(clause)
            elif clause.id not in self.headers:  # what heads rows is searched with each of them
                yield from self._of_clause(clause)
        if pack:
            yield self._packed(pack)

    def _is_row(self, clause: Clause) -> bool:
        return is_row(self.document, clause) and not self.children[clause.id]

    def _has_rows(self, clause: Clause) -> bool:
        """Whether a table stands in a clause: its rows are passages of their own, also where the table is small."""
        return any(self._is_row(c) or self._has_rows(c) for c in self.children[clause.id])

    def _of_clause(self, clause: Clause) -> Iterator[Passage]:
        children = self.children[clause.id]
        rows = any(self._is_row(c) for c in children)
        if len(clause.span) <= MAX_CHARS and not rows:
            yield self._passage(clause.span.start, clause.span.end, clause)
        elif not children:
            yield from self._windows(clause, clause.span.start, clause.span.end)
        else:
            own_end = children[0].span.start
            if len(self._text(clause.span.start, own_end)) > max(40, len(clause.label + clause.heading) + 8):
                yield from self._windows(clause, clause.span.start, own_end)
            yield from self._of_siblings(children)

    def _packed(self, pack: Sequence[Clause]) -> Passage:
        clause = next(
            (c for c in pack if c.label or c.heading), pack[0]
        )  # a title alone says less of where this stands
        return self._passage(pack[0].span.start, pack[-1].span.end, clause, above=pack[0])

    def _windows(self, clause: Clause, start: int, end: int) -> Iterator[Passage]:
        at = start
        stop = start
        for match in _SENTENCE.finditer(self.document.text, start, end):
            if match.end() - at > MAX_CHARS and stop > at:
                yield self._passage(at, stop, clause)
                at = stop
            stop = match.end()
            while stop - at > 4 * MAX_CHARS:  # no sentence end for a long while: text without punctuation
                yield self._passage(at, at + MAX_CHARS, clause)
                at += MAX_CHARS
        if stop > at:
            yield self._passage(at, stop, clause)

    def _passage(self, start: int, end: int, clause: Clause, above: Clause | None = None) -> Passage:
        text = self._text(start, end)
        lead = len(text) - len(text.lstrip())
        start, end = start + lead, start + lead + len(text.strip())
        headings = (above or clause).path
        own = clause.label + clause.heading
        context = [self.document.title, *(h for h in headings if h and not (h == own and start == clause.span.start))]
        if (row := self.rows.get(clause.id)) is not None:
            context += _over(*row, known=context)
        return Passage(
            id=f"{self.document.id}:{start}",
            text=self.document.text[start:end],
            context=" ".join(context),
            document_id=self.document.id,
            clause_id=clause.id,
            start=start,
            end=end,
        )

    def _text(self, start: int, end: int) -> str:
        return self.document.text[start:end]


def row_passage(document: Document, table: Table, at: int) -> Passage:
    """A row of a table as a passage, cut where it is longer than one; the same as `passages_of` gives of a short row."""
    clause = table.rows[at].clause
    start, end = clause.span.start, min(clause.span.end, clause.span.start + MAX_CHARS)
    context = [document.title, *(h for h in clause.path[:-1] if h), *_over(table, at, known=clause.path)]
    text = document.text[start:end].rstrip()
    return Passage(f"{document.id}:{start}", text, " ".join(context), document.id, clause.id, start, start + len(text))


def _over(table: Table, at: int, known: Sequence[str]) -> Iterator[str]:
    """What stands over a row and is not `known`: the caption of its table, the line that it is grouped under, the headers."""
    for text in (*table.caption.split("\n"), table.rows[at].group):
        if text and text not in known:
            yield text
    yield " ".join(dict.fromkeys(text for column in table.columns for text in column.path))


def passages_of_all(documents: Iterable[tuple[Document, Sequence[Clause]]]) -> list[Passage]:
    """The passages of several documents, in order."""
    return [p for document, clauses in documents for p in passages_of(document, clauses) if p.text.strip()]
