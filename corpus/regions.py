"""The place that a document is of: of its title, else of who issued it, else the city that its text names most.

A law that a title or a sentence quotes, and a place that a sentence only compares with (参照某市…), say nothing of that.
"""

from __future__ import annotations

import functools
import re

from corpus.counterparts import places

_REGION_FIRST = re.compile(r"^([一-鿿]{2,7}?(?:省|自治区|市(?![场民])|自治州|县))")
_REGION_AFTER_VERB = re.compile(
    r"(?:促进|推动|推进|支持|加快|加强|印发|发布|修订|贯彻|深化|完善|规范|修改《)([一-鿿]{2,3}(?:市(?![场民])|省|县))"
)
_CITY = re.compile(
    r"(?:(?<![一-鿿])|(?<=[在由和与为及对]))(?![在由和与为及对])([一-鿿]{2,3}(?:市|自治州))(?![级场民政委内外直域属容辖各相有发财科工人])"
)
_NOT_REGION = re.compile(
    r"^(?:印发|转发|发布|公布|各|全|本|此|前|到|我|该|在|由|向|对|和|与|及|市|省|县|区|关于|城|推|全国|进|帮|设|将|按|经|根据|依据|加强|完善|重点|有关|其他|结合|"
    r"制定|支持|确保|提升|促进|带动|鼓励|建立|加快|深化|落实|组织|协调|配合|报)"
    r"|(?:城|超|上|门|股|县级|建制|都|夜|早|菜|各|全|地级|辖|设区的|区|我|本|省|退|大|换)市$"
)
_NO_NAME = re.compile(
    r"[的在向由是]|应当|所在|住地|地区|没有|参照|现行|较大|同一|两省|临时|当地|直辖|沿海|人民|共和国|人力|资源|改革|禁止|滥用|集贸|集$|证券|期货|驻|[区县].|年|解读|政策|文件|[经到]$"
)
"""Words that stand before 市 in a sentence (应当向市, 所在地市, 较大的市) and in few names of places."""


_QUOTED = re.compile(r"《([^《》]*(?:《[^《》]*》[^《》]*)*)》")
_PASSED_ON = re.compile(r"(?:印发|公布|发布|下发|颁布|修改|修订|废止|批准|出台|解读)(?:实施)?(?:的|了)?$")
_COMPARED = re.compile(
    r"(?:参照|比照|借鉴|对标|学习|按照|依照|依据|根据|贯彻|落实)(?:《[^《》]{0,80}》|[^，。；《》]){0,40}"
)
_SHORT = {
    "京": "北京市", "津": "天津市", "沪": "上海市", "渝": "重庆市", "穗": "广州市", "深": "深圳市", "榕": "福州市", "厦": "厦门市",
    "杭": "杭州市", "蓉": "成都市", "冀": "河北省", "晋": "山西省", "辽": "辽宁省", "吉": "吉林省", "黑": "黑龙江省", "苏": "江苏省",
    "浙": "浙江省", "皖": "安徽省", "闽": "福建省", "赣": "江西省", "鲁": "山东省", "豫": "河南省", "鄂": "湖北省", "湘": "湖南省",
    "粤": "广东省", "琼": "海南省", "川": "四川省", "黔": "贵州省", "滇": "云南省", "陕": "陕西省", "甘": "甘肃省",
}  # fmt: skip
_DISTRICT = r"(?=[一-鿿]{1,3}(?:区|新区|县))"


def region_of(title: str) -> str | None:
    """The place that a title names first, or None: 苏州市 of 关于促进苏州市…的措施, 江苏省 of 江苏省…条例.

    What it quotes counts only where it passes that on: 关于印发《苏州市…办法》的通知, but not 关于贯彻《江苏省…条例》的通知.
    """
    own = _QUOTED.sub(lambda m: m[1] if _PASSED_ON.search(title[: m.start()]) or not m.start() else "《》", title)
    if known := _known(own):
        return known
    head = re.sub(r"^(?:中共|关于|中国[（(][^）)]*[）)])+", "", own)
    match = _REGION_AFTER_VERB.search(head) or _REGION_FIRST.match(head)
    return match[1] if match and _is_place(match[1]) else None


_CITY_DISTRICT = r"(?!城区|主城区|中心城|区)[一-鿿]{1,3}?(?<![市社校园片辖小全各本我该地老景灾山林牧库区])(?:新区|区|县)(?![县域级内外划])"
_DISTRICT_FIRST = re.compile(
    rf"^(?:关于)?(?:印发|公布|转发|发布)?[《〈]?(?:(?:19|20)\d\d年?)?({_CITY_DISTRICT})(?=[一-鿿\d])"
)


def district_of(title: str) -> str | None:
    """The district or county that a title names, with its city where that stands before it: 上海市静安区 of
    2016上海静安区…意见, 静安区 of 静安区…意见; None where it names none."""
    for match in _city().finditer(title):
        if found := re.compile(_CITY_DISTRICT).match(title, match.end()):
            return f"{match[1].removesuffix('市')}市{found[0]}"
    first = _DISTRICT_FIRST.match(title)
    return first[1] if first else None


def _known(text: str) -> str | None:
    """The first known city or province of a text. Short of 市 a name counts before a district: 上海黄浦区."""
    found = min(
        (m for m in (_city().search(text), _province().search(text)) if m), key=lambda m: m.start(), default=None
    )
    if found is None:
        return None
    if found[0][-1] in "省区" and found.re is _province() and (city := _city().match(text, found.end())):
        found = city
    return found[0] if found.re is _province() else f"{found[1].removesuffix('市')}市"


@functools.cache
def _city() -> re.Pattern[str]:
    names = "|".join(sorted(_places(), key=lambda name: (-len(name), name)))
    return re.compile(rf"({names})(?:市(?![场民])|{_DISTRICT})")


@functools.cache
def _province() -> re.Pattern[str]:
    names = "|".join((*places()[1], "吉林", "黑龙江", "海南", "青海", "台湾"))
    return re.compile(rf"(?:{names})省|(?:内蒙古|广西壮族|西藏|宁夏回族|新疆维吾尔)自治区")


def _is_place(name: str) -> bool:
    """Whether a name that ends in 市 or the like is one: known, or without the words that stand before 市 in a sentence."""
    stem = re.sub(r"(?:省|自治区|市|自治州|县)$", "", name)
    return stem in _places() or not (_NOT_REGION.search(name) or _NO_NAME.search(stem))


@functools.cache
def _places() -> frozenset[str]:
    """The cities of corpus/places.txt, without 市."""
    return frozenset(name.removesuffix("市") for name in places()[0])


def region_in(title: str, issuer: str | None, texts: list[str]) -> str | None:
    """The place of a document without one in its title: first one in brackets (中国（苏州）…方案), then that of the issuer,
    then the city that the text names most often, laws and places that it only compares with left out."""
    text = "\n".join(texts[:400])
    for name in re.findall(r"[（(]([一-鿿]{2,3})[）)]", title):
        if name + "市" in text:
            return f"{name}市"
    if issuer and (place := region_of(issuer)):
        return place
    return _most_named(_COMPARED.sub("", text)) or _most_named(text)


def region_of_number(number: str) -> str | None:
    """The place that the first character of a 文号 is short for: 沪府发〔2009〕29号."""
    return _SHORT.get(number[:1])


def _most_named(text: str) -> str | None:
    names = {m[1] for m in _CITY.finditer(text) if _is_place(m[1])}
    counts = {name: text.count(name[:-1]) for name in names}
    best = max(counts, key=lambda name: (counts[name], name), default=None)
    return best if best is not None and counts[best] >= 2 else None
