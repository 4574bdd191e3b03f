"""House numbers: whether an address (群众路188号) lies in what a cell says of its road (群众路121—260号, 建新路双号门牌).

Who lives in which district, the commonest question to a table of schools, is told by ranges of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESS = re.compile(
    r"(?P<road>[一-鿿]{1,10}(?:路|街|道|巷|弄|里|胡同|村|苑|园))\s*(?P<number>\d{1,4})\s*号(?![线令文])"
)
_PIECE = re.compile(r"[^、，,；;。\s]+")
_RANGE = re.compile(r"(?P<first>\d{1,4})\s*号?\s*(?:[-—－–~～]|至|到)+\s*(?P<last>\d{1,4})\s*号?")
_SIDE = re.compile(r"(?P<odd>单号|单数|奇数)|双号|双数|偶数")
_LEAST = 3
"""Characters of a road's name, its kind among them: what stands before it in a question belongs to the sentence."""


def addresses(question: str) -> Iterator[tuple[str, int]]:
    """The roads and house numbers that a text tells. The name of a road may begin with words of the sentence."""
    for match in _ADDRESS.finditer(question):
        yield match["road"], int(match["number"])


def lies_in(cell: str, road: str, number: int) -> bool:
    """Whether a text names the road, and neither a range nor a side of it that leaves the number out."""
    for piece in _PIECE.finditer(cell):
        if not any(road[at:] in piece[0] for at in range(len(road) - _LEAST + 1)):
            continue
        side = _SIDE.search(piece[0])
        if side is not None and (side["odd"] is not None) != (number % 2 == 1):
            continue
        bounds = _RANGE.search(piece[0])
        if bounds is None or int(bounds["first"]) <= number <= int(bounds["last"]):
            return True
    return False
