"""Several things: the items under a clause, or the members of a list inside a sentence (A、B和C)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.numerals import to_int
from corpus.types import Clause, Document, Span
from qa.evidence import Sentence, Source, segments
from qa.read.candidate import Candidate, Context

_LONGEST = 2000  # characters of a list with all its items
_IS_ITEM = re.compile(r"[（(①-⑳\d]")
_ITEM_HEAD = re.compile(r"(?:下列|以下|如下)[^。；]{0,24}[：:]?$|[：:]$")
_WANTED = re.compile(r"(?<!第)([一二两三四五六七八九十]|\d{1,2})(?:个|种|类|项|大|块|方面|区|清单|件|份|条|步|张)")
_SPLIT = re.compile(
    r"[、]|(?<=”)(?=“)|(?<=》)(?=《)|(?:(?<=[^，])以及|，以及|，(?:和|及)|(?<=[一-鿿）”》])(?<![涉普参给])(?:和|及|与)(?=[一-鿿“《]{2,}))"
)
_LEADING = re.compile(
    r"^.*?(?:包括|分为|采取|采用|提供|建设|推进|实现|即|具体为|分别为|围绕|聚焦|探索|为|将|对|由|在|以及|审议|设立|建立健全|建立|开展|实行|支持|通过|涉及|编制|强化|不包括|重点探索|用于支付|用于购买|用于|主要是|主要有|含|有)"
)
_TRAILING = re.compile(
    r"(?:等|等方式|等形式|等领域)?(?:进行|的|\d+个.*|等.*|方面.*|领域.*|合并.*|实行.*|纳入.*|方式.*)$"
)


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for a list: the numbered items below the sentence's clause, or a list in the sentence."""
    yield from items(sentence, context)
    yield from own_share(sentence, context)
    yield from _inline(sentence, context)


def items(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """All items of the list that the sentence leads to or stands in, each with what is below it."""
    found = _list_of(sentence)
    if found is None:
        return
    document = sentence.source.document
    parent, children = found
    own = sentence.start < children[0].span.start
    head = document.text[parent.span.start : children[0].span.start]
    spans = (Span(parent.span.start, children[-1].span.end), *(c.span for c in children))
    fit = 0.6 + 0.7 * context.cover(head)
    noun = _ASKED_NOUN.search(context.question.text)
    if noun is not None:
        fit += 0.1 if noun["noun"][-2:] in head else -0.1
    if not own:  # an item that says what the question says is asked about, not the list that it stands in
        fit -= 0.9 * max(0.0, context.cover(sentence.text) - context.cover(head))
    fit += _polarity_fit(head, context.question.text)
    yield Candidate("；".join(_body(document, c) for c in children), sentence, spans, max(0.0, min(1.0, fit)))


_OF_STEPS = re.compile(r"程序|步骤|流程|手续|办法|方法|方式|办理|履行|按照?(?:下列|以下|如下)|依照下列|要求")


def steps(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The items of a list of steps; a list of cases or deeds does not say how something is done."""
    found = _list_of(sentence)
    if found is None:
        return
    parent, children = found
    if _OF_STEPS.search(sentence.source.document.text[parent.span.start : children[0].span.start]):
        yield from items(sentence, context)


def _list_of(sentence: Sentence) -> tuple[Clause, list[Clause]] | None:
    """The clause that leads to a list and the items of the list, where the sentence is of one."""
    source = sentence.source
    clause = sentence.clause
    for parent in (clause, source.clause(clause.parent)):
        if parent is None or (parent is not clause and not _IS_ITEM.match(clause.label)):
            continue
        children = source.items_of(parent)
        if len(children) >= 2 and len(parent.span) <= _LONGEST:
            head = source.document.text[parent.span.start : children[0].span.start]
            if _ITEM_HEAD.search(head.strip()):
                return parent, children
    return _unnumbered(source, clause)


def _unnumbered(source: Source, clause: Clause) -> tuple[Clause, list[Clause]] | None:
    """A list whose items lost their numbers: the paragraphs after one that ends in a colon, under the same article."""
    head = source.document.quote(clause.span).rstrip()
    if not head.endswith(("：", ":")) or clause.parent is None:
        return None
    after = [c for c in source.clauses if c.parent == clause.parent and c.span.start >= clause.span.end]
    if len(after) < 2 or sum(len(c.span) for c in after) > _LONGEST:
        return None
    return clause, after


def _body(document: Document, clause: Clause) -> str:
    """The words of an item without its number, on one line."""
    own = document.quote(clause.span)
    return re.sub(r"\s+", "", own[len(clause.label) :]).strip().rstrip("；。;")


_DENIES = re.compile(
    r"不得|不能|不可(?!抗)|不予|不包括|不适用|不属于|不纳入|禁止|严禁|除外|不应|不享受|不准|不允许|不支持|不用于|不受理"
)


def _polarity_fit(said: str, question: str) -> float:
    """Whether a list is of what is allowed or of what is denied, as the question asks."""
    return -0.2 if bool(_DENIES.search(said)) != _asks_denied(question) else 0.0


def _asks_denied(question: str) -> bool:
    return bool(_DENIES.search(re.sub(r"能不能|可不可以|是不是", "", question)))


_SHARE = re.compile(
    r"^\s*(?P<who>[一-鿿]{2,8}?(?:市|区|县|镇|园区|片区|新区|街道))(?:则|要|应)?(?P<verb>重点聚焦|重点围绕|重点打造|聚焦|突出|围绕|打造|做强|发展|布局|在|以|:|：)(?P<body>[^，。；]{2,80})"
)
_NEXT_SHARE = re.compile(r"、(?=[一-鿿]{2,4}(?:市|区|县|镇|园区)(?:重点|聚焦|突出|围绕|打造|做强|发展|布局|在|以))")


def own_share(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """What one of several places or parties is given, where each has its own piece: 昆山市聚焦A和B，太仓市聚焦C."""
    pieces = [piece for a, b in segments(sentence.text) for piece in _cut(sentence.text, a, b)]
    shares = [(a, m) for a, b in pieces if (m := _SHARE.match(sentence.text[a:b]))]
    if not shares:
        return
    question = context.question.text
    for a, match in shares:
        who = match["who"]
        if who in question or (who.endswith(("市", "县")) and len(who) >= 3 and who[:-1] in question):
            body = re.sub(r"等(?:领域|产业|方面)?$", "", match["body"])
            start = sentence.start + a + match.start("body")
            fit = 0.95 if len(shares) >= 2 else 0.7
            yield Candidate(body, sentence, (sentence.span, Span(start, start + len(body))), fit)


def _cut(text: str, a: int, b: int) -> Iterator[tuple[int, int]]:
    """A piece of a sentence, cut before each 、 that the next place follows: 吴中区在A和B、吴江区在C."""
    for comma in _NEXT_SHARE.finditer(text, a, b):
        yield a, comma.start()
        a = comma.end()
    yield a, b


def _inline(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    text = sentence.text
    wanted = _wanted(context.question.text)
    noun = _ASKED_NOUN.search(context.question.text)
    for a, b in _list_runs(text):
        run = text[a:b]
        members = _cut_members(run, wanted)
        if len(members) < 2:
            continue
        first = _strip_lead(members[0], members[1:])
        last = _TRAILING.sub("", members[-1]) or members[-1]
        start = sentence.start + a + run.find(members[0]) + len(members[0]) - len(first)
        end_text = members[-1]
        end = sentence.start + a + run.rfind(end_text) + (end_text.find(last) + len(last))
        members = [first, *members[1:-1], last]
        members = [m for m in members if m]
        fit = (
            0.3
            + 0.5 * context.cover(text[: start - sentence.start] + " " + text[end - sentence.start :])
            + 0.2 * min(1.0, (len(members) - 1) / 4)
        )
        fit -= 0.2 if _ASIDE.search(run.strip()) else 0.0
        denied = _polarity_fit(text, context.question.text) if _asks_denied(context.question.text) else 0.0
        fit += denied
        fit += 0.25 if _ASKS_TITLES.search(context.question.text) and _TITLES.search(run) else 0.0
        fit -= 0.15 * context.cover("".join(members[1:]))  # members that the question itself has are no answer
        after = text[a:b][text[a:b].rfind(members[-1]) :][len(members[-1]) :] + text[b : b + 6]
        lead = text[max(0, a - 12) : a] if text[a - 1 : a] in ("：", ":") else ""  # 5个重点领域：A、B
        fit += 0.3 * _is_of(members, after + lead, noun)
        if wanted is not None:
            fit += 0.3 if len(members) == wanted else -0.3
        if end <= start:
            continue
        spans = (sentence.span, Span(start, end))
        yield Candidate("、".join(members), sentence, spans, max(0.0, min(1.0, fit)), not denied)


_ASKED_NOUN = re.compile(
    r"(?:哪(?:些|几|[一二两三四五六七八九十\d]+)(?:个|种|类|项|张|份|条|大|件|部)?|(?:什么|何种)(?:样的)?)(?P<noun>[一-鿿]{1,4}?)"
    r"(?=[？?，。、]|是|并|来|去|开|进|办|合|可|能|能够|必|应|$)"
)
_SAME_NOUN = {
    "形式": "方式",
    "方法": "方式",
    "办法": "方式",
    "文件": "》",
    "证": "证",
    "证件": "证",
    "内容": "事项",
    "信息": "信息",
}


def _is_of(members: list[str], after: str, noun: re.Match[str] | None) -> bool:
    """Whether a list is one of what is asked for: 哪些形式 of A、B、C等方式, 哪四类制度 of A制度、B制度."""
    if noun is None:
        return False
    names = {noun["noun"], noun["noun"][-2:], _SAME_NOUN.get(noun["noun"], noun["noun"])}
    ending = sum(any(member.endswith(name) for name in names) for member in members)
    return 2 * ending >= len(members) or any(name in after[:24] for name in names)


def _list_runs(text: str) -> list[tuple[int, int]]:
    """Pieces of the sentence that hold a list; pieces joined by ，以及 or ，和 belong together."""
    runs: list[tuple[int, int]] = []
    for a, b in segments(text):
        if runs and re.match(r"(?:以及|和|及)", text[a:b]) and "、" in text[runs[-1][0] : runs[-1][1]]:
            runs[-1] = (runs[-1][0], b)
        elif (
            "、" in text[a:b]
            or re.search(r"(?<=[一-鿿])[和及与](?=[一-鿿])", text[a:b])
            or re.search(r"[”》](?:[和及与]|以及)?[“《]", text[a:b])
        ):
            runs.append((a, b))
    return runs


_ASIDE = re.compile(r"(?:时|后|的|者|下|中|基础上)$")
"""A piece that only says when or of whom."""

_TITLE = re.compile(r"《[^《》]{2,80}》")
_JOINED_TITLES = re.compile(r"》(?:、|和|及|与|以及)《")
_TITLES = re.compile(r"”、?“|》(?:、|和|及|与|以及)?《")
_ASKS_TITLES = re.compile(
    r"叫什么|叫啥|名称|什么名|(?:哪[几两三四五六七八九十\d]?[份个部项]?|什么)(?:文件|办法|政策|规定|法规|规章|方案)"
)


def _cut_members(run: str, wanted: int | None) -> list[str]:
    """The members of a list; where a number is asked for and only 、 gives it, 和 and 及 belong inside them."""
    titles = [m[0] for m in _TITLE.finditer(run)]
    if len(titles) >= 2 and wanted in (None, len(titles)) and _JOINED_TITLES.search(run):
        return titles  # 和 and 的 inside a title divide nothing
    members = [m.strip(" “”") for m in _SPLIT.split(run) if m and m.strip(" “”")]
    only = [m.strip(" “”") for m in run.split("、") if m.strip(" “”")]
    return only if wanted is not None and len(only) == wanted != len(members) else members


def _strip_lead(member: str, others: list[str]) -> str:
    """The first member of a list without the words that lead to it: 提供邀请选取 -> 邀请选取."""
    if member.startswith("《"):
        return member
    stripped = _LEADING.sub("", member)
    stripped = stripped if len(stripped) >= 2 else member
    tail = stripped.rpartition("的")[2]
    if 2 <= len(tail) < len(stripped) and len(stripped) > 1.5 * max(map(len, others), default=0):
        return tail  # 数据共享利用中的个人隐私、商业秘密
    return stripped


def _wanted(question: str) -> int | None:
    """How many members the question asks for (哪四类制度), or None."""
    numbers = [m[1] for m in _WANTED.finditer(question)]
    match = re.search(r"哪[“\"「]?([一二两三四五六七八九十]|\d{1,2})(?![年月日号])", question)
    if match:
        numbers.insert(0, match[1])
    return to_int(numbers[0]) if numbers else None
