"""The list of policies for programs: filtered by subject, department, place and days, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from corpus.errors import NotFound
from corpus.types import Document
from qa.catalogue.clauses import Clauses
from qa.catalogue.facts import Facts
from qa.catalogue.subjects import Subjects
from qa.types import Citation

_OF_ONE = 3  # clauses of a department shown of one document


@dataclass(frozen=True, slots=True)
class Wanted:
    """What policies are asked for; None limits nothing. `cursor` is the id of the last one of the page before."""

    subject: str | None = None
    department: str | None = None
    region: str | None = None
    in_force_on: date | None = None
    ends_before: date | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A document with the sentence that says from when or until when it holds, and the clauses of the department asked for."""

    document: Document
    stated: Citation
    clauses: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """One page; `following` is its cursor, None on the last. `total` counts all pages."""

    policies: tuple[Policy, ...]
    following: str | None
    total: int


def find(wanted: Wanted, places: Sequence[str], facts: Facts, subjects: Subjects, clauses: Clauses) -> PolicyPage:
    """The policies wanted, in the order of their ingestion. `places` are the names of places in the subject. Raises NotFound for
    a cursor that no page of theirs had."""
    found = [d for d in facts.documents if _admits(wanted, d, facts)]
    if wanted.subject:
        meant = subjects.meant(wanted.subject, places, found)
        known = {} if meant.rest or not (meant.words or meant.places) else {d.id for d in meant.documents}
        found = [d for d in found if d.id in known]
    if wanted.department:
        charged = {
            d.id for d in clauses.naming(wanted.department, found) if next(clauses.charged(d, wanted.department), None)
        }
        found = [d for d in found if d.id in charged]
    start = 0
    if wanted.cursor is not None:
        at = next((i for i, d in enumerate(found) if d.id == wanted.cursor), None)
        if at is None:
            raise NotFound("没有这一页", "请从第一页重新开始，翻页时不要改动筛选条件")
        start = at + 1
    shown = found[start : start + wanted.limit]
    more = start + wanted.limit < len(found)
    return PolicyPage(
        tuple(_policy(d, wanted.department, facts, clauses) for d in shown),
        shown[-1].id if more and shown else None,
        len(found),
    )


def _admits(wanted: Wanted, document: Document, facts: Facts) -> bool:
    until = document.validity.effective_until
    return (
        (wanted.region is None or wanted.region in (document.region or ""))
        and (wanted.in_force_on is None or facts.status(document, wanted.in_force_on) == "in_force")
        and (wanted.ends_before is None or (until is not None and until < wanted.ends_before))
    )


def _policy(document: Document, department: str | None, facts: Facts, clauses: Clauses) -> Policy:
    cited = [citation for _, citation in clauses.charged(document, department)][:_OF_ONE] if department else []
    return Policy(document, facts.stated(document), tuple(cited))
