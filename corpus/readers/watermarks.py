"""Watermarks, and other text that is printed across a page: told from the text of the page by angle, shade and place.

A watermark is what the file itself calls one; text that leans; light text much larger than that of the page, or printed
over it there or in another place of the page. What stands at a right angle may be a table on its side, a cell of a table, or a
note in the margin: layout.py judges it when it knows the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from corpus.readers.pdfium import Char

_LARGE = 2.0  # of the height of the page's type: from which light text is a watermark
_OVER = 0.3  # of a character's width and height that another one stands on
_CLOSE = 2.5  # characters: how near those of one text stand


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one angle and shade that the file has one after the other."""

    text: str
    top: float
    chars: tuple[Char, ...]


def apart(chars: Sequence[Char]) -> tuple[list[Char], list[Run]]:
    """The characters of the page itself, and its watermarks, each text once."""
    if not any(c.get("angle") or c.get("faint") or c.get("mark") for c in chars):
        return list(chars), []
    plain = [c for c in chars if not (c.get("angle") or c.get("faint") or c.get("mark"))]
    size = median(c["bottom"] - c["top"] for c in plain) if plain else 0.0
    found = list(runs(c for c in chars if c.get("angle") or c.get("faint") or c.get("mark")))
    places = _places(plain)
    light = {run.text for run in found if run.chars[0].get("faint") and size and _is_light_mark(run, size, places)}
    marks = [
        run
        for run in found
        if run.chars[0].get("mark") or _angle(run) % 90 or (run.chars[0].get("faint") and run.text in light)
    ]
    dropped = {id(char) for run in marks for char in run.chars}
    once = {run.text: run for run in reversed(marks)}
    kept = [c for c in chars if id(c) not in dropped]
    return kept, sorted(once.values(), key=lambda run: run.top)


def runs(chars: Iterable[Char]) -> list[Run]:
    """These characters as texts, in the order of the file."""
    groups: list[list[Char]] = []
    for char in chars:
        last = groups[-1][-1] if groups else None
        if last is not None and _style(last) == _style(char) and _near(last, char):
            groups[-1].append(char)
        else:
            groups.append([char])
    read = [("".join(c["text"] for c in group).strip(), group) for group in groups]
    return [Run(text, min(c["top"] for c in group), tuple(group)) for text, group in read if text]


def _style(char: Char) -> tuple[int, bool, bool]:
    return char.get("angle", 0), char.get("faint", False), char.get("mark", False)


def _angle(run: Run) -> int:
    return run.chars[0].get("angle", 0)


def _near(one: Char, other: Char) -> bool:
    size = max(one["bottom"] - one["top"], one["x1"] - one["x0"], other["bottom"] - other["top"])
    across = max(one["x0"], other["x0"]) - min(one["x1"], other["x1"])
    down = max(one["top"], other["top"]) - min(one["bottom"], other["bottom"])
    return max(across, down) <= _CLOSE * size


def _is_light_mark(run: Run, size: float, places: dict[tuple[int, int], list[Char]]) -> bool:
    tall = max(c["bottom"] - c["top"] for c in run.chars)
    return tall >= _LARGE * size or sum(_stands_on(c, places) for c in run.chars) >= max(1, 0.2 * len(run.chars))


_STEP, _CROWD = 20, 40  # points: how the characters of a page are kept for looking up, and how many in a square


def _places(chars: Sequence[Char]) -> dict[tuple[int, int], list[Char]]:
    out: dict[tuple[int, int], list[Char]] = {}
    for char in chars:
        if not char["text"].isspace():
            key = int((char["x0"] + char["x1"]) / 2 // _STEP), int((char["top"] + char["bottom"]) / 2 // _STEP)
            here = out.setdefault(key, [])
            if len(here) < _CROWD:
                here.append(char)
    return out


def _stands_on(char: Char, places: dict[tuple[int, int], list[Char]]) -> bool:
    """Whether a character is printed over one of the page's own."""
    column, row = int((char["x0"] + char["x1"]) / 2 // _STEP), int((char["top"] + char["bottom"]) / 2 // _STEP)
    near = [c for i in (-1, 0, 1) for j in (-1, 0, 1) for c in places.get((column + i, row + j), ())]
    return any(
        min(char["x1"], c["x1"]) - max(char["x0"], c["x0"]) > _OVER * (c["x1"] - c["x0"])
        and min(char["bottom"], c["bottom"]) - max(char["top"], c["top"]) > _OVER * (c["bottom"] - c["top"])
        for c in near
    )
