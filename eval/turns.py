"""Fits the models of qa/turns: `python -m eval.turns --shared ../shared --out qa/turns/turns.npz`.

Three models over the conversations of eval/turns.jsonl, which were written for this (the part `train`):

leans   a logistic regression: does a turn lean on what came before. Reading questions (reading/train.jsonl) take part at a lower
        weight: short follow-ups of a passage lean on its other questions, whole questions on another passage do not
kind    a softmax over how it leans
splice  a conditional logit over all ways to put a turn into an earlier question; the nearer to the standalone form in words, the
        larger the share of belief that a way should get

Prints what they do on the part `held`, conversations that took no part. Deterministic.
"""

from __future__ import annotations

import argparse
import ast
import json
import lzma
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from corpus.errors import PolicyError
from eval.report import table
from eval.spans import json_rows
from index.tokens import Tokenizer, normalise
from index.training.reader.written import FILE as WRITTEN
from qa.turns.fluency import Fluency, counted
from qa.turns.lean import BUCKETS, GRAM, signals, slots
from qa.turns.model import Model
from qa.turns.pieces import bare
from qa.turns.rank import EDGES, KINDS, Language, candidates, features, ranked, with_kinds
from qa.turns.read import CHATS, LEANS, LEANS_UNREAD, language_of

FILE = Path(__file__).parent / "turns.jsonl"
KIND_OF = {
    "ellipsis": "ask", "pronoun": "ask", "confirm": "ask", "source": "ask", "other_value": "value", "correction": "value",
    "condition": "condition", "return": "back",
}  # fmt: skip
ALONE = ("first", "new_topic")
SMALL_TALK = "smalltalk"

LEAN_STRENGTH, KIND_STRENGTH, CHAT_STRENGTH = 2.0, 2.0, 30.0  # inverse L2 penalties
WEAK = 0.4
"""What an example weighs whose label comes from the style of a question alone."""
WEAK_EXAMPLES = 1500
SHORT = 16
"""Characters of a question at most that counts as a follow-up."""
SHARPNESS = 25.0
"""Of the belief that a way to make a turn whole should get, by how near its words are to the standalone form."""
PENALTY = 0.0004
ROUNDS = 80
NEAREST, OTHERS, PREFERRED, PASSES = 30, 60, 30, 2
EDGE_SCALE = 1.0  # what the words at edges are divided by: the larger, the less they count
KEPT_EARLIER = 4
FOLDS = 5
SEED = 7

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A turn with the whole questions before it (the last one first), its kind and what it means by itself."""

    turn: str
    before: tuple[str, ...]
    kind: str
    whole: str
    group: str
    weight: float = 1.0
    answered: str = ""

    @property
    def leans(self) -> bool:
        return self.kind in KIND_OF.values()


def examples(path: Path, part: str) -> list[Example]:
    """The turns of the written conversations of a part."""
    out = []
    for row in json_rows(path, "id", "part", "turns"):
        before: list[str] = []
        for turn in row["turns"] if row["part"] == part else ():
            kind = turn["kind"]
            name = KIND_OF.get(kind, "chat" if kind == SMALL_TALK else "alone")
            out.append(
                Example(turn["question"], tuple(before[::-1][:KEPT_EARLIER]), name, turn["standalone"], row["id"])
            )
            if name != "chat":
                before.append(turn["standalone"])
    return out


def elsewhere(found: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
    """Each whole question once more in the middle of another conversation, where it stands alone; and the first turns and small talk
    without anything before."""
    for at, example in enumerate(found):
        other = found[int(rng.integers(len(found)))]
        if example.kind != "chat" and other.group != example.group and other.before:
            asked = example.turn if example.kind == "alone" else example.whole
            yield Example(asked, other.before, "alone", asked, example.group, 0.5)
        if example.kind == "chat" and other.before:
            yield Example(example.turn, other.before, "chat", "", example.group)
        if example.leans and at % 3 == 0 and len(example.before) > 0:
            yield Example(example.whole, example.before, "alone", example.whole, example.group, 0.5)


def _written() -> Iterator[list[tuple[str, str]]]:
    """The questions that were written for the reader with their styles, passage by passage."""
    with lzma.open(WRITTEN, "rt", encoding="utf-8") as file:
        for line in file:
            asked = json.loads(line)["questions"]
            yield [(q[0], q[1]) for q in (ast.literal_eval(asked) if isinstance(asked, str) else asked)]


def weak(path: Path, rng: np.random.Generator) -> Iterator[Example]:
    """Reading questions, asked after another one of a passage that answered it: a short follow-up of that passage leans on it, a whole
    question on another passage does not. Raises BadDataset."""
    passages: dict[str, list[tuple[str, str]]] = defaultdict(list)
    texts: dict[str, str] = {}
    for row in json_rows(path, "passage_id", "title", "passage", "question", "style"):
        passages[row["passage_id"]].append((row["question"], row["style"]))
        texts[row["passage_id"]] = normalise(row["title"] + row["passage"])
    names = sorted(passages)
    for _ in range(WEAK_EXAMPLES):
        own, other = (names[int(n)] for n in rng.integers(len(names), size=2))
        whole = [q for q, style in passages[own] if style in ("正式", "口语")]
        short = [q for q, style in passages[own] if style == "追问式短问" and len(q) <= SHORT]
        away = [q for q, style in passages[other] if style in ("正式", "口语", "关键词", "错字")]
        if whole and short:
            yield Example(str(rng.choice(short)), (str(rng.choice(whole)),), "leans", "", "", WEAK, texts[own])
        if whole and away and own != other:
            yield Example(str(rng.choice(away)), (str(rng.choice(whole)),), "alone", "", "", WEAK, texts[own])


def written_questions() -> list[str]:
    """All questions without slips that were written for the reader, normalised: what fluency is counted over."""
    return [bare(normalise(q)) for asked in _written() for q, style in asked if style != "错字"]


@dataclass(frozen=True, slots=True)
class Scaling:
    """What signals are standardised with."""

    mean: Array
    scale: Array

    @staticmethod
    def of(dense: Array) -> Scaling:
        return Scaling(dense.mean(0), dense.std(0) + 0.1)


def dense_of(found: Sequence[Example], language: Language) -> Array:
    """The signals of turns, a row each."""
    return np.array([signals(e.turn, e.before, language, e.answered) for e in found])


def matrix(found: Sequence[Example], dense: Array, scaling: Scaling) -> Any:
    """Signals (standardised) and n-grams of turns, a sparse row each, as `Model.logits` weighs them."""
    at = [slots(e.turn) for e in found]
    values = np.concatenate([np.full(len(a), GRAM / max(1, len(a)) ** 0.5) for a in at])
    gram = csr_matrix((values, np.concatenate(at), np.cumsum([0, *map(len, at)])), shape=(len(at), BUCKETS))
    return hstack([csr_matrix((dense - scaling.mean) / scaling.scale), gram]).tocsr()


def nearness(a: str, b: str) -> float:
    """F1 of characters and pairs of them, 0..1."""

    def bag(text: str) -> Counter[str]:
        text = bare(normalise(text)).replace("，", "").replace("的", "")
        return Counter([*text, *(text[i : i + 2] for i in range(len(text) - 1))])

    x, y = bag(a), bag(b)
    return 2 * sum((x & y).values()) / max(1, sum(x.values()) + sum(y.values()))


@dataclass(frozen=True, slots=True)
class Choice:
    """The ways to make one turn whole: features, nearness to the standalone form, and their words; and how the turn leans."""

    rows: Array
    near: Array
    wholes: tuple[str, ...]
    example: Example
    kinds: Array

    def scores(self, weights: Array) -> Array:
        """The score of each way."""
        return np.asarray(with_kinds(self.rows, self.kinds) @ weights, np.float32)

    def only(self, at: NDArray[np.int64]) -> Choice:
        """The same with some of the ways."""
        return replace(self, rows=self.rows[at], near=self.near[at], wholes=tuple(self.wholes[int(n)] for n in at))


def choices(found: Sequence[Example], language: Language, kinds: Array) -> list[Choice]:
    """The ways to make each turn whole."""
    out = []
    for example, p in zip(found, kinds, strict=True):
        ways = candidates(example.turn, example.before, language.words)
        near = np.array([nearness(way.whole, example.whole) for way in ways], np.float32)
        wholes = tuple(way.whole for way in ways)
        out.append(Choice(features(ways, example.before, language), near, wholes, example, p))
    return out


def some_of(choice: Choice, weights: Array | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ways to fit on: the nearest, some of the others and, once there are weights, those that these prefer."""
    count = len(choice.near)
    kept = [*np.argsort(-choice.near, kind="stable")[:NEAREST], *rng.choice(count, min(count, OTHERS), replace=False)]
    if weights is not None:
        kept += list(np.argsort(-choice.scores(weights), kind="stable")[:PREFERRED])
    return np.unique(kept)


def fitted(found: Sequence[Choice], rng: np.random.Generator) -> Array:
    """The weights of a splice, fitted in rounds: each adds the ways that the round before preferred wrongly."""
    weights: Array | None = None
    for _ in range(PASSES):
        some = [choice.only(some_of(choice, weights, rng)) for choice in found]
        scale = np.concatenate([with_kinds(c.rows, c.kinds) for c in some]).std(0) + 0.05
        scale[-2 * EDGES :] = EDGE_SCALE
        weights = fit_splices(some, scale) / scale
    assert weights is not None
    return weights


def fit_splices(found: Sequence[Choice], scale: Array) -> Array:
    """The weights of a conditional logit with soft targets."""
    rows = np.concatenate([with_kinds(c.rows, c.kinds) for c in found]) / scale
    target = np.concatenate([_soft(c.near) for c in found])
    starts = np.cumsum([0, *(len(c.near) for c in found)])[:-1]
    sizes = np.diff([*starts, len(rows)])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = rows @ w.astype(np.float32)
        logits = logits - np.repeat(np.maximum.reduceat(logits, starts), sizes)
        e = np.exp(logits)
        sums = np.add.reduceat(e, starts)
        total = float(np.log(sums).sum() - target @ logits) + PENALTY * len(found) * float(w @ w)
        return total, rows.T @ (e / np.repeat(sums, sizes) - target) + 2 * PENALTY * len(found) * w

    first = np.zeros(rows.shape[1])
    found_w = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}).x
    return np.asarray(found_w, np.float32)


def _soft(near: Array) -> Array:
    e = np.exp(SHARPNESS * (near - near.max()))
    return np.asarray(e / e.sum(), np.float32)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The three logistic regressions over the same rows, and how rows are scaled."""

    scaling: Scaling
    chat: Any
    lean: Any
    kind: Any

    def model(self, fluent: NDArray[np.uint8], splice: Array) -> Model:
        """The weights as they are shipped."""
        weights = np.concatenate([one.coef_ for one in (self.chat, self.lean, self.kind)])
        bias = np.concatenate([one.intercept_ for one in (self.chat, self.lean, self.kind)])
        wide = len(self.scaling.mean)
        return Model(fluent, self.scaling.mean, self.scaling.scale, weights[:, :wide], weights[:, wide:], bias, splice)


def fit_leaning(
    train: Sequence[Example], more: Sequence[Example], language: Language
) -> tuple[Fitted, list[Example], Array]:
    """The regressions, fitted; and the leaning turns of `train` with what the kinds would be said to be by a model that has not seen their
    conversation."""
    every = [*train, *more]
    dense = dense_of(every, language)
    scaling = Scaling.of(dense)
    x, weights = matrix(every, dense, scaling), np.array([e.weight for e in every])
    chat = LogisticRegression(C=CHAT_STRENGTH, max_iter=500)
    chat.fit(x, [e.kind == "chat" for e in every], sample_weight=weights)
    serious = [i for i, e in enumerate(every) if e.kind != "chat" and e.before]
    lean = LogisticRegression(C=LEAN_STRENGTH, max_iter=500)
    lean.fit(x[serious], [every[i].kind != "alone" for i in serious], sample_weight=weights[serious])
    at = [i for i, e in enumerate(train) if e.leans]
    leaning, names = [train[i] for i in at], np.array([KINDS.index(train[i].kind) for i in at])
    kind = LogisticRegression(C=KIND_STRENGTH, max_iter=500)
    unseen = np.zeros((len(at), len(KINDS)), np.float32)
    for some, left in GroupKFold(FOLDS).split(names, names, [e.group for e in leaning]):
        unseen[left] = kind.fit(x[at][some], names[some]).predict_proba(x[at][left])
    kind.fit(x[at], names)
    return Fitted(scaling, chat, lean, kind), leaning, unseen


def figures(held: Sequence[Example], fitted_: Fitted, splice: Array, language: Language, show: bool) -> str:
    """What the models do on conversations that took no part."""
    x = matrix(held, dense_of(held, language), fitted_.scaling)
    p_chat, p_lean = fitted_.chat.predict_proba(x)[:, 1], fitted_.lean.predict_proba(x)[:, 1]
    kinds = fitted_.kind.predict_proba(x).astype(np.float32)
    rows = []
    for bar in sorted({0.4, LEANS_UNREAD, 0.6, 0.7, LEANS, 0.9}):
        alone = [p < bar for e, p in zip(held, p_lean, strict=True) if e.kind == "alone" and e.before]
        found = [p >= bar for e, p in zip(held, p_lean, strict=True) if e.leans]
        rows.append([str(bar), f"{np.mean(alone):.3f}", f"{np.mean(found):.3f}"])
    told = [table(["leaning from", f"{len(alone)} topics alone", f"{len(found)} leaning found"], rows)]
    talk = [(p > CHATS, e.kind == "chat") for e, p in zip(held, p_chat, strict=True)]
    told.append(
        f"small talk: {np.mean([said for said, is_ in talk if is_]):.3f} found, {sum(s and not i for s, i in talk)} wrongly"
    )
    at = [i for i, e in enumerate(held) if e.leans]
    right = [KINDS[int(kinds[i].argmax())] == held[i].kind for i in at]
    told.append(f"kind right: {np.mean(right):.3f}")
    score: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    for c in choices([held[i] for i in at], language, kinds[at]):
        chosen = ranked(c.rows, c.kinds, splice, 1)[0][0]
        for name in (c.example.kind, "all"):
            score[name].append(
                (float(c.near[chosen]), float(c.near.max()), bool(c.near[chosen] >= 0.999 * c.near.max()))
            )
        if show and c.near[chosen] < 0.95 * c.near.max():
            print(c.example.before[0], "|", c.example.turn, "->", c.wholes[chosen], "|", c.example.whole)
    means = [[name, str(len(v)), *(f"{m:.3f}" for m in np.mean(v, 0))] for name, v in sorted(score.items())]
    return "\n".join([*told, table(["made whole", "n", "near", "nearest", "the nearest chosen"], means)])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.turns", description="学习一轮话是否接上文、怎样补全")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--rows", type=Path, default=FILE)
    parser.add_argument("--out", type=Path, help="写入模型的文件")
    parser.add_argument("--show", action="store_true", help="列出补全有误的话")
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(SEED)
    fluent = counted(written_questions())
    language = language_of(Tokenizer(), Fluency(fluent))
    try:
        train, held = examples(given.rows, "train"), examples(given.rows, "held")
        more = [*elsewhere(train, rng), *weak(given.shared / "reading" / "train.jsonl", rng)]
    except PolicyError as error:
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1
    found, leaning, kinds = fit_leaning(train, more, language)
    splice = fitted(choices(leaning, language, kinds), rng)
    if given.out:
        found.model(fluent, splice).save(given.out)
        print(f"{len(train)} turns, {len(more)} besides; {given.out.stat().st_size / 1e3:.0f} kB", flush=True)
    print(figures(held, found, splice, language, given.show))
    return 0


if __name__ == "__main__":
    sys.exit(main())
