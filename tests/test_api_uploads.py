"""Files that come in over HTTP: what is taken in, what is refused, and that nothing is lost on the way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from live_service import engine_service, ingest_samples
from test_api_app import error_of

from api.app import create_app
from api.changes.jobs import MOST_TRIES, UPLOADS, Jobs
from api.changes.work import run
from api.errors import BadRequest
from api.records.database import Records
from api.routes.uploads import MOST_WAITING, NAME_BYTES, file_name, relative_name
from api.settings import Settings
from corpus.disk import locked
from corpus.errors import StoreBusy
from corpus.store import Store
from qa.changes import LOCK

NOTICE = "甲市人民政府关于印发《甲市停车奖励办法》的通知\n\n第一条 为了鼓励错峰停车，制定本办法。\n第二条 每个车位奖励{}元。\n第三条 本办法自2026年1月1日起施行。\n"
OPEN = Settings(access="open", any_host=True, upload_mb=1, rate_address=0, open_role="admin")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingest_samples(tmp_path_factory.mktemp("data"), ("01_*",))


@pytest.fixture(scope="module")
def client(data: Path) -> TestClient:
    app = create_app(engine_service(data), records=Records(data), settings=OPEN)
    return TestClient(app, raise_server_exceptions=False)


def upload(client: TestClient, *files: tuple[str, bytes | str]) -> Any:
    parts = [("files", (name, content if isinstance(content, bytes) else content.encode())) for name, content in files]
    return client.post("/v1/documents", files=parts)


def ended(client: TestClient, response: Any) -> dict[str, Any]:
    """The job that a response began, when it has ended."""
    assert response.status_code == 202, response.text
    until = time.monotonic() + 60
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(response.headers["location"]).json()
        if job["status"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job did not end: {job}")


def test_a_file_comes_in_changes_is_refused_and_goes(client: TestClient, data: Path) -> None:
    first = ended(client, upload(client, ("停车.txt", NOTICE.format(100)), ("坏的.docx", b"PK\x03\x04 broken")))
    good, bad = first["files"]
    assert (good["outcome"], bad["outcome"], first["status"]) == ("added", "rejected", "done")
    assert good["documents"][0]["title"].startswith("甲市") and bad["message"] and bad["hint"] and bad["code"]
    assert sorted(p.name for p in (data / UPLOADS).iterdir()) == [".incoming", "停车.txt"]

    second = ended(client, upload(client, ("停车.txt", NOTICE.format(200))))
    assert second["files"][0]["outcome"] == "updated" and second["files"][0]["changed"] == ["第二条"]
    assert int(second["index"]) > int(first["index"])

    third = ended(client, upload(client, ("停车.txt", b"\x00\x01\x02 broken")))
    assert third["files"][0]["outcome"] == "rejected"
    assert "200元" in (data / UPLOADS / "停车.txt").read_text("utf-8"), "the version before is back in its place"
    store = Store(data)
    assert [d for d in store.documents() if "每个车位奖励200元" in d.text]

    service = engine_service(data)  # what a service that starts now has
    fresh = TestClient(create_app(service, records=Records(data), settings=OPEN))
    assert fresh.get("/readyz").json()["index"] == third["index"] == second["index"], (
        "what was rejected changed nothing"
    )
    answer = fresh.post("/v1/ask", json={"question": "停车奖励办法每个车位奖励多少？"}).json()
    assert answer["answer"] == "200元" and answer["citations"][0]["source"]["file"] == "停车.txt"

    gone = ended(fresh, fresh.delete("/v1/files/停车.txt"))
    assert gone["status"] == "done" and not (data / UPLOADS / "停车.txt").exists()
    assert not [d for d in Store(data).documents() if "车位" in d.text]
    error_of(client.delete("/v1/files/没有.txt"), 404, "not_found")


def test_an_upload_of_a_known_name_is_its_next_version(client: TestClient, data: Path, tmp_path: Path) -> None:
    (known,) = {s.file for d in Store(data).documents() for s in d.sources}
    store = Store(data)
    before = {c.id for d in store.documents() for c in store.clauses(d.id)}
    (path,) = store.paths(known)
    text = Path(path).read_text("utf-8")
    broken = ended(client, upload(client, (known, b"\x00\x01")))
    assert broken["files"][0]["outcome"] == "rejected" and Store(data).paths(known) == [path]
    job = ended(client, upload(client, (known, text.replace("100万元", "120万元", 1))))
    assert job["files"][0]["outcome"] == "updated" and job["files"][0]["changed"]
    store = Store(data)
    after = {c.id for d in store.documents() for c in store.clauses(d.id)}
    assert len(before & after) >= len(before) - 2, "clauses that did not change keep their ids"
    assert [d.title for d in store.documents()].count(store.documents()[0].title) == 1
    assert Path(path).read_text("utf-8") == text, "the operator's own file is not touched"


def test_what_cannot_be_an_upload(client: TestClient, data: Path) -> None:
    error_of(client.post("/v1/documents"), 422, "invalid_request")
    error_of(client.post("/v1/documents", data={"files": "text"}), 422, "invalid_request")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    error_of(client.post("/v1/documents", content=b"--x\r\nbroken", headers=broken), 422, "invalid_request")
    error_of(upload(client, ("a.txt", "x"), ("b/a.txt", "y")), 422, "invalid_request")
    error_of(upload(client, *[(f"{n}.txt", "x") for n in range(21)]), 422, "invalid_request")
    error_of(upload(client, ("..", "x")), 422, "invalid_request")
    error_of(upload(client, ("big.txt", "x" * (2**20 + 1))), 413, "payload_too_large")
    assert not [p for p in (data / UPLOADS / ".incoming").iterdir() if any(p.iterdir())]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\张\\办法.docx", "办法.docx"),
        ("/abs/办法.txt", "办法.txt"),
        ("办\u202e法\x00.txt", "办法.txt"),
        ("<img src=x>.txt", "img src=x.txt"),
        (".incoming", "incoming"),
    ],
)
def test_names_lose_what_no_name_may_hold(given: str, kept: str) -> None:
    assert file_name(given) == kept


@given(st.text(max_size=400))
def test_a_name_stays_in_its_folder(text: str) -> None:
    try:
        name = file_name(text)
    except BadRequest:
        return
    place = (Path("/data/uploads") / name).resolve()
    assert place.parent == Path("/data/uploads") and not name.startswith(".")
    assert len(name.encode("utf-8", "replace")) <= NAME_BYTES and file_name(name) == name


def killed(data: Path, ident: str) -> int:
    """Kills the process of a job that has not ended, once there is one, and returns its number."""
    jobs, until = Jobs(Records(data)), time.monotonic() + 60
    while time.monotonic() < until:
        pid = jobs._row(ident)["pid"]
        if pid is not None and pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
            return int(pid)
        time.sleep(0.01)
    raise AssertionError("no process was started")


def test_a_process_that_is_killed_is_begun_again(client: TestClient, data: Path) -> None:
    with locked(data / LOCK, StoreBusy("")):  # it waits for this, so that it is not done before it is killed
        response = upload(client, ("停车.txt", NOTICE.format(300)))
        killed(data, response.json()["id"])
    job = ended(client, response)
    assert job["status"] == "done" and job["files"][0]["outcome"] in ("added", "updated")
    assert "300元" in (data / UPLOADS / "停车.txt").read_text("utf-8")


def test_a_job_that_was_begun_as_often_as_may_be_has_failed_and_the_next_one_runs(
    client: TestClient, data: Path
) -> None:
    jobs = Jobs(Records(data))
    with locked(data / LOCK, StoreBusy("")):
        response = upload(client, ("停车.txt", NOTICE.format(350)))
        for _ in range(MOST_TRIES):  # as processes do that end before they are through
            assert jobs.begin(response.json()["id"])
    job = ended(client, response)
    assert job["status"] == "failed" and job["error"]["code"] == "internal" and job["error"]["hint"]
    again = ended(client, upload(client, ("停车.txt", NOTICE.format(350))))
    assert again["status"] == "done" and again["files"][0]["outcome"] in ("added", "updated", "unchanged")
    assert [folder.name for folder in (data / UPLOADS / ".incoming").iterdir()] == []


def test_a_job_that_takes_too_long_is_given_up(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.changes.work.MOST_SECONDS", 0.2)
    monkeypatch.setattr("api.changes.work._drop", lambda data, job: time.sleep(20))
    jobs = Jobs(Records(data))
    ident = jobs.put("drop", ["停车.txt"])
    assert run(data, ident) == 1
    job = jobs.get(ident)
    assert job.status == "failed" and job.error and job.error["code"] == "ingestion_too_long"


def test_only_so_many_uploads_wait(client: TestClient, data: Path) -> None:
    jobs = Jobs(Records(data))
    waiting = [jobs.put("drop", ["x"]) for _ in range(MOST_WAITING)]
    error_of(upload(client, ("停车.txt", "x")), 503, "busy")
    for ident in waiting:
        jobs.fail(ident, "", "")


def test_jobs_that_nobody_made(client: TestClient) -> None:
    error_of(client.get("/v1/ingestions/nothing"), 404, "not_found")


def test_a_file_called_before_does_not_stop_the_others(client: TestClient) -> None:
    job = ended(client, upload(client, ("before", "x"), ("前.txt", NOTICE.format(7))))
    assert job["status"] == "done"
    assert [file["outcome"] for file in job["files"]] == ["added", "added"]


def test_a_zip_comes_in_as_its_files_and_goes_with_them(client: TestClient, data: Path) -> None:
    from test_corpus_archives import OTHER, zipped

    packed = zipped(("2024/停车.txt", NOTICE.format(900)), ("落户.txt", OTHER), ("坏.docx", b"PK\x03\x04 x"))
    job = ended(client, upload(client, ("包.zip", packed)))
    assert [(file["file"], file["outcome"]) for file in job["files"]] == [
        ("包.zip/2024/停车.txt", "added"), ("包.zip/落户.txt", "added"), ("包.zip/坏.docx", "rejected"),
    ]  # fmt: skip
    assert job["files"][0]["documents"] and job["files"][0]["left_out"] == {}
    assert (data / UPLOADS / "包.zip").is_file()
    job = ended(client, upload(client, ("包.zip", zipped(("2024/停车.txt", NOTICE.format(901))))))
    assert [(file["file"], file["outcome"]) for file in job["files"]] == [
        ("包.zip/2024/停车.txt", "updated"), ("包.zip/落户.txt", "removed"),
    ]  # fmt: skip
    both = ("单.txt", NOTICE.format(902)), ("再.zip", zipped(("养老.txt", NOTICE.format(903))))
    one = ended(client, upload(client, ("包.zip", zipped(("2024/停车.txt", NOTICE.format(901)))), *both))
    assert [(file["file"], file["outcome"]) for file in one["files"]] == [
        ("包.zip/2024/停车.txt", "unchanged"), ("单.txt", "added"), ("再.zip/养老.txt", "added"),
    ], "several files and zips make one report"  # fmt: skip
    job = ended(client, upload(client, ("包.zip", b"PK\x03\x04 broken")))
    assert [(file["file"], file["outcome"]) for file in job["files"]] == [("包.zip", "rejected")]
    assert Store(data).paths("包.zip/2024/停车.txt"), "the version before stays"
    assert ended(client, engine_client(data).delete("/v1/files/包.zip"))["status"] == "done"
    assert not Store(data).paths("包.zip/2024/停车.txt") and not (data / UPLOADS / "包.zip").exists()

    drop, broken, several, *_ = client.get("/v1/ingestions").json()["ingestions"]
    assert (drop["kind"], drop["names"], drop["counts"]) == ("drop", ["包.zip"], {})
    assert (broken["kind"], broken["status"], broken["counts"]) == ("upload", "done", {"rejected": 1})
    assert several["files"] == 3 and several["counts"] == {"unchanged": 1, "added": 2} and several["created_at"]
    assert len(client.get("/v1/ingestions?limit=2").json()["ingestions"]) == 2
    error_of(client.get("/v1/ingestions?limit=0"), 422, "invalid_request")


def engine_client(data: Path) -> TestClient:
    """A service that starts now and knows what was brought in meanwhile."""
    return TestClient(create_app(engine_service(data), records=Records(data), settings=OPEN))


def test_names_with_folders_are_kept_and_stay_inside(client: TestClient, data: Path) -> None:
    parts = [("files", ("办法.txt", NOTICE.format(n).encode())) for n in (1001, 1002)]
    job = ended(
        client, client.post("/v1/documents", files=parts, data={"names": ["市/2024/办法.txt", "市\\..\\办法.txt"]})
    )
    assert [file["file"] for file in job["files"]] == ["市/2024/办法.txt", "市/办法.txt"]
    assert (data / UPLOADS / "市" / "2024" / "办法.txt").is_file()
    for name in ("市", "市/办法.txt/x.txt"):
        refused = ended(client, client.post("/v1/documents", files=parts[:1], data={"names": [name]}))["files"][0]
        assert (refused["outcome"], refused["code"]) == ("rejected", "bad_file") and "同名" in refused["message"]
    assert ended(client, engine_client(data).delete("/v1/files/市/2024/办法.txt"))["status"] == "done"
    assert not (data / UPLOADS / "市" / "2024").exists() and (data / UPLOADS / "市" / "办法.txt").is_file()
    for names in (
        ["只有一个.txt"],
        ["a.txt", "./a.txt"],
        ["a", "a/b.txt"],
        ["a.txt", "x/" * 12 + "b.txt"],
    ):
        error_of(client.post("/v1/documents", files=parts, data={"names": names}), 422, "invalid_request")


@given(st.text(max_size=300))
def test_a_name_with_folders_stays_in_its_folder(text: str) -> None:
    try:
        name = relative_name(text)
    except BadRequest:
        return
    place = (Path("/data/uploads") / name).resolve()
    assert place.is_relative_to("/data/uploads") and place != Path("/data/uploads")
    assert relative_name(name) == name and not any(part.startswith(".") for part in name.split("/"))
