"""Fits the builtin encoder to the documents of one data folder, without labels, and says whether it helped.

From each clause come pairs of a made-up question and the passage that answers it: phrases of the clause reworded as
callers speak, its headings, one of its sentences and the rest, and clauses that refer to each other. The token vectors
are moved by a contrastive loss with in-batch negatives and one hard negative a pair (another passage of the same
document), and are held to where they started; tokens that the documents do not have stay as they are.

Some clauses (whole documents, where there are many) are held out: made-up questions of a few of them say when to stop,
those of the others are the measure, taken with the search of the service. It is taken twice. Among the held-out passages
no candidate was trained on: this decides. Among all passages, those trained on have been drawn towards questions and the
held-out ones have not, so that figure is too low; it may not fall much. The model is worth keeping only where fused
MRR@10 among the held-out passages rises by more than chance and a bundled set of everyday questions is answered as well
as before. What is kept is then trained anew on all clauses, with as many steps.
"""

from __future__ import annotations

import random
import re
import shutil
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus.types import Clause, Document
from index.dense import DenseIndex
from index.encoder import StaticEncoder
from index.errors import EncoderError
from index.extras import models_for
from index.searcher import Mode, Searcher
from index.snapshot import Progress, Snapshot, searched_text
from index.tokens import Tokenizer
from index.training.lay import phrases, question_about, reword

if TYPE_CHECKING:
    from torch import Tensor

FEWEST = 200
"""Fewer clauses than this say nothing that could be measured."""

K = 10
_DEEP = 200  # passages found, of which the held-out ones are ranked
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]?")
_TITLE_NOISE = re.compile(r"中华人民共和国|^.{1,6}[省市](?=.{4})|[（(].*?[）)]|试行|暂行")
_LONGEST = 400  # characters of a clause that are used
_SHORTEST = 12
_RESAMPLES = 10_000
_ALPHA = 0.05
_MANY_DOCUMENTS = 40  # from here on whole documents are held out

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """What decides the result, next to the documents."""

    seed: int = 20
    pairs: int = 12  # of each clause
    most_pairs: int = 60_000
    batch: int = 256
    most_steps: int = 120
    check_every: int = 30  # steps between two looks at the questions that say when to stop
    patience: int = 2  # looks without a gain
    rate: float = 0.001  # Adam's step; the vectors' coordinates are of size 0.06
    anchor: float = 4.0  # weight of the squared distance from where the vectors started
    scale: float = 20.0  # of the cosine, before the softmax
    drop: float = 0.15  # share of tokens left out of a query or passage
    measured: float = 0.10  # share of the clauses for the measure
    stopping: float = 0.05  # share of the clauses that say when to stop
    most_questions: int = 500  # of each of these two
    forget: float = 0.02  # what MRR of the everyday questions, or of the search among all passages, may fall by
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Item:
    """A clause: the row of its passage, its document (a number), what stands above it, and the rows it refers to."""

    row: int
    document: int
    title: str
    above: str
    text: str
    refers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Recall@10 and MRR@10 of the measured questions among the held-out passages ("held") and among all, and MRR of the
    everyday questions."""

    held_fused_recall: float
    held_fused_mrr: float
    fused_recall: float
    fused_mrr: float
    held_dense_recall: float
    held_dense_mrr: float
    dense_recall: float
    dense_mrr: float
    general_mrr: float


@dataclass(frozen=True, slots=True)
class Report:
    """What adapting came to. `gain` is that of fused MRR@10 among held-out passages, `low` and `high` its 95 % interval."""

    clauses: int
    passages: int
    pairs: int
    questions: int
    steps: int
    seed: int
    before: Figures
    after: Figures
    gain: float
    low: float
    high: float
    p: float
    forget: float

    @property
    def reason(self) -> str:
        """Why the model is not worth keeping; "" where it is."""
        if not self.steps:
            return "训练没有带来提高"
        if self.gain <= 0 or self.p >= _ALPHA:
            return "检索没有超出偶然的提高"
        if self.after.fused_mrr < self.before.fused_mrr - self.forget:
            return "在全部段落中检索变差"
        if self.after.general_mrr < self.before.general_mrr - self.forget:
            return "通用问题变差"
        return ""


def items_of(documents: Iterable[tuple[Document, Sequence[Clause]]], snapshot: Snapshot) -> list[Item]:
    """The clauses that have no clauses below them, each with its passage in `snapshot`."""
    starts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in range(len(snapshot)):
        passage = snapshot.passages[row]
        starts[passage.document_id].append((passage.start, row))
    for places in starts.values():
        places.sort()
    listed = [(document, list(clauses)) for document, clauses in documents]
    row_of = {c.id: _row_at(starts[c.document_id], c.span.start) for _, clauses in listed for c in clauses}
    items = []
    for number, (document, clauses) in enumerate(listed):
        parents = {c.parent for c in clauses}
        for clause in clauses:
            its = row_of[clause.id]
            text = document.text[clause.span.start : clause.span.end].strip()
            if its is None or clause.id in parents or len(text) < _SHORTEST or text == document.title:
                continue
            found = (row_of.get(r.clause or "") for r in clause.references)
            refers = tuple(sorted({place for place in found if place is not None and place != its}))
            above = " ".join(part for part in clause.path if part and part != clause.label)
            items.append(Item(its, number, document.title, above, text[:_LONGEST], refers))
    return items


def _row_at(places: list[tuple[int, int]], start: int) -> int | None:
    at = bisect_right(places, (start, 1 << 60)) - 1
    return places[at][1] if at >= 0 else None


def split(items: Sequence[Item], recipe: Recipe) -> tuple[list[Item], list[Item], list[Item]]:
    """Items to train on, to stop by and to measure with: no passage is in two of them, no document where there are
    many."""
    whole = len({item.document for item in items}) >= _MANY_DOCUMENTS
    groups: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.document if whole else item.row].append(item)
    order = sorted(groups)
    random.Random(recipe.seed).shuffle(order)
    parts: tuple[list[Item], list[Item], list[Item]] = ([], [], [])
    limits = (recipe.measured * len(items), recipe.stopping * len(items))
    for key in order:
        # A document that would fill a part far beyond its share is trained on.
        fits = [i for i, most in ((2, limits[0]), (1, limits[1])) if len(parts[i]) < most]
        small = [i for i in fits if len(parts[i]) + len(groups[key]) <= 1.5 * limits[2 - i] + 1]
        parts[small[0] if small else 0].extend(groups[key])
    return parts


def make_pairs(items: Sequence[Item], snapshot: Snapshot, recipe: Recipe) -> list[tuple[str, str, str, int]]:
    """(query, passage, wrong passage, row of the passage), all from `items`: what was held out occurs in none."""
    rng = random.Random(recipe.seed)
    rows_of: dict[int, list[int]] = defaultdict(list)
    for item in items:
        if not rows_of[item.document] or rows_of[item.document][-1] != item.row:
            rows_of[item.document].append(item.row)
    known = {item.row for item in items}
    everything = sorted(known)
    texts = {row: searched_text(snapshot.passages[row])[: _LONGEST + 100] for row in everything}
    pairs = []
    for item in _drawn(items, recipe, rng):
        others = rows_of[item.document] if len(rows_of[item.document]) > 1 else everything
        wrong = rng.choice(others)
        if wrong == item.row:
            wrong = rng.choice(everything)
        query, passage, row = _pair(item, texts, known, rng)
        if wrong != row:
            pairs.append((query, passage, texts[wrong], row))
    return pairs


def _drawn(items: Sequence[Item], recipe: Recipe, rng: random.Random) -> list[Item]:
    if len(items) * recipe.pairs <= recipe.most_pairs:
        return [item for item in items for _ in range(recipe.pairs)]
    return rng.choices(items, k=recipe.most_pairs)


def _pair(item: Item, texts: dict[int, str], known: set[int], rng: random.Random) -> tuple[str, str, int]:
    kind = rng.random()
    sentences = _SENTENCE.findall(item.text)
    if kind < 0.15 and len(sentences) > 1:
        place = rng.randrange(len(sentences))
        rest = "".join(sentences[:place] + sentences[place + 1 :])
        return reword(sentences[place], rng, 0.5), rest, item.row
    if kind < 0.25:
        return f"{item.title} {item.above}".strip(), item.text, item.row
    if kind < 0.35:
        pieces = phrases(item.text) or [item.text[:20]]
        return " ".join(rng.sample(pieces, min(len(pieces), 3))), texts[item.row], item.row
    if kind < 0.45:
        meant = [row for row in item.refers if row in known]
        if meant:
            row = rng.choice(meant)
            return item.text, texts[row], row
    whole = texts[item.row] if rng.random() < 0.5 else f"{item.title} {item.above} {item.text}"
    return made_up_question(item, rng), whole, item.row


def made_up_question(item: Item, rng: random.Random) -> str:
    """What somebody might ask who is answered by the clause."""
    return question_about(item.text, _TITLE_NOISE.sub("", item.title), rng)


# -- the measure -------------------------------------------------------------------------------------------------------


class Measure:
    """Made-up questions of held-out clauses, searched among all passages of a snapshot with one encoder or another."""

    def __init__(self, snapshot: Snapshot, tokenizer: Tokenizer) -> None:
        self._snapshot = snapshot
        self._tokenizer = tokenizer
        self._texts = [searched_text(passage) for passage in snapshot.passages]

    def questions(self, items: Sequence[Item], recipe: Recipe) -> list[tuple[str, int]]:
        """One question for each of at most `most_questions` items, and the row that answers it."""
        rng = random.Random(recipe.seed + 1)
        chosen = rng.sample(list(items), min(len(items), recipe.most_questions))
        return [(made_up_question(item, rng), item.row) for item in chosen]

    def searcher(self, encoder: StaticEncoder) -> Searcher:
        """The searcher of the service with the vectors of `encoder`."""
        dense = DenseIndex.build(encoder.encode_passages(self._texts), exact_up_to=max(1, len(self._texts)))
        manifest = replace(self._snapshot.manifest, encoder_id=encoder.id)
        return Searcher(replace(self._snapshot, dense=dense, manifest=manifest), encoder, self._tokenizer)

    def ranks(
        self, searcher: Searcher, questions: Sequence[tuple[str, int]], mode: Mode, held: frozenset[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """1 / rank of each question's passage among those of the rows `held` and among all; 0 where it is not in the
        first 10."""
        out = np.zeros((2, len(questions)))
        rows = held | {row for _, row in questions}
        names = {self._snapshot.passages[row].id for row in rows}
        wanted = [self._snapshot.passages[row].id for _, row in questions]
        for at, (question, _) in enumerate(questions):
            found = [hit.passage.id for hit in searcher.search(question, _DEEP, mode=mode)]
            for where, ids in enumerate(([name for name in found if name in names], found)):
                if wanted[at] in ids[:K]:
                    out[where, at] = 1 / (ids.index(wanted[at]) + 1)
        return out[0], out[1]


def general_mrr(encoder: StaticEncoder) -> float:
    """MRR of the bundled everyday questions, each searched by vector among all their rules."""
    text = resources.files("index").joinpath("general_pairs.txt").read_text("utf-8")
    pairs = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    asked = encoder.encode_queries([pair[0] for pair in pairs])
    scores = asked @ encoder.encode_passages([pair[1] for pair in pairs]).T
    ranks = (scores >= np.diag(scores)[:, None]).sum(axis=1)
    return float(np.mean(1 / ranks))


def _interval(gains: NDArray[np.float64], seed: int) -> tuple[float, float, float]:
    """Ends of the 95 % interval of the mean and its two-sided p: paired bootstrap (Efron and Tibshirani 1993, 13.3)."""
    if not len(gains):
        return 0.0, 0.0, 1.0
    generator = np.random.default_rng(seed)
    means = np.array([gains[generator.integers(0, len(gains), len(gains))].mean() for _ in range(_RESAMPLES)])
    low, high = np.percentile(means, [2.5, 97.5])
    other = min(np.count_nonzero(means <= 1e-12), np.count_nonzero(means >= -1e-12))
    return float(low), float(high), min(1.0, 2 * (int(other) + 1) / (_RESAMPLES + 1))


# -- training ----------------------------------------------------------------------------------------------------------


def adapt(
    snapshot: Snapshot,
    items: Sequence[Item],
    base: StaticEncoder,
    tokenizer: Tokenizer,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> tuple[StaticEncoder, Report]:
    """`base` fitted to `items`, the clauses behind the passages of `snapshot`, and what it came to.

    The same documents and recipe give the same model but for the order in which threads add. Raises EncoderError where
    there are fewer clauses than `FEWEST`, or the extra `models` is not installed.
    """
    recipe = recipe or Recipe()
    tell = progress or (lambda stage, done, total: None)
    if len(items) < FEWEST:
        raise EncoderError(
            f"可用的条款只有 {len(items)} 条，至少要有 {FEWEST} 条才能判断适配是否有用，编码器未作改动",
            "导入更多文件后再执行 tiaowen adapt",
        )
    with models_for("微调编码器", EncoderError):
        import torch  # noqa: F401  # asked before the minutes that the rest takes
    training, stopping, measured = split(items, recipe)
    held = frozenset(range(len(snapshot))) - {item.row for item in training}
    pairs = make_pairs(training, snapshot, recipe)
    measure = Measure(snapshot, tokenizer)
    stop_by, asked = measure.questions(stopping, recipe), measure.questions(measured, recipe)
    trial, steps = _trial(measure, base, pairs, stop_by, held, recipe, tell)
    report = _judge(measure, base, trial, asked, held, recipe)
    report = replace(report, clauses=len(items), passages=len(snapshot), pairs=len(pairs), steps=steps)
    if report.reason:
        return base, report
    pairs = make_pairs(items, snapshot, recipe)
    trainer = _Trainer(pairs, base, recipe)
    for step in range(1, steps + 1):
        trainer.step()
        tell("全部条款", step, steps)
    final = base.with_rows(trainer.rows(), f"{base.id}+all")
    report = replace(report, pairs=len(pairs), after=replace(report.after, general_mrr=general_mrr(final)))
    return final, report


def _trial(
    measure: Measure,
    base: StaticEncoder,
    pairs: Sequence[tuple[str, str, str, int]],
    stop_by: Sequence[tuple[str, int]],
    held: frozenset[int],
    recipe: Recipe,
    tell: Progress,
) -> tuple[StaticEncoder, int]:
    """The trained encoder that ranks the questions to stop by best, and after how many steps it was reached."""

    def mrr(encoder: StaticEncoder) -> float:
        return float(measure.ranks(measure.searcher(encoder), stop_by, "fused", held)[0].mean()) if stop_by else 0.0

    # The few questions to stop by only choose among the trained ones; whether any beats the base is for the measure.
    best, best_step, misses, best_mrr = base, 0, 0, -1.0
    trainer = _Trainer(pairs, base, recipe)
    for step in range(1, recipe.most_steps + 1):
        trainer.step()
        tell("试训", step, recipe.most_steps)
        if step % recipe.check_every and step != recipe.most_steps:
            continue
        encoder = base.with_rows(trainer.rows(), f"{base.id}+{step}")
        found = mrr(encoder)
        if found > best_mrr:
            best, best_step, best_mrr, misses = encoder, step, found, 0
        else:
            misses += 1
        if misses >= recipe.patience:
            break
    tell("试训", recipe.most_steps, recipe.most_steps)
    return best, best_step


def _judge(
    measure: Measure,
    base: StaticEncoder,
    trial: StaticEncoder,
    asked: Sequence[tuple[str, int]],
    held: frozenset[int],
    recipe: Recipe,
) -> Report:
    modes: tuple[Mode, Mode] = ("fused", "dense")
    figures, decisive = [], []
    for encoder in (base, trial):
        searcher = measure.searcher(encoder)
        ranks = [part for mode in modes for part in measure.ranks(searcher, asked, mode, held)]
        decisive.append(ranks[0])
        values = [float(x.mean()) for part in ranks for x in (part > 0, part)]
        values.append(general_mrr(encoder))
        figures.append(Figures(*values))
    gains = decisive[1] - decisive[0]
    low, high, p = _interval(gains, recipe.seed)
    return Report(
        clauses=0,
        passages=0,
        pairs=0,
        questions=len(asked),
        steps=0,
        seed=recipe.seed,
        before=figures[0],
        after=figures[1],
        gain=float(gains.mean()),
        low=low,
        high=high,
        p=p,
        forget=recipe.forget,
    )


class _Trainer:
    """The vectors of the tokens that occur, moved step by step."""

    def __init__(self, pairs: Sequence[tuple[str, str, str, int]], base: StaticEncoder, recipe: Recipe) -> None:
        import torch

        from index.training.static import Ragged, hash_text

        torch.manual_seed(recipe.seed)
        torch.set_num_threads(recipe.threads)
        self._recipe = recipe
        self._base = base.rows
        self._columns = [Ragged(base.token_ids(list(texts))) for texts in list(zip(*pairs, strict=True))[:3]]
        self._keys = np.array([pair[3] for pair in pairs])
        self._queries = np.array([hash_text(pair[0]) for pair in pairs])
        self._used = np.unique(np.concatenate([column.flat for column in self._columns]))
        for column in self._columns:
            column.flat = np.searchsorted(self._used, column.flat)
        self._start = torch.from_numpy(self._base[self._used].astype(np.float32))
        self._vectors = self._start.clone().requires_grad_(True)
        self._optimiser = torch.optim.Adam([self._vectors], lr=recipe.rate, betas=(0.9, 0.99))
        self._rng = np.random.default_rng(recipe.seed)
        self._order: Rows = np.empty(0, dtype=np.int64)
        self._batch = min(recipe.batch, len(pairs))

    def rows(self) -> NDArray[np.float16]:
        """All token vectors as they are now."""
        rows = self._base.astype(np.float16)
        rows[self._used] = self._vectors.detach().numpy().astype(np.float16)
        rows[0] = 0  # the unknown character
        return rows

    def step(self) -> None:
        from torch.nn import functional

        while len(self._order) < self._batch:
            self._order = np.concatenate((self._order, self._rng.permutation(len(self._keys))))
        drawn, self._order = self._order[: self._batch], self._order[self._batch :]
        keep = 1 - self._recipe.drop
        queries, passages, wrong = (
            functional.normalize(_means(self._vectors, column.take(drawn, keep, self._rng))) for column in self._columns
        )
        hidden = self._hidden(drawn)
        near = (queries @ passages.T * self._recipe.scale).masked_fill(hidden, -1e4)
        far = (queries * wrong).sum(dim=1, keepdim=True) * self._recipe.scale
        loss = _cross_entropy(near, far)
        loss = loss + self._recipe.anchor * (self._vectors - self._start).square().sum(dim=1).mean()
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def _hidden(self, drawn: Rows) -> Tensor:
        """Pairs of the batch that are no wrong answers: of the same passage, or asked by the same words."""
        import torch

        same = torch.zeros((len(drawn), len(drawn)), dtype=torch.bool)
        for keys in (self._keys[drawn], self._queries[drawn]):
            values = torch.from_numpy(keys)
            same |= values[:, None] == values[None, :]
        return same.fill_diagonal_(False)


def _means(rows: Any, bag: tuple[Any, Any]) -> Any:
    from torch.nn import functional

    return functional.embedding_bag(bag[0], rows, bag[1], mode="mean")


def _cross_entropy(near: Tensor, far: Tensor) -> Tensor:
    import torch
    from torch.nn import functional

    return functional.cross_entropy(torch.cat((near, far), dim=1), torch.arange(len(near)))


# -- the folder --------------------------------------------------------------------------------------------------------


def save(encoder: StaticEncoder, report: Report, folder: Path) -> None:
    """Writes `encoder` to `folder` in the format of the builtin one, under another name first, and a card with it."""
    from safetensors.numpy import save_file

    partial = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in ("modules.json", "config_sentence_transformers.json", "tokenizer.json"):
            shutil.copyfile(encoder.folder / name, partial / name)
        save_file({"embedding.weight": np.ascontiguousarray(encoder.rows)}, partial / "model.safetensors")
        (partial / "model.safetensors").chmod(0o644)
        (partial / "README.md").write_text(card(report), "utf-8")
        remove(folder)
        partial.rename(folder)
    except OSError as error:
        raise EncoderError(f"编码器无法写入 {folder}（{error.strerror or error}）", "检查目录权限和磁盘空间") from error


def remove(folder: Path) -> bool:
    """Takes an adapted encoder away in one step; False where there was none."""
    if not folder.is_dir():
        return False
    gone = folder.with_name(f"{folder.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return True


def table(report: Report) -> list[tuple[str, float, float]]:
    """Name, figure before and figure after."""
    before, after = report.before, report.after
    return [
        ("未参与训练的段落中：融合 MRR@10", before.held_fused_mrr, after.held_fused_mrr),
        ("未参与训练的段落中：融合 recall@10", before.held_fused_recall, after.held_fused_recall),
        ("未参与训练的段落中：向量 MRR@10", before.held_dense_mrr, after.held_dense_mrr),
        ("未参与训练的段落中：向量 recall@10", before.held_dense_recall, after.held_dense_recall),
        ("全部段落中：融合 MRR@10", before.fused_mrr, after.fused_mrr),
        ("全部段落中：融合 recall@10", before.fused_recall, after.fused_recall),
        ("全部段落中：向量 MRR@10", before.dense_mrr, after.dense_mrr),
        ("全部段落中：向量 recall@10", before.dense_recall, after.dense_recall),
        ("通用问题 MRR", before.general_mrr, after.general_mrr),
    ]


def card(report: Report) -> str:
    """What is told of an adapted encoder beside its weights."""
    lines = "\n".join(f"| {name} | {before:.3f} | {after:.3f} |" for name, before, after in table(report))
    return f"""# The builtin encoder, adapted to the documents of this data folder

Made by `tiaowen adapt` from index/model, seed {report.seed}, {report.steps} steps over {report.pairs} pairs made of
{report.clauses} clauses ({report.passages} passages); no labels. Measured on {report.questions} made-up questions of
clauses that a trial run was not trained on; these weights were then trained on all clauses, with as many steps.
`tiaowen adapt --undo` goes back to the builtin encoder.

| | before | after |
|---|---|---|
{lines}

Gain of fused MRR@10 among held-out passages: {report.gain:+.3f} (95 % interval {report.low:+.3f} to {report.high:+.3f}, p {report.p:.4f}).
"""
