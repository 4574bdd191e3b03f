"""Who issued a document, and when its signature says so.

The signature counts first, one body under another or several on a line, over the date; then the order, the lead of the
title (某市教育局关于…), the letterhead (某市人民政府文件), the history of a rule, what the page prints as 发布机构, the body that
its first sentences say made it, and last the imprint at its end. Names stay as they are printed, but one that is short
of its place (市教育局) is completed by the fuller one printed elsewhere, else by the place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from corpus.particulars import day_in
from corpus.regions import district_of, region_of_number
from corpus.titles import DATE_LINE, ENDS, LETTERHEAD, squeeze

_BODY = (
    "人民政府办公[厅室]|人民政府|人民代表大会常务委员会|人民代表大会|委员会|办公[厅室]|委员会办公室|领导小组|指挥部|"
    "[委局厅部署院会处社办]|中心|支队|大队|总队|公司|政府|联合会|学校|银行|中支|党组|小组"
)
_ORGAN = re.compile(rf"^(?:中共)?[一-鿿·]{{1,40}}?(?:[（(][^（）()]{{1,20}}[）)][一-鿿]{{0,20}}?)?(?:{_BODY})$")
_NO_ORGAN = re.compile(
    r"[的了是请将为可应须其]|本[市省区县]|各[区县]|联系|电话|通知|单位|抄送|负责人|主任|书记|有关|下列|如下|以上|附件|^第"
)
_LEAD = re.compile(
    r"^(.{2,160}?)\s*(?:关于|印发|转发|批转|公布|发布|下发|修订印发|窗口服务|(?:办事|服务)指南|告知[单书]|(?:19|20)\d\d年|令(?=第)|公告$|通告$|$)"
)
_STAMP = re.compile(r"(?<!\s)\s*+[（(]\s*+(?:代章|盖章|公章|章|印|印章)\s*[）)]\s*$")
_SPACED = re.compile(r"(?<!\S)[一-鿿](?:[ \u3000][一-鿿]){3,}(?!\S)")
"""A name set in spaced letters beside another one: 澜江市公安局    澜 江 市 财 政 局."""
_SIGNED = re.compile(r"^([^。；：]{3,80}?)\s*((?:19|20)\d{2}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日)\s*$")
_GLUED_END = re.compile(r"(?<=[0-9。；！）)])\s*([一-鿿]{4,30})$")
_BARE_DAY = re.compile(r"^[（(]?\s*(?:19|20)\d{2}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,2}\s*[）)]?$")
_ORDER = re.compile(r"^([一-鿿\s]{3,30}?)\s*(令|公告)$")
_ORDER_NUMBER = re.compile(r"^[（(]?\s*(第\s*[0-9〇零一二三四五六七八九十百]{1,6}\s*号)\s*[）)]?(?:\s|$)")
_NUMBERED = re.compile(
    r"^([一-鿿]{1,24}?(?:人民政府|市政府|委员会|[部局厅署])|市政府)(?:令|第[0-9〇零一二三四五六七八九十百]{1,6}号令|公告)"
)
_GOVERNMENT_ORDER = re.compile(r"^[一-鿿](?:府|政)令")
_CONGRESS = re.compile(
    r"日\s*([一-鿿]{2,12}?(?:省|自治区|自治州|[市县州盟旗]))(?:第[^\s第]{1,4}届)?(人民代表大会(?:常务委员会)?)"
)
_PLACE = re.compile(r"^(?:中共)?([一-鿿]{2,7}?(?:省|自治区|市|区|县|州)|[省市区县])")
_SIGNATURE_LINES = 15
_SHORT_OF_PLACE = re.compile(r"^([省市区县])(?=[一-鿿]{2})")
_OF_DISTRICT = re.compile(r"^([一-鿿]{2,4}?(?:新区|区|县))(?=[一-鿿]{2})")
_MAKERS = re.compile(
    r"(?:^|[，,。；\s])((?:[一-鿿]{2,8}?(?:省|自治区|市|区|县|州))[一-鿿、（）()]{2,80}?)"
    r"(?:共同|联合|研究|组织|重新)?(?:制定|制订|修订|起草)了?[^《》，。；]{0,6}《([^《》]{4,80})》"
)
_TOGETHER = re.compile(r"会同|、|，")
_MAKER_LINES = 8  # paragraphs under the title that may say who made the document
_LONGEST_MAKER = 600
_IMPRINT = re.compile(r"^(.{4,40}?)\s*(?:19|20)\d{2}\s*年\s*\d{1,2}\s*月\s*+(?:\d{1,2}\s*+)?日\s*印发?$")
_IMPRINT_LINES = 6  # paragraphs at the end among which the imprint stands


@dataclass(frozen=True, slots=True)
class Signature:
    """The bodies of a signature in order, and its day."""

    organs: tuple[str, ...]
    day: date | None


def organs_of(text: str) -> tuple[str, ...]:
    """The bodies that a line names and nothing else, in order; () for any other line.

    >>> organs_of("澜江市教育局  澜江市公安局")
    ('澜江市教育局', '澜江市公安局')
    """
    whole = re.sub(r"\s", "", text)
    if re.fullmatch(r"(?:\S\s+)+\S", text.strip()):  # 澜 江 市 教 育 局
        text = whole
    text = _SPACED.sub(lambda m: re.sub(r"\s", "", m[0]), text)
    out: list[str] = []
    for token in re.split(r"[\s、，,/|]+", _STAMP.sub("", text).strip()):
        out += _unglued(token, out[0] if out else token)
    return tuple(out) if out and all(_is_organ(name) for name in out) else ()


def _unglued(token: str, first: str) -> list[str]:
    """The names in a run without spaces, cut where the place of the first one begins again."""
    place = _PLACE.match(first)
    if place is None or len(token) < 6:
        return [token]
    return re.split(rf"(?<=[局委厅部会室院处办府署社])(?=(?:中共)?{re.escape(place[1])})", token)


def _is_organ(name: str) -> bool:
    return bool(_ORGAN.match(name)) and not _NO_ORGAN.search(name) and not ENDS.search(name) and 2 <= len(name) <= 40


def signature_of(texts: list[str]) -> Signature | None:
    """The first signature: bodies over a date, or on one line with it. `texts` have their dates in Arabic figures."""
    for i, text in enumerate(texts):
        if len(text) > 100 or not re.search(r"\d{4}", text):
            continue
        if DATE_LINE.match(text) or (_BARE_DAY.match(text) and i):
            if organs := _organs_over(texts, i):
                return Signature(organs, day_in(text))
        elif (match := _SIGNED.match(text)) and (organs := organs_of(match[1])):
            return Signature((*_organs_over(texts, i), *organs), day_in(match[2]))
    return None


def _organs_over(texts: list[str], i: int) -> tuple[str, ...]:
    """The bodies named on the lines right over line `i`."""
    out: tuple[str, ...] = ()
    for text in reversed(texts[max(0, i - _SIGNATURE_LINES) : i]):
        if len(text) <= 120 and (organs := organs_of(text)):
            out = (*organs, *out)
            continue
        if not out and (match := _GLUED_END.search(text)):
            out = organs_of(match[1])
        break
    return out


def lead_of(title: str) -> tuple[str, ...]:
    """The bodies that a title begins with: 某市教育局 某市公安局关于…."""
    match = _LEAD.match(title)
    return organs_of(match[1]) if match and match.end() < len(title) else ()


def letterhead_of(texts: list[str]) -> tuple[str, ...]:
    """The bodies of a letterhead at the top: 某市人民政府文件, also over several lines."""
    for i, text in enumerate(texts):
        if match := LETTERHEAD.match(text):
            over: tuple[str, ...] = ()
            for before in reversed(texts[max(0, i - 3) : i]):
                if not (organs := organs_of(before)):
                    break
                over = (*organs, *over)
            own = organs_of(match[1])
            return (*over, *own) if over or own else ()
    return ()


def order_of(texts: list[str]) -> tuple[str, str] | None:
    """(issuer, number) of an order whose number stands on the line under its name: 某市人民政府令 | 第52号."""
    for text, after in zip(texts, texts[1:], strict=False):
        if (match := _ORDER.match(text)) and (number := _ORDER_NUMBER.match(after)):
            issuer = re.sub(r"\s", "", match[1])
            count = number[0] if match[2] == "公告" else number[1]  # 公告（第5号） is quoted with its brackets
            return re.sub(r"第[^第]{1,5}届", "", issuer), issuer + match[2] + re.sub(r"\s", "", count)
    return None


def issuer_of_number(number: str, region: str | None) -> str | None:
    """The body that a number names: 某市人民政府令第52号. A mere 市人民政府 is that of the region."""
    if _GOVERNMENT_ORDER.match(number) and (place := region_of_number(number)):  # 沪府令8号
        return f"{place}人民政府"
    match = _NUMBERED.match(number)
    if match is None:
        return None
    if match[1] in ("市人民政府", "市政府"):
        return f"{region}人民政府" if region and region.endswith("市") else match[1]
    return match[1]


def issuer_of_history(history: str, region: str | None) -> str | None:
    """The body that passed or issued a rule, from the history under its title."""
    if match := _CONGRESS.search(history):
        return match[1] + match[2]
    match = re.search(
        r"日\s*([一-鿿]{2,24}?第?\s*[0-9〇零一二三四五六七八九十百]{1,6}\s*号令|[一-鿿]{2,24}?令)", history
    )
    return issuer_of_number(match[1], region) if match else None


def choose(signed: tuple[str, ...], lead: tuple[str, ...]) -> tuple[str, ...]:
    """The signature, with the fuller name where the title gives it: 南京市建邺区教育局 for 建邺区教育局."""
    if not signed:
        return lead
    return tuple(next((full for full in lead if full.endswith(name)), name) for name in dict.fromkeys(signed))


def maker_of(texts: list[str], title: str) -> tuple[str, ...]:
    """The bodies that the first sentences under a title say made what it issues: 某市教育局会同某市公安局制定了《…》."""
    core = squeeze(title)
    for text in texts[:_MAKER_LINES]:
        for match in _MAKERS.finditer(text[:_LONGEST_MAKER]):
            made = squeeze(match[2])
            if not core or not (made in core or core in made):
                continue
            names = tuple(name for part in _TOGETHER.split(match[1]) for name in organs_of(part))
            if names and len(names) == len(_TOGETHER.split(match[1])):
                return names
    return ()


def imprint_of(texts: list[str]) -> str | None:
    """The body whose office printed a document, from the line at its end: 某市某局办公室  2020年3月1日印发.

    A government has its own papers printed by the same office as those of the office, so that it is not told from these.
    """
    for text in reversed(texts[-_IMPRINT_LINES:]):
        match = _IMPRINT.match(text)
        if match and len(organs := organs_of(match[1])) == 1:
            name = re.sub(r"(?<=[局委会厅部院])办公[厅室]$", "", organs[0])
            return None if "人民政府" in name else name
    return None


def completed(names: tuple[str, ...], printed: tuple[str, ...], title: str, region: str | None) -> tuple[str, ...]:
    """The names with their places: 市教育局 as 澜江市教育局, 东河区教育局 as 澜江市东河区教育局 where the title names both.

    `printed` are fuller names that stand elsewhere in the document, `region` the city or province it is of.
    """
    district = district_of(title)
    return tuple(dict.fromkeys(_completed(name, printed, district, region) for name in names))


def _completed(name: str, printed: tuple[str, ...], district: str | None, region: str | None) -> str:
    short = _SHORT_OF_PLACE.match(name)
    if short is None:
        own = _OF_DISTRICT.match(name)
        whole = own and district and district != own[1] and district.endswith(own[1])
        return f"{district}{name[own.end() :]}" if own and whole else name
    level, rest = short[1], name[1:]
    for full in printed:
        place = _PLACE.match(full)
        if place and place[1].endswith(level) and len(place[1]) > 1 and _shortens(rest, full[place.end() :]):
            return full
    if level in "区县":
        return f"{district}{rest}" if district and district.endswith(level) else name
    return f"{region}{rest}" if region and region.endswith(level) else name


def _shortens(short: str, full: str) -> bool:
    """Whether a name is another one with characters left out: 教委 of 教育委员会."""
    rest = iter(full)
    return short[:1] == full[:1] and all(character in rest for character in short)
