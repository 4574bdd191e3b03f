"""Retrieval on a set in BEIR layout (Thakur et al. 2021): quality, speed and memory of each retriever and their fusion.

python -m eval.beir ../shared/statutes --split dev [--index DIR] [--encoder builtin] [--reranker none] [--out DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from corpus.errors import PolicyError
from eval.datasets import BeirSet, corpus_file, read_beir
from eval.memory import peak_mb
from eval.metrics import Qrels, Run, mrr_at, ndcg_at, recall_at
from eval.report import Report, table, write_report
from index.encoder import Encoder, load_encoder
from index.errors import SnapshotError
from index.progress import ProgressBars
from index.reader.load import load_reader
from index.rerank import NONE, Reranker, load_reranker
from index.searcher import CANDIDATES, DENSE_WEIGHT, Mode, Searcher
from index.snapshot import Progress, Snapshot, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.types import Passage

MODES: tuple[Mode, ...] = ("lexical", "dense", "fused")
"""Reranked as well, where there is a reranker. The last one is how the service searches."""
K = 10
# Queries before the clock runs: files are mapped and code is loaded on first use.
_WARM_UP = 20
_SOURCE = "source.json"


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a BEIR corpus. `build_seconds` is from when it was built; `reused` says that this was not now."""

    snapshot: Snapshot
    build_seconds: float
    reused: bool


def evaluate_beir(
    folder: Path,
    split: str,
    encoder: Encoder,
    index_folder: Path | None = None,
    progress: Progress | None = None,
    reranker: Reranker | None = None,
) -> Report:
    """Index the corpus of a BEIR folder, search every judged query with each retriever, one at a time, and measure.

    The index is made in `index_folder`, and used again where it holds one of the same corpus, encoder and tokeniser;
    without it, in a temporary folder. The figures, for search as the service does it (reranked, or fused
    without a reranker); of the others under lexical/, dense/, fused/:
    recall@10, mrr@10, ndcg@10 (0..1), p50_ms, p95_ms, queries_per_s (one thread); where qrels/train.tsv exists the
    metrics also under unseen/ for the queries none of whose relevant documents occur in it. For all: passages, queries,
    build_seconds, peak_rss_mb (of this process, with reading the corpus, and with building unless the index was there).
    Raises BadDataset, SnapshotError.
    """
    data = read_beir(folder, split)
    if index_folder is not None:
        return _evaluate(data, encoder, index_folder, progress, reranker)
    with tempfile.TemporaryDirectory(prefix="tiaowen-beir-") as temporary:
        return _evaluate(data, encoder, Path(temporary), progress, reranker)


def passages_of_beir(data: BeirSet) -> list[Passage]:
    """A passage for each document, searched with its title and heading."""
    return [Passage(id=d.id, text=d.text, context=f"{d.title} {d.heading}".strip()) for d in data.documents]


def index_beir(data: BeirSet, folder: Path, encoder: Encoder, progress: Progress | None = None) -> Index:
    """Build the index of `data` in `folder`, or open the one that is there if it is of the same corpus and settings."""
    tokenizer = Tokenizer()
    corpus = corpus_file(data.folder)
    with corpus.open("rb") as file:
        source = hashlib.file_digest(file, "sha256").hexdigest()
    old = _reusable(folder, source, encoder, tokenizer)
    if old is not None:
        return old
    passages = passages_of_beir(data)
    start = time.perf_counter()
    snapshot = build_snapshot(passages, folder, encoder, progress, tokenizer=tokenizer)
    seconds = time.perf_counter() - start
    (folder / _SOURCE).write_text(json.dumps({"sha256": source, "build_seconds": seconds}), "utf-8")
    return Index(snapshot, seconds, reused=False)


def _reusable(folder: Path, source: str, encoder: Encoder, tokenizer: Tokenizer) -> Index | None:
    try:
        told = json.loads((folder / _SOURCE).read_text("utf-8"))
        if told["sha256"] != source:
            return None
        snapshot = open_snapshot(folder, encoder_id=encoder.id)
        if snapshot.manifest.tokenizer_id != tokenizer.settings_id:
            return None
        return Index(snapshot, float(told["build_seconds"]), reused=True)
    except (OSError, ValueError, KeyError, TypeError, SnapshotError):
        return None


def _evaluate(
    data: BeirSet, encoder: Encoder, folder: Path, progress: Progress | None, reranker: Reranker | None
) -> Report:
    index = index_beir(data, folder, encoder, progress)
    searcher = Searcher(index.snapshot, encoder, Tokenizer(), reranker=reranker)
    unseen = unseen_part(data)
    figures: dict[str, float] = {}
    for mode in _modes(reranker is not None):
        run, seconds = _timed_run(searcher, data, mode)
        prefix = _prefix(mode, reranker is not None)
        figures.update(_metrics(prefix, data.qrels, run))
        if unseen:
            figures.update(_metrics(f"{prefix}unseen/", unseen, run))
        figures[f"{prefix}p50_ms"] = float(np.percentile(seconds, 50)) * 1e3
        figures[f"{prefix}p95_ms"] = float(np.percentile(seconds, 95)) * 1e3
        figures[f"{prefix}queries_per_s"] = len(seconds) / sum(seconds)
    figures.update(
        {
            "passages": len(index.snapshot),
            "queries": len(data.queries),
            "unseen/queries": len(unseen),
            "build_seconds": index.build_seconds,
            "peak_rss_mb": peak_mb(),
        }
    )
    settings = {
        "encoder": encoder.id,
        "reranker": reranker.id if reranker else NONE,
        "dense_weight": str(DENSE_WEIGHT),
        "candidates": str(CANDIDATES),
        "exact": str(index.snapshot.dense.exact),
        "index_reused": str(index.reused),
    }
    return Report(data.folder.name, data.split, figures, settings)


def _modes(reranked: bool) -> tuple[Mode, ...]:
    return (*MODES, "reranked") if reranked else MODES


def _prefix(mode: Mode, reranked: bool) -> str:
    """What the names of a mode's figures begin with: nothing for the last mode."""
    return "" if mode == _modes(reranked)[-1] else f"{mode}/"


def unseen_part(data: BeirSet) -> dict[str, dict[str, int]]:
    """The judgements of the queries none of whose relevant documents occur in qrels/train.tsv; empty without that."""
    if data.train_documents is None:
        return {}
    return {
        query: grades
        for query, grades in data.qrels.items()
        if not any(grade > 0 and document in data.train_documents for document, grade in grades.items())
    }


def _timed_run(searcher: Searcher, data: BeirSet, mode: Mode) -> tuple[Run, list[float]]:
    for query in data.queries[:_WARM_UP]:
        searcher.search(query.text, K, mode=mode)
    run: dict[str, list[str]] = {}
    seconds = []
    for query in data.queries:
        start = time.perf_counter()
        hits = searcher.search(query.text, K, mode=mode)
        seconds.append(time.perf_counter() - start)
        run[query.id] = [hit.passage.id for hit in hits]
    return run, seconds


def _metrics(prefix: str, qrels: Qrels, run: Run) -> dict[str, float]:
    metrics: dict[str, Callable[[Qrels, Run, int], float]] = {"recall": recall_at, "mrr": mrr_at, "ndcg": ndcg_at}
    return {f"{prefix}{name}@{K}": metric(qrels, run, K) for name, metric in metrics.items()}


def print_report(report: Report) -> None:
    """Print the table of a BEIR report to stdout."""
    f = report.figures
    names = [f"recall@{K}", f"mrr@{K}", f"ndcg@{K}"]
    parts = [("全部", "")] + ([("未见条文", "unseen/")] if f["unseen/queries"] else [])
    rows = []
    reranked = report.settings["reranker"] != NONE
    for mode in _modes(reranked):
        prefix = _prefix(mode, reranked)
        for label, part in parts:
            speed = ["p50_ms", "p95_ms", "queries_per_s"]
            cells = [f"{f[prefix + name]:.2f}" if not part else "" for name in speed]
            rows.append([f"{mode} {label}", *(f"{f[prefix + part + name]:.3f}" for name in names), *cells])
    print(f"{report.dataset}/{report.split}：{f['passages']:.0f} 条，{f['queries']:.0f} 个问题", end="")
    print(f"（未见条文 {f['unseen/queries']:.0f} 个），编码模型 {report.settings['encoder']}")
    print(table(["", *names, "p50 ms", "p95 ms", "次/秒"], rows))
    print(f"建索引 {f['build_seconds']:.1f} 秒，内存峰值 {f['peak_rss_mb']:.0f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.beir", description="在 BEIR 格式的数据集上评测检索")
    parser.add_argument("folder", type=Path, help="数据集目录")
    parser.add_argument("--split", default="test", help="qrels 中的划分，默认 test")
    parser.add_argument("--index", type=Path, help="索引目录；同一语料和模型的索引会被复用，默认用临时目录")
    parser.add_argument("--encoder", default="builtin", help="编码模型的名称或目录，默认 builtin")
    parser.add_argument("--reranker", default="", help="重排模型的名称或目录，默认内置的，none 不重排")
    parser.add_argument("--reader", default="", help="读前几条的阅读模型，默认内置的，none 不读")
    parser.add_argument("--out", type=Path, help="写入 report.json 的目录")
    given = parser.parse_args(arguments)
    try:
        encoder, reranker = load_encoder(given.encoder), load_reranker(given.reranker, load_reader(given.reader))
        report = evaluate_beir(given.folder, given.split, encoder, given.index, ProgressBars(), reranker)
    except PolicyError as error:
        print(f"{error.message}。{error.hint}", file=sys.stderr)
        return 1
    print_report(report)
    if given.out is not None:
        write_report(report, given.out, datetime.now(UTC))
    return 0


if __name__ == "__main__":
    sys.exit(main())
