"""Number formats of spreadsheets: what a cell shows beside its value (500 as #,##0"万元" -> 500万元).

Words, signs and scaling of a format are taken, since the value means nothing else: units, ¥, %, the thousands that a comma
at the end cuts off (0!.0,"万元"). Digits are not: a value is never rounded, nor are its thousands parted, so that it stays
what the file holds; a percentage has the zeros that its format shows. Dates are written 2026年4月25日 in whatever order the format has them, with the parts that it shows.
Source: ECMA-376 part 1, 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

_LONGEST = 255  # characters that a format may have in Excel
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]{0,255})(?:-[^\]]{0,255})?\]|\[(?P<elapsed>h+|m+|s+)\]'
    r"|\[(?P<test>[<>=]{1,2}-?[0-9.]+)\]|\[[^\]]{0,255}\]|(?P<general>G/通用格式|General)|(?P<half>AM/PM|A/P|上午/下午)"
    r"|(?P<digits>[0#?]+(?:,[0#?]+)*|\.[0#?]*)|(?P<exponent>E[+-][0#?]*)|(?P<date>y+|m+|d+|h+|s+|e+|a{3,4})|(?P<percent>%)|(?P<comma>,)|(?P<text>@)|(?P<plain>.)",
    re.I | re.S,
)
_CHINESE = {"年": "y", "月": "m", "日": "d", "时": "h", "点": "h", "分": "n", "秒": "s"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[_Token, ...]
    test: tuple[str, Decimal] | None = None

    def has(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)


def shown_number(number: float, style: str) -> str:
    """A number as its cell shows it. Without the noise of binary fractions (0.1 + 0.2) and without exponents."""
    if isinstance(number, float) and number != number:
        return ""
    exact = Decimal(f"{number:.15g}") if isinstance(number, float) else Decimal(number)
    section, unsigned = _section_for(exact, _sections(style[:_LONGEST]))
    if section is None or not section.has("digits", "general", "literal", "percent"):
        # a section without anything shows nothing: ;;; hides a value, 0;-0;;@ hides zero
        return plain(exact) if section is None or section.has("date", "elapsed", "text") else ""
    return _filled(abs(exact) if unsigned else exact, section, negative=unsigned)


def shown_text(text: str, style: str) -> str:
    """A text as its cell shows it: 500 as @"元" -> 500元."""
    if "@" not in style or style == "@":
        return text
    section = next((s for s in reversed(_sections(style[:_LONGEST])) if s.has("text")), None)
    if section is None:
        return text
    return "".join(text if t.kind == "text" else t.text for t in section.tokens if t.kind in ("text", "literal"))


def shown_moment(moment: datetime | date | time | timedelta, style: str) -> str:
    """A date or a time as its cell shows it: 2025年3月1日, 2026年4月25日17:30, 8:30."""
    if isinstance(moment, timedelta):
        minutes = int(moment.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02}"
    parts = _parts(style[:_LONGEST])
    day = ""
    if isinstance(moment, date):  # also a datetime
        day = "".join(
            f"{value}{unit}"
            for part, value, unit in (("y", moment.year, "年"), ("m", moment.month, "月"), ("d", moment.day, "日"))
            if part in parts or not parts & set("ymdhns")
        )
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return day or plain_day(moment)
    told = parts & set("hns")
    if isinstance(moment, datetime) and not told and not (day and not parts & set("ymd") and moment.time() != time()):
        return day
    if isinstance(moment, datetime) and day and moment.time() == time():
        return day  # midnight is how a day without a time is kept
    return day + _clock(moment, style[:_LONGEST], padded="H" in parts or not told)


def plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _clock(moment: datetime | time, style: str, *, padded: bool) -> str:
    """Hours and minutes, and seconds where there are any; 17时30分 where the format has these words."""
    chinese = [t.text for s in _sections(style)[:1] for t in s.tokens if t.kind == "literal" and t.text in "时点分秒"]
    hour = f"{moment.hour:02}" if padded else str(moment.hour)
    if "时" in chinese or "点" in chinese:
        seconds = f"{moment.second}秒" if moment.second else ""
        minutes = f"{moment.minute}分" if moment.minute or seconds else ""
        return f"{moment.hour}{'时' if '时' in chinese else '点'}{minutes}{seconds}"
    return f"{hour}:{moment.minute:02}" + (f":{moment.second:02}" if moment.second else "")


@lru_cache(maxsize=1000)
def _parts(style: str) -> set[str]:
    """The parts of a date that a format shows: y, m, d, h, n (minutes), s; H where hours have two digits."""
    out: set[str] = set()
    tokens = [t for s in _sections(style)[:1] for t in s.tokens if t.kind in ("date", "elapsed")]
    for i, token in enumerate(tokens):
        mark = token.text[0].lower()
        beside = [t.text[0].lower() for t in (*tokens[max(0, i - 1) : i], *tokens[i + 1 : i + 2])]
        if mark == "m" and len(token.text) <= 2 and ((i and tokens[i - 1].text[0] in "hH") or "s" in beside):
            mark = "n"
        out.add({"e": "y", "a": ""}.get(mark, mark))
        if mark == "h" and len(token.text) == 2:
            out.add("H")
    return out - {""}


@lru_cache(maxsize=1000)
def _sections(style: str) -> tuple[_Section, ...]:
    """The sections of a format: for positive and negative numbers, zero and text, or under conditions of their own."""
    sections: list[_Section] = []
    tokens: list[_Token] = []
    test: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(style):
        kind, text = match.lastgroup or "skipped", match[match.lastgroup] if match.lastgroup else ""
        if kind == "plain" and text == ";":
            sections.append(_Section(tuple(tokens), test))
            tokens, test = [], None
        elif kind == "test":
            sign = text.rstrip("0123456789.-")
            test = sign, Decimal(_number(text[len(sign) :]))
        elif kind in ("quoted", "escaped", "currency", "plain"):
            tokens.append(_Token("literal", text))
        elif kind != "skipped":
            tokens.append(_Token(kind, text))
    return (*sections, _Section(tuple(tokens), test))


def _number(text: str) -> str:
    return text if re.fullmatch(r"-?\d+(?:\.\d*)?", text) else "0"


def _section_for(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section | None, bool]:
    """The section that a number is shown by, and whether it says the sign itself."""
    numeric = [s for s in sections[:3] if not (s.has("text") and len(sections) > 1)] or list(sections[:1])
    if any(section.test for section in numeric):
        for section in numeric:
            if section.test is None or _holds(number, section.test):
                return section, False
        return None, False
    if number < 0 and len(numeric) > 1:
        return numeric[1], True
    if number == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], False


def _holds(number: Decimal, test: tuple[str, Decimal]) -> bool:
    sign, limit = test
    return {
        "<": number < limit, ">": number > limit, "=": number == limit, "<=": number <= limit, ">=": number >= limit,
        "<>": number != limit,
    }.get(sign, False)  # fmt: skip


def _filled(number: Decimal, section: _Section, *, negative: bool) -> str:
    """The words of a section around a number; where brackets alone say that it is negative, a sign does."""
    tokens = section.tokens
    digits = [i for i, token in enumerate(tokens) if token.kind in ("digits", "general")]
    percent = sum(token.kind == "percent" for token in tokens)
    if not digits:
        return "".join(token.text for token in tokens if token.kind == "literal").strip()
    first, last = digits[0], digits[-1]
    scale = 0
    while last + scale + 1 < len(tokens) and tokens[last + scale + 1].kind == "comma":
        scale += 1
    before = "".join(token.text for token in tokens[:first] if token.kind in ("literal", "percent"))
    after = "".join(token.text for token in tokens[last + 1 :] if token.kind in ("literal", "percent"))
    inside = [token for token in tokens[first : last + 1] if token.kind in ("digits", "literal")]
    before, after = before.strip(), after.strip()
    if negative and before.startswith("(") and after.endswith(")"):
        before, after = "-" + before[1:], after[:-1]
    value = number * 100**percent / 1000**scale
    words = "".join(token.text for token in inside if token.kind == "literal")
    if words.strip() == ".":  # a point set by hand: 0!.0, shows ten thousands
        behind = [token.text for token in inside][[token.text for token in inside].index(".") + 1 :]
        text = plain(value / 10 ** sum(map(len, behind)))
    elif words.strip() and "/" not in words:
        text = _spelt(value, inside)
    else:
        text = _padded(value, inside, bool(percent))
    return f"{before}{text}{after}"


def _padded(number: Decimal, inside: list[_Token], percent: bool) -> str:
    """A number with all its digits: 007 by 000, and 5.00 by 0.00% as percentages are written."""
    text = plain(number)
    if not number and inside and not any("0" in token.text for token in inside):
        return ""  # # and ? show nothing of zero
    whole = "".join(token.text for token in inside if not token.text.startswith(".")).replace(",", "")
    if number == int(number) >= 0 and re.fullmatch(r"0{2,20}", whole) and len(inside) == 1:
        return text.zfill(len(whole))
    least = next((token.text.count("0") for token in inside if token.text.startswith(".")), 0) if percent else 0
    have = len(text.partition(".")[2])
    return text + ("." if least and not have else "") + "0" * (least - have)


def _spelt(number: Decimal, inside: list[_Token]) -> str:
    """A number whose format has words between the digits: 5120001 by 000-0000 -> 512-0001."""
    whole, _, fraction = plain(abs(number)).partition(".")
    out = f".{fraction}" if fraction else ""
    for token in reversed(inside):  # digits fill the format from the right, its words stay where they are
        if token.kind == "literal":
            out = token.text + out
        elif not token.text.startswith("."):
            size = len(token.text.replace(",", ""))
            whole, taken = whole[:-size], whole[-size:]
            out = (taken.zfill(size) if "0" in token.text else taken) + out
    return ("-" if number < 0 else "") + whole + out
