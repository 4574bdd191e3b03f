"""Several machines on one PostgreSQL: data folders of their own, and what is written at one is there for the other."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

import pytest
from milvus_server import Server as MilvusServer
from postgres import Postgres

from api.changes import work
from api.changes.jobs import Jobs, Kind, new_id
from api.cli import main
from api.records.database import Records
from api.run.serving import DataFolder, Models
from corpus.errors import StoreBusy
from corpus.ingest import drop, ingest
from corpus.sql.choice import choose
from corpus.sql.postgresql import Server
from corpus.store import Store
from qa.build import update_index
from qa.changes import alone, behind, bring_together, changing

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
TEXT = "甲山市支持园区若干措施\n\n第一条 对新认定的国家级园区，给予{}万元奖励。\n\n第二条 由市商务局负责解释。\n"
ASKED = {"question": "新认定的国家级园区奖励多少？"}

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]


class Machine:
    """A service with a data folder of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data: Path, key: str) -> None:
        self.process, self.data = process, data
        self._base, self._key = f"http://127.0.0.1:{port}", key

    def call(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of a request with the key."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            self._base + path, None if body is None else json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (urllib.error.URLError, HTTPException, ConnectionError) as error:  # it is not up yet, or was killed
            return 599, str(error)

    def until(self, path: str, wanted: Any, body: Any = None) -> Any:
        """What a request gives once `wanted` says yes of it."""
        end = time.monotonic() + 30
        while True:
            status, told = self.call(path, body)
            if status < 300 and wanted(told):
                return told
            assert time.monotonic() < end and self.process.poll() is None, told
            time.sleep(0.05)


@contextmanager
def serving(data: Path, address: str, key: str, index: str = "") -> Iterator[Machine]:
    """`tiaowen serve` as a process, which may not listen yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TIAOWEN_DATABASE": address,
        "TIAOWEN_INDEX": index,
        "TIAOWEN_READER": "none",  # quick to start, and sure of nothing
        "TIAOWEN_MAX_WRONG_RATE": "1",
    }
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(data), "--port", str(port)]
    with (data.parent / f"{data.name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)
        try:
            yield Machine(process, port, data, key)
        finally:
            process.kill()
            process.wait(30)


def put(data: Path, name: str, text: str) -> None:
    """A file taken in by the machine of a data folder, with the index."""
    data.mkdir(exist_ok=True)
    (data / name).write_text(text, "utf-8")
    with changing(data) as store:
        assert ingest(store, [data / name]).count("rejected") == 0
        update_index(store, data)


def said(data: Path) -> tuple[str, ...]:
    """The documents that the machine of a data folder would answer from, by their text."""
    return tuple(
        document.text for document in DataFolder(data, Models(reader="none", reranker="none")).build().store.documents()
    )


def changed(data: Path) -> None:
    with alone(data, 0.0):
        pass


def at_another_machine(act: Callable[[Path], T], data: Path) -> T:
    """In a thread of its own, as a thread that holds a lock may come in twice."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act, data).result()


# --- documents --------------------------------------------------------------------------------------------------------


def test_another_machine_follows_by_a_copy_of_its_own(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    put(here, "园区.txt", TEXT.format(100))
    assert behind(there) and not behind(here)
    assert bring_together(there) and not behind(there) and not bring_together(there)
    assert said(there) == said(here) and "100万元" in said(there)[0]
    put(here, "园区.txt", TEXT.format(300))
    assert "100万元" in said(there)[0], "until it follows, its answers are of one version: the one before"
    assert behind(there) and bring_together(there) and "300万元" in said(there)[0]
    with changing(there) as store:
        drop(store, ["园区.txt"])
        update_index(store, there)
    assert bring_together(here) and said(here) == ()


def test_nobody_follows_into_the_middle_of_a_change(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    put(here, "园区.txt", TEXT.format(100))
    bring_together(there)
    (here / "停车.txt").write_text(TEXT.replace("园区", "停车场").format(5), "utf-8")
    with changing(here) as store:
        ingest(store, [here / "停车.txt"])
        assert behind(there)
        for attempt in (bring_together, changed):
            with pytest.raises(StoreBusy):
                at_another_machine(attempt, there)
        update_index(store, here)
    assert len(said(there)) == 1
    assert bring_together(there) and len(said(there)) == 2


def test_a_folder_that_comes_to_another_database_makes_its_index_anew(tmp_path: Path, postgres: Postgres) -> None:
    put(tmp_path / "here", "园区.txt", TEXT.format(100))
    with postgres.database(postgres.with_tables()) as address:
        other = Server(address)
        other.once("UPDATE meta SET value = 'another' WHERE key = 'database'")
        store = Store(tmp_path / "here", server=other)
        assert store.unpublished() and store.counts().documents == 0
        other.close()


def test_the_digest_is_that_of_a_file(tmp_path: Path) -> None:
    put(tmp_path / "here", "园区.txt", TEXT.format(100))
    shared = Store(tmp_path / "here").digest()
    choose("")
    store = Store(tmp_path / "alone")
    ingest(store, [tmp_path / "here" / "园区.txt"])
    assert store.digest() == shared


def test_what_lies_in_the_database_is_not_backed_up_as_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "here", "园区.txt", TEXT.format(100))
    for command in (["backup"], ["restore"]):
        assert main([*command, str(tmp_path / "a.zip"), "--data", str(tmp_path / "here")]) == 1
        assert "pg_" in capsys.readouterr().err
    assert main(["upgrade", "--data", str(tmp_path / "here")]) == 0 and "不用升级" in capsys.readouterr().out


# --- services ---------------------------------------------------------------------------------------------------------


def test_what_is_written_at_one_service_is_seen_at_the_other_and_outlives_it(
    tmp_path: Path, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    put(here, "园区.txt", TEXT.format(100))
    assert main(["keys", "create", "--name", "张工", "--role", "admin", "--data", str(here)]) == 0
    key = next(word for word in capsys.readouterr().out.split() if word.startswith("tw_"))
    with ExitStack() as stack:
        one, other = (stack.enter_context(serving(data, database.address, key)) for data in (here, there))
        for machine in (one, other):
            machine.until("/readyz", lambda told: True)
        assert one.call("/v1/ask", ASKED)[1]["answer"] == other.call("/v1/ask", ASKED)[1]["answer"] == "100万元"

        _, asked = one.call("/v1/ask", {**ASKED, "session_id": "甲"})
        assert other.call("/v1/feedback", {"answer_id": asked["id"], "rating": "down"})[0] < 300
        (row,) = one.until("/v1/operator/queue?kind=disliked", lambda told: told["items"])["items"]
        assert row["question"] == ASKED["question"]

        confirmed = []
        for n in range(10):
            status, made = one.call("/v1/handoffs", {"question": f"问题{n}"})
            assert status == 201
            confirmed.append(made["id"])
        one.process.send_signal(signal.SIGKILL)
        one.process.wait(30)
        assert [other.call(f"/v1/handoffs/{ident}")[1]["status"] for ident in confirmed] == ["open"] * 10

        put(here, "园区.txt", TEXT.format(300))
        other.until("/v1/ask", lambda told: told["answer"] == "300万元", ASKED)
    assert {path.name for path in there.glob("*.sqlite3")} == set()
    assert Records(there).connect().execute("SELECT count(*) FROM handoffs").fetchone()[0] == 10


def ingested(folder: Path, data: Path, address: str, index: str) -> None:
    """Files taken in by `tiaowen ingest`, as a process."""
    environment = {**os.environ, "TIAOWEN_DATABASE": address, "TIAOWEN_INDEX": index}
    command = [sys.executable, "-m", "api.cli", "ingest", str(folder), "--data", str(data)]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, timeout=120)


def test_two_services_share_one_index_server_and_one_is_killed_under_load(
    tmp_path: Path, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("milvus_lite", reason="the extra `cluster` is not installed")
    here, there, files = tmp_path / "here", tmp_path / "there", tmp_path / "in"
    files.mkdir()
    for number, (place, sum_) in enumerate((("园区", 100), ("仓库", 70), ("码头", 40))):
        (files / f"{number}.txt").write_text(TEXT.replace("园区", place).format(sum_), "utf-8")
    right = {f"新认定的国家级{place}奖励多少？": f"{n}万元" for place, n in (("园区", 100), ("仓库", 70), ("码头", 40))}
    server = MilvusServer(tmp_path / "milvus")
    server.start()
    index = f"milvus://127.0.0.1:{server.port}/laws"
    assert main(["keys", "create", "--name", "张工", "--role", "admin", "--data", str(here)]) == 0
    key = next(word for word in capsys.readouterr().out.split() if word.startswith("tw_"))
    with ExitStack() as stack:
        stack.callback(server.kill)
        ingested(files, here, database.address, index)
        one, other = (stack.enter_context(serving(data, database.address, key, index)) for data in (here, there))
        for machine in (one, other):
            machine.until("/readyz", lambda told: True)
        for question, answer in right.items():
            assert one.call("/v1/ask", {"question": question})[1]["answer"] == answer
            assert other.call("/v1/ask", {"question": question})[1]["answer"] == answer

        def work(number: int) -> tuple[str, int, Any, int, Any]:
            machine = one if number % 2 else other
            question = list(right)[number % 3]
            asked, said = machine.call("/v1/ask", {"question": question})
            written, made = machine.call("/v1/handoffs", {"question": f"问题{number}"})
            return question, asked, said, written, made

        with ThreadPoolExecutor(4) as pool:
            told = [pool.submit(work, number) for number in range(40)]
            time.sleep(0.3)
            one.process.send_signal(signal.SIGKILL)
            results = [future.result() for future in told]
        assert {said["answer"] == right[question] for question, asked, said, *_ in results if asked == 200} == {True}
        confirmed = [made["id"] for *_, written, made in results if written == 201]
        assert len(confirmed) >= 20, "the other one goes on"
        assert all(other.call(f"/v1/handoffs/{ident}")[1]["status"] == "open" for ident in confirmed)


# --- uploads ----------------------------------------------------------------------------------------------------------


def accepted(data: Path, kind: Kind, name: str, text: str = "") -> str:
    """A job as the machine of a data folder accepts it."""
    jobs, ident = Jobs(Records(data)), new_id()
    with jobs.accepting():
        if text:
            jobs.receive([(name, io.BytesIO(text.encode()))], ident)
        return jobs.put(kind, [name], ident)


def test_an_upload_is_done_where_its_file_is_and_everybody_sees_how_it_goes(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    ident = accepted(here, "upload", "园区.txt", TEXT.format(100))
    mine, others = Jobs(Records(here)), Jobs(Records(there))
    assert others.next() is None and others.get(ident).status == "queued" and others.expects("园区.txt")
    job = mine.next()
    assert job is not None and job.id == ident
    assert work.run(here, ident) == 0
    assert others.get(ident).status == "done" and [job.id for job in others.recent(["upload"], 9)] == [ident]
    assert (here / "uploads" / "园区.txt").is_file() and not Store(here).moves_left()
    assert bring_together(there) and said(there) == said(here) != ()

    removal = accepted(there, "drop", "园区.txt")
    assert mine.next() is None and work.run(there, removal) == 0
    assert mine.get(removal).status == "done" and bring_together(here) and said(here) == said(there) == ()


def test_a_file_that_waits_for_its_place_is_moved_by_its_own_machine(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    (tmp_path / "here" / "came.txt").write_text("x", "utf-8")
    with here.transaction():
        here.plan_move(tmp_path / "here" / "place.txt", tmp_path / "here" / "came.txt")
    with pytest.raises(KeyError), here.transaction():
        here.plan_move(tmp_path / "here" / "never.txt", tmp_path / "here" / "came.txt")
        raise KeyError
    assert there.finish_moves() == 0 and not there.moves_left() and here.moves_left()
    assert here.finish_moves() == 1 and (tmp_path / "here" / "place.txt").is_file() and not here.moves_left()
