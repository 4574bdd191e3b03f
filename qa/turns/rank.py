"""What tells a good way to make a turn whole from a bad one: features of a splice, of which a linear model makes a score."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.tokens import normalise
from qa.question.answer_type import asks
from qa.turns.classes import classes, is_place, others
from qa.turns.fluency import Fluency
from qa.turns.pieces import Splice, bare, cut, owns, splices

KINDS = ("ask", "value", "condition", "back")
"""How a turn leans: it asks another thing of the same subject, names another member, adds a condition, goes back."""

FEATURES = (
    "replaces", "at_start", "at_end", "replaces_end", "words_gone", "length_differs", "same_end", "same_begin", "cosine",
    "cosine_lead", "same_class", "class_left", "class_new", "ask_for_ask", "two_asks", "no_ask", "ask_kept", "ask_lost",
    "seam_before", "seam_after", "seam_gain", "repeated", "possessive", "comma", "gone_comma", "clean_before", "clean_after",
    "no_link", "no_tail", "no_denial", "no_points", "no_back", "earlier", "weight_gone", "own_length", "shared", "named_old",
    "long_gone", "kept_weight", "own_ask", "gone_begins_ask",
    "told_of", "told_of_most", "to_ask", "past_ask", "rare_before", "rare_gone", "rarest_gone",
    "member_for_member", "member_gone",
)  # fmt: skip

EDGES = 256
"""Buckets of the words at the edges of what a turn takes the place of."""

WIDTH = len(FEATURES) * (1 + len(KINDS)) + 2 * EDGES
"""Of a row as the model takes it, see `with_kinds`."""

Words = Callable[[str], Sequence[str]]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Rarity = Callable[[str], float]
"""How rarely a word is said: about 0 for 的, 10 for 方案, 17 for a word of no dictionary."""


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of words: how a text is cut, how near meanings are, how rare a word is, what follows what."""

    words: Words
    encode: Encode
    rarity: Rarity
    fluency: Fluency


def candidates(turn: str, questions: Sequence[str], words: Words) -> list[Splice]:
    """All ways to make a turn whole by the questions before, the last one first; each whole question once."""
    found: dict[str, Splice] = {}
    for at, question in enumerate(questions):
        pieces = cut(question, words)
        ways = [splice for own in owns(turn) for splice in splices(pieces, own, at)]
        for splice in _of_place(ways, question) or ways:
            found.setdefault(splice.whole, splice)
    return list(found.values())


def _of_place(ways: Sequence[Splice], question: str) -> list[Splice]:
    """Who names just a place asks the same of it: in the place of the one that the question names, else in front of all. None where
    the turn says more than a place."""
    placed = [way for way in ways if is_place(way.own.text)]
    if "place" not in classes(question):
        return [way for way in placed if not (way.before or way.gone)]
    replacing = [way for way in placed if is_place(way.gone)]
    whole = max((len(way.gone) for way in replacing), default=0)  # 深圳市南山区, not its city alone
    return [way for way in replacing if len(way.gone) == whole]


def features(splices: Sequence[Splice], questions: Sequence[str], language: Language) -> NDArray[np.float32]:
    """A row a splice, in the order of FEATURES."""
    texts = list(dict.fromkeys(text for s in splices for text in (s.gone, s.own.text) if text))
    vectors = dict(zip(texts, language.encode(texts), strict=True))
    near = {
        (gone, own): float(vectors[gone] @ vectors[own])
        for gone, own in {(s.gone, s.own.text) for s in splices}
        if gone and own
    }
    best: dict[str, float] = {}
    for (_, own), value in near.items():
        best[own] = max(best.get(own, -1.0), value)
    weights = {text: _weight(text, language) for text in {s.gone for s in splices} | set(questions)}
    known = {text: classes(text) for text in {t for s in splices for t in (s.own.text, s.gone)}}
    asked = [_Asked.of(question, language) for question in questions]
    turn = max((s.own.text for s in splices), key=len, default="")  # as it stands
    told = [_told(turn, question, language) for question in questions]
    rows = [
        [
            *_row(s, questions[s.at], near, best, weights, known, language),
            *(told[s.at], told[s.at] - max(told)),
            *asked[s.at].edges(s),
            *_members(s, known),
        ]
        for s in splices
    ]
    edges = np.zeros((len(splices), EDGES), np.float32)
    for row, s in zip(edges, splices, strict=True):
        for place, word in zip("<=>", asked[s.at].edge_words(s), strict=True):
            row[zlib.crc32((place + word).encode("utf-8", "ignore")) % EDGES] += 1.0
    return np.concatenate([np.array(rows, np.float32).reshape(len(rows), len(FEATURES)), edges], axis=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An earlier question: how rare each of its words is, and at which of them it begins to ask."""

    words: tuple[str, ...]
    rarities: tuple[float, ...]
    asks_at: int

    @staticmethod
    def of(question: str, language: Language) -> _Asked:
        words = cut(question, language.words)
        found = next((n for n in range(len(words)) if asks("".join(words[n : n + 2]))), len(words))
        return _Asked(tuple(words), tuple(max(0.0, language.rarity(normalise(w)) - 7.0) for w in words), found)

    def edges(self, s: Splice) -> list[float]:
        gone = self.rarities[s.start : s.start + s.words]
        return [
            min(1.0, max(0, self.asks_at - s.start) / 5),
            float(s.start > self.asks_at),
            self.rarities[s.start - 1] / 8 if s.start else 1.0,
            gone[0] / 8 if gone else 0.0,
            float(bool(gone) and max(gone) == max(self.rarities)),
        ]

    def edge_words(self, s: Splice) -> tuple[str, str, str]:
        """The word before the turn, the first that is gone, the first after it."""
        end = s.start + s.words
        return (
            self.words[s.start - 1] if s.start else "^",
            self.words[s.start] if s.words else "",
            self.words[end] if end < len(self.words) else "$",
        )


def ranked(
    rows: NDArray[np.float32], kinds: NDArray[np.float32], weights: NDArray[np.float32], most: int
) -> list[tuple[int, float]]:
    """The ways to make a turn whole that score highest, each with its share of the belief, 0..1. Where a turn names another
    member of a group that the question names, one of the two takes the place of the other: both in one question would ask of
    neither."""
    scores = with_kinds(rows, kinds) @ weights
    swapped = rows[:, FEATURES.index("member_for_member")] > 0
    if swapped.any() and KINDS[int(kinds.argmax())] == "value":
        scores = np.where(swapped, scores, -np.inf)
    belief = np.exp(scores - scores.max())
    order = np.argsort(-scores, kind="stable")[:most]
    return [(int(at), float(belief[at] / belief.sum())) for at in order if belief[at] > 0]


def with_kinds(rows: NDArray[np.float32], kinds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features by themselves and once more for each kind, as much as the turn is of that kind."""
    plain, edges = rows[:, : len(FEATURES)], rows[:, len(FEATURES) :]
    return np.concatenate([plain, *(plain * p for p in kinds), edges * kinds[0], edges * kinds[1]], axis=1)


def _weight(text: str, language: Language) -> float:
    return sum(max(0.0, language.rarity(word) - 7.0) for word in language.words(text))


def _members(s: Splice, known: dict[str, dict[str, frozenset[str]]]) -> list[float]:
    """Whether one member of a group takes the place of another with nothing around it; whether what is gone is just a member."""
    mine, theirs = known[s.own.text], known[s.gone]
    just = {name for name, members in theirs.items() if s.gone in members}
    swapped = any(name in just and s.own.text in members and s.gone not in members for name, members in mine.items())
    return [float(swapped), float(bool(just & mine.keys()) and others(mine, theirs) > 0)]


def _told(turn: str, question: str, language: Language) -> float:
    """The share of a turn's rare words that a question holds, 0..1."""
    rare = [(word, max(0.0, language.rarity(word) - 7.0)) for word in language.words(turn) if len(word) > 1]
    return sum(w for word, w in rare if word in question) / max(1.0, sum(w for _, w in rare))


def _row(
    s: Splice,
    question: str,
    near: dict[tuple[str, str], float],
    best: dict[str, float],
    weights: dict[str, float],
    known: dict[str, dict[str, frozenset[str]]],
    language: Language,
) -> list[float]:
    own, gone, rest = s.own.text, s.gone, s.before + "，" + s.after
    own_asks, gone_asks, rest_asks = asks(own), bool(gone) and asks(gone), asks(rest)
    cosine = near.get((gone, own), 0.0)
    mine, theirs = known[own], known[gone]
    left = classes(rest) if mine else {}
    total = max(1.0, weights[question])
    share = weights[gone] / total
    seam_before = language.fluency.seam(s.before + s.glue if s.before else "", own)
    seam_after = language.fluency.seam((own + s.glue) if not s.before else own, s.after)
    seam_was = language.fluency.seam(s.before, gone + s.after) if gone else 0.0
    pairs = {own[i : i + 2] for i in range(len(own) - 1)}
    return [
        float(bool(gone)),
        float(not s.before),
        float(not s.after),
        float(bool(gone) and not s.after),
        np.log1p(s.words),
        min(1.0, abs(len(gone) - len(own)) / 8) if gone else 0.0,
        float(_common(gone[::-1], own[::-1])),
        float(_common(gone, own)),
        cosine,
        cosine - best.get(own, 0.0) if gone else 0.0,
        float(min(2, others(mine, theirs))),
        float(min(2, others(mine, left))),
        float(bool(mine)),
        float(own_asks and gone_asks),
        float(own_asks and rest_asks),
        float(not own_asks and not rest_asks),
        float(not own_asks and rest_asks and not gone_asks),
        float(not own_asks and gone_asks),
        seam_before / 4,
        seam_after / 4,
        (seam_before - seam_was) / 4 if gone else 0.0,
        sum(pair in rest for pair in pairs) / len(pairs) if pairs else float(own in rest),
        float(own.endswith("的") and s.after.startswith("的")),
        float(bool(s.glue)),
        float(any(mark in gone.rstrip("，,、") for mark in "，,、")),
        float(not s.before or bare(s.before) != s.before),
        float(not s.after or bare(s.after) != s.after),
        *(float(name in s.own.without) for name in ("link", "tail", "denial", "points", "back")),
        float(s.at > 0),
        share,
        min(1.0, len(own) / 12),
        _shared(gone, own),
        float(bool(s.own.old) and s.own.old in gone and len(gone) <= len(s.own.old) + 1),
        min(1.0, len(gone) / 20),
        min(1.5, (total - weights[gone]) / 40),
        float(own_asks),
        float(gone_asks and asks(gone[:3])),
    ]


def _common(a: str, b: str) -> int:
    """How many characters two texts begin with alike, two at most."""
    return next((n for n in range(2) if n >= min(len(a), len(b)) or a[n] != b[n]), 2)


def _shared(a: str, b: str) -> float:
    return len(set(a) & set(b)) / len(set(a) | set(b)) if a and b else 0.0
