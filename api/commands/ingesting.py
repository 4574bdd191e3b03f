"""`tiaowen ingest --workers` and `tiaowen assist`: files read by several processes at once, of one machine or of several."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.errors import BadRequest
from api.run.serving import cores
from api.settings import settings_from
from corpus.claims import SharedLine, new_batch
from corpus.confined import Confined
from corpus.crew import OwnLine, take_in_together, work_off
from corpus.ingest import Report, ingest
from corpus.parts import Parts
from corpus.sql.choice import chosen
from corpus.sql.node import node_of
from corpus.store import Store


def workers(text: str) -> int:
    """How many files are read at once, as the command takes it; 0 for as many as there are cores."""
    value = int(text)
    if not 0 <= value <= 64:
        raise argparse.ArgumentTypeError("应在 0 到 64 之间")
    return value or cores()


def add_assist(command: argparse.ArgumentParser) -> None:
    """The options of `tiaowen assist`."""
    command.add_argument("--workers", type=workers, default=1, help="同时读几个文件，默认 1；0 为每个核一个")


def assist(options: argparse.Namespace) -> int:
    """Runs `tiaowen assist`. Raises PolicyError."""
    server = chosen()
    if server is None:
        raise BadRequest("没有设置 TIAOWEN_DATABASE。", "只有几台机器共用 PostgreSQL 时，才能帮别的机器导入。")
    store = Store(options.data)
    line = SharedLine(server, node_of(options.data), None)
    names: list[str] = []
    with line.alive(), _readers(options.workers) as readers:
        work_off(store, line, readers, names.append)
    print(f"帮着读了 {len(names)} 个文件" if names else "没有在等的文件")
    return 0


def read_in(
    store: Store,
    data: Path,
    paths: Sequence[Path],
    files: Sequence[tuple[Path, str]],
    count: int,
    step: Callable[[str], None],
) -> Report:
    """Takes files in, as many at a time as `count`. `paths` are what `files` were found under. Nobody else changes the documents."""
    if count == 1:
        with _readers(1) as (reader,):
            return ingest(store, paths, step, reader)
    server = chosen()
    with _readers(count) as readers:
        if server is None:
            return take_in_together(store, OwnLine(files), readers, step)
        line = SharedLine(server, node_of(data), new_batch())
        left = line.put(files)
        if left:
            print(f"上一次没有导入完的 {left} 个文件一并导入", flush=True)
        with line.alive():
            report = take_in_together(store, line, readers, step)
        line.clear()
        return report


@contextmanager
def _readers(count: int) -> Iterator[list[Parts]]:
    """So many processes that read files, each for one thread."""
    limits = settings_from(os.environ).reading
    with ExitStack() as stack:
        yield [stack.enter_context(Confined(limits)).parts for _ in range(count)]
