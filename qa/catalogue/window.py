"""Stretches of time that a question names, as days: 今年, 2017年, 下个月, 90天内, 年底前, 2016年1月1日."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from corpus.numerals import to_int

SOON = 90
"""Days that 快要 and 即将 stand for."""

_N = r"(?:\d{1,4}|半|[一二两三四五六七八九十百]{1,4})"
_SPAN = re.compile(
    rf"(?:在|从现在起|自今日起)?(?:未来|接下来|今后|往后|最近|近)?的?(?P<n>{_N})\s*个?(?P<unit>天|日|周|星期|月|年)(?:之|以)?内"
    rf"|(?:未来|接下来|今后|往后)的?(?P<n2>{_N})\s*个?(?P<unit2>天|日|周|星期|月|年)"
)
_DAY = re.compile(
    r"(?P<year>(?:19|20)\d\d)\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号](?P<before>之前|以前|前)?"
)
_MONTH = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s*年|今年|本年|(?P<next>明年))?\s*(?P<month>\d{1,2})\s*月份?(?!\d|内)(?:底|末)?(?P<before>之前|以前|前)?"
)
_YEAR = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s*年?度?|(?P<word>今年|本年度?|年内|明年|后年|去年|前年))(?:的|之内|内|里)?"
    r"(?P<half>上半年|下半年)?(?P<end>年?底|年?末)?(?P<before>之前|以前|前)?"
)
_THIS = re.compile(r"(?P<which>这个月|本月|下个?月|上个?月|月底|年底|年末)(?:份)?(?:之前|以前|前|之内|内)?")
_PAST = re.compile(r"已经?|早已|现已")
_SOON = re.compile(r"即将|快要|快(?=到期|过期|失效)|马上要?|将要|临近|临期")
_YEARS = {"今年": 0, "本年": 0, "本年度": 0, "年内": 0, "明年": 1, "后年": 2, "去年": -1, "前年": -2}


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `first` to `last`, both included, and where the words for them stand in the question."""

    first: date
    last: date
    start: int
    end: int

    def holds(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last


def window_of(text: str, today: date) -> Window | None:
    """The stretch of time that a question names, None where it names none or no such day exists."""
    for pattern, make in ((_SPAN, _span), (_DAY, _day), (_MONTH, _month), (_YEAR, _year), (_THIS, _this)):
        for match in pattern.finditer(text):
            if match[0] and (days := make(match, today)) is not None:
                return Window(*days, match.start(), match.end())
    if soon := _SOON.search(text):
        return Window(today, today + timedelta(SOON), soon.start(), soon.end())
    if past := _PAST.search(text):
        return Window(date.min, today - timedelta(1), past.start(), past.end())
    return None


def _span(match: re.Match[str], today: date) -> tuple[date, date] | None:
    number, unit = match["n"] or match["n2"], match["unit"] or match["unit2"]
    half = number == "半"
    try:
        count = 1 if half else to_int(number)
    except ValueError:  # 十百: no number
        return None
    if not count:
        return None
    days = {"天": 1, "日": 1, "周": 7, "星期": 7, "月": 30, "年": 365}[unit] * count // (2 if half else 1)
    if unit in "月年" and not half:
        months = count * (12 if unit == "年" else 1)
        return today, _months_on(today, months)
    return today, today + timedelta(min(days, 36500))


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + min(months, 1200), 12)
    return date(min(year, date.max.year), month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day(match: re.Match[str], today: date) -> tuple[date, date] | None:
    try:
        found = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    return (today, found - timedelta(1)) if match["before"] else (found, found)


def _month(match: re.Match[str], today: date) -> tuple[date, date] | None:
    month = int(match["month"])
    if not 1 <= month <= 12:
        return None
    year = int(match["year"]) if match["year"] else today.year + (1 if match["next"] else 0)
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    return (
        (today, last if "底" in match[0] or "末" in match[0] else first - timedelta(1))
        if match["before"]
        else (first, last)
    )


def _year(match: re.Match[str], today: date) -> tuple[date, date]:
    year = int(match["year"]) if match["year"] else today.year + _YEARS[match["word"]]
    first, last = date(year, 1, 1), date(year, 12, 31)
    if match["half"]:
        first, last = (first, date(year, 6, 30)) if match["half"] == "上半年" else (date(year, 7, 1), last)
    if match["end"]:
        return (today if year == today.year and match["before"] else first), last
    return (today, first - timedelta(1)) if match["before"] else (first, last)


def _this(match: re.Match[str], today: date) -> tuple[date, date]:
    which = match["which"]
    if which in ("年底", "年末"):
        return today, date(today.year, 12, 31)
    if which == "月底":
        return today, date(today.year, today.month, monthrange(today.year, today.month)[1])
    step = 1 if which.startswith("下") else -1 if which.startswith("上") else 0
    year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
    return date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1])
