"""What a figure of each kind looks like in a text: amounts, ratios, counts, dates, periods."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.numerals import NUMERAL

_N = r"\d+(?:[,，]\d{3})*(?:\.\d+)?"
_MONEY_UNIT = r"(?:万|亿|千|百)?(?:美元|欧元|港元|日元|元)|(?:万|亿)(?!人|吨|家|户|个|件|平方|千瓦|亩|辆|次|名|台|套|项|以上的|条|册|份)"
_BEFORE = r"(?:不得超过|不得低于|不得高于|不得少于|最高不超过|累计不超过|合计不超过|每年不超过|最多不超过|最高可?给予|每年最高|最高|不超过|不低于|不高于|不少于|累计|至少|超过|超|达到?|约)?\s*"
_AFTER = r"(?:\s*(?:以上|以下|以内|左右|（含）以上|（含）|内|之内))?"
_PER = r"(?:/[项人月年次件家户个辆天篇台]|每(?:人|年|月|次))?"
_CN = rf"(?<![第〇零一二三四五六七八九十百千]){NUMERAL}"
_TO = r"(?:至|到|-|—|－|～|~)"
_EITHER = rf"(?:{_N}|(?<![第一二三四五六七八九十百千]){NUMERAL}(?:点{NUMERAL})?)"
_MONEY = rf"{_EITHER}\s*(?:(?:万|亿)(?:{NUMERAL})?)?(?:{_MONEY_UNIT})"
_SHARE = rf"(?:{_N}\s*[%％‰]|[百千]分之(?:{NUMERAL}(?:点{NUMERAL})?|{_N}))"
_TIMES = rf"{_EITHER}\s*倍"


def _ranged(one: str, bare: str) -> str:
    """Two figures that are one value: 一万元以上五万元以下, 3%至5%; `bare` is a first one without its unit (1000至3000元)."""
    closed = rf"以上\s*(?:[至到，、]|但)?(?:{one}\s*以下|(?:不满|不足){one})"
    return rf"{_BEFORE}(?:{one}|{bare})\s*(?:{closed}|{_TO}\s*{one}(?:\s*以下)?)"


PATTERNS: dict[str, re.Pattern[str]] = {
    "amount": re.compile(
        rf"{_ranged(_MONEY, _EITHER)}|{_ranged(_TIMES, _EITHER)}|{_BEFORE}{_MONEY}{_PER}{_AFTER}|{_BEFORE}{_TIMES}{_AFTER}"
    ),
    "ratio": re.compile(
        rf"{_ranged(_SHARE, _N)}|{_BEFORE}{_SHARE}{_AFTER}|{_N}\s*[：:]\s*{_N}|{_N}\s*个百分点"
        rf"|[一二两三四五六七八九]成(?![立员功本为熟长交])|[一二三四五六七八九十]分之[一二三四五六七八九十]"
    ),
    "count": re.compile(
        rf"{_BEFORE}(?:{_N}|{_CN})\s*(?:多|余)?\s*(?:万|亿)?\s*(?:家|个(?!工作日|月|小时|百分点)|件|人次|人|名|位|辆|项|座|所|套|处|次(?!性)|张|间|台|门|篇|户|支|米|公里|平方公里|平方米|"
        rf"千瓦时|千瓦|吨|亩|周年|千米|厘米|毫米|公斤|分贝|毫米|条|种|类|倍|度|级|分(?!之)|周岁|岁|层|床|株|公顷|克|升|场|期|批|对){_AFTER}"
    ),
    "date": re.compile(
        r"(?:自|从|于|到|至|截至|每年)?\s*\d{4}\s*年(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?)?(?:底|末|初|上半年|下半年|年底)?\s*(?:前|之前|起|以前|以后|止)?"
        r"|(?:每年|每月|次年|当年|次月)?\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?(?:底|末|初)?(?:和\s*\d{1,2}\s*月\s*\d{1,2}\s*日)?\s*(?:前|之前|起|以前|止)?|“[一二三四五六七八九十]{2,3}五”(?:初|末|期间|时期)?"
        r"|^\d{1,2}(?:[-—～]\d{1,2})?日(?=\s)"
    ),
    "period": re.compile(
        rf"{_BEFORE}(?:(?:{_N}|{NUMERAL})\s*(?:个?(?:年|月|日|天|小时|工作日)以上|至|到|-|—|～)\s*)?(?:{_N}|{NUMERAL})\s*个?(?:工作日|自然日|日历日|日(?!常|报|本|用|期|照|内瓦)|天|个月|小时(?!服务|电话|热线|值班|值守|在线|开放|营业|监控|巡查|轮)|分钟|周(?!年|岁|边)|年(?!度|均|份|级|龄|来|产|终|第)|年度|季度|星期)(?:至|到|-|—|～)?(?:(?:{_N}|{NUMERAL})\s*(?:年|天|日|个月|个工作日))?"
        rf"{_AFTER}(?:之?前(?!款|项|述|置))?|每(?:{NUMERAL}|\d+)?个?(?:半年|年|月|季度|周|小时|日|天)(?:度)?(?:(?:不得?少于|至少|最少)?(?:开展|进行|组织|检查)?(?:{NUMERAL}|\d+)次)?|每半年|半年(?:内|以上)?|当日|当天|即时|立即"
    ),
}
"""What a value of each kind looks like. Offsets are in the text given."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure at [start, end) of a sentence."""

    start: int
    end: int
    text: str


_PART_OF_DATE = re.compile(r"(?:\d月\s*\d{1,2}\s*日(?:至|到|-|—|～)?|(?:19|20)\d\d\s*年)$")
_THE_LAST_ONE = re.compile(r"[上下前后同]一个?(?:年度?|季度|月|周|学年)$")
_SHARED_UNIT = re.compile(r"(\d+(?:\.\d+)?个?)(?=(?:、\d+(?:\.\d+)?个?)*[、和至]\s*$)")


def values(text: str, kind: str) -> list[Value]:
    """The figures of one kind in a text, in order, without the white space around them."""
    out: list[Value] = []
    for match in PATTERNS[kind].finditer(text):
        raw = match[0]
        if not raw.strip() or not re.search(rf"\d|{NUMERAL}|百分之|半|当|每|即|立", raw):
            continue
        if kind == "period" and _PART_OF_DATE.search(text[: match.end()]):
            continue
        if kind == "period" and _THE_LAST_ONE.search(text[: match.end()]):
            continue
        lead = len(raw) - len(raw.lstrip())
        start = match.start() + lead
        done = out[-1].end if out else 0
        unit = re.sub(r"^.*?\d+(?:\.\d+)?个?", "", raw.strip())
        for shared in _SHARED_UNIT.finditer(text, done, start):  # 5个、15个工作日以内: the unit stands once
            bare = shared[1].removesuffix("个") + ("个" if "个" in raw else "") + unit
            out.append(Value(shared.start(1), shared.end(1), bare))
        out.append(Value(start, match.start() + len(raw.rstrip()), raw.strip()))
    return out
