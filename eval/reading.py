"""The reader, the rules, and both, on reading questions: `python -m eval.reading --shared ../shared [--data DIR]`.

passage   reading/SPLIT.jsonl, each question given its passage (a document of its own, by a filter): the answer that each way
          thinks best, whatever its confidence
general   the contexts of CMRC 2018 (trial) and DRCD that no reader was trained on, given the context: EM and F1 (eval/cmrc.py)
store     with --data: questions/cities.SPLIT.jsonl asked of that folder, into which the files of cities/ were ingested: of the
          model alone the answer of the passage that answers surest among the first eight; of the rules and of both what the
          service would say, refusals included

"right" is the rule of the contract's scorer (eval/answers.py). EM and F1 leave yes and no out. AUC: whether the confidence is higher
where the passage answers than where it does not. Reads the environment: TIAOWEN_READER names the model, the one shipped by default.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from corpus.errors import PolicyError
from eval.answers import is_covered, is_right
from eval.cmrc import exact_match, span_f1
from eval.datasets import BadDataset, GoldQuestion, GoldRow, read_gold
from eval.report import Report, table, write_report
from eval.run import evaluate_gold
from eval.spans import SpanQuestion, Task, ingested, json_rows, reading_task
from index.reader.load import load_reader
from index.reader.types import JointReader, Readable
from index.types import Filters
from qa.build import build_engine
from qa.engine import Engine
from qa.read.neural import said_by
from qa.types import Question

WAYS = ("rules", "model", "both")
_READ = 8
_CONTEXT_CUT = " > "


@dataclass(frozen=True, slots=True)
class Row:
    """A reading question with its passage; `gold` is what is right, with no answers where the passage does not say."""

    gold: GoldQuestion
    title: str
    passage: str
    source: str

    @property
    def answerable(self) -> bool:
        return bool(self.gold.answers)


@dataclass(frozen=True, slots=True)
class Said:
    """What a way says of a question, and how sure it is that the passage answers, in any unit."""

    text: str
    sure: float


Way = Callable[[Row], Said]


def read_rows(path: Path) -> list[Row]:
    """The rows of a file of reading questions. Raises BadDataset."""
    out = []
    for row in json_rows(path, "id", "question", "type", "style", "answers", "passage", "title", "source"):
        gold = GoldQuestion(
            row["id"], row["question"], row["type"], row["style"],
            tuple(row["answers"]), tuple(row.get("items") or ()), row["passage"], (), row["title"], "",
        )  # fmt: skip
        out.append(Row(gold, row["title"].replace(_CONTEXT_CUT, " "), row["passage"], row["source"]))
    return out


# -- the ways ----------------------------------------------------------------------------------------------------------


def model_alone(reader: JointReader) -> Way:
    """The reader's own answer."""

    def say(row: Row) -> Said:
        [reading] = reader.read(row.gold.question, [Readable(row.passage, row.title)])
        return Said(said_by(row.gold.question, row.passage, reading), reading.answers)

    return say


def through(engine: Engine, ids: Mapping[str, frozenset[str]], names: Mapping[str, str]) -> Way:
    """The engine's best answer from the document of the passage alone."""
    day = date.today()

    def say(row: Row) -> Said:
        filters = Filters(document_ids=ids.get(names[row.passage], frozenset()))
        considered = engine.consider(Question(row.gold.question, day, filters))
        if considered is None or not considered.scored:
            return Said("", 0.0)
        best = considered.scored[0].candidate
        sound = engine.contradicted(considered.pool, best) is None
        return Said(best.text, engine.scorer.confidence(considered.scored) if sound else 0.0)

    return say


def engine_over(rows: Sequence[Row], work: Path) -> tuple[Engine, dict[str, frozenset[str]], dict[str, str]]:
    """An engine over the passages, each a document, the ids of the documents by file, and the file of each passage."""
    names: dict[str, str] = {}
    texts: dict[str, str] = {}
    for row in rows:
        if row.passage not in names:
            title, *headings = row.gold.document.split(_CONTEXT_CUT)
            names[row.passage] = f"{len(names):05}.txt"
            texts[names[row.passage]] = "\n\n".join([title, *headings, row.passage])
    engine, ids = ingested(Task("passage", texts, ()), work)
    return engine, ids, names


# -- figures -----------------------------------------------------------------------------------------------------------


def auc(answered: Sequence[float], unanswered: Sequence[float]) -> float:
    """The chance that one of the first is higher than one of the second, ties counting half (Mann-Whitney)."""
    if not answered or not unanswered:
        return float("nan")
    values = np.concatenate([answered, unanswered])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = len(answered)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(unanswered)))


def judged(rows: Sequence[Row], way: Way, label: str = "") -> dict[str, float]:
    """right over the answerable, em and f1 over those that are no yes/no, yes_no over those, auc, ms; `right` also by type/, style/
    and source/, with n/ in front the number of each."""
    parts: dict[str, list[float]] = defaultdict(list)
    sure: dict[bool, list[float]] = {True: [], False: []}
    started = time.perf_counter()
    for row in tqdm(rows, desc=label, unit="题", disable=None, leave=False):
        said = way(row)
        sure[row.answerable].append(said.sure)
        if not row.answerable:
            continue
        right = float(is_right(row.gold, said.text))
        for part in ("right", f"type/{row.gold.type}", f"style/{row.gold.style}", f"source/{row.source}"):
            parts[part].append(right)
        if row.gold.type == "yesno":
            parts["yes_no"].append(right)
        else:
            parts["em"].append(exact_match(row.gold.answers, said.text))
            parts["f1"].append(span_f1(row.gold.answers, said.text))
    out = {name: sum(values) / len(values) for name, values in parts.items()}
    out |= {f"n/{name}": float(len(values)) for name, values in parts.items()}
    out["auc"] = auc(sure[True], sure[False])
    out["ms"] = 1000 * (time.perf_counter() - started) / max(1, len(rows))
    return out


def general(reader: JointReader, questions: Iterable[SpanQuestion], texts: Mapping[str, str]) -> dict[str, float]:
    """em and f1 of the reader on general questions, given the context, by part."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for question in tqdm(list(questions), desc="general", unit="题", disable=None, leave=False):
        if question.golds:
            text = texts[question.texts[0]]
            [reading] = reader.read(question.text, [Readable(text)])
            said = text[reading.spans[0].start : reading.spans[0].end] if reading.spans else ""
            found[question.part].append((exact_match(question.golds, said), span_f1(question.golds, said)))
    out: dict[str, float] = {}
    for part, values in sorted(found.items()):
        out |= {f"{part}/n": float(len(values))}
        out |= {f"{part}/{name}": float(np.mean([v[at] for v in values])) for at, name in enumerate(("em", "f1"))}
    return out


def store_alone(engine: Engine, reader: JointReader, rows: Sequence[GoldRow]) -> dict[str, float]:
    """The model alone over the first passages of the engine's search: `both` (answered right and cited right) and `answer` over the
    answerable questions, nothing refused."""
    day = date.today()
    both, answer = [], []
    for row in tqdm(rows, desc="store model", unit="题", disable=None, leave=False):
        if not isinstance(row, GoldQuestion):
            continue
        hits = engine.search(Question(row.question, day, top_k=_READ))
        readings = reader.read(row.question, [Readable(h.passage.text, h.passage.context) for h in hits])
        best = max(zip(hits, readings, strict=True), key=lambda pair: pair[1].answers, default=None)
        right = best is not None and is_right(row, said_by(row.question, best[0].passage.text, best[1]))
        answer.append(float(right))
        held = best is not None and any(
            is_covered(quote, best[0].passage.text, 0.5) for quote in (row.quote, *row.alt_quotes)
        )
        both.append(float(right and held))
    return {"both": float(np.mean(both)), "answer": float(np.mean(answer)), "n": float(len(both))}


# -- the command -------------------------------------------------------------------------------------------------------


def print_passage(found: Mapping[str, Mapping[str, float]]) -> None:
    """Prints a table of the ways, then one by part."""
    names = ("right", "yes_no", "em", "f1", "auc", "ms")
    print(
        table(
            ["", *names],
            [[way, *(f"{figures.get(n, float('nan')):.3f}" for n in names)] for way, figures in found.items()],
        )
    )
    first = next(iter(found.values()))
    for kind in ("type/", "style/", "source/"):
        rows = [
            [name.removeprefix(kind), f"{first['n/' + name]:.0f}", *(f"{f.get(name, 0.0):.3f}" for f in found.values())]
            for name in sorted(first)
            if name.startswith(kind)
        ]
        print(table([kind.rstrip("/"), "n", *found], rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.reading", description="阅读：给出条款，或给出整个文件库")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="评测数据所在目录")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--data", type=Path, help="已导入 cities/ 全部文件的数据目录，给出时也测整库")
    parser.add_argument("--no-general", action="store_true", help="不测通用阅读题")
    parser.add_argument("--out", type=Path, help="写入 report.json 的目录")
    given = parser.parse_args(arguments)
    try:
        reader = load_reader(os.environ.get("TIAOWEN_READER", "").strip())
        if reader is None:
            raise BadDataset("没有阅读模型可测", "不要把 TIAOWEN_READER 设为 none")
        figures = _measured(given, reader)
    except PolicyError as error:
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1
    if given.out is not None:
        write_report(Report("reading", given.split, figures, {"reader": reader.id}), given.out, datetime.now(UTC))
    return 0


def _measured(given: argparse.Namespace, reader: JointReader) -> dict[str, float]:
    rows = read_rows(given.shared / "reading" / f"{given.split}.jsonl")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="tiaowen-reading-") as work:
        over = engine_over(rows, Path(work)) if set(given.ways) - {"model"} else None
        for way in given.ways:
            if over is None or way == "model":
                found[way] = judged(rows, model_alone(reader), way)
            else:
                engine = over[0].with_reader(None if way == "rules" else reader)
                found[way] = judged(rows, through(engine, *over[1:]), way)
    print_passage(found)
    figures = {f"passage/{way}/{name}": value for way, of in found.items() for name, value in of.items()}
    if not given.no_general:
        task = reading_task(given.shared / "training" / "reading.jsonl.xz")
        told = general(reader, [q for q in task.questions if q.part in ("cmrc2018", "drcd")], task.texts)
        print("  ".join(f"{name} {value:.3f}" for name, value in told.items()))
        figures |= {f"general/{name}": value for name, value in told.items()}
    if given.data is not None:
        questions = read_gold(given.shared / "questions" / f"cities.{given.split}.jsonl")
        for way in given.ways:
            engine = build_engine(given.data, reader="none" if way == "rules" else reader)
            if way == "model":
                told = store_alone(engine, reader, questions)
            else:
                told = dict(evaluate_gold(engine, way, questions).figures)
            names = [
                n for n in ("hit1", "hit5", "answer", "both", "wrong_rate", "refused", "wrongly_refused") if n in told
            ]
            print(f"cities.{given.split} {way}：" + "  ".join(f"{name} {told[name]:.3f}" for name in names))
            figures |= {f"store/{way}/{name}": value for name, value in told.items()}
    return figures


if __name__ == "__main__":
    sys.exit(main())
