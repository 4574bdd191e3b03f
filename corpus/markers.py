"""The marks that begin a clause in a Chinese official document, and what they count.

Families, after GB/T 9704-2012 (layout of official documents: 一、（一）1．（1）) and the Legislation Law (编章节条款项目).
A mark is recognised by form alone here; whether it begins a clause is for the outline, which knows the numbering.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from corpus.numerals import NUMERAL, to_int

Family = Literal[
    "part", "chapter", "section", "article", "cn", "cn_paren", "dec", "ar", "ar_paren", "ar_half", "circled"
]

_N = f"(?:{NUMERAL}|[0-9０-９]+)"
_PATTERNS: tuple[tuple[Family, re.Pattern[str]], ...] = (
    ("part", re.compile(rf"第\s*({_N})\s*(?:编|分编|部分)(?=[\s　]|$|[一-鿿])")),
    ("chapter", re.compile(rf"第\s*({_N})\s*章(?=[\s　]|$|[一-鿿])")),
    ("section", re.compile(rf"第\s*({_N})\s*节(?=[\s　]|$|[一-鿿])")),
    ("article", re.compile(rf"第\s*({_N})\s*条(?:之({_N}))?(?![第款项目之、，和或至的])\s*")),
    ("cn", re.compile(rf"({NUMERAL})\s*[、．.](?![0-9])\s*")),
    (
        "cn_paren",
        re.compile(
            rf"[（(]\s*({NUMERAL})\s*[）)](?!\s*[至到、和及或]\s*[（(]|\s*(?:项(?!目)|目(?![的标录前])))\s*[、．.]?\s*|[（(]({NUMERAL})、\s*"
        ),
    ),
    (
        "dec",
        re.compile(
            r"([0-9０-９]{1,2}(?:[.．][0-9０-９]{1,2}){1,4})[.．]?"
            r"(?![0-9０-９%％万亿个元家件项年倍米吨亩岁]|公里|平方|小时|周岁|月\s*(?:[0-9０-９]|份|底|初|中旬|[上下]旬)|\s*[%％万亿元])"
            r"(?:\s*(?=[一-鿿“《（(Ⅰ-Ⅻ])|\s+(?=\S))"
        ),
    ),
    # 1.2016年, 2.5月8日, 3.16周岁以下: a number before a year, a day or an age is an item, no decimal.
    (
        "ar",
        re.compile(
            r"([0-9０-９]{1,3})\s*(?:[．、]|\.(?![0-9])"
            r"|\.(?=(?:19|20)[0-9]{2}\s*(?:年|学年|届|[—–-])|[0-9]{1,2}\s*(?:月\s*(?:[0-9]|份|底|初|[上中下]旬)|周?岁)))\s*(?=\S)"
        ),
    ),
    (
        "ar_paren",
        re.compile(
            r"[（(]\s*([0-9０-９]{1,2})\s*[）)](?!\s*[至到、和及或]\s*[（(]|\s*(?:项(?!目)|目(?![的标录前])))\s*[、．.]?\s*"
        ),
    ),
    ("ar_half", re.compile(r"([0-9０-９]{1,2})[）)]\s*")),
)
_FIRST = {"第": "第", "（(": "("}
_FIRST |= {"〇零○一二三四五六七八九十百千两廿卅": "一", "0123456789０１２３４５６７８９": "1"}
_BEGIN_WITH = {"part": "第", "chapter": "第", "section": "第", "article": "第", "cn": "一", "cn_paren": "("}
_BEGIN_WITH |= {"dec": "1", "ar": "1", "ar_paren": "(", "ar_half": "1"}
# The patterns that a text with this first character may match, in their order.
_BY_FIRST = {
    character: tuple((f, pattern) for f, pattern in _PATTERNS if _BEGIN_WITH[f] == kind)
    for characters, kind in _FIRST.items()
    for character in characters
}
ENCLOSED: dict[str, tuple[Family, int, str]] = {
    **{chr(0x3220 + n): ("cn_paren", n + 1, f"（{'一二三四五六七八九十'[n]}）") for n in range(10)},  # ㈠
    **{chr(0x2474 + n): ("ar_paren", n + 1, f"（{n + 1}）") for n in range(20)},  # ⑴
    **{chr(0x2488 + n): ("ar", n + 1, f"{n + 1}．") for n in range(20)},  # ⒈
}
"""Marks that are one character: the family that each is a form of, its number, and how it is cited."""
for _start, _first, _many in (
    (0x2460, 1, 20),  # ①
    (0x3251, 21, 15),  # ㉑
    (0x32B1, 36, 15),  # ㊱
    (0x2776, 1, 10),  # ❶
    (0x2780, 1, 10),  # ➀
    (0x278A, 1, 10),  # ➊
    (0x24F5, 1, 10),  # ⓵
    (0x3280, 1, 10),  # ㊀
):
    ENCLOSED.update({chr(_start + n): ("circled", _first + n, chr(_start + n)) for n in range(_many)})
_ENCLOSED_REST = re.compile(rf"\s*[、．.]?\s*(?![至到、和及或]?\s*[{''.join(ENCLOSED)}])")
_LONGEST = 64  # characters that a mark, or a heading with one, may have
_TOP_DECIMAL = re.compile(r"([0-9]{1,2})\s+(?=[一-鿿])")
_CLASS = re.compile(rf"^(第\s*({_N})\s*[类组批])(?:[\s：:]\s*([^。；，、]{{1,30}}))?$")
_HISTORY = re.compile(r"^[（(]?\s*+(?:根据|依据)?\s*+(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日")
_EVENT = re.compile(r"(?:通过|批准|修正|修改|修订|公布|发布|施行|实施|废止)[）)]?$")
_ORDER = re.compile(r"令第?\s*\d+\s*号[）)]?$")


@dataclass(frozen=True, slots=True)
class Marker:
    """A mark at the start of a text: its family, its number (the last one of 1.2.3), how deep a decimal goes (1.2.3 is
    3, every other family 1), the characters it takes with the space after it, and its words as a clerk cites them."""

    family: Family
    number: int
    depth: int
    length: int
    label: str


def marker_of(text: str) -> Marker | None:
    """The mark that `text` begins with, or None. References in running text (第三条规定的…) may pass: see the outline."""
    if text[:1] in ENCLOSED:
        return _enclosed(text[:_LONGEST])
    return _marker_of(text[:_LONGEST]) if text[:1] in _BY_FIRST else None  # most paragraphs begin with none


def _enclosed(text: str) -> Marker | None:
    family, number, label = ENCLOSED[text[0]]
    if family == "circled":
        return Marker(family, number, 1, len(text) - len(text[1:].lstrip()), label)
    rest = _ENCLOSED_REST.match(text, 1)  # ㈠、㈡ are a reference
    return Marker(family, number, 1, rest.end(), label) if rest else None


@lru_cache(4096)  # a paragraph is looked at several times
def _marker_of(text: str) -> Marker | None:
    patterns = _BY_FIRST[text[0]]
    for family, pattern in patterns:
        match = pattern.match(text)
        if match is None:
            continue
        raw = next(group for group in match.groups() if group)
        label = match[0].strip()
        if family == "dec":
            numbers = re.split(r"[.．]", raw)
            return Marker(family, int(numbers[-1]), len(numbers), match.end(), raw)
        return Marker(family, to_int(raw), 1, match.end(), re.sub(r"\s", "", label))
    match = _TOP_DECIMAL.match(text)
    if match and len(text) <= 40 and not re.search(r"[。；，]", text):  # 1  总则: a heading, not a sentence
        return Marker("dec", int(match[1]), 1, match.end(), match[1])
    return None


def class_of(text: str) -> tuple[int, str, str] | None:
    """(number, 第二类, what follows) of a line that names a class of a list, None for any other."""
    match = _CLASS.match(text)
    return (to_int(match[2]), re.sub(r"\s", "", match[1]), (match[3] or "").strip()) if match else None


def ends_event(before: str, text: str) -> bool:
    """Whether a line break ends an event in the history of a law: …会议通过 | 2020年5月14日…修正 or 通过 | 为了…."""
    if before.count("《") > before.count("》"):  # inside the name of a law: …中华人民共和国专利法实施 | 细则
        return False
    if not _EVENT.search(before):
        return bool(_ORDER.search(before) and _HISTORY.match(text))
    goes_on = before.count("（") > before.count("）") or text.startswith("的")
    return bool(_HISTORY.match(text)) or (not goes_on and bool(_HISTORY.match(before)))


def is_history(text: str) -> bool:
    """Whether a line tells when a law was passed, in brackets or not: （2020年5月14日…通过）."""
    return bool(_HISTORY.match(text))
