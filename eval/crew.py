"""Many files taken in by several workers on one PostgreSQL, one of them killed: how long it takes, and whether all is there once.

python -m eval.crew --database postgresql://… [--shared ../shared] [--files 1000] [--workers 3]

The files are laws. One process takes them in alone, into SQLite; what it makes of them is the measure. Then `tiaowen ingest --workers`
does it on the (empty) PostgreSQL, once undisturbed, and once more while a `tiaowen assist` beside it, which is one of the workers, is
killed (-9, with the process that reads for it) after a third of the time. Each must hold the same documents and clauses, none twice.
Exit status 0 where it does. The database is emptied before each run: name one that holds nothing else.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from corpus.sql.choice import choose
from corpus.store import Store
from eval.report import table

_FILES = 1000
_THIRD = 3

Content = Counter[tuple[str, tuple[str, ...]]]
"""How often each text stands in a store with these clauses."""


def write_laws(shared: Path, folder: Path, count: int) -> int:
    """The first laws of the shared folder as Markdown files; how many were written."""
    with lzma.open(shared / "training" / "laws.jsonl.xz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["markdown"] for line, _ in zip(lines, range(count), strict=False)]
    for number, text in enumerate(texts):
        (folder / f"{number:05}.md").write_text(text, "utf-8")
    return len(texts)


def content(data: Path) -> Content:
    """What a store holds, in no order."""
    store = Store(data, create=False)
    return Counter((d.text, tuple(clause.id for clause in store.clauses(d.id))) for d in store.documents())


def emptied(address: str) -> None:
    """Drops whatever the database holds. Raises psycopg.Error."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _started(*words: str, address: str) -> subprocess.Popen[bytes]:
    """A command of Tiaowen in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words],
        env={**os.environ, "TIAOWEN_DATABASE": address},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def taken_in(folder: Path, data: Path, address: str, workers: int, kill_after: float | None) -> float:
    """Seconds that `tiaowen ingest` takes with so many workers; with `kill_after` one of them is `tiaowen assist`, killed then."""
    begun = time.perf_counter()
    own = workers if kill_after is None else workers - 1
    main = _started("ingest", str(folder), "--data", str(data), "--workers", str(own), address=address)
    helper = None
    if kill_after is not None:
        helper = _started("assist", "--data", str(data.with_name("helper")), "--workers", "1", address=address)
        try:
            main.wait(kill_after)
        except subprocess.TimeoutExpired:
            os.killpg(helper.pid, signal.SIGKILL)
    try:
        main.wait()
    finally:
        if helper is not None:
            helper.wait()
    return time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.crew", description="几个工作进程一起导入，一个被杀")
    parser.add_argument("--database", required=True, help="postgresql://…，一个空的数据库：每次运行前清空")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--files", type=int, default=_FILES)
    parser.add_argument("--workers", type=int, default=3)
    given = parser.parse_args(arguments)
    lines, whole = [], True
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "in"
        folder.mkdir()
        count = write_laws(given.shared, folder, given.files)
        alone = taken_in(folder, Path(work) / "alone", "", 1, None)
        measure = content(Path(work) / "alone")
        lines.append(["SQLite，一个进程", f"{alone:.0f}", str(measure.total()), str(_clauses(measure)), ""])
        for name, workers, killed in (
            ("PostgreSQL，1 个", 1, False),
            (f"PostgreSQL，{given.workers} 个", given.workers, False),
            (f"PostgreSQL，{given.workers} 个，杀掉一个", given.workers, True),
        ):
            emptied(given.database)
            data = Path(work) / f"data-{workers}-{killed}"
            seconds = taken_in(folder, data, given.database, workers, alone / _THIRD if killed else None)
            choose(given.database)
            found = content(data)
            choose("")
            whole &= found == measure
            lines.append(
                [
                    name,
                    f"{seconds:.0f}",
                    str(found.total()),
                    str(_clauses(found)),
                    "相同" if found == measure else f"少 {(measure - found).total()}，多 {(found - measure).total()}",
                ]
            )
        print(f"{count} 部法律，{os.cpu_count()} 个核")
        print(table(["存储和工作进程", "秒", "文件", "条款", "与一个进程的结果"], lines))
    return 0 if whole else 1


def _clauses(of: Content) -> int:
    return sum(len(clauses) * times for (_, clauses), times in of.items())


if __name__ == "__main__":
    sys.exit(main())
