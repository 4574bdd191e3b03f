"""Whether two questions ask the same thing of the same subject, for answers that were written for one of them.

The vectors of the encoder say how near they are; they do not tell 省级 from 市级 or 2024 from 2025. So nearness alone is never
enough: whatever sets subjects apart (level, group of people, place, year, figure, name in quotes, the kind of answer, a denial) must
be named by both or by neither, and a word that only one of them has must have its counterpart in the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus.counterparts import cities, facets_of, places
from corpus.numerals import NUMERAL
from corpus.simplified import simplified
from qa.question.answer_type import answer_types

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit vectors of texts."""
Cut = Callable[[str], Sequence[str]]
"""Cuts a text into words."""

NEAR = 0.75
"""The cosine of two whole questions from which they may be the same; measured, see docs/desk.md."""
COUNTERPART = 0.45
"""The cosine of the words that only one has to those that only the other has."""

_FIGURE = re.compile(rf"\d+(?:\.\d+)?|{NUMERAL}")
_NO_FIGURE = re.compile(
    r"一(?:下|般|定|起|共|样|些|点|直|旦|边|致|律|体|并|同)|统一|万一|同一|唯一|专一|百姓|千万要|第一时间|五险|三方|十分|百货|四川|三亚|九江|六安|万州|百色"
)
_QUOTED = re.compile(r"[《“\"「]([^》”\"」]{2,60})[》”\"」]")
_DENIED = re.compile(r"不(?!是|同|管|论|知|好意思)|没|未|无(?!法)|非|免|取消|停止|拒绝|除外|以外")
_SIDES: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "个人 企业 单位 公司 学校 社区", "本人 子女 孩子 父母 配偶 老人 家属", "男 女", "新 旧 老", "首次 再次 续", "增加 减少 提高 降低", "最高 最低 至少 至多", "开始 截止 结束",
        "申请 取消 注销 变更 补办 换领 退还 退出", "买 租 卖", "购房 租房 建房", "迁入 迁出", "本地 外地 本市 外市", "入学 转学 休学 毕业", "城市 乡村 农村", "上 下", "前 后", "本省 外省",
        "内地 港澳 台湾 外国", "全日制 非全日制", "线上 线下 网上 窗口", "国有 民营", "租金 押金 定金 违约金 滞纳金", "首付 贷款 利率", "新房 二手房",
    )
)  # fmt: skip
_ONE_WORD = {"补助": "补贴", "申领": "领取", "小孩": "孩子", "老房子": "老楼", "缴纳": "缴费"}
"""Words that people use for each other and that the encoder holds apart."""
_EMPTY = frozenset(
    ["请问", "请教", "咨询", "想", "想问", "我", "我们", "你", "你们", "您", "他", "她", "它", "的", "地", "得", "了", "着", "过", "吗", "呢", "啊", "呀", "吧", "是", "有", "在", "和", "与", "及", "或", "对", "给", "向", "从", "到", "把", "被", "这", "那", "这个", "那个", "个", "些", "点", "一下", "什么", "啥", "多少", "几", "怎么", "怎样", "如何", "哪", "哪里", "哪儿", "哪些", "哪个", "谁", "何时", "什么时候", "多久", "能", "能不能", "可以", "可否", "能否", "是否", "要", "需要", "应该", "应当", "会", "会不会", "请", "麻烦", "知道", "告诉", "了解", "情况", "规定", "政策", "相关", "有关", "关于", "目前", "现在", "方面", "时候", "大概", "具体", "一共", "都", "还", "也", "就", "又", "才", "再", "很", "最", "请问一下", "去", "来", "做", "办", "拿", "标准", "怎么样", "怎么办", "钱", "问", "问一下"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near two questions are (cosine, -1..1), and what sets them apart; "" where nothing does."""

    cosine: float
    apart: str

    @property
    def same(self) -> bool:
        """Whether one's answer may answer the other."""
        return self.cosine >= NEAR and not self.apart


def compare(asked: str, known: str, vectors: Vectors, cut: Cut) -> Likeness:
    """Whether `asked` is `known` in other words. Never raises; costs two or three encodings."""
    ours, theirs = _plain(asked), _plain(known)
    told = vectors([ours, theirs])
    cosine = float(told[0] @ told[1])
    if cosine < NEAR:
        return Likeness(cosine, "meaning")
    return Likeness(cosine, set_apart(ours, theirs) or _words_apart(ours, theirs, vectors, cut))


def set_apart(ours: str, theirs: str) -> str:
    """The first thing that sets the subjects of two questions apart; "" for none."""
    for name, of in (("level", _levels), ("place", _places), ("figure", _figures), ("name", _names)):
        if of(ours) != of(theirs):  # in their order: from one place to another is not the way back
            return name
    if bool(_DENIED.search(ours)) != bool(_DENIED.search(theirs)):
        return "denial"
    for side in _SIDES:
        if _ordered(side, ours) != _ordered(side, theirs):
            return "side"
    types = {name for name, _ in answer_types(ours)} & {name for name, _ in answer_types(theirs)}
    return "" if types else "type"


def _words_apart(ours: str, theirs: str, vectors: Vectors, cut: Cut) -> str:
    """Whether what only one of them says has no counterpart in the other."""
    mine, other = _content(ours, cut), _content(theirs, cut)
    left, right = _missing(mine, other, theirs), _missing(other, mine, ours)
    if not left and not right:
        return ""
    if not left or not right:  # one says more than the other: a narrower question has another answer
        return "word"
    told = vectors(left + right)
    likeness = told[: len(left)] @ told[len(left) :].T
    return "" if min(likeness.max(1).min(), likeness.max(0).min()) >= COUNTERPART else "word"


def _missing(words: Sequence[str], others: Sequence[str], text: str) -> list[str]:
    """The words that the other question has neither as a word nor, where they are longer than one sign, inside one."""
    return [word for word in words if word not in others and (len(word) == 1 or word not in text)]


def _content(text: str, cut: Cut) -> list[str]:
    return list(dict.fromkeys(word for word in cut(text) if word not in _EMPTY and any(c.isalnum() for c in word)))


def _plain(text: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", simplified(text)).split())
    for word, usual in _ONE_WORD.items():
        text = text.replace(word, usual)
    return text


def _ordered(names: Iterable[str], text: str) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if name in text), key=text.index))


def _levels(text: str) -> tuple[str, ...]:
    return _ordered(facets_of(text), text)


def _figures(text: str) -> tuple[str, ...]:
    return tuple(_FIGURE.findall(_NO_FIGURE.sub("", text)))


def _names(text: str) -> tuple[str, ...]:
    return tuple(_QUOTED.findall(text))


@cache
def _place_names() -> re.Pattern[str]:
    names = {name for group in places() for name in group} | set(cities())
    return re.compile(
        "|".join(sorted(names, key=lambda name: (-len(name), name))) + r"|[一-鿿]{2}(?=[省市区县镇乡](?!级|里|内|民))"
    )


def _places(text: str) -> tuple[str, ...]:
    return tuple(_place_names().findall(text))
