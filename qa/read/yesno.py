"""Yes or no, with the sentence that decides.

The piece of the sentence that shares most with the question decides: words of forbidding or exempting make it a no, unless
the question itself asks for the negative (不能…吗) or what is denied is a restriction (不受…限制).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence, segments
from qa.read.candidate import Candidate, Context

_NO = re.compile(
    r"不得|不能|不可(?!抗)|不予|不纳入|不适用|不包括|不享受|不再|不支持|不属于|不列入|不需|不必|不准|不许|不承担|不计|不收|不作为|不应|不设|禁止|严禁|取消|无需|无须|免于|免除|免收|免予|停止|"
    r"没有(?!造成)|无(?:任何)?(?:隶属|关联)|除外|不具备|未经[^，。]{0,20}不|拒绝|不超过零"
)
_YES = re.compile(
    r"可以|可(?!能|持续|行|复制)|允许|应当|应|须|必须|给予|享受|纳入|适用|支持|有权|准予|能够|同意|鼓励|提供|实行|包括|属于"
)
_LIFTED = re.compile(r"不受[^，。；]{0,24}(?:限制|约束|影响)|不限(?!于)|取消[^，。；]{0,24}(?:限制|壁垒|门槛|收费)")
_NESTED = re.compile(
    rf"(?<=应当|可以|必须|有权)(?P<before>[^，。；]{{2,}}?)(?:{_NO.pattern})[^，。；]*的[一-鿿]{{1,6}}(?=[，。；]|$)"
)
"""应当作出受理或者不予受理的决定: what is denied inside the name of a thing denies nothing."""
_ASKS_NEGATIVE = re.compile(r"(?<!能)(?<!是)不(?:得|能|可以|用|需要|准|许|允许|给)[^，。？]{0,30}(?:吗|么)")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """One candidate: 是, 可以, 需要, 不可以, 不需要 or 否, in the words of the question."""
    text = sentence.text
    pieces = segments(text) or [(0, len(text))]
    deciding = max(
        pieces, key=lambda p: context.cover(text[p[0] : p[1]]) + (0.12 if _decides(text[p[0] : p[1]]) else 0.0)
    )
    piece = text[deciding[0] : deciding[1]]
    after = text[deciding[0] :]
    words = piece if _decides(piece) else after
    lifted = _LIFTED.search(words)
    no = bool(_NO.search(_NESTED.sub("", _LIFTED.sub("", words))))
    decided = bool(lifted) or no or bool(_YES.search(words))
    if _is_excepted(text, context.question.text):
        no, decided = not no, True
    spans: tuple[Span, ...] = (sentence.span,)
    if (lead := _forbidding_lead(sentence)) is not None:
        no, decided = True, True
        text = sentence.source.document.quote(lead) + text
        whole = Span(lead.start, sentence.end)  # an item alone does not say that it is forbidden
        spans = (whole,) if len(whole) <= _LONGEST_QUOTE else (sentence.span, lead)
    if _ASKS_NEGATIVE.search(context.question.text):
        no = not no
    fit = 0.55 * context.cover(text) + (0.35 if decided else 0.05)
    if _DEFINES.search(_with_lead(sentence)) and not _ASKS_CLASS.search(context.question.text):
        fit, decided = 0.5 * fit, False  # what a word means allows and forbids nothing
    yield Candidate(word_for(context.question.text, no), sentence, spans, min(1.0, fit), decided)


_EXCEPTS = re.compile(
    r"除(?P<a>[^，。；]{2,40}?)(?:以外|之外|(?<!以)(?<!之)外)|但(?:是，?|书)?(?P<b>[^，。；]{2,50}?)的?(?:除外|不在此限|不受此限)"
)
_EXCEPTED = 0.7  # of the character pairs of what is excepted that the question must have
_DEFINES = re.compile(r"是指|系指|本[^，。；]{1,8}所称|用语|含义")
_ASKS_CLASS = re.compile(r"算不?算?|属于|包括|包含|是不是|是否(?:为|是)|视为")
_LONGEST_QUOTE = 600
_FORBIDS = re.compile(
    r"(?:不得|禁止|严禁|不能|不予|不可以)[^。；]{0,24}(?:下列|以下|如下)[^。；]{0,12}[：:]?\s*$|(?:不得|禁止|严禁)[^。；]{0,12}[：:]\s*$"
)


def _is_excepted(text: str, question: str) -> bool:
    """Whether the question is about what a sentence excepts (除A以外, 但A除外): then the rule decides the other way."""
    for match in _EXCEPTS.finditer(text):
        words = re.sub(r"[\W_]+|的$", "", match["a"] or match["b"])
        pairs = [words[i : i + 2] for i in range(len(words) - 1)]
        if pairs and sum(pair in question for pair in pairs) >= _EXCEPTED * len(pairs):
            return True
    return False


def _forbidding_lead(sentence: Sentence) -> Span | None:
    """The words that lead to a list of what is forbidden (不得有下列行为：（二）…), where a sentence is an item of one."""
    source = sentence.source
    clause = sentence.clause
    parent = source.clause(clause.parent)
    if parent is None or not clause.label:
        return None
    first = source.items_of(parent)[0]
    words = source.document.text[parent.span.start : first.span.start].rstrip()
    if not _FORBIDS.search(words):
        return None
    return Span(parent.span.start, parent.span.start + len(words))


def _with_lead(sentence: Sentence) -> str:
    """The sentence after what was joined to it: 下列用语的含义：（三）…"""
    return "".join(sentence.source.document.quote(span) for span in sentence.via) + sentence.text


def _decides(piece: str) -> bool:
    return bool(_NO.search(piece) or _YES.search(piece) or _LIFTED.search(piece))


_NEGATED = re.compile(
    r"(?<![用要能可需该得准许让给以])不(?:用|需要?|必|能|得|可以?|该|准|许|让|给|允许|应|须)|无需|无须|禁止|严禁|没有|没法|不到|不了"
)
"""Questions put in the negative (不用交了吧, 是不是不让养): 可以 would say the opposite of yes."""


def is_negated(question: str) -> bool:
    """Whether a question is put in the negative, so that yes says that something is not so."""
    return bool(_NEGATED.search(question))


def word_for(question: str, no: bool) -> str:
    """是, 可以, 需要, 不可以, 不需要 or 否, in the words of the question; to one that is put in the negative 是 or 否."""
    if is_negated(question):
        return "否" if no else "是"
    return _word(question, no)


def _word(question: str, no: bool) -> str:
    if re.search(r"需要|要不要|用不用|需不需|还用|必须|须|要交|还要|得不得", question) and not re.search(
        r"能不能|可以|能否", question
    ):
        return "不需要" if no else "需要"
    if re.search(r"能|可以|可否|允许|行不行|让", question):
        return "不可以" if no else "可以"
    return "否" if no else "是"
