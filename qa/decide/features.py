"""What the learned scorer sees of a candidate answer: plain figures, most of them in 0..1, none of them weighed by hand.

They tell of the reader (index/reader), of the words that question and sentence share, of the form (qa/read), of retrieval, and of
identity (qa/decide/identity.py). Their order is that of NAMES; the fitted model names them, so that one is never taken for another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.reader.types import Reading
from qa.decide.identity import Identity, identity_of
from qa.decide.polarity import yes_by_words
from qa.evidence import MAX_IDF, Sentence, Terms
from qa.question.answer_type import AnswerType
from qa.ranking import is_boilerplate
from qa.read import Candidate, neural, table
from qa.read.table_match import match
from qa.read.yesno import is_negated
from qa.thresholds import verdict
from qa.understand import Understanding
from qa.weighed import Weighed

_PASSAGE = (
    "read", "answers", "answers_logit", "relevance_gap", "relevance_share", "best_answers", "answers_elsewhere",
    "known", "headings", "document_share", "content", "unknown_words", "missing_word", "regions",
    "first", "reciprocal_rank", "hit_score", "dense", "lexical_reciprocal", "in_force", "out_of_force",
)  # fmt: skip
"""Of the passage: what the reader tells of it beside the others, the share of the question that it holds, its place in the search."""

_SENTENCE = (
    "cover", "own_cover", "residual", "similarity", "boilerplate", *(field.name for field in fields(Identity)),
)  # fmt: skip
"""Of the sentence, with its identity."""

_CANDIDATE = (
    "agrees", "answers_and_agrees", "polar_fits", "polar_sure", "polar_read", "polar_words", "threshold", "several_fits", "wanted", "fit", "found", "found_fit",
    "told_by_reader", "is_polar", "is_sentence", "length", "figure_fits", "in_table", "cell", "cell_gap", "row_gap", "case",
    "whole", "whole_fit", "whole_elsewhere", "more_figures", "share_and_agrees",
)  # fmt: skip
"""Of the candidate itself."""

_KINDS: dict[AnswerType, str] = {
    "amount": "figure", "ratio": "figure", "count": "figure", "period": "figure", "date": "figure", "validity": "validity",
    "department": "who", "person": "who", "list": "list", "definition": "words", "condition": "words", "procedure": "words",
    "span": "words", "yesno": "polar",
}  # fmt: skip
_GROUPS = tuple(dict.fromkeys(_KINDS.values()))
_BY_GROUP = ("asked", "told_by_reader", "agrees", "fit", "found")
"""Of the candidate again, apart for each group of answer types: how far forms and reader are to be trusted differs among them."""

NAMES = (*_PASSAGE, *_SENTENCE, *_CANDIDATE, *(f"{group}/{what}" for group in _GROUPS for what in _BY_GROUP), "belief")
"""The features, in their order."""

RIVALRY = ("margin", "others_answer", "support", "near")
"""What is known of the best candidate once all are ranked, besides its features."""

POLAR = ("可以", "不可以", "需要", "不需要", "是", "否")
_AFFIRMS = ("可以", "需要", "是")
_MOST_LOGIT = 8.0
_MUCH_CONTENT = 60.0  # summed idf of the content of a question that says plainly what it is about
_FIGURE = re.compile(r"[\d〇零一二两三四五六七八九十百千万亿]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*|[〇零一二两三四五六七八九十百千万亿]+")
_MANY_REGIONS = 4  # beyond the first
_TINY = 1e-6
_MANY_FIGURES = 4  # beyond the first: what has as many is a table or a list
_STOPS = re.compile(r"[\s，。；：、！？“”‘’\"'（）()《》]+")
_AT = {name: at for at, name in enumerate(NAMES)}

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Everything that is weighed for one question: its candidates and the passages they stand in."""

    asked: Understanding
    terms: Terms
    as_of: date
    meant: frozenset[str]  # documents that the question means
    candidates: Sequence[Candidate]
    passages: Sequence[Weighed]
    unknown_words: float  # share of the question's weight that no passage at all holds


def features_of(pool: Pool) -> Matrix:
    """A row for each candidate, (n, len(NAMES))."""
    if not pool.candidates:
        return np.zeros((0, len(NAMES)), dtype=np.float32)
    told = {w.source.hit.passage.id: w.reading for w in pool.passages}
    weighed = {w.source.hit.passage.id: w for w in pool.passages}
    readings = [w.reading for w in pool.passages if w.reading is not None]
    wants_polar = max(readings, key=lambda r: r.answers).yes_no if readings else float(pool.asked.kind == "yesno")
    wanted = dict(pool.asked.kinds)
    whole = max((c.fit for c in pool.candidates if c.told_by == "table"), default=0.0)
    of_passage: dict[str, tuple[float, ...]] = {}
    of_sentence: dict[int, tuple[float, ...]] = {}
    rows = []
    for candidate in pool.candidates:
        sentence = candidate.sentence
        ident = sentence.source.hit.passage.id
        reading = told.get(ident)
        if ident not in of_passage:
            of_passage[ident] = _of_passage(pool, sentence, reading, readings, weighed.get(ident))
        if id(sentence) not in of_sentence:
            of_sentence[id(sentence)] = (
                sentence.cover, sentence.own_cover, sentence.residual, max(0.0, sentence.similarity),
                float(is_boilerplate(sentence.text)), *astuple(identity_of(sentence, pool.asked, pool.meant)),
            )  # fmt: skip
        share = of_passage[ident][_AT["relevance_share"]]
        own = _of_candidate(
            pool.asked.text, candidate, reading, wants_polar, wanted.get(candidate.kind, 0.0), whole, share
        )
        rows.append((*of_passage[ident], *of_sentence[id(sentence)], *own))
    plain = np.array(rows, dtype=np.float32)
    out = np.zeros((len(rows), len(NAMES)), dtype=np.float32)
    out[:, : plain.shape[1]] = plain
    out[:, _AT["figure_fits"]] *= [_KINDS[c.kind] == "figure" for c in pool.candidates]
    for group in _GROUPS:
        own_group = [at for at, c in enumerate(pool.candidates) if _KINDS[c.kind] == group]
        out[own_group, _AT[f"{group}/asked"]] = 1.0
        for what in _BY_GROUP[1:]:
            out[own_group, _AT[f"{group}/{what}"]] = out[own_group, _AT[what]]
    out[:, _AT["belief"]] = _belief(out, pool.candidates)
    return out


def _belief(rows: Matrix, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
    """The share of the reader's belief over all passages that goes to the words of each candidate, (n,): what two forms tell of one document
    counts once, what several documents say adds up."""
    joint = np.prod([np.clip(rows[:, _AT[name]], 0, 1) for name in ("agrees", "relevance_share", "answers")], axis=0)
    said = [bare(c.text) for c in candidates]
    best: dict[tuple[str, str], float] = {}
    for text, candidate, belief in zip(said, candidates, joint.tolist(), strict=True):
        key = (text, candidate.sentence.source.document.id)
        best[key] = max(best.get(key, 0.0), belief)
    of_words: dict[str, float] = {}
    for (text, _), belief in best.items():
        of_words[text] = of_words.get(text, 0.0) + belief
    return np.array([of_words[text] for text in said], dtype=np.float32) / (sum(of_words.values()) + _TINY)


def _of_passage(
    pool: Pool, sentence: Sentence, reading: Reading | None, readings: Sequence[Reading], weighed: Weighed | None
) -> tuple[float, ...]:
    """The figures of _PASSAGE."""
    known = weighed.tokens if weighed else frozenset()
    hit, document = sentence.source.hit, sentence.source.document
    best = max((r.relevance or 0.0 for r in readings), default=0.0)
    relevance = (reading.relevance or 0.0) - best if reading else -_MOST_LOGIT
    shares = sum(math.exp((r.relevance or 0.0) - best) for r in readings)
    elsewhere = [
        w.reading.answers for w in pool.passages if w.reading is not None and w.source.document.id != document.id
    ]
    lacking = pool.terms.weights.keys() - known
    status = document.status_on(pool.as_of)
    return (
        float(reading is not None), reading.answers if reading else 0.0, _logit(reading.answers) if reading else 0.0,
        max(-_MOST_LOGIT, relevance) / _MOST_LOGIT, math.exp(relevance) / shares if reading else 0.0,
        max((r.answers for r in readings), default=0.0), max(elsewhere, default=0.0),
        pool.terms.cover(known), weighed.headings if weighed else 0.0, weighed.document_share if weighed else 0.0, min(1.0, pool.terms.total / _MUCH_CONTENT), pool.unknown_words,
        max((pool.terms.weights[t] for t in lacking), default=0.0) / MAX_IDF, _regions(pool),
        float(hit.rank == 1), 1 / max(1, hit.rank), hit.score, hit.scores.get("dense", 0.0),
        1 / hit.ranks["lexical"] if "lexical" in hit.ranks else 0.0,
        float(status == "in_force"), float(status in ("expired", "repealed", "not_yet")),
    )  # fmt: skip


def _regions(pool: Pool) -> float:
    """How many places' documents were found beside each other for a question that names neither a place nor a document, 0..1."""
    if pool.asked.places or pool.meant:
        return 0.0
    return min(1.0, max(0, len({w.source.document.region for w in pool.passages}) - 1) / _MANY_REGIONS)


def _of_candidate(
    question: str,
    candidate: Candidate,
    reading: Reading | None,
    wants_polar: float,
    wanted: float,
    whole: float,
    share: float,
) -> tuple[float, ...]:
    """The figures of _CANDIDATE; `whole` is the fit of the best candidate of the pool that is of several rows together, `share` that of
    the passage in the relevance of all."""
    of_rows = candidate.told_by == "table"
    agrees = neural.agreement(candidate, question, reading) if reading else 0.0
    polar, found = candidate.text in POLAR, float(candidate.found)
    several = reading.several if reading else 0.0
    return (
        agrees, agrees * reading.answers if reading else 0.0, wants_polar if polar else 1 - wants_polar,
        abs(2 * reading.yes - 1) if polar and reading else 0.0, *_polarity(question, candidate, reading), _threshold(question, candidate) if polar else 0.0,
        several if len(neural.values_of(candidate)) > 1 else 1 - several, wanted, candidate.fit, found, found * candidate.fit,
        float(candidate.told_by == neural.BY_READER), float(polar), float(candidate.text.strip() == candidate.sentence.text.strip()),
        math.log1p(len(candidate.text)) / 6, float(bool(_FIGURE.search(candidate.text))), *_in_table(question, candidate),
        float(of_rows), candidate.fit if of_rows else 0.0, 0.0 if of_rows else whole,
        min(1.0, max(0, len(_NUMBER.findall(candidate.text)) - 1) / _MANY_FIGURES), agrees * share,
    )  # fmt: skip


def _in_table(question: str, candidate: Candidate) -> tuple[float, float, float, float, float]:
    """Whether a candidate stands in a table, how well its cells are named, how much better another cell and row is, and whether the
    asker's own figures lie within the bounds of its row (1) or outside of them (-1)."""
    row = table.row_of(candidate.sentence)
    if row is None:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    own, at = row
    matched = match(own, question)
    scores = [
        matched.of_cell(at, c)
        for c, cell in enumerate(own.rows[at].cells)
        if any(cell.span.start < v.end and v.start < cell.span.end for v in neural.values_of(candidate))
    ]
    cell = max(scores, default=0.0)
    best_row = next(iter(matched.best_rows), (at, 0.0))[1]
    cell_gap, row_gap = max(0.0, matched.best_cell[2] - cell), max(0.0, best_row - matched.of_row(at))
    return 1.0, cell, cell_gap, row_gap, matched.cases.get(at, 0.0)


def _polarity(question: str, candidate: Candidate, reading: Reading | None) -> tuple[float, float]:
    """How surely the reader and the words (qa/decide/polarity.py) say what a yes or no says, each -1..1; 0 for other answers."""
    yes = neural.says_yes(candidate, question)
    if yes is None:
        return 0.0, 0.0
    words = "".join(map(candidate.sentence.source.document.quote, neural.values_of(candidate)))
    sign = 1 if yes else -1
    by_words = _logit(yes_by_words(question, words, candidate.sentence.text))
    return sign * _logit(reading.yes) if reading else 0.0, sign * by_words


def _threshold(question: str, candidate: Candidate) -> float:
    """1 where the figures of the question bear a yes or no out, -1 where they contradict it, 0 where they do not decide."""
    said = verdict(question, candidate.sentence.text)
    if said is None:
        return 0.0
    return 1.0 if (candidate.text in _AFFIRMS) == (said != is_negated(question)) else -1.0


def _logit(p: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return max(-_MOST_LOGIT, min(_MOST_LOGIT, math.log(p / (1 - p)))) / _MOST_LOGIT


def rivalry_of(
    rows: Matrix, logits: NDArray[np.float32], texts: Sequence[str], documents: Sequence[str]
) -> NDArray[np.float32]:
    """The figures of RIVALRY for the first of ranked candidates: how far the best different answer is behind, how surely other
    documents answer differently, how much of the belief goes to the same words, and how many different answers are near.

    `texts` are the answers as `bare` leaves them, `documents` the ids of where they stand. What a document says that is out of force
    casts no doubt on one that is not.
    """
    same = np.array([text == texts[0] for text in texts])
    other_document = np.array([document != documents[0] for document in documents])
    counts = rows[:, _AT["out_of_force"]] <= rows[0, _AT["out_of_force"]]
    belief = np.exp(np.clip(logits - logits.max(), -30, 0)) * (counts | same)
    against = ~same & counts
    margin = float(logits[0] - logits[against].max()) if against.any() else _MOST_LOGIT
    near = {text for text, logit in zip(texts, logits, strict=True) if text != texts[0] and logit > logits[0] - 1.0}
    near &= {text for text, one in zip(texts, against, strict=True) if one}
    elsewhere = rows[against & other_document, _AT["answers_and_agrees"]]
    return np.array(
        (
            min(1.0, max(0.0, margin) / _MOST_LOGIT),
            float(elsewhere.max()) if len(elsewhere) else 0.0,
            float(belief[same].sum() / belief.sum()),
            min(1.0, len(near) / 5),
        ),
        dtype=np.float32,
    )


def bare(text: str) -> str:
    """An answer without spaces and stops; signs that tell figures apart stay."""
    return _STOPS.sub("", text)
