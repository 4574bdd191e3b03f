"""Fits the confidence of qa/confidence.py: `python -m eval.calibrate GOLD=DATA...`.

Every gold question is asked, with refusals off; the features of the best candidate are kept with whether it was right and
rightly cited (an answer to an unanswerable question is wrong). Two sorts of questions teach it what a good-looking figure
in the wrong place is like, and weigh little, so that the probabilities stay those of real questions: each answerable
question asked again with the documents that answer it left out, and questions about other documents (--foreign). A
logistic regression is fitted; the figures printed are cross-validated, all forms of a question in one fold. The printed
weights, and the table of thresholds and wrong rates, are put into qa/confidence.py by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from eval.answers import is_cited, is_right, squeeze
from eval.datasets import GoldQuestion, Unanswerable, read_gold
from eval.report import table
from eval.risk import Trial, calibration_error
from index.types import Filters
from qa.build import build_engine
from qa.confidence import RULES
from qa.engine import Engine
from qa.types import Question

FOLDS = 10
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
STRENGTH = 1.0  # inverse of the L2 penalty


LEFT_OUT, FOREIGN = 0.1, 0.05
"""What a question weighs that is asked without its documents, and one about other documents; others weigh 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """The features of a best candidate, whether it is right, and what it weighs. `group` is the question."""

    features: tuple[float, ...]
    right: bool
    weight: float
    group: str


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.calibrate", description="拟合回答的把握")
    parser.add_argument("pairs", nargs="+", metavar="GOLD=DATA", help="问题文件=数据目录")
    parser.add_argument(
        "--foreign", nargs="*", default=[], metavar="GOLD=DATA", help="与该数据目录无关的问题：任何回答都算错"
    )
    parser.add_argument("--reader", default="", help="阅读模型，默认内置的；none 拟合只用规则时的把握")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 21))
    given = parser.parse_args(arguments)
    found: list[Example] = []
    for pair, foreign in [*((p, False) for p in given.pairs), *((p, True) for p in given.foreign)]:
        gold, _, data = pair.partition("=")
        engine = build_engine(Path(data), reader=given.reader)
        for row in read_gold(Path(gold)):
            if isinstance(row, GoldQuestion | Unanswerable):
                found += _examples(engine, row, given.as_of, foreign)
    _fit(found)
    return 0


def _examples(engine: Engine, row: GoldQuestion | Unanswerable, as_of: date, foreign: bool) -> list[Example]:
    question = Question(row.question, as_of)
    gold = row if isinstance(row, GoldQuestion) and not foreign else None
    asked = [(question, gold, FOREIGN if foreign else 1.0)]
    if gold is not None and (others := _others(engine, gold)):
        asked.append((replace(question, filters=Filters(document_ids=others)), gold, LEFT_OUT))
    out = []
    for one, right, weight in asked:
        weighed = engine.weigh(one)
        if weighed is not None:
            best, features = weighed
            ok = right is not None and is_cited(right, engine.cite(best)[0]) and is_right(right, best.text)
            kept = astuple(features)[: len(fields(features)) - 1 if features.read else len(RULES.weights)]
            out.append(Example(kept, ok, weight, row.question))
    return out


def _others(engine: Engine, gold: GoldQuestion) -> frozenset[str]:
    """The documents that do not hold the words that carry the right answer."""
    quotes = [squeeze(quote) for quote in (gold.quote, *gold.alt_quotes) if quote]
    texts = {document.id: squeeze(document.text) for document in engine.store.documents()}
    return frozenset(ident for ident, text in texts.items() if not any(quote in text for quote in quotes))


def _fit(found: Sequence[Example]) -> None:
    x, y = np.array([e.features for e in found]), np.array([e.right for e in found])
    weights, groups = np.array([e.weight for e in found]), np.array([e.group for e in found])
    p = np.zeros(len(y))
    for fitted, held in GroupKFold(FOLDS).split(x, y, groups):
        model = LogisticRegression(C=STRENGTH).fit(x[fitted], y[fitted], sample_weight=weights[fitted])
        p[held] = model.predict_proba(x[held])[:, 1]
    model = LogisticRegression(C=STRENGTH).fit(x, y, sample_weight=weights)
    print("weights", [round(float(w), 2) for w in model.coef_[0]], "bias", round(float(model.intercept_[0]), 2))
    for name, chosen in (
        ("问题", weights == 1.0),
        ("去掉所在文件", weights == LEFT_OUT),
        ("别的文件", weights == FOREIGN),
    ):
        if chosen.any():
            _print(name, p[chosen], y[chosen])


def _print(name: str, p: NDArray[np.float64], y: NDArray[np.bool_]) -> None:
    found = [Trial(float(a), bool(b), True) for a, b in zip(p, y, strict=True)]
    print(f"{name}：{len(y)} 题，正确 {y.mean():.3f}，交叉验证 ECE {calibration_error(found):.3f}")
    rows = []
    for threshold in THRESHOLDS:
        kept = p >= threshold
        if kept.any():
            saved = (kept & y).sum() / max(1, y.sum())
            rows.append([f"{threshold:.2f}", f"{kept.mean():.3f}", f"{1 - y[kept].mean():.3f}", f"{saved:.3f}"])
    print(table(["阈值", "作答率", "错误率", "保住的正确答案"], rows))


if __name__ == "__main__":
    sys.exit(main())
