"""Chinese numerals <-> int, for clause numbers (第一百〇三条), dates and counts up to 99,999,999."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "廿": 20, "卅": 30}
_UNITS = {"十": 10, "百": 100, "千": 1000}

NUMERAL = r"[〇零○一二三四五六七八九十百千两廿卅]+"
"""Regex source of a Chinese numeral below 10,000."""

_ARABIC = re.compile(r"[0-9]+")


@lru_cache(4096)
def to_int(text: str) -> int:
    """The value of a Chinese or Arabic (also full-width) numeral: 一百〇三, 十二, 二〇二五, １０２ -> int.

    Raises ValueError where `text` is not a numeral.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _ARABIC.fullmatch(plain):
        return int(plain)
    if not plain:
        raise ValueError("empty numeral")
    if len(plain) > 1 and all(c in _DIGITS and _DIGITS[c] < 10 for c in plain):
        return int("".join(str(_DIGITS[c]) for c in plain))  # digit by digit: 二〇二五
    total = section = digit = 0
    for c in plain:
        if c in _DIGITS:
            value = _DIGITS[c]
            if value >= 10:  # 廿, 卅
                section, digit = section + value, 0
            else:
                digit = value
        elif c in _UNITS:
            section += (digit or (1 if c == "十" or not section else 0)) * _UNITS[c]
            digit = 0
        elif c == "万":
            total += (section + digit) * 10_000
            section = digit = 0
        else:
            raise ValueError(f"not a numeral: {text!r}")
    return total + section + digit


def to_chinese(value: int) -> str:
    """The numeral as a clerk writes it: 10 -> 十, 103 -> 一百零三, 1260 -> 一千二百六十.

    Raises ValueError outside 0..9999.
    """
    if not 0 <= value <= 9999:
        raise ValueError("only 0..9999 is written here")
    if value < 10:
        return "零一二三四五六七八九"[value]
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if gap and out else "") + "零一二三四五六七八九"[digit] + name
            gap = False
        elif out:
            gap = True
    return out.removeprefix("一") if 10 <= value < 20 else out
