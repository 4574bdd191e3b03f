"""Fits the order in which passages are read: `python -m eval.order GOLD=DATA... --out qa/decide/scorer.json`.

A conditional logit (McFadden 1974) over the figures of qa/order.py: of what the search finds for a question, the passage that holds the
words that carry the answer is to come first. Figures are cross-validated by document; with --check the shipped order is judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from eval.answers import is_covered
from eval.datasets import GoldQuestion, read_gold
from eval.report import table
from eval.scorer import FOLDS, conditional_logit, told
from qa.build import build_engine
from qa.decide.scorer import ORDER, load_scorer
from qa.engine import Engine
from qa.linear import Linear
from qa.order import FIGURES, figures
from qa.types import Question

PENALTY = 0.003
"""Of the squared weights, a question; figures have unit variance."""
DEPTHS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was found for a question: the figures of each passage (n, len(FIGURES)), whether it holds the answer, the document that does,
    and the set of questions."""

    rows: NDArray[np.float32]
    right: NDArray[np.bool_]
    group: str
    source: str


def ordered(engine: Engine, gold: GoldQuestion, as_of: date, source: str) -> Ordered | None:
    """What the service finds for a question; None where it searches for nothing."""
    found = engine.found(Question(gold.question, as_of))
    if found is None or not found[1]:
        return None
    inquiry, weighed = found
    quotes = [quote for quote in (gold.quote, *gold.alt_quotes) if quote]
    rows = np.stack([figures(w, inquiry.asked, as_of, inquiry.meant) for w in weighed])
    right = np.array([any(is_covered(q, w.source.hit.passage.text) for q in quotes) for w in weighed])
    return Ordered(rows, right, gold.document or gold.id, source)


def fit(questions: Sequence[Ordered], counts: Sequence[float]) -> Linear:
    """The weights, from the questions for which something right and something wrong was found; `counts` is what each counts."""
    known = [at for at, q in enumerate(questions) if q.right.any() and not q.right.all()]
    chosen = [(questions[at].rows, questions[at].right) for at in known]
    return conditional_logit(chosen, PENALTY, np.array([counts[at] for at in known]))


def places(questions: Sequence[Ordered], weights: Linear) -> list[int]:
    """From 0 the place of the first right passage of each question; beyond all where none is right."""
    out = []
    for q in questions:
        right = q.right[np.argsort(-weights.logits(q.rows), kind="stable")]
        out.append(int(right.argmax()) if right.any() else len(right) + max(DEPTHS))
    return out


def cross_validated(questions: Sequence[Ordered], counts: Sequence[float]) -> list[int]:
    """The places, each by weights fitted without its document."""
    out = [0] * len(questions)
    groups = np.array([q.group for q in questions])
    for fitted, held in GroupKFold(FOLDS).split(groups, groups=groups):
        weights = fit([questions[at] for at in fitted], [counts[at] for at in fitted])
        for at, place in zip(held, places([questions[at] for at in held], weights), strict=True):
            out[at] = place
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.order", description="拟合阅读前的段落次序")
    parser.add_argument("pairs", nargs="+", metavar="GOLD=DATA", help="问题文件=数据目录")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 29))
    parser.add_argument("--count", nargs="*", default=[], metavar="SOURCE=FACTOR", help="这一来源的每个问题算作几个")
    parser.add_argument("--check", action="store_true", help="不拟合，只看现用的次序")
    parser.add_argument("--out", type=Path, help="写入拟合结果的 json 文件")
    given = parser.parse_args(arguments)
    questions: list[Ordered] = []
    for pair in given.pairs:
        gold, _, data = pair.partition("=")
        engine = build_engine(Path(data), reader="none")
        rows = [row for row in read_gold(Path(gold)) if isinstance(row, GoldQuestion)]
        found = (ordered(engine, row, given.as_of, Path(gold).stem) for row in tqdm(rows, desc=gold, disable=None))
        questions += [q for q in found if q is not None]
    factors = {name: float(factor) for name, _, factor in (pair.partition("=") for pair in given.count)}
    counts = [factors.get(q.source, 1.0) for q in questions]
    shipped = load_scorer(False).order
    at = places(questions, shipped) if given.check else cross_validated(questions, counts)
    lines = []
    for source in dict.fromkeys(q.source for q in questions):
        own = [place for place, q in zip(at, questions, strict=True) if q.source == source]
        lines.append([source, str(len(own)), *(f"{np.mean([place < depth for place in own]):.3f}" for depth in DEPTHS)])
    print(table(["来源", "问题", *(f"前 {depth} 段里有答案" for depth in DEPTHS)], lines))
    if given.out and not given.check:
        known = json.loads(given.out.read_text("utf-8"))
        known[ORDER] = told(fit(questions, counts), FIGURES)
        given.out.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
