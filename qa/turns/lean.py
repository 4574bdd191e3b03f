"""What tells whether a turn leans on what came before, and how: n-grams of the turn, and how it stands to the questions before."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.tokens import normalise
from qa.question.answer_type import asks
from qa.turns.classes import classes, others
from qa.turns.pieces import BACK, DENIAL, LINK, NOT_THIS, POINTS, TAIL, bare, owns
from qa.turns.rank import Language

BUCKETS = 1 << 13
GRAM = 0.35
"""What the n-grams of a turn weigh together, of length 1, beside its signals."""

SIGNALS = (
    "length", "words", "short", "very_short", "weight", "new_weight", "rarest_new", "second_new", "shared", "cosine",
    "cosine_best", "asks", "link", "tail", "denial", "points", "back", "titled", "other_class", "own_class", "same_class",
    "begins_well", "ends_well", "first", "clauses", "new_words", "asks_end", "cosine_low",
    "unread", "read_of", "unread_of", "read_share",
)  # fmt: skip


def grams(turn: str) -> Iterator[str]:
    """The n-grams of one to three characters of a turn, its begin and end marked."""
    text = "^" + bare(normalise(turn)) + "$"
    for size in (1, 2, 3):
        for at in range(len(text) - size + 1):
            yield text[at : at + size]


def slots(turn: str) -> NDArray[np.int64]:
    """The buckets of a turn's n-grams, each once."""
    found = {zlib.crc32(gram.encode("utf-8", "ignore")) % BUCKETS for gram in grams(turn)}
    return np.array(sorted(found), np.int64)


def signals(turn: str, questions: Sequence[str], language: Language, answered: str = "") -> NDArray[np.float32]:
    """How a turn stands by itself and to the whole questions before, the last one first; in the order of SIGNALS. `answered` is the
    passage that answered the last one, if any: what it speaks of may be asked of it."""
    text = bare(turn)
    own = min(owns(turn), key=lambda o: len(o.text)).text if text else ""
    words = [word for word in language.words(text) if word.strip()]
    before = "，".join(questions)
    weights = {word: max(0.0, language.rarity(word) - 7.0) for word in words}
    fresh = {word: weight for word, weight in weights.items() if word not in before}
    read = sum(weight for word, weight in fresh.items() if word in answered)
    unread = sum(fresh.values()) - read
    new = sorted((weights[word] for word in weights if word not in before), reverse=True)
    total = sum(weights.values())
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    vectors = language.encode([text, *questions[:4]])
    cosines = [float(vectors[0] @ v) for v in vectors[1:]]
    mine, theirs = classes(own), classes(questions[0]) if questions else {}
    said = (
        min(2.0, len(text) / 15), min(2.0, len(words) / 8), float(len(own) <= 6), float(len(own) <= 3),
        min(2.0, total / 25), min(2.0, sum(new) / 25), min(2.0, new[0] / 8) if new else 0.0,
        min(2.0, new[1] / 8) if len(new) > 1 else 0.0,
        sum(pair in before for pair in pairs) / max(1, len(pairs)),
        cosines[0] if cosines else 0.0, max(cosines, default=0.0),
        float(asks(text)), *(float(bool(p.search(text))) for p in (LINK, TAIL)),
        float(bool(DENIAL.search(text) or NOT_THIS.search(text))),
        float(bool(POINTS.search(text))), float(bool(BACK.search(text))), float("《" in text or "第" in text and "条" in text),
        float(min(2, others(mine, theirs))), float(bool(mine)),
        float(any(theirs.get(name) and members & theirs[name] for name, members in mine.items())),
        language.fluency.seam("", text) / 4 if text else 0.0, language.fluency.seam(text, "") / 4 if text else 0.0,
        float(not questions), min(1.0, sum(mark in "，,。" for mark in text) / 2), min(2.0, len(new) / 4),
        float(asks(text[-4:])), float(bool(cosines) and cosines[0] < 0.15),
        float(not answered), min(2.0, read / 20) if answered else 0.0, min(2.0, unread / 20) if answered else 0.0,
        read / max(1.0, read + unread) if answered else 0.0,
    )  # fmt: skip
    return np.array(said, np.float32)


def probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax."""
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum(), np.float32)


def rarity_of(log_probability: float | None) -> float:
    """How rare a word is by the log of how often it is said (Tokenizer.log_probability); words of no dictionary are rare."""
    return 15.0 if log_probability is None or math.isinf(log_probability) else -log_probability
