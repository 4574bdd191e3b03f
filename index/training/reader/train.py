"""Trains the joint reader: `python -m index.training.reader.train --checkpoint DIR --out DIR --minutes 30 --general ../shared`
and then `--init DIR/… --rows FILE... --negatives FILE`, on whatever device torch finds.

Two stages of the same program: general reading questions with our genre, then our genre alone with negatives that retrieval
brings. A batch holds whole questions: each with the passage that answers it and some that do not, so that passages of one
question are compared. The learning rate rises for a moment and then falls to 0 at the end of the time given; the weights of the
last tenth are averaged. A run that was cut off goes on from its last state (`--out` DIR/state.pt).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from index.training.reader.data import (
    Example,
    elsewhere,
    lines,
    misnamed,
    read_general,
    read_rows,
    stretch,
    turned,
    windowed,
)
from index.training.reader.network import END, JointReader

MOST_TOKENS = 352
QUESTION_TOKENS = 64
TITLE_TOKENS = 48
START, PAD = 0, 1
WINDOWS = (160, 240, 360, 480)
"""Characters of general contexts that are shown: about as long as passages are."""

STRETCHES = (100, 140, 180, 220)
"""Characters of our own passages that are shown where they are cut."""

ROUNDED = 16
LONGEST_STEP = 10.0
"""Seconds that a step counts at most: a run that was paused goes on as long as it would have."""


@dataclass(frozen=True)
class Recipe:
    """What decides the result, next to the data."""

    rate: float = 2e-4
    warmup: float = 0.03  # share of the time
    tokens: int = 4608  # of a batch, with padding
    decay: float = 0.01
    smoothing: float = 0.02  # of the yes/no labels of questions and passages
    polarity: float = 2.0  # what yes or no counts among the parts of the loss: it is learnt last
    others: int = 1  # of a question, besides the passage that answers it
    others_city: int = (
        3  # the same of a question about a city's file, whose others come from a store of many such files
    )
    compared: float = 1.0  # what the comparison of a question's passages counts among the parts of the loss
    strangers: float = (
        0.25  # share of the questions that also see a passage of another question, where none was retrieved
    )
    turned: float = 0.3  # share of the yes/no questions that are seen with the deciding word turned, too
    misnamed: float = 0.3  # share of the questions with a name in them that are seen with another name, too
    cut: float = (
        0.75  # share of the questions whose passages are seen as stretches around the answer, as they are when searched
    )
    averaged: float = 0.1  # share of the time at the end whose weights are averaged
    general: int = 2500  # general questions of a pass, drawn anew for each
    early: int = 7000  # rows of the files for the first pass
    retrieved: float = 0.6  # share of the questions that see a passage that retrieval brought
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of question, title and passage, and what is right of them, by token."""

    ids: list[int]
    begin: int  # the first token of the passage
    kind: str
    spans: tuple[tuple[int, int], ...]  # first and last token
    items: tuple[tuple[int, int], ...]


class Encoder:
    """Examples as token ids: <s> question </s> title </s> passage </s>."""

    def __init__(self, checkpoint: Path) -> None:
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        self.tokenizer.encode_special_tokens = True

    def encode(self, example: Example) -> Encoded | None:
        """None where the answer lies behind what fits, or begins or ends inside a token that holds more than it."""
        question = self._ids(example.question)[-QUESTION_TOKENS:]
        title = self._ids(example.title)
        half = TITLE_TOKENS // 2
        title = title if len(title) <= TITLE_TOKENS else [*title[:half], *title[-half:]]
        head = [START, *question, END, *title, END]
        told = self.tokenizer.encode(example.passage, add_special_tokens=False)
        room = MOST_TOKENS - len(head) - 1
        offsets = told.offsets[:room]
        begin = len(head)
        spans = [_tokens_of(span, offsets, begin) for span in example.spans]
        items = [_tokens_of(span, offsets, begin) for span in example.items]
        if None in spans or None in items:
            return None
        return Encoded([*head, *told.ids[:room], END], begin, example.kind, tuple(spans), tuple(items))  # type: ignore[arg-type]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _tokens_of(span: tuple[int, int], offsets: Sequence[tuple[int, int]], begin: int) -> tuple[int, int] | None:
    """The tokens over a span; None where they reach more than a character beyond it, or are not there."""
    first = next((i for i, (_, stop) in enumerate(offsets) if stop > span[0]), None)
    last = next((i for i in range(len(offsets) - 1, -1, -1) if offsets[i][0] < span[1]), None)
    if first is None or last is None or last < first or offsets[last][1] < span[1]:
        return None
    return begin + first, begin + last


Group = list[Encoded]
"""One question: the passage that answers first, if any does, then others."""


class Questions:
    """Groups of one pass over the data, drawn anew for each pass."""

    def __init__(
        self, own: Sequence[Example], general: Sequence[Example], encoder: Encoder, recipe: Recipe,
        retrieved: dict[str, list[tuple[str, str]]], early: Sequence[Example] = (),
    ) -> None:  # fmt: skip
        self.own, self.general, self.encoder, self.recipe = own, general, encoder, recipe
        self.retrieved, self.early = retrieved, list(early)
        self.rng = random.Random(recipe.seed)

    def groups(self) -> Iterator[Group]:
        """In random order."""
        first = self.rng.sample(self.early, min(len(self.early), self.recipe.early))
        self.early = []
        general = self.rng.sample(self.general, min(len(self.general), self.recipe.general))
        chosen = [*self.own, *general, *first]
        chosen += [t for e in self.own if self.rng.random() < self.recipe.turned and (t := turned(e))]
        named = [e for e in self.own if e.kind != "none" and self.rng.random() < self.recipe.misnamed]
        chosen += [m for e in named if (m := misnamed(e, self.rng))]
        self.rng.shuffle(chosen)
        for example in chosen:
            shown = [example, *(self._others(example) if example.kind != "none" else ())]
            if example.type == "span":
                shown[0] = windowed(example, self.rng, self.rng.choice(WINDOWS))
            elif example.kind != "holds" and self.rng.random() < self.recipe.cut:
                width = self.rng.choice(STRETCHES)  # the same for all, so that the length tells nothing
                shown = [stretch(e, self.rng, width) for e in shown]
            group = [self.encoder.encode(e) for e in shown]
            if group[0] is not None:
                yield [e for e in group if e is not None]

    def _others(self, example: Example) -> Iterator[Example]:
        passages = self.retrieved.get(example.id, [])
        if passages and example.kind != "holds" and self.rng.random() > self.recipe.retrieved:
            return
        others = self.recipe.others_city if example.source == "city" else self.recipe.others
        others += example.kind == "holds"  # of an answer unmarked only the comparison teaches
        for title, passage in self.rng.sample(passages, min(len(passages), others)):
            yield elsewhere(example, passage, title)
        if not passages and self.rng.random() < self.recipe.strangers:
            other = self.rng.choice(self.general if example.type == "span" and self.general else self.own or [example])
            if other.passage != example.passage:
                shown = windowed(other, self.rng) if other.type == "span" else other
                yield elsewhere(example, shown.passage, shown.title)

    def batches(self) -> Iterator[list[Group]]:
        """Groups of about one length together, batches in random order, without end."""
        while True:
            buckets: dict[int, list[Group]] = {}
            for group in self.groups():
                buckets.setdefault(padded(max(len(e.ids) for e in group)), []).append(group)
            batches = [
                batch for length, groups in buckets.items() for batch in filled(groups, self.recipe.tokens // length)
            ]
            self.rng.shuffle(batches)
            yield from batches


def padded(length: int) -> int:
    """A length in tokens rounded up, so that few shapes occur: for each new one the kernels are made anew."""
    return -(-length // ROUNDED) * ROUNDED


def filled(groups: Sequence[Group], rows: int) -> Iterator[list[Group]]:
    """Batches of `rows` rows, as long as a group fits into what is left; the last ones are smaller."""
    left = list(groups)
    while left:
        batch: list[Group] = []
        kept: list[Group] = []
        room = rows
        for at, group in enumerate(left):
            if len(group) <= room or not batch:
                batch.append(group)
                room -= len(group)
            else:
                kept.append(group)
            if room <= 0:
                kept += left[at + 1 :]
                break
        yield batch
        left = kept


def faster(device: torch.device) -> torch.dtype:
    """The number format in which this machine multiplies faster: bfloat16 wherever it has units for it (AMX, a GPU). Some processors
    have instructions for it and are still twice as fast without."""
    if device.type != "cpu":
        return torch.bfloat16
    taken: dict[torch.dtype, float] = {}
    for kind in (torch.bfloat16, torch.float32):
        a, b = torch.ones(2048, 384, dtype=kind), torch.ones(1536, 384, dtype=kind)
        functional.linear(a, b)
        begun = time.perf_counter()
        for _ in range(5):
            functional.linear(a, b)
        taken[kind] = time.perf_counter() - begun
    return min(taken, key=lambda kind: taken[kind])


def loss_of(
    model: JointReader,
    groups: Sequence[Group],
    recipe: Recipe,
    device: torch.device,
    kind: torch.dtype = torch.bfloat16,
) -> dict[str, Tensor]:
    """The parts of the loss of a batch, each a mean over what it applies to."""
    rows = [e for group in groups for e in group]
    longest = padded(max(len(e.ids) for e in rows))
    ids = torch.full((len(rows), longest), PAD)
    passage = torch.zeros(len(rows), longest, dtype=torch.bool)
    start, end, inside = (torch.zeros(len(rows), longest) for _ in range(3))
    for i, e in enumerate(rows):
        ids[i, : len(e.ids)] = torch.tensor(e.ids)
        passage[i, e.begin : len(e.ids) - 1] = True
        for first, last in e.spans:
            start[i, first] += 1 / len(e.spans)
            end[i, last] += 1 / len(e.spans)
        for first, last in e.items or e.spans:
            inside[i, first : last + 1] = 1
    ids, passage, start, end, inside = (x.to(device) for x in (ids, passage, start, end, inside))
    with torch.autocast(device.type, torch.bfloat16, enabled=kind == torch.bfloat16):
        tokens, whole = model(ids, (ids != PAD).long())
    tokens, whole = tokens.float(), whole.float()

    def label(of: Callable[[Encoded], bool]) -> Tensor:
        return torch.tensor([float(of(e)) for e in rows], device=device)

    answers = label(lambda e: e.kind != "none")
    parts = {"answers": _binary(whole[:, 0], answers, recipe.smoothing)}
    told = label(lambda e: bool(e.spans)) > 0
    if told.any():
        away = tokens.masked_fill(~passage[..., None], -1e4)
        for at, target in enumerate((start, end)):
            parts[f"span{at}"] = -(target * away[..., at].log_softmax(-1)).sum(-1)[told].mean() / 2
        within = functional.binary_cross_entropy_with_logits(tokens[..., 2], inside, reduction="none")
        parts["inside"] = ((within * passage).sum(-1) / passage.sum(-1).clamp(min=1))[told].mean()
        polar = label(lambda e: e.kind in ("yes", "no"))
        parts["asks_yes_no"] = _binary(whole[told, 1], polar[told], recipe.smoothing) / 2
        several = label(lambda e: len(e.spans) > 1)
        parts["several"] = _binary(whole[told, 3], several[told], recipe.smoothing) / 2
        if polar.any():
            yes = label(lambda e: e.kind == "yes")
            parts["yes"] = recipe.polarity * _binary(whole[polar > 0, 2], yes[polar > 0], recipe.smoothing)
    compared, at = [], 0
    for group in groups:
        if len(group) > 1 and group[0].kind != "none":
            compared.append(-whole[at : at + len(group), 4].log_softmax(0)[0])
        at += len(group)
    if compared:
        parts["relevant"] = recipe.compared * torch.stack(compared).mean()
    return parts


def _binary(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, labels * (1 - 2 * smoothing) + smoothing)


class Averaged:
    """The mean of the weights over the last steps."""

    def __init__(self) -> None:
        self.count = 0
        self.sums: dict[str, Tensor] = {}

    def add(self, model: nn.Module) -> None:
        for name, value in model.state_dict().items():
            if name in self.sums:
                self.sums[name] += value.double()
            else:
                self.sums[name] = value.double().clone()
        self.count += 1

    def mean(self) -> dict[str, Tensor]:
        return {name: (value / self.count).float() for name, value in self.sums.items()}


def optimizer_of(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW, with decay of the matrices alone."""
    weights = list(model.parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for p in weights if p.dim() > 1], "weight_decay": recipe.decay},
            {"params": [p for p in weights if p.dim() < 2], "weight_decay": 0.0},
        ],
        lr=recipe.rate, betas=(0.9, 0.98), fused=True,
    )  # fmt: skip


def save_state(out: Path, model: nn.Module, optimizer: torch.optim.Optimizer, step: int, worked: float) -> None:
    """Writes what a run goes on from; a run that is cut off meanwhile leaves the state before."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "worked": worked}
    torch.save(state, out / "state.new")
    (out / "state.new").replace(out / "state.pt")


def read_state(out: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    """Loads what a run left; the steps and the seconds of work that it had done, 0 where there was none."""
    if not (out / "state.pt").is_file():
        return 0, 0.0
    state = torch.load(out / "state.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), float(state["worked"])


def train(model: JointReader, questions: Questions, recipe: Recipe, minutes: float, out: Path) -> None:
    """Trains for so many minutes of work, going on from `out`/state.pt where there is one; writes `out`/reader.pt."""
    device = next(model.parameters()).device
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = optimizer_of(model, recipe)
    out.mkdir(parents=True, exist_ok=True)
    step, worked = read_state(out, model, optimizer)
    kind = faster(device)
    print(f"in {kind}", flush=True)
    averaged = Averaged()  # begun anew where the run was cut off among its last steps
    questions.rng.seed(f"{recipe.seed} {step}")
    model.train()
    shown: dict[str, float] = {}
    tokens, saved = 0, worked
    for groups in questions.batches():
        begun = time.perf_counter()
        done = worked / (minutes * 60)
        if done >= 1:
            break
        for part in optimizer.param_groups:
            part["lr"] = recipe.rate * min(done / recipe.warmup, (1 - done) / (1 - recipe.warmup), 1) + 1e-8
        parts = loss_of(model, groups, recipe, device, kind)
        sum(parts.values()).backward()  # type: ignore[union-attr]
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        tokens += sum(len(e.ids) for g in groups for e in g)
        for name, value in parts.items():
            shown[name] = 0.98 * shown.get(name, value.item()) + 0.02 * value.item()
        if done > 1 - recipe.averaged and step % 10 == 0:
            averaged.add(model)
        worked += min(time.perf_counter() - begun, LONGEST_STEP)
        if step % 20 == 0:
            told = " ".join(f"{name} {value:.3f}" for name, value in shown.items())
            print(f"{step} {worked / 60:.1f} min {tokens / max(1e-9, worked):.0f} tok/s {told}", flush=True)
        if worked - saved > 300:
            saved = worked
            save_state(out, model, optimizer, step, worked)
    torch.save(averaged.mean() if averaged.count else model.state_dict(), out / "reader.pt")


def read_negatives(paths: Sequence[Path]) -> dict[str, list[tuple[str, str]]]:
    """By the id of a question the titles and texts of passages that retrieval brings but that do not answer it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        for row in lines(path):
            found[row["id"]] = [(p["title"].replace(" > ", " "), p["text"]) for p in row["passages"]]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.train", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="the folder of index.training.reader.checkpoint")
    parser.add_argument("--init", type=Path, help="weights of an earlier stage, its reader.pt")
    parser.add_argument("--rows", type=Path, nargs="*", default=[], help="files of reading rows")
    parser.add_argument("--early", type=Path, nargs="*", default=[], help="files of rows for the first pass alone")
    parser.add_argument(
        "--negatives", type=Path, nargs="*", default=[], help="files of index.training.reader.negatives"
    )
    parser.add_argument("--general", type=Path, help="the shared folder, for CMRC 2018 and DRCD")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--compiled", action="store_true", help="layers compiled: a fifth faster after a minute; needs a C++ compiler"
    )
    for name, value in vars(Recipe()).items():
        parser.add_argument(
            f"--{name + '-rows' if name in ('early', 'general') else name}",
            dest=f"recipe_{name}",
            type=type(value),
            default=value,
        )
    given = parser.parse_args()
    recipe = Recipe(**{name: getattr(given, f"recipe_{name}") for name in vars(Recipe())})
    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = JointReader(given.checkpoint)
    if given.init:
        if (given.out / "state.pt").is_file():
            parser.error(
                f"{given.out} holds a run that was cut off: leave --init out to go on with it, or name another folder"
            )
        told = model.load_state_dict(torch.load(given.init, weights_only=True), strict=False)
        print("begun anew:", *told.missing_keys, flush=True)
    own = read_rows(given.rows)
    general = read_general(given.general) if given.general else []
    questions = Questions(
        own, general, Encoder(given.checkpoint), recipe, read_negatives(given.negatives), read_rows(given.early)
    )
    print(f"{len(own)} rows, {len(general)} general questions, {len(questions.retrieved)} with negatives", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {k: str(v) if isinstance(v, Path) else v for k, v in vars(given).items()}
    (given.out / "run.json").write_text(json.dumps(settings, default=str, ensure_ascii=False, indent=1), "utf-8")
    if given.compiled:
        model.compile_layers()
    train(model.to(device), questions, recipe, given.minutes, given.out)


if __name__ == "__main__":
    main()
