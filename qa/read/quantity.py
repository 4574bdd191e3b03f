"""Quantities and the intervals that rungs of a ladder are made of, so that 3年半 is found in 三年以上不满五年.

Every quantity is a number in the base unit of its dimension: money in 元, time in days, shares in %, ranks (前50名) as
numbers, all else in its own unit (人, 岁, 平方米 …). 以上 and 满 include the figure, 不满 and 不足 do not; 以下 does, unless
another rung begins with the very figure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.numerals import NUMERAL, to_int

_SCALES = {"万亿": 1e12, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5, "万": 1e4, "千": 1e3, "百": 1e2, "": 1.0}
_DAYS = 365.0
_OWN_UNITS = re.findall(
    r"\S+",
    "美元 欧元 港元 日元 亩 公顷 家 件 项 个 台 套 辆 株 户 倍 分 级 层 "
    "次 张 床 篇 条 只 头 千瓦 马力 兆瓦 千伏 分贝 米/秒 毫米 座 所 间 门 立方米",
)
_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("元", "块", "块钱", "元人民币", "人民币"), ("元", 1.0)),
    **dict.fromkeys(("年", "周年", "整年"), ("时间", _DAYS)),
    **dict.fromkeys(("个月", "月"), ("时间", _DAYS / 12)),
    **dict.fromkeys(("天", "日"), ("时间", 1.0)),
    **dict.fromkeys(("周", "星期", "个星期"), ("时间", 7.0)),
    "个季度": ("时间", _DAYS / 4),
    **dict.fromkeys(("工作日", "个工作日"), ("工作日", 1.0)),
    **dict.fromkeys(("小时", "个小时"), ("小时", 1.0)),
    **dict.fromkeys(("人", "名", "位", "人次"), ("人", 1.0)),
    **dict.fromkeys(("岁", "周岁"), ("岁", 1.0)),
    **dict.fromkeys(("%", "％", "个百分点"), ("%", 1.0)),
    **dict.fromkeys(("平方米", "平米", "㎡", "平方", "个平方", "个平米", "平"), ("平方米", 1.0)),
    **dict.fromkeys(("公里", "千米"), ("米", 1000.0)),
    "米": ("米", 1.0),
    "厘米": ("米", 0.01),
    **dict.fromkeys(("吨", "t"), ("千克", 1000.0)),
    **dict.fromkeys(("公斤", "千克"), ("千克", 1.0)),
    "克": ("千克", 0.001),
    **dict.fromkeys(("升", "L"), ("升", 1.0)),
    **{unit: (unit, 1.0) for unit in _OWN_UNITS},
}
_NOT_BEFORE = {"平": "(?![台均行等衡安常日时原])"}  # 三百来平, not 统一平台
_UNIT = "|".join(re.escape(unit) + _NOT_BEFORE.get(unit, "") for unit in sorted(_UNITS, key=len, reverse=True))
_NUMBER = rf"(?:\d[\d,，]*(?:\.\d+)?|{NUMERAL}(?:点{NUMERAL})?)"
_QUANTITY = re.compile(
    rf"百分之(?P<hundredth>{NUMERAL}(?:点{NUMERAL})?|\d+(?:\.\d+)?)|(?P<tenth>[一二两三四五六七八九])成(?P<half>半)?(?![立员功本为熟长交])"
    rf"|(?:前|第|排名?第?)\s*(?P<rank>\d+|{NUMERAL})(?:\s*[名位强])?(?![条款项年届批次章节类级等档]|{NUMERAL}|[、，]?[\d万亿])"
    rf"|(?P<lone>半)个?(?P<period>年|月|天)"
    rf"|(?P<number>{_NUMBER})\s*(?P<some>[多余来几])?\s*(?P<scale>万亿|亿|千万|百万|十万|万|千|百)?(?P<more>[多余])?\s*"
    rf"(?P<unit>{_UNIT})?(?P<rest>半|零?(?P<months>\d+|{NUMERAL})个月)?(?P<over>多)?"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of `dimension` in its base unit at [start, end) of a text."""

    start: int
    end: int
    value: float
    dimension: str


@dataclass(frozen=True, slots=True)
class Interval:
    """What a rung covers at [start, end) of a text; a bare figure (2000万元) is a threshold that must be reached."""

    start: int
    end: int
    dimension: str
    low: float
    high: float
    low_in: bool = True
    high_in: bool = True
    ranked: bool = False
    bare: bool = False  # a figure alone

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        above = value > self.low or (self.low_in and value == self.low)
        return above and (value < self.high or (self.high_in and value == self.high))


def _number(text: str) -> float:
    """Raises ValueError where a run of numeral characters is no number."""
    plain = text.replace(",", "").replace("，", "")
    if plain[0].isdigit():
        return float(plain)
    whole, _, part = plain.partition("点")
    try:
        return to_int(whole) + (float("0." + "".join(str(to_int(c)) for c in part)) if part else 0.0)
    except OverflowError as error:  # hundreds of numerals in a row
        raise ValueError("a number too large for anything counted") from error


def _numbers(text: str) -> list[Quantity]:
    out: list[Quantity] = []
    for match in _QUANTITY.finditer(text):
        try:
            found = _read(match)
        except ValueError:
            continue
        if found is not None:
            out.append(found)
    for i in range(len(out) - 2, -1, -1):  # 5—10年, 600（含）～650分
        if not out[i].dimension and re.fullmatch(
            r"(?:（含）|\(含\))?(?:以上)?\s*(?:-|—|－|～|~|至|到|、|和|或者?)+\s*", text[out[i].end : out[i + 1].start]
        ):
            after = out[i + 1]
            unit = after.value / _bare(text[after.start : after.end])
            out[i] = replace(out[i], dimension=after.dimension, value=out[i].value * unit)
    return out


def quantities(text: str) -> list[Quantity]:
    """Every number with a unit or a scale, in order; a number alone takes the unit of the next one of its range."""
    return [q for q in _numbers(text) if q.dimension]


def _bare(text: str) -> float:
    """The number of a quantity without scale and unit; 1 where it is none."""
    match = re.match(_NUMBER, text)
    try:
        return _number(match[0]) or 1.0 if match else 1.0
    except ValueError:
        return 1.0


_IN_A_YEAR = re.compile(r"[年\d〇零一二三四五六七八九十今去前明当每][\s年]*$")
_OF_A_MONTH = re.compile(r"\s*(?:[\d一二三四五六七八九十]+[日号]?|[上中下]旬|[份底初中末起前后至到—－~～-])")


def _is_calendar_month(text: str, start: int, end: int) -> bool:
    """Whether 月 at [start, end) is one of a year (2013年11月, 4月底, 9月1日) and no length of time (满6月)."""
    return bool(_IN_A_YEAR.search(text[max(0, start - 2) : start]) or _OF_A_MONTH.match(text, end))


def _read(match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    if match["hundredth"]:
        return Quantity(start, end, _number(match["hundredth"]), "%")
    if match["tenth"]:
        return Quantity(start, end, 10.0 * to_int(match["tenth"]) + (5 if match["half"] else 0), "%")
    if match["rank"]:
        return Quantity(start, end, float(_number(match["rank"])), "名次")
    if match["lone"]:
        dimension, factor = _UNITS["个月" if match["period"] == "月" else match["period"]]
        return Quantity(start, end, factor / 2, dimension)
    if start and match.string[start - 1] == "第":
        return None  # 第十二条
    value = _number(match["number"]) * _SCALES[match["scale"] or ""]
    unit = match["unit"] or ("元" if match["scale"] in ("万", "亿", "千万", "百万", "十万", "万亿") else "")
    if not unit:
        return Quantity(start, match.end("number"), value, "")
    if unit == "年" and re.fullmatch(r"(?:19|20)\d\d", match["number"]):
        return None  # a date
    if unit == "年" and match.string.startswith("级", match.end("unit")):
        return None  # 三年级
    if unit == "月" and value <= 12 and _is_calendar_month(match.string, start, match.end("unit")):
        return None
    if unit == "日" and match.string[:start].endswith("月"):
        return None
    dimension, factor = _UNITS[unit]
    value *= factor
    if match["rest"] and unit in ("年", "周年"):
        value += factor / 2 if match["rest"] == "半" else _DAYS / 12 * to_int(match["months"])
    elif match["rest"] == "半":
        value += factor / 2
    elif match["rest"]:
        end = match.start("rest")
    if match["some"] or match["more"] or match["over"]:
        value *= 1.01  # 100多人 is more than 100人
    return Quantity(start, end, value, dimension)


_AT_LEAST = re.compile(r"(?:达到?|达|(?<![不未])满|不低于|不少于|不小于|不短于|至少|突破|≥|逾|在)\s*$")
_MORE = re.compile(r"(?:(?<![不未])超过?|大于|高于|(?<!不)多于|[＞>])\s*$")
_LESS = re.compile(r"(?:不满|未满|不足|未达到?|不到|(?<!不)低于|(?<!不)小于|(?<!不)少于|(?<!不)短于|[＜<])\s*$")
_AT_MOST = re.compile(r"(?:(?:不|未|没有)超过?|不高于|不多于|不大于|至多|≤)\s*$")
_UP = re.compile(
    r"\s*(?P<edge>[（(]不?含[^）)]{0,8}[）)])?(?:及|或)?以上(?P<late>[（(]不?含[^）)]{0,8}[）)])?|\s*(?:及以上|起)"
)
_DOWN = re.compile(
    r"\s*(?P<edge>[（(]不?含[^）)]{0,8}[）)])?(?:及|或)?(?:以下|以内|之内)(?P<late>[（(]不?含[^）)]{0,8}[）)])?"
)
_EDGE = re.compile(r"\s*[（(](?P<not>不)?含[^）)]{0,8}[）)]")
_BETWEEN = re.compile(r"\s*(?:-|—|－|～|~|至|到)+\s*")
_JOINED = re.compile(r"[的，、,且但并而又和及]{0,3}(?:已|又)?")


def intervals(text: str) -> list[Interval]:
    """The intervals that a text states, in order; two bounds that belong together are one interval."""
    out: list[Interval] = []
    found = quantities(text)
    i = 0
    while i < len(found):
        first = found[i]
        gap = _gap(text, first, found[i + 1]) if i + 1 < len(found) else None
        if gap is not None:
            out.append(gap)
            i += 2
            continue
        bound = _bound(text, first)
        before = out[-1] if out else None
        if (
            before is not None
            and before.dimension == bound.dimension
            and before.high == math.inf
            and before.low > -math.inf
            and bound.low == -math.inf
            and bound.high > before.low
            and _JOINED.fullmatch(text[before.end : bound.start])
        ):
            out[-1] = replace(before, high=bound.high, high_in=bound.high_in, end=bound.end)
        else:
            out.append(bound)
        i += 1
    return out


def _gap(text: str, first: Quantity, second: Quantity) -> Interval | None:
    """5—10年, 600（含）～650分: two figures with only a dash between."""
    if first.dimension != second.dimension or first.value >= second.value:
        return None
    edge = _EDGE.match(text, first.end)
    dash = _BETWEEN.match(text, edge.end() if edge else first.end)
    if dash is None or dash.end() != second.start:
        return None
    end = second.end
    last = _EDGE.match(text, end)
    down = _DOWN.match(text, last.end() if last else end)
    closed = last is not None and not last["not"]
    end = down.end() if down else last.end() if last else end
    return Interval(
        first.start, end, first.dimension, first.value, second.value, not (edge and edge["not"]), closed or last is None
    )


def _bound(text: str, quantity: Quantity) -> Interval:
    """One figure with the words before and after it that make it a bound."""
    before = text[max(0, quantity.start - 6) : quantity.start]
    value, dimension, end = quantity.value, quantity.dimension, quantity.end
    if dimension == "名次":
        return Interval(quantity.start, end, dimension, -math.inf, value, ranked=True)
    for after, up in ((_UP.match(text, end), True), (_DOWN.match(text, end), False)):
        if after is not None:
            excluded = "不含" in after[0]
            lead = re.search(r"(?:满|在|达到?|超过?)$", before)
            start = quantity.start - (len(lead[0]) if lead else 0)
            if up:
                return Interval(start, after.end(), dimension, value, math.inf, low_in=not excluded)
            return Interval(start, after.end(), dimension, -math.inf, value, high_in=not excluded)
    for pattern, low, high, low_in, high_in in (
        (_AT_MOST, -math.inf, value, True, True),
        (_LESS, -math.inf, value, True, False),
        (_MORE, value, math.inf, False, True),
        (_AT_LEAST, value, math.inf, True, True),
    ):
        if match := pattern.search(before):
            return Interval(quantity.start - len(match[0]), end, dimension, low, high, low_in, high_in)
    return Interval(quantity.start, end, dimension, value, math.inf, bare=True)


_UNDER = re.compile(r"(?:不到|不满|未满|不足|没到|没满|低于|少于|小于|差一点到?|快|将近|接近)\s*$")
_OVER = re.compile(r"(?:(?<![不未])超过?|超出|高于|大于|多于|过了)\s*$")
_NUDGE = 1e-6


def stated(text: str) -> list[Quantity]:
    """The quantities of a question as points: 不到一年 lies a little below, 超过一年 a little above the figure."""
    out = []
    for q in quantities(text):
        before = text[max(0, q.start - 6) : q.start]
        factor = 1 - _NUDGE if _UNDER.search(before) else 1 + _NUDGE if _OVER.search(before) else 1.0
        out.append(replace(q, value=q.value * factor))
    return out


_NO_NUMBER = re.compile(r"[强号条款项级年届批A-Za-z.\d]")


def without_unit(question: str) -> list[float]:
    """Numbers of a question that have no unit (六千职工): of any dimension, where none of the right one is there."""
    found = [q for q in _numbers(question) if not q.dimension and q.value >= 10]
    return [q.value for q in found if not _NO_NUMBER.match(question, q.end)]


def rung(members: Sequence[str], question: str) -> int | None:
    """The member whose intervals hold the quantities that the question states; None where none or several do.

    A dimension in which all members say the same tells none apart. A question that states the rung itself
    (一年以上不满三年的) gets that one.
    """
    own = [intervals(member) for member in members]
    told = {i.dimension for one in own for i in one}
    points, ranges = stated(question), intervals(question)
    votes: list[set[int]] = []
    for dimension in sorted(told):
        rows = [next((i for i in one if i.dimension == dimension), None) for one in own]
        having = [(n, row) for n, row in enumerate(rows) if row is not None]
        if len(having) < 2 or len({(r.low, r.high) for _, r in having}) < 2:
            continue
        same = [
            n
            for n, row in having
            for r in ranges
            if r.dimension == dimension and math.isfinite(r.low) and math.isfinite(r.high)
            if (row.low, row.high) == (r.low, r.high)
        ]
        if len(set(same)) == 1:
            votes.append(set(same))
            continue
        asked = [p.value for p in points if p.dimension == dimension] or without_unit(question)
        chosen = {n for value in asked if (n := _narrowest(having, value)) is not None}
        if asked:
            votes.append(chosen)
    if not votes:
        return None
    agreed = set.intersection(*votes)
    return agreed.pop() if len(agreed) == 1 else None


def _narrowest(rows: Sequence[tuple[int, Interval]], value: float) -> int | None:
    """Of the intervals that hold a value the one that says most about it: begun by it, else highest floor, lowest top."""
    inside = [(n, row) for n, row in rows if row.holds(value)]
    if not inside:
        return None
    begun = [n for n, row in inside if row.low == value and row.low_in]
    if len(begun) == 1:
        return begun[0]
    floor = max(row.low for _, row in inside)
    top = min((row.high for _, row in inside if row.low == floor), default=math.inf)
    best = [n for n, row in inside if (row.low, row.high) == (floor, top)]
    return best[0] if len(best) == 1 else None
