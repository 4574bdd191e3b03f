"""Watched folders: what comes, changes, moves and goes is taken up by jobs like any other; real files, a clock of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from test_corpus_archives import zipped

from api.app import create_app
from api.changes.jobs import MOST_WAITING, Job, Jobs
from api.changes.watched.compare import AtRest, Known, compare
from api.changes.watched.folders import Mark, Seen, require_apart, scan
from api.changes.watched.state import Watched
from api.changes.work import run
from api.cli import main
from api.errors import WatchBusy
from api.records.audit import Audit
from api.records.database import Records
from api.schedule import every
from api.settings import Settings
from api.watch import watcher as module
from api.watch.wake import wake_on_events
from api.watch.watcher import Options, Watcher, watching
from corpus.ingest import PARSER, drop, find_files, ingest
from corpus.passed_over import passed_over
from corpus.store import Store
from qa.errors import BadSetting

LAW = "甲市{}办法\n\n第一条 对符合条件的企业，一次性奖励{}万元。\n\n第二条 本办法自2026年1月1日起施行。\n"
BROKEN = b"PK\x03\x04 broken"
REST = 10.0


class Bench:
    """A folder, a data folder, and a watcher whose jobs are done in this process and whose time passes when it is told to."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.data, self.folder = root / "data", root / "政策"
        self.folder.mkdir(exist_ok=True)
        self.records, self.jobs = Records(self.data), Jobs(Records(self.data))
        self.now, self.day = 0.0, datetime(2026, 11, 21, 12, 0)
        self.told: list[str] = []
        self.options = {"folders": (self.folder,), "rest": REST, **options}
        self.restart()

    def restart(self) -> None:
        """Another process watches from now on."""
        self.watcher = Watcher(
            self.records, Options(**self.options), self.work, self.told.append, lambda: self.now, lambda: self.day
        )

    def work(self) -> None:
        while (job := self.jobs.next()) is not None:
            run(self.data, job.id)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def settle(self) -> list[dict[str, Any]]:
        """What the jobs tell that are made until nothing is left to do, some time passing."""
        before = len(self.all_jobs())
        self.watcher.busy = True
        for _ in range(20):
            self.watcher.step()
            if not self.watcher.busy:
                break
            self.now += REST / 2
        else:
            raise AssertionError("it does not come to rest")
        new = self.all_jobs()[before:]
        assert all(job.status == "done" for job in new), new
        return [file for job in new for file in job.report["files"]]

    def all_jobs(self) -> list[Job]:
        return self.jobs.recent(["watch"], 1000)[::-1]

    def outcomes(self) -> list[tuple[str, str]]:
        return [(file["file"], file["outcome"]) for file in self.settle()]

    def names(self) -> set[str]:
        """The files that the library's documents stand in."""
        return {source.file for document in Store(self.data).documents() for source in document.sources}

    def ids(self) -> set[str]:
        store = Store(self.data)
        return {clause.id for document in store.documents() for clause in store.clauses(document.id)}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# -- the life of files ---------------------------------------------------------------------------------------------------


def test_files_come_change_move_and_go(bench: Bench) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("2026/落户.txt", LAW.format("落户", 2))
    bench.put("包.zip", zipped(("里/养老.txt", LAW.format("养老", 3))))
    assert sorted(bench.outcomes()) == [
        ("2026/落户.txt", "added"),
        ("停车.txt", "added"),
        ("包.zip/里/养老.txt", "added"),
    ]
    assert bench.settle() == [] and len(bench.all_jobs()) == 1, "nothing is done twice"
    assert (bench.data / "index" / "CURRENT").is_file()
    ids = bench.ids()

    bench.put("停车.txt", LAW.format("停车", 11))
    (changed,) = bench.settle()
    assert (changed["outcome"], changed["changed"]) == ("updated", ["第一条"]) and bench.ids() == ids

    (bench.folder / "停车.txt").rename(bench.put("新/x", "").with_name("错峰停车.txt"))
    (bench.folder / "新" / "x").unlink()
    (bench.folder / "包.zip").rename(bench.folder / "合集.zip")
    moved = {file["file"]: (file["outcome"], file["before"]) for file in bench.settle()}
    assert moved == {
        "新/错峰停车.txt": ("renamed", "停车.txt"),
        "合集.zip/里/养老.txt": ("renamed", "包.zip/里/养老.txt"),
    }
    assert bench.ids() == ids and bench.names() == {"新/错峰停车.txt", "合集.zip/里/养老.txt", "2026/落户.txt"}

    (bench.folder / "2026" / "落户.txt").unlink()
    (gone,) = bench.settle()
    assert (gone["outcome"], gone["file"]) == ("gone", "2026/落户.txt") and gone["hint"] and gone["documents"]
    assert bench.settle() == [] and "2026/落户.txt" in bench.names(), "it is told once, and kept"
    bench.put("2026/落户.txt", LAW.format("落户", 2))
    assert bench.settle() == [], "it is there again, as it was"
    actions = [line.action for line in Audit(bench.records).lines(10)]
    assert actions == ["files.watch"] * 4 and any("文件库里保留着" in line for line in bench.told)


def test_what_is_gone_leaves_with_remove(tmp_path: Path) -> None:
    bench = Bench(tmp_path, remove=True)
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("同文.txt", LAW.format("停车", 1))
    bench.put("落户.txt", LAW.format("落户", 2))
    bench.settle()
    (bench.folder / "停车.txt").unlink()
    assert bench.outcomes() == [("停车.txt", "removed")] and bench.names() == {"同文.txt", "落户.txt"}
    (bench.folder / "同文.txt").unlink()
    assert bench.outcomes() == [("同文.txt", "removed")] and bench.names() == {"落户.txt"}
    assert len(Store(bench.data).documents()) == 1


def test_the_only_file_of_a_folder_is_renamed(bench: Bench) -> None:
    path = bench.put("停车.txt", LAW.format("停车", 1))
    bench.settle()
    path.rename(bench.folder / "错峰停车.txt")
    assert bench.outcomes() == [("错峰停车.txt", "renamed")] and bench.names() == {"错峰停车.txt"}
    assert bench.settle() == [] and not bench.watcher.away


def test_a_file_saved_by_way_of_another_name_is_not_gone(bench: Bench) -> None:
    bench.options["remove"] = True
    bench.restart()
    path = bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("落户.txt", LAW.format("落户", 2))
    bench.settle()
    text = path.read_text("utf-8")
    path.unlink()
    bench.watcher.step()  # in between, as editors do
    path.write_text(text.replace("1万", "9万"), "utf-8")
    assert [(f["outcome"], f["changed"]) for f in bench.settle()] == [("updated", ["第一条"])]


def test_a_file_being_written_is_read_when_it_is_whole(bench: Bench) -> None:
    text = LAW.format("停车", 1).encode()
    for end in range(0, len(text), 40):
        bench.put("停车.txt", text[:end])
        bench.watcher.step()
        bench.now += REST - 1
    bench.put("停车.txt", text)
    assert bench.all_jobs() == [] and bench.outcomes() == [("停车.txt", "added")]
    assert Store(bench.data).documents()[0].text.count("第二条") == 1


def test_a_file_that_changes_between_look_and_reading_is_read_later(bench: Bench) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    work = bench.work

    def write_first() -> None:
        bench.put("停车.txt", LAW.format("停车", 1)[:20])
        bench.watcher._kick = work
        work()

    bench.watcher._kick = write_first
    bench.watcher.step()
    bench.now += REST
    bench.watcher.step()
    assert bench.all_jobs()[0].status == "done" and bench.all_jobs()[0].report["files"] == []
    bench.put("停车.txt", LAW.format("停车", 1))
    assert bench.outcomes() == [("停车.txt", "added")]


def test_a_broken_file_is_told_once_and_again_when_it_changes(bench: Bench) -> None:
    bench.put("坏.docx", BROKEN)
    bench.put("好.txt", LAW.format("停车", 1))
    assert sorted(bench.outcomes()) == [("坏.docx", "rejected"), ("好.txt", "added")]
    os.utime(bench.folder / "坏.docx", (1, 1))
    bench.restart()
    assert bench.settle() == [] and len(bench.all_jobs()) == 1, "a touch is no change"
    bench.put("坏.docx", BROKEN + b"!")
    assert bench.outcomes() == [("坏.docx", "rejected")]
    assert sum("未导入 坏.docx" in line for line in bench.told) == 2


def test_what_changed_while_nobody_watched_is_taken_up(bench: Bench) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("落户.txt", LAW.format("落户", 2))
    bench.settle()
    bench.put("停车.txt", LAW.format("停车", 7))
    bench.put("养老.txt", LAW.format("养老", 3))
    (bench.folder / "落户.txt").unlink()
    bench.restart()
    assert sorted(bench.outcomes()) == [("停车.txt", "updated"), ("养老.txt", "added"), ("落户.txt", "gone")]


def test_a_job_of_a_watcher_that_was_killed_is_finished_first(bench: Bench) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.watcher._kick = lambda: None
    bench.watcher.step()
    bench.now += REST
    bench.watcher.step()
    (job,) = bench.all_jobs()
    assert job.status == "queued"
    bench.jobs.begin(job.id)  # its process was killed, too
    bench.restart()
    bench.watcher.step()
    assert bench.jobs.get(job.id).status == "done" and bench.names() == {"停车.txt"} and len(bench.all_jobs()) == 1


def test_what_ingest_read_is_known_and_what_a_person_removed_stays_out(bench: Bench) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("落户.txt", LAW.format("落户", 2))
    ingest(Store(bench.data), [bench.folder])
    assert bench.settle() == [] and bench.all_jobs() == []
    drop(Store(bench.data), ["停车.txt"])
    bench.options["every"] = every("24h")
    bench.restart()
    bench.day += timedelta(days=2)
    assert bench.settle() == [] and bench.names() == {"落户.txt"}
    bench.put("停车.txt", LAW.format("停车", 5))
    assert bench.outcomes() == [("停车.txt", "added")], "until it changes"


def test_everything_is_compared_at_its_time(bench: Bench) -> None:
    bench.options["every"] = every("03:30")
    bench.restart()
    path = bench.put("停车.txt", LAW.format("停车", 1))
    bench.put("坏.docx", BROKEN)
    bench.settle()
    before = path.stat()
    path.write_text(LAW.format("停车", 8), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a change that shows in nothing but the bytes
    bench.day += timedelta(hours=2)
    assert bench.settle() == []
    bench.day += timedelta(days=1)
    assert bench.outcomes() == [("停车.txt", "updated")], "the broken file is tried, and not told again"
    assert bench.settle() == [] and sum("定时核对" in line for line in bench.told) == 1


def test_two_folders_with_files_of_one_name(tmp_path: Path) -> None:
    other = tmp_path / "另"
    other.mkdir()
    bench = Bench(tmp_path)
    bench.options["folders"] = (bench.folder, other)
    bench.restart()
    bench.put("办法.txt", LAW.format("停车", 1))
    (other / "办法.txt").write_text(LAW.format("落户", 2), "utf-8")
    assert bench.outcomes() == [("办法.txt", "added")] * 2 and len(Store(bench.data).documents()) == 2


# -- what only looks gone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "empty", "unreadable"])
def test_a_folder_that_is_not_mounted_loses_nothing(tmp_path: Path, how: str) -> None:
    bench = Bench(tmp_path, remove=True)
    for n in range(3):
        bench.put(f"{n}.txt", LAW.format(f"第{n}", n))
    bench.settle()
    kept, jobs = bench.names(), len(bench.all_jobs())
    bench.folder.rename(tmp_path / "away")
    if how == "empty":
        bench.folder.mkdir()
    elif how == "unreadable":
        bench.folder.symlink_to(bench.folder)  # a loop: neither root nor anybody else can list it
    assert bench.settle() == [] and bench.settle() == [] and bench.watcher.away
    assert bench.names() == kept and sum("原样保留" in line for line in bench.told) == 1
    if how != "missing":
        bench.folder.rmdir() if how == "empty" else bench.folder.unlink()
    (tmp_path / "away").rename(bench.folder)
    assert bench.settle() == [] and not bench.watcher.away and len(bench.all_jobs()) == jobs


_NAMES = st.builds("/".join, st.lists(st.sampled_from(["甲", "乙", "丙.txt"]), min_size=1, max_size=3))
_DISKS = st.sampled_from(["1", "2"])


@given(
    files=st.dictionaries(_NAMES, _DISKS, min_size=1, max_size=12),
    stay=st.sets(_NAMES),
    lost=_DISKS,
    unlisted=st.sets(st.sampled_from(["", "甲", "乙", "甲/乙"])),
)
def test_what_cannot_be_seen_is_never_gone(
    files: dict[str, str], stay: set[str], lost: str, unlisted: set[str]
) -> None:
    """A device of which nothing is left, and a folder that cannot be listed, are away; each file is accounted for once."""
    known = {name: Known(Mark(1, 1, disk), f"/a/{name}", "x", PARSER) for name, disk in files.items()}
    seen = Seen(
        Path("/a"),
        {name: one.mark for name, one in known.items() if name in stay and one.mark.device != lost},
        frozenset(unlisted),
    )
    changes = compare(known, seen)
    assert not changes.fresh and not changes.back
    assert all(files[name] != lost and seen.could_see(name) for name in changes.gone)
    assert set(changes.gone) | set(changes.away) == known.keys() - seen.files.keys()
    assert not set(changes.gone) & set(changes.away)
    assert compare(known, Seen(Path("/a"), {}, frozenset({""}))).gone == compare(known, Seen(Path("/a"), {})).gone == ()


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 2)), min_size=1, max_size=30))
def test_nothing_is_at_rest_that_changed_within_the_time(looks: list[tuple[float, int]]) -> None:
    rest: AtRest[str] = AtRest(REST)
    now, changed, last = 0.0, 0.0, None
    for pause, size in looks:
        now += pause
        if size != last:
            changed, last = now, size
        assert (rest.look(now, {"a": Mark(size, 0)}) == {"a"}) == (now - changed >= REST)
        assert (rest.wait(now) is None) == (now - changed >= REST)


# -- folders -------------------------------------------------------------------------------------------------------------


def test_links_and_what_programs_leave_are_passed_over(tmp_path: Path) -> None:
    folder, outside = tmp_path / "政策", tmp_path / "外"
    outside.mkdir()
    (outside / "密.txt").write_text("x")
    for name in (
        "子/办法.docx",
        ".git/config",
        "~$办法.docx",
        "a.part",
        "b.crdownload",
        "子/.办法.swp",
        "c.txt~",
        "@eaDir/x",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "出去").symlink_to(outside)
    (folder / "密.txt").symlink_to(outside / "密.txt")
    (folder / "回来").symlink_to(folder)
    (folder / "断").symlink_to(tmp_path / "没有")
    (folder / "data").mkdir()
    (folder / "data" / "x.txt").write_text("x")
    os.mkfifo(folder / "管道")
    no_text = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt"))
    no_text.write_text("x")
    assert list(scan(folder, (folder / "data").resolve()).files) == ["子/办法.docx"]
    shutil.rmtree(folder / "data")
    (folder / "密.txt").unlink()
    no_text.unlink()
    assert {name for _, name in find_files([folder])} == {"子/办法.docx"}, "ingest passes over the same"
    assert not passed_over(["~说明.docx"]) and not passed_over(["part.txt"]) and passed_over(["#a#"])


def test_a_link_that_is_led_elsewhere_brings_new_versions(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / f"v{n}").mkdir()
        (tmp_path / f"v{n}" / "停车.txt").write_text(LAW.format("停车", n), "utf-8")
        (tmp_path / f"v{n}" / "落户.txt").write_text(LAW.format("落户", 0), "utf-8")
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "v1")
    bench = Bench(tmp_path, folders=(link,), remove=True)
    bench.settle()
    ids = bench.ids()
    link.unlink()
    link.symlink_to(tmp_path / "v2")
    assert sorted(bench.outcomes()) == [("停车.txt", "updated"), ("落户.txt", "unchanged")]
    assert bench.ids() == ids and len(Store(bench.data).documents()) == 2


def test_folders_that_cannot_be_watched(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "f.txt").write_text("x")
    data = tmp_path / "data"
    for wrong in ([tmp_path / "a", tmp_path / "a" / "b"], [tmp_path / "f.txt"], [data], [data / "uploads"]):
        with pytest.raises(BadSetting) as refused:
            require_apart(wrong, data)
        assert refused.value.hint
    assert require_apart([tmp_path / "a", tmp_path / "a"], data) == (tmp_path / "a",)


# -- times ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("24h", datetime(2026, 11, 22, 12, 0)),
        ("90m", datetime(2026, 11, 21, 13, 30)),
        ("7d", datetime(2026, 11, 28, 12, 0)),
        ("03:30", datetime(2026, 11, 22, 3, 30)),
        ("30  3 * * 1-5", datetime(2026, 11, 23, 3, 30)),
    ],
)
def test_times_that_come_again(text: str, first: datetime) -> None:
    last, times = datetime(2026, 11, 21, 12, 0), every(text)
    assert times.after(last) == first
    assert not times.due(last, first - timedelta(minutes=1)) and times.due(last, first)
    assert not times.due(last + timedelta(days=900), last), "a clock that was set back"


@pytest.mark.parametrize("text", ["", "daily", "0h", "9999d", "24:00", "* * *", "61 * * * *", "0 0 30 2 *"])
def test_times_that_never_come_are_refused(text: str) -> None:
    with pytest.raises(BadSetting):
        every(text)


# -- the line of jobs, the process ---------------------------------------------------------------------------------------


def test_a_full_line_is_waited_for_and_a_failed_job_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.watcher._kick = lambda: None
    waiting = [bench.jobs.put("drop", ["x"]) for _ in range(MOST_WAITING)]
    bench.watcher.step()
    bench.now += REST
    assert 0 < bench.watcher.step() < REST and bench.watcher.busy and bench.all_jobs() == []
    for ident in waiting:
        bench.jobs.fail(ident, "", "")
    bench.watcher.step()
    (job,) = bench.all_jobs()
    bench.jobs.fail(job.id, "磁盘已满。", "", "disk_full")
    bench.watcher._kick = bench.work
    assert 0 < bench.watcher.step() <= module._AGAIN and "磁盘已满" in bench.told[-1]
    bench.now += module._AGAIN
    assert bench.outcomes() == [("停车.txt", "added")]


def test_a_file_that_no_job_can_do_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    bench.watcher._kick = lambda: (
        [bench.jobs.fail(job.id, "导入用时太长，已停下。", "", "ingestion_too_long") for job in bench.all_jobs()]
        and None
    )
    for _ in range(6):
        bench.watcher.step()
        bench.now += 2 * module._AGAIN
    assert len(bench.all_jobs()) == 1 and bench.watcher.rejected == 1


def test_one_watches_for_a_data_folder(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.put("停车.txt", LAW.format("停车", 1))
    codes: list[int] = []
    with watching(bench.data):
        thread = threading.Thread(target=lambda: codes.append(_refused(lambda: watching(bench.data).__enter__())))
        thread.start()
        thread.join()
    assert codes == [1]


def _refused(call: Callable[[], Any]) -> int:
    try:
        call()
    except WatchBusy as error:
        return 1 if error.hint else 0
    return 0


def test_it_ends_when_it_is_told_to_and_wakes_by_events(bench: Bench) -> None:
    stop, wake, seen = threading.Event(), threading.Event(), threading.Event()
    bench.watcher.step = lambda: seen.set() or 600.0  # type: ignore[method-assign,func-returns-value]
    thread = threading.Thread(target=bench.watcher.run, args=(stop, wake))
    thread.start()
    events = wake_on_events((bench.folder,), wake, stop)
    try:
        assert seen.wait(10)
        seen.clear()
        for n in range(100):  # until the system listens
            bench.put(f"{n}.txt", "x")
            if seen.wait(0.2):
                break
        assert seen.is_set()
    finally:
        stop.set()
        wake.set()
        thread.join(10)
        events.join(10)
    assert not thread.is_alive() and not events.is_alive()


def test_the_service_watches_with_one_of_its_processes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.changes.dispatch.Dispatcher.kick", lambda self, settle=False: None)
    settings = Settings(access="open", any_host=True, watch=(str(bench.folder),), watch_rest=0, watch_poll=1)
    bench.put("停车.txt", LAW.format("停车", 1))
    apps = [create_app(FakeService([]), records=Records(bench.data), settings=settings) for _ in range(2)]
    with TestClient(apps[0]), TestClient(apps[1]):
        until = time.monotonic() + 20
        while bench.jobs.open("watch") is None and time.monotonic() < until:
            time.sleep(0.02)
    (job,) = bench.all_jobs()
    assert job.names == ("停车.txt",) and "watch" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(BadSetting):
        create_app(FakeService([]), records=Records(bench.data), settings=replace(settings, watch=(str(bench.data),)))


def test_the_command(bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.changes.dispatch.Dispatcher.kick", lambda self, settle=False: bench.work())
    bench.put("停车.txt", LAW.format("停车", 1))
    words = ["watch", str(bench.folder), "--data", str(bench.data), "--once", "--rest", "0"]
    assert main(words) == 0 and "新增 1" in capsys.readouterr().out
    assert main(words) == 0 and capsys.readouterr().out == ""
    bench.put("坏.docx", BROKEN)
    assert main(words) == 1 and "未导入 坏.docx" in capsys.readouterr().out
    assert main([*words[:1], str(bench.folder / "没有"), *words[2:]]) == 1
    assert main([*words, "--every", "sometimes"]) == 1 and "bad_setting" in capsys.readouterr().err


def test_state_is_what_was_put(bench: Bench) -> None:
    watched = Watched(bench.records)
    one = Known(Mark(1, 2, "3"), "/a/b", "ab", PARSER, "bad_file", True)
    watched.put("/a", {"b": one, "c": one})
    watched.put("/a", {}, ["c"])
    assert watched.known(Path("/a")) == {"b": one} and watched.known(Path("/b")) == {}
    assert watched.plan_of("nothing").take == () and json.dumps(bench.told) == "[]"
