"""Slips of the finger and of the input method: a word that no passage holds, and the word beside it that some do.

What counts is the corpus at hand: two characters side by side that stand nowhere in it are suspicious, and what they
are taken for stands there. So a question all of whose words are in the corpus is never changed, nothing is built or
kept but two small tables, and new documents count at once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from math import exp, log

from index.tokens import Tokenizer

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[a-z][a-z0-9]{3,19}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What many speakers do not tell apart, folded: zh ch sh, l for n, and the final g after a, e and i.
_FOLDS = (
    (re.compile(r"^([zcs])h"), r"\1"),
    (re.compile(r"^n(?=[aeiouv])"), "l"),
    (re.compile(r"(?<=[aei])ng$"), "n"),
)
# ln of how unlikely a slip is, and what a reading must gain in probability beyond it to be believed.
_EXACT, _SWAPPED, _ALIKE, _SHAPE = 5.0, 5.0, 6.0, 5.5

_JOINED = 0.7  # less for each neighbour with which the new pair stands in some passage
_CLEAR = 0.3  # how much better than the second best
_RARE = -17.5  # ln of the probability of a character that is no word by itself
_LEXICAL = -13.0  # of a word of the lexicon that the dictionary lacks
_COHESIVE = 0.5  # of what is no word of the dictionary: how often the rarer of its characters stands in this pair
_TOKENS = 150.0  # of a passage, about


@dataclass(frozen=True, slots=True)
class Correction:
    """`typed` stands in no passage; `meant` does, and is what was probably meant."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A correction of the characters [start, end) and how much more probable it is than what was typed."""

    start: int
    end: int
    meant: str
    gain: float


_COMMON_PAIR = 5  # passages that hold a pair of characters which is surely none of a slip


class Spelling:
    """Finds what was meant by words that no passage holds.

    >>> spelling = Spelling(searcher.document_frequency, len(searcher.snapshot), tokenizer)
    >>> spelling.corrections(["生活", "污水", "治", "里", "率"])
    [Correction(typed='治里', meant='治理')]

    `frequency` says in how many of `passages` a token stands (characters, pairs of characters, Latin words), `known` are
    words that mean something although no passage holds them (the lexicon's). What was typed is doubted only where
    another reading is more probable by far, by the words' frequency in the language and in the corpus. Safe for several
    threads.
    """

    def __init__(
        self, frequency: Callable[[str], int], passages: int, tokenizer: Tokenizer, known: Iterable[str] = ()
    ) -> None:
        self._frequency = frequency
        self._size = max(1, passages) * _TOKENS
        self._tokenizer = tokenizer
        self._known = frozenset(w for w in known if len(w) > 1)
        self._any_known = re.compile("|".join(map(re.escape, sorted(self._known, key=len, reverse=True))) or r"(?!)")
        self._same_sound, self._like_sound = _by_sound(_lines("syllables.txt"))
        self._like_shape = _by_shape(_lines("lookalikes.txt"))

    def corrections(self, words: Sequence[str]) -> list[Correction]:
        """What was probably meant by the parts of a cut text that no passage holds, in order; nearly always empty."""
        text = "".join(words)
        best: list[_Found] = []
        for found in sorted(self._candidates(words, text), key=lambda f: (-f.gain, f.start)):
            if all(found.end <= b.start or b.end <= found.start for b in best):
                best.append(found)
        best.sort(key=lambda f: f.start)
        return [Correction(text[f.start : f.end], f.meant) for f in best]

    # -- where -------------------------------------------------------------------------------------------------------

    def _candidates(self, words: Sequence[str], text: str) -> Iterator[_Found]:
        bounds = [0, *accumulate(map(len, words))]
        for start in self._doubted(text):
            first, last = bisect_right(bounds, start) - 1, bisect_right(bounds, start + 1) - 1
            typed = words[first : last + 1]
            # Words of two characters meet in any order.
            if last > first and (min(map(len, typed)) > 1 or max(map(len, typed)) > 2):
                continue
            found = self._pair(text, start, typed, start - bounds[first])
            if found is not None:
                yield found
        for at, word in zip(bounds, words, strict=False):
            if _LATIN.fullmatch(word) and not self._frequency(word) and word not in self._known:
                meant = self._latin(word)
                if meant is not None:
                    yield _Found(at, at + len(word), meant, _EXACT)

    def _doubted(self, text: str) -> list[int]:
        """Where two Chinese characters stand that stand nowhere side by side, but for what the lexicon knows."""
        out = [
            i
            for i in range(len(text) - 1)
            if _HAN.match(text[i]) and _HAN.match(text[i + 1]) and not self._frequency(text[i : i + 2])
        ]
        sure = {i for match in self._any_known.finditer(text) for i in range(match.start(), match.end())} if out else ()
        return [i for i in out if i not in sure and i + 1 not in sure and not self._meet(text, i)]

    def _meet(self, text: str, start: int) -> bool:
        """Whether the two characters belong to words on either side that merely meet here: 小微|法人. A slip breaks the
        pairs on both sides of the wrong character."""
        before, after = text[start - 1 : start + 1] if start else "", text[start + 1 : start + 3]
        pairs = (before, after)
        return all(len(pair) == 2 and self._frequency(pair) >= _COMMON_PAIR for pair in pairs)

    # -- what was meant ----------------------------------------------------------------------------------------------

    def _pair(self, text: str, start: int, typed: Sequence[str], at: int) -> _Found | None:
        """The best other reading of the two characters at `start`, where one is clearly best.

        `typed` are the words that they stand in, `at` is where in these.
        """
        region, pair = "".join(typed), text[start : start + 2]
        before = text[start - 1] if start and _HAN.match(text[start - 1]) else ""
        after = text[start + 2] if start + 2 < len(text) and _HAN.match(text[start + 2]) else ""
        is_word = len(typed) == 1
        said = sum(self._probability(w, in_corpus=not is_word) for w in typed)
        out: dict[tuple[str, int], float] = {}
        for meant, unlikely in self._readings(pair, is_word):
            gain = self._gain(region, at, 2, meant, said + unlikely, is_word)
            if gain is not None:
                joined = self._meets(before, meant[0]) + self._meets(meant[1], after)
                out[meant, 2] = max(gain + _JOINED * joined, out.get((meant, 2), 0.0))
        ranked = sorted(((gain, meant, size) for (meant, size), gain in out.items() if gain > 0), reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _CLEAR):
            return None
        gain, meant, size = ranked[0]
        return _Found(start, start + size, meant, gain)

    def _meets(self, before: str, after: str) -> bool:
        return bool(before and after) and self._frequency(before + after) > 0

    def _readings(self, typed: str, is_word: bool) -> Iterator[tuple[str, float]]:
        """Pairs of characters that stand in some passage and may have been meant, each with how unlikely the slip is.

        Of a word of the dictionary no more than one character is taken for another, one of the same sound.
        """
        a, b = typed[0], typed[1]
        if a != b and self._seen(b + a):
            yield b + a, _SWAPPED
        similar = ((self._same_sound, _EXACT), (self._like_sound, _ALIKE), (self._like_shape, _SHAPE))
        for table, unlikely in similar[:1] if is_word else similar:
            for c in table.get(a, ""):
                if c != a and self._seen(c + b):
                    yield c + b, unlikely
            for c in table.get(b, ""):
                if c != b and self._seen(a + c):
                    yield a + c, unlikely

    def _seen(self, pair: str) -> bool:
        return self._frequency(pair) > 0 or pair in self._known

    def _gain(self, region: str, at: int, size: int, meant: str, said: float, is_word: bool) -> float | None:
        """How much more probable the region is with `meant` in it than `said`; None where `meant` is no word."""
        alone = self._probability(meant, in_corpus=not is_word)
        if self._tokenizer.log_probability(meant) is None and meant not in self._known and not self._cohesive(meant):
            return None
        if alone <= said:
            return None
        rest = [w for part in (region[:at], region[at + size :]) if part for w in self._tokenizer.words(part)]
        return alone + sum(self._probability(w) for w in rest) - said

    def _probability(self, word: str, in_corpus: bool = True) -> float:
        """ln of how often a word is said, in the language and, where it is longer than a character, in the corpus."""
        known = self._tokenizer.log_probability(word)
        if known is None:
            known = _LEXICAL if word in self._known else _RARE * min(2, len(word))
        if not in_corpus or len(word) != 2 or not (passages := self._frequency(word)):
            return known
        return log(0.5 * exp(known) + 0.5 * passages / self._size)

    def _cohesive(self, pair: str) -> bool:
        passages, rarer = self._frequency(pair), min(self._frequency(pair[0]), self._frequency(pair[1]))
        return passages > 1 and pair[0] != pair[1] and passages >= _COHESIVE * rarer

    def _latin(self, word: str) -> str | None:
        """The Latin word of the corpus that one letter makes of `word`, the most frequent one; None where there is
        none."""
        near = {word[:i] + word[i + 1 :] for i in range(len(word))}
        near |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
        near |= {word[:i] + c + word[i + 1 :] for i in range(len(word)) for c in _LETTERS}
        near |= {word[:i] + c + word[i:] for i in range(len(word) + 1) for c in _LETTERS}
        seen = [(self._frequency(w), w) for w in near if len(w) >= 4 and self._frequency(w)]
        return max(seen)[1] if seen else None


def _lines(name: str) -> list[str]:
    lines = files("qa").joinpath(name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _by_sound(lines: Iterable[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Character -> characters of the same sound; character -> those whose sound is like it for some speakers."""
    same: dict[str, str] = {}
    folded: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        syllable, characters = line.split()
        for c in characters:
            same[c] = same.get(c, "") + characters
        for pattern, plain in _FOLDS:
            syllable = pattern.sub(plain, syllable)
        folded[syllable].append(characters)
    alike: dict[str, str] = {}
    for groups in folded.values():
        for group in groups if len(groups) > 1 else ():
            others = "".join(g for g in groups if g is not group)
            for c in group:
                alike[c] = alike.get(c, "") + others
    return same, alike


def _by_shape(lines: Iterable[str]) -> Mapping[str, str]:
    out: dict[str, str] = {}
    for family in lines:
        for c in family:
            out[c] = out.get(c, "") + family
    return out
