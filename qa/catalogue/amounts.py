"""All that is paid for a named subject, with the amounts, from the clauses of the documents that are about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.types import Clause, Document, Span
from qa.catalogue.facts import Facts, smallest
from qa.catalogue.intents import Amounts
from qa.catalogue.said import STATUS_WORDS, listed, titled
from qa.catalogue.subjects import Meant
from qa.shelf import Shelf
from qa.types import Outcome, Question, Row

_MOST_DOCUMENTS = 60
"""Documents whose clauses are read for one question."""

_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_AID = {
    "补贴": "补贴|补助|津贴|补足",
    "补助": "补贴|补助|津贴",
    "津贴": "津贴|补贴",
    "奖励": "奖励|奖补|奖金",
    "奖金": "奖励|奖金",
    "奖补": "奖励|奖补|补助|补贴|资助",
    "资助": "资助|补助|补贴",
    "救助金": "救助金|救助",
    "扶持资金": "扶持|资助|奖励|补助",
}
_AMOUNT = re.compile(
    r"(?:最高|不超过|不低于|不少于|至少|每[人户月年亩平方米套台件个名生次项]+)*(?:(?:补贴|补助|奖励|给予))?(?P<value>(?:\d[\d,，]*(?:\.\d+)?|[一二三四五六七八九十百千]+)\s*(?:万|亿)?元(?:[／/][一-鿿A-Za-z0-9²㎡]+)*(?:以?[上下内])?)"
)
_BASE = re.compile(r"(?:收入(?!家庭)|缴费|缴纳|个人缴|档次|标准在|价格|租金为?|工资|基数|资产|存款)[^，,；;：]{0,8}$")
"""Stands before an amount on which a payment depends, and which is not paid itself."""
_LIMIT = re.compile(r"^(?:\s*[（(]含[）)])?\s*(?:以下|以内|以上|至|（含）|的，)")
_LONGEST = 400


def answer(asked: Amounts, meant: Meant, facts: Facts, shelf: Shelf, question: Question) -> Outcome | None:
    """Every sentence that pays something of the kind asked for, with its amounts; None where no document of the subject
    does. Documents that are out of force are left out where others are in force."""
    words = [w for w in meant.rest if len(w) > 1]
    found: list[tuple[Document, str, list[Row]]] = []
    for document in meant.documents[:_MOST_DOCUMENTS]:
        state = facts.status(document, question.as_of)
        rows = [
            Row(document.title, facts.cite(document.id, span.start, span.end), "、".join(amounts), kind)
            for span, amounts, kind in _paid(
                shelf.load(document.id).document, shelf.clauses(document.id), asked.aid, words
            )
        ]
        if rows:
            found.append((document, state, rows))
    current = [f for f in found if f[1] not in ("expired", "repealed")] or found
    rows = [row for _, _, own in current for row in own]
    if not rows:
        return None
    titles = "、".join(dict.fromkeys(titled(d.title) for d, _, _ in current[:3]))
    gone = "" if current[0][1] not in ("expired", "repealed") else f"（{STATUS_WORDS[current[0][1]]}）"  # type: ignore[index]
    text = f"共 {len(rows)} 项：{'；'.join(dict.fromkeys(row.value for row in rows[:6]))}{'等' if len(rows) > 6 else ''}，见{titles}{gone}"
    return listed(text, rows, question)


def _paid(
    document: Document, clauses: Sequence[Clause], aid: str, words: Sequence[str]
) -> Iterator[tuple[Span, list[str], str]]:
    """The sentences of a document that pay, with their amounts as they stand, and the heading that they stand under."""
    kind = re.compile(_AID.get(aid, aid))
    before = ""
    for match in _SENTENCE.finditer(document.text):
        words_of = match[0].strip()
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        lead, before = before, words_of
        if not words_of or len(words_of) > _LONGEST:
            continue
        amounts = [m["value"] for m in _AMOUNT.finditer(words_of) if m["value"] and not _is_base(words_of, m)]
        if not amounts:
            continue
        span = Span(start, start + len(words_of))
        clause = smallest(clauses, span)
        context = "".join(clause.path) + _around(document, clause, clauses)
        pays = kind.search(words_of) or (kind.search(context) and re.search(r"标准|为", words_of))
        if not pays or not all(w in words_of or w in context or w in lead or w in document.title for w in words):
            continue
        yield span, list(dict.fromkeys(amounts)), _heading(clause)


def _is_base(sentence: str, amount: re.Match[str]) -> bool:
    """Whether an amount is an income or a contribution on which a payment depends: 人均月收入在1000元以下的."""
    before, after = sentence[: amount.start("value")], sentence[amount.end("value") :]
    return bool(_BASE.search(before) or (_LIMIT.match(after) and re.search(r"收入|缴费|工资", before[-30:])))


def _heading(clause: Clause) -> str:
    """The heading that a clause stands under: the last part of its path that is more than a number."""
    for part in reversed(clause.path):
        words = re.sub(
            r"^(?:第[一二三四五六七八九十百\d]+[章节条款项]|[（(]?[一二三四五六七八九十\d]{1,3}[）)、．.])\s*", "", part
        )
        if 2 <= len(words) <= 30:
            return words
    return ""


def _around(document: Document, clause: Clause, clauses: Sequence[Clause]) -> str:
    """The words that lead to a clause: those of the clause above it, before its items."""
    above = next((c for c in clauses if c.id == clause.parent), None)
    if above is None:
        return ""
    first = min(c.span.start for c in clauses if c.parent == above.id)
    return document.text[above.span.start : first][:200]
