"""The kind of answer that a question wants, by a learned classifier over its character n-grams.

A logistic regression (scikit-learn fits it: `python -m eval.answer_type`, see qa/question/README.md) over hashed n-grams of one to four
characters; the weights are kept in 8 bits with one scale a type. It tells every type's probability: a question may well want
either of two (多久 and 什么时候), and then the forms of both are tried.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from qa.errors import BadScorer

AnswerType = Literal[
    "amount", "ratio", "count", "date", "period", "validity", "department", "person", "list", "definition", "condition", "procedure",
    "yesno", "span",
]  # fmt: skip

FILE = Path(__file__).parent / "answer_type.npz"
BUCKETS = 1 << 15
LONGEST = 4
"""Characters of an n-gram at most."""

LEAST = 0.2
"""A type less likely than this is not tried."""

_SURELY_SAID = 0.5
_KEPT = 1024
_TAIL = re.compile(r"[？?。！!\s]+$")
_SURE: tuple[tuple[AnswerType, re.Pattern[str]], ...] = (
    (
        "validity",
        re.compile(
            r"有效期(?!内)|生效|失效|作废|(?:何时|什么时候|什么时间|哪天|哪一天|几时|几号|哪年)(?:起|开始|才|正式)?(?:施行|实施|执行|到期|废止|过期)|"
            r"(?:施行|实施|执行)(?:日期|时间|期限)|(?:管|用|执行|实施|有效)到(?:哪|什么|何|几)|还有效|"
            r"(?:政策|文件|办法|措施|意见|细则|条例|规定)[^，。]{0,6}(?:到期|过期|施行|废止)"
        ),
    ),
    ("definition", re.compile(r"^什么[是叫]|是什么意思|(?:含义|定义)是?什么|所?指的?(?:是什么|什么)")),
    ("count", re.compile(r"(?:数量|人数|件数|家数|名额)(?:是|有|为)?(?:多少)?[？?]?$")),
)
"""Types that are rare among the rows and plain in their words."""

_BESIDES = 0.4  # how likely another type must be to be tried beside a sure one
_SAYS = re.compile(
    r"多少|什么|啥|谁|哪|几|怎|咋|如何|多[久长大高远]|何时|吗|么|是否|能否|可否|(.)不\1|行不行|"
    r"(?:有效期|期限|截止|条件|材料|比例|标准|金额|流程|手续|地址|电话|时间|定义)(?:是|呢)?[？?。]?$"
)


def ngrams(question: str) -> Iterator[str]:
    """The n-grams of a question, its begin and end marked."""
    text = "^" + _TAIL.sub("", re.sub(r"\s+", " ", question.lower())) + "$"
    for size in range(1, LONGEST + 1):
        for at in range(len(text) - size + 1):
            yield text[at : at + size]


def buckets(question: str) -> NDArray[np.int64]:
    """The buckets of the n-grams of a question, each once, in order."""
    return np.array(
        sorted({zlib.crc32(gram.encode("utf-8", "ignore")) % BUCKETS for gram in ngrams(question)}), dtype=np.int64
    )


@cache
def _model(
    path: Path = FILE,
) -> tuple[tuple[AnswerType, ...], NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]:
    """The types, the weights (types, BUCKETS), their scales and the biases. Raises BadScorer."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as told:
            types = tuple(str(name) for name in told["types"])
            weights, scales, biases = told["weights"], told["scales"], told["biases"]
        if set(types) - set(get_args(AnswerType)) or weights.shape != (len(types), BUCKETS):
            raise ValueError("other types or buckets")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadScorer(f"答案类型模型损坏：{path.name}", "请重新安装，或重新生成该文件") from error
    return types, weights, scales, biases  # type: ignore[return-value]


@lru_cache(maxsize=_KEPT)
def answer_types(question: str) -> tuple[tuple[AnswerType, float], ...]:
    """The types that a question may want with their probabilities, the likeliest first; at least one."""
    types, weights, scales, biases = _model()
    at = buckets(question)
    logits = weights[:, at].sum(1, dtype=np.int32) * scales / max(1.0, len(at)) ** 0.5 + biases
    e = np.exp(logits - logits.max())
    p = e / e.sum()
    order = np.argsort(-p, kind="stable")
    found = [(types[i], float(p[i])) for i in order if p[i] >= LEAST or i == order[0]]
    for name, said in _SURE:
        if said.search(question):
            return ((name, 1.0), *((t, p) for t, p in found if t != name and p >= _BESIDES))
    return tuple(found) if question.strip() else (("span", 1.0),)


def asks(text: str) -> bool:
    """Whether there are words in a text that ask: 多少, 什么时候, 是否."""
    return bool(_SAYS.search(text))


def type_said(turn: str) -> AnswerType:
    """The type that a turn of a conversation says it wants; `span` where it says none (那省级的呢) and means that of the turn before."""
    best, p = answer_types(turn)[0]
    return best if p >= _SURELY_SAID and _SAYS.search(turn) else "span"
