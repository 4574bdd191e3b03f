"""Evaluations over HTTP: sets, a run as its job does it, the report, the comparison; only for administrators."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from live_service import DAY
from test_api_app import error_of
from test_eval_run import PAIR, TEXT

from api.answer.service import EngineService
from api.app import create_app
from api.changes import work
from api.changes.dispatch import Dispatcher
from api.changes.evaluations import MOST_ROWS, MOST_RUNS, Evaluations
from api.changes.jobs import Jobs
from api.records.database import Records
from api.routes.evaluations import MARKS
from api.run.serving import DataFolder, Models
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import update_index

QUESTION = "新认定的国家级园区奖励多少？"
ROWS = [
    {"id": "1", "question": QUESTION, "type": "amount", "style": "formal", "answers": ["100万元"], "quote": PAIR},
    {"id": "2", "question": "新认定的省级园区奖励多少？", "type": "amount", "answers": ["70万元"], "quote": PAIR},
]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluations")
    (folder / "policy.txt").write_text(TEXT, "utf-8")
    store = Store(folder / "data")
    ingest(store, [folder / "policy.txt"])
    update_index(store, folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIAOWEN_READER", "none")
        patch.setattr(Dispatcher, "kick", lambda self, settle=False: None)  # the job is done here: see `done`
        service = EngineService.over(DataFolder(data, Models(reader="none")))
        service.load()
        yield TestClient(create_app(service, clock=lambda: DAY, records=Records(data)), raise_server_exceptions=False)


def upload(client: TestClient, content: bytes, name: str = "试点.jsonl") -> Any:
    return client.post("/v1/evaluation-sets", files={"file": (name, content)})


def done(client: TestClient, data: Path, name: str) -> dict[str, Any]:
    """A run of a set, done as the process of its job does it."""
    made = client.post("/v1/evaluations", json={"set": name})
    assert made.status_code == 202, made.text
    ident = made.json()["id"]
    assert client.get(f"/v1/evaluations/{ident}").json()["status"] == "queued"
    assert work.run(data, ident) == 0
    told: dict[str, Any] = client.get(f"/v1/evaluations/{ident}").json()
    return told


def test_a_set_is_run_and_its_report_shown(client: TestClient, data: Path) -> None:
    assert upload(client, jsonl(ROWS)).json()["rows"] == 2
    told = done(client, data, "试点")
    assert told["status"] == "done" and (told["done"], told["total"]) == (4, 4) and told["error"] is None
    assert told["figures"]["both"] == 0.5 and told["figures"]["n"] == 2
    assert client.get("/v1/evaluations").json()["runs"][0]["id"] == told["id"]
    where = f"/v1/evaluations/{told['id']}/files"
    page = client.get(f"{where}/report.html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy and "sandbox" in policy
    assert "70万元" in page.text and "../../../../library?document=" in page.text and str(data) not in page.text
    assert client.get(f"{where}/wrong.xlsx").content.startswith(b"PK")
    assert len(client.get(f"{where}/rows.jsonl").text.splitlines()) == 2
    error_of(client.get(f"{where}/secret.txt"), 422, "invalid_request")
    error_of(client.get(f"/v1/ingestions/{told['id']}"), 404, "not_found")


def test_two_runs_are_compared(client: TestClient, data: Path) -> None:
    upload(client, jsonl(ROWS))
    first = done(client, data, "试点")
    upload(client, jsonl([ROWS[0], {**ROWS[1], "answers": ["50万元"]}]))
    second = done(client, data, "试点")
    page = client.get(f"/v1/evaluations/{second['id']}/compared/{first['id']}")
    assert page.status_code == 200 and "变好（1）" in page.text and "sandbox" in page.headers["content-security-policy"]
    error_of(client.get(f"/v1/evaluations/{second['id']}/compared/nothing"), 404, "not_found")


def test_the_marks_of_the_desk_are_a_set(client: TestClient, data: Path) -> None:
    assert MARKS not in [one["name"] for one in client.get("/v1/evaluation-sets").json()["sets"]]
    error_of(client.post("/v1/evaluations", json={"set": MARKS}), 422, "invalid_request")
    asked = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert asked["status"] == "answered"
    client.post("/v1/operator/marks", json={"answer_id": asked["id"], "verdict": "good"})
    assert {"name": MARKS, "rows": 1, "uploaded_at": ""} in client.get("/v1/evaluation-sets").json()["sets"]
    assert done(client, data, MARKS)["figures"]["both"] == 1.0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "行"),
        (b"{", "第 1 行"),
        (jsonl([{"id": "1", "type": "amount", "question": "x"}]), "answers"),
        (jsonl([ROWS[0], ROWS[0]]), "两次"),
        (jsonl([ROWS[0]]) * (MOST_ROWS + 1), "2000"),
    ],
)
def test_a_set_that_cannot_be_read_is_not_kept(client: TestClient, data: Path, content: bytes, why: str) -> None:
    before = client.get("/v1/evaluation-sets").json()
    answer = upload(client, content, "坏的.jsonl")
    error_of(answer, 422, "invalid_request")
    assert why in answer.json()["error"]["message"] and str(data) not in answer.text
    assert client.get("/v1/evaluation-sets").json() == before


@pytest.mark.parametrize("name", ["../逃.jsonl", "a/b.jsonl", ".jsonl", "", "x" * 80])
def test_a_name_leads_nowhere_else(client: TestClient, data: Path, name: str) -> None:
    with pytest.raises(Exception, match="名字不能用"):
        Evaluations(Records(data)).put(name, jsonl(ROWS))
    assert {path.parent for path in data.rglob("*.jsonl")} <= {
        data / "evaluations" / "sets",
        *data.glob("evaluations/runs/*"),
    }


def test_sets_are_deleted_and_what_is_not_there_is_told(client: TestClient) -> None:
    upload(client, jsonl(ROWS), "要删.jsonl")
    assert client.delete("/v1/evaluation-sets/要删").json() == {"name": "要删"}
    error_of(client.delete("/v1/evaluation-sets/要删"), 404, "not_found")
    error_of(client.post("/v1/evaluations", json={"set": "要删"}), 404, "not_found")
    error_of(client.get("/v1/evaluations/nothing"), 404, "not_found")


def test_a_run_that_fails_says_why(client: TestClient, data: Path) -> None:
    upload(client, jsonl(ROWS))
    ident = client.post("/v1/evaluations", json={"set": "试点"}).json()["id"]
    (data / "evaluations" / "runs" / ident / "试点.jsonl").write_text("{", "utf-8")
    assert work.run(data, ident) == 1
    told = client.get(f"/v1/evaluations/{ident}").json()
    assert told["status"] == "failed" and told["error"]["code"] == "bad_dataset"


def test_old_runs_are_forgotten_with_their_files(data: Path, tmp_path: Path) -> None:
    records = Records(tmp_path)
    Jobs(records)
    evaluations = Evaluations(records)
    for number in range(MOST_RUNS + 3):
        evaluations.begin(f"run{number:02}", "甲", b"x")
        time.sleep(0.01)
    left = sorted(path.name for path in (tmp_path / "evaluations" / "runs").iterdir())
    assert left == [f"run{number:02}" for number in range(3, MOST_RUNS + 3)]
