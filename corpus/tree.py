"""The nodes of a clause tree: closed, addressed as a clerk would write, and turned into clauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2s

from corpus.numerals import to_chinese
from corpus.types import Clause, Span


@dataclass(slots=True)
class Node:
    kind: str  # a marker family, or: root part heading group row para text day bullet
    number: int
    start: int
    end: int
    label: str = ""
    heading: str = ""
    depth: int = 1
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    address: str = ""
    last: dict[str, int] = field(
        default_factory=dict
    )  # on a part: last number per family; on any node: counts of children

    def count(self, kind: str) -> int:
        """One more child of that kind: how many there are now."""
        self.last[kind] = self.last.get(kind, 0) + 1
        return self.last[kind]

    def add(self, child: Node) -> Node:
        child.parent = self
        self.children.append(child)
        return child


def finish(root: Node, length: int) -> None:
    _close_spans(root)
    root.start, root.end = 0, length
    _dissolve_single_paragraphs(root)
    for part in [root, *[child for child in root.children if child.kind == "part"]]:
        _number_texts(part)
    _address(root, {})


def _close_spans(node: Node) -> int:
    for child in node.children:
        node.end = max(node.end, _close_spans(child))
    return node.end


def _dissolve_single_paragraphs(node: Node) -> None:
    """An article with one paragraph has no 款: its items are its own."""
    for child in node.children:
        _dissolve_single_paragraphs(child)
    if node.kind == "article":
        paras = [c for c in node.children if c.kind == "para"]
        if len(paras) == 1:
            inner = paras[0].children
            node.children = [c for c in node.children if c.kind != "para"] + inner
            for child in inner:
                child.parent = node


def _number_texts(host: Node) -> None:
    """Labels the paragraphs that belong to the document or an attachment itself."""
    # Rows and headings of a page's own block do not make what follows them a closing: only numbers do, where there are any.
    plain = ("text", "title", "part")
    numbered = [i for i, c in enumerate(host.children) if c.kind not in (*plain, "row", "heading", "para")]
    numbered = numbered or [i for i, c in enumerate(host.children) if c.kind not in plain]
    opening = closing = 0
    for i, child in enumerate(host.children):
        if child.kind != "text":
            continue
        if not numbered or i < numbered[0]:
            opening += 1
            child.number = opening
        else:
            closing += 1
            child.number = -closing


def _address(node: Node, taken: dict[str, int]) -> None:
    """Gives every clause the address that a clerk would write, unique in the document. `taken` counts those given."""
    for child in node.children:
        address = wanted = child.address or _base(child) + _own_address(child)
        while address in taken:
            taken[wanted] += 1
            address = f"{wanted}〔{taken[wanted]}〕"
        child.address = address
        taken[address] = 1
        _address(child, taken)


def _base(node: Node) -> str:
    """The part of the address that stands before the node's own: articles and decimals count through the whole part."""
    parent = node.parent
    while parent is not None and (
        parent.kind == "root"
        or (node.kind == "article" and parent.kind != "part")
        or (node.kind == "dec" and parent.kind != "part")
        or (node.kind in ("chapter", "part") and parent.kind == "chapter")
        or (parent.kind == "part" and not parent.label)
        or (parent.kind == "heading" and node.kind not in ("row", "para", "heading"))
    ):
        parent = parent.parent
    if parent is None:
        return ""
    spaced = parent.kind == "part" or node.kind == "row" or (parent.address[-1:].isdigit() and node.label[:1].isdigit())
    return parent.address + (" " if spaced else "")


def _ordinal(number: int) -> str:
    return to_chinese(number) if number <= 9999 else str(number)


def _own_address(node: Node) -> str:
    if node.kind == "text":
        return f"{'开头' if node.number > 0 else '结尾'}第{_ordinal(abs(node.number))}段"
    if node.kind == "para":
        article = node.parent is not None and node.parent.kind == "article"
        return f"第{_ordinal(node.number)}{'款' if article else '段'}"
    if node.kind in ("cn_paren", "ar_paren") and within(node.parent, "article"):
        return f"第{node.label}{'项' if node.kind == 'cn_paren' else '目'}"
    if node.kind == "heading":
        return node.heading[:30]
    if node.kind in ("ar", "ar_half"):
        return node.label
    return node.label or node.heading[:30] or "正文"


def within(node: Node | None, kind: str) -> bool:
    """Whether a node, or one above it, is of that kind."""
    while node is not None:
        if node.kind == kind:
            return True
        node = node.parent
    return False


def clauses_of(root: Node, document: str, text: str) -> Iterator[Clause]:
    ordinal = 0

    def walk(node: Node, parent: str | None, path: tuple[str, ...]) -> Iterator[Clause]:
        nonlocal ordinal
        for child in node.children:
            own = f"{child.label}{child.heading}" if child.label or child.heading else ""
            here = (*path, own) if own else path
            ident = clause_id(document, child.address)
            start, end = child.start, child.end
            yield Clause(
                ident, document, child.address, here, child.label, child.heading, Span(start, end), parent, ordinal
            )
            ordinal += 1
            yield from walk(child, ident, here)

    yield from walk(root, None, ())


def clause_id(document: str, address: str) -> str:
    """The id of the clause at `address` of a document: 16 hexadecimal digits."""
    return blake2s(f"{document}\n{address}".encode(), digest_size=8).hexdigest()
