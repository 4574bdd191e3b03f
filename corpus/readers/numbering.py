"""Word's automatic numbers as typed text: 第三条, （二）, 1.2 that stand in no paragraph but in its list.

Source: ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (number formats). A paragraph names a list (numId) and a level, or
its style does. A list is an instance of an abstract list, and instances of one abstract list count on together, unless
an instance overrides the start (startOverride), which then happens once. A level starts again when a level above it
was used, or as lvlRestart says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from corpus.numerals import to_chinese
from corpus.readers.ooxml import child, is_on, local, value

_PLACE = re.compile(r"%([1-9])")
_CAPITAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_CAPITAL_OLD = str.maketrans("零一二三四五六七八九十百千", "零壹貳參肆伍陸柒捌玖拾佰仟")
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
          (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_SERIES = {  # format -> (first character, how many there are)
    "decimalEnclosedCircle": ("①", 20), "decimalEnclosedCircleChinese": ("①", 20), "decimalEnclosedFullstop": ("⒈", 20),
    "decimalEnclosedParen": ("⑴", 20), "ideographEnclosedCircle": ("㊀", 10),
}  # fmt: skip
_LETTERS = {
    "russianLower": "абвгдежзиклмнопрстуфхцчшщыэюя", "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ",
    "aiueoFullWidth": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "irohaFullWidth": "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス",
    "ganada": "가나다라마바사아자차카타파하", "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
}  # fmt: skip
_COUNTING = ("chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "taiwaneseCountingThousand", "japaneseCounting",
             "koreanCounting")  # fmt: skip
_DIGITAL = ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital", "koreanDigital", "koreanDigital2")
_LEGAL = {"chineseLegalSimplified": _CAPITAL, "ideographLegalTraditional": _CAPITAL_OLD, "japaneseLegal": _CAPITAL_OLD}


def number_text(number: int, style: str) -> str:
    """A number in one of Word's number formats (the names of ST_NumberFormat). Unknown formats give plain digits.

    Chinese counting is written 一百零一 from a hundred on, as laws write it.
    """
    if style in _COUNTING and 0 <= number <= 9999:
        return to_chinese(number)
    if style in _LEGAL and 0 <= number <= 9999:
        return to_chinese(number).translate(_LEGAL[style])
    if style in _DIGITAL:
        return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(abs(number)))
    if style in _SERIES and 1 <= number <= _SERIES[style][1]:
        return chr(ord(_SERIES[style][0]) + number - 1)
    if style == "ideographTraditional":
        return _STEMS[(number - 1) % 10]
    if style == "ideographZodiac":
        return _BRANCHES[(number - 1) % 12]
    if style == "ideographZodiacTraditional":
        return _STEMS[(number - 1) % 10] + _BRANCHES[(number - 1) % 12]
    return _western(number, style)


def _western(number: int, style: str) -> str:
    if style == "none":
        return ""
    if style in ("decimalFullWidth", "decimalFullWidth2"):
        return str(number).translate({ord("0") + i: ord("０") + i for i in range(10)})
    if style == "decimalZero":
        return f"{number:02d}"
    if style.startswith("zero"):
        return f"{number:0{style[4:]}d}"
    if style == "numberInDash":
        return f"- {number} -"
    if style == "ordinal":
        return f"{number}{_ordinal_ending(number)}"
    if style == "hex":
        return f"{number:X}"
    if style in _LETTERS and 1 <= number <= len(_LETTERS[style]):
        return _LETTERS[style][number - 1]
    if style in ("upperLetter", "lowerLetter") and 1 <= number <= 780:
        letters = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if style == "upperLetter" else letters.lower()
    if style in ("upperRoman", "lowerRoman") and 1 <= number <= 3999:
        return _roman(number) if style == "upperRoman" else _roman(number).lower()
    return str(number)


def _ordinal_ending(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _roman(number: int) -> str:
    out = ""
    for size, sign in _ROMAN:
        out += sign * (number // size)
        number %= size
    return out


@dataclass(frozen=True, slots=True)
class _Level:
    style: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None  # 0: never; n: when level n (counted from 1) was used
    legal: bool = False  # every place in arabic digits
    suffix: str = "tab"
    paragraph_style: str = ""
    hidden: bool = False  # counted, and not printed


@dataclass(slots=True)
class _Abstract:
    levels: dict[int, _Level]
    link: str = ""  # the numbering style that defines it instead
    counts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Instance:
    abstract: str
    starts: dict[int, int]
    levels: dict[int, _Level]


class Numbering:
    """The lists of one document and how far each has counted.

    Example: `Numbering(package.xml("word/numbering.xml")).text("1", 0)` gives "第一条　", then "第二条　".
    `style_lists` maps a numbering style to its list, for abstract lists that only point at a style.
    """

    def __init__(self, root: Any = None, style_lists: dict[str, str] | None = None) -> None:
        self._abstracts: dict[str, _Abstract] = {}
        self._instances: dict[str, _Instance] = {}
        self._style_lists = style_lists or {}
        self._started: set[tuple[str, int]] = set()
        for element in [] if root is None else root:
            if local(element) == "abstractNum":
                self._abstracts[value(element, "abstractNumId") or ""] = _abstract(element)
            elif local(element) == "num":
                self._instances[value(element, "numId") or ""] = _instance(element)

    def level_of_style(self, list_id: str, style: str) -> int | None:
        """The level of a list that is tied to a paragraph style (w:pStyle), None where none is."""
        found = self._find(list_id)
        if found is None:
            return None
        levels = {**found[1].levels, **found[0].levels}
        return next((n for n, level in levels.items() if level.paragraph_style == style), None)

    def text(self, list_id: str, depth: int) -> str:
        """Counts one on in a list at a level (from 0); the number as it would be typed, "" for none or no such list."""
        found = self._find(list_id)
        if found is None:
            return ""
        instance, abstract = found
        level = self._level(instance, abstract, depth)
        self._count(list_id, instance, abstract, depth, level)
        if level.hidden:
            return ""
        if level.style == "bullet":
            return _bullet(level.text)

        def place(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            shown = self._level(instance, abstract, at)
            style = "decimal" if level.legal and shown.style != "decimalZero" else shown.style
            return number_text(abstract.counts.get(at, shown.start), style)

        return _as_typed(_PLACE.sub(place, level.text), level.suffix)

    def _find(self, list_id: str) -> tuple[_Instance, _Abstract] | None:
        seen = set()
        while list_id not in seen:
            seen.add(list_id)
            instance = self._instances.get(list_id)
            abstract = self._abstracts.get(instance.abstract) if instance else None
            if instance is None or abstract is None:
                return None
            if not abstract.link or abstract.link not in self._style_lists:
                return instance, abstract
            list_id = self._style_lists[abstract.link]
        return None

    def _level(self, instance: _Instance, abstract: _Abstract, depth: int) -> _Level:
        return instance.levels.get(depth) or abstract.levels.get(depth) or _Level()

    def _count(self, list_id: str, instance: _Instance, abstract: _Abstract, depth: int, level: _Level) -> None:
        counts = abstract.counts
        if depth in instance.starts and (list_id, depth) not in self._started:
            self._started.add((list_id, depth))
            counts[depth] = instance.starts[depth]
        else:
            counts[depth] = counts[depth] + 1 if depth in counts else level.start
        for deeper in [n for n in counts if n > depth]:
            restart = self._level(instance, abstract, deeper).restart
            if restart is None or depth < restart:
                del counts[deeper]


def _abstract(element: Any) -> _Abstract:
    link = value(child(element, "numStyleLink")) or ""
    return _Abstract(_levels(element), link)


def _levels(element: Any) -> dict[int, _Level]:
    return {_int(value(inner, "ilvl"), 0): _level(inner) for inner in element if local(inner) == "lvl"}


def _level(element: Any) -> _Level:
    restart = child(element, "lvlRestart")
    return _Level(
        style=_format(element),
        text=value(child(element, "lvlText")) or "",
        start=_int(value(child(element, "start")), 0),
        restart=None if restart is None else _int(value(restart), 0),
        legal=is_on(child(element, "isLgl")),
        suffix=value(child(element, "suff")) or "tab",
        paragraph_style=value(child(element, "pStyle")) or "",
        hidden=is_on(child(element, "rPr", "vanish")),
    )


def _format(element: Any) -> str:
    """The number format; a newer one stands in mc:AlternateContent with an old one to fall back on.

    Of the newer ones digits with zeros before them are known (001, 002: "zero3").
    """
    custom = value(child(element, "AlternateContent", "Choice", "numFmt"), "format")
    if custom is not None and (match := re.match(r"(0{1,8}1)\b", custom)):
        return f"zero{len(match[1])}"
    plain = child(element, "numFmt")
    if plain is None:
        plain = child(element, "AlternateContent", "Fallback", "numFmt")
    return value(plain) or "decimal"


def _instance(element: Any) -> _Instance:
    starts: dict[int, int] = {}
    levels: dict[int, _Level] = {}
    for override in element:
        if local(override) != "lvlOverride":
            continue
        depth = _int(value(override, "ilvl"), 0)
        own = child(override, "lvl")
        if own is not None:
            levels[depth] = _level(own)
        start = child(override, "startOverride")
        if start is not None:
            starts[depth] = _int(value(start), 1)
    return _Instance(value(child(element, "abstractNumId")) or "", starts, levels)


def _int(text: str | None, otherwise: int) -> int:
    """A whole number of up to six digits, else the value given."""
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text) else otherwise


def _bullet(text: str) -> str:
    """A bullet; those of symbol fonts have private code points that mean nothing elsewhere."""
    sign = text.strip()
    return "" if not sign else ("●" if "\ue000" <= sign[0] <= "\uf8ff" or sign in "lnuØü§·" else sign)


def _as_typed(text: str, suffix: str) -> str:
    """The number with what a clerk types after it: a wide space after 第三条, nothing after 一、, a space after 1.2."""
    number = text.strip()
    if not number or suffix == "nothing":
        return text
    if re.match(r"第.*[编章节条款部分]$", number):
        return f"{number}　"
    return number if number.endswith(tuple("、．，：）)】〕①②③④⑤⑥⑦⑧⑨⑩")) else f"{number} "
