"""Changes of the documents wait for each other: in order, so many and no more, across restarts, uploads beside commands."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from killing import apart
from live_service import engine_service
from test_api_app import error_of

from api.answer.service import EngineService
from api.app import create_app
from api.changes.jobs import MOST_WAITING, UPLOADS, Jobs
from api.changes.work import run
from api.cli import main
from api.records.database import Records
from api.settings import Settings
from corpus.disk import locked
from corpus.errors import StoreBusy
from corpus.store import Store
from index.errors import SnapshotError
from index.snapshot import writing
from qa.build import INDEX
from qa.changes import LOCK, alone, bring_together

LAW = "甲市{}办法\n\n第一条 对符合条件的企业，一次性奖励{}万元。\n\n第二条 本办法自2026年1月1日起施行。\n"
OPEN = Settings(access="open", any_host=True, rate_address=0, open_role="admin")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queue")
    (folder / "落户.txt").write_text(LAW.format("落户", 444), "utf-8")
    assert main(["ingest", str(folder / "落户.txt"), "--data", str(folder / "base")]) == 0
    return folder / "base"


@pytest.fixture(scope="module")
def service(base: Path) -> EngineService:
    return engine_service(base)


@pytest.fixture
def data(base: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(base, tmp_path / "data")
    yield tmp_path / "data"
    until = time.monotonic() + 30
    while Jobs(Records(tmp_path / "data")).waiting() and time.monotonic() < until:
        time.sleep(0.05)  # the folder stays until nobody works in it


def client_of(data: Path, service: EngineService) -> TestClient:
    """One worker process of the service, as far as the documents are concerned."""
    return TestClient(create_app(service, records=Records(data), settings=OPEN), raise_server_exceptions=False)


def upload(client: TestClient, name: str, content: str) -> Any:
    return client.post("/v1/documents", files=[("files", (name, content.encode()))])


def accepted(data: Path, name: str, content: str) -> str:
    """An upload that was confirmed by a service that is gone."""
    jobs = Jobs(Records(data))
    with jobs.accepting():
        ident = jobs.put("upload", [name])
        jobs.receive([(name, io.BytesIO(content.encode()))], ident)
    return ident


def all_ended(data: Path) -> dict[str, str]:
    """Id and status of each job, when all have ended."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with sqlite3.connect(data / "service.sqlite3") as connection:
            rows = dict(connection.execute("SELECT id, status FROM jobs").fetchall())
        if set(rows.values()) <= {"done", "failed"}:
            return rows
        time.sleep(0.05)
    raise AssertionError(f"jobs did not end: {rows}")


def held(data: Path) -> Any:
    """Somebody else changes the documents."""
    return locked(data / LOCK, StoreBusy(""))


# -- the line ----------------------------------------------------------------------------------------------------------


def test_the_version_accepted_last_is_kept_and_one_process_works_at_a_time(data: Path, service: EngineService) -> None:
    clients = [client_of(data, service), client_of(data, service)]
    with held(data):
        for n in (111, 222, 333):
            assert upload(clients[n % 2], "停车.txt", LAW.format("停车", n)).status_code == 202
        time.sleep(1.5)
        with sqlite3.connect(data / "service.sqlite3") as connection:
            assert connection.execute("SELECT count(*) FROM jobs WHERE pid IS NOT NULL").fetchone() == (1,)
    assert set(all_ended(data).values()) == {"done"}
    assert "333万元" in (data / UPLOADS / "停车.txt").read_text("utf-8") and apart(data) == []


def test_what_waits_is_bounded_removals_too(data: Path, service: EngineService) -> None:
    client, jobs = client_of(data, service), Jobs(Records(data))
    with held(data):
        answers = [client.delete("/v1/files/落户.txt") for _ in range(MOST_WAITING + 5)]
        assert [a.status_code for a in answers] == [202] * MOST_WAITING + [503] * 5
        for response in (answers[-1], upload(client, "停车.txt", "x")):
            assert error_of(response, 503, "busy")["hint"] and int(response.headers["retry-after"]) > 0
        with sqlite3.connect(data / "service.sqlite3") as connection:
            assert connection.execute("SELECT count(*) FROM jobs WHERE pid IS NOT NULL").fetchone()[0] <= 1
        for response in answers[2:MOST_WAITING]:
            jobs.fail(response.json()["id"], "", "")
    ended = all_ended(data)
    assert [ended[a.json()["id"]] for a in answers[:2]] == ["done", "done"], "what is gone already is gone as asked"
    assert Store(data).all_paths() == [] and apart(data) == []


def test_a_removal_of_what_was_accepted_a_moment_ago_comes_after_it(data: Path, service: EngineService) -> None:
    client = client_of(data, service)
    with held(data):
        assert upload(client, "停车.txt", LAW.format("停车", 5)).status_code == 202
        assert client.delete("/v1/files/停车.txt").status_code == 202
        error_of(client.delete("/v1/files/没有.txt"), 404, "not_found")
    assert set(all_ended(data).values()) == {"done"}
    assert not (data / UPLOADS / "停车.txt").exists() and apart(data) == []


def test_what_was_accepted_before_a_restart_is_done_after_it(data: Path, service: EngineService) -> None:
    idents = [accepted(data, f"{n}.txt", LAW.format(f"第{n}", n)) for n in (71, 72)]
    Jobs(Records(data)).begin(idents[0])  # its process ended with the machine
    with client_of(data, service):  # nobody asks for anything
        assert all_ended(data) == dict.fromkeys(idents, "done")
    assert sorted(p.name for p in (data / UPLOADS).glob("*.txt")) == ["71.txt", "72.txt"] and apart(data) == []


def test_an_upload_that_is_being_received_is_not_cleared_away(data: Path) -> None:
    jobs = Jobs(Records(data))
    (jobs.incoming("dead") / "x").mkdir(parents=True)
    with jobs.accepting():
        jobs.receive([("停车.txt", io.BytesIO(b"x"))], "new")  # no row yet
        tidying = threading.Thread(target=jobs.tidy)
        tidying.start()
        tidying.join(0.3)
        assert (jobs.incoming("new") / "停车.txt").is_file()
        jobs.put("upload", ["停车.txt"], "new")
    tidying.join(30)
    assert (jobs.incoming("new") / "停车.txt").is_file() and not jobs.incoming("dead").exists()
    jobs.fail("new", "", "")


# -- uploads beside commands -------------------------------------------------------------------------------------------


def test_a_command_waits_for_another_and_says_so(data: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "新.txt").write_text(LAW.format("新", 9), "utf-8")
    words = ["ingest", str(tmp_path / "新.txt"), "--data", str(data)]
    with held(data):
        status: list[int] = []
        waiting = threading.Thread(target=lambda: status.append(main(words)))
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive() and Store(data).counts().files == 1
    waiting.join(60)
    assert status == [0] and "等它结束" in capsys.readouterr().err and apart(data) == []
    for again in (["ingest", str(tmp_path / "新.txt")], ["drop", "落户.txt"], ["adapt"]):
        with held(data):
            refused = threading.Thread(
                target=lambda words=again: status.append(main([*words, "--wait", "0", "--data", str(data)]))
            )
            refused.start()
            refused.join(60)
        told = capsys.readouterr().err
        assert status.pop() == 1 and "还没有结束" in told and "什么都没有改动" in told
    assert Store(data).counts().files == 2


def test_a_removal_while_somebody_writes_the_index_changes_nothing_and_can_be_asked_again(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("qa.changes.INDEX_WAIT", 0.1)
    jobs = Jobs(Records(data))
    ident = jobs.put("drop", ["落户.txt"])
    status: list[int] = []
    with writing(data / INDEX):
        for work in (lambda: main(["drop", "落户.txt", "--data", str(data)]), lambda: run(data, ident)):
            other = threading.Thread(target=lambda work=work: status.append(work()))
            monkeypatch.setattr(
                "api.changes.work._within", lambda seconds: nullcontext()
            )  # alarms are for the main thread
            other.start()
            other.join(60)
    assert status == [1, 1] and "正在写入索引" in capsys.readouterr().err
    job = jobs.get(ident)
    assert job.status == "failed" and job.error and "正在写入索引" in job.error["message"]
    assert Store(data).counts().files == 1 and apart(data) == []
    assert main(["drop", "落户.txt", "--data", str(data)]) == 0
    assert Store(data).counts().files == 0 and apart(data) == []


def test_a_backup_waits_for_a_change_and_takes_files_that_were_on_their_way(data: Path, tmp_path: Path) -> None:
    ident = accepted(data, "停车.txt", LAW.format("停车", 5))
    came = Jobs(Records(data)).incoming(ident) / "停车.txt"
    place = (data / UPLOADS).resolve() / "停车.txt"
    store = Store(data)
    with store.transaction():
        store.plan_move(place, came)
    with held(data):
        backup = threading.Thread(
            target=lambda: main(["backup", str(tmp_path / "a.zip"), "--data", str(data)]), name="backup"
        )
        backup.start()
        backup.join(0.5)
        assert backup.is_alive()
    backup.join(60)
    assert place.is_file() and not came.exists() and (tmp_path / "a.zip").is_file()
    Jobs(Records(data)).fail(ident, "", "")


# -- cut short ---------------------------------------------------------------------------------------------------------


def test_a_question_after_a_removal_that_was_cut_short_is_not_answered_from_it(data: Path, capsys: Captured) -> None:
    store = Store(data)
    store.drop_file(store.all_paths()[0])  # and the process ended
    assert apart(data)
    assert main(["search", "落户企业奖励多少？", "--json", "--data", str(data)]) == 0
    told = capsys.readouterr()
    assert "444" not in told.out and json.loads(told.out)["passages"] == [] and "补齐" in told.err
    assert apart(data) == []


def test_an_index_that_cannot_be_written_fails_the_job_tells_what_is_in_and_is_made_up_for(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ident = accepted(data, "停车.txt", LAW.format("停车", 5))

    def full(*_: object, **__: object) -> None:
        raise SnapshotError("索引目录无法写入：No space left on device", "检查磁盘空间")

    with monkeypatch.context() as patch:
        patch.setattr("qa.build.build_snapshot", full)
        assert run(data, ident) == 1
    job = Jobs(Records(data)).get(ident)
    assert job.status == "failed" and job.error and job.error["code"] == "index_unusable"
    assert [file["outcome"] for file in job.report["files"]] == ["added"]
    assert bring_together(data) and apart(data) == [] and not bring_together(data)


def test_nobody_is_waited_for_where_nothing_is_there(tmp_path: Path) -> None:
    assert not bring_together(tmp_path / "none") and not (tmp_path / "none").exists()
    with alone(tmp_path / "new"), alone(tmp_path / "new"):  # a thread may come in twice
        assert (tmp_path / "new" / LOCK).exists()
