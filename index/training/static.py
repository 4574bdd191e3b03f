"""Trains the builtin encoder: `python -m index.training.static --shared ../shared --rows FILE... --checkpoint DIR --out index/model`.

A token's vector is its own vector plus the mean of its characters' vectors, both learnt, so that a word that the
training text shows once still lies near its kin; the sum is folded into one row a token when the model is saved.
Vectors start from word co-occurrence, from what a transformer makes of each token, and from noise, long for rare words (idf), and are moved by a contrastive loss: a
question must lie nearer to its clause than to the other clauses of the batch and to one similar wrong clause. The loss
is taken at several widths (Matryoshka), so that the first 64 or 128 numbers of a vector are a usable vector too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from index.training import data
from index.training.cooccurrence import word_vectors
from index.training.data import Article, Pair
from index.training.distilled import token_vectors
from index.training.vocabulary import build_tokenizer, count_words, general_use


@dataclass(frozen=True)
class Recipe:
    """What decides the result, next to the data."""

    rows: int = 36_000  # tokens in the vocabulary
    width: int = 256
    steps: int = 700
    batch: int = 512
    scale: float = 20.0  # of the cosine, before the softmax
    rate: float = 0.05  # Adam's step; the vectors' coordinates are of size 0.5
    warmup: int = 30
    drop: float = 0.15  # share of tokens left out of a query or passage
    widths: tuple[int, ...] = (256, 128, 64)
    shares: tuple[float, ...] = (
        0.33,
        0.12,
        0.05,
        0.04,
        0.28,
        0.18,
    )  # laws, questions, reading, paraphrases, questions about city files, about other policies and laws
    # Lengths at the start of the three parts of a token's vector, all times its idf.
    own_share: float = 0.7
    context_share: float = 0.5
    distilled_share: float = 0.5
    character_share: float = 0.5
    law_pairs: int = 240_000
    seed: int = 20


class Ragged:
    """Lists of token ids of differing length in one flat array."""

    def __init__(self, ids: Sequence[Sequence[int]]) -> None:
        self.lengths = np.fromiter((len(row) for row in ids), dtype=np.int64, count=len(ids))
        self.starts = np.concatenate(([0], np.cumsum(self.lengths)))[:-1]
        self.flat = np.fromiter((token for row in ids for token in row), dtype=np.int64, count=int(self.lengths.sum()))

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, rows: NDArray[np.int64], keep: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The ids of `rows` and their offsets, each id kept with probability `keep`."""
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths)
        flat = self.flat[np.repeat(self.starts[rows] - (ends - lengths), lengths) + np.arange(ends[-1])]
        kept = rng.random(len(flat)) < keep
        counts = np.add.reduceat(np.append(kept, False).astype(np.int64), ends - lengths) * (lengths > 0)
        return torch.from_numpy(flat[kept]), torch.from_numpy(np.concatenate(([0], np.cumsum(counts)))[:-1])


class Kind:
    """Tokenised pairs of one kind, drawn without end in random order."""

    def __init__(self, pairs: Sequence[Pair], tokenizer: Tokenizer, rng: np.random.Generator) -> None:
        self.columns = tuple(
            Ragged(token_ids(tokenizer, [getattr(pair, column) for pair in pairs]))
            for column in ("query", "passage", "negative")
        )
        self.query_keys = np.array([hash_text(pair.query) for pair in pairs])
        self.passage_keys = np.array([hash_text(pair.passage) for pair in pairs])
        self._rng = rng
        self._order = np.empty(0, dtype=np.int64)

    def draw(self, count: int) -> NDArray[np.int64]:
        """The next `count` rows; every row comes once before any comes again."""
        while len(self._order) < count:
            self._order = np.concatenate((self._order, self._rng.permutation(len(self.query_keys))))
        drawn, self._order = self._order[:count], self._order[count:]
        return drawn


def hash_text(text: str) -> int:
    """A hash that does not depend on the process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


def token_ids(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


class Vectors(nn.Module):
    """A row for each token: its own vector plus the mean of its characters' vectors times its idf."""

    def __init__(self, material: Material, recipe: Recipe) -> None:
        super().__init__()
        size = material.tokenizer.get_vocab_size()
        tokens = [material.tokenizer.id_to_token(number) or "" for number in range(size)]
        characters = {c: n for n, c in enumerate(sorted({c for token in tokens for c in token}))}
        spelt = Ragged([[characters[c] for c in token] for token in tokens])
        self.spelt, self.starts = torch.from_numpy(spelt.flat), torch.from_numpy(spelt.starts)
        spread = recipe.width**-0.5
        self.idf = material.idf[:, None]
        noise = torch.randn(len(tokens), recipe.width) * spread
        start = noise * recipe.own_share + material.context * recipe.context_share
        start = start + material.distilled * recipe.distilled_share
        self.own = nn.Parameter(start * self.idf)
        self.characters = nn.Parameter(torch.randn(len(characters), recipe.width) * spread * recipe.character_share)

    def forward(self) -> Tensor:
        mean = functional.embedding_bag(self.spelt, self.characters, self.starts, mode="mean")
        return self.own + mean * self.idf


def inverse_frequency(tokenizer: Tokenizer, articles: list[str]) -> Tensor:
    """log(N / n) of each token over the articles that hold it, general use counted in: shape (tokens,)."""
    tokens = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
    held = np.array([general_use(token) for token in tokens])
    for ids in token_ids(tokenizer, articles):
        held[np.unique(ids).astype(np.int64)] += 1
    return torch.from_numpy(np.log(len(articles) / held.clip(1, len(articles))) + 0.1).float()


def mine_negatives(
    pairs: list[Pair], laws: list[list[Article]], tokenizer: Tokenizer, rng: random.Random
) -> list[Pair]:
    """`pairs`, each with a wrong article as negative: one of BM25's best 20 that no pair names for the query."""
    import bm25s

    texts = [f"{a.context} {a.text}"[: data.MAX_CHARS] for law in laws for a in law]
    engine = bm25s.BM25(k1=1.2, b=0.75)
    engine.index([[str(i) for i in ids] for ids in token_ids(tokenizer, texts)], show_progress=False)
    queries = sorted({pair.query for pair in pairs})
    asked = [[str(i) for i in ids] for ids in token_ids(tokenizer, queries)]
    rows, _ = engine.retrieve(asked, k=30, show_progress=False, n_threads=2)
    found = {query: [texts[n] for n in best] for query, best in zip(queries, rows.tolist(), strict=True)}
    right: dict[str, list[str]] = {}
    for pair in pairs:
        right.setdefault(pair.query, []).append(pair.passage[-24:])
    mined = []
    for pair in pairs:
        wrong = [text for text in found[pair.query] if not any(end in text for end in right[pair.query])]
        mined.append(Pair(pair.query, pair.passage, rng.choice(wrong[:20])))
    return mined


@dataclass(frozen=True)
class Material:
    """What training starts from: the tokeniser, idf, co-occurrence and distilled vector of each token, and the kinds of
    pairs."""

    tokenizer: Tokenizer
    idf: Tensor
    context: Tensor
    distilled: Tensor  # zero without a checkpoint
    kinds: list[Kind]  # in the order of `Recipe.shares`


def prepare(
    shared: Path,
    recipe: Recipe,
    processes: int = 2,
    log: Callable[[str], None] = lambda line: print(line, flush=True),
    rows: Sequence[Path] = (),
    checkpoint: Path | None = None,
    negatives: Sequence[Path] = (),
) -> Material:
    """Reads the shared folder, the files of reading `rows` with their `negatives` and the checkpoint, and makes all that `train` needs."""
    rng = random.Random(recipe.seed)
    policies = data.read_policies(rows)
    laws, questions, reading = data.read_laws(shared), data.read_questions(shared), data.read_reading(shared)
    log(f"{sum(map(len, laws))} articles, {len(questions)} questions, {len(reading)} reading texts")
    texts = data.training_text(laws, questions, reading) + data.policy_text(policies)
    tokenizer = build_tokenizer(count_words(texts, processes), recipe.rows)
    context = word_vectors(token_ids(tokenizer, texts), tokenizer.get_vocab_size(), recipe.width, recipe.seed)
    log("vocabulary and co-occurrence vectors made")
    idf = inverse_frequency(tokenizer, [article.text for law in laws for article in law])
    kinds = [
        data.law_pairs(laws, recipe.law_pairs, rng),
        mine_negatives(data.question_pairs(questions, rng), laws, tokenizer, rng),
        data.reading_pairs(reading, rng),
        data.paraphrase_pairs(laws, recipe.law_pairs // 8, rng),
    ]
    retrieved = data.read_retrieved(negatives)
    for is_city in (True, False) if policies else ():
        own = [row for row in policies if (row["source"] == "city") == is_city]
        kinds.append(data.policy_pairs(own, rng, retrieved))
    log("pairs: " + ", ".join(str(len(pairs)) for pairs in kinds))
    numbers = np.random.default_rng(recipe.seed)
    distilled = torch.zeros_like(context)
    if checkpoint is not None:
        tokens = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
        distilled = token_vectors(["", *tokens[1:]], checkpoint, recipe.width)  # the first is the unknown one
    return Material(tokenizer, idf, context, distilled, [Kind(pairs, tokenizer, numbers) for pairs in kinds])


def train(material: Material, recipe: Recipe, on_step: Callable[[int, float, Vectors], None] | None = None) -> Vectors:
    """The trained vectors. `on_step` is called after each step with its number, its loss and the vectors."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    vectors = Vectors(material, recipe)
    optimiser = torch.optim.Adam(vectors.parameters(), lr=recipe.rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _slope(step, recipe))
    shares = recipe.shares[: len(material.kinds)]
    counts = [round(share / sum(shares) * recipe.batch) for share in shares]
    for step in range(recipe.steps):
        loss = _loss(vectors(), material.kinds, counts, recipe, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, float(loss.detach()), vectors)
    return vectors


def _slope(step: int, recipe: Recipe) -> float:
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    return max(0.02, (recipe.steps - step) / max(1, recipe.steps - recipe.warmup))


def _loss(rows: Tensor, kinds: list[Kind], counts: list[int], recipe: Recipe, rng: np.random.Generator) -> Tensor:
    drawn = [kind.draw(count) for kind, count in zip(kinds, counts, strict=True)]
    chosen = list(zip(kinds, drawn, strict=True))
    queries, passages, negatives = (
        torch.cat([_means(rows, kind.columns[column].take(places, 1 - recipe.drop, rng)) for kind, places in chosen])
        for column in range(3)
    )
    # A question's other articles, and an article's other questions, are no wrong answers.
    same = _same([kind.query_keys[places] for kind, places in chosen])
    same |= _same([kind.passage_keys[places] for kind, places in chosen])
    hidden = torch.cat((same.fill_diagonal_(False), torch.zeros_like(same)), dim=1)
    target = torch.arange(len(queries))
    losses = []
    for width in recipe.widths:
        left = functional.normalize(queries[:, :width])
        right = functional.normalize(torch.cat((passages, negatives))[:, :width])
        scores = (left @ right.T * recipe.scale).masked_fill(hidden, -1e4)
        losses.append(functional.cross_entropy(scores, target))
    return torch.stack(losses).mean()


def _means(rows: Tensor, bag: tuple[Tensor, Tensor]) -> Tensor:
    return functional.embedding_bag(bag[0], rows, bag[1], mode="mean")


def _same(keys: list[NDArray[np.int64]]) -> Tensor:
    joined = torch.from_numpy(np.concatenate(keys))
    return joined[:, None] == joined[None, :]


@torch.no_grad()
def save(vectors: Vectors, tokenizer: Tokenizer, out: Path) -> None:
    """Writes a sentence-transformers folder (StaticEmbedding, float16) to `out`; a card that stands there stays."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    rows = vectors().clone()
    rows[0] = 0  # the unknown character
    rows /= rows.norm(dim=1).mean()
    module = StaticEmbedding(tokenizer, embedding_weights=rows.half())
    card = out / "README.md"
    kept = card.read_bytes() if card.exists() else b""
    shutil.rmtree(out, ignore_errors=True)
    SentenceTransformer(modules=[module], device="cpu").save(str(out), create_model_card=False)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    (out / "model.safetensors").chmod(0o644)  # safetensors writes it for the owner alone
    if kept:
        card.write_bytes(kept)


def main() -> None:
    """Command entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds training/ and statutes/")
    parser.add_argument("--rows", type=Path, nargs="*", default=[], help="files of reading rows, for policy questions")
    parser.add_argument(
        "--negatives", type=Path, nargs="*", default=[], help="files of index.training.reader.negatives"
    )
    parser.add_argument("--checkpoint", type=Path, help="folder of index.training.reader.checkpoint, to start from")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--distilled", type=float, default=Recipe().distilled_share, help="its share of the start")
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    began = time.monotonic()
    recipe = Recipe(distilled_share=options.distilled, steps=options.steps)
    material = prepare(
        options.shared,
        recipe,
        options.threads,
        rows=options.rows,
        checkpoint=options.checkpoint,
        negatives=options.negatives,
    )
    trained_from = time.monotonic()

    def report(step: int, loss: float, _: Vectors) -> None:
        if step % 50 == 0:
            seconds = round(time.monotonic() - trained_from)
            print(json.dumps({"step": step, "loss": round(loss, 4), "seconds": seconds}), flush=True)

    vectors = train(material, recipe, report)
    save(vectors, material.tokenizer, options.out)
    print(f"saved after {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
