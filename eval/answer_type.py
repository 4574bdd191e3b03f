"""Fits the answer types of qa/question: `python -m eval.answer_type --rows FILE... --dev FILE --out qa/question/answer_type.npz`.

Rows are those of reading/*.jsonl: questions with their type. 分别 and penalty questions count as the type that their answer has.
Prints how often the type is right on the dev rows, for each type.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from eval.report import table
from eval.spans import json_rows
from qa.question.answer_type import BUCKETS, AnswerType, buckets

STRENGTH = 10.0
RARE = 0.35
"""A question of a type that is seen n times weighs n**-RARE."""

_TYPES: Mapping[str, AnswerType] = {
    "amount": "amount", "ratio": "ratio", "count": "count", "date": "date", "period": "period", "validity": "validity",
    "department": "department", "person": "person", "place": "person", "list": "list", "material": "list",
    "definition": "definition", "condition": "condition", "procedure": "procedure", "yesno": "yesno",
}  # fmt: skip
_FORMS: tuple[tuple[AnswerType, re.Pattern[str]], ...] = (
    ("amount", re.compile(r"元|倍")),
    ("ratio", re.compile(r"[%％]|百分之|成$")),
    ("date", re.compile(r"\d{4}年|月\d+日")),
    ("period", re.compile(r"^.{0,6}[\d一二三四五六七八九十两半]+个?(?:年|月|日|天|工作日|小时).{0,4}$")),
    ("count", re.compile(r"^.{0,6}[\d一二三四五六七八九十两]+(?:人|名|家|个|分|平方米|件|次).{0,4}$")),
    ("department", re.compile(r"[局委厅部办院]$")),
)


def type_of_row(row: Mapping[str, Any]) -> AnswerType | None:
    """The answer type of a row; None where it has no answer or is of no type."""
    if row["type"] in _TYPES:
        return _TYPES[row["type"]]
    if row["type"] not in ("penalty", "distributive") or not row["answers"]:
        return None
    return next((name for name, form in _FORMS if form.search(row["answers"][0])), "span")


def questions(paths: Iterable[Path]) -> Iterator[tuple[str, AnswerType]]:
    """The questions of files of reading rows, with their types."""
    for path in paths:
        for row in json_rows(path, "question", "type", "answers"):
            if (found := type_of_row(row)) is not None:
                yield row["question"], found


def matrix(asked: Sequence[str]) -> csr_matrix:
    """A row a question: its buckets, of length 1 together."""
    found = [buckets(text) for text in asked]
    starts = np.cumsum([0, *(len(at) for at in found)])
    values = np.concatenate([np.full(len(at), 1 / max(1, len(at)) ** 0.5, np.float32) for at in found])
    return csr_matrix((values, np.concatenate(found), starts), shape=(len(asked), BUCKETS))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.answer_type", description="学习问题要的是哪种答案")
    parser.add_argument("--rows", type=Path, nargs="+", required=True)
    parser.add_argument("--dev", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    rows = list(questions(given.rows))
    types = np.array([t for _, t in rows])
    counts = Counter(types.tolist())
    weights = np.array([counts[t] ** -RARE for t in types])
    model = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3)
    model.fit(matrix([q for q, _ in rows]), types, sample_weight=weights / weights.mean())
    scales = np.abs(model.coef_).max(1) / 127
    np.savez_compressed(
        given.out,
        types=model.classes_.astype(str), weights=np.round(model.coef_ / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32), biases=model.intercept_.astype(np.float32),
    )  # fmt: skip
    print(f"{len(rows)} questions, {given.out.stat().st_size / 1e3:.0f} kB")
    if given.dev:
        dev = list(questions([given.dev]))
        said = model.predict(matrix([q for q, _ in dev]))
        right: dict[str, list[bool]] = defaultdict(list)
        for (_, t), found in zip(dev, said, strict=True):
            right[t].append(found == t)
            right["all"].append(found == t)
        print(table(["type", "n", "right"], [[t, str(len(v)), f"{np.mean(v):.3f}"] for t, v in sorted(right.items())]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
