"""What a document says of itself: title, 文号, issuer, dates, validity, kind, region and links.

Everything is read from the text. What had to be guessed (a title that is not there) is marked as inferred.
"""

from __future__ import annotations

import functools
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from corpus.bulletin import Draft
from corpus.counterparts import cities
from corpus.links import links_of
from corpus.numerals import NUMERAL, to_int
from corpus.titles import BEGINS, DATE_LINE, ENDS, ISSUE_LINE, NUMBER_LINE, ORDER, tidy
from corpus.types import Kind, Link, Validity

_D = r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日"
_SELF = (
    r"本(?:政策措施|政策|办法|措施|规定|细则|实施细则|实施意见|意见|方案|实施方案|计划|行动计划|文件|通知|决定|条例|规则|预案|规程|指南|"
    r"标准|《[^》]{2,12}》|法|通告|公告|若干措施|若干政策)"
)
_IN_FORCE = r"(?:起\s*)?(?:正式)?(?:施行|实施|执行|生效|试行)"
_FROM = re.compile(rf"(?:自|从|于)\s*{_D}\s*(?:起)?\s*{_IN_FORCE}")
_FROM_ISSUE = re.compile(rf"(?:自|从)\s*(?:发布|印发|公布|颁布|下发)(?:之日)?\s*{_IN_FORCE}")
_PERIOD = re.compile(rf"(?:执行期|实施期|有效期|试行期)[^。；]{{0,16}}?自?\s*{_D}\s*(?:起)?\s*(?:至|到)\s*{_D}")
_UNTIL = re.compile(
    rf"(?:有效期|执行期|实施期|试行期)[^。；]{{0,30}}?(?:至|到)+\s*{_D}|(?:至|到)\s*{_D}\s*(?:为?止|结束|失效|废止|期满|届满)"
)
_UNTIL_YEAR_END = re.compile(
    r"(?:有效期|执行期|实施期|试行期)[^。；]{0,30}?(?:至|到)+\s*(\d{4})\s*年\s*(底|末|年底|年末|(\d{1,2})\s*月\s*(?:底|末)?)"
)
_YEARS = re.compile(
    rf"(?:有效期|执行期|试行期|实施期)(?:限)?(?:为|暂定|暂定为|是)?\s*({NUMERAL}|\d{{1,2}})\s*(年|个月)"
)
_HISTORY = re.compile(r"^[（(][^）)]{0,400}(?:发布|通过|公布|修正|修订|施行|批准|令第)[^）)]{0,400}[）)]?$")
_HISTORY_FROM = re.compile(rf"自\s*{_D}\s*起\s*施行")
_HISTORY_NUMBER = re.compile(rf"(?:^[（(]|日)\s*({ORDER})")
_DATE = re.compile(_D)
_CHINESE_DATE = re.compile(
    r"([〇零○二][〇零○一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_PRINTED_DATE = re.compile(r"(?:发布|成文|印发|公布)日期\s*[：:]\s*(\d{4})\s*[-年./]\s*(\d{1,2})\s*[-月./]\s*(\d{1,2})")
_PRINTED_ISSUER = re.compile(r"(?:发布|发文|制定)(?:机构|单位|机关)\s*[：:]\s*([一-鿿、]{2,60})")
_PRINTED_NUMBER = re.compile(r"(?:发文字号|文号|文件编号)\s*[：:]\s*([^\s：:]{3,40}?号)")
_ISSUER = re.compile(
    r"^((?:中共[一-鿿]{2,10}?委员?会?\s*)?[一-鿿（）()]{2,24}?(?:人民政府办公[室厅]|人民政府|人民代表大会常务委员会|人民代表大会|管理委员会|委员会|"
    r"办公[室厅]|委|局|厅|部|院|会|政府))(?=\s*(?:关于|印发|转发|公布|发布|\d{4}年|$))"
)
_SIGNER = re.compile(
    r"^[一-鿿（）()\s]{3,30}?(?:人民政府|办公[室厅]|委员会|局|厅|部|委|院|会|中心|指挥部)(?:[一-鿿\s]{0,30})$"
)
_REGION_FIRST = re.compile(r"^([一-鿿]{2,7}?(?:省|自治区|市(?!场)|自治州|县))")
_REGION_AFTER_VERB = re.compile(
    r"(?:促进|推动|推进|支持|加快|加强|印发|发布|修订|贯彻|深化|完善|规范|修改《)([一-鿿]{2,3}(?:市(?!场)|省|县))"
)
_CITY = re.compile(
    r"(?:(?<![一-鿿])|(?<=[在由和与为及对]))(?![在由和与为及对])([一-鿿]{2,3}(?:市|自治州))(?![级场民政委内外直域属容辖各相有发财科工人])"
)
_NOT_REGION = re.compile(
    r"^(?:各|全|本|我|该|在|由|向|对|和|与|及|市|省|县|区|关于|城|推|全国|进|帮|设|将|按|经|根据|依据|加强|完善|重点|有关|其他|结合|"
    r"制定|支持|确保|提升|促进|带动|鼓励|建立|加快|深化|落实|组织|协调|配合|报)"
    r"|(?:城|超|上|门|股|县级|建制|都|夜|早|菜|各|全|地级|辖|设区的|区|我|本|省|退|大|换)市$"
)
_NO_NAME = re.compile(
    r"[的在向由是]|应当|所在|住地|地区|没有|参照|现行|较大|同一|两省|临时|当地|直辖|沿海|人民|共和国|人力|资源|改革|禁止|滥用|集贸|集$|证券|期货|驻"
)
"""Words that stand before 市 in a sentence (应当向市, 所在地市, 较大的市) and in few names of places."""
_QUOTED = re.compile(r"《([^《》]{3,80})》")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was read of one document; fields as in `Document`."""

    title: str
    title_inferred: bool
    number: str | None
    issuer: str | None
    issued_on: date | None
    validity: Validity
    kind: Kind
    region: str | None
    links: tuple[Link, ...]


def read(draft: Draft, file_region: str | None = None) -> Metadata:
    """The metadata of one document. `file_region` is what 市 means where the document does not say."""
    texts = [_arabic_dates(p.text) for p in draft.paragraphs]
    title = tidy(draft.title) if draft.title else ""
    inferred = not title
    if inferred:
        title = infer_title(texts)
    number = _number(texts, draft.title_paragraphs)
    issued = _issued_on(texts, draft.title_paragraphs)
    return Metadata(
        title=title,
        title_inferred=inferred,
        number=number,
        issuer=_issuer(title, texts, number),
        issued_on=issued,
        validity=validity(texts[draft.title_paragraphs :], issued),
        kind="list" if draft.cover else _kind(title, texts),
        region=region_of(title) or _region_in(title, texts) or file_region,
        links=links_of(title, texts),
    )


def infer_title(texts: list[str]) -> str:
    """A title for a document that has none: the one that a notice or interpretation in it names, else the kind of
    meeting it records, else the beginning of its first sentence."""
    head = texts[:8]
    for pattern in (
        r"现将《([^《》]{4,80})》[^。]{0,20}(?:公布|印发|发布)",
        r"《([^《》]{4,80})》已经[^。]{0,60}(?:印发|公布|同意)",
        r"印发(?:实施)?《([^《》]{4,80})》",
        r"(?:发布|出台|制定)了?《([^《》]{4,80})》[（(]以下简称",
    ):
        for text in texts:
            if match := re.search(pattern, text):
                return tidy(match[1])
    joined = "".join(head)
    if match := re.search(r"主持召开(?:了)?([^，。]{0,16}?第\s*\d+\s*次[^，。]{0,16}?会议)", joined):
        place = region_of(joined) or _region_in("", texts) or ""
        meeting = re.sub(r"\s", "", match[1])
        return (meeting if meeting.startswith(place) else place + meeting.removeprefix("市")) + "纪要"
    for text in head:
        if ENDS.search(text) and 6 <= len(text) <= 60:
            return tidy(text)
    if match := re.search(r"(?:制定|提出)[^。（）]{2,16}[（(](?:以下)?简称[：:]?([^（）()]{8,60})[）)]", joined):
        name = match[1].strip("“”《》")
        if ENDS.search(name):
            return tidy(name)
    match = re.search(
        r"制定(?:本|了)?((?:[一-鿿]{2,8}?(?:省|市|县|区)|(?:19|20)\d\d年)[^。，（）]{4,40})[。（]", joined
    )
    if match and ENDS.search(match[1]) and BEGINS.search(match[1]):
        return tidy(match[1])
    if match := re.search(r"(?:制定|提出)[^。]{0,6}?((?:[^。，]{2,20})?(?:措施|意见|办法|方案|计划|政策))", joined):
        subject = re.search(r"(?:支持|促进|推动|推进|加快|加强|开展|实施|规范)[^，。]{4,28}", joined)
        if subject:
            return f"关于{subject[0]}的{match[1].removeprefix('以下').removeprefix('本').removeprefix('如下')}"
    first = next((t for t in texts if len(t) >= 4 and not t.endswith("：")), texts[0] if texts else "")
    return tidy(re.split(r"[。；，：]", first)[0])[:40] or "无标题文件"


def _number(texts: list[str], title_paragraphs: int) -> str | None:
    """The 文号: on a line of its own, on the line that a web page prints, or the first order in the history in brackets."""
    for text in texts[:60]:
        if NUMBER_LINE.match(text):
            return re.sub(r"\s", "", text.strip("（）()") if text[0] in "（(" else text)
        if ISSUE_LINE.match(text) and (match := _PRINTED_NUMBER.search(text)):
            return match[1]
    for text in texts[title_paragraphs : title_paragraphs + 3]:
        if _HISTORY.match(text) and (match := _HISTORY_NUMBER.search(text)):
            return re.sub(r"\s", "", match[1])
    return None


# -- dates and validity ------------------------------------------------------------------------------------------------


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _arabic_dates(text: str) -> str:
    """The text with dates in Chinese numerals (二〇二五年三月一日) in Arabic ones."""

    def arabic(match: re.Match[str]) -> str:
        year, month, day = (to_int(group) for group in match.groups())
        return f"{year}年{month}月{day}日"

    return _CHINESE_DATE.sub(arabic, text)


def _issued_on(texts: list[str], title_paragraphs: int) -> date | None:
    """The date of a signature or under the title, or of the first promulgation in the history in brackets."""
    for text in texts[title_paragraphs : title_paragraphs + 3]:
        if _HISTORY.match(text) and (match := _DATE.search(text)):
            return _day(*match.groups())
    for text in texts[title_paragraphs : title_paragraphs + 6]:
        if ISSUE_LINE.match(text) and (match := _PRINTED_DATE.search(text)):
            return _day(*match.groups())
    for text in texts[title_paragraphs : title_paragraphs + 60]:
        if DATE_LINE.match(text) and (match := _DATE.search(text)):
            return _day(*match.groups())
    for text in reversed(texts[-6:]):
        if (DATE_LINE.match(text) or text.endswith("印发")) and (match := _DATE.search(text)):
            return _day(*match.groups())
    return None


def validity(texts: list[str], issued: date | None) -> Validity:
    """From when and until when the document itself is in force.

    Only what the document says of itself counts: the history in brackets under the title, and sentences of the form
    本办法自…起施行 in an article or paragraph that begins so or stands at the end. Periods of single measures do not.
    """
    start: date | None = None
    end: date | None = None
    for text in texts[:4]:
        if _HISTORY.match(text) and (match := _HISTORY_FROM.search(text)):
            start = _day(*match.groups())
    for sentence in _own_sentences(texts):
        begin, until, from_issue = _sentence_validity(sentence, issued)
        if start is None:
            start = begin
        if end is None:
            end = until
        years = _YEARS.search(sentence)
        base = begin or (issued if from_issue else start)
        if end is None and years and base is not None:
            months = to_int(years[1]) * (12 if years[2] == "年" else 1)
            end = _add_months(base, months) - timedelta(days=1)
    return Validity(start, end)


def _own_sentences(texts: list[str]) -> list[str]:
    """The sentences in which the document speaks of its own force."""
    out: list[str] = []
    about = re.compile(
        rf"^(?:第[^\s]{{1,9}}条\s*|[（(]?[一二三四五六七八九十\d]{{1,3}}[）)、．.]\s*)?(?:[^。；]{{0,14}}?{_SELF}|(?:未|除)[^。；]{{0,20}}有效期)"
    )
    for text in texts:
        sentences = [s for s in re.split(r"(?<=[。；])", re.sub(r"\s+", "", text)) if s]
        for i, sentence in enumerate(sentences):
            own = about.match(sentence) or re.search(rf"{_SELF}(?:自|从|由|有效期|执行期|试行期)", sentence)
            follows = i > 0 and sentences[i - 1] in out[-1:] and re.match(r"(?:有效期|执行期|试行期|未)", sentence)
            if (own or follows) and re.search(r"施行|实施|执行|有效期|执行期|试行|生效", sentence):
                out.append(sentence)
    return out


def _sentence_validity(sentence: str, issued: date | None) -> tuple[date | None, date | None, bool]:
    bare = _QUOTED.sub("《》", sentence)
    if match := _PERIOD.search(bare):
        groups = match.groups()
        return _day(*groups[:3]), _day(*groups[3:]), False
    start = _day(*match.groups()) if (match := _FROM.search(bare)) else None
    from_issue = bool(_FROM_ISSUE.search(bare)) or "发布之日" in bare or "印发之日" in bare
    end: date | None = None
    if match := _UNTIL.search(bare):
        end = _day(*[g for g in match.groups() if g])
    elif match := _UNTIL_YEAR_END.search(bare):
        month = int(match[3]) if match[3] else 12
        end = date(int(match[1]), month, monthrange(int(match[1]), month)[1]) if 1 <= month <= 12 else None
    if start is None and from_issue:
        start = issued
    return start, end, from_issue


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# -- issuer, kind, region ----------------------------------------------------------------------------------------------


def _issuer(title: str, texts: list[str], number: str | None) -> str | None:
    if match := _ISSUER.match(title):
        return re.sub(r"\s+", "、", match[1].strip())
    for text in texts[:10]:
        if ISSUE_LINE.match(text) and (match := _PRINTED_ISSUER.search(text)):
            return match[1]
    for before, text in zip(texts, texts[1:], strict=False):
        if DATE_LINE.match(text) and len(before) <= 40 and _SIGNER.match(before):
            return re.sub(r"\s{1,}", "", before)
    if number and (match := re.match(r"([一-鿿]{2,24}?(?:人民政府|委员会|[部局厅署]))令", number)):
        return match[1]
    if match := re.search(
        r"本[一-鿿]{2,8}由([一-鿿]{2,20}?(?:人民政府|局|委|厅|办公室|委员会))(?:会同[^。]{0,30})?负责解释",
        "".join(texts[-12:]),
    ):
        return match[1]
    return None


def _kind(title: str, texts: list[str]) -> Kind:
    bare = re.sub(r"[（(][^（）()]*[）)]$", "", title)
    if re.search(r"解读$|问答$", bare):
        return "interpretation"
    if re.search(r"关于(?:修改|修订|废止)[^，]*的?(?:决定|通知)$", bare):
        return "amendment"
    if bare.endswith("纪要"):
        return "minutes"
    if re.search(r"大事记$|召开$|！$|报道$", bare) or any(re.match(r"^[（(]来源[：:]", t) for t in texts[-3:]):
        return "news"
    if re.search(r"名单|清单|目录", bare):
        return "list"
    if re.search(r"(?:办法|条例|规定|细则|规则|法)$", bare):
        return "regulation"
    if re.search(r"(?:计划|方案|规划|预案|要点)$", bare):
        return "plan"
    return "notice" if bare.endswith(("通知", "决定", "公告", "通告")) else "policy"


def region_of(text: str) -> str | None:
    """The place that a title names first, or None: 苏州市 of 关于促进苏州市…的措施, 江苏省 of 江苏省…条例."""
    head = re.sub(r"^(?:中共|关于|中国[（(][^）)]*[）)])+", "", text)
    match = _REGION_AFTER_VERB.search(head) or _REGION_FIRST.match(head)
    return match[1] if match and _is_place(match[1]) else None


def _is_place(name: str) -> bool:
    """Whether a name that ends in 市 or the like is one: known, or without the words that stand before 市 in a sentence."""
    stem = re.sub(r"(?:省|自治区|市|自治州|县)$", "", name)
    return stem in _places() or not (_NOT_REGION.search(name) or _NO_NAME.search(stem))


@functools.cache
def _places() -> frozenset[str]:
    """The cities of corpus/places.txt, without 市."""
    return frozenset(name.removesuffix("市") for name in cities())


def _region_in(title: str, texts: list[str]) -> str | None:
    """The city whose name a document without one in its title has most often; first one in brackets: 中国（苏州）…方案."""
    text = "\n".join(texts[:400])
    for name in re.findall(r"[（(]([一-鿿]{2,3})[）)]", title):
        if name + "市" in text:
            return f"{name}市"
    names = {m[1] for m in _CITY.finditer(text) if _is_place(m[1])}
    counts = {name: text.count(name[:-1]) for name in names}
    best = max(counts, key=lambda name: (counts[name], name), default=None)
    return best if best is not None and counts[best] >= 2 else None
