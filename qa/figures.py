"""Figures as numbers, so that 一百人 in a question is 100人 in a document and 1亿 is 10000万元."""

from __future__ import annotations

import re

from corpus.numerals import to_int

_CN = r"[〇零一二两三四五六七八九十百千]"
_SCALE = {"万亿": 1e12, "亿": 1e8, "千万": 1e7, "百万": 1e6, "万": 1e4, "千": 1e3}
SCALES = "|".join(_SCALE)
"""What a figure may be counted in, as alternatives of a pattern."""
FIGURE = re.compile(
    rf"(?:\d[\d,]*(?:\.\d+)?\s*(?:{SCALES})?|{_CN}*[一二两三四五六七八九十]{_CN}*(?:万亿|亿|万)?|百万|千万|上?亿)\s*"
    r"(?:美元|元|块|%|％|人|家|件|周岁|岁|平方米|辆|个工作日|工作日|个月|天|日|年|名|项|户|吨|台)?"
)
"""A figure with its unit, in Arabic or Chinese numerals."""

_PARTS = re.compile(rf"(\d[\d,]*(?:\.\d+)?)?({_CN}+)?\s*({SCALES})?\s*(.*)")
_UNIT = {"元": "元", "块": "元", "％": "%", "名": "人", "岁": "岁", "周岁": "岁", "日": "天", "工作日": "个工作日"}


def magnitude(text: str) -> tuple[float, str] | None:
    """The value and unit of the first figure in a text, or None: 最高100万元 -> (1000000.0, 元), 两千万 -> (2e7, 元)."""
    match = FIGURE.search(re.sub(r"^[^\d〇零一二两三四五六七八九十百千亿]*", "", text))
    if match is None:
        return None
    parts = _PARTS.fullmatch(match[0].strip().removeprefix("上"))
    if parts is None:
        return None
    digits, numeral, scale, unit = parts.groups()
    try:
        value = float(digits.replace(",", "")) if digits else float(to_int(numeral)) if numeral else 1.0
    except (ValueError, OverflowError):  # hundreds of numerals in a row are no number, or none that anybody counts
        return None
    if not digits and not numeral and not scale:
        return None
    unit = _UNIT.get(unit, unit)
    if scale and not unit:
        unit = "元"  # 两千万, 1亿: money where nothing else is said
    return value * _SCALE.get(scale or "", 1.0), unit


def magnitudes(text: str) -> tuple[tuple[float, str], ...]:
    """Every figure of a text that has a unit or a scale, as (value, unit)."""
    found = (magnitude(m[0]) for m in FIGURE.finditer(text) if re.search(r"\d|万|亿|[%％元人家件岁辆天日年月]$", m[0]))
    return tuple(dict.fromkeys(f for f in found if f is not None and (f[1] or f[0] >= 10)))


_YEARS = re.compile(r"((?:19|20)\d\d)\s*年?\s*[～~—\-－至到–]+\s*((?:19|20)\d\d)")


def in_range_of_years(year: str, text: str) -> bool:
    """Whether a year lies in a range of years that a text names (2021—2023年), its ends included."""
    return any(int(first) <= int(year) <= int(last) for first, last in _YEARS.findall(text))
