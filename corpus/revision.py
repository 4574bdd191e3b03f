"""A file read again: which clauses are the same as before, and what became of the others.

A clause keeps its id when its text is unchanged (also under a new number) or when it stands at the same address; so what
points at a clause, a bookmark or an answer given by an operator, still finds it after the file was corrected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.tree import clause_id
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


def carry_over(
    old: Sequence[Read], new: Sequence[Read], elsewhere: Mapping[str, Read] | None = None
) -> tuple[list[Read], Diff]:
    """The new reading of a file with the ids of the clauses that it shares with the old one, and what differs.

    Documents are matched by id (nothing changed), else by title. `elsewhere` are documents that stand in other files, by
    id: they keep their ids to themselves, so that two versions of a document can stand side by side.
    """
    others = elsewhere or {}
    ids = {document.id for document, _ in new}
    waiting: dict[str, list[Read]] = defaultdict(list)
    for document, clauses in old:
        if document.id not in ids:
            waiting[document.title].append((document, clauses))
    known = {document.id: (document, clauses) for document, clauses in old if document.id in ids}
    out: list[Read] = []
    total = Diff()
    for document, clauses in new:
        before: Read | None = known.get(document.id)  # the same text: what a newer parser makes of it
        if before is None and waiting[document.title]:
            before = waiting[document.title].pop(0)
        kept, diff = clauses, Diff(added=tuple(c.address for c in clauses))
        if before is not None:
            revised, diff = _revise(before, (document, clauses))
            kept = clauses if before[0].id in others else revised
        if document.id in others:
            kept = _revise(others[document.id], (document, clauses))[0]
        out.append((document, kept))
        total += diff
    gone = tuple(c.address for reads in waiting.values() for _, clauses in reads for c in clauses)
    return out, total + Diff(removed=gone)


def distinct(read: Read, taken: Callable[[list[str]], set[str]]) -> tuple[Clause, ...]:
    """The clauses of a document, with new ids for those whose id is `taken` by a clause of another document: the version
    that came after may have carried it over, and the old version comes back beside it."""
    document, clauses = read
    clash = taken([c.id for c in clauses])
    if not clash:
        return clauses
    used = {c.id for c in clauses}
    ids = {c.id: _fresh(document.id, c.address, used, taken) for c in clauses if c.id in clash}
    return _renamed(clauses, ids)


def _fresh(document: str, address: str, used: set[str], taken: Callable[[list[str]], set[str]]) -> str:
    """An id for the clause at an address that no other clause has; it is used from now on."""
    number = 2
    while (ident := clause_id(f"{document}/{number}", address)) in used or taken([ident]):
        number += 1
    used.add(ident)
    return ident


def _renamed(clauses: Sequence[Clause], ids: Mapping[str, str]) -> tuple[Clause, ...]:
    return tuple(
        replace(
            c,
            id=ids.get(c.id, c.id),
            parent=ids.get(c.parent, c.parent) if c.parent else None,
            references=tuple(replace(r, clause=ids.get(r.clause, r.clause)) if r.clause else r for r in c.references),
        )
        for c in clauses
    )


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
    added = tuple(c.address for c in new[1] if c.id not in ids)
    for clause in new[1]:  # what is new has an id of its own, which a clause that moved may have kept from earlier
        if clause.id not in ids and clause.id in used:
            ids[clause.id] = _fresh(new[0].id, clause.address, used, lambda found: set())
    kept = _renamed(new[1], ids)
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
