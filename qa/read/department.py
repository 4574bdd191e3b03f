"""Who is responsible: the departments that the clause of a sentence names apart from what it says.

Several brackets in one clause hold each for the sentences before it, so the first bracket after the evidence counts; a
clause without one has those of its heading, of the list that it is in, or of the line that names them for all clauses.
Of these the question gets the ones that it asks for: who leads, who assists, or all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.departments import Bracket, Named, brackets
from corpus.types import Clause, Document, Responsible, Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_ASKS_LEAD = re.compile(
    r"牵头|主管|主办|为主|哪(?:一)?个(?:部门|单位|机构|局)|哪家|找谁|[由归]谁|谁(?:来|去)?(?:负责|管|落实|抓)"
)
_ASKS_ASSIST = re.compile(
    r"(?:配合|参与|参加|协助|协办)的?(?:单位|部门)|(?:谁|哪[一几些个两]+(?:家|个)?(?:部门|单位|机构|局)?)[^，。？?]{0,6}?"
    r"(?:配合|参与|参加|协助|协办)(?=[？?，。的、吗呢]|$)"
)
_ASKS_OTHERS = re.compile(r"主要责任(?:单位|部门)")
_FAR = 6000  # characters after a sentence within which the bracket that ends its clause is looked for
_LONGEST_BRACKET = 600
_QUOTED = 600
_FIT = {"own": 0.85, "inherited": 0.8, "before": 0.6}


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """What the bracket after a sentence says, else what holds for its clause from elsewhere."""
    question = context.question.text
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    document = sentence.source.document
    for bracket in _after(document, clause, sentence):
        if names := _asked(bracket.named, question):
            quoted = Span(min(sentence.start, bracket.span.start), max(sentence.end, bracket.span.end))
            spans = (quoted if len(quoted) <= _QUOTED else sentence.span, bracket.span)
            yield Candidate("、".join(names), sentence, spans, _FIT["own"])
            return
    for fit, known in (
        ("before", [r for r in clause.responsible if not r.inherited]),
        ("inherited", [r for r in clause.responsible if r.inherited]),
    ):
        if names := _asked(known, question):
            wanted = [r for r in known if r.name in names]
            stated = dict.fromkeys(_stating(document, r) for r in wanted)
            yield Candidate("、".join(names), sentence, (sentence.span, *stated), _FIT[fit])
            return


def _after(document: Document, clause: Clause, sentence: Sentence) -> Iterator[Bracket]:
    """The brackets of a clause that stand after a sentence, or in which it stands, in order."""
    start = max(clause.span.start, sentence.start - _LONGEST_BRACKET)
    for bracket in brackets(document.text, start, min(clause.span.end, sentence.end + _FAR)):
        inside = bracket.span.start <= sentence.start and sentence.end <= bracket.span.end + 1
        if inside or (bracket.span.start > sentence.start and bracket.reach == "item"):
            yield bracket


def _stating(document: Document, responsible: Responsible) -> Span:
    """The bracket, or the table cell, in which a department is named."""
    at = responsible.span
    start = document.text.rfind("\n", 0, at.start) + 1
    end = document.text.find("\n", at.end)
    line = brackets(document.text, start, end if end >= 0 else len(document.text))
    return next((b.span for b in line if b.span.contains(at)), at)


def _asked(named: Sequence[Named] | Sequence[Responsible], question: str) -> list[str]:
    """The names in the role that a question asks for, each once. Who leads is a good answer to who is responsible."""
    roles = {role: [n.name for n in named if n.role == role] for role in ("lead", "responsible", "assist")}
    lead, assist = _ASKS_LEAD.search(question), _ASKS_ASSIST.search(question)
    if assist:
        names = (roles["lead"] + roles["assist"] if lead else roles["assist"]) if roles["assist"] else []
    elif _ASKS_OTHERS.search(question) and roles["responsible"]:
        names = roles["responsible"]
    elif lead and roles["lead"]:
        names = roles["lead"]
    else:
        names = roles["lead"] + roles["responsible"] or roles["assist"]
    return list(dict.fromkeys(names))
