"""Our retrieval, row by row, beside other programs on the same texts and questions, and which differences are luck.

python -m eval.compare --shared ../shared [--tasks statutes,legaldc] [--peers bm25s-words,txtai | none] [--out DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from corpus.errors import PolicyError
from eval.metrics import Values, mean, write_trec
from eval.peers.registry import PEERS
from eval.report import Report, table, write_report
from eval.rows import Built, Measured, RowFailed, build, own_rows, search, write_collection
from eval.significance import LEVEL, RESAMPLES, SEED, Difference, paired_bootstrap
from eval.tasks import Suite, Task, read_suite
from index.encoder import BUILTIN, load_encoder

TASKS = ("statutes", "statutes-tenth", "equals", "legaldc", "policy")
# The collections that peers are run on. Haystack's store scores every document in Python at every question: 1.8 s for
# all 61,193 articles, ten minutes for the questions of statutes.
PEER_COLLECTIONS = ("statutes", "statutes-tenth", "legaldc")
SLOW_PEERS = ("haystack", "haystack-jieba")
TOO_LARGE_FOR_SLOW = ("statutes",)
MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of one task: the figures of each question by name, and what they cost."""

    values: dict[str, Values]
    measured: Measured
    built: Built | None = None

    @property
    def build_seconds(self) -> float:
        return self.built.build_seconds if self.built else self.measured.build_seconds

    @property
    def build_peak_mb(self) -> float:
        return self.built.build_peak_mb if self.built else self.measured.build_peak_mb


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows of all tasks (task -> row -> outcome), the row that others are tested against, and what did not run."""

    suite: Suite
    outcomes: dict[str, dict[str, Outcome]]
    base: str
    failed: dict[str, str] = field(default_factory=dict)

    def difference(self, task: Task, row: str, figure: str) -> Difference:
        """The base row less another, of one figure."""
        rows = self.outcomes[task.name]
        return paired_bootstrap(rows[self.base].values[figure], rows[row].values[figure])


def compare(
    suite: Suite,
    work: Path,
    rows: Sequence[str],
    peers: Sequence[str],
    *,
    encoder: str = BUILTIN,
    python: str = sys.executable,
    minutes: float = MINUTES,
    slow: bool = False,
) -> Comparison:
    """Build every collection in `work` and run every row over it, each in a fresh process.

    A row that fails or takes more than `minutes` is named in `failed` and the others go on. `python` is the interpreter
    that peers run in; `slow` runs slow peers on large collections too. The last of `rows` is what the others are tested against. Raises RowFailed where an index of ours
    cannot be built.
    """
    outcomes: dict[str, dict[str, Outcome]] = {task.name: {} for task in suite.tasks}
    failed: dict[str, str] = {}
    for name, passages in suite.collections.items():
        tasks = [task for task in suite.tasks if task.collection == name]
        texts = {passage.id: passage.text for passage in passages}
        write_collection(work / name, passages, {task.name: task.queries for task in tasks})
        _tell(f"{name}：{len(passages)} 条，建索引")
        built = build(work / name, encoder)
        for row in (*rows, *(peer for peer in peers if _suits(peer, name, slow))):
            own = row in rows
            _tell(f"{name}：{row}")
            try:
                measured = search(
                    work / name, row, encoder, sys.executable if own else python, None if own else 60 * minutes
                )
            except RowFailed as error:
                failed[f"{name}/{row}"] = error.message
                _tell(f"{name}：{row} 未完成：{error.message}")
                continue
            for task in tasks:
                values = task.judge(measured.runs.get(task.name, {}), texts)
                outcomes[task.name][row] = Outcome(values, measured, built if own else None)
    return Comparison(suite, outcomes, rows[-1], failed)


def _suits(peer: str, collection: str, slow: bool) -> bool:
    too_slow = peer in SLOW_PEERS and collection in TOO_LARGE_FOR_SLOW
    return collection in PEER_COLLECTIONS and (slow or not too_slow)


def figures_of(comparison: Comparison) -> dict[str, float]:
    """All figures by name.

    task/row/figure (0..1), task/row/part/figure, task/row/p50_ms, p95_ms, queries_per_s, build_seconds, build_peak_mb,
    search_mb; task/base-row/figure/mean, low, high and p for the differences; task/queries, collection/passages.
    """
    out: dict[str, float] = {}
    for name, passages in comparison.suite.collections.items():
        out[f"{name}/passages"] = len(passages)
    for task in comparison.suite.tasks:
        out[f"{task.name}/queries"] = len(task.queries)
        for part, queries in task.parts.items():
            out[f"{task.name}/{part}/queries"] = len(queries)
        for row, outcome in comparison.outcomes[task.name].items():
            prefix = f"{task.name}/{row}"
            for figure, values in outcome.values.items():
                out[f"{prefix}/{figure}"] = mean(values)
                for part, queries in task.parts.items():
                    out[f"{prefix}/{part}/{figure}"] = mean(_only(values, queries))
            out.update({f"{prefix}/{name}": value for name, value in outcome.measured.speed(task.name).items()})
            out[f"{prefix}/search_mb"] = outcome.measured.search_mb
            out[f"{prefix}/build_seconds"] = outcome.build_seconds
            out[f"{prefix}/build_peak_mb"] = outcome.build_peak_mb
            if row == comparison.base or comparison.base not in comparison.outcomes[task.name]:
                continue
            for figure in task.tested:
                difference = comparison.difference(task, row, figure)
                prefix = f"{task.name}/{comparison.base}-{row}/{figure}"
                for name in ("mean", "low", "high", "p"):
                    out[f"{prefix}/{name}"] = getattr(difference, name)
    return out


def print_comparison(comparison: Comparison) -> None:
    """Print the tables: of each task the figures, those of its parts, and the differences from the base row."""
    f = figures_of(comparison)
    for task in comparison.suite.tasks:
        rows = comparison.outcomes[task.name]
        print(f"\n{task.name}：{f[f'{task.collection}/passages']:.0f} 条，{f[f'{task.name}/queries']:.0f} 个问题")
        if not rows:
            continue
        figures = list(next(iter(rows.values())).values)
        costs = {
            "build_seconds": "建 秒", "build_peak_mb": "建 MB", "search_mb": "查 MB",
            "queries_per_s": "次/秒", "p50_ms": "p50 ms", "p95_ms": "p95 ms",
        }  # fmt: skip
        lines = [
            [row, *(f"{f[f'{task.name}/{row}/{x}']:.3f}" for x in figures), *_costs(f, f"{task.name}/{row}", costs)]
            for row in rows
        ]
        print(table(["", *figures, *costs.values()], lines))
        for part in task.parts:
            lines = [[row, *(f"{f[f'{task.name}/{row}/{part}/{x}']:.3f}" for x in figures)] for row in rows]
            print(table([f"其中 {part}（{f[f'{task.name}/{part}/queries']:.0f}）", *figures], lines))
        if comparison.base in rows and len(rows) > 1:
            others = [row for row in rows if row != comparison.base]
            header = [f"{comparison.base} 减", *(f"{x}（{LEVEL:.0%} 区间，p）" for x in task.tested)]
            print(table(header, [[row, *_differences(f, task, comparison.base, row)] for row in others]))
    for name, reason in comparison.failed.items():
        print(f"未完成 {name}：{reason}")


def _costs(figures: Mapping[str, float], prefix: str, names: Iterable[str]) -> list[str]:
    return [f"{figures[f'{prefix}/{x}']:.{0 if x.endswith('mb') or x == 'queries_per_s' else 1}f}" for x in names]


def _differences(figures: Mapping[str, float], task: Task, base: str, row: str) -> list[str]:
    cells = []
    for figure in task.tested:
        told = {x: figures[f"{task.name}/{base}-{row}/{figure}/{x}"] for x in ("mean", "low", "high", "p")}
        cells.append(f"{told['mean']:+.3f}（{told['low']:+.3f}…{told['high']:+.3f}，{told['p']:.4f}）")
    return cells


def _only(values: Values, queries: frozenset[str]) -> Values:
    return {query: value for query, value in values.items() if query in queries}


def write_comparison(comparison: Comparison, folder: Path, settings: Mapping[str, str], split: str) -> None:
    """Write report.json and runs/<task>.<row>.trec into a folder. Raises OSError."""
    for task in comparison.suite.tasks:
        for row, outcome in comparison.outcomes[task.name].items():
            run = outcome.measured.runs.get(task.name, {})
            write_trec(run, folder / "runs" / f"{task.name}.{row}.trec", row)
    told = {**settings, **{f"failed/{name}": reason for name, reason in comparison.failed.items()}}
    write_report(Report("compare", split, figures_of(comparison), told), folder, datetime.now(UTC))


def _tell(line: str) -> None:
    print(f"[{datetime.now().astimezone():%H:%M:%S}] {line}", file=sys.stderr, flush=True)


def _names(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Names parted by commas, in the order of `known`; "all" and "none" are all and none of them."""
    if text in ("all", "none"):
        return tuple(known) if text == "all" else ()
    wanted = {name.strip() for name in text.split(",")}
    if wanted - set(known):
        raise argparse.ArgumentTypeError(f"不认识 {'、'.join(sorted(wanted - set(known)))}，可选 {'、'.join(known)}")
    return tuple(name for name in known if name in wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.compare", description="检索各环节与同类程序的对比")
    parser.add_argument("--shared", type=Path, required=True, help="评测数据所在目录")
    parser.add_argument("--tasks", type=lambda x: _names(x, TASKS), default=TASKS, help=f"默认全部：{','.join(TASKS)}")
    parser.add_argument(
        "--rows", type=lambda x: _names(x, own_rows()), default=own_rows(), help="本项目的环节，默认全部"
    )
    parser.add_argument(
        "--peers", type=lambda x: _names(x, tuple(PEERS)), default=tuple(PEERS), help="对照程序，默认全部；none 不跑"
    )
    parser.add_argument("--peers-python", default=sys.executable, help="装有对照程序的 Python 解释器，默认当前的")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="每个对照程序在每个集合上的时限，分钟")
    parser.add_argument("--slow", action="store_true", help="慢的对照程序也跑全部法条（各约十分钟，宜放宽 --minutes）")
    parser.add_argument("--split", default="dev", help="问题的划分，默认 dev")
    parser.add_argument("--encoder", default=BUILTIN, help="编码模型的名称或目录，默认 builtin（对照程序只用 builtin）")
    parser.add_argument("--out", type=Path, help="写入 report.json 和 TREC 格式结果的目录")
    given = parser.parse_args(arguments)
    if not given.tasks or not given.rows:
        parser.error("至少要有一个任务和一个环节")
    try:
        encoder_id = load_encoder(given.encoder).id
        suite = read_suite(given.shared, given.tasks, given.split)
        with tempfile.TemporaryDirectory(prefix="tiaowen-compare-") as work:
            comparison = compare(
                suite, Path(work), given.rows, given.peers,
                encoder=given.encoder, python=given.peers_python, minutes=given.minutes, slow=given.slow,
            )  # fmt: skip
    except PolicyError as error:
        print(f"{error.message}。{error.hint}", file=sys.stderr)
        return 1
    print_comparison(comparison)
    if given.out is not None:
        settings = {"encoder": encoder_id, "base": comparison.base, "resamples": str(RESAMPLES), "seed": str(SEED)}
        write_comparison(comparison, given.out, settings, given.split)
    return 0


if __name__ == "__main__":
    sys.exit(main())
