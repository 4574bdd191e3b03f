"""The conditions of a clause as a check list: each one words of the clause, to be ticked by whoever knows his own case.

No verdict is given: whether conditions are alternatives, and what of them is enough, the words themselves say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.types import Clause, Document, Span
from qa.types import Citation

MOST = 30
"""Conditions of one clause that are listed."""

_LEAD = re.compile(
    r"(?:符合|具备|满足|具有|有)[^。；\n]{0,16}(?:下列|以下|如下)[^。；\n]{0,20}(?:条件|要求|情形|资格)[^。；\n]{0,40}"
    r"|(?:下列|以下)[^。；\n]{0,10}条件|同时(?:具备|符合|满足)|条件(?:之一)?[：:为是]|条件$"
)
_ANY = re.compile(r"之一|任一|其中一项|或者?具备")
_ALL = re.compile(r"同时|均|全部|以下各项|下列各项")
_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_ONE = re.compile(
    r"(?:年满|未满|不满|满|超过|不足|低于|不低于|高于|达到|连续|累计|持有|具有|拥有|取得|办理|参加|缴纳|缴费|在[^，]{1,12}(?:居住|就业|工作)|无[^，]{2,}|未[^，]{2,}|没有|属于|符合|以上|以下|以内)"
)
_SHORTEST, _LONGEST = 4, 300
_WIDEST = 2500  # characters of a clause: what is longer is a chapter, whose conditions are of many things

Needs = Literal["all", "any", "unsaid"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a clause in its order, and whether its words ask for all of them, any of them, or do not say."""

    clause: Clause
    needs: Needs
    lead: Citation | None
    items: tuple[Citation, ...]


def conditions_of(document: Document, clauses: Sequence[Clause], clause: Clause) -> Conditions | None:
    """The conditions that a clause lays down; None where it lays down none. Every item is a stretch of the clause's text.

    A list under words such as 符合下列条件 gives its items; a clause with …的，可以… gives the parts of its sentence before the
    consequence.
    """
    return _listed(document, clauses, clause) or _in_a_sentence(document, clause)


def clause_with_conditions(document: Document, clauses: Sequence[Clause], clause: Clause) -> Clause | None:
    """The clause whose conditions are to be looked at beside an answer from `clause`: itself, or the one that it is an item of;
    None where neither lays down any."""
    by_id = {c.id: c for c in clauses}
    at: Clause | None = clause
    while at is not None and len(at.span) <= _WIDEST:
        if conditions_of(document, clauses, at) is not None:
            return at
        at = by_id.get(at.parent) if at.parent else None
    return None


def _listed(document: Document, clauses: Sequence[Clause], clause: Clause) -> Conditions | None:
    inside = [c for c in clauses if clause.span.contains(c.span)]
    parents = {c.parent for c in inside}
    for match in _SENTENCE.finditer(document.text, clause.span.start, clause.span.end):
        if not _LEAD.search(match[0].strip().rstrip("：:。")):
            continue
        after = [c for c in inside if c.label and c.span.start >= match.end() - 1]
        if not after or after[0].span.start - match.end() > _LONGEST:
            continue
        items: list[Clause] = []
        for item in after:
            if item.parent == after[0].parent and (not items or _same_kind(item.label, items[0].label)):
                items.append(item)
        if len(items) < 2:
            continue
        lead = _cited(document, clause, match.start(), match.end())
        said = match[0] + document.quote(clause.span)[:40]
        needs: Needs = "any" if _ANY.search(match[0]) else "all" if _ALL.search(said) else "unsaid"
        cited = [_cited(document, c, c.span.start, _own_end(document, c, parents)) for c in items[:MOST]]
        return Conditions(clause, needs, lead, tuple(c for c in cited if c is not None))
    return None


def _same_kind(a: str, b: str) -> bool:
    return re.sub(r"[一二三四五六七八九十\d①-⑳]", "", a) == re.sub(r"[一二三四五六七八九十\d①-⑳]", "", b)


def _own_end(document: Document, clause: Clause, parents: set[str | None]) -> int:
    """Where an item ends: all of it, cut where it is too long to be read as one condition."""
    words = document.quote(clause.span)
    if len(words) <= _LONGEST:
        return clause.span.end
    stop = max(words.rfind(c, 0, _LONGEST) for c in "。；\n")
    return clause.span.start + (stop + 1 if stop > _SHORTEST else _LONGEST)


def _in_a_sentence(document: Document, clause: Clause) -> Conditions | None:
    """The parts of one sentence before its consequence: 年满60周岁、具有本市户籍、未享受养老金的居民，可以…."""
    text = document.text
    for match in _SENTENCE.finditer(text, clause.span.start, clause.span.end):
        then = re.search(r"的?[，,]\s*(?:可以?|均可|应当|给予|享受|按|一次性|由|予以)", match[0])
        if then is None:
            continue
        head = match[0][: then.start() + (1 if match[0][then.start()] == "的" else 0)]
        items = [
            _cited(document, clause, match.start() + part.start(), match.start() + part.end())
            for part in re.finditer(r"[^，,、；;]+(?:、[^，,；;]{1,12}(?=[，,；;]|$))?", head)
            if _ONE.search(part[0]) and _SHORTEST <= len(part[0].strip()) <= _LONGEST
        ]
        found = tuple(item for item in items if item is not None)
        if len(found) >= 2:
            return Conditions(
                clause, "all" if "且" in head or "并" in head or "同时" in head else "unsaid", None, found
            )
    return None


def _cited(document: Document, clause: Clause, start: int, end: int) -> Citation | None:
    words = document.text[start:end]
    begin = start + len(words) - len(words.lstrip())
    span = Span(begin, begin + len(words.strip()))
    return Citation(document, clause, span, document.quote(span)) if len(span) else None
