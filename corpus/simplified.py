"""Traditional characters as simplified ones, place by place: what is asked in one script is found in texts of the other.

A copy for search and reading: quotes and offsets stay those of the text itself. The characters are OpenCC's (Apache-2.0), by its
dictionary of characters and words from traditional to simplified.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def simplified(text: str) -> str:
    """`text` in simplified characters, of the same length; lone surrogates become U+FFFD."""
    plain = _SURROGATE.sub("\ufffd", text)
    if plain.isascii():
        return plain
    told: str = _converter().convert(plain)
    # No word of the dictionary changes its length today; were one to, its characters are turned one by one.
    return told if len(told) == len(plain) else "".join(_one(character) for character in plain)


def _one(character: str) -> str:
    told: str = _converter().convert(character)
    return told if len(told) == 1 else character


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
