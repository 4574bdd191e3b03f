"""Markdown, also where it stands in a .txt: the marks removed, the heading levels kept.

Only the marks that policy files carry are known: ATX headings, bold and italic asterisks, list bullets, comments, block
quotes and pipe tables. Nothing is rendered, because HTML-looking brackets (区<管委会>) are text in these files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from corpus.readers.lines import Line

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*$")
_BOLD = re.compile(r"\*\*(.*?)\*\*|(?<!\w)__(\S.*?\S)__(?!\w)")
_BULLET = re.compile(r"^\s*[-*+]\s+(?=\S)")
_QUOTE = re.compile(r"^\s*>\s?")
_RULE = re.compile(r"^\s*([-*_]\s*){3,}$")
_COMMENT = re.compile(r"<!--.*?-->")
_TABLE_RULE = re.compile(r"^\s*\|?(\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*$")


def looks_like_markdown(lines: Iterable[Line]) -> bool:
    """Whether the lines carry Markdown marks: two headings, or bold spans in several lines."""
    headings = bold = 0
    for line in lines:
        headings += bool(_HEADING.match(line.text))
        bold += line.text.count("**") >= 2
        if headings >= 2 or bold >= 3:
            return True
    return False


def strip_marks(lines: Iterable[Line]) -> list[Line]:
    """The same lines without Markdown marks; line numbers and pages unchanged."""
    return [_strip(line) for line in lines]


def _strip(line: Line) -> Line:
    text, level = _COMMENT.sub("", line.text), 0
    if _RULE.match(text) or _TABLE_RULE.match(text):
        return Line("", line.number, line.page)
    text = _QUOTE.sub("", text)
    if match := _HEADING.match(text):
        level, text = len(match[1]), match[2]
    text = _BULLET.sub("", text)
    text = _BOLD.sub(lambda m: m[1] if m[1] is not None else m[2], text).replace("**", "")
    if text.lstrip().startswith("|") and text.rstrip().endswith("|"):
        text = "\t" + "\t".join(cell.strip() for cell in text.strip().strip("|").split("|"))
    return Line(text.rstrip(), line.number, line.page, level)
