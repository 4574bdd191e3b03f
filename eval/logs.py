"""What a large log of questions costs: opening one of an older version, counting it, reading from it, writing to it.

    python -m eval.logs --rows 300000                 in a temporary folder
    python -m eval.logs --rows 300000 --folder DIR    kept there; one that is there already is used as it is

The records are written by the service's own code, in one transaction for many, as a version without counts left them: 88 days,
questions by a Pareto law, 62,500 callers, one answer in forty rated. Then the table: each reading a few times, in
milliseconds; writing one question at a time alone, and while old records are counted and deleted.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tqdm import tqdm

from api.contract import schemas
from api.records import asked
from api.records.asked import Asked
from api.records.database import FILE, Records

DAYS = 88.0
QUESTIONS = 200_000
_AT_ONCE = 10_000
_TRIES = 5
_WRITES = 500


def answer(id: str, question: str, refused: bool) -> schemas.AskResponse:
    """An answer with one citation, or a refusal, of the size that they have on average."""
    document = {"id": "d0123456789ab", "title": "关于进一步支持中小企业专精特新发展的若干措施", "status": "in_force"}
    named: dict[str, Any] = {**document, "number": None, "issuer": None, "issued_on": date(2026, 1, 1)}
    named |= {"effective_from": None, "effective_until": None}
    text = (
        "对首次认定的国家级专精特新“小巨人”企业，给予一次性奖励100万元；对省级专精特新中小企业，给予一次性奖励50万元。"
    )
    citation = {
        "document": named,
        "clause": {"id": "d0123456789ab-12", "address": "第三条第（二）项", "path": ["三、奖励"], "text": text},
        "quote": text,
        "start": 100,
        "end": 100 + len(text),
        "source": {"file": "措施.docx", "line_start": 10, "line_end": 11, "page": None},
    }
    return schemas.AskResponse.model_construct(
        id=id,
        question=question,
        rewritten=None,
        status="refused" if refused else "answered",
        reason="no_evidence" if refused else None,
        message=None,
        answer=None if refused else "100万元",
        confidence=0.91,
        answered_by="documents",
        citations=[] if refused else [schemas.CitationOut.model_validate(citation)],
        timings_ms={"total": 312.5},
    )


def build(records: Records, rows: int, seed: int = 1) -> None:
    """Writes the log of a version without counts."""
    rng = random.Random(seed)
    records.ensure(asked.SCHEMA)
    first = datetime.now(UTC) - timedelta(days=DAYS)
    with tqdm(total=rows, desc="写入", unit="条", disable=None, leave=False) as bar:
        for start in range(0, rows, _AT_ONCE):
            with records.transaction(lasting=False) as connection:
                for n in range(start, min(start + _AT_ONCE, rows)):
                    kind = int(rng.paretovariate(0.6)) % QUESTIONS
                    at = (first + timedelta(days=DAYS * n / rows)).isoformat(timespec="microseconds")
                    caller = f"address:10.0.{rng.randrange(250)}.{rng.randrange(250)}"
                    said = answer(f"{rng.getrandbits(128):032x}", f"第{kind}类企业奖励多少？", kind % 3 == 0)
                    asked.write(connection, said, "page", caller, None, at)
                    if n % 40 == 0:
                        rating = ("up", "down")[n // 40 % 2]
                        values = (said.id, f"f{said.id}", at, rating, None, "", caller)
                        connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            bar.update(_AT_ONCE)


def timed(function: Callable[[], object], tries: int = _TRIES) -> list[float]:
    """Milliseconds of each try."""
    took = []
    for _ in range(tries):
        began = time.perf_counter()
        function()
        took.append((time.perf_counter() - began) * 1000)
    return took


def row(name: str, took: Sequence[float]) -> None:
    """One line of the table."""
    ordered = sorted(took)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{name:<46} {median(ordered):>10.2f} {p99:>10.2f} {ordered[-1]:>10.2f} {len(ordered):>6}", flush=True)


def readings(log: Asked) -> None:
    """What the pages read."""
    row("suggestions", timed(lambda: log.common(6)))
    for days in (7, 3650):
        row(f"summary of {days} days", timed(lambda days=days: log.summary(days)))  # type: ignore[misc]
    for days in (7, 30, 3650):
        row(f"most asked in {days} days", timed(lambda days=days: log.most_asked(days, 20)))  # type: ignore[misc]
    row("queue of the unanswered", timed(lambda: log.queue("unanswered", 20, None)))
    row("queue of the disliked", timed(lambda: log.queue("disliked", 20, None)))


@contextmanager
def beside(work: Callable[[threading.Event], object]) -> Any:
    """With `work` going on in another thread."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()


def write_one(log: Asked) -> Callable[[], None]:
    """Logs one question that was asked before."""
    number = random.Random(2)

    def write() -> None:
        said = answer(uuid.uuid4().hex, f"第{number.randrange(50)}类企业奖励多少？", False)
        log.put(said, "page", "address:10.0.0.1", None)

    return write


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.logs", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=300_000, help="questions in the log")
    parser.add_argument("--folder", type=Path, help="where the records are kept; a temporary folder by default")
    options = parser.parse_args(arguments)
    records = Records(options.folder)
    if (
        records.sql.by_row
        and not records.connect().execute("SELECT 1 FROM sqlite_master WHERE name = 'asked'").fetchone()
    ):
        build(records, options.rows)
    rows = records.connect().execute("SELECT count(*) FROM asked").fetchone()[0]
    print(f"{rows} questions, {(records.folder / FILE).stat().st_size / 1e6:.0f} MB")
    print(f"{'milliseconds':<46} {'p50':>10} {'p99':>10} {'most':>10} {'tries':>6}")
    opened: list[Asked] = []
    row("opening", timed(lambda: opened.append(Asked(records)), 1))
    (log,) = opened
    write = write_one(log)
    if left := log.left_to_count():
        began = time.perf_counter()
        with beside(log.count_older) as counting:
            row("writing a question while old ones are counted", timed(write, _WRITES))
            readings_while = timed(lambda: log.common(6), 20)
            counting.join()
        row("suggestions meanwhile", readings_while)
        seconds = time.perf_counter() - began
        print(f"counting {left} old records beside it took {seconds:.0f} s, {seconds / left * 1e6:.0f} µs each")
    readings(log)
    row("writing a question", timed(write, _WRITES))
    before = (datetime.now(UTC) - timedelta(days=DAYS * 0.9)).isoformat(timespec="microseconds")
    began = time.perf_counter()
    gone: list[int] = []
    with beside(lambda stop: gone.append(log.purge(before, stop))) as purging:
        row("writing a question while a tenth is deleted", timed(write, _WRITES))
        purging.join()
    print(f"deleting {gone[0]} records beside it took {time.perf_counter() - began:.0f} s")
    print(f"{(records.folder / FILE).stat().st_size / 1e6:.0f} MB with the counts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
