"""Exact match and F1 of a span as CMRC 2018 counts them, the measures of Chinese reading comprehension.

Source: Cui et al. 2019, "A Span-Extraction Dataset for Chinese Machine Reading Comprehension". A Chinese character is a
unit, as is a word of other letters or digits; punctuation and white space do not count. F1 is over the longest run of units
that answer and gold share, not over bags; of several gold answers the best counts. Unlike there, full-width letters and
digits are made half-width first, since the documents are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

_HAN = "〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")


def units(text: str) -> list[str]:
    """The units of a text that count, in lower case."""
    return _UNIT.findall(unicodedata.normalize("NFKC", text).lower())


def exact_match(golds: Iterable[str], said: str) -> float:
    """1 where the answer has the units of a gold answer, else 0."""
    return float(any(units(gold) == units(said) for gold in golds))


def span_f1(golds: Iterable[str], said: str) -> float:
    """The best F1 with a gold answer, 0..1; 0 for an answer without units."""
    return max((_f1(units(gold), units(said)) for gold in golds), default=0.0)


def _f1(gold: list[str], said: list[str]) -> float:
    shared = SequenceMatcher(None, gold, said, autojunk=False).find_longest_match().size
    return 2 * shared / (len(gold) + len(said)) if shared else 0.0
