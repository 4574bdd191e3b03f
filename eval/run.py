"""`tiaowen eval DATASET...`: figures of a data folder on gold rows, or of retrieval on a BEIR folder."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from tqdm import tqdm

from corpus.errors import PolicyError
from eval.answers import is_cited, is_covered, is_right
from eval.beir import evaluate_beir, print_report
from eval.datasets import GoldConversation, GoldQuestion, GoldRetrieval, GoldRow, Unanswerable, is_beir, read_gold
from eval.metrics import quote_rank
from eval.report import Report, table, write_report
from eval.risk import RATES, print_risk, risk_figures, trials
from index.encoder import BUILTIN, load_encoder
from index.progress import ProgressBars
from index.reader.load import load_reader
from index.rerank import load_reranker
from index.types import Hit
from qa.build import build_engine
from qa.decide.scorer import MAX_WRONG_RATE
from qa.engine import Engine
from qa.types import Answer, Outcome, Question

_SETTINGS = ("ENCODER", "RERANKER", "MAX_WRONG_RATE", "READER")  # as build_engine takes them


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="tiaowen eval", description="在问题集上评测：问题行（jsonl）或 BEIR 目录")
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET", help="jsonl 文件或 BEIR 目录")
    parser.add_argument("--data", type=Path, default=Path("data"), help="数据目录，默认 ./data（jsonl 用）")
    parser.add_argument("--split", default="test", help="BEIR 目录里 qrels 的划分，默认 test")
    parser.add_argument("--out", type=Path, help="写入 report.json 的目录")
    given = parser.parse_args(arguments)
    settings = tuple(os.environ.get(f"TIAOWEN_{name}", "").strip() for name in _SETTINGS)
    try:
        for report in _reports(given.datasets, given.data, given.split, settings):
            if given.out is not None:
                folder = given.out if len(given.datasets) == 1 else given.out / report.dataset
                write_report(report, folder, datetime.now(UTC))
    except PolicyError as error:
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1
    return 0


def _reports(datasets: Sequence[Path], data: Path, split: str, settings: tuple[str, ...]) -> list[Report]:
    out = []
    gold = [path for path in datasets if not is_beir(path)]
    for path in datasets:
        if is_beir(path):
            report = evaluate_beir(
                path,
                split,
                load_encoder(settings[0] or BUILTIN),
                progress=ProgressBars(),
                reranker=load_reranker(settings[1], load_reader(settings[3])),
            )
            print_report(report)
            out.append(report)
    if gold:
        engine = build_engine(data, *settings)
        for path in gold:
            rows = read_gold(path)
            report = evaluate_gold(engine, path.stem, rows)
            print_gold(report)
            tried = trials(engine, rows, datetime.now().astimezone().date())
            if tried:
                print_risk(tried, sorted({*RATES, float(settings[2] or MAX_WRONG_RATE)}))
            out.append(replace(report, figures={**report.figures, **risk_figures(tried)}) if tried else report)
    return out


@dataclass(slots=True)
class _Tally:
    """Lists of judgements by figure; a figure is the mean of its list."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    milliseconds: list[float] = field(default_factory=list)

    def add(self, judged: Mapping[str, float], part: str = "") -> None:
        for name, value in judged.items():
            self.values[part + name].append(value)

    def figures(self) -> dict[str, float]:
        out = {name: sum(v) / len(v) for name, v in self.values.items()}
        out |= {f"n/{name}": float(len(v)) for name, v in self.values.items() if name.startswith(("type/", "style/"))}
        out["n"] = float(len(self.values.get("both", ())))
        for name in ("refused", "followups"):
            out[f"n_{name}"] = float(len(self.values.get(name, ())))
        ordered = sorted(self.milliseconds)
        if ordered:
            out["p50_ms"] = ordered[len(ordered) // 2]
            out["p95_ms"] = ordered[int(len(ordered) * 0.95)]
        return out


def evaluate_gold(engine: Engine, name: str, rows: Sequence[GoldRow], as_of: date | None = None) -> Report:
    """Asks every question and judges the answers.

    Figures (0..1 unless named _ms or n): hit1, hit5, answer, cited, both, wrongly_refused over the answerable questions;
    wrong_rate over all answers given; refused over the unanswerable ones; followups over later turns of conversations;
    recall@1/5/10 and mrr@10 over retrieval rows; both by type/ and style/.
    """
    day = as_of or datetime.now().astimezone().date()
    tally = _Tally()
    for row in tqdm(rows, desc=name, unit="题", disable=None, leave=False):
        match row:
            case GoldConversation():
                for turn, question in enumerate(row.turns):
                    outcome = _ask(engine, tally, question.question, day, f"eval-{row.id}")
                    if turn:
                        tally.add({"followups": float(_judge(question, outcome)["both"])})
            case Unanswerable():
                outcome = _ask(engine, tally, row.question, day)
                answered = isinstance(outcome, Answer)
                tally.add({"refused": float(not answered)})
                if answered:
                    tally.add({"wrong_rate": 1.0})
            case GoldRetrieval():
                tally.add(_retrieved(engine, tally, row, day))
            case GoldQuestion():
                outcome = _ask(engine, tally, row.question, day)
                judged = _judge(row, outcome)
                tally.add(judged)
                tally.add({row.type: judged["both"]}, "type/")
                tally.add({row.style: judged["both"]}, "style/")
                if isinstance(outcome, Answer):
                    tally.add({"wrong_rate": 1.0 - judged["answer"]})
    return Report(name, "", tally.figures(), {"encoder": engine.searcher.snapshot.encoder_id, "as_of": day.isoformat()})


def _ask(engine: Engine, tally: _Tally, text: str, day: date, session: str | None = None) -> Outcome:
    started = time.perf_counter()
    outcome = engine.answer(Question(text, day, session=session))
    tally.milliseconds.append((time.perf_counter() - started) * 1000)
    return outcome


def _judge(gold: GoldQuestion, outcome: Outcome) -> dict[str, float]:
    quotes = (gold.quote, *gold.alt_quotes)
    answered = isinstance(outcome, Answer)
    right = isinstance(outcome, Answer) and is_right(gold, outcome.text)
    cited = isinstance(outcome, Answer) and is_cited(gold, outcome.citations[0])
    return {
        "hit1": float(_hit(quotes, outcome.hits[:1])),
        "hit5": float(_hit(quotes, outcome.hits[:5])),
        "answer": float(right),
        "cited": float(cited),
        "both": float(right and cited),
        "wrongly_refused": float(not answered),
    }


def _hit(quotes: Sequence[str], hits: Sequence[Hit]) -> bool:
    return any(is_covered(quote, hit.passage.text) for hit in hits for quote in quotes)


def _retrieved(engine: Engine, tally: _Tally, row: GoldRetrieval, day: date) -> dict[str, float]:
    started = time.perf_counter()
    texts = [hit.passage.text for hit in engine.search(Question(row.question, day, top_k=10))]
    tally.milliseconds.append((time.perf_counter() - started) * 1000)
    ranks = [quote_rank(quote, texts) for quote in row.quotes]
    out = {f"recall@{k}": sum(r is not None and r <= k for r in ranks) / len(ranks) for k in (1, 5, 10)}
    first = min((r for r in ranks if r is not None), default=None)
    return out | {"mrr@10": 1 / first if first else 0.0}


def print_gold(report: Report) -> None:
    """Prints the table of a report on gold rows."""
    figures = report.figures
    names = ("hit1", "hit5", "answer", "cited", "both", "wrongly_refused", "wrong_rate", "refused", "followups",
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
