"""Pieces of the text of a Word file that need no state of the reader: what a paragraph gathers, and looks at elements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from corpus.readers import ooxml, wordsymbols
from corpus.readers.lines import Reason
from corpus.readers.ooxml import child, local, value
from corpus.readers.wordstyles import Marks
from corpus.titles import ATTACHMENT, DATE_LINE, ENDS_FIRMLY, NUMBER_LINE, PARENTHETICAL, squeeze

PLAIN = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "cr": "\n"}
"""Elements of a run that stand for a character."""

_HEADING_BREAK = re.compile(r"(?<![ \t\u3000])[ \t\u3000]*+\n[ \t\u3000]*+")
_PAGE_LIKE = (8.0, 5.0)  # cm: a picture that is a page or a table, and not a seal, a logo or a QR code
_SENTENCE = re.compile(r"[。；：]|文\s*件$")
_EMU, _POINTS = 360_000, 28.35  # in a cm
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(slots=True)
class Sink:
    """What one paragraph holds: the text that is shown, what is left out of it, and what stands behind it."""

    marks: Marks
    shown: list[str] = field(default_factory=list)
    left: list[tuple[Reason, str]] = field(default_factory=list)
    boxes: list[tuple[Reason | None, Any]] = field(default_factory=list)  # text boxes, or texts
    pictures: list[tuple[str | None, bool]] = field(default_factory=list)  # relationship, and whether it is like a page
    at: int = 0  # how much was shown when something was left out last

    def put(self, text: str, reason: Reason | None) -> None:
        """Adds a text; what is left out for one reason in a row is one text."""
        if reason is None:
            self.shown.append(text)
        elif self.left and self.left[-1][0] == reason and self.at == len(self.shown):
            self.left[-1] = (reason, self.left[-1][1] + text)
        else:
            self.left.append((reason, text))
            self.at = len(self.shown)

    def put_box(self, box: Any, reason: Reason | None) -> None:
        """Adds a text box, or a text that stands in a drawing."""
        self.boxes.append((reason, box))


def all_text(element: Any) -> str:
    """All text below an element, deleted and hidden text too."""
    return "".join(
        PLAIN.get(local(e), e.text or "") for e in element.iter("{*}t", "{*}delText", "{*}tab", "{*}noBreakHyphen")
    )


def wrapped(element: Any) -> Any:
    """A paragraph around text that has none."""
    paragraph = etree.Element(f"{element.tag.rpartition('}')[0]}}}p")
    paragraph.append(element)
    return paragraph


def joined(text: str) -> str:
    """The lines of a heading as one: without space between Chinese, with one between words."""
    out = ""
    for piece in _HEADING_BREAK.split(text):
        out += (" " if out and out[-1:].isascii() and piece[:1].isascii() else "") + piece
    return out


def title_joined(lines: list[str]) -> list[str]:
    """The lines of a paragraph set in the middle, those that only together end like a title as one.

    Example: 某市人民政府, 关于停车收费的, 通　知 are one line; a 文号, a date or （试行） below stays by itself.
    """
    out: list[str] = []
    rest = [line.strip() for line in lines]
    while rest:
        size = next((n for n in range(1, len(rest) + 1) if _stands_alone(rest[n - 1])), len(rest) + 1) - 1
        ends = (n for n in range(1, size + 1) if ENDS_FIRMLY.search(squeeze("".join(rest[:n]))))
        taken = next(ends, 1)
        out.append(joined("\n".join(rest[:taken])))
        rest = rest[taken:]
    return out


def _stands_alone(line: str) -> bool:
    """Whether a line is no part of a title on several lines."""
    return not line or any(kind.search(line) for kind in (NUMBER_LINE, DATE_LINE, ATTACHMENT, PARENTHETICAL, _SENTENCE))


def shows_placeholder(sdt: Any) -> bool:
    """Whether a content control shows the prompt of its form, and nothing that anybody wrote."""
    return ooxml.is_on(child(sdt, "sdtPr", "showingPlcHdr"))


def is_placeholder(paragraph: Any) -> bool:
    return any(local(above) == "sdt" and shows_placeholder(above) for above in paragraph.iterancestors())


def chosen(alternatives: Any) -> Any:
    """What mc:AlternateContent offers to programs of today; what older ones get where that has nothing to read."""
    choice = child(alternatives, "Choice")
    fallback = child(alternatives, "Fallback")
    readable = choice is not None and next(choice.iter("{*}t", "{*}graphicData", "{*}p", "{*}pict"), None) is not None
    if readable or fallback is None:
        return [] if choice is None else choice
    return fallback


def set_type(run: Any, shown: list[str], start: int) -> None:
    """Puts signs of symbol fonts right, and figures set high behind a figure (10⁴, which is not 104)."""
    properties = child(run, "rPr")
    if properties is None:
        return
    fonts = child(properties, "rFonts")
    font = value(fonts, "ascii") or ""
    if wordsymbols.is_symbol_font(font):
        shown[start:] = [wordsymbols.as_shown(text, font) for text in shown[start:]]
    if value(child(properties, "vertAlign")) == "superscript":
        text, before = "".join(shown[start:]), "".join(shown[max(0, start - 3) : start])
        if before[-1:].isdigit() and re.fullmatch(r"[0-9]{1,4}", text):
            shown[start:] = [text.translate(_SUPERSCRIPT)]


def is_page_like(picture: Any) -> bool:
    """Whether a picture is shown as large as a page or a table."""
    for above in picture.iterancestors():
        if local(above) in ("inline", "anchor"):
            extent = child(above, "extent")
            sides = [value(extent, side) or "" for side in ("cx", "cy")]
            return all(re.fullmatch(r"\d{1,12}", side) for side in sides) and all(
                int(side) >= least * _EMU for side, least in zip(sides, _PAGE_LIKE, strict=True)
            )
        if local(above) == "shape":
            style = value(above, "style") or ""
            found = [re.search(rf"(?:^|;)\s*{side}:([\d.]{{1,8}})pt", style) for side in ("width", "height")]
            return all(found) and all(
                float(match[1].strip(".") or 0) >= least * _POINTS
                for match, least in zip(found, _PAGE_LIKE, strict=True)
                if match
            )
        if local(above) == "p":
            break
    return False
