"""Whether an answer is right and rightly cited: the judgements of the contract's scorer, for use in this process.

The rules are those of the scoring program that the contract names (tests compare the two case by case): texts are compared
without white space, punctuation and case after NFKC; a quote counts as covered when 70 % of it stands in the text in runs of
six characters or more; a figure in the right answer must be in the answer given.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from eval.datasets import GoldQuestion
from qa.types import Citation

_NO = ("不可以", "不能", "不得", "否", "不是", "不需要", "不用", "无需", "没有", "不予", "不")
_YES = (
    "是",
    "可以",
    "能",
    "需要",
    "应当",
    "应",
    "必须",
    "有",
    "要",
    "允许",
    "属于",
    "对",
    "会",
    "可",
    "享受",
    "适用",
    "包括",
    "算",
)
_SPLIT = re.compile(r"[\s\W_]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|[一二三四五六七八九十百两]+")
_BLOCK = 6


def squeeze(text: str) -> str:
    """The characters that count: NFKC, no white space or punctuation, lower case."""
    return _SPLIT.sub("", unicodedata.normalize("NFKC", text)).lower()


def is_covered(quote: str, text: str, share: float = 0.7) -> bool:
    """Whether `text` holds `quote`, whole or at least `share` of it in runs of six characters, or is half of it itself."""
    wanted, held = squeeze(quote), squeeze(text)
    if not wanted:
        return False
    if wanted in held or (len(held) >= _BLOCK and held in wanted and 2 * len(held) >= len(wanted)):
        return True
    at = found = 0
    while at + _BLOCK <= len(wanted):
        end = at + _BLOCK
        if wanted[at:end] not in held:
            at += 1
            continue
        while end < len(wanted) and wanted[at : end + 1] in held:
            end += 1
        found += end - at
        at = end
    return found >= share * len(wanted)


def is_cited(gold: GoldQuestion, citation: Citation) -> bool:
    """Whether a citation, by its quote or its clause, holds half of the words that carry the right answer."""
    words = citation.quote + " " + citation.document.quote(citation.clause.span)
    return any(is_covered(quote, words, 0.5) for quote in (gold.quote, *gold.alt_quotes))


def character_f1(a: str, b: str) -> float:
    """F1 over characters as bags, 0..1."""
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b)) if common else 0.0


def is_right(gold: GoldQuestion, said: str | None) -> bool:
    """Whether the short answer given is the right one."""
    if not said:
        return False
    if gold.type == "yesno":
        return _polarity(said) is not None and _polarity(said) == _polarity(gold.answers[0])
    given = squeeze(said)
    if gold.items:
        items = [squeeze(item) for item in gold.items]
        held = sum(item in given or character_f1(item, given) > 0.8 for item in items)
        return held >= 0.8 * len(items) and len(given) <= 2.5 * sum(map(len, items)) + 20
    return any(_matches(squeeze(answer), given, numbers_in(answer), numbers_in(said)) for answer in gold.answers)


def _matches(wanted: str, given: str, figures: set[str], said: set[str]) -> bool:
    if not wanted:
        return False
    if wanted == given:
        return True
    if not figures <= said:
        return False
    if figures == said and character_f1(wanted, given) >= 0.75:
        return True
    if wanted in given and len(given) <= max(3 * len(wanted), len(wanted) + 12):
        return True
    return len(given) >= 4 and given in wanted and len(given) >= 0.6 * len(wanted)


def numbers_in(text: str) -> set[str]:
    """The figures of a text as they are written, in digits or in characters."""
    return set(_NUMBER.findall(unicodedata.normalize("NFKC", text)))


def _polarity(text: str) -> str | None:
    bare = squeeze(text)
    return "no" if bare.startswith(_NO) else "yes" if bare.startswith(_YES) else None
