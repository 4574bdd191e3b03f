"""Personal data out of what is logged: telephone, identity card, bank card and passport numbers, e-mail addresses.

Figures of policies stay: amounts, years, document numbers and article numbers are shorter or stand with other signs.
"""

from __future__ import annotations

import re

_E_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
# Digits as people write them: full width, or in groups with spaces and hyphens.
_DIGIT = "[0-9０-９]"
_GAP = r"[ \-－—–·]?"


def _digits(count: str) -> str:
    return f"(?:{_DIGIT}{_GAP}){count}"


_BEGINS, _ENDS = rf"(?<!{_DIGIT})", rf"(?!{_DIGIT})"
_NUMBERS = (
    # GB 11643: 17 digits and a check sign; and the old number of 15 digits
    ("[身份证号]", re.compile(rf"{_BEGINS}[1-9１-９]{_digits('{16}')}[0-9０-９XxＸｘ]{_ENDS}")),
    ("[银行卡号]", re.compile(rf"{_BEGINS}[3-6３-６]{_digits('{14,17}')}{_DIGIT}{_ENDS}")),
    ("[身份证号]", re.compile(rf"{_BEGINS}[1-9１-９]{_digits('{13}')}{_DIGIT}{_ENDS}")),
    (
        "[手机号]",
        re.compile(rf"{_BEGINS}(?:(?:\+|＋)?(?:86|８６){_GAP})?[1１][3-9３-９]{_digits('{8}')}{_DIGIT}{_ENDS}"),
    ),
    (
        "[电话]",
        re.compile(rf"{_BEGINS}[（(]?[0０]{_DIGIT}{{2,3}}[)）\-－ ]{_GAP}[2-9２-９]{_digits('{5,6}')}{_DIGIT}{_ENDS}"),
    ),
    ("[护照号]", re.compile(r"(?<![A-Za-z0-9])[EeGgDdSsPpHh][0-9]{8}(?![A-Za-z0-9])")),
)


def masked(text: str) -> str:
    """The text with each such number replaced by what it was."""
    text = _E_MAIL.sub("[邮箱]", text)
    for name, pattern in _NUMBERS:
        text = pattern.sub(name, text)
    return text
