"""Training examples of the light reranker: what a search found for a question, and which of it is right.

An encoder remembers the questions that it was trained on, and a reranker trained on what it then finds would learn to
trust it too much. So two encoders are trained, each on one half of the questions, and each searches for the other half.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.encoder import Encoder, load_encoder
from index.light_features import Reading, features, title_of
from index.searcher import Searcher
from index.snapshot import Snapshot, build_snapshot
from index.tokens import Tokenizer
from index.training import data, static
from index.training.lay import phrases, question_about
from index.types import Passage

Values = NDArray[np.float32]

HALVES = (0, 1)
LAWS = 500
LAW_QUESTIONS = 1200  # a half
_READING_A_TEXT = 1  # of four questions of one text, on average: they are alike
_KEYWORDS = 0.25  # share of the law questions that are bare phrases of the clause
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A question of a kind ("statutes", "reading", "laws"): the features of its candidates and its own (see
    `index.light_features`), which candidates are right, and how many right passages there are. `fold` is 0..3: examples
    that share an article have the same."""

    kind: str
    question: str
    own: Values
    asked: Values
    right: NDArray[np.bool_]
    relevant: int
    fold: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions of a kind over a collection: id -> text and ids of the right passages."""

    kind: str
    passages: Sequence[Passage]
    questions: Mapping[str, tuple[str, frozenset[str]]]


def components(groups: Iterable[Sequence[str]]) -> list[int]:
    """A number for each group, stable between runs; groups that share a member, also through others, have the same."""
    boss: dict[str, str] = {}

    def root(member: str) -> str:
        while boss.setdefault(member, member) != member:
            member = boss[member]
        return member

    groups = list(groups)
    for first, *others in groups:
        for other in others:
            boss[root(other)] = root(first)
    return [_number(root(group[0])) for group in groups]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little")


def halves(questions: Sequence[Mapping[str, Any]]) -> list[int]:
    """0 or 1 for each statute question; questions that share an article are in the same half."""
    return [number & 1 for number in components([[a["name"] for a in row["articles"]] for row in questions])]


def encoder_without(half: int, shared: Path, work: Path, threads: int) -> Encoder:
    """The encoder trained as the builtin one, but without the statute and reading questions of a half; kept in `work`."""
    folder = work / f"without{half}"
    if not folder.is_dir():
        recipe = static.Recipe()
        material = static.prepare(shared, recipe, threads)
        rng, numbers = random.Random(recipe.seed + 1 + half), np.random.default_rng(recipe.seed)
        rows = data.read_questions(shared)
        kept = [row for row, own in zip(rows, halves(rows), strict=True) if own != half]
        texts = [row for place, row in enumerate(data.read_reading(shared)) if place % 2 != half]
        laws = data.read_laws(shared)
        asked = static.mine_negatives(data.question_pairs(kept, rng), laws, material.tokenizer, rng)
        kinds = list(material.kinds)
        kinds[1] = static.Kind(asked, material.tokenizer, numbers)
        kinds[2] = static.Kind(data.reading_pairs(texts, rng), material.tokenizer, numbers)
        static.save(static.train(replace(material, kinds=kinds), recipe), material.tokenizer, folder)
    return load_encoder(str(folder))


def examples(shared: Path, work: Path, threads: int = 1) -> Iterator[Example]:
    """All training examples, searched for with the encoders of `encoder_without`."""
    for half in HALVES:
        encoder = encoder_without(half, shared, work, threads)
        for asked in (statutes(shared, half), reading(shared, half), laws(shared, half)):
            yield from found(asked, encoder)


def statutes(shared: Path, half: int) -> Asked:
    """The statute questions of the train part that belong to a half, over all articles of `statutes/`."""
    passages = []
    with lzma.open(shared / "statutes" / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            context = f"{row['title']} {row['metadata'].get('heading', '')}".strip()
            passages.append(Passage(row["_id"], row["text"], context))
    right: dict[str, set[str]] = {}
    for line in (shared / "statutes" / "qrels" / "train.tsv").read_text("utf-8").splitlines()[1:]:
        question, article, grade = line.split("\t")
        if int(grade) > 0:
            right.setdefault(question, set()).add(article)
    rows = data.read_questions(shared)
    chosen = [row for row, own in zip(rows, halves(rows), strict=True) if own == half and str(row["id"]) in right]
    asked = {str(row["id"]): (row["question"], frozenset(right[str(row["id"])])) for row in chosen}
    return Asked("statutes", passages, asked)


def reading(shared: Path, half: int) -> Asked:
    """Reading questions over the texts that they were asked about."""
    rows = data.read_reading(shared)
    asked = {}
    for place in range(half, len(rows), 2):
        drawn = random.Random(place).sample(
            rows[place]["questions"], min(_READING_A_TEXT, len(rows[place]["questions"]))
        )
        for question in drawn:
            if not question["impossible"] and len(question["question"]) >= _SHORTEST:
                asked[question["id"]] = (question["question"], frozenset([str(place)]))
    return Asked("reading", [Passage(str(place), row["context"]) for place, row in enumerate(rows)], asked)


def laws(shared: Path, half: int) -> Asked:
    """Generated questions about articles of `LAWS` laws: lay questions, and bare phrases as typed into a search box."""
    chosen = data.read_laws(shared)
    random.Random(5).shuffle(chosen)
    articles = [(f"{a.law}:{n}", a) for law in chosen[:LAWS] for n, a in enumerate(law)]
    rng = random.Random(11 + half)
    asked = {}
    for number in range(LAW_QUESTIONS):
        ident, article = rng.choice(articles)
        if rng.random() < _KEYWORDS:
            pieces = phrases(article.text) or [article.text[:20]]
            question = " ".join(rng.sample(pieces, min(2, len(pieces))))
        else:
            question = question_about(article.text, data.short_title(title_of(article.context)), rng)
        asked[f"{ident}#{number}"] = (question, frozenset([ident]))
    return Asked("laws", [Passage(ident, a.text, a.context, str(a.law)) for ident, a in articles], asked)


class _Recorder:
    """A reranker that changes nothing and remembers what it was shown."""

    id = "recorder"

    def __init__(self) -> None:
        self.found: Candidates | None = None

    def scores(self, found: Candidates) -> Values:
        self.found = found
        return -np.arange(len(found), dtype=np.float32)


class Shown:
    """Searches an index and tells what a reranker would be shown for a query."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._recorder, self._read = _Recorder(), Reading.of(snapshot, encoder)
        self._searcher = Searcher(snapshot, encoder, tokenizer, reranker=self._recorder)

    def of(self, query: str, added: str = "") -> tuple[Sequence[Passage], Values, Values] | None:
        """The candidates, their features and those of the query; None where nothing was to be reranked."""
        self._recorder.found = None
        self._searcher.search(query, 1, added=added)
        shown = self._recorder.found
        return None if shown is None else (shown.passages, *features(shown, self._read))


def found(asked: Asked, encoder: Encoder) -> Iterator[Example]:
    """An example of each question: what a search over the collection finds."""
    folds = [number // 256 % 4 for number in components([sorted(right) for _, right in asked.questions.values()])]
    with tempfile.TemporaryDirectory(prefix="tiaowen-light-") as folder:
        snapshot = build_snapshot(asked.passages, Path(folder), encoder)
        shown = Shown(snapshot, encoder, Tokenizer())
        for fold, (question, right) in zip(folds, asked.questions.values(), strict=True):
            if (known := shown.of(question)) is None:
                continue
            passages, own, told = known
            is_right = np.array([passage.id in right for passage in passages])
            yield Example(asked.kind, question, own, told, is_right, len(right), fold)
