"""What a document says of other documents: which one it explains, changes, puts out of force, or rests on.

A link names the other document by its title as the text has it, without 《》; the store finds the document of that title.
Marks of quotation inside a title (〈〉, <>) become 《》, as they stand in a title that is not quoted itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.markers import marker_of
from corpus.titles import ENDS, squeeze, tidy
from corpus.types import Link, LinkKind

_NAME = r"《((?:[^《》]|《[^《》]{2,60}》){3,120})》"
_QUOTED = re.compile(_NAME)
_NOTE = r"(?:\s*[（(][^（）()]{2,40}[）)])?"
_ENDED = r"(?:废止|停止执行|不再执行|失效)"
_NUMBERED = re.compile(rf"{_NAME}\s*[（(]([^（）()]{{2,30}}号令?)[）)]")
_ISSUED_BY = (
    r"(?:(?<=[、和及与])[^。；，《》]{0,50}?(?:发布|公布|印发)的\s*)?"  # 《甲》、2004年市政府令第3号发布的《乙》
)
_RUN = re.compile(rf"(?:{_ISSUED_BY}{_NAME}{_NOTE}[、和及与，]?\s*)+")
_NO_DOCUMENT = re.compile(
    r"(?:证|卡|证明|证书|执照|通知书|申请书|合同|协议|表|票据|手册)$"
)  # loses force, but is no rule
_PUT_OUT = re.compile(rf"([^。；《》]{{0,40}}?){_ENDED}(?!前)")
_ONLY_IN_PART = re.compile(r"第[^\s，]{1,12}[条款项]|不得?$|[未没]|[不除][^，]{0,4}$|不一致|抵触|冲突|不符")
_VERB_FIRST = re.compile(rf"(?:(?<![一-鿿])|决定|予以|[、，])废止\s*((?:{_NAME}{_NOTE}[、和及与，]?\s*)+)")
_AMENDED = re.compile(
    rf"(?:对|将|把){_NAME}{_NOTE}(?:[^。；《》]{{0,20}}(?:修改|修正|修订)|第[^。；《》]{{1,30}}(?:修改|删除|删去|增加))|(?:修改|修订){_NAME}"
)
_AMENDED_ITEM = re.compile(
    rf"^{_NAME}{_NOTE}\s*(?:第[^。；《》]{{1,30}})?[^。；《》]{{0,20}}(?:修改|修正|删除|删去|增加|[：:]?$)"
)
_LIST_OF_REPEALED = re.compile(
    r"(?:废止|失效)[^。《》]{0,60}[：:]$|(?:废止|失效)的[^。《》]{0,24}(?:目录|清单|[：:])$|^[^。《》]{0,40}予以废止[^。]{0,20}[：:]?$"
)
_LIST_OF_AMENDED = re.compile(
    r"(?:修改|修正|修订)[^。《》]{0,60}[：:]$|(?:修改|修订)的[^。《》]{0,24}(?:目录|清单|[：:])$"
)
_EXPLAINS = (
    r"(?:政策|文件|图文|权威|专家|部门|条文)?(?:解读|问答|图解|解析|答记者问|一图读懂|一图看懂|简明问答|热点问答)"
)
_EXPLAINS_TITLE = re.compile(rf"(?:一图(?:读|看)懂|图解|解读|{_EXPLAINS}(?:[（(][^（）()]{{1,12}}[）)])?$)")
_PICTURE = re.compile(r"^(?:一图(?:读|看)懂|图解|解读)\s*[：:|丨—-]*\s*")
_PUBLISHED = re.compile(rf"(?:印发|出台|制定|发布|公布|实施|修订|解读)了?(?:实施)?{_NAME}")
_BASIS = re.compile(
    r"(?:根据|依据|依照|按照|遵照|为了?(?:更好地?)?(?:全面|深入|认真|进一步)?(?:贯彻落实|贯彻实施|贯彻执行|贯彻|落实|实施|执行))([^。；]*)"
)
_MADE = re.compile(r"制定|提出|如下|决定|印发|结合|现就|现将|特作")
_REPLACED = re.compile(r"(?<=[：为])“[^”]*(?:”|$)|“[^”]{20,}(?:”|$)")  # the words that an amendment puts in
_QUOTES = str.maketrans("〈〉<>", "《》《》")
_OPENING_PARAGRAPHS = 12  # where a document says what it rests on


def links_of(title: str, texts: list[str]) -> tuple[Link, ...]:
    """The links of a document with that title and those paragraphs, in the order found, each once."""
    out: dict[tuple[str, str], Link] = {}
    own = squeeze(title)

    plain = [text.translate(_QUOTES) for text in texts]
    numbers = _numbers(plain)

    def add(kind: LinkKind, name: str) -> None:
        name = tidy(name.strip())
        number = numbers.get(squeeze(name)) if kind == "repeals" else None
        # The version before has the same title: 原《…》（文号）同时废止.
        if squeeze(name) and (squeeze(name) != own or number is not None):
            out.setdefault((kind, name), Link(kind, name, number=number))

    name = title.translate(_QUOTES)
    if _EXPLAINS_TITLE.search(name):
        for found in _explained(name, plain):
            add("interprets", found)
    else:
        for kind, found in _changed(name, plain):
            add(kind, found)
    for text in plain:
        for found in _repealed(text):
            add("repeals", found)
    known = {squeeze(link.title) for link in out.values()}
    for found in _basis(plain):
        if squeeze(found) not in known:
            add("cites", found)
    return tuple(out.values())


def _numbers(texts: list[str]) -> dict[str, str]:
    """The 文号 that stand in brackets beside titles, by title: 《…》（江府规〔2018〕3号）."""
    out: dict[str, str] = {}
    for text in texts:
        if "号" in text:
            for match in _NUMBERED.finditer(text):
                out.setdefault(squeeze(match[1]), re.sub(r"\s", "", match[2]))
    return out


def _explained(title: str, texts: list[str]) -> list[str]:
    """The policy that an interpretation is of: named in its title, else the first that its text says was issued."""
    if quoted := _QUOTED.search(title):
        return [quoted[1]]
    rest = _PICTURE.sub("", title)
    bare = re.sub(rf"(?:的)?{_EXPLAINS}(?:[（(][^（）()]{{1,12}}[）)])?$", "", rest)
    named = [match[1] for text in texts for match in _PUBLISHED.finditer(text)]
    named += [match[1] for text in texts for match in _QUOTED.finditer(text)]
    core = squeeze(bare).removeprefix("关于")
    for found in named:
        if core and (core in squeeze(found) or squeeze(found) in core):
            return [found]
    if bare != title and len(bare) >= 6 and ENDS.search(bare):
        return [bare]
    return named[:1]


def _changed(title: str, texts: list[str]) -> Iterator[tuple[LinkKind, str]]:
    """What a decision changes or repeals: named in its title, in its sentences, or in a list that they announce."""
    if match := re.search(rf"{_NAME}修正案", title) or re.match(r"(.{4,60}?)修正案", title):
        yield "amends", match[1]
    for match in _AMENDED.finditer(title):
        yield "amends", match[1] or match[2]
    amends, repeals = re.search(r"修改|修正|修订", title), "废止" in title or "失效" in title
    if match := re.search(rf"废止{_NAME}", title):
        yield "repeals", match[1]
    if not amends and not repeals:
        return
    section: LinkKind | None = None
    for text in texts[1:]:
        text = _REPLACED.sub("“”", text)
        marker = marker_of(text)
        body = text[marker.length :] if marker else text
        if repeals and _LIST_OF_REPEALED.search(body):
            section = "repeals"
        elif amends and _LIST_OF_AMENDED.search(body):
            section = "amends"
        if amends:
            for match in _AMENDED.finditer(text):
                yield "amends", match[1] or match[2]
            if marker and (match := _AMENDED_ITEM.match(body)):
                yield ("repeals" if section == "repeals" else "amends"), match[1]
        if repeals:
            for match in _VERB_FIRST.finditer(text):
                for name in _QUOTED.finditer(match[1]):
                    yield "repeals", name[1]
        if section == "repeals" and (marker or "\t" in text or body.startswith("《")):
            yield from (("repeals", name) for name in _listed(body))


def _listed(body: str) -> list[str]:
    """The titles in a line of a list: quoted, or the cell or line that looks like one."""
    if quoted := [match[1] for match in _QUOTED.finditer(body)]:
        return quoted
    cells = [
        re.sub(r"[（(][^（）()]*(?:号|日|年)[^（）()]*[）)]\s*[；。;]?$", "", cell).rstrip("；。;")
        for cell in body.split("\t")
    ]
    return [cell for cell in cells if 6 <= len(cell) <= 90 and ENDS.search(cell) and not re.search(r"[。；：]", cell)][
        :1
    ]


def _repealed(text: str) -> Iterator[str]:
    """What a sentence such as 《…》（文号）、《…》同时废止 puts out of force."""
    if not re.search(_ENDED, text):
        return
    text = _REPLACED.sub("“”", text)
    for run in _RUN.finditer(text):
        ended = _PUT_OUT.match(text, run.end())
        if ended and not _ONLY_IN_PART.search(ended[1]):
            yield from (name[1] for name in _QUOTED.finditer(run[0]) if not _NO_DOCUMENT.search(name[1]))


def _basis(texts: list[str]) -> Iterator[str]:
    """The laws and policies that the opening of a document says it was made under."""
    for text in texts[:_OPENING_PARAGRAPHS]:
        for sentence in re.split(r"[。；]", _REPLACED.sub("“”", text)):
            if (match := _BASIS.search(sentence)) and _MADE.search(sentence):
                yield from (name[1] for name in _QUOTED.finditer(match[1]) if ENDS.search(name[1]))
