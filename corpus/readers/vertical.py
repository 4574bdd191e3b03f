"""Vertical text: characters one under the other, in columns from right to left. It is turned, so that its columns are
lines and everything that reads lines reads them: x counts down the page, and y from the right edge.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.readers.pdfium import Char

_PITCH = (0.7, 1.45)  # of the height of type: from one character to the one under it
_ASIDE = 0.45  # of the height of type: how far it may stand to the side
_RUN = 3  # characters under each other that are no chance
_LEAST = 12  # characters of a vertical text


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page between two heights, and whether its text is vertical and was turned."""

    chars: Sequence[Char]
    top: float = float("-inf")
    bottom: float = float("inf")
    turned: bool = False


def blocks(chars: Sequence[Char], width: float) -> list[Block]:
    """The page's characters as blocks from top to bottom; one where there is no vertical text."""
    runs = _runs([c for c in chars if not c["text"].isspace()])
    stacked = [c for run in runs for c in run]
    columns = _columns(runs)
    if len(stacked) < _LEAST or len(columns) < 2:
        return [Block(chars)]
    left, right = columns[0][0], columns[-1][1]
    top, bottom = min(c["top"] for c in stacked), max(c["bottom"] for c in stacked)
    inside: list[Char] = []
    above: list[Char] = []
    below: list[Char] = []
    for char in chars:
        x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
        if left <= x <= right and top <= y <= bottom:
            inside.append(char)
        else:
            (above if y < (top + bottom) / 2 else below).append(char)
    if len(stacked) < 0.5 * sum(not c["text"].isspace() for c in inside):
        return [Block(chars)]
    turned = Block([_turned(c, columns, width) for c in inside], top, bottom, True)
    return [Block(above, bottom=top), turned, Block(below, top=top)]


def _runs(chars: Sequence[Char]) -> list[list[Char]]:
    """The characters that the file has one under the other, three at least."""
    runs: list[list[Char]] = []
    for char in chars:
        if runs and _is_under(runs[-1][-1], char):
            runs[-1].append(char)
        else:
            runs.append([char])
    return [run for run in runs if len(run) >= _RUN]


def _columns(runs: Sequence[Sequence[Char]]) -> list[tuple[float, float]]:
    """The left and right ends of columns, from left to right; narrow characters stand in those of wide ones."""
    out: list[tuple[float, float]] = []
    ends = sorted((min(c["x0"] for c in run), max(c["x1"] for c in run)) for run in runs)
    for left, right in ends:
        if out and left < out[-1][1] - 0.3 * (right - left):
            out[-1] = out[-1][0], max(right, out[-1][1])
        else:
            out.append((left, right))
    return out


def _is_under(above: Char, char: Char) -> bool:
    size = max(above["bottom"] - above["top"], char["bottom"] - char["top"])
    step = (char["top"] + char["bottom"] - above["top"] - above["bottom"]) / 2
    aside = min(abs(char["x0"] - above["x0"]), abs(char["x0"] + char["x1"] - above["x0"] - above["x1"]) / 2)
    return _PITCH[0] * size <= step <= _PITCH[1] * size and aside <= _ASIDE * size


def _turned(char: Char, columns: Sequence[tuple[float, float]], width: float) -> Char:
    """A character turned so that its column is a line; all characters of a column are as high as that is wide."""
    middle = (char["x0"] + char["x1"]) / 2
    at = bisect_right(columns, (middle, float("inf"))) - 1
    left, right = columns[at] if at >= 0 and middle <= columns[at][1] else (char["x0"], char["x1"])
    turned = char.copy()
    turned["x0"], turned["x1"] = char["top"], char["bottom"]
    turned["top"], turned["bottom"] = width - right, width - left
    return turned
