"""The builtin encoder's tokeniser: a unigram model over words of the training text and single characters."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from multiprocessing import get_context

from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC, Lowercase, Sequence
from tokenizers.pre_tokenizers import Split

from index.training.lay import LAY_WORDS

UNKNOWN = "<unk>"
_WORD = re.compile(r"[\u4e00-\u9fff]+|[a-z]+|[0-9]+")


def count_words(texts: list[str], processes: int = 2) -> Counter[str]:
    """How often each jieba word, ASCII word or number stands in `texts` (after NFKC and lower case)."""
    if processes == 1:
        return _count_chunk(texts)
    size = math.ceil(len(texts) / (processes * 8))
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    total: Counter[str] = Counter()
    with get_context("spawn").Pool(processes) as pool:
        for counted in pool.imap(_count_chunk, chunks):
            total.update(counted)
    return total


def _count_chunk(texts: list[str]) -> Counter[str]:
    import jieba

    jieba.setLogLevel("ERROR")
    counted: Counter[str] = Counter()
    for text in texts:
        clean = unicodedata.normalize("NFKC", text).lower()
        counted.update(word for word in jieba.cut(clean, HMM=False) if _WORD.fullmatch(word))
    return counted


def build_tokenizer(counts: Counter[str], size: int) -> Tokenizer:
    """A tokeniser of `size` rows: all characters, digits and letters, the lay words, then the most frequent words.

    An unknown character becomes the unknown row by itself; its neighbours keep theirs. Punctuation and white space
    separate words and have no rows.
    """
    characters = {c for word in counts for c in word} | set(_gb2312()) | set("0123456789abcdefghijklmnopqrstuvwxyz")
    wanted = sorted(word for word in _lay_words() if len(word) > 1)
    uses = {word: counts.get(word, 0) + general_use(word) for word in {*counts, *characters, *wanted, *_dictionary()}}
    frequent = (word for word in sorted(uses, key=lambda word: (-uses[word], word)) if 1 < len(word) <= 8)
    words = list(dict.fromkeys([*wanted, *frequent]))[: size - len(characters) - 1]
    total = math.fsum(uses.values())  # the same in any order
    vocabulary = [(UNKNOWN, -30.0)]
    for token in [*sorted(characters), *words]:
        # A character that is never a word by itself is costly, so that words are preferred; the floor keeps it finite.
        vocabulary.append((token, math.log(max(uses[token], 0.5) / total)))
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = Sequence([NFKC(), Lowercase()])
    tokenizer.pre_tokenizer = Split(Regex(r"[^\p{L}\p{N}]+"), behavior="removed")
    return tokenizer


def general_use(word: str) -> float:
    """How often jieba's dictionary saw `word`, scaled so that words outside the law weigh a third of those inside.

    Policies speak of much that laws do not; a word without a row falls to characters, and two of those say little.
    """
    return float(_frequencies().get(word) or 0) / 20


def _dictionary() -> list[str]:
    """The words of jieba's dictionary that may have a row."""
    return [word for word, uses in _frequencies().items() if uses and _WORD.fullmatch(word)]


@cache
def _frequencies() -> Mapping[str, int]:
    """How often each word, and 0 for each beginning of one, was seen by those who made jieba's dictionary."""
    import jieba

    jieba.setLogLevel("ERROR")  # clears a cache of every logger: once, not for each of 350,000 words
    jieba.initialize()
    frequencies: Mapping[str, int] = jieba.dt.FREQ
    return frequencies


def _lay_words() -> set[str]:
    """The words of the lay table, phrases cut into words so that 罚多少 and 奖多少 share 多少."""
    import jieba

    jieba.setLogLevel("ERROR")
    phrases = [phrase for official, said in LAY_WORDS.items() for phrase in (official, *said)]
    return {word for phrase in phrases for word in jieba.cut(phrase.lower(), HMM=False) if _WORD.fullmatch(word)}


def _gb2312() -> Iterable[str]:
    """The 3,755 everyday characters of GB 2312's first level."""
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            yield bytes((high, low)).decode("gb2312", errors="ignore")
