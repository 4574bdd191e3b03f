"""Fits the confidence of qa/confidence.py: `python -m eval.calibrate GOLD... --data DIR`.

Every gold question is asked, with refusals off; the features of the best candidate are kept with whether it was right and
rightly cited (an answer to an unanswerable question is wrong). A logistic regression is fitted; the figures printed are
cross-validated. Questions about other documents (--foreign) teach it what a good-looking figure in the wrong place is like.
The printed weights are put into qa/confidence.py by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from eval.answers import is_cited, is_right
from eval.datasets import GoldQuestion, Unanswerable, read_gold
from eval.report import table
from qa.build import build_engine
from qa.engine import Engine
from qa.types import Question

FOLDS = 10
STRENGTH = 1.0  # inverse of the L2 penalty


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.calibrate", description="拟合回答的把握")
    parser.add_argument("pairs", nargs="+", metavar="GOLD=DATA", help="问题文件=数据目录")
    parser.add_argument(
        "--foreign", nargs="*", default=[], metavar="GOLD=DATA", help="与该数据目录无关的问题：任何回答都算错"
    )
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 21))
    given = parser.parse_args(arguments)
    features: list[tuple[float, ...]] = []
    labels: list[bool] = []
    for pair, foreign in [*((p, False) for p in given.pairs), *((p, True) for p in given.foreign)]:
        gold, _, data = pair.partition("=")
        engine = build_engine(Path(data))
        for row in read_gold(Path(gold)):
            if isinstance(row, GoldQuestion) and foreign:
                row = Unanswerable(row.id, row.question, row.style, "另一个城市的文件")
            if isinstance(row, GoldQuestion | Unanswerable):
                judged = _judge(engine, row, given.as_of)
                if judged is not None:
                    features.append(judged[0])
                    labels.append(judged[1])
    _fit(np.array(features), np.array(labels))
    return 0


def _judge(engine: Engine, row: GoldQuestion | Unanswerable, as_of: date) -> tuple[tuple[float, ...], bool] | None:
    """Features of the best candidate and whether it is right; None where the question is refused before any reading."""
    weighed = engine.weigh(Question(row.question, as_of))
    if weighed is None:
        return None
    best, features = weighed
    if isinstance(row, Unanswerable):
        return astuple(features), False
    return astuple(features), is_cited(row, engine.cite(best)[0]) and is_right(row, best.text)


def _fit(x: NDArray[np.float64], y: NDArray[np.bool_]) -> None:
    model = LogisticRegression(C=STRENGTH)
    p = cross_val_predict(model, x, y, cv=FOLDS, method="predict_proba")[:, 1]
    model.fit(x, y)
    print("weights", [round(float(w), 2) for w in model.coef_[0]], "bias", round(float(model.intercept_[0]), 2))
    print(f"{len(y)} 题，正确 {y.mean():.3f}，交叉验证 Brier {np.mean((p - y) ** 2):.3f}")
    bins = [(a, a + 0.2) for a in (0.0, 0.2, 0.4, 0.6, 0.8)]
    rows = [
        [f"{a:.1f}-{b:.1f}", str(m.sum()), f"{y[m].mean():.2f}"] for a, b in bins if (m := (p >= a) & (p < b)).any()
    ]
    print(table(["把握", "题数", "正确率"], rows))
    risk = []
    for threshold in np.arange(0.2, 0.75, 0.05):
        kept = p >= threshold
        if kept.any():
            risk.append(
                [
                    f"{threshold:.2f}",
                    f"{kept.mean():.3f}",
                    f"{1 - y[kept].mean():.3f}",
                    f"{(kept & y).sum() / y.sum():.3f}",
                ]
            )
    print(table(["阈值", "作答率", "错误率", "保住的正确答案"], risk))


if __name__ == "__main__":
    sys.exit(main())
