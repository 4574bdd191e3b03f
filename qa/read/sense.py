"""What an amount is for: a fine is no answer to what is paid out or charged, nor a grant to what is fined.

A figure of the wrong sense is the worst of wrong answers: it is well-formed, stands near the words of the question, and
says the opposite. What the question wants and what the words beside the figure say are compared where both are plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from corpus.types import Span
from qa.read.candidate import Candidate

_ASKS = (
    ("fine", re.compile(r"罚|处分|违法|违反|违规|后果|没收|追究|赔|责任|处理|抓|逮|扣")),
    ("grant", re.compile(r"奖|补(?!办|交|缴|报|正|证|领)|资助|支持|扶持|津贴|待遇|给多少|拿多少|领多少")),
    (
        "charge",
        re.compile(
            r"收费|价格|[票水电气房油运]价|税|费(?!用?补)|租金|押金|保证金|多少钱[一每]|[一每].{1,3}多少钱|现在多少钱"
        ),
    ),
)
_SMALL_CHANGE = re.compile(r"几(?:毛|角|分钱|块)|多少(?:毛|角|块)")
_FORTUNE = re.compile(r"[万亿](?!分)")
"""Who asks how many 毛 or 块 does not mean 100万元."""
_FINE = re.compile(r"^(?:的)?[^，。；]{0,4}?(?:罚款|罚金|违约金|滞纳金)|^[^，。；]{0,12}罚款")
_FINED = re.compile(r"(?:处以?|并处|单处|罚款|罚)[^，。；]{0,12}$")
_GRANT = re.compile(r"^(?:的)?[^，。；]{0,8}?(?:奖励|补贴|补助|资助|支持|奖金|津贴|补偿)")
_MONEY = re.compile(r"多少(?:钱|元|万|亿|资金|经费)|几(?:万|块|百|千|毛)|金额|钱")
_A_SHARE = re.compile(r"[%％‰倍成]|[百千]分之")
_PAID = re.compile(r"给予|补助|补贴|奖励|资助|贴息|支持|支付|报销|减|承担|分担|返还|罚|收取|缴|标准")
_PAID_WITHIN = 16
_DOUBTFUL = 0.7
_LOOK = 24


def fitting(found: Iterable[Candidate], question: str) -> Iterator[Candidate]:
    """The candidates without those whose figure is for something else than what is asked; a doubtful one fits less."""
    asked = _asked_of(question)
    small = bool(_SMALL_CHANGE.search(question))
    for candidate in found:
        if small and _FORTUNE.search(candidate.text):
            continue
        told = _sense_of(candidate)
        if told == "fine" and not asked:
            yield replace(candidate, fit=candidate.fit * _DOUBTFUL)
        elif told is None or told in asked or (told == "grant" and asked != {"fine"}):
            yield candidate


@lru_cache(maxsize=256)
def _asked_of(question: str) -> frozenset[str]:
    """The senses that a question asks for: every sentence is compared with them."""
    return frozenset(name for name, pattern in _ASKS if pattern.search(question))


def of_money(found: Iterable[Candidate], question: str) -> Iterator[Candidate]:
    """Of figures that are no sums, those that may answer a question: where it asks for money, shares that are paid."""
    if not _MONEY.search(question):
        yield from found
        return
    for candidate in found:
        document, span = candidate.sentence.source.document, candidate.spans[-1]
        near = document.text[max(0, span.start - _PAID_WITHIN) : span.end + _PAID_WITHIN]
        if _A_SHARE.search(candidate.text) and _PAID.search(near):
            yield candidate


def _sense_of(candidate: Candidate) -> str | None:
    """What the words beside the figure say that it is; None where they do not."""
    sentence = candidate.sentence
    document = sentence.source.document
    inside = next((s for s in candidate.spans if candidate.text in document.quote(s)), None)
    if inside is None:
        return None
    at = document.text.find(candidate.text, inside.start, inside.end)
    end = at + len(candidate.text)
    after = document.quote(Span(end, min(len(document.text), end + _LOOK)))
    before = document.quote(Span(max(0, at - _LOOK), at))
    if _FINE.search(after) or _FINED.search(before):
        return "fine"
    return "grant" if _GRANT.search(after) else None
