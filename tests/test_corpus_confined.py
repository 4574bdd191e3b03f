"""Reading in a process with limits: what a file may take, what becomes of one that takes more, and of the others.

The process is real; so are the files that it dies of.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from corpus import confined
from corpus.confined import Confined, Limits
from corpus.errors import BadFile, NoReader
from corpus.ingest import ingest, read_all
from corpus.parts import Reading
from corpus.store import Store

SAMPLES = Path(__file__).resolve().parents[1] / "corpus" / "samples"
GOOD = sorted(SAMPLES.glob("*.txt"))[:2]


@pytest.fixture(scope="module")
def reader() -> Iterator[Confined]:
    """Of little memory, and of more time than a busy machine takes."""
    with Confined(Limits(memory_mb=64, seconds=60)) as found:
        yield found


@pytest.fixture(scope="module")
def hasty() -> Iterator[Confined]:
    """Of little time."""
    with Confined(Limits(seconds=1)) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@cache
def big_docx() -> bytes:
    """A Word file of 60 kB: a million empty elements for the tree of libxml2."""
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = "<w:x/>" * 1_000_000 + "<w:p><w:r><w:t>第一条 完。</w:t></w:r></w:p>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {names}><w:body>{body}</w:body></w:document>")
        # nobody looks into this: it is there so that the file is packed no better than files are
        archive.writestr(zipfile.ZipInfo("word/media/pad.bin"), os.urandom(len(body) // 150))
    return out.getvalue()


def test_what_is_read_is_the_same_as_in_this_process(reader: Confined, tmp_path: Path) -> None:
    archive = tmp_path / "包.zip"
    archive.write_bytes(zipped(**{file.name: file.read_bytes() for file in GOOD}, leer=b""))
    for path in (*GOOD, archive, tmp_path / "absent.txt"):
        here = [(name, str(read) if isinstance(read, BadFile) else read) for name, read in read_all(path, path.name)]
        there = read_all(path, path.name, reader.parts)
        assert [(name, str(read) if isinstance(read, BadFile) else read) for name, read in there] == here
        assert here


def test_one_process_reads_many_files(reader: Confined, tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(f"澜江市第{number}号办法\n第一条 为了规范管理，制定本办法。\n", "utf-8")
    seen = set()
    for path in tmp_path.glob("*.txt"):
        assert [type(read) for _, read in read_all(path, path.name, reader.parts)] == [Reading]
        seen |= set(workers())
    assert len(seen) == 1


def workers() -> list[int]:
    """The reading processes of this one."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "corpus.worker" in line]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux only")
def test_a_file_that_takes_too_much_memory_is_rejected_and_the_others_go_in(
    reader: Confined, tmp_path: Path, store: Store
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.docx").write_bytes(big_docx())
    assert (folder / "1.docx").stat().st_size < 250_000
    for name, good in zip(("0.txt", "2.txt"), GOOD, strict=True):
        (folder / name).write_bytes(good.read_bytes())
    report = ingest(store, [folder], parts=reader.parts)
    assert [file.outcome for file in report.files] == ["added", "rejected", "added"]
    rejected = report.files[1]
    assert rejected.code == "too_much_memory" and "64 MB" in rejected.message
    assert "TIAOWEN_READ_MEMORY_MB" in rejected.hint


def test_a_file_that_the_process_dies_of_is_rejected_and_told_in_the_log(
    reader: Confined, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = tmp_path / "pipe.txt"  # reading it waits, until the system takes the process away
    os.mkfifo(pipe)
    list(read_all(GOOD[0], "a.txt", reader.parts))
    (pid,) = workers()
    killing = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killing.start()
    ((_, told),) = read_all(pipe, "pipe.txt", reader.parts)
    killing.join()
    assert getattr(told, "code", "") == "reader_died" and "内存" in str(told)
    assert "exit status -9" in caplog.text
    assert [type(read) for _, read in read_all(GOOD[0], "a.txt", reader.parts)] == [Reading]


def test_a_file_that_takes_too_much_time_is_rejected_and_the_others_go_in(
    hasty: Confined, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "PATIENCE", 60)  # processor time is what ends it, however busy the machine is
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.txt").write_text("澜江市燃气管理办法\n" + "第一条 为了管理，制定本办法。\n" * 150_000, "utf-8")
    (folder / "2.txt").write_bytes(GOOD[0].read_bytes())
    report = ingest(store, [folder], parts=hasty.parts)
    assert [(file.outcome, file.code) for file in report.files] == [("rejected", "too_much_time"), ("added", "")]
    assert "1 秒" in report.files[0].message and "TIAOWEN_READ_SECONDS" in report.files[0].hint


def test_where_no_processor_time_is_used_the_clock_is_the_limit(
    hasty: Confined, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "PATIENCE", 0.2)
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert [getattr(read, "code", "") for _, read in read_all(pipe, "pipe.txt", hasty.parts)] == ["too_much_time"]


def test_inside_an_archive_only_what_is_too_much_is_rejected_until_it_is_given_up(
    reader: Confined, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "MOST_DEATHS", 2)
    bomb, good = big_docx(), GOOD[0].read_bytes()
    path = tmp_path / "包.zip"
    path.write_bytes(zipped(a=good, b=bomb, c=good, d=bomb, e=good))
    told = [(name, getattr(read, "code", "")) for name, read in read_all(path, "包.zip", reader.parts)]
    assert told == [
        ("包.zip/a", ""),
        ("包.zip/b", "too_much_memory"),
        ("包.zip/c", ""),
        ("包.zip/d", "too_much_memory"),
        ("包.zip", "bad_file"),
    ]


def test_a_process_that_was_killed_between_two_files_is_nobodys_fault(reader: Confined) -> None:
    list(read_all(GOOD[0], "a.txt", reader.parts))
    (pid,) = workers()
    os.kill(pid, signal.SIGKILL)
    # "Zl": its first thread has ended, others have not, and nobody can be told yet that it is dead.
    while subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip() not in (
        *("", "Z", "Z+", "ZN", "Z<"),
    ):
        time.sleep(0.01)
    ((_, read),) = read_all(GOOD[1], "b.txt", reader.parts)
    assert isinstance(read, Reading)


def test_a_file_left_in_the_middle_is_not_answered_with_the_next(reader: Confined, tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    path.write_bytes(zipped(a=GOOD[0].read_bytes(), b=GOOD[1].read_bytes()))
    left = read_all(path, "包.zip", reader.parts)
    next(left)
    ((name, read),) = read_all(GOOD[1], "b.txt", reader.parts)
    assert isinstance(read, Reading) and name == "b.txt"
    del left
    ((_, again),) = read_all(GOOD[1], "b.txt", reader.parts)
    assert again == read


def test_a_process_that_cannot_be_started_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Confined(Limits()) as reader, pytest.raises(NoReader, match="无法启动") as told:
        list(reader.parts(GOOD[0]))
    assert told.value.code == "no_reader" and told.value.hint and caplog.records


def test_no_module_of_a_folder_that_files_are_read_from_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lxml.py", "corpus.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')\n")
    monkeypatch.setattr(sys, "path", [str(SAMPLES.parents[1]), *sys.path[1:]])
    monkeypatch.chdir(tmp_path)
    with Confined(Limits()) as reader:
        assert [type(read) for _, read in read_all(GOOD[0], "a.txt", reader.parts)] == [Reading]
    assert not (tmp_path / "loaded").exists()
