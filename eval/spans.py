"""Exact match and F1 of the short answers, on other people's reading questions: `python -m eval.spans --shared ../shared`.

Three tasks, each through the product's own parts (ingestion, index, `Engine.best`), with refusals off:
reading   a held-out fifth of training/reading.jsonl.xz, given the context: it is the only document that may answer
article   equals/questions.dev.jsonl, given the article that answers (of statutes/corpus.jsonl.xz), under the name of its law
question  the same questions over all laws of statutes/corpus.jsonl.xz: the whole path

Reads the environment: TIAOWEN_READER names a question-answering model that is measured beside the rules.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from corpus.errors import PolicyError
from corpus.ingest import ingest
from corpus.store import Store
from eval.answers import is_covered
from eval.cmrc import exact_match, span_f1
from eval.datasets import BadDataset
from eval.report import Report, table, write_report
from index.progress import ProgressBars
from index.reader.load import load_reader
from index.reader.types import JointReader
from index.training.reader.data import is_held_out
from index.types import Filters
from qa.build import build_engine, update_index
from qa.engine import Engine
from qa.types import Question

TASKS = ("reading", "article", "question")
_HEADING = re.compile(
    r"第[一二三四五六七八九十百]+(?:编|分编|章|节).*?(?=\s+第[一二三四五六七八九十百]+(?:编|分编|章|节)|$)"
)


@dataclass(frozen=True, slots=True)
class SpanQuestion:
    """A question with its gold answers; none where the texts do not answer it. `texts` names those that it is asked of,
    all where there are none; `part` is what figures are told apart by."""

    id: str
    text: str
    golds: tuple[str, ...]
    part: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Texts by name, and the questions about them. `left_out` counts questions that no span answers (yes or no)."""

    name: str
    texts: Mapping[str, str]
    questions: tuple[SpanQuestion, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """How one answer does. `quoted` says that the sentence cited holds most of a gold answer, `quote_f1` is its own F1;
    `given` says that the answer is sure enough to be given (as the service is set by default)."""

    question: SpanQuestion
    em: float
    f1: float
    quoted: float
    quote_f1: float
    given: bool


# -- the tasks ---------------------------------------------------------------------------------------------------------


def reading_task(path: Path) -> Task:
    """The held-out fifth of a file of reading questions. Raises BadDataset."""
    texts: dict[str, str] = {}
    questions = []
    left_out = 0
    for row in json_rows(path, "context", "source", "questions"):
        if not is_held_out(row["context"]):
            continue
        name = f"{_digest(row['context'])}.txt"
        texts[name] = row["context"]
        for asked in row["questions"]:
            if asked.get("yes_no") and not asked.get("impossible"):
                left_out += 1
                continue
            golds = () if asked.get("impossible") else tuple(asked["answers"])
            part = row["source"].split("-")[0] if golds else "impossible"
            questions.append(SpanQuestion(asked["id"], asked["question"], golds, part, (name,)))
    return Task("reading", texts, tuple(questions), left_out)


def article_task(questions: Path, statutes: Path) -> Task:
    """Questions with the article that answers each. Raises BadDataset."""
    rows = list(json_rows(questions, "id", "question", "answer", "kind", "gold"))
    wanted = {ident for row in rows for ident in row["gold"]}
    texts = {}
    for article in json_rows(statutes, "_id", "title", "text"):
        if article["_id"] in wanted:
            law, _, label = article["title"].rpartition(" ")
            texts[f"{article['_id']}.txt"] = f"{law}\n\n{label}　{article['text']}\n"
    asked = (
        SpanQuestion(r["id"], r["question"], (r["answer"],), r["kind"], tuple(f"{i}.txt" for i in r["gold"]))
        for r in rows
    )
    return Task("article", texts, tuple(q for q in asked if all(name in texts for name in q.texts)))


def question_task(questions: Path, statutes: Path) -> Task:
    """The same questions over all laws. Raises BadDataset."""
    rows = json_rows(questions, "id", "question", "answer", "kind")
    asked = tuple(SpanQuestion(r["id"], r["question"], (r["answer"],), r["kind"]) for r in rows)
    return Task("question", laws_of(json_rows(statutes, "title", "text", "metadata")), asked)


def laws_of(articles: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The laws that articles belong to, whole, by a file name: title, chapters and articles in order."""
    lines: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for article in articles:
        law, _, label = article["title"].rpartition(" ")
        name = f"{_digest(article['metadata']['path'] + law)}.txt"
        own = lines.setdefault(name, [law])
        headings = [found.strip() for found in _HEADING.findall(article["metadata"]["heading"])]
        own += [heading for heading in headings if heading not in above.get(name, ())]
        above[name] = headings
        own.append(f"{label}　{article['text']}")
    return {name: "\n\n".join(own) + "\n" for name, own in lines.items()}


def sampled(questions: Sequence[SpanQuestion], limit: int) -> tuple[SpanQuestion, ...]:
    """`limit` of the questions, always the same ones; all where it is 0."""
    return tuple(sorted(questions, key=lambda q: _digest(q.id))[: limit or None])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def json_rows(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines (.xz is unpacked) that have these keys. Raises BadDataset."""
    number = 0
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
            for line in file:
                number += 1
                row = json.loads(line)
                missing = [key for key in keys if key not in row]
                if missing:
                    raise ValueError(f"缺少 {'、'.join(missing)}")
                yield row
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise BadDataset(f"{path} 无法读取：{getattr(error, 'strerror', None) or error}", "检查路径和文件") from error
    except (ValueError, TypeError) as error:
        raise BadDataset(f"{path} 第 {number} 行：{error}", "改正该行后再试") from error


# -- asking ------------------------------------------------------------------------------------------------------------


def ingested(task: Task, work: Path) -> tuple[Engine, dict[str, frozenset[str]]]:
    """The engine over the texts of a task, and the ids of the documents that each was read as; none where it was refused.

    `work` is used again where it holds the same texts. Raises what ingesting and indexing raise (PolicyError).
    """
    files, data = work / "files", work / "data"
    files.mkdir(parents=True, exist_ok=True)
    for name, text in task.texts.items():
        (files / name).write_text(text, encoding="utf-8")
    store = Store(data)
    try:
        with tqdm(total=len(task.texts), desc=f"{task.name} 读取", unit="个", disable=None, leave=False) as bar:

            def step(_: str) -> None:
                bar.update()

            ingest(store, [files], step)
        update_index(store, data, progress=ProgressBars())
        ids = defaultdict(set)
        for document in store.documents():
            for source in document.sources:
                ids[source.file].add(document.id)
    finally:
        store.close()
    return build_engine(data), {name: frozenset(found) for name, found in ids.items()}


def judged(
    engine: Engine, ids: Mapping[str, frozenset[str]], questions: Sequence[SpanQuestion], day: date, told: str = ""
) -> list[Judged]:
    """Asks every question. `told` is shown beside the progress bar."""
    return [
        _judge(engine, question, _filters(question, ids), day)
        for question in tqdm(questions, desc=told, unit="题", disable=None, leave=False)
    ]


def _filters(question: SpanQuestion, ids: Mapping[str, frozenset[str]]) -> Filters:
    if not question.texts:
        return Filters()
    return Filters(document_ids=frozenset().union(*(ids.get(name, frozenset()) for name in question.texts)))


def _judge(engine: Engine, question: SpanQuestion, filters: Filters, day: date) -> Judged:
    considered = engine.consider(Question(question.text, day, filters))
    if considered is None or not considered.scored:
        return Judged(question, 0.0, 0.0, 0.0, 0.0, False)
    candidate = considered.scored[0].candidate
    quote = candidate.sentence.source.document.quote(candidate.spans[0])
    held = any(is_covered(gold, quote) for gold in question.golds)
    sound = engine.contradicted(considered.pool, candidate) is None
    given = sound and engine.scorer.confidence(considered.scored) >= engine.threshold
    golds, said = question.golds, candidate.text
    return Judged(question, exact_match(golds, said), span_f1(golds, said), float(held), span_f1(golds, quote), given)


def figures_of(rows: Sequence[Judged]) -> dict[str, float]:
    """n, em, f1, quoted, quote_f1 (0..1) over the questions that have an answer, given (the share answered), given_em and
    given_f1 over those given; and by part; `impossible/refused` over those without an answer."""
    answerable = [row for row in rows if row.question.golds]
    out = _means(answerable)
    for part in sorted({row.question.part for row in answerable}):
        own = [row for row in answerable if row.question.part == part]
        out |= {f"{part}/{name}": value for name, value in _means(own).items()}
    if impossible := [row for row in rows if not row.question.golds]:
        out["impossible/n"] = float(len(impossible))
        out["impossible/refused"] = sum(not row.given for row in impossible) / len(impossible)
    return out


def _means(rows: Sequence[Judged]) -> dict[str, float]:
    given = [row for row in rows if row.given]
    out = {"n": float(len(rows)), "given": len(given) / max(1, len(rows))}
    for name in ("em", "f1", "quoted", "quote_f1"):
        out[name] = sum(getattr(row, name) for row in rows) / max(1, len(rows))
    for name in ("em", "f1"):
        out[f"given_{name}"] = sum(getattr(row, name) for row in given) / max(1, len(given))
    return out


# -- the command -------------------------------------------------------------------------------------------------------


def measure(
    task: Task, readers: Mapping[str, JointReader | None], work: Path, limit: int, day: date
) -> dict[str, float]:
    """The figures of a task, for each reader under its label."""
    engine, ids = ingested(task, work)
    questions = sampled(task.questions, limit)
    out: dict[str, float] = {}
    for label, reader in readers.items():
        engine = engine.with_reader(reader)
        found = figures_of(judged(engine, ids, questions, day, f"{task.name} {label}"))
        out |= {f"{label}/{name}": value for name, value in found.items()}
    lost = sum(not any(ids.get(name) for name in q.texts) for q in questions if q.texts)
    return out | {"lost": float(lost), "left_out": float(task.left_out)}


def print_task(task: Task, figures: Mapping[str, float], labels: Iterable[str]) -> None:
    """Prints the table of a task."""
    names = ("em", "f1", "quoted", "quote_f1", "given", "given_em", "given_f1")
    rows = []
    for label in labels:
        of_label = {k.removeprefix(f"{label}/"): v for k, v in figures.items() if k.startswith(f"{label}/")}
        for part in ["", *sorted(k.removesuffix("/em") for k in of_label if k.endswith("/em"))]:
            own = {name: of_label[f"{part}/{name}" if part else name] for name in ("n", *names)}
            rows.append([f"{label} {part or '全部'}", f"{own['n']:.0f}", *(f"{own[name]:.3f}" for name in names)])
        if "impossible/refused" in of_label:
            print(f"{label}：{of_label['impossible/n']:.0f} 个无答案的问题，拒答 {of_label['impossible/refused']:.3f}")
    print(
        f"{task.name}：{len(task.texts)} 篇，未读入的问题 {figures['lost']:.0f} 个，是非题 {figures['left_out']:.0f} 个未计"
    )
    print(table(["", "题数", "EM", "F1", "引文含答案", "引文 F1", "作答率", "作答 EM", "作答 F1"], rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.spans", description="片段抽取：EM 和 F1（CMRC 2018 的算法）")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="评测数据所在目录")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="默认三项都测")
    parser.add_argument("--limit", type=int, default=0, help="每项至多多少个问题（固定抽样），默认全部")
    parser.add_argument("--work", type=Path, help="工作目录，再次运行时复用；默认用临时目录")
    parser.add_argument("--out", type=Path, help="写入 report.json 的目录")
    given = parser.parse_args(arguments)
    name = os.environ.get("TIAOWEN_READER", "").strip()
    reader = load_reader(name)
    readers: dict[str, JointReader | None] = {"rules": None} | ({"reader": reader} if reader else {})
    figures: dict[str, float] = {}
    try:
        for chosen in given.tasks:
            task = _task(chosen, given.shared)
            with tempfile.TemporaryDirectory(prefix="tiaowen-spans-") as temporary:
                found = measure(
                    task, readers, (given.work or Path(temporary)) / chosen, given.limit, datetime.now(UTC).date()
                )
            print_task(task, found, readers)
            figures |= {f"{chosen}/{key}": value for key, value in found.items()}
    except PolicyError as error:
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1
    if given.out is not None:
        settings = {"reader": reader.id if reader else "", "limit": str(given.limit)}
        write_report(Report("spans", "", figures, settings), given.out, datetime.now(UTC))
    return 0


def _task(name: str, shared: Path) -> Task:
    statutes, questions = shared / "statutes" / "corpus.jsonl.xz", shared / "equals" / "questions.dev.jsonl"
    if name == "reading":
        return reading_task(shared / "training" / "reading.jsonl.xz")
    return article_task(questions, statutes) if name == "article" else question_task(questions, statutes)


if __name__ == "__main__":
    sys.exit(main())
