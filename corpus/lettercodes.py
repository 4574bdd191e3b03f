"""Which body a 文号 is of, by its letters: 中府〔2011〕133号 of 中山市人民政府, 渝人社发〔2012〕127号 of 重庆市人力资源和社会保障局.

The letters before the year stand for a place, a body and, behind these, what kind of paper it is (发, 函, 规). Only bodies that have
one name everywhere, or one at each level, are told; letters that may stand for two places or bodies tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from corpus.regions import region_of_number

_LETTERS = re.compile(r"^([一-鿿]{2,12})[〔\[［（(【﹝]")
_PAPER = r"(?:规[范字发]?|公?[发函字文批通告电]|令|办发|办函|综|农发|农|外发)*+"
_GOVERNMENT = re.compile(rf"^[府政](?P<office>办)?{_PAPER}$")
_BODIES = (
    (re.compile(rf"^人社{_PAPER}$"), "人力资源和社会保障"),
    (re.compile(rf"^劳社{_PAPER}$"), "劳动和社会保障"),
    (re.compile(rf"^国土资{_PAPER}$"), "国土资源"),
    (re.compile(rf"^民{_PAPER}$"), "民政"),
    (re.compile(rf"^财{_PAPER}$"), "财政"),
    (re.compile(rf"^教(?:[基综职高民体]|初中|高中|考|学前)?[一二三]?{_PAPER}$"), "教育"),
)
"""Bodies that are called 厅 in a province and 局 elsewhere."""
_BUREAUS = (
    (re.compile(rf"^医保{_PAPER}$"), "医疗保障局"),
    (re.compile(rf"^市监{_PAPER}$"), "市场监督管理局"),
    (re.compile(rf"^地税{_PAPER}$"), "地方税务局"),
    (re.compile(rf"^发改{_PAPER}$"), "发展和改革委员会"),
)
_MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")
_HALLS = frozenset(
    re.findall(
        r"\S+",
        "广州 杭州 南京 济南 武汉 成都 西安 郑州 合肥 福州 长沙 南昌 石家庄 太原 沈阳 长春 哈尔滨 昆明 贵阳 南宁 海口 兰州 西宁 银川 乌鲁木齐 呼和浩特 拉萨 "
        "深圳 厦门 宁波 青岛 大连 北京 天津 上海 重庆",
    )
)
"""Capitals of provinces and cities of their rank, whose governments have an 办公厅; others have an 办公室."""
_SCHOOL_COMMISSIONS = ("北京市", "重庆市")  # whose districts have one as well
_NO_HALL = re.compile(r"[市区县州盟旗]$")
_OTHER_LETTERS = {"宁": "南京市", "榕": "福州市", "哈": "哈尔滨市", "邕": "南宁市", "洛": "洛阳市", "甬": "宁波市"}
"""Letters that a city has besides the first of its name; some are those of another place as well."""


def issuer_of_letters(number: str, region: str | None, district: str | None, texts: Iterable[str] = ()) -> str | None:
    """The body that the letters of a 文号 stand for, None where they do not tell.

    `region` is the city or province that the document is of, `district` the district that its title names, with its city where
    that is known. `texts` tell whether the office of a government is 办公厅 or 办公室.
    """
    match = _LETTERS.match(number)
    if match is None:
        return None
    letters = match[1]
    for length in (2, 1):
        for place in _places(letters[:length], region, district):
            if body := _body(letters[length:], place, texts):
                return place + body
    return None


def _places(letters: str, region: str | None, district: str | None) -> list[str]:
    """The one place that letters stand for, in a list; none where there is none, or two."""
    known = region_of_number(letters) if len(letters) == 1 else None
    found = {known} if known else set()
    for place in (region, district):
        own = re.sub(r"^.+市(?=.{2,})", "", place or "")
        stem = re.sub(r"(?:省|自治区|市|新区|区|县)$", "", own)
        if place and (stem == letters or (len(letters) == 1 and stem.startswith(letters))):
            found.add(place)
    if not found and region and _OTHER_LETTERS.get(letters) == region:
        found.add(region)
    return [place for place in found if place] if len(found) == 1 else []


def _body(letters: str, place: str, texts: Iterable[str]) -> str | None:
    province = not _NO_HALL.search(place)
    if match := _GOVERNMENT.match(letters):
        return "人民政府" + (_office(place, province, texts) if match["office"] else "")
    for pattern, name in _BODIES:
        if not pattern.match(letters):
            continue
        if name == "教育" and (place in _MUNICIPALITIES or place.startswith(_SCHOOL_COMMISSIONS)):
            return "教育委员会"
        return name + ("厅" if province else "局")
    return next((name for pattern, name in _BUREAUS if pattern.match(letters)), None)


def _office(place: str, province: bool, texts: Iterable[str]) -> str:
    """办公厅 or 办公室, as the document prints it of this place or its short name."""
    printed = re.compile(rf"(?:{re.escape(place)}|[省市区县])(?:人民)?政府(办公[厅室])")
    for text in texts:
        if match := printed.search(text):
            return match[1]
    return "办公厅" if province or place.removesuffix("市") in _HALLS else "办公室"
