"""Teaches the light reranker the questions that people ask about policies.

`python -m eval.reranker --rows FILE... --data DIR --shared ../shared --work DIR --out index/reranker`: reading rows over city files
(`index.training.reader.written`), a data folder into which these were ingested, and a folder for the index of all statutes.

What is shipped had learnt from statutes, whose encoders are long to make (`index.training.light`). So for statute questions the
goal is what it says of them now (distillation, Hinton et al. 2015), for the new ones the passages that hold what answers.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.answers import is_covered
from eval.beir import index_beir
from eval.datasets import read_beir
from eval.fit_questions import gold_of
from index.encoder import load_encoder
from index.light import FOLDER, MODEL, LightReranker, read_model
from index.tokens import Tokenizer
from index.training import data, light
from index.training.light import Recipe, Table, Weights
from index.training.light_data import Example, Shown
from index.training.reader.data import lines
from qa.build import build_engine
from qa.engine import Engine

CITIES, STATUTES = "cities", "statutes"
MOST = 7800
"""Questions about city files, drawn by chance."""
RECIPE = replace(Recipe(), seeds=(0, 1, 2, 3), epochs=15)
SHARPER = 1.5
"""By how much the scores of the shipped one are multiplied before they become shares."""
_FOLDS = 4


def city_examples(engine: Engine, rows: Iterable[Mapping[str, Any]]) -> Iterator[Example]:
    """An example of each question that something found answers, searched for as the service does."""
    shown = Shown(engine.searcher.snapshot, engine.searcher.encoder, engine.searcher.tokenizer)
    for row in rows:
        gold, asked = gold_of(row), engine.understander.read(row["question"])
        if (known := shown.of(asked.query, asked.added)) is None:
            continue
        passages, own, told = known
        quotes = (gold["quote"], *gold["alt_quotes"])
        right = np.array([any(is_covered(quote, p.text) for quote in quotes) for p in passages])
        if right.any() and not right.all():
            fold = zlib.crc32(row["passage_id"].encode()) % _FOLDS
            yield Example(CITIES, row["question"], own, told, right, int(right.sum()), fold)


def statute_examples(shared: Path, work: Path) -> Iterator[Example]:
    """The statute questions of the train part with what is found for them; nothing is told right or wrong."""
    encoder = load_encoder()
    shown = Shown(index_beir(read_beir(shared / "statutes", "dev"), work, encoder).snapshot, encoder, Tokenizer())
    for row in data.read_questions(shared):
        if (known := shown.of(row["question"])) is not None:
            _, own, told = known
            yield Example(STATUTES, row["question"], own, told, np.zeros(len(own), np.bool_), 1, 0)


def taught(
    shipped: Weights, cities: Sequence[Example], statutes: Sequence[Example], recipe: Recipe = RECIPE
) -> Weights:
    """The weights that put what answers the questions about cities first, and order statutes as the shipped ones do; both
    weigh the same."""
    goals = [light.shares(row) for row in cities] + [_said(shipped, row) for row in statutes]
    weight = np.array([1.0] * len(cities) + [len(cities) / max(1, len(statutes))] * len(statutes), dtype=np.float32)
    mean, spread = shipped["asked_mean"], shipped["asked_spread"]
    return light.learned(Table.of([*cities, *statutes], goals, weight, mean, spread), recipe, mean, spread)


def _said(shipped: Weights, row: Example) -> NDArray[np.float32]:
    scores = SHARPER * light.scores_of(shipped, row)
    belief: NDArray[np.float32] = np.exp(scores - scores.max())
    shares: NDArray[np.float32] = belief / belief.sum()
    return shares


def drawn(rows: Iterable[Mapping[str, Any]], seed: int = 4) -> list[Mapping[str, Any]]:
    """The questions over city files that have an answer, at most MOST of them."""
    known = [row for row in rows if row["source"] == "city" and row["answerable"]]
    return random.Random(seed).sample(known, min(MOST, len(known)))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.reranker", description="用政策问题训练内置的重排模型")
    parser.add_argument("--rows", type=Path, nargs="+", required=True, help="阅读题（written 写出的行）")
    parser.add_argument("--data", type=Path, required=True, help="各城市文件已导入到的数据目录")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True, help="法条索引放在这里，再用时不重建")
    parser.add_argument("--out", type=Path, required=True, help="写入模型的目录")
    given = parser.parse_args(arguments)
    shipped, _ = read_model(FOLDER / MODEL)
    engine = build_engine(given.data, reader="none")
    cities = list(city_examples(engine, drawn(row for file in given.rows for row in lines(file))))
    statutes = list(statute_examples(given.shared, given.work))
    kept, held = [r for r in cities if r.fold], [r for r in cities if not r.fold]
    tried = taught(shipped, kept, statutes, replace(RECIPE, seeds=RECIPE.seeds[:1]))
    for name, weights in (("before", shipped), ("after", tried)):
        figures = [
            light.ndcg(r.right[np.argsort(-light.scores_of(weights, r), kind="stable")], r.relevant) for r in held
        ]
        print(json.dumps({"weights": name, "held": len(held), "ndcg@10": round(float(np.mean(figures)), 4)}))
    light.save(taught(shipped, cities, statutes), given.out)
    LightReranker(given.out)  # raises where it is not what index.light reads
    return 0


if __name__ == "__main__":
    sys.exit(main())
