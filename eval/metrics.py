"""Retrieval metrics. All are means over the judged queries, in 0..1; a query that found nothing counts 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

# Query id -> document id -> grade; a grade above 0 means relevant.
Qrels = Mapping[str, Mapping[str, int]]
# Query id -> document ids as ranked, best first, each at most once.
Run = Mapping[str, Sequence[str]]


def recall_at(qrels: Qrels, run: Run, k: int) -> float:
    """Recall@k: mean of |relevant documents among the first k| / |relevant documents|."""

    def one(relevant: Mapping[str, int], ranked: Sequence[str]) -> float:
        return sum(d in relevant for d in ranked[:k]) / len(relevant)

    return _mean(qrels, run, one)


def mrr_at(qrels: Qrels, run: Run, k: int) -> float:
    """MRR@k: mean of 1 / (rank of the first relevant document), 0 where none is among the first k.

    Source: Voorhees 1999, "The TREC-8 Question Answering Track Report".
    """

    def one(relevant: Mapping[str, int], ranked: Sequence[str]) -> float:
        return next((1 / rank for rank, d in enumerate(ranked[:k], 1) if d in relevant), 0.0)

    return _mean(qrels, run, one)


def ndcg_at(qrels: Qrels, run: Run, k: int) -> float:
    """nDCG@k: mean of DCG / ideal DCG, DCG = sum over ranks i = 1..k of grade(i) / log2(i + 1).

    The ideal order has the highest grades first. Gains are linear, as in trec_eval's ndcg_cut and in BEIR.
    Source: Järvelin and Kekäläinen 2002, "Cumulated Gain-Based Evaluation of IR Techniques".
    """

    def dcg(grades: Sequence[int]) -> float:
        return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades[:k], 1))

    def one(relevant: Mapping[str, int], ranked: Sequence[str]) -> float:
        return dcg([relevant.get(d, 0) for d in ranked]) / dcg(sorted(relevant.values(), reverse=True))

    return _mean(qrels, run, one)


def _mean(qrels: Qrels, run: Run, one: Callable[[Mapping[str, int], Sequence[str]], float]) -> float:
    """The mean of `one(relevant, ranked)` over the queries with at least one relevant document; 0 without any."""
    values = []
    for query, grades in qrels.items():
        relevant = {document: grade for document, grade in grades.items() if grade > 0}
        if relevant:
            values.append(one(relevant, run.get(query, ())))
    return sum(values) / len(values) if values else 0.0
