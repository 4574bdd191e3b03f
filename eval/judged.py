"""Every question of a gold file as it was asked, answered and judged: what figures, reports and comparisons are made of.

`rows.jsonl` in the folder of a report holds one of them a line.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from eval.answers import is_cited, is_covered, is_right
from eval.datasets import BadDataset, GoldConversation, GoldQuestion, GoldRetrieval, GoldRow, Unanswerable
from eval.metrics import quote_rank
from index.types import Hit
from qa.engine import Engine
from qa.types import Answer, Outcome, Question

Part = Literal["question", "unanswerable", "opening", "followup", "retrieval"]
"""What a row counts for. `opening` is the first turn of a conversation: it is asked, and no figure counts it."""

FILE = "rows.jsonl"
Fault = Literal["wrong_answer", "wrong_quote", "wrongly_refused", "should_refuse", "not_found"]

OnRow = Callable[[int, int], None]
"""Is told how many questions are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with what was wanted, what was said, and whether that is right.

    `said` is None for a refusal, `reason` None for an answer. `answer` is whether the short answer is right, `cited` whether the
    first citation holds the gold quote. `recall1`, `recall5`, `recall10` and `reciprocal` are of retrieval rows, 0..1; `retrieved` is what
    came first. `document_id`, `clause_id`, `address` and `quote` are of the first citation, "" where there is none.
    """

    id: str
    part: Part
    type: str
    style: str
    question: str
    gold: tuple[str, ...]
    gold_quotes: tuple[str, ...]
    why: str
    said: str | None
    reason: str | None
    confidence: float
    title: str
    address: str
    document_id: str
    clause_id: str
    quote: str
    hit1: bool
    hit5: bool
    answer: bool
    cited: bool
    recall1: float
    recall5: float
    recall10: float
    reciprocal: float
    milliseconds: float

    @property
    def both(self) -> bool:
        """Whether the answer is right and rightly cited."""
        return self.answer and self.cited

    @property
    def is_asked_back(self) -> bool:
        """Whether the outcome asks which place or document is meant."""
        return self.reason == "ambiguous"

    @property
    def value(self) -> float:
        """How good the outcome is, 0..1: right and rightly cited, refused where that is right, or recall@10."""
        if self.part == "retrieval":
            return self.recall10
        return float(self.said is None if self.part == "unanswerable" else self.both)

    @property
    def fault(self) -> Fault | None:
        """What is wrong with the outcome; None where nothing is."""
        if self.part == "opening" or self.value == 1:
            return None
        if self.part == "retrieval":
            return "not_found"
        if self.part == "unanswerable":
            return "should_refuse"
        if self.said is None:
            return "wrongly_refused"
        return "wrong_quote" if self.answer else "wrong_answer"


def ask_all(
    engine: Engine, rows: Sequence[GoldRow], day: date, on_row: OnRow = lambda done, total: None
) -> list[Judged]:
    """Asks every question as on `day` and judges the outcomes; turns of conversations in a session of their own."""
    out: list[Judged] = []
    for done, row in enumerate(rows, 1):
        if isinstance(row, GoldConversation):
            for turn, question in enumerate(row.turns):
                outcome, spent = _asked(engine, Question(question.question, day, session=f"eval-{row.id}"))
                out.append(_judged(question, "followup" if turn else "opening", outcome, spent))
        elif isinstance(row, GoldRetrieval):
            out.append(_retrieved(engine, row, day))
        else:
            outcome, spent = _asked(engine, Question(row.question, day))
            part: Part = "question" if isinstance(row, GoldQuestion) else "unanswerable"
            out.append(_judged(row, part, outcome, spent))
        on_row(done, len(rows))
    return out


def _asked(engine: Engine, question: Question) -> tuple[Outcome, float]:
    started = time.perf_counter()
    outcome = engine.answer(question)
    return outcome, (time.perf_counter() - started) * 1000


def _judged(row: GoldQuestion | Unanswerable, part: Part, outcome: Outcome, milliseconds: float) -> Judged:
    gold = row if isinstance(row, GoldQuestion) else None
    given = outcome if isinstance(outcome, Answer) else None
    first = given.citations[0] if given else None
    quotes = (gold.quote, *gold.alt_quotes) if gold else ()
    return Judged(
        id=row.id,
        part=part,
        type=gold.type if gold else "unanswerable",
        style=row.style,
        question=row.question,
        gold=gold.answers if gold else (),
        gold_quotes=quotes,
        why="" if isinstance(row, GoldQuestion) else row.why,
        said=given.text if given else None,
        reason=None if isinstance(outcome, Answer) else outcome.reason,
        confidence=outcome.confidence,
        title=first.document.title if first else "",
        address=first.clause.address if first else "",
        document_id=first.document.id if first else "",
        clause_id=first.clause.id if first else "",
        quote=first.quote if first else "",
        hit1=_hit(quotes, outcome.hits[:1]),
        hit5=_hit(quotes, outcome.hits[:5]),
        answer=gold is not None and given is not None and is_right(gold, given.text),
        cited=gold is not None and first is not None and is_cited(gold, first),
        recall1=0.0,
        recall5=0.0,
        recall10=0.0,
        reciprocal=0.0,
        milliseconds=milliseconds,
    )


def _hit(quotes: Sequence[str], hits: Sequence[Hit]) -> bool:
    return any(is_covered(quote, hit.passage.text) for hit in hits for quote in quotes)


def _retrieved(engine: Engine, row: GoldRetrieval, day: date) -> Judged:
    started = time.perf_counter()
    hits = engine.search(Question(row.question, day, top_k=10))
    spent = (time.perf_counter() - started) * 1000
    texts = [hit.passage.text for hit in hits]
    ranks = [quote_rank(quote, texts) for quote in row.quotes]
    recalls = [sum(r is not None and r <= k for r in ranks) / len(ranks) for k in (1, 5, 10)]
    best = min((r for r in ranks if r is not None), default=None)
    first = hits[0].passage if hits else None
    return Judged(
        id=row.id,
        part="retrieval",
        type="retrieval",
        style=row.style,
        question=row.question,
        gold=(),
        gold_quotes=row.quotes,
        why="",
        said=None,
        reason=None,
        confidence=0.0,
        title="",
        address="",
        document_id=first.document_id if first else "",
        clause_id=first.clause_id if first else "",
        quote=first.text if first else "",
        hit1=False,
        hit5=False,
        answer=False,
        cited=False,
        recall1=recalls[0],
        recall5=recalls[1],
        recall10=recalls[2],
        reciprocal=1 / best if best else 0.0,
        milliseconds=spent,
    )


def figures_of(judged: Iterable[Judged]) -> dict[str, float]:
    """The figures of rows (0..1 unless named _ms or n): hit1, hit5, answer, cited, both, wrongly_refused over the answerable
    questions; asked_back over the same, both_of_the_rest over those that are not; wrong_rate over all answers given; refused over the unanswerable ones; followups over later turns of conversations;
    recall@1/5/10 and mrr@10 over retrieval rows; both by type/ and style/."""
    values: dict[str, list[float]] = defaultdict(list)
    times = []
    for row in judged:
        times.append(row.milliseconds)
        for name, value in _figures(row):
            values[name].append(value)
    out = {name: sum(v) / len(v) for name, v in values.items()}
    out |= {f"n/{name}": float(len(v)) for name, v in values.items() if name.startswith(("type/", "style/"))}
    out["n"] = float(len(values.get("both", ())))
    for name in ("refused", "followups"):
        out[f"n_{name}"] = float(len(values.get(name, ())))
    ordered = sorted(times)
    if ordered:
        out["p50_ms"] = ordered[len(ordered) // 2]
        out["p95_ms"] = ordered[int(len(ordered) * 0.95)]
    return out


def _figures(row: Judged) -> list[tuple[str, float]]:
    if row.part == "followup":
        return [("followups", float(row.both))]
    if row.part == "unanswerable":
        return [("refused", float(row.said is None)), *([("wrong_rate", 1.0)] if row.said is not None else [])]
    if row.part == "retrieval":
        found = [("recall@1", row.recall1), ("recall@5", row.recall5), ("recall@10", row.recall10)]
        return [*found, ("mrr@10", row.reciprocal)]
    if row.part == "opening":
        return []
    out = [(name, float(getattr(row, name))) for name in ("hit1", "hit5", "answer", "cited", "both")]
    out += [("wrongly_refused", float(row.said is None)), ("asked_back", float(row.is_asked_back))]
    out += [] if row.is_asked_back else [("both_of_the_rest", float(row.both))]
    out += [(f"type/{row.type}", float(row.both)), (f"style/{row.style}", float(row.both))]
    return [*out, *([("wrong_rate", float(not row.answer))] if row.said is not None else [])]


def write_rows(rows: Iterable[Judged], folder: Path) -> Path:
    """Writes `folder`/rows.jsonl and returns its path. Raises OSError."""
    path = folder / FILE
    path.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def read_rows(folder: Path) -> list[Judged]:
    """The rows of a report. Raises BadDataset where the folder holds none or a line is no row."""
    path = folder / FILE if folder.is_dir() else folder
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{folder} 中没有评测结果（{FILE}）", "先用 tiaowen eval 问题集 --out 目录 评测") from error
    out = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            row |= {name: tuple(row[name]) for name in ("gold", "gold_quotes")}
            made = Judged(**row)
        except (ValueError, TypeError, KeyError) as error:
            raise BadDataset(f"{path} 第 {number} 行不是评测结果", "重新评测") from error
        if made.part not in get_args(Part):
            raise BadDataset(f"{path} 第 {number} 行不是评测结果", "重新评测")
        out.append(made)
    return out
