"""What the styles of a Word file say of paragraphs and runs: lists, heading levels, struck-out and hidden text.

Source: ECMA-376 part 1, 17.7 (styles) and 17.7.3 (toggle properties: what a paragraph style and a character style both
switch on is off; what a run says itself counts alone). A style inherits along basedOn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from corpus.readers.lines import Reason
from corpus.readers.ooxml import child, is_on, local, value

_HEADING = re.compile(r"^(?:heading|标题)\s*([1-9])$", re.I)
_GRADED = re.compile(r"^([一二三四五六])级标题$")
_TITLE = re.compile(r"^(?:title|(?:文章|公文|文件|文档|大|主|总)?标题)$", re.I)
_STRUCK = ("sngStrike", "dblStrike")  # DrawingML 20.1.10.79


@dataclass(frozen=True, slots=True)
class Marks:
    """What takes text out of a run: each is None where nothing is said of it."""

    strike: bool | None = None
    double: bool | None = None
    hidden: bool | None = None

    def over(self, other: Marks) -> Marks:
        """These marks, and those of `other` where these say nothing."""
        return Marks(
            other.strike if self.strike is None else self.strike,
            other.double if self.double is None else self.double,
            other.hidden if self.hidden is None else self.hidden,
        )

    def toggled(self, other: Marks) -> Marks:
        """The marks of a paragraph style and of a character style together."""
        return Marks(
            bool(self.strike) != bool(other.strike),
            self.over(other).double,
            bool(self.hidden) != bool(other.hidden),
        )

    @property
    def reason(self) -> Reason | None:
        """Why text with these marks is not part of the document, None where it is."""
        if self.strike or self.double:
            return "deleted"
        return "hidden" if self.hidden else None


PLAIN = Marks()


@dataclass(frozen=True, slots=True)
class Style:
    """A style, its bases followed: list, level in the list, heading level (0 for none), marks of its text,
    and whether it is set in the middle (None where nothing is said)."""

    list_id: str = ""
    depth: int | None = None
    heading: int = 0
    marks: Marks = PLAIN
    centred: bool | None = None


class Styles:
    """The styles of one document.

    Example: `Styles(package.xml("word/styles.xml")).paragraph("Heading1").heading` gives 1. The default styles stand for
    names that are empty or unknown.
    """

    def __init__(self, root: Any = None) -> None:
        elements: dict[str, Any] = {}
        self._default = ""
        for element in [] if root is None else root:
            if local(element) == "style" and value(element, "type") != "table":
                name = value(element, "styleId") or ""
                elements[name] = element
                if value(element, "type") == "paragraph" and value(element, "default") in ("1", "true", "on"):
                    self._default = name
        self._elements = elements
        self._known: dict[str, Style] = {}
        self._base = marks_of(child(root, "docDefaults", "rPrDefault", "rPr"))

    def name_of(self, paragraph: Any) -> str:
        """The id of a paragraph's style."""
        return value(child(paragraph, "pPr", "pStyle")) or self._default

    def get(self, name: str) -> Style:
        """A style by its id; one that says nothing where there is none."""
        if name not in self._known:
            self._known[name] = _style(name, self._elements)
        return self._known[name]

    def lists(self) -> dict[str, str]:
        """The list of each numbering style, for lists that only point at a style."""
        names = [name for name, element in self._elements.items() if value(element, "type") == "numbering"]
        return {name: found for name in names if (found := self.get(name).list_id)}

    def marks(self, run: Any, paragraph: Marks) -> Marks:
        """The marks of a run in a paragraph whose style has the marks `paragraph`."""
        own, character = PLAIN, PLAIN
        for properties in run:
            if local(properties) == "rPr":
                own = marks_of(properties).over(own)
                if (name := value(child(properties, "rStyle"))) is not None:
                    character = self.get(name).marks
            elif local(properties) not in ("lastRenderedPageBreak", "AlternateContent"):
                break  # properties stand first
        styled = paragraph if character is PLAIN else character.toggled(paragraph)
        return own.over(styled).over(self._base)


def marks_of(properties: Any) -> Marks:
    """What run properties say themselves (w:rPr, or the attributes of a:rPr)."""
    found: dict[str, bool] = {}
    for element in [] if properties is None else properties:
        name = local(element)
        if name in ("strike", "dstrike", "vanish"):
            found[name] = is_on(element)
    if properties is not None and (drawn := value(properties, "strike")) is not None:
        found["strike"] = drawn in _STRUCK
    return Marks(found.get("strike"), found.get("dstrike"), found.get("vanish")) if found else PLAIN


def heading_of(paragraph: Any, style: Style) -> int:
    """The heading level of a paragraph, its own or that of its style; 0 for none."""
    outline = digit(value(child(paragraph, "pPr", "outlineLvl")))
    return style.heading if outline is None else _level(outline)


def is_centred(paragraph: Any, style: Style) -> bool:
    """Whether a paragraph is set in the middle of the line."""
    own = _centred(paragraph)
    return bool(style.centred if own is None else own)


def _centred(element: Any) -> bool | None:
    setting = value(child(element, "pPr", "jc"))
    return None if setting is None else setting == "center"


def digit(text: str | None) -> int | None:
    """A number of one digit, None for anything else."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]", text) else None


def _style(name: str, elements: dict[str, Any]) -> Style:
    out = Style()
    list_id: str | None = None
    heading: int | None = None
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        element = elements[name]
        number = child(element, "pPr", "numPr")
        list_id = value(child(number, "numId")) if list_id is None else list_id
        depth = digit(value(child(number, "ilvl"))) if out.depth is None else out.depth
        heading = _heading(element) if heading is None else heading
        middle = _centred(element) if out.centred is None else out.centred
        out = replace(out, depth=depth, centred=middle, marks=out.marks.over(marks_of(child(element, "rPr"))))
        name = value(child(element, "basedOn")) or ""
    return replace(out, list_id="" if list_id in (None, "0") else str(list_id), heading=heading or 0)


def _heading(element: Any) -> int | None:
    """The heading level that one style gives: by its outline level, else by its name; a title is of level 1."""
    outline = digit(value(child(element, "pPr", "outlineLvl")))
    if outline is not None:
        return _level(outline)
    name = (value(child(element, "name")) or "").strip()
    if match := _HEADING.match(name):
        return _level(int(match[1]) - 1)
    if match := _GRADED.match(name):
        return "一二三四五六".index(match[1]) + 1
    return 1 if _TITLE.match(name) and value(element, "type") == "paragraph" else None


def _level(outline: int) -> int:
    """Outline levels are 0..8, and 9 for body text."""
    return min(outline + 1, 6) if outline < 9 else 0
