"""Trains qa/decide/polarity.npz: `python -m eval.polarity --rows FILE... --out qa/decide/polarity.npz [--test FILE...]`.

The rows are reading rows (`index.training.reader.written` writes them) of which those that are answered by yes or no are used: the
question, the words that decide it and their sentence. An L2 logistic regression (scikit-learn); printed is the share that is right,
cross-validated by passage, and of the rows of --test.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from index.training.reader.data import lines
from qa.decide.polarity import BUCKETS, buckets

STRENGTH = 0.03  # inverse of the L2 penalty
LEAST = 3
"""Questions that a feature must occur in."""
FOLDS = 5
STOPS = "。；\n"


def sentence_around(passage: str, span: Sequence[int]) -> str:
    """The sentence that a span of a passage stands in."""
    start = max(passage.rfind(stop, 0, span[0]) for stop in STOPS) + 1
    ends = [at for stop in STOPS if (at := passage.find(stop, span[1])) >= 0]
    return passage[start : min(ends, default=len(passage))]


def decided(rows: Iterable[dict[str, Any]]) -> list[tuple[str, str, str, bool, str]]:
    """Question, words, sentence, whether it is yes, and the passage, of the rows that are answered by yes or no."""
    out = []
    for row in rows:
        if row.get("yes_no") and row["spans"]:
            text, span = row["passage"], row["spans"][0]
            words = (row["question"], text[slice(*span)], sentence_around(text, span))
            out.append((*words, row["yes_no"] == "yes", row["passage_id"]))
    return out


def matrix(rows: Sequence[tuple[str, str, str, bool, str]]) -> sparse.csr_matrix:
    """A row of ones and noughts for each question, (n, BUCKETS)."""
    found = [buckets(*row[:3]) for row in rows]
    ends = np.cumsum([0, *map(len, found)])
    ones = np.ones(ends[-1], dtype=np.float32)
    return sparse.csr_matrix((ones, np.concatenate(found), ends), shape=(len(rows), BUCKETS))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.polarity", description="由措辞判断是与否的小模型")
    parser.add_argument("--rows", type=Path, nargs="+", required=True, help="训练用的阅读题")
    parser.add_argument("--test", type=Path, nargs="*", default=[], help="只用来测的阅读题")
    parser.add_argument("--strength", type=float, default=STRENGTH)
    parser.add_argument("--out", type=Path, help="写入的 npz 文件")
    given = parser.parse_args(arguments)
    rows = decided(row for path in given.rows for row in lines(path))
    features, yes = matrix(rows), np.array([row[3] for row in rows])
    used = np.flatnonzero(np.asarray((features != 0).sum(0)).ravel() >= LEAST)
    model = LogisticRegression(C=given.strength, solver="liblinear", fit_intercept=False)
    groups = np.array([row[4] for row in rows])
    said = cross_val_predict(model, features[:, used], yes, groups=groups, cv=GroupKFold(FOLDS))
    print(f"{len(rows)} 题，{len(used)} 个特征，交叉验证 {(said == yes).mean():.3f}")
    model.fit(features[:, used], yes)
    for path in given.test:
        tested = decided(lines(path))
        right = model.predict(matrix(tested)[:, used]) == [row[3] for row in tested]
        print(f"{path.name}：{len(tested)} 题，{right.mean():.3f}")
    if given.out is not None:
        weights = np.zeros(BUCKETS, dtype=np.float16)
        weights[used] = model.coef_[0]
        np.savez_compressed(given.out, weights=weights)
        print(f"{given.out}，{given.out.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
