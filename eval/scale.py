"""A large index: how long it takes to build, what it needs, how fast it answers, and what the approximate search misses.

python -m eval.scale --shared ../shared [--clauses 1000000] [--out DIR]

The clauses are the articles of statutes, again and again; in every copy after the first each number and some words are
replaced by others of the corpus, so that no two vectors or token lists are alike. The questions are those of statutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from corpus.errors import PolicyError
from eval.beir import passages_of_beir
from eval.datasets import read_beir
from eval.memory import now_mb, peak_mb
from eval.report import Report, table, write_report
from eval.rows import in_fresh_process, open_searcher, own_rows
from index.encoder import Encoder, load_encoder
from index.progress import ProgressBars
from index.searcher import CANDIDATES, Mode, Searcher
from index.snapshot import build_snapshot
from index.tokens import Tokenizer
from index.types import Passage

CLAUSES = 1_000_000
SEED = 20
REPLACED = 0.15  # share of words that a copy replaces
UPDATED = 100  # clauses taken out and put in by an update; a tenth of that is changed
K = 10
WARM_UP = 20
_VECTORS = "vectors.f32"
_NUMBER = re.compile(r"[0-9.]+|[〇零一二两三四五六七八九十百千万亿]+")
_EXACT_AT_A_TIME = 50_000  # vectors compared with all questions at a time

Words = Callable[[str], list[str]]


def enlarged(passages: Sequence[Passage], size: int, words: Words, seed: int = SEED) -> Iterator[Passage]:
    """`size` passages: `passages` as they are, then copies with other numbers and words.

    `words` cuts a text. In a copy each word that is a number becomes another number of the corpus and one in seven of
    the others another word, both drawn as often as the corpus uses them. Copies have ids `<id>~<copy>`. The same seed
    gives the same passages.
    """
    cut = [words(passage.text) for passage in passages]
    vocabulary: dict[str, int] = {}
    ids = np.array([vocabulary.setdefault(word, len(vocabulary)) for text in cut for word in text], dtype=np.int32)
    known = list(vocabulary)
    bounds = np.concatenate([[0], np.cumsum([len(text) for text in cut])]).tolist()
    del cut
    is_number = np.array([bool(_NUMBER.fullmatch(word)) for word in known], dtype=np.bool_)[ids]
    numbers, others = ids[is_number], ids[~is_number]
    generator = np.random.default_rng(seed)
    yield from passages[:size]
    made, copy = len(passages), 1
    while made < size:
        drawn = np.where(
            is_number,
            generator.choice(numbers, len(ids)) if len(numbers) else ids,
            generator.choice(others, len(ids)) if len(others) else ids,
        )
        changed = np.where(is_number | (generator.random(len(ids)) < REPLACED), drawn, ids).tolist()
        for row, passage in enumerate(passages[: size - made]):
            text = "".join(known[word] for word in changed[bounds[row] : bounds[row + 1]])
            yield Passage(id=f"{passage.id}~{copy}", text=text, context=passage.context)
        made, copy = made + len(passages), copy + 1


def exact_scores(vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """The `k` highest inner products of each query with all vectors, by FAISS, highest first: float32 (queries, k).

    `vectors` may be a mapped file: it is read in parts.
    """
    faiss: Any = importlib.import_module("faiss")
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for start in range(0, len(vectors), _EXACT_AT_A_TIME):
        part = faiss.IndexFlatIP(queries.shape[1])
        part.add(np.ascontiguousarray(vectors[start : start + _EXACT_AT_A_TIME]))
        found, _ = part.search(queries, min(k, part.ntotal))
        best = -np.sort(-np.concatenate([best, found], axis=1), axis=1)[:, :k]
    return best


def recall_against(exact: NDArray[np.float32], found: Sequence[NDArray[np.float32]]) -> float:
    """The mean share of the k best that an approximate search found.

    Counted by inner products: a passage found is one of the best where it is as near as the k-th of them, so that of
    equally near ones either may be found.
    """
    k = exact.shape[1]
    shares = [
        min(k, np.count_nonzero(scores[:k] >= row[-1] - 1e-5)) / k for row, scores in zip(exact, found, strict=True)
    ]
    return float(np.mean(shares))


class _Recording:
    """An encoder whose vectors of passages are also written to a file, for the exact search."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self.id, self.dim = encoder.id, encoder.dim
        self.encode_queries = encoder.encode_queries
        self._encoder = encoder
        self._path = path

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._encoder.encode_passages(texts)
        with self._path.open("ab") as file:
            file.write(vectors.tobytes())
        return vectors


# -- the steps, each in a process of its own ---------------------------------------------------------------------------


def _build(shared: Path, work: Path, clauses: int) -> dict[str, float]:
    passages = passages_of_beir(read_beir(shared / "statutes", "dev"))
    start = time.perf_counter()
    large = list(enlarged(passages, clauses, Tokenizer().words))
    made, given = time.perf_counter(), now_mb()
    encoder = load_encoder()
    build_snapshot(large, work / "index", _Recording(encoder, work / _VECTORS), ProgressBars())
    built, peak = time.perf_counter(), peak_mb()
    size = sum(path.stat().st_size for path in (work / "index").rglob("*")) / 2**20
    # Files of a snapshot are never written again: the update works on links and leaves the index to be searched.
    shutil.copytree(work / "index", work / "updated", copy_function=os.link)
    after = changed(large)
    begun = time.perf_counter()
    build_snapshot(after, work / "updated", encoder, ProgressBars(), reuse=True)
    updated = time.perf_counter() - begun
    shutil.rmtree(work / "updated")
    return {
        "making_seconds": made - start,
        "build_seconds": built - made,
        "update_seconds": updated,
        "given_mb": given,
        "build_peak_mb": peak,
        "index_mb": size,
    }


def changed(passages: Sequence[Passage], seed: int = SEED) -> list[Passage]:
    """The passages after an update: `UPDATED` of them gone, a tenth of that changed, as many as are gone new."""
    many = min(UPDATED, len(passages) // 3)
    drawn = np.random.default_rng(seed).permutation(len(passages))
    gone, touched = set(drawn[:many].tolist()), set(drawn[many : many + many // 10].tolist())
    left = [
        replace(passage, text=f"{passage.text}（修订）") if row in touched else passage
        for row, passage in enumerate(passages)
        if row not in gone
    ]
    fresh = [replace(passages[row], id=f"new{row}", text=passages[row].text[::-1]) for row in sorted(gone)]
    return [*left, *fresh]


def _search(shared: Path, work: Path) -> dict[str, float]:
    queries = [query.text for query in read_beir(shared / "statutes", "dev").queries]
    start = time.perf_counter()
    searcher = open_searcher(work / "index")
    searcher.search(queries[0], K)
    figures = {"first_answer_ms": 1000 * (time.perf_counter() - start)}
    for mode in own_rows():
        figures.update({f"{mode}/{name}": value for name, value in _timed(searcher, queries, cast(Mode, mode)).items()})
    figures["search_mb"] = now_mb()

    dense = searcher.snapshot.dense
    vectors = searcher.encoder.encode_queries(queries)
    milliseconds, found = [], []
    for vector in vectors:
        begun = time.perf_counter()
        found.append(dense.top(vector, CANDIDATES)[1])
        milliseconds.append(1000 * (time.perf_counter() - begun))
    stored = np.memmap(work / _VECTORS, np.float32, "r").reshape(-1, searcher.encoder.dim)
    exact = exact_scores(stored, vectors, CANDIDATES)
    for k in (K, CANDIDATES):
        figures[f"dense_index/recall@{k}"] = recall_against(exact[:, :k], found)
    figures["dense_index/exact"] = float(dense.exact)
    figures["dense_index/m"], figures["dense_index/ef"] = map(float, dense.graph or (0, 0))
    figures["dense_index/p50_ms"] = float(np.percentile(milliseconds, 50))
    figures["dense_index/p95_ms"] = float(np.percentile(milliseconds, 95))
    return figures


def _timed(searcher: Searcher, queries: Sequence[str], mode: Mode) -> dict[str, float]:
    for query in queries[:WARM_UP]:
        searcher.search(query, K, mode=mode)
    milliseconds = []
    for query in queries:
        begun = time.perf_counter()
        searcher.search(query, K, mode=mode)
        milliseconds.append(1000 * (time.perf_counter() - begun))
    return {"p50_ms": float(np.percentile(milliseconds, 50)), "p95_ms": float(np.percentile(milliseconds, 95))}


def measure(shared: Path, clauses: int = CLAUSES) -> Report:
    """Build an index of `clauses` clauses and search it, each in a fresh process.

    Figures: making_seconds (of the clauses), build_seconds, update_seconds (see `changed`), given_mb (memory before
    building, with the clauses), build_peak_mb, index_mb (on disk); first_answer_ms (open and ask once), search_mb, <mode>/p50_ms and p95_ms with all
    stages; dense_index/recall@10 and recall@100 of the vector index against exact search, its p50_ms and p95_ms for the
    100 nearest, exact (1 or 0), m and ef (of the graph, 0 without).
    Raises RowFailed.
    """
    with tempfile.TemporaryDirectory(prefix="tiaowen-scale-") as temporary:
        given = ["--shared", str(shared), "--clauses", str(clauses), "--work", temporary]
        figures: dict[str, float] = {"clauses": clauses}
        for step in ("build", "search"):
            figures.update(in_fresh_process("eval.scale", [*given, "--step", step], Path(temporary) / f"{step}.json"))
    return Report("scale", "dev", figures, {"seed": str(SEED), "replaced": str(REPLACED), "encoder": load_encoder().id})


def print_scale(report: Report) -> None:
    """Print the figures as tables."""
    f = report.figures
    graph = f"近似（HNSW M={f['dense_index/m']:.0f} ef={f['dense_index/ef']:.0f}）"
    rows = [
        ["条文", f"{f['clauses']:,.0f}"],
        ["建索引 秒", f"{f['build_seconds']:.0f}"],
        [f"增 {UPDATED} 删 {UPDATED} 改 {UPDATED // 10} 条后更新 秒", f"{f['update_seconds']:.1f}"],
        ["建索引内存峰值 MB（其中条文 MB）", f"{f['build_peak_mb']:,.0f}（{f['given_mb']:,.0f}）"],
        ["索引文件 MB", f"{f['index_mb']:,.0f}"],
        ["打开并答第一问 ms", f"{f['first_answer_ms']:.0f}"],
        ["查询内存 MB", f"{f['search_mb']:,.0f}"],
        ["向量索引", "精确" if f["dense_index/exact"] else graph],
        *([f"其 recall@{k}（对精确检索）", f"{f[f'dense_index/recall@{k}']:.4f}"] for k in (K, CANDIDATES)),
    ]
    print(table(["", "值"], rows))
    names = [*own_rows(), "dense_index"]
    times = [[name, f"{f[f'{name}/p50_ms']:.1f}", f"{f[f'{name}/p95_ms']:.1f}"] for name in names]
    print(table(["一次查询", "p50 ms", "p95 ms"], times))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.scale", description="大规模条文上的建索引和查询")
    parser.add_argument("--shared", type=Path, required=True, help="评测数据所在目录")
    parser.add_argument("--clauses", type=int, default=CLAUSES, help=f"条文数，默认 {CLAUSES}")
    parser.add_argument("--out", type=Path, help="写入 report.json 的目录")
    parser.add_argument("--step", choices=("build", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        if given.step:
            done = (
                _build(given.shared, given.work, given.clauses)
                if given.step == "build"
                else _search(given.shared, given.work)
            )
            given.out.write_text(json.dumps(done), "utf-8")
            return 0
        report = measure(given.shared, given.clauses)
    except PolicyError as error:
        print(f"{error.message}。{error.hint}", file=sys.stderr)
        return 1
    print_scale(report)
    if given.out is not None:
        write_report(report, given.out, datetime.now(UTC))
    return 0


if __name__ == "__main__":
    sys.exit(main())
