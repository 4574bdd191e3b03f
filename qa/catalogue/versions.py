"""Two documents side by side: what each says on one point, and what a new version changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from corpus.types import Clause, Document
from qa.catalogue.facts import Facts
from qa.catalogue.said import listed, nothing, titled
from qa.shelf import Shelf
from qa.types import Citation, Outcome, Question, Row

_LONGEST = 800  # characters of a clause that is compared whole
_ON_A_POINT = 2  # clauses of each document
_ALIKE = 0.45
"""Share of common characters from which two clauses are one that was rewritten."""

_SPACE = re.compile(r"\s+")
_HEAD = re.compile(r"^(?:开头|结尾)第|^标题$")
"""Addresses of what stands around the measures themselves: number, addressees, signature."""


def compare(
    first: Document, second: Document, point: str, facts: Facts, shelf: Shelf, question: Question
) -> Outcome | None:
    """What two documents say on one point, clause beside clause; None where one of them says nothing on it."""
    if not point:
        return None
    own, other = _on(point, first, facts, shelf), _on(point, second, facts, shelf)
    if not own or not other:
        return None
    rows = [
        Row(f"{_short(first)}／{_short(second)}" if b else first.title, a, point, "对比", b)
        for a, b in zip(own, [*other, *[None] * len(own)], strict=False)
    ]
    rows += [Row(second.title, b, point, "对比") for b in other[len(own) :]]
    return listed(f"关于“{point}”，{titled(first.title)}与{titled(second.title)}的规定如下，请逐条对照", rows, question)


def _short(document: Document) -> str:
    return document.title if len(document.title) <= 30 else document.title[:29] + "…"


def _on(point: str, document: Document, facts: Facts, shelf: Shelf) -> list[Citation]:
    """The clauses of a document that say most on a point."""
    loaded = shelf.load(document.id)
    text = loaded.document.text
    grams = {point[i : i + 2] for i in range(len(point) - 1)} or {point}
    scored = []
    for clause in loaded.clauses:
        words = text[clause.span.start : clause.span.end]
        if not 8 <= len(words.strip()) <= _LONGEST or words.strip() == document.title:
            continue
        near = "".join(clause.path)
        cover = sum(g in words for g in grams) / len(grams) + 0.5 * sum(g in near for g in grams) / len(grams)
        if cover:
            scored.append((cover + (0.4 if re.search(r"下列|以下", words[:120]) else 0.0), clause))
    scored.sort(key=lambda pair: (-pair[0], pair[1].ordinal))
    kept: list[Clause] = []
    for _, clause in scored:
        if not any(k.span.contains(clause.span) or clause.span.contains(k.span) for k in kept):
            kept.append(clause)
        if len(kept) == _ON_A_POINT:
            break
    return [_whole(document.id, text, clause, facts) for clause in kept]


def _whole(ident: str, text: str, clause: Clause, facts: Facts) -> Citation:
    words = text[clause.span.start : clause.span.end]
    start = clause.span.start + len(words) - len(words.lstrip())
    return facts.cite(ident, start, start + len(words.strip()))


def changes(old: Document, new: Document, facts: Facts, shelf: Shelf, question: Question) -> Outcome:
    """What the new version of a document changed, added and left out, clause by clause."""
    before, after = _leaves(old, shelf), _leaves(new, shelf)
    rows: list[Row] = []
    plain = [[_plain(t) for _, t in side] for side in (before, after)]
    matcher = difflib.SequenceMatcher(None, plain[0], plain[1], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            rows += _block(old, new, before[a:b], after[c:d], facts, shelf)
    if not rows:
        return nothing(f"{titled(old.title)}和{titled(new.title)}的条款没有不同")
    counts = {kind: sum(row.group == kind for row in rows) for kind in ("改动", "新增", "删去")}
    said = "、".join(f"{kind} {count} 处" for kind, count in counts.items() if count)
    return listed(f"{titled(new.title)}与之前的{titled(old.title)}相比：{said}", rows, question)


_Leaf = tuple[Clause, str]


def _leaves(document: Document, shelf: Shelf) -> list[_Leaf]:
    """The clauses of a document that have no clauses under them, in order, with their words."""
    loaded = shelf.load(document.id)
    parents = {c.parent for c in loaded.clauses}
    out = []
    for clause in loaded.clauses:
        words = loaded.document.text[clause.span.start : clause.span.end].strip()
        if clause.id not in parents and words and not _HEAD.match(clause.address):
            out.append((clause, words))
    return out


def _plain(text: str) -> str:
    """A clause without white space and without its number, which moves when others come and go."""
    return re.sub(
        r"^(?:第[一二三四五六七八九十百\d]+[条款项]|[（(]?[一二三四五六七八九十\d]{1,3}[）)、．.])",
        "",
        _SPACE.sub("", text),
    )


def _block(
    old: Document, new: Document, gone: Sequence[_Leaf], come: Sequence[_Leaf], facts: Facts, shelf: Shelf
) -> list[Row]:
    """The rows of one stretch that differs: each new clause beside the old one that is most like it."""
    rows, used = [], set[int]()
    was, now = shelf.load(old.id).document.text, shelf.load(new.id).document.text
    for clause, words in come:
        scored = [(_likeness(words, w), i) for i, (_, w) in enumerate(gone) if i not in used]
        best, at = max(scored, key=lambda s: (s[0], -s[1]), default=(0.0, -1))
        cited = _whole(new.id, now, clause, facts)
        if best >= _ALIKE:
            used.add(at)
            rows.append(Row(new.title, cited, "", "改动", _whole(old.id, was, gone[at][0], facts)))
        else:
            rows.append(Row(new.title, cited, "", "新增"))
    rows += [
        Row(old.title, _whole(old.id, was, c, facts), "", "删去") for i, (c, _) in enumerate(gone) if i not in used
    ]
    return rows


def _likeness(a: str, b: str) -> float:
    """The share of pairs of characters that two clauses have in common, 0..1."""
    first, second = _pairs(_plain(a)), _pairs(_plain(b))
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(max(1, len(text) - 1))}
