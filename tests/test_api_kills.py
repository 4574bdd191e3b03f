"""A process that changes documents may end at any point: store, index and files are together again at the next start."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from killing import apart, killed_before, steps

from api.changes.jobs import UPLOADS, Jobs
from api.changes.work import run
from api.cli import main
from api.records.database import Records
from corpus.store import Store
from qa.changes import behind, bring_together

LAW = "甲市{}办法\n\n第一条 对符合条件的企业，一次性奖励{}万元。\n\n第二条 本办法自2026年1月1日起施行。\n"
MATTERS = ("commit", "rename", "remove")
POINTS = 2
"""Points at which each kind of change is ended in a run of the tests, others for each; `python -m eval.kills` takes any."""


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.txt", text)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a data folder that holds 停车.txt and 包.zip as uploads and 落户.txt by the command line."""

    begin: Callable[[Path], Callable[[], object]]
    """Gives what a process does."""
    there: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def upload(name: str, content: bytes) -> Callable[[Path], Callable[[], object]]:
    def begin(data: Path) -> Callable[[], object]:
        jobs = Jobs(Records(data))
        ident = jobs.put("upload", [name])
        jobs.receive([(name, io.BytesIO(content))], ident)
        jobs.close()
        return lambda: run(data, ident)

    return begin


def removal(name: str) -> Callable[[Path], Callable[[], object]]:
    def begin(data: Path) -> Callable[[], object]:
        jobs = Jobs(Records(data))
        ident = jobs.put("drop", [name])
        jobs.close()
        return lambda: run(data, ident)

    return begin


def command(*words: str) -> Callable[[Path], Callable[[], object]]:
    return lambda data: lambda: main([*(word.format(data.parent) for word in words), "--data", str(data)])


CHANGES = {
    "a new file": Change(upload("新.txt", LAW.format("新", 7).encode()), ("奖励7万元",)),
    "a new version": Change(upload("停车.txt", LAW.format("停车", 222).encode()), ("奖励222万元",), ("奖励111万元",)),
    "a new version of an archive": Change(
        upload("包.zip", zipped(一=LAW.format("一", 31), 三=LAW.format("三", 33))),
        ("奖励31万元", "奖励33万元"),
        ("奖励32万元",),
    ),
    "a file that the operator brought, now uploaded": Change(
        upload("落户.txt", LAW.format("落户", 555).encode()), ("奖励555万元",), ("奖励444万元",)
    ),
    "a file that is refused": Change(upload("停车.txt", b"\0\1"), ("奖励111万元",)),
    "a removal": Change(removal("停车.txt"), (), ("奖励111万元",)),
    "a removal of an archive": Change(removal("包.zip"), (), ("奖励31万元", "奖励32万元")),
    "drop": Change(command("drop", "停车.txt", "落户.txt"), (), ("奖励111万元", "奖励444万元")),
    "ingest": Change(command("ingest", "{}/more"), ("奖励81万元", "奖励82万元")),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    (folder / "落户.txt").write_text(LAW.format("落户", 444), "utf-8")
    (folder / "more").mkdir()
    for n in (81, 82):
        (folder / "more" / f"{n}.txt").write_text(LAW.format(f"第{n}", n), "utf-8")
    data = folder / "base"
    assert main(["ingest", str(folder / "落户.txt"), "--data", str(data)]) == 0
    archive = zipped(一=LAW.format("一", 31), 二=LAW.format("二", 32))
    for name, content in (("停车.txt", LAW.format("停车", 111).encode()), ("包.zip", archive)):
        assert upload(name, content)(data)() == 0
    return data


def copied(base: Path) -> Path:
    """The data folder of before, at the path at which its store names its files."""
    data = base.parent / "data"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(base, data)
    store = Store(data)
    for path in [p for p in store.all_paths() if p.startswith(f"{base}/")]:
        if store.file(path):  # not moved yet with the archive that it is in
            store.move_file(path, f"{data}{path[len(str(base)) :]}")
    store.close()
    assert bring_together(data) is False and apart(data) == []
    return data


@pytest.mark.parametrize("name", CHANGES)
def test_ended_at_any_point_all_is_together_at_the_next_start_and_done_again_it_is_done(base: Path, name: str) -> None:
    change = CHANGES[name]
    data = copied(base)
    points = [n for n, kind in enumerate(steps(change.begin(data))) if kind in MATTERS]
    assert apart(data) == [] and len(points) > 4
    apart_by = max(1, len(points) // POINTS)
    for step in points[list(CHANGES).index(name) * 5 % apart_by :: apart_by]:
        data = copied(base)
        work = change.begin(data)
        assert killed_before(step, work), f"step {step} of {len(points)}"
        bring_together(data)  # as every start does
        assert apart(data) == [], f"killed before step {step}"
        assert not behind(data)
        work()
        assert apart(data) == [], f"killed before step {step}, done again"
        store = Store(data)
        texts = "\n".join(document.text for document in store.documents())
        store.close()
        assert all(text in texts for text in change.there) and not any(text in texts for text in change.gone)
        assert not list((data / UPLOADS / ".incoming").glob("*"))
