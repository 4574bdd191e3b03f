"""Who, which organisation, which place: names in a sentence, by the title or role that the question asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_OFFICE = r"(?:常务)?副?(?:市长|省长|区长|县长|主任|书记|局长|部长|院长|校长|主席|董事长|总经理|秘书长|行长|会长)"
_AFTER_NAME = r"(?=一行|率|出席|参加|陪同|会见|主持|在|为|作|致|、|，|。|；|$|和|及|等|的)"
_NAMED_OFFICER = re.compile(
    rf"(?P<office>{_OFFICE})(?!兼任|担任|负责|主持)(?P<name>[一-鿿]{{2,3}}|[一-鿿]{{4,6}}|[一-鿿]{{1,8}}[•·][一-鿿•·]{{1,12}}){_AFTER_NAME}"
)
_ACTS_AS = re.compile(
    r"由(?P<name>[^，。；]{2,30}?)(?:担任|任|兼任|作为|承担|编制|主办|承办|负责)(?P<role>[^，。；]{0,30})"
)
_IS_ROLE = re.compile(r"(?:^|[，。；：])(?P<name>[^，。；：]{2,30}?)(?:为|是)(?P<role>[^，。；]{2,30})")
_LABELLED = re.compile(r"(?P<role>[一-鿿 ]{2,10})[：:]\s*(?P<name>[^，。；：]{2,40})")
_ORGANISATION = re.compile(
    r"[一-鿿（）()A-Za-z]{2,30}?(?:有限公司|公司|集团|中心|研究院|学院|大学|银行|宣传部|组织部|办公室|委员会|人民政府|机构|协会|联合会)"
)
_MADE_BY = re.compile(
    r"(?:^|[\s，。；])(?P<name>[一-鿿（）()]{3,30}?)(?P<verb>编写|编|主办|承办|发布|印发|制定)(?=$|[\s，。；])"
)
_ASKS_MAKER = re.compile(r"编写|编制|主办|承办|发布|印发|制定|(?:谁|哪[^，。？]{0,6}?)编")
_PLACE = re.compile(r"[一-鿿]{2,6}?(?:市|区|县|镇|新区|园区|高新区|开发区|街道)")
_ASKS_PLACE = re.compile(r"哪个?(?:区|市|县|镇|地区|地方)|设在哪|在哪|哪里|哪儿|什么地方")
_BY_WHOM = re.compile(r"(?:由谁|由哪[^，。？]{0,6}?|谁)(?:来|负责)?([一-鿿]{2})(?=[？?，。]|$)")
_ASKS_NAME = re.compile(r"哪位|姓名|谁|叫什么|哪一位")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for a person, an organisation or a place."""
    text, question = sentence.text, context.question.text
    wants_place = bool(_ASKS_PLACE.search(question))
    for match in _NAMED_OFFICER.finditer(text):
        wanted = re.search(rf"哪(?:一)?[位个]({_OFFICE})|({_OFFICE})$", question)
        office = (wanted[1] or wanted[2]) if wanted else ""
        if office and match["office"].removeprefix("常务") != office:
            continue
        asked = bool(office) or match["office"] in question
        plain = not office or match["office"] == office
        near = context.cover(text[max(0, match.start() - 24) : match.start()] + text[match.end() : match.end() + 12])
        fit = 0.35 + 0.25 * asked + 0.15 * (asked and plain) + 0.4 * near
        yield from _found(sentence, match.start("name"), match["name"], fit if not wants_place else 0.2, context)
    if verb := _BY_WHOM.search(question):
        for match in re.finditer(rf"由(?P<name>[^，。；]{{2,24}}?){verb[1]}", text):
            yield from _found(sentence, match.start("name"), match["name"], 0.95, context)
    for pattern in (_ACTS_AS, _IS_ROLE, _LABELLED):
        for match in pattern.finditer(text):
            name = re.sub(r"^[一-鿿]{0,12}(?:由|即)", "", match["name"])
            start = match.end("name") - len(name)
            role = match["role"] or text[: match.start()][-20:]
            yield from _found(sentence, start, name, 0.3 + 0.9 * context.cover(role), context)
    yield from makers(sentence, context)
    if wants_place:
        for match in _PLACE.finditer(text):
            name = re.sub(r"^(?:.*(?:支持|在|由|对|为|向|以及|推动|鼓励|依托)|.*[和与](?=[一-鿿]{2}))", "", match[0])
            near = context.cover(
                text[max(0, match.start() - 20) : match.start()] + text[match.end() : match.end() + 24]
            )
            yield from _found(sentence, match.end() - len(name), name, 0.35 + 0.6 * near, context)
    elif not _ASKS_NAME.search(question) or re.search(r"哪家|机构|单位|公司|企业|部门", question):
        for match in _ORGANISATION.finditer(text):
            name = re.sub(r"^(?:.*(?:支持|由|为|在|向|经|以及|对|的|是)|.+[与和])(?=[一-鿿（]{4,})", "", match[0])
            near = context.cover(
                text[max(0, match.start() - 30) : match.start()] + text[match.end() : match.end() + 30]
            )
            yield from _found(sentence, match.end() - len(name), name, 0.25 + 0.6 * near, context)


def makers(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Who made or held something: X编印, X主办, where the question asks for that."""
    if not _ASKS_MAKER.search(context.question.text):
        return
    for match in _MADE_BY.finditer(sentence.text):
        yield from _found(sentence, match.start("name"), match["name"], 0.8, context)


def _found(sentence: Sentence, start: int, name: str, fit: float, context: Context) -> Iterator[Candidate]:
    """A name, unless the question itself has it."""
    name = name.strip()
    if len(name) < 2 or name in context.question.text or context.cover(name) > 0.5:
        return
    span = Span(sentence.start + start, sentence.start + start + len(name))
    if sentence.source.document.quote(span) == name:
        yield Candidate(name, sentence, (sentence.span, span), max(0.0, min(1.0, fit)))
