"""Fields of a Word file that print something which stands in their code alone: circled signs, phonetic guides, boxes.

Most fields carry the result that was printed last, which is taken. Without a result are EQ (circled numbers, fractions and
the phonetic guides of Chinese Word), SYMBOL, MACROBUTTON and the boxes and lists of forms (ECMA-376 part 1, 17.16).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from corpus.readers import wordsymbols
from corpus.readers.lines import Reason
from corpus.readers.ooxml import child, is_on, local, value

_CONTENTS = re.compile(r"^\s*TOC\b", re.I)
_COMMAND = re.compile(r"\\([abdfilorsx])((?:\\[a-z]{1,4}\s*+(?:\d++\s*+)?)*+)\s*+\(", re.I)
_FORMAT = re.compile(r"\\\*\s*(?:\"[^\"]*\"|\S+)")
_SYMBOL = re.compile(r"^\s*SYMBOL\s+(0x[0-9a-f]{1,5}|\d{1,6})(?:.*?\\f\s*(?:\"([^\"]*)\"|(\S+)))?", re.I | re.S)
_BUTTON = re.compile(r"^\s*+MACROBUTTON\s++\S++\s++(.*)$", re.I | re.S)
_COUNTED = re.compile(r"^\s*(?:LISTNUM|AUTONUM\w*|INCLUDETEXT|INCLUDEPICTURE|LINK|EMBED)\b", re.I)
_FRAMES = frozenset("○〇◯□△◇")
_LONGEST_CODE = 4000
_DEEPEST = 20

Piece = tuple[Reason | None, str]
"""A text, and why it is left out (None where it is shown)."""


@dataclass(slots=True)
class Field:
    """A field that was begun: its code so far, whether its result was reached, and the data of a form."""

    code: str = ""
    result: bool = False
    form: Any = field(default=None)

    @property
    def is_contents(self) -> bool:
        """Whether it makes a contents list."""
        return is_contents(self.code)


def is_contents(code: str) -> bool:
    """Whether the code of a field makes a contents list."""
    return _CONTENTS.match(code) is not None


def printed(found: Field) -> list[Piece]:
    """What a field prints that ended without a result."""
    if found.form is not None and (text := _form(found.form)):
        return [(None, text)]
    code = found.code[: _LONGEST_CODE + 1]
    if re.match(r"\s*EQ\b", code, re.I):
        return _equation(code)
    if match := _SYMBOL.match(code):
        text = wordsymbols.sign(match[2] or match[3] or "", int(match[1], 0)) or ""
        return [(None, text)] if text else [("unread", code.strip())]
    if match := _BUTTON.match(code):
        return [(None, match[1].rstrip())]
    return [("unread", code.strip())] if _COUNTED.match(code) else []


def _form(data: Any) -> str:
    """The state of a box, or the entry that a list shows (17.16.17)."""
    box, choices = child(data, "checkBox"), child(data, "ddList")
    if box is not None:
        state = child(box, "checked")
        return "☑" if is_on(child(box, "default") if state is None else state) else "□"
    if choices is None:
        return ""
    entries = [value(entry) or "" for entry in choices if local(entry) == "listEntry"]
    chosen = value(child(choices, "result")) or value(child(choices, "default")) or "0"
    return entries[int(chosen)] if re.fullmatch(r"\d{1,3}", chosen) and int(chosen) < len(entries) else ""


# -- EQ ----------------------------------------------------------------------------------------------------------------


class _TooDeep(ValueError):
    """More brackets in brackets than an equation has."""


def _equation(code: str) -> list[Piece]:
    text = _FORMAT.sub("", re.sub(r"^\s*EQ\b", "", code, flags=re.I))
    try:
        if len(code) > _LONGEST_CODE:
            raise _TooDeep
        parts = [part for argument, _ in _arguments(text, 0, 0) for part in argument]
    except _TooDeep:
        return [("unread", code[:200].strip())]
    return [("markup" if raised else None, part.strip()) for part, raised in parts if part.strip()]


_Argument = list[tuple[str, bool]]  # texts, and whether each is a phonetic guide


def _arguments(text: str, at: int, depth: int) -> Iterator[tuple[_Argument, int]]:
    """The arguments from a place on up to the closing bracket, each with the place behind it."""
    if depth > _DEEPEST:
        raise _TooDeep
    argument: _Argument = []
    while at < len(text) and not (depth and text[at] == ")"):
        if match := _COMMAND.match(text, at):
            inner = list(_arguments(text, match.end(), depth + 1))
            argument += _set(match[1].lower(), match[2].lower(), [part for part, _ in inner])
            at = inner[-1][1] + 1
        elif text[at] in ",;" and depth:
            yield argument, at
            argument, at = [], at + 1
        else:
            literal = text[at] == "\\" and at + 1 < len(text)
            at += literal
            argument.append((text[at], False))
            at += 1
    yield argument, at


def _set(name: str, options: str, arguments: list[_Argument]) -> _Argument:
    """What one command of EQ prints."""
    texts = ["".join(part for part, raised in argument if not raised).strip() for argument in arguments]
    if name == "s" and "\\up" in options:
        return [(text, True) for text in texts]
    if name == "f" and len(texts) == 2:
        return [("/".join(texts), False)]
    if name == "r":
        return [("√".join(["", *texts][-2:]), False)]
    if name == "o":
        return _over(arguments, texts)
    return [part for argument in arguments for part in argument]


def _over(arguments: list[_Argument], texts: list[str]) -> _Argument:
    """Signs set over one another: one in a circle, or a base with its phonetic guide."""
    inside = [text for text in texts if text and text not in _FRAMES]
    if len(inside) < len([text for text in texts if text]):
        return [(_circled(text), False) for text in inside]
    return [part for argument in arguments for part in argument]


def _circled(text: str) -> str:
    if re.fullmatch(r"[1-9]|1[0-9]|20", text):
        return chr(ord("①") + int(text) - 1)
    at = "一二三四五六七八九十".find(text)
    return chr(ord("㊀") + at) if at >= 0 and len(text) == 1 else text
