"""Which clauses a department bracket holds for: the clause that it ends, those under a heading, a list, all that follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.addresses import ATTACHMENTS
from corpus.departments import Bracket, Named, brackets, cell, column
from corpus.types import Clause, Responsible, Role, Span

_MARKED = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[）)、]|[（(]?\d{1,3}[）).．、]")
_DIGITS = tuple("0123456789")
_KEY = re.compile(r"[一-鿿\s]{2,10}[：:]")
_HEADING = 50  # characters: what is longer is not a heading
_MOST_ACTIVE = 24  # statements that may hold for one clause from outside
_SIDE_TEXT = re.compile(r"(?:开头|结尾)第.{1,4}段$|^标题$")
"""Addresses of paragraphs that belong to the document itself: no statement about measures is meant for them."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """Departments that hold from outside for the clauses with index first <= i < last; `always`, or only for those
    that name none themselves; `measures`: not for the paragraphs of the document itself."""

    first: int
    last: int
    named: tuple[Named, ...]
    always: bool
    measures: bool = False


class _Tree:
    """The clauses of a document with what assignment asks of them, each in constant time."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = clauses
        at = {clause.id: i for i, clause in enumerate(clauses)}
        self.parent = [at[c.parent] if c.parent is not None else None for c in clauses]
        self.children: list[list[int]] = [[] for _ in clauses]
        self.top: list[int] = []
        for i, parent in enumerate(self.parent):
            (self.top if parent is None else self.children[parent]).append(i)
        self.last = list(range(1, len(clauses) + 1))  # behind the last clause under it
        for i in range(len(clauses) - 1, -1, -1):
            if (parent := self.parent[i]) is not None:
                self.last[parent] = max(self.last[parent], self.last[i])

    def up(self, i: int) -> Iterator[int]:
        """A clause and those above it."""
        at: int | None = i
        while at is not None:
            yield at
            at = self.parent[at]

    def numbered(self, i: int) -> bool:
        return bool(self.clauses[i].label)

    def is_side_text(self, i: int) -> bool:
        clause = self.clauses[i]
        return not clause.label and not clause.heading and _SIDE_TEXT.search(clause.address) is not None

    def is_part(self, i: int) -> bool:
        """Whether a clause at the top begins a text of its own: an attachment, an interpretation, a plan after its notice."""
        clause = self.clauses[i]
        if clause.parent is not None:
            return False
        return clause.label.startswith((*ATTACHMENTS, "解读")) or bool(clause.heading and not clause.label)

    def holders(self, spans: Sequence[Span]) -> Iterator[int | None]:
        """For each of the spans, which are in order, the innermost clause that holds it."""
        i, n = -1, len(self.clauses)
        for span in spans:
            while i + 1 < n and self.clauses[i + 1].span.start <= span.start:
                i += 1
            yield next((j for j in self.up(i) if self.clauses[j].span.contains(span)), None) if i >= 0 else None


def assign(text: str, clauses: Sequence[Clause]) -> list[tuple[Responsible, ...]]:
    """For each clause of a document those responsible: first the ones named in its own span, then the inherited ones.

    Own are those of every bracket inside the clause, also of clauses under it. Inherited are those of a bracket at a heading
    above it, of a bracket after a list that it is part of, and those that a line names for all clauses after or before it.
    A name stands once in each role; `span` is where in `text` it was read.
    """
    tree = _Tree(clauses)
    found = brackets(text)
    held = [(b, h) for b, h in zip(found, tree.holders([b.span for b in found]), strict=True) if h is not None]
    held += _columns(text, tree)
    own: list[dict[tuple[str, Role], Responsible]] = [{} for _ in clauses]
    direct: list[list[Bracket]] = [[] for _ in clauses]
    for bracket, holder in held:
        direct[holder].append(bracket)
        for i in tree.up(holder):
            for n in bracket.named:
                own[i].setdefault((n.name, n.role), Responsible(n.name, n.role, False, n.span))
    statements = [*_from_above(text, tree, direct), *_from_lists(text, tree, direct, own), *_from_lines(tree, held)]
    return _join(tree, own, sorted(statements, key=lambda s: s.first))


def _join(
    tree: _Tree, own: Sequence[dict[tuple[str, Role], Responsible]], statements: Sequence[_Statement]
) -> list[tuple[Responsible, ...]]:
    """Own and inherited together; of what is inherited the nearest comes first."""
    out: list[tuple[Responsible, ...]] = []
    active: list[_Statement] = []
    waiting = list(reversed(statements))
    for i, mine in enumerate(own):
        while waiting and waiting[-1].first <= i:
            active.append(waiting.pop())
        active = [s for s in active if i < s.last][-_MOST_ACTIVE:]
        names = {name for name, _ in mine}
        inherited: dict[tuple[str, Role], Responsible] = {}
        for statement in reversed(active):
            if (mine and not statement.always) or (statement.measures and tree.is_side_text(i)):
                continue
            for n in statement.named:
                if n.name not in names:
                    inherited.setdefault((n.name, n.role), Responsible(n.name, n.role, True, n.span))
        out.append((*mine.values(), *inherited.values()))
    return out


def _from_above(text: str, tree: _Tree, direct: Sequence[Sequence[Bracket]]) -> Iterator[_Statement]:
    """Brackets at a heading, or at the end of the words before a list, hold for what stands under them."""
    for i, clause in enumerate(tree.clauses):
        if not direct[i] or not tree.children[i]:
            continue
        first = tree.clauses[tree.children[i][0]].span.start
        before = [b for b in direct[i] if b.span.end <= first and b.reach == "item"]
        if before:
            heading = "。" not in text[clause.span.start : before[-1].span.start]
            named = tuple(n for n in before[-1].named if not n.onward)
            yield _Statement(i + 1, tree.last[i], named, heading)


def _from_lists(
    text: str,
    tree: _Tree,
    direct: Sequence[Sequence[Bracket]],
    own: Sequence[dict[tuple[str, Role], Responsible]],
) -> Iterator[_Statement]:
    """A bracket at the end of several paragraphs, or in a paragraph after a list, holds for those before it."""
    for children in (tree.top, *tree.children):
        run: list[int] = []  # siblings of one kind without a bracket
        for child in children:
            if run and tree.numbered(child) != tree.numbered(run[-1]):
                run.clear()
            if not own[child]:
                if tree.numbered(child) or _goes_on(text, tree, child):
                    run.append(child)
                else:
                    run.clear()
                continue
            bracket = next((b for j in range(child, tree.last[child]) for b in direct[j]), None)
            if bracket is not None and bracket.reach == "item":
                inside = run and children is not tree.top
                if inside and (not tree.numbered(child) or _closes_list(text, tree, direct, children, child)):
                    yield _Statement(run[0], child, bracket.named, False)
                elif _is_alone(tree, direct, child):
                    yield from _right_before(text, tree, child, bracket)
            run.clear()


def _goes_on(text: str, tree: _Tree, i: int) -> bool:
    """Whether a paragraph without a number can be of one piece with the next: not a heading, not 总指挥：…, and an item that
    the outline did not see only where its sentence is cut."""
    span = tree.clauses[i].span
    paragraph = text[span.start : span.end]
    if _KEY.match(paragraph):
        return False
    mark = _MARKED.match(paragraph)
    shortest = 0 if mark is None else _HEADING // 2 if mark[0].strip("（()").startswith(_DIGITS) else _HEADING
    return mark is None or (len(paragraph) > shortest and paragraph[-1] not in "。；！？”）)：:")


def _closes_list(text: str, tree: _Tree, direct: Sequence[Sequence[Bracket]], children: Sequence[int], i: int) -> bool:
    """Whether the bracket of a numbered item is that of the whole list: of the last one, where the items before end with ；
    or where the bracket stands alone in a paragraph after a list inside an item."""
    if i != children[-1]:
        return False
    if text.endswith(("；", ";"), 0, tree.clauses[children[-2]].span.end):
        return True
    parent = tree.parent[i]
    return parent is not None and tree.parent[parent] is not None and _is_alone(tree, direct, tree.last[i] - 1)


def _is_alone(tree: _Tree, direct: Sequence[Sequence[Bracket]], i: int) -> bool:
    """Whether a paragraph without a number holds nothing but a bracket."""
    return not tree.numbered(i) and any(len(tree.clauses[i].span) - len(b.span) <= 2 for b in direct[i])


def _right_before(text: str, tree: _Tree, i: int, bracket: Bracket) -> Iterator[_Statement]:
    """The paragraph, or at the end of the document the item, right before a paragraph that holds nothing but a bracket."""
    at = i - 1
    if at < 0 or at == tree.parent[i] or tree.clauses[at].address == "标题":
        return
    if tree.parent[i] is None:
        at = next((j for j in tree.up(at) if tree.numbered(j)), at)
    if not _KEY.match(text, tree.clauses[at].span.start):
        yield _Statement(at, i, bracket.named, False)


def _from_lines(tree: _Tree, held: Sequence[tuple[Bracket, int]]) -> Iterator[_Statement]:
    """Lines that name departments for all clauses after them (以下均需…，不再列出) or before them (以上各项由…)."""
    region = 0  # a part, or the stretch of the document between parts
    regions: dict[int, tuple[int, int]] = {}
    ends: dict[int, int] = {}
    for i in tree.top:
        if tree.is_part(i):
            region += 1
        regions[i] = (region, i)
        ends[region] = tree.last[i]
        if tree.is_part(i):
            region += 1
    begins: dict[int, int] = {}
    for i in tree.top:
        begins.setdefault(regions[i][0], i)
    seen: set[int] = set()
    for bracket, holder in held:
        top = min(tree.up(holder))  # parents come before their children
        here = regions[top][0]
        if bracket.reach == "above":
            yield from _above(tree, bracket, holder, begins[here])
        elif onward := tuple(n for n in bracket.named if n.onward):
            yield _Statement(
                holder + 1, _reach(tree, bracket, holder, ends[here], here in seen), onward, True, measures=True
            )
        seen.add(here)


def _reach(tree: _Tree, bracket: Bracket, holder: int, end: int, not_first: bool) -> int:
    """Behind the last clause that a line speaks for. In the head of a section it is the section; in the first bracket of
    a text it is the whole text; in a later one the section that it stands in."""
    children = tree.children[holder]
    if children and bracket.span.end <= tree.clauses[children[0]].span.start and tree.numbered(children[0]):
        return tree.last[holder]
    if not (bracket.near or not_first):
        return end
    item = next((j for j in tree.up(holder) if tree.numbered(j)), holder)
    parent = tree.parent[item]
    return tree.last[parent] if parent is not None else end


def _above(tree: _Tree, bracket: Bracket, holder: int, begin: int) -> Iterator[_Statement]:
    for i in tree.up(holder):
        parent = tree.parent[i]
        if parent is None:
            yield _Statement(begin, i, bracket.named, True, measures=True)
        elif any(tree.numbered(j) for j in tree.children[parent] if j < i):
            yield _Statement(tree.children[parent][0], i, bracket.named, True)
            return


def _columns(text: str, tree: _Tree) -> Iterator[tuple[Bracket, int]]:
    """The cells of table rows under a heading cell such as 责任单位, as brackets of their rows."""
    columns: dict[int, Role] = {}
    width = 0
    above = False  # whether the row before was one of a header too: a column is named by all of its storeys
    for i, clause in enumerate(tree.clauses):
        if tree.children[i] or not (clause.label.startswith(("表头", "序号")) or clause.label.endswith("行")):
            above = False
            continue
        cells = text[clause.span.start : clause.span.end].split("\t")
        header = clause.label == "表头"
        if header:
            columns = columns if above and len(cells) == width else {}
            columns |= {n: role for n, c in enumerate(cells) if (role := column(c))}
            width = len(cells)
        elif len(cells) == width:
            for n, role in columns.items():
                start = clause.span.start + sum(len(c) + 1 for c in cells[:n])
                if bracket := cell(text, start, start + len(cells[n]), role):
                    yield bracket, i
        above = header
