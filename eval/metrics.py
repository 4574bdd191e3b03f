"""Retrieval metrics. All are means over the judged queries, in 0..1; a query that found nothing counts 0.

Written out here, because the library that would do it (ir-measures, by trec_eval's own code) has no wheels for Linux on
ARM, where `make run` would then need a compiler. A test holds the figures equal to that library's on random runs and on
ties; `write_trec` writes runs that trec_eval reads in the order in which they were ranked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from eval.answers import is_covered

# Query id -> document id -> grade; a grade above 0 means relevant.
Qrels = Mapping[str, Mapping[str, int]]
# Query id -> document ids as ranked, best first, each at most once.
Run = Mapping[str, Sequence[str]]
# Query id -> what the metric is for that query.
Values = dict[str, float]
Metric = Callable[[Qrels, Run, int], Values]


def recalls(qrels: Qrels, run: Run, k: int) -> Values:
    """Recall@k of each judged query: |relevant documents among the first k| / |relevant documents|."""
    return {
        query: sum(d in relevant for d in run.get(query, ())[:k]) / len(relevant) for query, relevant in _judged(qrels)
    }


def reciprocal_ranks(qrels: Qrels, run: Run, k: int) -> Values:
    """1 / (rank of the first relevant document) of each judged query, 0 where none is among the first k.

    Source: Voorhees 1999, "The TREC-8 Question Answering Track Report".
    """
    return {
        query: next((1 / rank for rank, d in enumerate(run.get(query, ())[:k], 1) if d in relevant), 0.0)
        for query, relevant in _judged(qrels)
    }


def ndcgs(qrels: Qrels, run: Run, k: int) -> Values:
    """nDCG@k of each judged query: DCG / ideal DCG, DCG = sum over ranks i = 1..k of grade(i) / log2(i + 1).

    The ideal order has the highest grades first. Gains are linear, as in trec_eval's ndcg_cut and in BEIR.
    Source: Järvelin and Kekäläinen 2002, "Cumulated Gain-Based Evaluation of IR Techniques".
    """

    def dcg(grades: Sequence[int]) -> float:
        return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades[:k], 1))

    return {
        query: dcg([relevant.get(d, 0) for d in run.get(query, ())]) / dcg(sorted(relevant.values(), reverse=True))
        for query, relevant in _judged(qrels)
    }


def recall_at(qrels: Qrels, run: Run, k: int) -> float:
    """Recall@k: the mean of `recalls`."""
    return mean(recalls(qrels, run, k))


def mrr_at(qrels: Qrels, run: Run, k: int) -> float:
    """MRR@k: the mean of `reciprocal_ranks`."""
    return mean(reciprocal_ranks(qrels, run, k))


def ndcg_at(qrels: Qrels, run: Run, k: int) -> float:
    """nDCG@k: the mean of `ndcgs`."""
    return mean(ndcgs(qrels, run, k))


def mean(values: Mapping[str, float]) -> float:
    """The mean over the queries; 0 without any."""
    return sum(values.values()) / len(values) if values else 0.0


def quote_rank(quote: str, texts: Sequence[str]) -> int | None:
    """1-based rank of the first text that holds the quote; where none does, of the first where those so far hold it
    together; else None. The rule of the contract's scorer for sets whose right passages are given word for word."""
    for rank, text in enumerate(texts, 1):
        if is_covered(quote, text):
            return rank
    return next((n for n in range(1, len(texts) + 1) if is_covered(quote, " ".join(texts[:n]))), None)


def write_trec(run: Run, path: Path, tag: str) -> None:
    """Write a run as trec_eval reads it: query, Q0, document, rank, score, tag; one line a document found.

    trec_eval sorts by score and, where scores are equal, by document id: the scores written therefore fall by 1 with
    each rank. Raises ValueError where an id holds white space or nothing, and OSError.
    """
    lines = []
    for query, ranked in run.items():
        for rank, document in enumerate(ranked, 1):
            if any(len(name.split()) != 1 for name in (query, document, tag)):
                raise ValueError(f"not a name for a TREC run: {query!r}, {document!r}, {tag!r}")
            lines.append(f"{query} Q0 {document} {rank} {len(ranked) - rank + 1} {tag}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), "utf-8")


def _judged(qrels: Qrels) -> Iterator[tuple[str, dict[str, int]]]:
    """The queries with at least one relevant document, and their relevant documents with grades."""
    for query, grades in qrels.items():
        relevant = {document: grade for document, grade in grades.items() if grade > 0}
        if relevant:
            yield query, relevant
