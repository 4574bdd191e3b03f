"""The numbers that a browser prints before the items of ordered lists."""

from __future__ import annotations

import re
from typing import Any

from corpus.readers.html_chrome import tag_of
from corpus.readers.numbering import number_text

_ITEM_STYLES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_UNNUMBERED = re.compile(r"list-style(?:-type)?\s*+:(?:(?!list-style(?:-type)?\s*+:)[^;])*none", re.I)
_MARKED = re.compile(r"\s*(?:第[^\s]{1,9}[编章节条款]|[（(]?[0-9０-９一二三四五六七八九十]{1,3}[）)．.、]|[①-⑳])")


def list_number(item: Any, numbers: dict[Any, dict[Any, str]]) -> str:
    """The number that a browser prints before an item of an ordered list, unless the item has one of its own.

    `numbers` keeps those of the lists met so far."""
    parent = item.getparent()
    if (
        parent is None
        or tag_of(parent) != "ol"
        or _UNNUMBERED.search(f"{parent.get('style') or ''};{item.get('style') or ''}")
    ):
        return ""
    if parent not in numbers:
        numbers[parent] = _item_numbers(parent)
    return "" if _MARKED.match("".join(item.itertext())[:50]) else numbers[parent][item]


def _item_numbers(ordered: Any) -> dict[Any, str]:
    out: dict[Any, str] = {}
    style = _ITEM_STYLES.get(ordered.get("type") or "1", "decimal")
    number = whole(ordered.get("start"), 1)
    for item in ordered:
        if tag_of(item) == "li":
            number = whole(item.get("value"), number)
            out[item] = f"{number_text(number, style)}. "
            number += 1
    return out


def whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text.strip()) else otherwise
