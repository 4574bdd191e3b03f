"""The same index in files and in Milvus: what each finds, how fast, how long building takes.

python -m eval.carriers --shared ../shared [--clauses 61193] [--seconds 60] [--index milvus:/path/file.db]

The clauses are the articles of statutes, and beyond their number copies with other words (eval.scale); the questions are those of
its dev part. Without --index, Milvus Lite in a temporary file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.beir import passages_of_beir
from eval.datasets import read_beir
from eval.memory import now_mb
from eval.metrics import Run, mrr_at, recall_at
from eval.report import table
from eval.scale import enlarged
from index.carriers import carrier_of
from index.encoder import BUILTIN, load_encoder
from index.milvus import client
from index.progress import ProgressBars
from index.rerank import load_reranker
from index.searcher import Searcher
from index.snapshot import Carrier, FileCarrier, build_snapshot
from index.tokens import Tokenizer
from index.types import Passage

K = 10
_WARM_UP = 20


def measured(
    carrier: Carrier, passages: Sequence[Passage], queries: dict[str, str], folder: Path
) -> tuple[Run, list[float], float, float]:
    """What is found for each query, best first, the seconds that each took, those that building took, and the MB that the process
    grew by."""
    encoder, tokenizer = load_encoder(BUILTIN), Tokenizer()
    before = now_mb()
    begun = time.perf_counter()
    snapshot = build_snapshot(passages, folder, encoder, ProgressBars(), tokenizer=tokenizer, carrier=carrier)
    built = time.perf_counter() - begun
    searcher = Searcher(snapshot, encoder, tokenizer, reranker=load_reranker())
    for text in list(queries.values())[:_WARM_UP]:
        searcher.search(text + "？", K)
    run: dict[str, list[str]] = {}
    seconds = []
    for ident, text in queries.items():
        begun = time.perf_counter()
        hits = searcher.search(text, K)
        seconds.append(time.perf_counter() - begun)
        run[ident] = [hit.passage.id for hit in hits]
    return run, seconds, built, now_mb() - before


def same(one: Run, other: Run) -> float:
    """The mean share of what the first run found that the other found, too."""
    shares = [len(set(one[q]) & set(other[q])) / max(1, len(one[q])) for q in one]
    return float(np.mean(shares))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.carriers", description="同一索引放在文件里和放在 Milvus 里")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--clauses", type=int, help="条款数，默认 statutes 的全部")
    parser.add_argument("--index", help="TIAOWEN_INDEX 的写法，默认临时文件里的 Milvus Lite")
    parser.add_argument(
        "--seconds", type=float, default=client.ASKED_SECONDS, help="一次查询至多等多久，默认与服务相同"
    )
    given = parser.parse_args(arguments)
    client.ASKED_SECONDS = given.seconds
    data = read_beir(given.shared / "statutes", "dev")
    articles = passages_of_beir(data)
    queries = {query.id: query.text for query in data.queries}
    count = given.clauses or len(articles)
    passages = articles[:count]
    if count > len(articles):
        passages = list(enlarged(articles, count, Tokenizer().words))
    rows, runs = [], []
    with tempfile.TemporaryDirectory(prefix="tiaowen-carriers-") as folder:
        named = given.index or f"milvus:{folder}/lite.db"
        for name, carrier in (("文件", FileCarrier()), ("Milvus", carrier_of(named))):
            run, seconds, built, grown = measured(carrier, passages, queries, Path(folder) / name)
            runs.append(run)
            rows.append(
                [
                    name, f"{built:.0f}", *(f"{float(np.percentile(seconds, p)) * 1e3:.1f}" for p in (50, 95)), f"{grown:.0f}",
                    f"{recall_at(data.qrels, run, K):.3f}", f"{mrr_at(data.qrels, run, K):.3f}", f"{same(runs[0], run):.3f}",
                ]
            )  # fmt: skip
    print(f"{len(passages)} 条，{len(data.queries)} 问")
    print(table(["索引", "建立 秒", "p50 毫秒", "p95 毫秒", "内存 MB", "recall@10", "MRR@10", "前十与文件相同"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
