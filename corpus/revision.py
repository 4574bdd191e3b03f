"""A file read again: which clauses are the same as before, and what became of the others.

A clause keeps its id when its text is unchanged (also under a new number) or when it stands at the same address; so what
points at a clause, a bookmark or an answer given by an operator, still finds it after the file was corrected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.types import Clause, Document

Read = tuple[Document, tuple[Clause, ...]]

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Diff:
    """The addresses of the clauses that a new reading of a file added, changed and removed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __add__(self, other: Diff) -> Diff:
        return Diff(self.added + other.added, self.changed + other.changed, self.removed + other.removed)


def carry_over(old: Sequence[Read], new: Sequence[Read]) -> tuple[list[Read], Diff]:
    """The new reading of a file with the ids of the clauses that it shares with the old one, and what differs.

    Documents are matched by id (nothing changed), else by title.
    """
    ids = {document.id for document, _ in new}
    waiting: dict[str, list[Read]] = defaultdict(list)
    for document, clauses in old:
        if document.id not in ids:
            waiting[document.title].append((document, clauses))
    known = {document.id: (document, clauses) for document, clauses in old if document.id in ids}
    out: list[Read] = []
    total = Diff()
    for document, clauses in new:
        if document.id in known:  # the same text: what a newer parser makes of it, under the ids that it had
            kept, diff = _revise(known[document.id], (document, clauses))
            out.append((document, kept))
            total += diff
        elif waiting[document.title]:
            kept, diff = _revise(waiting[document.title].pop(0), (document, clauses))
            out.append((document, kept))
            total += diff
        else:
            out.append((document, clauses))
            total += Diff(added=tuple(c.address for c in clauses))
    gone = tuple(c.address for reads in waiting.values() for _, clauses in reads for c in clauses)
    return out, total + Diff(removed=gone)


def _revise(old: Read, new: Read) -> tuple[tuple[Clause, ...], Diff]:
    before, after = _own_texts(*old), _own_texts(*new)
    by_address = {c.address: c for c in old[1]}
    by_text: dict[str, list[Clause]] = defaultdict(list)
    for clause in old[1]:
        by_text[before[clause.id]].append(clause)
    ids: dict[str, str] = {}  # new id -> id kept
    used: set[str] = set()
    changed: list[str] = []

    def keep(clause: Clause, twin: Clause) -> None:
        ids[clause.id] = twin.id
        used.add(twin.id)

    for clause in new[1]:  # what stands where it stood
        twin = by_address.get(clause.address)
        if twin is not None and before[twin.id] == after[clause.id]:
            keep(clause, twin)
    for clause in new[1]:  # what moved
        if clause.id not in ids and after[clause.id]:
            moved = next((c for c in by_text[after[clause.id]] if c.id not in used), None)
            if moved is not None:
                keep(clause, moved)
    for clause in new[1]:  # what was rewritten in its place
        twin = by_address.get(clause.address)
        if clause.id not in ids and twin is not None and twin.id not in used:
            keep(clause, twin)
            changed.append(clause.address)
    kept = tuple(
        replace(
            c,
            id=ids.get(c.id, c.id),
            parent=ids.get(c.parent, c.parent) if c.parent else None,
            references=tuple(replace(r, clause=ids.get(r.clause, r.clause)) if r.clause else r for r in c.references),
        )
        for c in new[1]
    )
    added = tuple(c.address for c in new[1] if c.id not in ids)
    removed = tuple(c.address for c in old[1] if c.id not in used)
    return kept, Diff(added, tuple(changed), removed)


def _own_texts(document: Document, clauses: Sequence[Clause]) -> dict[str, str]:
    """The own text of each clause (what no child covers), without its label and white space, by id."""
    children: dict[str | None, list[Clause]] = defaultdict(list)
    for clause in clauses:
        children[clause.parent].append(clause)
    out = {}
    for clause in clauses:
        at, parts = clause.span.start, []
        for child in children[clause.id]:
            parts.append(document.text[at : child.span.start])
            at = child.span.end
        parts.append(document.text[at : clause.span.end])
        out[clause.id] = _SPACE.sub("", "".join(parts)).removeprefix(_SPACE.sub("", clause.label))
    return out
