"""What a document says of itself: title, 文号, issuer, dates, validity, kind, region and links.

Everything is read from the text. What had to be guessed (a title that is not there) is marked as inferred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from urllib.parse import unquote

from corpus.bulletin import Draft
from corpus.head import stands_over
from corpus.issuers import (
    choose,
    completed,
    imprint_of,
    issuer_of_history,
    issuer_of_number,
    lead_of,
    letterhead_of,
    maker_of,
    order_of,
    organs_of,
    signature_of,
)
from corpus.lettercodes import issuer_of_letters
from corpus.links import links_of
from corpus.markers import marker_of
from corpus.particulars import Particulars, day_in, is_particular, read_particulars, without_mark
from corpus.regions import district_of, region_in, region_of, region_of_number
from corpus.titles import (
    BEGINS,
    DATE_LINE,
    ENDS,
    NUMBER,
    NUMBER_LINE,
    ORDER,
    is_title_line,
    squeeze,
    tidy,
    without_residue,
)
from corpus.types import Kind, Link, Validity
from corpus.validity import DAY, arabic_dates, day_of, validity

_HISTORY = re.compile(
    r"^[（(][^）)]{0,400}(?:发布|通过|公布|修正|修订|施行|批准|令第|号令)[^）)]{0,400}[）)]?$"
    r"|^[（(]\s*\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日[^。]{2,60}(?:发布|通过|公布)"
)
_HISTORY_NUMBER = re.compile(
    rf"(?:^[（(]|日)\s*({ORDER}|[一-鿿]{{2,24}}第\s*[0-9〇零一二三四五六七八九十百]{{1,6}}\s*号令)"
)
_END_NUMBER = re.compile(rf"[（(]\s*({NUMBER})\s*[）)]")
_IMPRINT = re.compile(rf"{DAY}\s*印发?$")
_BARE_DAY = re.compile(r"^[（(]?\s*(?:19|20)\d{2}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,2}\s*[）)]?$")
_ANY_DAY = r"((?:19|20)\d{2}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}(?:\s*+日)?)"
_PUT_UP = re.compile(
    rf"(?:(?:发布|发表|更新|录入|提供)(?:日期|时间)?|(?<![施效止行])(?:日期|时间))\s*+(?:[：:于]\s*+)?{_ANY_DAY}"
    rf"|{_ANY_DAY}\s*(?:\d{{1,2}}:\d{{2}}|来源|摘录|编辑)"
)
_LEADER = re.compile(r"^(省|市|县|区|州)\s*长(?:\s*[一-鿿]){0,5}$")
_ORNAMENT = re.compile(r"^[^\w《（(“\"]+")
_EXTENSIONS = re.compile(r"(?:\.[A-Za-z]{2,5}){1,9}$")
_PLACE_BEFORE = re.compile(r"^[一-鿿]{2,4}_(?=.{4})")
_COPY = re.compile(r"(?<!\s)\s*+[（(]\d{1,2}[）)]$|(?<=[一-鿿）)])(?:19|20)\d\d$")
_NO_NAME = re.compile(r"^(?:新建|未命名|无标题|扫描|附件|下载|文档|文件|副本|复件|正文|全文|微信|截图|屏幕)")
_OF_GOVERNMENT = re.compile(r"(?<=[省市区县州旗])政府(?=$|办公[厅室]$)")
_HEAD = 60  # paragraphs in which a 文号 and the date of issue stand
_PRINTED_LATE = 31  # days between a signature and what a page prints as the day of issue
_PROMULGATED_LATE = 366  # days between the passing of a rule and its promulgation
_ORDER_LINES = 6  # paragraphs under the number of an order among which its day stands
_GUIDE = re.compile(r"解读|问答|答记者问|\d问|指南|指引|须知|告知[单书]")
_SOURCE = re.compile(r"(?:来源|作者|发布者)\s*[：:]\s*([一-鿿（）()]{3,40})")
"""Who explains a rule or how something is done: these are not signed, and are of whoever put them up."""
_UNDER = 6  # paragraphs under the title that may print particulars
_FIRST = 20  # paragraphs under the title that may say when a page was put up
_UNDER_TITLE, _UNDER_ORDER = 4, 10  # paragraphs among which a history stands, without and with an order over the title
_LONGEST_HISTORY = 600  # characters of it that are looked at
_TAIL = 12  # paragraphs at the end in which they stand


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


def read(draft: Draft, file_region: str | None = None, name: str = "") -> Metadata:
    """The metadata of one document. `file_region` is what 市 means where the document does not say; `name` that of a file
    which holds no other document: its title where the text has none."""
    texts = [arabic_dates(p.text) for p in draft.paragraphs]
    printed = _particulars(draft)
    title = tidy(draft.title or _headed(draft))
    if not title and printed.title:
        title = tidy(without_residue(printed.title))
    inferred = not title
    if inferred:
        title = infer_title(
            [
                text
                for i, text in enumerate(texts)
                if (i >= _HEAD or not stands_over(draft.paragraphs, i)) and not draft.paragraphs[i].cells
            ]
            or texts,
            name,
        )
        lines = {squeeze(text) for text in texts[:_HEAD]}
        inferred = squeeze(title) not in lines or len(squeeze(title)) < 4 or not ENDS.search(title)
    title = without_mark(title)
    body = [
        text
        for p, text in zip(draft.paragraphs[draft.body_from :], texts[draft.body_from :], strict=True)
        if not p.particular
    ]
    under = _UNDER_ORDER if order_of(texts[:_UNDER]) else _UNDER_TITLE
    histories = [text[:_LONGEST_HISTORY] for text in texts[: draft.body_from + under] if _HISTORY.match(text)]
    place = region_of(title)
    number = _number(draft, texts, printed, histories)
    own = _issued_on(draft, texts, printed, histories)
    issued = own or printed.published or _put_up(texts[: draft.body_from + _FIRST])
    issuer = _issuer(draft, texts, number, printed, histories, title)
    force = validity(body, issued, histories)
    if own is None or printed.effective:
        stated = validity(body, None, histories)  # what does not rest on the day of issue
        start = stated.effective_from or printed.effective
        if own is None and issued and start and "解读" not in title and _is_too_late(issued, start, number):
            issued, force = None, stated
        elif printed.effective and stated.effective_from is None:
            force = Validity(printed.effective, force.effective_until)
    return Metadata(
        title=title,
        title_inferred=inferred,
        number=number,
        issuer=issuer,
        issued_on=issued,
        validity=_with_particulars(force, printed),
        kind="list" if draft.cover else _kind(title, texts),
        region=place or region_in(title, issuer, texts) or region_of_number(number or "") or file_region,
        links=links_of(title, texts),
    )


def _headed(draft: Draft) -> str:
    """The heading of the first level that a document begins with, where the format has one and nothing like a title stands
    under it (as under the name of a sheet); "" where there is none."""
    first, *rest = draft.paragraphs
    if first.level != 1 or len(first.text) < 4 or not is_title_line(first.text) or any(p.level == 1 for p in rest):
        return ""
    under = rest[0] if rest else None
    plain = under is not None and not under.cells and not under.level and is_title_line(under.text)
    return "" if plain else first.text


def _particulars(draft: Draft) -> Particulars:
    """What is printed over the text, or as a block of particulars elsewhere."""
    over = draft.paragraphs[: draft.body_from + _UNDER]
    return read_particulars([*over, *(p for p in draft.paragraphs[draft.body_from + _UNDER :] if p.particular)])


def _with_particulars(force: Validity, printed: Particulars) -> Validity:
    """The validity with what the page says of it: the text comes first for the dates, the page for the end of force."""
    until = printed.until or force.effective_until
    return Validity(force.effective_from or printed.effective, until, void=None if printed.until else printed.ended)


def infer_title(texts: list[str], name: str = "") -> str:
    """A title for a document that has none: the one that a notice or interpretation in it names, else the kind of
    meeting it records, else what the file `name` says where the text begins with a sentence, else the beginning of that."""
    head = texts[:8]
    for pattern in (
        r"^《([^《》]{4,80})》(?:的?(?:全文|原文|内容|正文))?(?:如下)?[：:]?$",
        r"现将《([^《》]{4,80})》[^。]{0,40}(?:公布|印发|发布|转发)",
        r"《([^《》]{4,80})》(?:业|已)经?[^。]{0,80}(?:印发|公布|同意|发布)",
        r"(?:通过|制定)的《([^《》]{4,80})》[^。]{0,80}(?:公布|印发|发布)",
        r"印发(?:实施)?《([^《》]{4,80})》",
        r"(?:发布|出台|制定)了?《([^《》]{4,80})》[（(]以下简称",
    ):
        for text in texts:
            if match := re.search(pattern, text):
                return tidy(match[1])
    joined = "".join(head)
    if match := re.search(r"主持召开(?:了)?([^，。]{0,16}?第\s*\d+\s*次[^，。]{0,16}?会议)", joined):
        place = region_in("", None, texts) or region_of(joined) or ""
        meeting = re.sub(r"\s", "", match[1])
        return (meeting if meeting.startswith(place) else place + meeting.removeprefix("市")) + "纪要"
    for text in head:
        if ENDS.search(text) and 6 <= len(text) <= 60 and marker_of(text) is None:
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
        subject = re.search(r"(?:支持|促进|推动|推进|加快|加强|开展|实施|规范)[^，。《》〈〉]{4,28}", joined)
        if subject:
            return f"关于{subject[0]}的{match[1].removeprefix('以下').removeprefix('本').removeprefix('如下')}"
    if (named := title_of_file(name)) and not (texts and _is_heading(texts[0])):
        return named
    first = next(
        (t for t in texts if len(squeeze(t)) >= 4 and not re.search(r"^[^，。]{2,140}[：:]$|^各.{2,140}[：:]$", t)),
        texts[0] if texts else "",
    )
    return tidy(re.split(r"[。；，：]", _ORNAMENT.sub("", first))[0])[:40] or "无标题文件"


def _is_heading(text: str) -> bool:
    """Whether a document begins with a line that is likelier its heading than the name of its file is."""
    return is_title_line(text) and len(squeeze(text)) >= 6 and not _ORNAMENT.match(text)


def title_of_file(name: str) -> str:
    """What a file is called, without folders, extensions and a place set before it (杭州_购房入户.docx); "" where that is
    no title: 附件1.docx, 新建文档.docx, IMG_2016.jpg."""
    stem = _EXTENSIONS.sub("", unquote(name).replace("\\", "/").rsplit("/", 1)[-1])
    stem = _COPY.sub("", _PLACE_BEFORE.sub("", stem)).strip()
    chinese = len(re.findall(r"[一-鿿]", stem))
    return tidy(stem)[:80] if chinese >= 4 and chinese * 2 > len(stem) and not _NO_NAME.match(stem) else ""


def _number(draft: Draft, texts: list[str], printed: Particulars, histories: list[str]) -> str | None:
    """The 文号: printed by the page, on a line of its own, after the title, of the order, or the first order in the history."""
    if printed.number:
        return printed.number
    for text in texts[:_HEAD]:
        if NUMBER_LINE.match(text.strip()):
            bare = text.strip("（）()") if text[0] in "（(" else text
            return re.sub(r"\s", "", bare).removesuffix("文件")
    if order := order_of(texts[:_HEAD]):
        return order[1]
    if draft.title_paragraphs and (match := _END_NUMBER.search(texts[draft.body_from - 1])):
        return re.sub(r"\s", "", match[1])
    for text in histories:
        if match := _HISTORY_NUMBER.search(text):
            return re.sub(r"\s", "", match[1])
    return None


def _issued_on(draft: Draft, texts: list[str], printed: Particulars, histories: list[str]) -> date | None:
    """The day of the first promulgation in the history, of the signature, what the page prints as such (a signature far
    from that is of something else), or under the title; None where there is none of these, even if it is known when a page was put up."""
    for text in histories:
        if match := re.search(DAY, text):
            passed, ordered = day_of(*match.groups()), _ordered_on(texts[:_HEAD])
            return ordered if passed and ordered and 0 <= (ordered - passed).days <= _PROMULGATED_LATE else passed
    signed = signature_of(texts)
    if signed and signed.day and (not printed.issued or abs((printed.issued - signed.day).days) <= _PRINTED_LATE):
        return signed.day
    if printed.issued:
        return printed.issued
    for text in texts[draft.title_from : draft.body_from]:
        if match := re.search(rf"[（(]\s*{DAY}\s*[）)]$", text):
            return day_of(*match.groups())
    tail = texts[max(draft.body_from, len(texts) - _TAIL) :]
    for text in [*texts[draft.body_from : draft.body_from + _HEAD], *reversed(tail)]:
        if DATE_LINE.match(text) and (match := re.search(DAY, text)):
            return day_of(*match.groups())
    for text in reversed(tail):
        if match := _IMPRINT.search(text):
            return day_of(*match.groups())
    for text in reversed(tail):
        if _BARE_DAY.match(text):
            return day_in(text)
    return None


def _ordered_on(texts: list[str]) -> date | None:
    """The day of the order or the announcement that promulgates a rule, printed below it."""
    for i, pair in enumerate(pairwise(texts)):
        if order_of(list(pair)):
            under = (text for text in texts[i + 2 : i + 2 + _ORDER_LINES] if DATE_LINE.match(text))
            return next((day_in(text) for text in under), None)
    return None


def _is_too_late(shown: date, start: date, number: str | None) -> bool:
    """Whether a page was put up in a year after its document came into force, so that it does not say when that was issued.
    Within the year it may (some measures are issued after the day from which they hold), and with a number of its year."""
    return start.year < shown.year and not re.search(rf"[〔\[［（(【﹝]\s*{shown.year}", number or "")


def _put_up(texts: list[str]) -> date | None:
    """The day on which a page was put up, from the lines at its head: 2015-02-17 02:07 来源：…."""
    for text in texts[:_HEAD]:
        match = _PUT_UP.search(text[:240])
        if match and "。" not in text[: match.start()] and (day := day_in(match[0])):
            return day
    return next((day_in(text) for text in texts if _BARE_DAY.match(text)), None)


# -- issuer and kind ---------------------------------------------------------------------------------------------------


def _issuer(
    draft: Draft, texts: list[str], number: str | None, printed: Particulars, histories: list[str], title: str
) -> str | None:
    """The bodies that issued the document, joined by 、, with their places."""
    found = _issuers(draft, texts, number, printed, histories, title)
    names = tuple(_OF_GOVERNMENT.sub("人民政府", name) for name in found.split("、")) if found else ()
    found = "、".join(names) or None
    if not any(name[0] in "省市区县" or "区" in name or "县" in name for name in names):
        return found
    heads = letterhead_of(texts[: draft.body_from + _UNDER])
    fuller = (*heads, printed.issuer or "", imprint_of(texts) or "")
    region = region_of(title) or region_in(title, None, texts) or region_of_number(number or "")
    return "、".join(completed(names, fuller, title, region))


def _issuers(
    draft: Draft, texts: list[str], number: str | None, printed: Particulars, histories: list[str], title: str
) -> str | None:
    """The bodies that issued the document as they are printed, joined by 、."""
    region = region_of(title)
    signed = signature_of(texts)
    lead = lead_of(draft.printed or draft.title or "")
    if organs := choose(signed.organs if signed else (), lead):
        return "、".join(organs)
    if order := order_of(texts[:_HEAD]):
        return order[0]
    if organs := letterhead_of(texts[: draft.body_from + _UNDER]):
        return "、".join(organs)
    if number and (issuer := issuer_of_number(number, region)):
        return issuer
    for text in histories:
        if issuer := issuer_of_history(text, region):
            return issuer
    if leader := next(
        (m[1] for a, b in pairwise(texts[:_HEAD]) if DATE_LINE.match(b) and (m := _LEADER.match(a))), None
    ):
        return f"{region}人民政府" if region and region.endswith(leader) else printed.issuer
    lettered = _of_letters(number, region or region_in(title, None, texts), title, texts)
    made, printer = "、".join(maker_of(texts[draft.body_from :], title)), imprint_of(texts)
    if lettered and not any(lettered in (name or "") for name in (printed.issuer, made, printer)):
        return lettered
    named = next((name for name in (printed.issuer, made, printer) if lettered and name and lettered in name), None)
    return named or printed.issuer or made or printer or _author(draft, texts, title)


def _author(draft: Draft, texts: list[str], title: str) -> str | None:
    """The body that a page names as its source, where the page explains something."""
    if not _GUIDE.search(title):
        return None
    for paragraph, text in zip(draft.paragraphs[:_HEAD], texts, strict=False):
        if is_particular(paragraph) and (match := _SOURCE.search(text)) and (organs := organs_of(match[1])):
            return "、".join(organs)
    return None


def _of_letters(number: str | None, region: str | None, title: str, texts: list[str]) -> str | None:
    return issuer_of_letters(number, region, district_of(title), texts) if number else None


def _kind(title: str, texts: list[str]) -> Kind:
    bare = re.sub(r"[（(][^（）()]*[）)]$", "", title)
    if re.search(r"解读$|问答$", bare):
        return "interpretation"
    if re.search(r"关于(?:修改|修订|废止)(?:(?!关于(?:修改|修订|废止))[^，])*(?:决定|通知)$", bare):
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
