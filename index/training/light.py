"""Trains the light reranker: a listwise softmax over the candidates of each question, on two encoders that did not know it.

python -m index.training.light --shared ../shared --out index/reranker --work FOLDER
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from index.light import MODEL, scaled, scaled_asked, score
from index.light_features import FEATURES, QUERY_FEATURES
from index.training.light_data import Example, examples

Values = NDArray[np.float32]
Weights = dict[str, Values]

FOLDS = 4
K = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is trained. `kinds` is what all questions of a kind weigh together, by those of "statutes"."""

    hidden: int = 16
    drop: float = 0.2
    epochs: int = 20
    batch: int = 128
    rate: float = 0.01
    decay: float = 0.01
    seeds: tuple[int, ...] = tuple(range(8))
    kinds: tuple[tuple[str, float], ...] = (("statutes", 1.0), ("reading", 0.3), ("laws", 0.3))


class Network(nn.Module):
    """A linear score plus a layer of hidden units that also see the question's features."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.linear = nn.Linear(len(FEATURES), 1, bias=False)
        self.hidden = nn.Linear(len(FEATURES) + len(QUERY_FEATURES), recipe.hidden)
        self.out = nn.Linear(recipe.hidden, 1, bias=False)
        self.drop = nn.Dropout(recipe.drop)
        nn.init.zeros_(self.linear.weight)
        nn.init.normal_(self.out.weight, std=0.05)

    def forward(self, own: Tensor, asked: Tensor) -> Tensor:
        """Scores (questions, candidates) of scaled features (questions, candidates, f) and (questions, q)."""
        both = torch.cat([own, asked[:, None].expand(-1, own.shape[1], -1)], dim=-1)
        scores: Tensor = self.linear(own) + self.out(self.drop(functional.silu(self.hidden(self.drop(both)))))
        return scores[..., 0]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as tensors: lists are filled up to the longest, `there` says what is real."""

    own: Tensor
    asked: Tensor
    target: Tensor
    there: Tensor
    weight: Tensor

    @classmethod
    def of(
        cls, rows: Sequence[Example], goals: Sequence[Values], weight: Values, mean: Values, spread: Values
    ) -> Table:
        """`goals` are the shares that the candidates of each example are to get, `mean` and `spread` those of the questions' features."""
        longest = max(len(row.right) for row in rows)
        own = np.zeros((len(rows), longest, len(FEATURES)), dtype=np.float32)
        target = np.zeros((len(rows), longest), dtype=np.float32)
        there = np.zeros((len(rows), longest), dtype=bool)
        for place, (row, goal) in enumerate(zip(rows, goals, strict=True)):
            n = len(row.right)
            own[place, :n], there[place, :n] = scaled(row.own), True
            target[place, :n] = goal
        asked = np.stack([scaled_asked(row.asked, mean, spread) for row in rows])
        return cls(*(torch.from_numpy(part) for part in (own, asked, target, there, weight)))


def fit(rows: Sequence[Example], recipe: Recipe) -> Weights:
    """The weights learned from the examples that found something right, averaged over the seeds."""
    kinds = {kind: weight for kind, weight in recipe.kinds if weight}
    rows = [row for row in rows if row.right.any() and row.kind in kinds]
    told = np.stack([row.asked for row in rows])
    mean, spread = told.mean(axis=0), np.maximum(told.std(axis=0), 1e-6)
    many = {kind: sum(row.kind == kind for row in rows) for kind in kinds}
    weight = np.array([kinds[row.kind] * many["statutes"] / many[row.kind] for row in rows], dtype=np.float32)
    return learned(Table.of(rows, [shares(row) for row in rows], weight, mean, spread), recipe, mean, spread)


def shares(row: Example) -> Values:
    """The right candidates of an example, each with the same share; there must be one."""
    result: Values = (row.right / row.right.sum()).astype(np.float32)
    return result


def learned(table: Table, recipe: Recipe, mean: Values, spread: Values) -> Weights:
    """The weights learnt from a table, averaged over the seeds; features of questions were scaled by `mean` and `spread`."""
    networks = [_trained(table, recipe, seed) for seed in recipe.seeds]

    def joined(name: str, axis: int) -> Values:
        return np.concatenate([network.get_parameter(name).detach().numpy() for network in networks], axis=axis)

    return {
        "linear": joined("linear.weight", 0).mean(axis=0),
        "hidden": joined("hidden.weight", 0),
        "bias": joined("hidden.bias", 0),
        "out": joined("out.weight", 1)[0] / np.float32(len(networks)),
        "asked_mean": mean.astype(np.float32),
        "asked_spread": spread.astype(np.float32),
    }


def _trained(table: Table, recipe: Recipe, seed: int) -> Network:
    torch.manual_seed(seed)
    network = Network(recipe).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    count = len(table.weight)
    steps = recipe.epochs * -(-count // recipe.batch)
    slope = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=steps, pct_start=0.1)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(count).split(recipe.batch):  # type: ignore[no-untyped-call]
            scores = network(table.own[chosen], table.asked[chosen]).masked_fill(~table.there[chosen], -1e9)
            missed = -(table.target[chosen] * torch.log_softmax(scores, dim=1)).sum(dim=1)
            loss = (missed * table.weight[chosen]).sum() / table.weight[chosen].sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            slope.step()
    return network.eval()


def scores_of(weights: Weights, row: Example) -> Values:
    """The scores of an example's candidates."""
    return score(weights, scaled(row.own), scaled_asked(row.asked, weights["asked_mean"], weights["asked_spread"]))


def ndcg(right: NDArray[np.bool_], relevant: int) -> float:
    """nDCG@10 of a ranked list."""
    gains = 1 / np.log2(np.arange(K) + 2)
    return float((right[:K] * gains[: len(right[:K])]).sum() / gains[: min(K, relevant)].sum())


def cross_validated(rows: Sequence[Example], recipe: Recipe) -> dict[str, tuple[float, float]]:
    """nDCG@10 of each kind, as found and reranked by weights from the other folds."""
    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        weights = fit([row for row in rows if row.fold != fold], recipe)
        for row in (row for row in rows if row.fold == fold):
            order = np.argsort(-scores_of(weights, row), kind="stable")
            before.setdefault(row.kind, []).append(ndcg(row.right, row.relevant))
            after.setdefault(row.kind, []).append(ndcg(row.right[order], row.relevant))
    return {kind: (float(np.mean(before[kind])), float(np.mean(after[kind]))) for kind in sorted(before)}


def save(weights: Weights, out: Path) -> None:
    """Writes what `index.light` reads; the model card beside it is kept."""
    out.mkdir(parents=True, exist_ok=True)
    told = {"features": " ".join(FEATURES), "asked": " ".join(QUERY_FEATURES)}
    save_file({name: np.ascontiguousarray(values) for name, values in weights.items()}, out / MODEL, told)
    (out / MODEL).chmod(0o644)  # safetensors writes it for the owner alone


def main() -> None:
    """Command entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds training/ and statutes/")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--work", type=Path, required=True, help="folder for the two encoders; used again where there")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = Recipe()
    rows = list(examples(options.shared, options.work, options.threads))
    save(fit(rows, recipe), options.out)
    quick = replace(recipe, seeds=recipe.seeds[:2])
    for kind, (before, after) in cross_validated(rows, quick).items():
        count = sum(row.kind == kind for row in rows)
        print(json.dumps({"kind": kind, "questions": count, "ndcg@10": round(before, 4), "reranked": round(after, 4)}))


if __name__ == "__main__":
    main()
