"""Yes or no by the words alone: how question and deciding sentence are worded, beside what the reader thinks of their sense.

A logistic regression over hashed features (Weinberger et al. 2009): words that affirm, deny, bound or except (不得, 除外, 满 …) in the
question, in the words that decide and in both together; how the question ends; whether what the two share is denied in one of them
alone; and figures of the question against those of the sentence. It knows nothing of the world, and errs in other places than a
network that reads: the scorer weighs both. `eval/polarity.py` trains it; see README.md for data and figures.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.thresholds import verdict, within

FILE = Path(__file__).parent / "polarity.npz"
BUCKETS = 1 << 17
"""Features share a weight where their hashes meet."""

ASKING = [
    "不", "没", "无", "非", "别", "未", "只", "必须", "都", "也", "还", "就", "才", "吗", "吧", "么", "是不是", "能不能", "可以",
    "可不可以", "用不用", "要不要", "算", "需要", "得", "要", "能", "行", "一定", "不用", "不能", "不可以", "不行", "不是", "没有", "是否",
    "可否", "能否", "允许", "一样", "照样", "仍", "直接", "随便", "非得", "就行", "也行", "也能", "也算", "够", "超", "没到", "以上", "以下",
    "刚", "还能", "还是", "呢", "啊", "了", "会", "有没有", "白", "免", "光", "一律", "只要", "只能", "不得", "应当", "应否", "须",
]  # fmt: skip
TELLING = [
    "不得", "不能", "不予", "不可", "不", "可以", "可", "应当", "应", "必须", "须", "无需", "不需", "免", "除外", "除", "只", "仅", "方可",
    "才", "或", "或者", "和", "以及", "均", "不受", "视为", "不视为", "禁止", "严禁", "允许", "有权", "以上", "以下", "不超过", "不低于",
    "不少于", "满", "未满", "不满", "未", "非", "但", "凡", "符合", "经", "同意", "批准", "后", "前", "内", "按", "参照", "由", "取消",
    "停止", "暂停", "退还", "没收", "处", "罚", "责令", "给予", "享受", "计入", "包括", "含", "等", "每", "最高", "之一", "同时",
]  # fmt: skip
_DENY = frozenset("不没无未别免非禁勿拒")
_END = re.compile(r"[？?。！!，,\s]+$")
_WORD = re.compile(r"[\u4e00-\u9fff]{2}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SHARED, _COMPARED = 6, 2


def features(question: str, words: str, sentence: str) -> Iterator[str]:
    """The features of a question, the words that decide it, and the sentence that they stand in, by name."""
    end = _END.sub("", question)
    asked = [w for w in ASKING if w in question]
    told = [w for w in TELLING if w in words]
    around = ["s:" + w for w in TELLING if w in sentence]
    yield "always"
    yield from ("q=" + a for a in asked)
    yield from ("e:" + b for b in told)
    yield from around
    for a in asked:
        yield from (f"{a}&{b}" for b in around)
        yield from (f"{a}&e:{b}" for b in told)
    pairs, own = _pairs(question), _pairs(words)
    yield from ("Q" + g for g in pairs | set(question))
    yield from ("E" + g for g in own | set(words))
    for size in (1, 2, 3, 4):
        yield f"T{end[-size:]}"
        yield from (f"T{end[-size:]}&{b}" for b in told)
    for pair in pairs - own:
        yield from (f"u:{pair}&{b}" for b in told)
    yield from _alignment(question, words, end)
    yield from _figures(question, words, sentence, end, told)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _alignment(question: str, words: str, end: str) -> Iterator[str]:
    """What stands before the pieces that both hold, and whether it denies them."""
    agree = differ = shown = 0
    for at in range(len(question) - 1):
        piece = question[at : at + 2]
        there = words.find(piece)
        if there < 0 or not _WORD.match(piece):
            continue
        if shown < _SHARED:
            yield f"al:{question[max(0, at - 1) : at]}|{words[max(0, there - 1) : there]}"
            shown += 1
        here, other = question[max(0, at - 3) : at], words[max(0, there - 4) : there]
        if bool(_DENY.intersection(here)) == bool(_DENY.intersection(other)):
            agree += 1
        else:
            differ += 1
    denials = min(2, sum(question.count(c) for c in "不没别"))
    yield f"agree{min(3, agree)}"
    yield f"differ{min(3, differ)}"
    yield f"denials{denials}{min(2, words.count('不'))}"
    if differ:
        yield f"differ&{end[-2:]}"
        yield f"differ&{denials}"


def _figures(question: str, words: str, sentence: str, end: str, told: list[str]) -> Iterator[str]:
    """Figures of the question against those of the words, as numbers and, where they have one unit, against thresholds."""
    inside, said = within(question, sentence), verdict(question, sentence)
    if inside is not None:
        yield f"inside{inside}"
        yield f"verdict{said}"
        yield from (f"inside{inside}&{b}" for b in told)
        yield from (f"inside{inside}&{end[-size:]}" for size in (1, 2, 3))
    for a in _NUMBER.findall(question)[:_COMPARED]:
        for match in list(_NUMBER.finditer(words))[:_COMPARED]:
            b = match[0]
            sign = "<" if float(a) < float(b) else ">" if float(a) > float(b) else "="
            yield "cmp" + sign
            yield from (f"cmp{sign}&{w}" for w in told)
            yield from (f"cmp{sign}&{end[-size:]}" for size in (1, 2, 3))
            yield f"cmp{sign}|{words[match.end() : match.end() + 3]}"
            yield f"cmp{sign}|{words[max(0, match.start() - 3) : match.start()]}"


def buckets(question: str, words: str, sentence: str) -> NDArray[np.int64]:
    """The buckets of the features, each once, sorted."""
    found = {zlib.crc32(name.encode()) % BUCKETS for name in features(question, words, sentence)}
    return np.array(sorted(found), dtype=np.int64)


@cache
def _weights() -> NDArray[np.float32]:
    with np.load(FILE) as stored:
        weights: NDArray[np.float32] = stored["weights"].astype(np.float32)
    return weights


@lru_cache(maxsize=512)
def yes_by_words(question: str, words: str, sentence: str) -> float:
    """How likely yes is, 0..1, to a question that `words` of `sentence` decide."""
    return float(1 / (1 + np.exp(-_weights()[buckets(question, words, sentence)].sum())))
