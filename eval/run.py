"""`tiaowen eval DATASET...`: figures of a data folder on gold rows, or of retrieval on a BEIR folder.

`tiaowen eval check` and `tiaowen eval compare` are eval/check.py and eval/difference.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from tqdm import tqdm

from corpus.errors import PolicyError
from eval import check, difference
from eval.beir import evaluate_beir, print_report
from eval.datasets import GoldRow, is_beir, read_gold
from eval.judged import Judged, OnRow, ask_all, figures_of, write_rows
from eval.page import report_page
from eval.report import Report, table, write_report
from eval.risk import RATES, Trial, print_risk, risk_figures, trials
from eval.wrong import wrong_workbook
from index.encoder import BUILTIN, load_encoder
from index.progress import ProgressBars
from index.reader.load import load_reader
from index.rerank import load_reranker
from qa.build import build_engine
from qa.decide.scorer import MAX_WRONG_RATE
from qa.engine import Engine

_SETTINGS = ("ENCODER", "RERANKER", "MAX_WRONG_RATE", "READER")  # as build_engine takes them
_OTHERS = {"check": check.main, "compare": difference.main}


@dataclass(frozen=True, slots=True)
class _Done:
    """What one question set came to; `rows` and `tried` are empty for a BEIR folder."""

    report: Report
    rows: Sequence[Judged] = ()
    tried: Sequence[Trial] = ()


def main(arguments: Sequence[str] | None = None, on_row: OnRow | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told, 2 wrong use.

    With `on_row`, another program calls it: that is told of progress, and a PolicyError is raised instead of told.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] and given[0] in _OTHERS:
            return _OTHERS[given[0]](given[1:])
        return _evaluate(given, on_row)
    except PolicyError as error:
        if on_row is not None:
            raise
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1


def _evaluate(arguments: Sequence[str], on_row: OnRow | None) -> int:
    parser = argparse.ArgumentParser(
        prog="tiaowen eval",
        description="在问题集上评测：问题行（jsonl）或 BEIR 目录",
        epilog="另有 tiaowen eval check 文件...（检查问题集）、tiaowen eval compare A B（比较两次评测）；写法见 docs/evaluation.md",
    )
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET", help="jsonl 文件或 BEIR 目录")
    parser.add_argument("--data", type=Path, default=Path("data"), help="数据目录，默认 ./data（jsonl 用）")
    parser.add_argument("--split", default="test", help="BEIR 目录里 qrels 的划分，默认 test")
    parser.add_argument("--out", type=Path, help="写入 report.json、report.html、wrong.xlsx、rows.jsonl 的目录")
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="report.html 里的链接指向的服务")
    given = parser.parse_args(arguments)
    settings = tuple(os.environ.get(f"TIAOWEN_{name}", "").strip() for name in _SETTINGS)
    for done in _all(given.datasets, given.data, given.split, settings, on_row):
        if given.out is not None:
            folder = given.out if len(given.datasets) == 1 else given.out / done.report.dataset
            _write(done, folder, given.base)
    return 0


def _write(done: _Done, folder: Path, base: str) -> None:
    now = datetime.now().astimezone()
    write_report(done.report, folder, now.astimezone(UTC))
    if done.rows:
        write_rows(done.rows, folder)
        (folder / "report.html").write_bytes(report_page(done.report, done.rows, done.tried, now, base))
        (folder / "wrong.xlsx").write_bytes(wrong_workbook(done.rows))


def _all(
    datasets: Sequence[Path], data: Path, split: str, settings: tuple[str, ...], on_row: OnRow | None
) -> Iterator[_Done]:
    for path in filter(is_beir, datasets):
        report = evaluate_beir(
            path,
            split,
            load_encoder(settings[0] or BUILTIN),
            progress=ProgressBars(),
            reranker=load_reranker(settings[1], load_reader(settings[3])),
        )
        print_report(report)
        yield _Done(report)
    gold = [path for path in datasets if not is_beir(path)]
    read = [(path, read_gold(path)) for path in gold]  # a broken file is told before the first is asked
    for path, rows in read:
        check.require_unique(path, rows)
    index = os.environ.get("TIAOWEN_INDEX", "")
    engine = build_engine(data, *settings, index=index) if gold else None
    for path, rows in read:
        assert engine is not None
        yield _on_gold(engine, path.stem, rows, float(settings[2] or MAX_WRONG_RATE), on_row)


def _on_gold(engine: Engine, name: str, rows: Sequence[GoldRow], rate: float, on_row: OnRow | None) -> _Done:
    """Asks the rows as the service answers, then once more with refusals for low confidence off."""
    told = on_row or (lambda done, total: None)
    day = datetime.now().astimezone().date()
    judged = _ask(engine, name, rows, day, lambda done, total: told(done, 2 * total))
    report = _report_of(engine, name, day, judged)
    print_gold(report)
    tried = trials(engine, rows, day, lambda done, total: told(total + done, 2 * total))
    if tried:
        print_risk(tried, sorted({*RATES, rate}))
        report = replace(report, figures={**report.figures, **risk_figures(tried)})
    return _Done(report, judged, tried)


def evaluate_gold(engine: Engine, name: str, rows: Sequence[GoldRow], as_of: date | None = None) -> Report:
    """Asks every question and judges the answers; the figures are those of eval.judged.figures_of."""
    day = as_of or datetime.now().astimezone().date()
    return _report_of(engine, name, day, _ask(engine, name, rows, day))


def _ask(engine: Engine, name: str, rows: Sequence[GoldRow], day: date, on_row: OnRow | None = None) -> list[Judged]:
    with tqdm(total=len(rows), desc=name, unit="题", disable=None, leave=False) as bar:

        def step(done: int, total: int) -> None:
            bar.update()
            if on_row is not None:
                on_row(done, total)

        return ask_all(engine, rows, day, step)


def _report_of(engine: Engine, name: str, day: date, judged: Sequence[Judged]) -> Report:
    settings = {"encoder": engine.searcher.snapshot.encoder_id, "as_of": day.isoformat()}
    return Report(name, "", figures_of(judged), settings)


def print_gold(report: Report) -> None:
    """Prints the table of a report on gold rows."""
    figures = report.figures
    names = ("hit1", "hit5", "answer", "cited", "both", "wrongly_refused", "asked_back", "both_of_the_rest", "wrong_rate", "refused", "followups",
             "recall@1", "recall@5", "recall@10", "mrr@10")  # fmt: skip
    print(f"{report.dataset}：{figures['n']:.0f} 个可答问题，编码模型 {report.settings['encoder']}")
    print(table(["指标", "值"], [[name, f"{figures[name]:.3f}"] for name in names if name in figures]))
    for part, label in (("type/", "类型"), ("style/", "问法")):
        rows = [
            [name.removeprefix(part), f"{value:.3f}", f"{figures['n/' + name]:.0f}"]
            for name, value in sorted(figures.items())
            if name.startswith(part)
        ]
        if rows:
            print(table([label, "both", "题数"], rows))
    if "p50_ms" in figures:
        print(f"延迟 p50 {figures['p50_ms']:.1f} ms，p95 {figures['p95_ms']:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
