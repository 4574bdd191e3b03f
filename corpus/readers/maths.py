"""Formulas of Word files (OMML, ECMA-376 part 1, 22.1) on one line: a/b, √x, x^2, with the brackets that are drawn."""

from __future__ import annotations

import re
from typing import Any

from corpus.readers.lines import Reason
from corpus.readers.ooxml import child, local, value
from corpus.readers.wordstyles import marks_of

Piece = tuple[Reason | None, str]
"""A text, and why it is left out (None where it is shown)."""

_OPERATOR = re.compile(r"[-+−±×÷*/=，,]")


def formula(element: Any) -> list[Piece]:
    """The text of a formula. What is printed and stands in no m:t (brackets, roots, sums) is written with it."""
    name = local(element)
    if name in ("t", "delText"):
        return [(None, element.text or "")]
    if name in ("del", "moveFrom"):
        return [("deleted", text) for _, text in _inside(element)]
    if name == "r":
        reason = next((found for e in element if local(e) == "rPr" and (found := marks_of(e).reason)), None)
        return [(reason or left, text) for left, text in _inside(element)]
    if name == "d":
        return _delimited(element)
    if name == "f" and child(element, "num") is not None:
        return [*_part(element, "num"), (None, "/"), *_part(element, "den")]
    if name == "rad":
        return [*_inside(child(element, "deg")), (None, "√"), *_inside(child(element, "e"))]
    if name == "nary":
        sign = child(element, "naryPr", "chr")
        return [(None, "∫" if sign is None else value(sign) or ""), *_inside(element)]
    return [] if name.endswith("Pr") else _inside(element)


def _inside(element: Any) -> list[Piece]:
    out: list[Piece] = []
    for inner in [] if element is None else element:
        pieces = formula(inner)
        raised = local(inner) == "sup" and local(element) in ("sSup", "sSubSup", "sPre")
        out += [(None, "^"), *pieces] if raised and any(text.strip() for _, text in pieces) else pieces
    return out


def _delimited(element: Any) -> list[Piece]:
    """Brackets with their parts: round ones and bars unless the formula says otherwise (22.1.2.24)."""
    properties = child(element, "dPr")
    begin, end = child(properties, "begChr"), child(properties, "endChr")
    split = value(child(properties, "sepChr")) or "|"
    out: list[Piece] = [(None, "(" if begin is None else value(begin) or "")]
    for i, part in enumerate(e for e in element if local(e) == "e"):
        out += [(None, split if i else ""), *_inside(part)]
    return [*out, (None, ")" if end is None else value(end) or "")]


def _part(fraction: Any, name: str) -> list[Piece]:
    """The upper or lower part of a fraction, in brackets where it is a sum."""
    pieces = _inside(child(fraction, name))
    several = _OPERATOR.search("".join(text for reason, text in pieces if reason is None)) is not None
    return [(None, "("), *pieces, (None, ")")] if several else pieces
