"""What the light reranker looks at: features of each candidate and of the question.

All is read from the index (counts, vectors) and from short texts, so that 50 candidates take about two milliseconds. No
feature knows a document or an article: only how it fits the question, and what kind of text it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.encoder import Encoder, StaticEncoder
from index.lexical import K1, B
from index.snapshot import Snapshot

Values = NDArray[np.float32]
Columns = dict[str, NDArray[Any]]

FEATURES = (
    "bm25", "cosine", "fused", "bm25_pairs", "bm25_characters", "bm25_highest", "cover_pairs", "cover_characters",
    "cover_local_pairs", "cover_local", "rarest", "length", "sentences", "best_sentence", "cover_context", "cosine_64",
    "cosine_128", "cosine_before", "cosine_after", "like_best", "like_all", "nearest", "near_words", "nearer_words",
    "words_asked", "same_document", "same_document_best", "same_document_sum", "law",
    "interpretation",
)  # fmt: skip
"""Features of a candidate, in the order of the columns. They are compared within one question only."""

QUERY_FEATURES = (
    "tokens", "cover_pairs", "cover_characters", "cosine", "unknown", "rarest", "agreement", "near_words",
    "cover_context", "best_sentence", "spread", "bm25_share",
)  # fmt: skip
"""Features of a question with its candidates: which of the others to trust."""

_HIGHEST = ("cover_pairs", "cover_characters", "cosine", "near_words", "cover_context", "best_sentence")
_WIDTHS = (64, 128)
_WORD_WIDTH = 128  # of the vectors of words: half the time, and the same figures

_SENTENCE = re.compile("[。；;！？\n]")
_FIRST_CJK = "\u3007"
_LAW = re.compile("(?<!办)法(?:$|典|[（(])")
_INTERPRETATION = re.compile("解释|批复|法律.{0,12}意见|法.{0,12}问题")
_TINY = 1e-6
_NEAR = 0.4  # words less alike than this are merely not strangers


@dataclass(frozen=True, slots=True)
class Reading:
    """What features need of an index and its encoder, made once for both.

    `mean_length` is in tokens; `word_of` gives for each token of the index the token of the encoder that is written
    alike, or -1; `words` and `weights` are the direction and the length of the vector of each token of the encoder (None
    where it has no such vectors; 18 MB of the builtin one).
    """

    folder: Path
    encoder_id: str
    mean_length: float
    word_of: NDArray[np.int32] | None = None
    words: Values | None = None
    weights: Values | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, encoder: Encoder) -> Reading:
        told = snapshot.folder, encoder.id, snapshot.lexical.mean_length()
        if not isinstance(encoder, StaticEncoder):
            return cls(*told)
        known = encoder.vocabulary
        word_of = np.array([known.get(token, -1) for token in snapshot.lexical.tokens], dtype=np.int32)
        words = encoder.rows[:, :_WORD_WIDTH].astype(np.float32)
        weights = np.linalg.norm(words, axis=1)
        return cls(*told, word_of, words / np.maximum(weights, _TINY)[:, None], weights)


def features(found: Candidates, reading: Reading) -> tuple[Values, Values]:
    """The features of at least one candidate, (n, len(FEATURES)), and of the question, (len(QUERY_FEATURES),)."""
    held = _Held.by(found)
    said = _Said.of(found, held, reading.mean_length)
    columns: Columns = {"bm25": found.lexical, "cosine": found.dense, "fused": found.fused}
    columns |= _of_words(said) | _of_sentences(found, said) | _of_vectors(found) | _of_documents(found)
    columns |= _of_nearness(found, held, reading) | _of_titles(found)
    columns["length"] = np.log1p(held.lengths)
    asked = {name: float(np.max(columns[name])) for name in _HIGHEST}
    asked |= {"spread": float(found.dense.std()), "agreement": _agreement(found)} | said.figures(found)
    table = np.stack([np.asarray(columns[name], dtype=np.float32) for name in FEATURES], axis=1)
    return table, np.array([asked[name] for name in QUERY_FEATURES], dtype=np.float32)


def _agreement(found: Candidates) -> float:
    """How many of the ten best of one retriever are among the ten best of the other."""
    first, second = (np.argsort(-scores, kind="stable")[:10] for scores in (found.lexical, found.dense))
    return float(len(np.intersect1d(first, second)))


# -- words -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """The different tokens of the candidates one after the other, how often each occurs, whose it is and where each
    candidate's begin. A passage without any has one that is no token (-1): no stretch is empty."""

    ids: NDArray[np.int32]
    times: Values
    owner: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: Values

    @classmethod
    def by(cls, found: Candidates) -> _Held:
        nothing = np.full(1, -1, dtype=np.int32), np.ones(1, dtype=np.uint8)
        parts = [found.snapshot.lexical.tokens_in(row) for row in found.rows.tolist()]
        parts = [part if len(part[0]) else nothing for part in parts]
        sizes = np.array([len(ids) for ids, _ in parts])
        starts = np.cumsum(sizes) - sizes
        times = np.concatenate([times for _, times in parts]).astype(np.float32)
        lengths = np.add.reduceat(times, starts)
        return cls(
            np.concatenate([i for i, _ in parts]), times, np.repeat(np.arange(len(parts)), sizes), starts, lengths
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """The question's tokens that occur in the index, their idf, which are more than one character ("pairs"), and the
    BM25 score of each in each candidate, (tokens, n). `unknown` is how many pairs occur nowhere."""

    tokens: list[str]
    idf: Values
    pairs: NDArray[np.bool_]
    scores: Values
    unknown: int

    @classmethod
    def of(cls, found: Candidates, held: _Held, mean_length: float) -> _Said:
        lexical = found.snapshot.lexical
        said = list(dict.fromkeys(found.tokenizer.tokens(found.query)))
        known = sorted((number, token) for token in said if (number := lexical.number_of(token)) is not None)
        tokens = [token for _, token in known]
        often = np.zeros((len(known), len(found)), dtype=np.float32)
        if known:
            numbers = np.array([number for number, _ in known], dtype=held.ids.dtype)
            places = np.minimum(np.searchsorted(numbers, held.ids), len(known) - 1)
            hits = np.flatnonzero(numbers[places] == held.ids)
            often[places[hits], held.owner[hits]] = held.times[hits]
        idf = np.array([lexical.idf(token) for token in tokens], dtype=np.float32)
        norms = K1 * (1 - B + B * held.lengths / mean_length)
        scores = np.asarray(idf[:, None] * often / (often + norms), dtype=np.float32)
        pairs = np.array([_is_pair(token) for token in tokens], dtype=bool)
        return cls(tokens, idf, pairs, scores, sum(map(_is_pair, said)) - int(pairs.sum()))

    def figures(self, found: Candidates) -> dict[str, float]:
        """What is told of the question itself."""
        pairs = int(self.pairs.sum())
        return {
            "tokens": math.log1p(pairs),
            "unknown": self.unknown / max(1, self.unknown + pairs),
            "rarest": float((self.idf * self.pairs).max(initial=0)),
            "bm25_share": float(found.lexical.max()) / max(float(self.idf.sum()), _TINY),
        }


def _is_pair(token: str) -> bool:
    return len(token) > 1 or token < _FIRST_CJK


def _of_words(said: _Said) -> Columns:
    """How much of the question a candidate says, by different weights of its tokens."""
    holds = said.scores > 0
    among = holds.sum(axis=1)
    local = np.log((holds.shape[1] + 1) / (among + 0.5)) * (among > 0)
    weights = said.idf * said.pairs
    return {
        "bm25_pairs": said.scores[said.pairs].sum(axis=0),
        "bm25_characters": said.scores[~said.pairs].sum(axis=0),
        "bm25_highest": said.scores.max(axis=0, initial=0),
        "cover_pairs": _share(weights, holds),
        "cover_characters": _share(said.idf * ~said.pairs, holds),
        "cover_local": _share(local, holds),
        "cover_local_pairs": _share(local * said.pairs, holds),
        "rarest": holds[np.argsort(-weights, kind="stable")[:4]].sum(axis=0),
    }


def _of_sentences(found: Candidates, said: _Said) -> Columns:
    """How many sentences a candidate has, and how much of the question the best of them says and the headings say."""
    total = max(float((said.idf * said.pairs).sum()), _TINY)
    told = list(zip(said.tokens, said.idf.tolist(), strict=True))
    holds = (said.scores > 0) & said.pairs[:, None]
    columns: dict[str, list[float]] = {"sentences": [], "best_sentence": [], "cover_context": []}
    for passage, own in zip(found.passages, holds.T, strict=True):
        held = [told[at] for at in np.flatnonzero(own).tolist()]
        pieces = [piece for piece in _SENTENCE.split(passage.text) if len(piece) > 1]
        columns["sentences"].append(math.log1p(max(1, len(pieces))))
        columns["best_sentence"].append(max((_weight_in(piece, held) for piece in pieces), default=0.0) / total)
        columns["cover_context"].append(_weight_in(passage.context, held) / total)
    return {name: np.array(values) for name, values in columns.items()}


def _weight_in(text: str, held: Sequence[tuple[str, float]]) -> float:
    return sum([weight for token, weight in held if token in text])


def _share(weights: NDArray[Any], holds: NDArray[np.bool_]) -> Values:
    """The share of the weights, (tokens,), that each text holds."""
    shares: Values = np.asarray((weights @ holds) / max(float(weights.sum()), _TINY), dtype=np.float32)
    return shares


# -- meaning -----------------------------------------------------------------------------------------------------------


def _of_vectors(found: Candidates) -> Columns:
    """How near the question is to the candidate, to what stands before and after it, and the candidates to one another."""
    dense, n = found.snapshot.dense, len(found)
    vectors = dense.vectors(found.rows)
    before, after = np.maximum(found.rows - 1, 0), np.minimum(found.rows + 1, len(found.snapshot) - 1)
    around = dense.vectors(np.concatenate([before, after])) @ found.vector
    columns: Columns = {"cosine_before": around[:n], "cosine_after": around[n:]}
    for width in _WIDTHS:
        # The builtin encoder is trained for its first dimensions to do alone; of others that is not known.
        used = width if isinstance(found.encoder, StaticEncoder) else vectors.shape[1]
        part = vectors[:, :used]
        columns[f"cosine_{width}"] = part @ found.vector[:used] / np.maximum(np.linalg.norm(part, axis=1), _TINY)
    like = vectors @ vectors.T
    best = np.argsort(-found.fused, kind="stable")[:5]
    columns["like_best"] = like[:, best].sum(axis=1) - np.isin(np.arange(n), best)
    columns["like_all"] = like.mean(axis=1)
    np.fill_diagonal(like, -1)
    columns["nearest"] = like.max(axis=1)
    return columns


def _of_nearness(found: Candidates, held: _Held, reading: Reading) -> Columns:
    """How near the nearest word of a candidate is to each word of the question, on average (late interaction: Khattab
    and Zaharia 2020), and how much of the candidate the question speaks of. Words weigh as long as their vectors are."""
    nothing = np.zeros(len(found), dtype=np.float32)
    columns: Columns = {"near_words": nothing, "nearer_words": nothing, "words_asked": nothing}
    if not isinstance(found.encoder, StaticEncoder):
        return columns
    assert reading.word_of is not None and reading.words is not None and reading.weights is not None
    said = list(dict.fromkeys(found.encoder.token_ids([found.query])[0]))
    weights = reading.weights[said]
    if not weights.any():
        return columns
    words = np.where(held.ids >= 0, reading.word_of[held.ids], -1)
    kept = words >= 0
    kept[held.starts] = True  # whether a word or not: no stretch may be empty
    starts = np.searchsorted(np.flatnonzero(kept), held.starts)
    words = words[kept]
    different, at = _numbered(words, len(reading.weights))
    lengths = reading.weights[different]
    likeness = reading.words[different] @ reading.words[said].T
    likeness, lengths = np.append(likeness, np.zeros((1, len(said)), np.float32), axis=0), np.append(lengths, 0)
    nearest = np.maximum.reduceat(likeness.take(at, axis=0), starts, axis=0)
    columns["near_words"] = nearest @ weights / weights.sum()
    columns["nearer_words"] = np.maximum(nearest - _NEAR, 0) @ weights / weights.sum()
    spoken = (lengths * np.maximum(likeness.max(axis=1), 0))[at]
    columns["words_asked"] = np.add.reduceat(spoken, starts) / np.maximum(np.add.reduceat(lengths[at], starts), _TINY)
    return columns


def _numbered(words: NDArray[np.int32], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different `words`, numbers from 0 to below `size`, and for each its place among them; -1 for -1."""
    there = np.zeros(size + 1, dtype=bool)
    there[words] = True
    there[-1] = False
    different = np.flatnonzero(there)
    place = np.full(size + 1, -1, dtype=np.int64)
    place[different] = np.arange(len(different))
    return different, place[words]


# -- documents ---------------------------------------------------------------------------------------------------------


def _of_documents(found: Candidates) -> Columns:
    """How many other candidates are of the same document, and how good they are."""
    numbers: dict[str, int] = {}
    own = np.array([numbers.setdefault(p.document_id or title_of(p.context), len(numbers)) for p in found.passages])
    same = own[:, None] == own[None, :]
    np.fill_diagonal(same, False)
    return {
        "same_document": np.log1p(same.sum(axis=1)),
        "same_document_best": np.where(same, found.fused[None, :], 0).max(axis=1),
        "same_document_sum": same @ found.fused,
    }


def _of_titles(found: Candidates) -> Columns:
    """What kind of document a candidate is of: a law of the parliament, or how a court or ministry reads one."""
    titles = [title_of(p.context) for p in found.passages]
    interprets = np.array([bool(_INTERPRETATION.search(title)) for title in titles])
    return {"law": np.array([bool(_LAW.search(title)) for title in titles]) & ~interprets, "interpretation": interprets}


def title_of(context: str) -> str:
    """The title in front of the headings of a passage's context."""
    return context.split(" ", 1)[0]
