"""Addresses as steps: 第二十条第二款第（一）项 -> 条 20, 款 2, 项 1; and the clause of a document that they lead to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.markers import marker_of
from corpus.numerals import NUMERAL, to_chinese, to_int
from corpus.types import Clause

_PARAGRAPH = re.compile(rf"第({NUMERAL}|\d+)[款段](?:〔\d+〕)?$")
_SUB = re.compile(rf"条之({NUMERAL}|[0-9０-９]+)")
_ATTACHMENT = re.compile(r"^(附[件表录])\s*([0-9一二三四五六七八九十]{0,3})$")
ATTACHMENTS = ("附件", "附表", "附录")
_KINDS = {"article": "条", "cn_paren": "项", "ar_paren": "目"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an address. `kind` is 条 款 项 目 附件 附表 附录, or the family of another mark; `sub` is the N of 第八条之N."""

    kind: str
    number: int
    sub: int = 0

    def __str__(self) -> str:
        if self.kind in ATTACHMENTS:
            return f"{self.kind}{self.number or ''}"
        number = to_chinese(self.number) if self.number <= 9999 else str(self.number)
        if self.kind == "项":
            return f"第（{number}）项"
        return f"第{number}{self.kind}" + (f"之{to_chinese(self.sub)}" if self.sub else "")


_STEP = re.compile(
    rf"第\s?(?:[（(]\s?)?(?P<n>{NUMERAL}|[0-9０-９]{{1,4}})(?:\s?[）)])?\s?(?P<kind>[条款项目])(?:之(?P<sub>{NUMERAL}|[0-9０-９]+))?"
    r"|(?P<part>附[件表录])\s?(?P<attachment>[0-9]{1,2}|[一二三四五六七八九十]{1,3})?"
)


def parse(text: str) -> tuple[Step, ...]:
    """The steps that an address in words names, in order: 第八条第二款第（一）项, 附件2第三条. Empty where it names none."""
    out = []
    for match in _STEP.finditer(text):
        if match["kind"]:
            out.append(Step(match["kind"], to_int(match["n"]), to_int(match["sub"]) if match["sub"] else 0))
        else:
            out.append(Step(match["part"], to_int(match["attachment"]) if match["attachment"] else 0))
    return tuple(out)


class AddressBook:
    """The clauses of one document by the steps that lead to them.

    >>> book = AddressBook(clauses)
    >>> book.find((Step("条", 20), Step("款", 2)), near=clauses[0])

    Built in linear time; a lookup costs the length of the address.
    """

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._by_id = {c.id: c for c in clauses}
        self._children: dict[str, list[Clause]] = defaultdict(list)
        self._heads: dict[Step, list[Clause]] = defaultdict(list)
        self._first: dict[tuple[Step, str | None], Clause] = {}  # of a step in each part
        self._order: dict[str, int] = {}
        self._articles: list[Clause] = []
        for clause in clauses:
            self._order[clause.id] = len(self._order)
            if clause.parent is not None:
                self._children[clause.parent].append(clause)
            step = step_of(clause)
            if step.kind == "条":
                self._order[clause.id] = len(self._articles)
                self._articles.append(clause)
            if step.kind not in ("", "款"):
                self._heads[step].append(clause)
                self._first.setdefault((step, self._part(clause)), clause)

    def parent(self, clause: Clause) -> Clause | None:
        return self._by_id.get(clause.parent) if clause.parent else None

    def step(self, clause: Clause) -> Step:
        return step_of(clause)

    def article_of(self, clause: Clause) -> Clause | None:
        """The article that a clause is or stands in."""
        at: Clause | None = clause
        while at is not None and step_of(at).kind != "条":
            at = self.parent(at)
        return at

    def steps(self, clause: Clause) -> tuple[Step, ...]:
        """The steps to a clause from its article, or from the outermost numbered clause that it stands in."""
        out: list[Step] = []
        at: Clause | None = clause
        while at is not None:
            step = step_of(at)
            if step.kind:
                out.append(step)
            if step.kind == "条" or step.kind in ATTACHMENTS:
                break
            at = self.parent(at)
        return tuple(reversed(out))

    def sibling_before(self, clause: Clause) -> Clause | None:
        """The clause of the same kind before this one: for an article the one before in the document."""
        kind = step_of(clause).kind
        if kind == "条":
            n = self._order[clause.id]
            before = self._articles[n - 1] if n else None
            return before if before is not None and self._part(before) == self._part(clause) else None
        if clause.parent is None:
            return None
        last: Clause | None = None
        for child in self._children[clause.parent]:
            if child.id == clause.id:
                return last
            if step_of(child).kind == kind:
                last = child
        return None

    def find(self, steps: Sequence[Step], near: Clause | None = None) -> Clause | None:
        """The clause that the steps lead to, or None. Of several (the articles of two attachments) the one nearest to
        `near` in the tree.

        第一款 of an article that has one paragraph is the article; an item that is named without its paragraph is found
        in the paragraph that has it; 第五条 of a document without articles is its fifth measure, where only one
        numbering has it.
        """
        if not steps:
            return None
        at = self._nearest(steps[0], near)
        if at is None and steps[0].kind == "条" and not self._articles:
            at = self._measure(steps[0].number)
        for step in steps[1:]:
            if at is None:
                return None
            at = self._below(at, step)
        return at

    def _below(self, clause: Clause, step: Step) -> Clause | None:
        children = self._children.get(clause.id, ())
        found = [c for c in children if step_of(c) == step]
        if not found and step.kind == "款":
            return clause if step.number == 1 and not any(step_of(c).kind == "款" for c in children) else None
        if not found and step.kind in ("项", "目"):
            others = {"项": ("cn", "ar"), "目": ("ar",)}[step.kind]
            found = [c for c in children if step_of(c).kind in others and step_of(c).number == step.number]
        if not found and step.kind == "项":
            found = [
                g
                for c in children
                if step_of(c).kind == "款"
                for g in self._children.get(c.id, ())
                if step_of(g) == step
            ]
        return found[0] if found else None

    def _measure(self, number: int) -> Clause | None:
        for kind in ("ar", "项", "cn"):
            found = self._heads.get(Step(kind, number), ())
            if len(found) == 1:
                return found[0]
            if found and kind == "ar":
                continue
        return None

    def _nearest(self, step: Step, near: Clause | None) -> Clause | None:
        found = self._heads.get(step, ())
        if len(found) <= 1 or near is None:
            return found[0] if found else None
        return self._first.get((step, self._part(near)), found[0])

    def _part(self, clause: Clause) -> str | None:
        """The id of the attachment or other part that a clause stands in, None for the document itself."""
        at: Clause | None = clause
        top: Clause | None = None
        while at is not None:
            if is_part(at):
                top = at
            at = self.parent(at)
        return top.id if top else None


def is_part(clause: Clause) -> bool:
    """Whether a clause is an attachment, an interpretation or the plan after its notice: numbering begins anew in it."""
    return (
        clause.parent is None
        and (bool(_ATTACHMENT.match(clause.label)) or clause.label in ("", "解读"))
        and bool(clause.heading or clause.label)
    )


def step_of(clause: Clause) -> Step:
    """The step from a clause's parent to it; kind "" where it has no number (a title, a heading, a table row)."""
    if not clause.label:
        match = _PARAGRAPH.search(clause.address)
        return Step("款", to_int(match[1])) if match and not clause.heading else Step("", 0)
    if match := _ATTACHMENT.match(clause.label):
        return Step(match[1], to_int(match[2]) if match[2] else 0)
    marker = marker_of(clause.label + " 一") or marker_of(clause.label)
    if marker is None:
        return Step("", 0)
    sub = _SUB.search(clause.label)
    return Step(_KINDS.get(marker.family, marker.family), marker.number, to_int(sub[1]) if sub else 0)
