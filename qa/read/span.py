"""Otherwise the best span: the piece of the sentence that says something about what the question says.

The pieces of a sentence that repeat the question are what is asked about; the answer is the piece next to them that adds
the most. Conditions stand before (对…的，), what is to be done stands after (应当…, 可以…).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.types import Span
from qa.evidence import Sentence, segments
from qa.read import values
from qa.read.candidate import Candidate, Context

_CONDITION = re.compile(
    r"(?:的|者|后|时|以上|以下|以内|的企业|人员|情况下|前提下|条件|不少于|不低于|满|达到|超过|具有|具备|符合|未|无|周岁)"
)
_DOES = re.compile(r"(?:应当|可以|须|需|向|报|通过|按照|采取|提出|申请|办理|先|经|送|由|实行|给予|实施)")
_FRAGMENT = re.compile(r"(?:或者|或|并且|且|以及|和|及)(?![一-鿿]{0,3}[解谐约田硬])")
_LONGEST_LABEL = 8


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for a free span: single pieces of the sentence, by what the question wants of them."""
    text, kind = sentence.text, context.question.kind
    pieces = segments(text)
    if not pieces:
        return
    covers = [context.cover(text[a:b]) for a, b in pieces]
    total = max(0.01, sum(covers))
    for i, (a, b) in enumerate(pieces):
        piece = text[a:b]
        label = re.match(
            r"\s*(?:第[^\s]{1,8}条\s*|[（(][一二三四五六七八九十\d]{1,3}[）)]\s*|\d{1,2}(?:[．.]\d{1,2})*[．.、\s]\s*|[一二三四五六七八九十]{1,3}、\s*)",
            piece,
        )
        if label:
            a, piece = a + label.end(), piece[label.end() :]
        lead = len(piece) - len(piece.lstrip())
        a, piece = a + lead, piece.strip()
        if not piece or (len(piece) <= _LONGEST_LABEL and b < len(text) and text[b] in "：:" and len(pieces) > 1):
            continue  # 启动条件： names what follows and says nothing
        if i and _FRAGMENT.match(piece):
            continue  # a part of what was said before it
        around = max([covers[j] for j in (i - 1, i + 1) if 0 <= j < len(covers)], default=0.0)
        fit = 0.25 + 0.4 * around / total + 0.2 * covers[i] / total
        pattern = {"condition": _CONDITION, "procedure": _DOES}.get(kind)
        if pattern is not None and pattern.search(piece):
            fit += 0.15
        if len(piece) <= 3 or len(piece) > 90:
            fit -= 0.15
        start = sentence.start + a
        yield Candidate(
            piece, sentence, (sentence.span, Span(start, start + len(piece))), max(0.0, min(1.0, fit)), False
        )


_AS_CONDITION = (
    re.compile(r"将(?P<x>[^，。；]{2,40}?)作为[^，。；]{0,40}(?:条件|前提|依据|门槛)"),
    re.compile(r"(?:符合|满足|具备|达到)(?P<x>[^，。；]{2,60}?)(?:等)?(?:条件|要求|标准|情形)"),
    re.compile(r"(?:^|[，。；：])(?:对于?|凡)(?P<x>[^。；]{2,80}?)的(?:[一-鿿]{1,12})?[，,]"),
    re.compile(r"(?:^|[，。；：、）])(?P<x>[^，。；：]{2,40})的(?=[，,可])"),
)
_GROUP_ALONE = re.compile(r"^\s*(?:[^，。；]{0,8}[。：:]\s*)?(?:对|面向|适用于|支持)(?P<x>[^。；]{8,200})[。；]?$")
"""支持对象。对…的企业和个体工商户。: the whole sentence is the group, and nothing is said of it."""
_POINTS_ON = re.compile(r"(?:下列|以下|如下|上述|规定|相应|有关|相关|其他|一定)(?:的|所有|全部|之一)?")
_ASKS_GROUP = re.compile(r"面向|针对|对象|哪类|哪些(?:人|企业|单位|主体|公司)|什么样的(?:人|企业|单位|主体|公司)")
_ASKED_QUALITY = re.compile(
    r"(?:什么样?的?|何种|哪[一个种类级]+|怎样的?|啥)(?P<noun>级别|等级|学历|学位|资质|资格|职称|颜色|方式|形式|途径|渠道|名义|用途|地点|程度)"
)
_ASKS_FIGURE = re.compile(r"多少|几|多大|多久|多长")


def asks_figure(question: str) -> bool:
    """Whether a condition is asked for that is a figure: 满几年, 投入多少."""
    return bool(_ASKS_FIGURE.search(question))


def condition(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """What has to be so: the figure of a threshold, or the words that stand as condition (对…的, 符合…条件)."""
    if asks_figure(context.question.text):
        for kind in ("amount", "count", "period", "ratio"):
            for candidate in values.read(sentence, context, kind):
                at = candidate.spans[-1].start - sentence.start
                threshold = (
                    re.match(r"[^，。；]{0,16}?(?:以上|以下|以内|及以上|不少于|不低于|满)", sentence.text[at:])
                    is not None
                    or re.search(r"(?:满|达到?|不少于|不低于|超过|至少|不足)$", sentence.text[:at]) is not None
                )
                yield replace(candidate, fit=min(1.0, candidate.fit + (0.45 if threshold else 0.0)))
        return
    patterns = (*_AS_CONDITION, _GROUP_ALONE) if _ASKS_GROUP.search(context.question.text) else _AS_CONDITION
    for pattern in patterns:
        for match in pattern.finditer(sentence.text):
            x = match["x"]
            if _POINTS_ON.fullmatch(x):
                continue  # 符合下列条件: they stand below
            rest = sentence.text[: match.start()] + sentence.text[match.end() :]
            start = sentence.start + match.start("x")
            fit = 0.35 + 0.5 * context.cover(rest) - 0.1 * context.cover(x)
            yield Candidate(x, sentence, (sentence.span, Span(start, start + len(x))), max(0.0, min(1.0, fit)))


def quality(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """What a thing has to be of a kind that the question names: 何种级别 of 级别为A、B级, 什么方式 of 采取…方式."""
    asked = _ASKED_QUALITY.search(context.question.text)
    if asked is None:
        return
    noun = asked["noun"]
    after = re.compile(
        rf"{noun}(?:应当?|须|需)?(?:为|是|达到|在|不低于|包括)(?P<x>[^，。；：]{{1,30}}?)(?=[且并的，。；]|$)"
    )
    before = re.compile(
        rf"(?:采取|采用|通过|以|按照?|实行|利用|达到|具有|取得|具备)(?P<x>[^，。；：]{{2,40}}?)(?:等)?的?{noun}"
    )
    for pattern in (after, before):
        for match in pattern.finditer(sentence.text):
            x = match["x"]
            start = sentence.start + match.start("x")
            rest = sentence.text[: match.start("x")] + sentence.text[match.end("x") :]
            fit = 0.55 + 0.45 * context.cover(rest) - 0.3 * context.cover(x)
            yield Candidate(x, sentence, (sentence.span, Span(start, start + len(x))), max(0.0, min(1.0, fit)))
