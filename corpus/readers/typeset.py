"""Characters that stand upright on a page -> lines of text: what stands side by side, with spaces where it is set apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.readers.pdfium import Char

CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]")
_GAP, _WIDE_GAP = 0.15, 0.6  # of the height of the type: what is a space between letters, and beside Chinese
_BAND = 0.15  # of the height of the tallest character that the middle of another on its line keeps from its ends
_LABEL = re.compile(r"^第[〇零一二三四五六七八九十百千\d]{1,7}[编章节条]$")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text, its ends and the height of its type in points. An indent of two characters is kept as two wide
    spaces. `faint` is whether it is light grey or can be seen through."""

    text: str
    top: float
    left: float
    right: float
    size: float
    faint: bool


def text_lines(chars: Sequence[Char]) -> list[TextLine]:
    """The lines of these characters from top to bottom."""
    lines = [sorted(line, key=lambda c: c["x0"]) for line in _grouped(_once(chars))]
    seen = [line for line in lines if any(not c["text"].isspace() for c in line)]
    edges = [_first(line)["x0"] for line in seen if len(line) > 10]
    left = min(edges, default=0.0)
    return [_text_line(line, left) for line in seen]


def unwrapped(lines: Sequence[str]) -> str:
    """The text of lines without their breaks: nothing between Chinese characters, a space between words."""
    out = ""
    for part in (line.strip() for line in lines):
        spaced = out and part and not CJK.match(out[-1]) and not CJK.match(part[0])
        out += (" " if spaced else "") + part
    return out


def _grouped(chars: Sequence[Char]) -> list[list[Char]]:
    """The characters of each line: the middle of each is within the height of the tallest one (also small raised signs)."""
    lines: list[list[Char]] = []
    top = bottom = 0.0
    for char in sorted(chars, key=lambda c: c["top"] + c["bottom"]):
        middle = (char["top"] + char["bottom"]) / 2
        band = _BAND * (bottom - top)
        if lines and top + band <= middle <= bottom - band:
            lines[-1].append(char)
            if char["bottom"] - char["top"] <= bottom - top:
                continue
        else:
            lines.append([char])
        top, bottom = char["top"], char["bottom"]
    return lines


def _text_line(line: Sequence[Char], left: float) -> TextLine:
    visible = [c for c in line if not c["text"].isspace()]
    first, size = visible[0], max(c["bottom"] - c["top"] for c in visible)
    shift = (first["x0"] - left) / max(1.0, first["bottom"] - first["top"])
    indent = "\u3000\u3000" if 1.5 <= shift <= 2.6 else ""
    faint = all(c.get("faint", False) for c in visible)
    top, right = min(c["top"] for c in visible), max(c["x1"] for c in visible)
    return TextLine(indent + _joined(line), top, first["x0"], right, size, faint)


def _first(line: Sequence[Char]) -> Char:
    return next(c for c in line if not c["text"].isspace())


def _joined(line: Sequence[Char]) -> str:
    """The text of a line, with a space where characters stand apart: a little between words, much beside Chinese."""
    out: list[str] = []
    before: Char | None = None
    for char in line:
        text = char["text"]
        if before is not None and not text.isspace() and not before["text"].isspace():
            wide = CJK.match(before["text"]) or CJK.match(text)
            least = _WIDE_GAP if wide and not (len(out) <= 9 and _LABEL.match("".join(out))) else _GAP
            if char["x0"] - before["x1"] > least * (char["bottom"] - char["top"]):
                out.append(" ")
        out.append(text)
        before = char
    return "".join(out).strip()


def _once(chars: Sequence[Char]) -> Sequence[Char]:
    """Characters that are printed twice in one place to look bold count once."""
    seen: dict[tuple[str, float, float], tuple[float, float]] = {}
    out: list[Char] = []
    for char in chars:
        text, x, y = char["text"], char["x0"], char["top"]
        # Squares of two points: what is less than a point away stands in one of these.
        left, right, high, low = (x - 1) // 2, (x + 1) // 2, (y - 1) // 2, (y + 1) // 2
        for key in ((text, left, high), (text, right, high), (text, left, low), (text, right, low)):
            place = seen.get(key)
            if place is not None and abs(place[0] - x) < 1 and abs(place[1] - y) < 1:
                break
        else:
            seen[text, x // 2, y // 2] = x, y
            out.append(char)
    return out
