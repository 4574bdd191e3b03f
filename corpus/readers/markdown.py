"""Markdown, also where it stands in a .txt: the marks removed, heading levels kept, tables as rows with their header.

Known are the marks that policy files carry: headings, bold, struck-out text, links, pictures, lists (numbers stay), quotes,
fenced code, comments, front matter, pipe tables of GFM (with or without outer pipes, also without a rule) and HTML tables.
Written here and not on markdown-it-py, which reads what CommonMark says: HTML-looking brackets (区<管委会>) and rows
without a rule are text in these files, **“强基”**工程 is bold though CommonMark sees none beside Chinese marks, a line over
--- is no heading, and lines that stand under each other are clauses of their own and not one paragraph. Every line keeps
its number.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Sequence

from corpus.readers import html
from corpus.readers.builder import Builder
from corpus.readers.lines import Line
from corpus.readers.tables import Table, write

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s++(.*)$")
_BOLD = re.compile(r"\*\*(.*?)\*\*|(?<!\w)__(\S.*?\S)__(?!\w)")
_BULLET = re.compile(r"^\s*[-*+]\s+(?=\S)")
_QUOTE = re.compile(r"^\s*(?:>\s?)+")
_RULE = re.compile(r"^\s*([-*_]\s*){3,}$")
_UNDERLINE = re.compile(r"^ {0,3}={3,}\s*$")
_LONGEST_COMMENT = 4000  # characters
_TABLE_RULE = re.compile(
    r"^\s*+(?:\|\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?|:?-++:?\s*+(?:(?:\|\s*+:?-++:?\s*+)++\|?|\|))\s*+$"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^`]*)$")
_FRONT = {"---": ("---", "..."), "+++": ("+++",)}
_FRONT_KEY = re.compile(r"^[A-Za-z_][\w.-]*\s*[:=]")
_FRONT_TITLE = re.compile(r"^title\s*[:=]\s*(.*\S)", re.I)
_LONGEST_FRONT = 200  # lines
_TABLE_MARK = re.compile(r"<table(?=[\s>])|</table\s*>", re.I)

_MARK = re.compile(r"[\\`<\[~*_&]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.{1,2000}?)(?<!`)\1(?!`)")
_HIDDEN = re.compile(r"\x00([0-9a-f]+)\x00")
_URL = r"""\(\s*<?(?:(?=[!-~]{0,500}[./:#])[!-'*-~]+(?:\([!-'*-~]*\)[!-'*-~]*)?|[^()\s]+\.[A-Za-z]{2,5})>?(?:\s+["'][^"']*["'])?\s*\)"""
_IMAGE = re.compile(r"!\[[^\[\]]*\]" + _URL + r"|!\[[^\[\]]*\]\[[^\[\]]*\]|<img\s[^<>]*>", re.I)
_LINK = re.compile(r"\[([^\[\]]*)\](?:" + _URL + r")")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(?:https?://|[./#])[!-~]+\s*$")
_GONE = re.compile(
    r"~~(?=\S)(.{1,2000}?)(?<=\S)~~|<(?:del|s|strike)>((?:(?!<(?:del|s|strike)>).){0,2000}?)</(?:del|s|strike)>", re.I
)
_BREAK = re.compile(r"<br\s*/?>", re.I)
_TAG = re.compile(
    r"</?(?:u|b|i|em|strong|font|span|sup|sub|center|p|div|a|small|big|mark|ins|kbd|code)(?:\s[^<>]*)?/?>", re.I
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.I)


def matches(lines: Sequence[Line]) -> bool:
    """Whether the lines carry Markdown marks: a heading that stands by itself or two, a pipe table with its rule, an HTML
    table, front matter, or bold spans in several lines."""
    headings = bold = 0
    opened = False
    for i, line in enumerate(lines):
        text = line.text
        if match := _HEADING.match(text):
            before, after = (lines[j].text.strip() if 0 <= j < len(lines) else "" for j in (i - 1, i + 1))
            headings += 2 if _title(match) and not (before and after) else 1
        bold += text.count("**") >= 2
        table = "|" in text and i > 0 and _is_rule(text) and _is_row(lines[i - 1].text)
        if headings >= 2 or bold >= 3 or table:
            return True
        opened = opened or text.lstrip().lower().startswith(("<table>", "<table "))
        if opened and "</table" in text.lower():
            return True
    return _front_matter(lines) > 0


def read(lines: Sequence[Line]) -> list[Line]:
    """The lines without Markdown marks, under the numbers that they had."""
    return _Reader(lines).read()


def _html_tables(lines: Sequence[Line]) -> dict[tuple[int, int], tuple[int, int]]:
    """Where HTML tables begin, and where each ends: (line, place in the line)."""
    out: dict[tuple[int, int], tuple[int, int]] = {}
    begun: list[tuple[int, int]] = []
    for i, line in enumerate(lines):
        for match in _TABLE_MARK.finditer(line.text) if "<" in line.text else ():
            if not match[0].startswith("</"):
                begun.append((i, match.start()))
            elif begun:
                out[begun.pop()] = i, match.end()
    return out


def _front_matter(lines: Sequence[Line]) -> int:
    """How many lines the front matter at the start of a file takes, with its marks; 0 where there is none."""
    ends = _FRONT.get(lines[0].text.strip("\ufeff \t")) if lines else None
    if ends is None:
        return 0
    for i, line in enumerate(lines[1:_LONGEST_FRONT], start=1):
        if line.text.rstrip() in ends:
            return i + 1 if any(_FRONT_KEY.match(inner.text) for inner in lines[1:i]) else 0
    return 0


def _title(heading: re.Match[str]) -> str:
    return heading[2].rstrip("#").rstrip()  # # may close a heading as well


def _comments(text: str) -> Iterator[tuple[int, int]]:
    """Where comments of a line begin and end. Not a pattern, which would look for the end anew from each beginning."""
    at, end = text.find("<!--"), 0
    while at >= 0:
        if end < at + 4 and (end := text.find("-->", at + 4)) < 0:
            return
        found = end - at - 4 <= _LONGEST_COMMENT
        if found:
            yield at, end + 3
        at = text.find("<!--", end + 3 if found else at + 1)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    for a, b in _comments(text):
        kept.append(text[at:a])
        at = b
    return "".join([*kept, text[at:]])


def _is_rule(text: str) -> bool:
    return "|" in text and _TABLE_RULE.match(text) is not None


def _is_row(text: str) -> bool:
    return "|" in _ESCAPED.sub("", text)


def _is_framed(text: str) -> bool:
    text = text.strip()
    return len(text) > 1 and text.startswith("|") and text.endswith("|") and not text.endswith("\\|")


def _cells(text: str) -> list[str]:
    """The cells of a row: parted by pipes without a backslash before them."""
    text = text.strip().removeprefix("|")
    parts = re.split(r"(?<!\\)((?:\\\\)*)\|", text)
    cells = ["".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]  # with the backslashes before each pipe
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


class _Reader:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._out = Builder()
        self._tables = _html_tables(lines)
        self._last_comment = max((i for i, line in enumerate(lines) if "-->" in line.text), default=-1)
        self._open_fences: set[str] = set()  # fences that never end

    def read(self) -> list[Line]:
        i = self._take_front_matter()
        while i < len(self._lines):
            i += self._take(i)
        return self._out.lines

    def _take_front_matter(self) -> int:
        """Front matter is no text; its title stands for the heading of a body without one."""
        size = _front_matter(self._lines)
        if size:
            inside = self._lines[1 : size - 1]
            self._out.leave_out("markup", "\n".join(line.text for line in inside), number=self._lines[0].number)
            title = next((m[1].strip("\"' ") for line in inside if (m := _FRONT_TITLE.match(line.text))), "")
            if title and not any(_HEADING.match(line.text) for line in self._lines[size:]):
                self._out.add(title, 1, number=self._lines[0].number)
        return size

    def _take(self, i: int) -> int:
        """Takes line `i` and what belongs to it; returns how many lines were taken."""
        text = self._lines[i].text
        if (fence := _FENCE.match(text)) and fence[1] not in self._open_fences:
            return self._take_code(i, fence[1])
        if "<!--" in text and "-->" not in text[text.index("<!--") :]:
            return self._take_comment(i)
        for match in _TABLE_MARK.finditer(text) if "<" in text else ():
            if (i, match.start()) in self._tables and not text[: match.start()].endswith("`"):
                return self._take_html(i, match.start())
        plain = _QUOTE.sub("", text)
        following = _QUOTE.sub("", self._lines[i + 1].text) if i + 1 < len(self._lines) else ""
        if _is_row(plain) and _is_rule(following) and not _is_rule(plain):
            return self._take_table(i, ruled=True)
        if _is_framed(plain) and not _is_rule(plain):
            return self._take_table(i, ruled=False)
        if following and _UNDERLINE.match(following) and plain.strip() and not _HEADING.match(plain):
            self._out.add(self._inline(plain.strip(), i), 1, number=self._lines[i].number)
            self._out.add("", number=self._lines[i + 1].number)
            return 2
        self._take_line(i, plain)
        return 1

    def _take_line(self, i: int, text: str) -> None:
        line, level = self._lines[i], 0
        if _DEFINITION.match(text):
            self._out.leave_out("markup", text.strip(), number=line.number)
            text = ""
        if _RULE.match(text) or _is_rule(text):
            text = ""
        if match := _HEADING.match(text):
            level, text = len(match[1]), _title(match)
        text = self._inline(_BULLET.sub("", text), i).rstrip()
        if text.startswith("\t") and text.strip():  # a row of flattened text
            self._out.lines.append(Line(text, line.number, line.page))
        else:
            self._out.add(text, level, line.page, number=line.number)
        for a, b in _comments(line.text):
            self._out.leave_out("markup", line.text[a + 4 : b - 3].strip(), number=line.number)

    def _take_code(self, i: int, fence: str) -> int:
        """Fenced code is text as it stands; a fence that never ends is text too."""
        end = i + 1
        while end < len(self._lines) and not self._lines[end].text.strip().startswith(fence):
            end += 1
        if end == len(self._lines):
            self._open_fences.add(fence)
            self._take_line(i, self._lines[i].text)
            return 1
        if name := self._lines[i].text.strip().strip("`~").strip():
            self._out.leave_out("markup", name, number=self._lines[i].number)
        for n in range(i, end + 1):
            self._out.add("" if n in (i, end) else self._lines[n].text.rstrip(), number=self._lines[n].number)
        return end + 1 - i

    def _take_comment(self, i: int) -> int:
        """A comment over several lines; one that never ends is text."""
        if i >= self._last_comment:
            self._take_line(i, self._lines[i].text)
            return 1
        end = next(n for n in range(i + 1, len(self._lines)) if "-->" in self._lines[n].text)
        whole = "\n".join(line.text for line in self._lines[i : end + 1])
        before, _, rest = whole.partition("<!--")
        comment, _, after = rest.partition("-->")
        for n, text in ((i, before), (end, after)):
            self._out.add(self._inline(text.strip(), n), number=self._lines[n].number)
        self._out.leave_out("markup", comment.strip(), number=self._lines[i].number)
        return end + 1 - i

    def _take_html(self, i: int, start: int) -> int:
        """An HTML table, and what stands before and behind it on its lines."""
        end, behind = self._tables[i, start]
        texts = [line.text for line in self._lines[i : end + 1]]
        tail, texts[-1] = texts[-1][behind:], texts[-1][:behind]
        head, texts[0] = texts[0][:start], texts[0][start:]
        if head.strip():
            self._take_line(i, head)
        for row in html.read_tables("\n".join(texts)):
            number = self._lines[min(end, i + (row.number or 1) - 1)].number
            if row.cells:
                self._out.add_row([self._inline(cell, i) for cell in row.cells], header=row.header, number=number)
            else:
                self._out.add(self._inline(row.text, i), number=number)
        if tail.strip():
            self._take_line(end, tail)
        return end + 1 - i

    def _take_table(self, i: int, *, ruled: bool) -> int:
        table, at = Table(), i
        while at < len(self._lines):
            text = _QUOTE.sub("", self._lines[at].text)
            if not (_is_row(text) if ruled else _is_framed(text)):
                break
            if not _is_rule(text):
                table.begin_row(header=ruled and at == i, number=self._lines[at].number)
                for cell in _cells(text):
                    table.put(self._inline(_BREAK.sub("\n", cell), at).strip())
            at += 1
        write(self._out, table.rows())
        return at - i

    # -- inside a line -------------------------------------------------------------------------------------------------

    def _inline(self, text: str, at: int) -> str:
        """The words of a line; struck-out ones are reported."""
        if not _MARK.search(text):
            return text
        text = _ESCAPED.sub(lambda m: _hidden(m[1]), text)
        text = _CODE.sub(lambda m: _hidden(m[2]), text)
        text = _without_comments(text)
        if "~~" in text or "</" in text:
            for match in _GONE.finditer(text):
                self._out.leave_out("deleted", _seen(match[1] or match[2] or ""), number=self._lines[at].number)
            text = _GONE.sub("", text)
        for match in _IMAGE.finditer(text):
            self._out.leave_out("markup", _seen(match[0]), number=self._lines[at].number)
        text = _IMAGE.sub("", text)
        text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text))
        text = _TAG.sub("", _BREAK.sub(" ", text))
        text = _BOLD.sub(lambda m: m[1] if m[1] is not None else m[2], text).replace("**", "")
        text = _ENTITY.sub(lambda m: entities.unescape(m[0]), text)
        return _seen(text)


def _hidden(text: str) -> str:
    """Words that hold no marks, kept from being read as such. A text that was read has no zero characters of its own."""
    return "".join(f"\x00{ord(c):x}\x00" if not c.isalnum() else c for c in text)


def _seen(text: str) -> str:
    return _HIDDEN.sub(lambda m: chr(int(m[1], 16)), text)
