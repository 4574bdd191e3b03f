"""Files taken in by several workers: what comes of it is what one worker makes of it, whoever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres import Database

from api.cli import main
from corpus import claims
from corpus.claims import MOST_TRIES, SharedLine, new_batch
from corpus.crew import Line, OwnLine, take_in_together
from corpus.errors import DatabaseAway, StoreError
from corpus.in_process import here
from corpus.ingest import GIVE_UP_AFTER, FileReport, find_files, ingest
from corpus.parts import Part
from corpus.readers.lines import LeftOut
from corpus.revision import Diff
from corpus.sql.choice import choose, chosen
from corpus.store import Store

ROOT = Path(__file__).resolve().parents[1]
LAW = "某某市第{0}号产业扶持办法\n第一条 对符合条件的企业，一次性奖励{0}万元。\n第二条 依照《某某市第1号产业扶持办法》第一条执行。\n"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for n in range(12):
        (tmp_path / "in" / f"{n:02}.txt").write_text(LAW.format(n % 10), "utf-8")  # two of them twice
    (tmp_path / "in" / "空.txt").write_bytes(b"")
    return tmp_path / "in"


def line_of(store: Store, folder: Path) -> Line:
    files = find_files([folder])
    server = chosen()
    if server is None:
        return OwnLine(files)
    line = SharedLine(server, "here", new_batch())
    assert line.put(files) == 0
    return line


def told(store: Store) -> list[tuple[str, list[str], list[tuple[str, str | None]]]]:
    """Documents and clauses, in no order."""
    return sorted(
        (
            document.text,
            [clause.id for clause in store.clauses(document.id)],
            [(r.address, r.clause) for clause in store.clauses(document.id) for r in clause.references],
        )
        for document in store.documents()
    )


def test_several_make_of_it_what_one_does(tmp_path: Path, folder: Path) -> None:
    store = Store(tmp_path / "data")
    names: list[str] = []
    report = take_in_together(store, line_of(store, folder), [here] * 4, names.append)
    assert [(f.file, f.outcome) for f in report.files] == [(f"{n:02}.txt", "added") for n in range(12)] + [
        ("空.txt", "rejected")
    ]
    assert sorted(names) == sorted(f.file for f in report.files)
    several = told(store)
    again = take_in_together(store, line_of(store, folder), [here, here])
    assert again.count("unchanged") == 12 and told(store) == several
    choose("")
    one = Store(tmp_path / "one")
    ingest(one, [folder])
    assert told(one) == several


def test_a_store_that_takes_nothing_more_is_not_tried_with_every_file(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def full(self: Store, path: str, *rest: object) -> None:
        tried.append(path)
        raise StoreError("文件库无法写入（database or disk is full）", "请检查磁盘空间和目录权限后重试")

    monkeypatch.setattr(Store, "replace_file", full)
    store = Store(tmp_path / "data")
    report = take_in_together(store, line_of(store, folder), [here, here])
    assert report.count("rejected") == 13 and GIVE_UP_AFTER <= len(tried) <= GIVE_UP_AFTER + 2


def test_a_fault_ends_all_workers_and_is_told(tmp_path: Path, folder: Path) -> None:
    seen: list[Path] = []

    def breaking(path: Path) -> Iterator[Part]:
        seen.append(path)
        raise ZeroDivisionError

    store = Store(tmp_path / "data")
    with pytest.raises(ZeroDivisionError):
        take_in_together(store, line_of(store, folder), [breaking, breaking])
    assert len(seen) <= 2


def test_the_command_takes_in_with_several_workers(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    assert main(["ingest", str(folder), "--data", str(data), "--workers", "2"]) == 1
    out = capsys.readouterr()
    assert "新增 12" in out.out and "empty_file" in out.err and Store(data).counts().files == 12


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_there_is_nobody_to_assist_without_a_database_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assist", "--data", str(tmp_path)]) == 1 and "TIAOWEN_DATABASE" in capsys.readouterr().err


# --- the line of a database -------------------------------------------------------------------------------------------


shared = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@contextmanager
def lines(count: int, batch: str) -> Iterator[list[SharedLine]]:
    server = chosen()
    assert server is not None
    yield [SharedLine(server, f"node{n}", batch) for n in range(count)]


@shared
def test_nobody_takes_what_another_has_until_its_lease_has_run_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = find_files([folder])[:3]
    with lines(2, "b") as (one, other):
        one.put(files)
        monkeypatch.setattr(claims, "LEASE", 0.3)
        first, second = one.take(), other.take()
        assert first is not None and second is not None and (first.name, second.name) == ("00.txt", "01.txt")
        third = other.take()
        assert third is not None and other.take() is None and not other.over()
        with other.alive():
            time.sleep(0.5)
            taken = other.take()
            assert taken == first, "whose worker does not renew its lease; those of the other are renewed"
            assert other.take() is None
            one.finish(first, [FileReport("00.txt", "added")])
            assert one.reports() == [], "it was another's by then"
            report = FileReport(
                "00.txt",
                "updated",
                1,
                2,
                diff=Diff(("第一条",)),
                recognised=(1, 2),
                left_out=(LeftOut("comment", "批注"),),
            )
            other.finish(taken, [report])
            assert other.reports() == [report]
        assert one.take() is not None, "what is given back waits for nobody"


@shared
def test_a_file_that_ends_its_workers_is_refused_in_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "LEASE", -1.0)
    with lines(1, "b") as (line,):
        line.put(find_files([folder])[:1])
        for _ in range(MOST_TRIES):
            assert line.take() is not None
        monkeypatch.setattr(claims, "LEASE", 60.0)
        assert line.take() is None and line.over()
        (report,) = line.reports()
        assert (report.outcome, report.code) == ("rejected", "reader_died")


@shared
def test_what_an_earlier_command_left_is_taken_along(folder: Path) -> None:
    files = find_files([folder])
    server = chosen()
    assert server is not None
    with lines(1, "b") as (line,):
        line.put(files[:5])
        taken = line.take()
        assert taken is not None
        line.finish(taken, [FileReport(taken.name, "added")])
        SharedLine(server, "another", "d").put(files[8:9])
        later = SharedLine(server, "node0", "c")
        assert later.put(files[4:7]) == 3, "those at 1, 2 and 3: of the others one is done, and one is given anew"
        names = []
        while (file := later.take()) is not None:
            names.append(file.name)
        assert names == [f"{n:02}.txt" for n in (1, 2, 3, 4, 5, 6)], "and nothing of another data folder"


@shared
def test_many_claim_each_file_once(folder: Path) -> None:
    taken: list[str] = []

    def claim(line: SharedLine) -> None:
        while (file := line.take()) is not None:
            taken.append(file.name)

    with lines(4, "b") as all_lines:
        all_lines[0].put(find_files([folder]))
        threads = [threading.Thread(target=claim, args=(line,)) for line in all_lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(taken) == sorted(path.name for path in folder.iterdir())


_ASSIST = """
import sys
from api.cli import main
from corpus import claims
claims.LEASE = 1.0
sys.exit(main(sys.argv[1:]))
"""


@shared
def test_another_machine_assists_and_what_it_was_killed_with_is_taken_over(
    tmp_path: Path, folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A helper that is killed in the middle of a file, and one command that is, after which the next goes on."""
    monkeypatch.setattr(claims, "LEASE", 1.0)
    store, held = Store(tmp_path / "here"), threading.Event()
    line = line_of(store, folder)
    assert isinstance(line, SharedLine)
    command = [sys.executable, "-c", _ASSIST, "assist", "--data", str(tmp_path / "there")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    helper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def waiting(path: Path) -> Iterator[Part]:
        held.wait(60)
        return here(path)

    def watch() -> None:
        server = chosen()
        assert server is not None
        own = "SELECT count(*) FROM intake WHERE state = 'done'"
        while server.once(own).fetchall()[0][0] < 3 and helper.poll() is None:
            time.sleep(0.01)
        helper.send_signal(signal.SIGKILL)
        held.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with line.alive():
        report = take_in_together(store, line, [waiting])
    watcher.join(30)
    helper.wait(30)
    assert helper.stdout is not None
    helper.stdout.close()
    assert report.count("rejected") == 1 and report.count("added") + report.count("unchanged") == 12
    assert store.counts().files == 12 and len(store.documents()) == 10


@shared
def test_a_line_whose_database_is_away_is_told(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "data")
    line = line_of(store, folder)

    def away(*_: object) -> None:
        raise DatabaseAway("数据库没有应答", "")

    monkeypatch.setattr(line, "finish", away)
    with pytest.raises(DatabaseAway):
        take_in_together(store, line, [here, here])
