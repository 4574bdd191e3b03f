"""What each part of the answering path is worth: `python -m eval.ablation GOLD --data DIR`.

Each row is the same run with one part switched off; the threshold of refusals stays, so that what a part does for the
answers and what it does for the refusals are seen together. One row puts the threshold to 0: nothing is refused for low
confidence.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from eval.datasets import GoldRow, read_gold
from eval.report import table
from eval.run import evaluate_gold
from index.types import Hit
from qa.build import build_engine
from qa.decide.features import NAMES, RIVALRY
from qa.decide.identity import Identity
from qa.decide.rivals import Chosen
from qa.engine import Engine
from qa.linear import Linear
from qa.read import Candidate
from qa.turns.memory import MemoryConversations
from qa.weighed import Weighed

FIGURES = ("both", "answer", "wrong_rate", "wrongly_refused", "refused", "followups", "hit1")
KINDS = ("distributive", "amount", "department", "list", "condition", "procedure", "definition", "yesno", "validity")


def _patched(**names: Any) -> Callable[[], AbstractContextManager[None]]:
    """A context in which functions, named folder_module__name, are replaced."""

    @contextmanager
    def context() -> Iterator[None]:
        patches = [mock.patch(path.replace("__", "."), value) for path, value in names.items()]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in reversed(patches):
                patch.stop()

    return context


def _nothing(*_: object) -> tuple[Candidate, ...]:
    return ()


def _no_verdict(*_: object, **__: object) -> None:
    return None


def _as_found(weighed: list[Weighed], rest: list[Hit], *_: object) -> tuple[list[Weighed], list[Hit]]:
    """The passages in the order of the search."""
    return sorted(weighed, key=lambda w: w.found_at), rest


NO_IDENTITY = Identity(*(0.0 for _ in fields(Identity)))

SWITCHED_OFF: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "分别对应": _patched(
        qa__read__respectively__read=_nothing,
        qa__read__values__verdict=_no_verdict,
        qa__read__values__verdict_of_rungs=_no_verdict,
        qa__read__ladder__read=_nothing,
    ),
    "两跳引用": _patched(
        qa__passages__asks_penalty=lambda question: False,
        qa__engine__with_references=lambda sentence, context: sentence,
    ),
    "句式读取": _patched(qa__engine__candidates=_nothing),
    "身份核对": _patched(qa__decide__features__identity_of=lambda *_: NO_IDENTITY),
    "前提核对": _patched(qa__engine__broken_premise=lambda asked, candidate: None),
    "文件之间取舍": _patched(qa__engine__choose=lambda scored, asked, as_of, meant: Chosen(list(scored), ())),
    "按句重排": _patched(qa__weighed__evidence=lambda sentence: 0.0),
    "阅读前的次序": _patched(qa__passages__rerank=_as_found),
    "追问补全": _patched(qa__engine__Engine___last=lambda engine, session: None),
}
"""Parts that are a function of a module."""


def _without_reranker(engine: Engine) -> Engine:
    searcher = copy.copy(engine.searcher)
    searcher.reranker = None
    return Engine(engine.store, searcher, engine.understander, engine.threshold, engine.reader, engine.conversations)


def _without_scorer(engine: Engine) -> Engine:
    """What the reader likes best is said, as surely as it likes it."""
    other = copy.copy(engine)
    alone = np.array([float(name == "answers_and_agrees") for name in NAMES], dtype=np.float32)
    sure = np.append(6 * alone, np.zeros(len(RIVALRY), dtype=np.float32))
    other.scorer = replace(engine.scorer, rank=Linear(alone, 0.0), sure=Linear(sure, -3.0))
    return other


def _without_spelling(engine: Engine) -> Engine:
    other = copy.copy(engine)
    other.understander = copy.copy(engine.understander)
    other.understander._spelling = None
    return other


def _without_lexicon(engine: Engine) -> Engine:
    other = copy.copy(engine)
    other.understander = copy.copy(engine.understander)
    other.understander.lexicon = replace(engine.understander.lexicon, lay={}, found=re.compile(r"(?!)"))
    return other


CHANGED: dict[str, Callable[[Engine], Engine]] = {
    "阅读模型": lambda engine: engine.with_reader(None),
    "评分模型": _without_scorer,
    "检索重排模型": _without_reranker,
    "纠错": _without_spelling,
    "口语词表": _without_lexicon,
    "把握的门槛": lambda engine: engine.with_threshold(0.0),
}
"""Parts that the engine holds."""


def rows_of(engine: Engine, gold: Sequence[GoldRow], as_of: date) -> Iterator[tuple[str, dict[str, float]]]:
    """The figures of the whole, then with each part switched off."""
    yield "全部", _figures(engine, gold, as_of)
    for name, context in SWITCHED_OFF.items():
        with context():
            yield f"无 {name}", _figures(engine, gold, as_of)
    for name, change in CHANGED.items():
        yield f"无 {name}", _figures(change(engine), gold, as_of)


def _figures(engine: Engine, gold: Sequence[GoldRow], as_of: date) -> dict[str, float]:
    fresh = copy.copy(engine)
    fresh.conversations = MemoryConversations()  # the run before asked in the same sessions
    return dict(evaluate_gold(fresh, "", gold, as_of).figures)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablation", description="逐个关掉各部分，看各项指标降多少")
    parser.add_argument("gold", type=Path, help="问题文件（jsonl）")
    parser.add_argument("--data", type=Path, required=True, help="数据目录")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 21))
    given = parser.parse_args(arguments)
    found = list(rows_of(build_engine(given.data), read_gold(given.gold), given.as_of))
    print(table(["", *FIGURES], [[name, *(f"{f.get(key, 0.0):.3f}" for key in FIGURES)] for name, f in found]))
    kinds = [kind for kind in KINDS if any("type/" + kind in f for _, f in found)]
    print(
        table(["both", *kinds], [[name, *(f"{f.get('type/' + kind, 0.0):.3f}" for kind in kinds)] for name, f in found])
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
