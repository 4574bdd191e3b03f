"""Backup and restore: the same answers elsewhere, whatever is written meanwhile; what is damaged or hostile changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.cli import main
from api.errors import BadArchive, CannotBackUp, CannotRestore
from api.records.database import Records
from api.run import backup as module
from api.run.backup import MANIFEST, back_up, is_ours
from api.run.restore import in_use, restore
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import build_engine, update_index
from qa.types import Answer, Question

TEXT = "甲山市支持园区若干措施\n\n第一条 对新认定的国家级园区，给予{}万元奖励。\n\n第二条 由市商务局负责解释。\n"
ASKED = Question("新认定的国家级园区奖励多少？", date(2026, 11, 21))


def publish(data: Path, amount: int) -> None:
    (data / "uploads").mkdir(parents=True, exist_ok=True)
    (data / "uploads" / "园区　一.txt").write_text(TEXT.format(amount), "utf-8")
    store = Store(data)
    ingest(store, [data / "uploads"])
    update_index(store, data)


def said(data: Path) -> str:
    outcome = build_engine(data).answer(ASKED)
    return outcome.text if isinstance(outcome, Answer) else ""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    publish(data, 100)
    records = Records(data)
    records.ensure("CREATE TABLE kept (id INTEGER PRIMARY KEY, text TEXT)")
    with records.transaction() as connection:
        connection.execute("INSERT INTO kept (text) VALUES ('甲')")
    records.close()
    (data / "lexicon.toml").write_text("", "utf-8")
    (data / "bots.toml").write_text('[webhook]\nsecret = "0123456789abcdef"\n', "utf-8")
    (data / "evaluations" / "1").mkdir(parents=True)
    (data / "evaluations" / "1" / "report.json").write_text("{}")
    (data / "uploads" / ".incoming" / "x").mkdir(parents=True)
    (data / "uploads" / ".incoming" / "x" / "half.txt").write_text("half")
    return data


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    back_up(data, tmp_path / "a.zip")
    return tmp_path / "a.zip"


def tree(folder: Path) -> dict[str, str]:
    """Every file with its checksum."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_restored_folder_answers_alike(data: Path, archive: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "data"
    contents, kept = restore(archive, there)
    assert kept is None and said(there) == said(data) == "100万元"
    assert {p.name for p in there.iterdir()} == {
        *("tiaowen.sqlite3", "service.sqlite3", "index", "uploads", "lexicon.toml", "bots.toml", "evaluations")
    }
    assert (there / "uploads" / "园区　一.txt").read_text("utf-8") == TEXT.format(100)
    assert (there / "evaluations" / "1" / "report.json").read_text("utf-8") == "{}"
    assert not (there / "uploads" / ".incoming").exists()
    with closing(sqlite3.connect(there / "service.sqlite3")) as connection:
        assert connection.execute("SELECT text FROM kept").fetchall() == [("甲",)]
    assert Store(there).all_paths() == [str((there / "uploads" / "园区　一.txt").resolve())], (
        "the store knows where they lie"
    )
    assert update_index(Store(there), there) is None, "the index is up to date there"
    publish(there, 300)  # and a new version of an uploaded file is one
    assert said(there) == "300万元" and Store(there).counts().documents == 1
    assert contents.size == sum(p.size for p in contents.entries)


def test_nobody_else_reads_what_is_secret(data: Path, archive: Path, tmp_path: Path) -> None:
    restore(archive, tmp_path / "there")
    for path in (archive, *(tmp_path / "there" / name for name in ("service.sqlite3", "bots.toml"))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_under_writes_the_archive_is_of_one_state(data: Path, tmp_path: Path) -> None:
    """Pairs are written in one transaction: an archive has both or none, and every table as it was at one moment."""
    records = Records(data)
    records.ensure("CREATE TABLE pairs (n INTEGER, half TEXT)")
    done = threading.Event()

    def write() -> None:
        n = 0
        while not done.is_set():
            n += 1
            with records.transaction(lasting=False) as connection:
                connection.execute("INSERT INTO pairs VALUES (?, 'a')", (n,))
                connection.execute("INSERT INTO pairs VALUES (?, 'b')", (n,))
        records.close()

    def index() -> None:
        amount = 200
        while not done.is_set():
            publish(data, amount)
            amount += 1

    threads = [threading.Thread(target=write), threading.Thread(target=index)]
    for thread in threads:
        thread.start()
    try:
        for i in range(4):
            back_up(data, tmp_path / f"{i}.zip")
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    for i in range(4):
        restore(tmp_path / f"{i}.zip", tmp_path / str(i))
        with closing(sqlite3.connect(tmp_path / str(i) / "service.sqlite3")) as connection:
            halves = dict(connection.execute("SELECT half, count(*) FROM pairs GROUP BY half").fetchall())
            assert halves.get("a", 0) == halves.get("b", 0)
        assert said(tmp_path / str(i)).endswith("万元")
    assert not list(data.glob(".backup-*")) and not list(tmp_path.glob(".*.partial"))


def test_force_keeps_the_folder_of_before(data: Path, archive: Path) -> None:
    publish(data, 300)
    with pytest.raises(CannotRestore, match="已有数据"):
        restore(archive, data)
    assert said(data) == "300万元"
    _, kept = restore(archive, data, force=True)
    assert kept and said(data) == "100万元" and said(kept) == "300万元"
    _, again = restore(archive, data, force=True)
    assert again and again != kept


def test_a_folder_in_use_is_not_replaced(data: Path, archive: Path) -> None:
    before = tree(data)
    with in_use(data), in_use(data), pytest.raises(CannotRestore, match="正在使用"):
        restore(archive, data, force=True)
    assert {k: v for k, v in tree(data).items() if k != ".serving"} == before
    assert restore(archive, data, force=True)[1]


def test_the_commands(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, there = str(tmp_path / "b.zip"), str(tmp_path / "there")
    assert main(["backup", file, "--data", str(data)]) == 0 and "已备份" in capsys.readouterr().out
    assert main(["backup", file, "--data", str(data)]) == 0, "in the place of the one before"
    capsys.readouterr()
    assert main(["restore", file, "--data", there]) == 0 and "已恢复" in capsys.readouterr().out
    assert main(["restore", file, "--data", there]) == 1 and "--force" in capsys.readouterr().err
    assert main(["restore", file, "--data", there, "--force"]) == 0 and "before" in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "none.zip"), "--data", str(tmp_path / "x")]) == 1
    assert "找不到" in capsys.readouterr().err and not (tmp_path / "x").exists()


# -- what cannot be backed up ------------------------------------------------------------------------------------------


def test_what_is_no_data_folder_or_no_place_for_a_file(data: Path, tmp_path: Path) -> None:
    for folder, file in ((tmp_path / "none", tmp_path / "a"), (data, tmp_path), (data, tmp_path / "no" / "a.zip")):
        with pytest.raises(CannotBackUp):
            back_up(folder, file)
    assert not (tmp_path / "none").exists() and not list(data.glob(".backup-*"))


def test_a_backup_that_fails_leaves_the_one_before(
    data: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = archive.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_add", full)
    with pytest.raises(CannotBackUp, match="No space left"):
        back_up(data, archive)
    assert archive.read_bytes() == before and [p.name for p in tmp_path.iterdir()] in (
        ["data", "a.zip"],
        ["a.zip", "data"],
    )


# -- damaged and hostile archives --------------------------------------------------------------------------------------


def test_no_damaged_byte_gets_in(archive: Path, tmp_path: Path) -> None:
    """A byte changed anywhere: refused, or (the zip format has bytes that carry nothing) what comes out is what went in."""
    content = archive.read_bytes()
    bad, there = tmp_path / "bad.zip", tmp_path / "there"
    restore(archive, there)
    expected = tree(there)
    shutil.rmtree(there)
    step = len(content) // 80
    places = range(step // 2, len(content), step)
    refused = 0
    for at in places:
        bad.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        try:
            restore(bad, there)
        except BadArchive as error:
            refused += bool(error.hint)
            assert not there.exists()
        else:
            found = tree(there)
            assert found.keys() == expected.keys()
            assert {k for k in found if found[k] != expected[k]} <= {"tiaowen.sqlite3"}, "which is told where it lies"
            shutil.rmtree(there)
    assert refused > len(places) / 2 and not list(tmp_path.glob(".there.*"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_an_archive_cut_short_changes_nothing(share: float, data: Path, archive: Path) -> None:
    before = tree(data)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    with pytest.raises(BadArchive, match="备份"):
        restore(archive, data, force=True)
    assert {k: v for k, v in tree(data).items() if k != ".serving"} == before
    assert not list(data.parent.glob("data.before-*")) and not list(data.parent.glob(".data.restoring-*"))


def rewritten(archive: Path, to: Path, change: Callable[[dict[str, bytes], list[dict[str, object]]], None]) -> Path:
    """A copy of an archive with other contents and a manifest that fits them, as somebody hostile would make it."""
    with zipfile.ZipFile(archive) as old:
        files = {name: old.read(name) for name in old.namelist()}
    told = json.loads(files.pop(MANIFEST))
    change(files, told["files"])
    with zipfile.ZipFile(to, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)
        new.writestr(MANIFEST, json.dumps(told))
    return to


def added(name: str, content: bytes = b"x") -> Callable[[dict[str, bytes], list[dict[str, object]]], None]:
    def change(files: dict[str, bytes], listed: list[dict[str, object]]) -> None:
        files[name] = content
        listed.append({"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})

    return change


HOSTILE = [
    "../outside.txt",
    "index/../../outside.txt",
    "/etc/outside.txt",
    "index/..",
    "uploads//x",
    "uploads/./x",
    "uploads\\..\\x",
    "uploads/a\nb",
    "other/x",
    "index",
    "uploads/",
    ".serving",
    "jobs.lock",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_path_leads_out_or_to_what_is_not_ours(name: str, data: Path, archive: Path, tmp_path: Path) -> None:
    assert not is_ours(name)
    bad = rewritten(archive, tmp_path / "bad.zip", added(name))
    before = tree(tmp_path)
    with pytest.raises(BadArchive):
        restore(bad, tmp_path / "there")
    assert tree(tmp_path) == before and not (tmp_path / "there").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_no_link_and_no_device(kind: int, archive: Path, tmp_path: Path) -> None:
    content = b"/etc/passwd"
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(bad, "w") as new:
        told = json.loads(old.read(MANIFEST))
        for name in old.namelist():
            if name != MANIFEST:
                new.writestr(name, old.read(name))
        info = zipfile.ZipInfo("uploads/link")
        info.external_attr = (kind | 0o777) << 16
        new.writestr(info, content)
        digest = hashlib.sha256(content).hexdigest()
        told["files"].append({"path": "uploads/link", "size": len(content), "sha256": digest})
        new.writestr(MANIFEST, json.dumps(told))
    with pytest.raises(BadArchive, match="不该有"):
        restore(bad, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def lying(**more: object) -> Callable[[dict[str, bytes], list[dict[str, object]]], None]:
    def change(files: dict[str, bytes], listed: list[dict[str, object]]) -> None:
        listed[0] |= more

    return change


def without(name: str) -> Callable[[dict[str, bytes], list[dict[str, object]]], None]:
    def change(files: dict[str, bytes], listed: list[dict[str, object]]) -> None:
        files.pop(name, None)
        listed[:] = [entry for entry in listed if entry["path"] != name]

    return change


def broken_database(files: dict[str, bytes], listed: list[dict[str, object]]) -> None:
    without("tiaowen.sqlite3")(files, listed)
    added("tiaowen.sqlite3", b"SQLite format 3\0" + b"\x55" * 5000)(files, listed)


@pytest.mark.parametrize(
    "change",
    [
        lying(size=1),
        lying(size=10**15),
        lying(size=-1),
        lying(sha256="0" * 64),
        lying(path="uploads/elsewhere"),
        lambda files, listed: listed.pop(),
        lambda files, listed: listed.append(listed[0]),
        lambda files, listed: listed.append(7),
        without("tiaowen.sqlite3"),
        broken_database,
    ],
)
def test_a_manifest_that_does_not_fit(
    change: Callable[[dict[str, bytes], list[dict[str, object]]], None], archive: Path, tmp_path: Path
) -> None:
    bad = rewritten(archive, tmp_path / "bad.zip", change)
    with pytest.raises(BadArchive):
        restore(bad, tmp_path / "there")
    assert not (tmp_path / "there").exists() and not list(tmp_path.glob(".there.*"))


@pytest.mark.parametrize("content", [b"", b"no zip at all", None])
def test_what_is_no_archive(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    if content is None:
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("x", "y")
    else:
        path.write_bytes(content)
    with pytest.raises(BadArchive):
        restore(path, tmp_path / "there")
    with pytest.raises((BadArchive, CannotRestore)):
        restore(tmp_path, tmp_path / "there")


def test_a_disk_without_room_is_told_before_anything_is_written(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(CannotRestore, match="磁盘空间不够"):
        restore(archive, tmp_path / "there")


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    before = set(threading.enumerate())  # what the tests of other modules keep
    yield
    assert not [t for t in threading.enumerate() if t not in before and not t.daemon]
