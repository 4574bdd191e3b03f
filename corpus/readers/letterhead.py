"""Heads and feet of a Word file: which of their lines are the letterhead of the document, and which only run along.

A letterhead (某市人民政府文件, 某政发〔2024〕1号) that a clerk put into the head of the first page is part of the document. A
head of all pages is one only where it says so: the number of the document, or an issuer with 文件 behind it; the name of an
issuer alone runs along (国家市场监督管理总局规章).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from corpus.readers.ooxml import child, is_on, local, value
from corpus.titles import NUMBER_LINE, squeeze

_ISSUER = re.compile(
    r"^(?:中共|中国共产党)?[一-鿿（）()、\s]{2,60}(?:人民政府|人民政府办公[厅室]|委员会|办公[厅室]|[厅局部委院会署]|领导小组)(?:文件)?$"
)
_DOCUMENT = re.compile(r"文\s*件$")
_PAGE_NUMBER = re.compile(
    r"^(?:第|[-—–－·\s.]{0,6})\s*+\d{0,4}\s*+(?:[-—–－·\s.]{0,6}|页)(?:\s*+[/，,]?\s*+共?\s*+\d{1,4}\s*+页?)?$"
)


def references(sections: Iterable[Any]) -> list[str]:
    """The relationships of all heads and feet, those of the first section first."""
    found = (e for section in sections for e in section if local(e) in ("headerReference", "footerReference"))
    return list(dict.fromkeys(value(e, "id") or "" for e in found))


def first_head(sections: Sequence[Any]) -> tuple[str, bool] | None:
    """The relationship of the head on the first page, and whether it stands on that page only; None for no head."""
    if not sections:
        return None
    heads = {value(e, "type") or "default": value(e, "id") or "" for e in sections[0] if local(e) == "headerReference"}
    if is_on(child(sections[0], "titlePg")):
        return (heads["first"], True) if "first" in heads else None
    return (heads["default"], False) if "default" in heads else None


def own_lines(texts: Sequence[str], body: Sequence[str], *, only_first: bool) -> list[str]:
    """The lines of the first page's head that belong to the document and do not stand in its body."""
    has_number = any(NUMBER_LINE.match(text) for text in texts)
    top = squeeze("".join(body[:30]))
    out = []
    for text in texts:
        issuer = _ISSUER.match(text) is not None and (only_first or has_number or _DOCUMENT.search(text) is not None)
        if (NUMBER_LINE.match(text) or issuer) and squeeze(text) not in top:
            out.append(text)
    return out


def is_page_number(text: str) -> bool:
    """Whether a foot is the number of the page."""
    return text != "" and _PAGE_NUMBER.match(text) is not None
