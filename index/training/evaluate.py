"""How well a model finds articles of law: `python -m index.training.evaluate --shared ../shared --model index/model`.

Rows: BM25 alone, dense alone, and their weighted sum (0.3 dense, scores scaled to 0..1 over the best 200 of either).
Columns: recall@10, MRR@10 and nDCG@10 over the dev questions of `statutes/`, over all of them and over those none of
whose articles is an article of a train question ("unseen"): a model that learnt the train articles by heart fails.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import bm25s
import jieba
import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, load_encoder

DEPTH = 200
Scores = dict[int, float]  # row of the corpus -> score


@dataclass(frozen=True)
class Statutes:
    """Passages, dev questions with the rows of their articles, and which questions have only unseen articles."""

    passages: list[str]
    questions: list[str]
    gold: list[frozenset[int]]
    unseen: list[bool]


def read_statutes(shared: Path, split: str = "dev") -> Statutes:
    """The BEIR folder `statutes/` under `shared`."""
    folder = shared / "statutes"
    with lzma.open(folder / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    place = {row["_id"]: number for number, row in enumerate(rows)}
    queries = {row["_id"]: row["text"] for row in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))}
    gold = _qrels(folder / "qrels" / f"{split}.tsv")
    seen = set().union(*_qrels(folder / "qrels" / "train.tsv").values())
    return Statutes(
        passages=[f"{row['title']} {row['text']}" for row in rows],
        questions=[queries[key] for key in gold],
        gold=[frozenset(place[article] for article in articles) for articles in gold.values()],
        unseen=[not (articles & seen) for articles in gold.values()],
    )


def _qrels(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, article, _ = line.split("\t")
        found[query].add(article)
    return dict(found)


def words(text: str) -> list[str]:
    """jieba's search words of `text`, without punctuation."""
    clean = unicodedata.normalize("NFKC", text).lower()
    return [word for word in jieba.lcut_for_search(clean) if word[0].isalnum()]


def lexical(passages: list[str], questions: list[str], depth: int = DEPTH) -> list[Scores]:
    """BM25 (Lucene's, k1 1.2, b 0.75) scores of the best `depth` passages of each question."""
    engine = bm25s.BM25(k1=1.2, b=0.75)
    engine.index([words(text) for text in passages], show_progress=False)
    rows, scores = engine.retrieve([words(q) for q in questions], k=depth, show_progress=False, n_threads=1)
    return [dict(zip(r.tolist(), s.tolist(), strict=True)) for r, s in zip(rows, scores, strict=True)]


def dense(encoder: Encoder, passages: list[str], questions: list[str], depth: int = DEPTH) -> list[Scores]:
    """Inner products of the best `depth` passages of each question."""
    table, asked = encoder.encode_passages(passages), encoder.encode_queries(questions)
    return [_best(table @ vector, depth) for vector in asked]


def _best(scores: NDArray[np.float32], depth: int) -> Scores:
    rows = np.argpartition(-scores, depth)[:depth]
    return dict(zip(rows.tolist(), scores[rows].tolist(), strict=True))


def fused(first: Scores, second: Scores, weight: float) -> Scores:
    """Weighted sum of scores scaled to 0..1; a passage that one side lacks gets 0 from it."""
    one, two = _scaled(first), _scaled(second)
    return {row: (1 - weight) * one.get(row, 0.0) + weight * two.get(row, 0.0) for row in {**one, **two}}


def _scaled(scores: Scores) -> Scores:
    low, high = min(scores.values()), max(scores.values())
    return {row: (score - low) / ((high - low) or 1.0) for row, score in scores.items()}


def figures(found: list[Scores], gold: list[frozenset[int]]) -> tuple[float, float, float]:
    """Mean recall@10, MRR@10 and nDCG@10, each 0..1."""
    rows = [_one(scores, wanted) for scores, wanted in zip(found, gold, strict=True)]
    recall, reciprocal, gain = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return recall, reciprocal, gain


def _one(scores: Scores, wanted: frozenset[int]) -> tuple[float, float, float]:
    best = sorted(scores, key=lambda row: (-scores[row], row))[:10]
    hits = [rank for rank, row in enumerate(best, 1) if row in wanted]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(wanted)) + 1))
    gain = sum(1 / math.log2(rank + 1) for rank in hits) / ideal
    return len(hits) / len(wanted), (1 / hits[0] if hits else 0.0), gain


def table(statutes: Statutes, runs: dict[str, list[Scores]]) -> str:
    """The Markdown table of `runs` over all questions and over the unseen ones."""
    parts = {"all": [True] * len(statutes.gold), "unseen": statutes.unseen}
    lines = ["| run | questions | n | recall@10 | MRR@10 | nDCG@10 |", "|---|---|---|---|---|---|"]
    for part, chosen in parts.items():
        places = [number for number, take in enumerate(chosen) if take]
        for name, found in runs.items():
            got = figures([found[n] for n in places], [statutes.gold[n] for n in places])
            lines.append(f"| {name} | {part} | {len(places)} | " + " | ".join(f"{value:.3f}" for value in got) + " |")
    return "\n".join(lines)


def evaluate(encoder: Encoder, statutes: Statutes, words_found: list[Scores], weight: float = 0.3) -> str:
    """The table for `encoder` next to BM25 scores that `lexical` made."""
    vectors_found = dense(encoder, statutes.passages, statutes.questions)
    both = [fused(one, two, weight) for one, two in zip(words_found, vectors_found, strict=True)]
    return table(statutes, {"BM25": words_found, "dense": vectors_found, f"fused {weight}": both})


def main() -> None:
    """Command entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds statutes/")
    parser.add_argument("--model", default="builtin", help="builtin, a model folder or a model name")
    parser.add_argument("--weight", type=float, default=0.3, help="share of the dense score in the fused run")
    options = parser.parse_args()
    jieba.setLogLevel("ERROR")
    statutes = read_statutes(options.shared)
    words_found = lexical(statutes.passages, statutes.questions)
    print(evaluate(load_encoder(options.model), statutes, words_found, options.weight))


if __name__ == "__main__":
    main()
