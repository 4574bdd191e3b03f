"""The rows of `eval.compare`, each measured in a process of its own so that its memory is its own.

`python -m eval.rows build FOLDER --out OUT` indexes the passages of a folder; `... search FOLDER --row NAME --out OUT`
asks all its questions of one row. What was measured is written to the file OUT as JSON.

FOLDER/
  passages.jsonl    one passage a line, as a list of its fields
  questions.jsonl   [task, id, text] a line
  index/            our index of the passages, once built
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from corpus.errors import PolicyError
from eval.memory import now_mb, peak_mb
from eval.peers.registry import PEERS
from index.encoder import BUILTIN, load_encoder
from index.rerank import load_reranker
from index.searcher import Mode, Searcher
from index.snapshot import build_snapshot, open_snapshot, searched_text
from index.tokens import Tokenizer
from index.types import Passage

K = 10
# Questions before the clock runs: files are mapped and code is loaded on first use.
WARM_UP = 20
_FIRST_ROWS = ("lexical", "dense", "fused")
_ROOT = Path(__file__).resolve().parents[1]

# A question and how many passages to find -> their ids, best first.
Search = Callable[[str, int], list[str]]


class RowFailed(PolicyError):
    """A row could not be measured: something is not installed, or it took too long or failed."""

    code = "row_failed"


@dataclass(frozen=True, slots=True)
class Built:
    """Our index of a collection was built: seconds, and the peak memory of the process that did (MB)."""

    build_seconds: float
    build_peak_mb: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row found and what that cost.

    `runs` by task: question id -> passage ids, best first. `milliseconds` by task, one a question, asked one at a time.
    `search_mb`: memory of the process when all was asked; of our rows it has only opened the index, a peer has built
    its own. `build_seconds` and `build_peak_mb` are 0 for our rows: they share one index (see Built).
    """

    runs: dict[str, dict[str, list[str]]]
    milliseconds: dict[str, list[float]]
    search_mb: float
    build_seconds: float = 0.0
    build_peak_mb: float = 0.0

    def speed(self, task: str) -> dict[str, float]:
        """queries_per_s, p50_ms and p95_ms of a task."""
        times = self.milliseconds[task]
        return {
            "queries_per_s": 1000 * len(times) / sum(times),
            "p50_ms": float(np.percentile(times, 50)),
            "p95_ms": float(np.percentile(times, 95)),
        }


def own_rows() -> tuple[str, ...]:
    """The ways in which our searcher can search, those that go into others first."""
    return (*_FIRST_ROWS, *(mode for mode in get_args(Mode) if mode not in _FIRST_ROWS))


# -- from outside ------------------------------------------------------------------------------------------------------


def write_collection(folder: Path, passages: Iterable[Passage], questions: Mapping[str, Mapping[str, str]]) -> None:
    """Write the passages of a collection and the questions of its tasks (task -> id -> text). Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / "passages.jsonl", (astuple(passage) for passage in passages))
    lines = ([task, ident, text] for task, asked in questions.items() for ident, text in asked.items())
    _write_lines(folder / "questions.jsonl", lines)


def build(folder: Path, encoder: str = BUILTIN) -> Built:
    """Index a collection in a fresh process. Raises RowFailed."""
    return Built(**in_fresh_process("eval.rows", ["build", str(folder), "--encoder", encoder], folder / "built.json"))


def search(
    folder: Path, row: str, encoder: str = BUILTIN, python: str = sys.executable, seconds: float | None = None
) -> Measured:
    """Ask all questions of a collection of one row in a fresh process of the interpreter `python`.

    Raises RowFailed, also where it takes longer than `seconds`.
    """
    arguments = ["search", str(folder), "--row", row, "--encoder", encoder]
    return Measured(**in_fresh_process("eval.rows", arguments, folder / f"{row}.json", python, seconds))


def in_fresh_process(
    module: str, arguments: Sequence[str], out: Path, python: str = sys.executable, seconds: float | None = None
) -> dict[str, Any]:
    """Run `python -m module ARGUMENTS --out OUT` and return the JSON object that it wrote there. Raises RowFailed."""
    command = [python, "-W", "ignore", "-m", module, *arguments, "--out", str(out.resolve())]
    out.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
    try:
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise RowFailed(f"超过 {seconds:.0f} 秒没有完成", "用 --minutes 放宽时限") from error
    if done.returncode != 0 or not out.is_file():
        # Of a process that was ended from outside the last line would be some warning.
        lines = done.stderr.strip().splitlines() if done.returncode == 1 else []
        raise RowFailed(lines[-1] if lines else f"退出状态 {done.returncode}")
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


# -- inside the process ------------------------------------------------------------------------------------------------


def build_here(folder: Path, encoder: str) -> Built:
    """Index the passages of a collection in this process. Raises SnapshotError, EncoderError."""
    passages = _passages(folder)
    model = load_encoder(encoder)
    start = time.perf_counter()
    build_snapshot(passages, folder / "index", model)
    return Built(time.perf_counter() - start, peak_mb())


def search_here(folder: Path, row: str, encoder: str) -> Measured:
    """Ask all questions of a collection of one row in this process. Raises PolicyError."""
    if row in PEERS:
        passages = _passages(folder)
        ids = [passage.id for passage in passages]
        texts = [searched_text(passage) for passage in passages]
        del passages
        peer = PEERS[row]()
        start = time.perf_counter()
        peer.build(texts)
        seconds, peak = time.perf_counter() - start, peak_mb()
        del texts
        return _asked(folder, lambda query, k: [ids[at] for at in peer.search(query, k)], seconds, peak)
    return _asked(folder, open_row(folder / "index", row, encoder), 0.0, 0.0)


def open_row(index: Path, row: str, encoder: str = BUILTIN) -> Search:
    """One of our own rows over an index folder. Raises SnapshotError, EncoderError."""
    searcher = open_searcher(index, encoder)
    mode = cast(Mode, row)
    return lambda query, k: [hit.passage.id for hit in searcher.search(query, k, mode=mode)]


def open_searcher(index: Path, encoder: str = BUILTIN, reranker: str = "") -> Searcher:
    """The searcher of an index folder, as the service makes it. Raises SnapshotError, EncoderError."""
    return Searcher(open_snapshot(index), lambda: load_encoder(encoder), Tokenizer(), reranker=load_reranker(reranker))


def _asked(folder: Path, find: Search, build_seconds: float, build_peak: float) -> Measured:
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()]
    for _, _, text in questions[:WARM_UP]:
        find(text, K)
    runs: dict[str, dict[str, list[str]]] = {}
    milliseconds: dict[str, list[float]] = {}
    for task, ident, text in questions:
        start = time.perf_counter()
        found = find(text, K)
        milliseconds.setdefault(task, []).append(1000 * (time.perf_counter() - start))
        runs.setdefault(task, {})[ident] = found
    return Measured(runs, milliseconds, now_mb(), build_seconds, build_peak)


def _passages(folder: Path) -> list[Passage]:
    with (folder / "passages.jsonl").open("rb") as file:
        return [Passage(*json.loads(line)) for line in file]


def _write_lines(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.rows", description="在单独的进程里测量对比表中的一行")
    parser.add_argument("step", choices=("build", "search"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--row", default="fused", choices=(*own_rows(), *PEERS))
    parser.add_argument("--encoder", default=BUILTIN)
    given = parser.parse_args(arguments)
    try:
        if given.step == "build":
            measured: Built | Measured = build_here(given.folder, given.encoder)
        else:
            measured = search_here(given.folder, given.row, given.encoder)
    except PolicyError as error:
        print(f"{error.message}。{error.hint}", file=sys.stderr)
        return 1
    given.out.write_text(json.dumps(asdict(measured), ensure_ascii=False), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
