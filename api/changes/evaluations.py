"""Question sets of an administrator and the evaluations that were run on them: files under `evaluations/` of the data folder.

    sets/NAME.jsonl        a set, as it was uploaded
    runs/ID/NAME.jsonl     the set of a run as it was then, and beside it what `tiaowen eval --out` writes

The evaluation itself is the command `eval` of the entry points (this folder may not import it). It is done in the line of
uploads (api/changes/jobs.py), so that one at most is at work, in a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from api.changes.jobs import Job, Jobs
from api.errors import BadRequest, Internal
from api.records.database import Records
from corpus.errors import NotFound, PolicyError

FOLDER = "evaluations"
MOST_ROWS = 2000
MOST_SETS = 50
MOST_RUNS = 20
"""Runs that are kept, with their files."""
FILES = {
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "rows.jsonl": "application/jsonl",
    "wrong.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BASE = "../../../.."
"""Where the pages are, seen from the address of a report."""
_NAME = re.compile(r"[\w\-. ()（）]{1,60}")
_TOLD_EVERY = 0.5  # seconds between two notes of progress

Command = Callable[..., int]


@dataclass(frozen=True, slots=True)
class GoldSet:
    """A set that can be run: its name, its lines, when it was uploaded (ISO 8601 in UTC)."""

    name: str
    rows: int
    uploaded_at: str


def command() -> Command:
    """The command `eval`. Raises Internal where it is not installed."""
    found = next((point for point in entry_points(group="tiaowen.commands") if point.name == "eval"), None)
    if found is None:
        raise Internal("没有安装评测命令。", "请重新安装 tiaowen。")
    loaded: Command = found.load()
    return loaded


def call(arguments: Sequence[str], on_row: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Runs the command quietly. Raises what it raises."""
    with contextlib.redirect_stdout(io.StringIO()):
        return command()(list(arguments), on_row)


class Evaluations:
    """The sets and runs of one data folder."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._root = records.folder / FOLDER

    # -- sets ----------------------------------------------------------------------------------------------------------

    def sets(self) -> list[GoldSet]:
        """By name."""
        return [_set(path) for path in sorted((self._root / "sets").glob("*.jsonl"))]

    def put(self, name: str, content: bytes) -> GoldSet:
        """Keeps a set, in the place of one of that name, where it can be read.

        Raises BadRequest for its name, its size, a set too many, and the line that is broken.
        """
        stem = name.removesuffix(".jsonl").strip(" .")
        if not _NAME.fullmatch(stem) or stem.startswith("."):
            raise BadRequest("问题集的名字不能用。", "请用 1 到 60 个字的文件名，例如 试点问题.jsonl。")
        lines = sum(bool(line.strip()) for line in content.splitlines())
        if not 1 <= lines <= MOST_ROWS:
            raise BadRequest(f"问题集应有 1 到 {MOST_ROWS} 行，这份有 {lines} 行。", "请拆成几份，或抽取一部分。")
        folder = self._root / "sets"
        place = folder / f"{stem}.jsonl"
        if not place.exists() and len(self.sets()) >= MOST_SETS:
            raise BadRequest(f"最多保留 {MOST_SETS} 份问题集。", "请先删去不用的。")
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{stem}.partial"
        partial.write_bytes(content)
        try:
            call(["check", str(partial)])
            partial.replace(place)
        except PolicyError as error:
            raise BadRequest(error.message.replace(str(partial), f"{stem}.jsonl"), error.hint) from error
        finally:
            partial.unlink(missing_ok=True)
        return _set(place)

    def delete(self, name: str) -> None:
        """Raises NotFound."""
        self._place(name).unlink()

    def content(self, name: str) -> bytes:
        """Raises NotFound."""
        return self._place(name).read_bytes()

    def _place(self, name: str) -> Path:
        place = next((path for path in (self._root / "sets").glob("*.jsonl") if path.stem == name), None)
        if place is None:
            raise NotFound("没有这份问题集。", "名字见 GET /v1/evaluation-sets。")
        return place

    # -- runs ----------------------------------------------------------------------------------------------------------

    def begin(self, ident: str, name: str, content: bytes) -> None:
        """Puts the set of a run where its job will find it; runs too many are forgotten."""
        folder = self.run_folder(ident)
        folder.mkdir(parents=True)
        (folder / f"{name}.jsonl").write_bytes(content)
        old = sorted(self._root.glob("runs/*"), key=lambda path: path.stat().st_mtime, reverse=True)[MOST_RUNS:]
        for path in old:
            if Jobs(self._records).ended(path.name):
                shutil.rmtree(path, ignore_errors=True)

    def run_folder(self, ident: str) -> Path:
        return self._root / "runs" / ident

    def file(self, ident: str, name: str) -> Path:
        """A file of a run. Raises NotFound."""
        path = self.run_folder(ident) / name
        if name not in FILES or not path.is_file():
            raise NotFound("没有这个文件。", "评测完成后才有；只保留最近的评测。")
        return path

    def compared(self, first: str, second: str) -> bytes:
        """The comparison of two runs as a page. Raises NotFound, and the error of the evaluation where they share no question."""
        folders = [self.file(ident, "rows.jsonl").parent for ident in (first, second)]
        out = self.run_folder(second) / f"from-{first}"
        call(["compare", *map(str, folders), "--out", str(out), "--base", BASE])
        return (out / "compare.html").read_bytes()


def run(jobs: Jobs, data: Path, job: Job) -> None:
    """Does the evaluation of a job and notes its figures. Raises what the evaluation raises."""
    folder = data / FOLDER / "runs" / job.id
    told = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TOLD_EVERY or done >= total:
            told = time.monotonic()
            jobs.note(job.id, stage="asking", done=done, total=total)

    (name,) = job.names
    call([str(folder / f"{name}.jsonl"), "--data", str(data), "--out", str(folder), "--base", BASE], progress)
    figures: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))["figures"]
    jobs.note(job.id, status="done", report=json.dumps({"figures": figures}, ensure_ascii=False))


def _set(path: Path) -> GoldSet:
    content = path.read_bytes()
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return GoldSet(path.stem, sum(bool(line.strip()) for line in content.splitlines()), changed)
