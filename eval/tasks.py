"""The retrieval tasks of `eval.compare`: what is searched, what is asked, and how what was found is judged.

statutes        lay questions on Chinese law, articles judged (BEIR layout)         recall, MRR and nDCG
statutes-tenth  the same questions over every tenth article and all that are gold   for programs too slow for all
equals          other lay questions over the same articles, one gold article        recall and MRR
legaldc         questions on rules and laws in Word files, passages judged          recall and MRR as score.py counts
policy          questions on policy bulletins, one quote that answers               hit1 and hit5 as score.py counts
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from corpus.errors import BadFile
from corpus.ingest import find_files
from corpus.reading import read_documents
from eval.answers import is_covered
from eval.beir import passages_of_beir, unseen_part
from eval.datasets import BadDataset, GoldQuestion, GoldRetrieval, read_beir, read_gold
from eval.metrics import Qrels, Run, Values, ndcgs, quote_rank, recalls, reciprocal_ranks
from index.passages import passages_of_all
from index.types import Passage

K = 10
TENTH = 10

# What was found, query by query, and the texts of passages by id -> the figures of each query, by name.
Judge = Callable[[Run, Mapping[str, str]], dict[str, Values]]


@dataclass(frozen=True, slots=True)
class Task:
    """Questions over a collection.

    `parts` are subsets of the queries whose figures are also told on their own. `tested` names the figures whose
    differences between rows are tested for being luck.
    """

    name: str
    collection: str
    queries: Mapping[str, str]
    judge: Judge = field(repr=False)
    tested: tuple[str, ...]
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks and the collections (name -> passages) that they are asked over."""

    tasks: tuple[Task, ...]
    collections: Mapping[str, tuple[Passage, ...]] = field(repr=False)


def read_suite(shared: Path, names: Iterable[str], split: str = "dev") -> Suite:
    """Read the tasks called `names` from the folders and files under `shared`. Raises BadDataset, BadFile."""
    wanted = set(names)
    tasks: list[Task] = []
    collections: dict[str, tuple[Passage, ...]] = {}
    if wanted & {"statutes", "statutes-tenth", "equals"}:
        data = read_beir(shared / "statutes", split)
        articles = tuple(passages_of_beir(data))
        parts = {"unseen": frozenset(unseen_part(data))}
        asked = {query.id: query.text for query in data.queries}
        tested = ("recall@10", "ndcg@10")
        if "statutes" in wanted:
            tasks.append(Task("statutes", "statutes", asked, judged_by(data.qrels, (1, K)), tested, parts))
        if "statutes-tenth" in wanted:
            collections["statutes-tenth"] = thinned(articles, data.qrels, TENTH)
            tasks.append(Task("statutes-tenth", "statutes-tenth", asked, judged_by(data.qrels, (1, K)), tested, parts))
        if "equals" in wanted:
            tasks.append(equals_task(shared / "equals" / f"questions.{split}.jsonl"))
        if wanted & {"statutes", "equals"}:
            collections["statutes"] = articles
    if "legaldc" in wanted:
        tasks.append(quotes_task(shared / "legaldc" / "questions.jsonl"))
        collections["legaldc"] = passages_of_files(shared / "legaldc" / "docx")
    if "policy" in wanted:
        tasks.append(policy_task(shared / "questions" / f"policy.{split}.jsonl"))
        collections["policy"] = passages_of_files(shared / "corpus" / "suzhou")
    return Suite(tuple(tasks), collections)


def thinned(passages: Sequence[Passage], qrels: Qrels, every: int) -> tuple[Passage, ...]:
    """Every `every`-th passage and all that are judged relevant, in order."""
    gold = {document for grades in qrels.values() for document, grade in grades.items() if grade > 0}
    return tuple(p for row, p in enumerate(passages) if row % every == 0 or p.id in gold)


def passages_of_files(folder: Path) -> tuple[Passage, ...]:
    """The passages of all files under a folder, as ingesting makes them, each document once.

    Files that cannot be read are left out. Raises BadDataset where none can be.
    """
    documents = {}
    for path, name in tqdm(find_files([folder]), desc=folder.name, unit="份", disable=None, leave=False):
        try:
            read = read_documents(path.read_bytes(), name)
        except (BadFile, OSError):
            continue
        documents.update({document.id: (document, clauses) for document, clauses in read})
    if not documents:
        raise BadDataset(f"{folder} 中没有可读的文件", "检查路径")
    return tuple(passages_of_all(documents.values()))


# -- tasks -------------------------------------------------------------------------------------------------------------


def judged_by(qrels: Qrels, depths: Sequence[int]) -> Judge:
    """Judges by graded document ids: recall at `depths`, MRR@10 and nDCG@10."""

    def judge(run: Run, texts: Mapping[str, str]) -> dict[str, Values]:
        del texts
        return {
            **{f"recall@{k}": recalls(qrels, run, k) for k in depths},
            f"mrr@{K}": reciprocal_ranks(qrels, run, K),
            f"ndcg@{K}": ndcgs(qrels, run, K),
        }

    return judge


def equals_task(path: Path) -> Task:
    """Lay questions with the ids of the articles that answer them, over the statutes. Raises BadDataset."""
    asked: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{path} 无法读取：{error}", "检查路径和文件") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            # The same question stands twice where two spans answer it: one question, the articles of both.
            asked[row["id"]] = str(row["question"])
            qrels.setdefault(row["id"], {}).update({str(article): 1 for article in row["gold"]})
        except (ValueError, KeyError, TypeError) as error:
            raise BadDataset(f"{path} 第 {number} 行：应有 id、question、gold", "改正该行后再试") from error
    return Task("equals", "statutes", asked, judged_by(qrels, (1, K)), ("recall@10", "mrr@10"))


def quotes_task(path: Path) -> Task:
    """Questions with the passages that answer them, word for word (rows of type retrieval). Raises BadDataset."""
    rows = {row.id: row for row in read_gold(path) if isinstance(row, GoldRetrieval)}

    def judge(run: Run, texts: Mapping[str, str]) -> dict[str, Values]:
        out: dict[str, Values] = defaultdict(dict)
        for ident, row in rows.items():
            found = [texts[passage] for passage in run.get(ident, ())[:K]]
            ranks = [quote_rank(quote, found) for quote in row.quotes]
            for k in (1, 5, K):
                out[f"recall@{k}"][ident] = sum(r is not None and r <= k for r in ranks) / len(ranks)
            first = min((r for r in ranks if r is not None), default=None)
            out[f"mrr@{K}"][ident] = 1 / first if first else 0.0
        return out

    return Task("legaldc", "legaldc", {i: r.question for i, r in rows.items()}, judge, ("recall@5", "mrr@10"))


def policy_task(path: Path) -> Task:
    """Answerable questions on policy documents outside of conversations, by style. Raises BadDataset."""
    rows = {row.id: row for row in read_gold(path) if isinstance(row, GoldQuestion)}

    def judge(run: Run, texts: Mapping[str, str]) -> dict[str, Values]:
        out: dict[str, Values] = {"hit1": {}, "hit5": {}}
        for ident, row in rows.items():
            found = [texts[passage] for passage in run.get(ident, ())[:5]]
            held = [any(is_covered(quote, text) for quote in (row.quote, *row.alt_quotes)) for text in found]
            out["hit1"][ident] = float(any(held[:1]))
            out["hit5"][ident] = float(any(held))
        return out

    styles: dict[str, set[str]] = defaultdict(set)
    for ident, row in rows.items():
        styles[row.style].add(ident)
    parts = {style: frozenset(idents) for style, idents in sorted(styles.items()) if style}
    return Task("policy", "policy", {i: r.question for i, r in rows.items()}, judge, ("hit1", "hit5"), parts)
