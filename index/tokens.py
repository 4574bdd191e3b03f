"""One tokeniser for building the index and for asking it: characters, character bigrams and whole number runs."""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
import math
import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from corpus.simplified import simplified

# Raise it when `tokens` emits something else for the same text: an index built by another version is refused.
VERSION = 3

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_CJK}]+|[0-9a-z]+(?:\.[0-9a-z]+)*")
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
# Quotation marks stand inside names (“瞪羚”企业) that nobody types with them: they must not keep a bigram from forming.
_QUOTES = re.compile("[\u201c\u201d\u2018\u2019\"'\u300c\u300d\u300e\u300f]")
_FIRST_CJK = "\u3007"


# Words of jieba beside characters and bigrams were tried (BM25, k1 1.2, b 0.75; MRR@10 without -> with words):
# statutes, 1,234 questions 0.409 -> 0.414; EQUALS, 923 questions on the same articles 0.203 -> 0.197; policy questions
# on 120-character pieces of bulletins 0.750 -> 0.740. Nothing gained for five times the time and 0.7 s at the first
# search. Words alone, bigrams alone and trigrams as well: worse (0.384, 0.404, 0.399 where this has 0.428, statutes
# dev). Dropping particles or question words made no difference (0.002): their idf is near 0 anyway.


class Tokenizer:
    """Text -> tokens, the same for passages and for questions.

    >>> Tokenizer().tokens("最高奖励３００万元")
    ['最', '高', '奖', '励', '最高', '高奖', '奖励', '300', '万', '元', '万元']

    `words` are added to the dictionary of `words()` (not to what `tokens` emits). An instance is cheap: the word
    dictionary (0.9 s, about 60 MB) is loaded at the first call of `words`, never by `tokens`, and is one for all instances of a
    process that add the same words. Safe for several threads.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._extra = tuple(dict.fromkeys(words))

    @property
    def settings_id(self) -> str:
        """Identifies what `tokens` emits; a snapshot built under another id is refused."""
        return hashlib.sha256(f"tokens/{VERSION}/chars+bigrams".encode()).hexdigest()[:16]

    def tokens(self, text: str) -> list[str]:
        """The tokens of `text`, repeated as often as they occur. Never raises; empty for text without letters."""
        out: list[str] = []
        for run in _RUN.findall(normalise(text)):
            if run[0] >= _FIRST_CJK:
                out.extend(run)
                out.extend(map("".join, zip(run, run[1:], strict=False)))
            else:
                out.append(run)
        return out

    def words(self, text: str) -> list[str]:
        """The words of `text` by jieba (precise cut, no HMM) with the policy words of domain_words.txt.

        Not used by retrieval; for modules that need word borders. The words joined are the normalised text without
        white space.
        """
        return [word for word in self._dictionary().lcut(normalise(text), HMM=False) if word.strip()]

    def log_probability(self, word: str) -> float | None:
        """ln of how often a word of the dictionary is said among all words (-6 和, -9 方案, -17 the rarest); None for
        what is no word. `word` is normalised text."""
        dictionary = self._dictionary()
        frequency = dictionary.FREQ.get(word)
        return math.log(frequency / dictionary.total) if frequency else None

    def _dictionary(self) -> Any:
        with _LOADING:
            return _load_jieba(self._extra)


def normalise(text: str) -> str:
    """NFKC (full-width digits and letters folded), lower case, simplified characters, 1,000 -> 1000. A copy: spans never refer to it."""
    plain = _QUOTES.sub("", simplified(unicodedata.normalize("NFKC", text).lower()))
    return _THOUSANDS.sub(lambda m: m.group().replace(",", ""), plain)


def _domain_words() -> list[str]:
    lines = importlib.resources.files("index").joinpath("domain_words.txt").read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


_LOADING = threading.Lock()


@cache
def _load_jieba(extra: tuple[str, ...]) -> Any:
    """A private jieba tokeniser with the policy words and `extra`; it is only read from then on. Its own `initialize` is passed by: that
    one logs to stderr and keeps its dictionary as a marshal file in the shared temporary folder, where anybody could have put another one."""
    import jieba

    logging.getLogger("jieba").setLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in (*_domain_words(), *extra):
        tokenizer.add_word(normalise(word))
    return tokenizer
