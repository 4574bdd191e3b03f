"""The log of answers, its marks and gold rows, trends, groups and names; the audit of who changed what. Over HTTP."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fake_service import TODAY, FakeService
from fastapi.testclient import TestClient
from test_api_app import error_of
from test_api_desk import LAY, LIFT, POLICY, Desk
from test_api_guard import bearer, operations

from api.access import RANK
from api.app import create_app
from api.changes.dispatch import Dispatcher
from api.cli import main
from api.edge.guard import role_for
from api.records.audit import ACTIONS, Audit
from api.records.database import Records
from api.records.groups import Asking, grouped
from api.records.keys import Keys
from api.settings import Settings
from corpus.errors import StoreConflict

pytestmark = pytest.mark.usefixtures("database")

RIGHT = "国家级奖多少？"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def log(desk: Desk, **filters: Any) -> list[dict[str, Any]]:
    got = desk.client.get("/v1/operator/log", params=filters)
    assert got.status_code == 200, got.text
    page = got.json()
    assert page["total"] >= len(page["items"])
    items: list[dict[str, Any]] = page["items"]
    return items


def table(desk: Desk, path: str, **params: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(desk.client.get(path, params=params).content.decode("utf-8-sig"), newline="")))


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_filtered_by_what_is_known_of_an_answer(desk: Desk) -> None:
    answered, refused = desk.ask(RIGHT), desk.ask(LAY)
    desk.client.post("/v1/feedback", json={"answer_id": answered["id"], "rating": "down"})
    both = [refused["id"], answered["id"]]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, both),
        ({"status": "answered"}, both[1:]),
        ({"status": "refused", "reason": "no_evidence"}, both[:1]),
        ({"reason": "ambiguous"}, []),
        ({"low": 0.9}, both[1:]),
        ({"high": 0.5}, both[:1]),
        ({"document": POLICY.id}, both[1:]),
        ({"document": "若干措施"}, both[1:]),
        ({"document": "别的文件"}, []),
        ({"words": "国家级 100万元"}, both[1:]),
        ({"words": "国家级 10亿元"}, []),
        ({"rating": "down"}, both[1:]),
        ({"rating": "up"}, []),
        ({"mark": "none"}, both),
        ({"mark": "good"}, []),
        ({"channel": "api"}, both),
        ({"day": "2001-01-01"}, []),
    ]
    for filters, found in cases:
        assert [item["id"] for item in log(desk, **filters)] == found, filters
    first = desk.client.get("/v1/operator/log", params={"limit": 1}).json()
    rest = desk.client.get("/v1/operator/log", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [i["id"] for i in (*first["items"], *rest["items"])] == both
    assert first["total"] == 2 and rest["next_cursor"] is None


def test_the_log_leaves_as_text_that_no_spreadsheet_runs(desk: Desk) -> None:
    attack = '=HYPERLINK("http://x.test","国家级奖多少")'
    desk.ask(attack)
    header, row = table(desk, "/v1/operator/log/export", format="csv")
    told = dict(zip(header, row, strict=True))
    assert told["问题"] == f"'{attack}" and told["答案"] == "100万元" and told["条款"] == "第一条"
    got = desk.client.get("/v1/operator/log/export", params={"format": "xlsx", "status": "answered"})
    sheet = openpyxl.load_workbook(io.BytesIO(got.content)).active
    assert sheet["B2"].value == attack and sheet["B2"].data_type == "s"
    assert "attachment" in got.headers["content-disposition"]


# --- marks ------------------------------------------------------------------------------------------------------------


def mark(desk: Desk, asked: dict[str, Any], **more: Any) -> Any:
    return desk.client.post("/v1/operator/marks", json={"answer_id": asked["id"], **more})


def gold(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(line) for line in desk.client.get("/v1/operator/gold").text.splitlines()]


def test_marks_become_gold_rows(desk: Desk) -> None:
    right, wrong, unknown = desk.ask(RIGHT), desk.ask(LAY), desk.ask("食堂几点开饭？")
    assert mark(desk, right, verdict="good").json()["gold"] is True
    assert mark(desk, wrong, verdict="bad").json()["gold"] is False
    assert len(gold(desk)) == 1
    told = mark(desk, wrong, verdict="bad", answer="每台补助10万元", clause_id=LIFT, quote="每台补助10万元").json()
    assert told["gold"] is True and told["address"] == "第二条"
    assert mark(desk, unknown, verdict="good", note="文件没写").json()["unanswerable"] is True
    rows = {row["id"]: row for row in gold(desk)}
    assert rows[right["id"]]["answers"] == ["100万元"] and rows[right["id"]]["quote"] == "给予100万元奖励"
    assert rows[wrong["id"]]["answers"] == ["每台补助10万元"] and rows[wrong["id"]]["doc"] == "试点若干措施"
    assert rows[unknown["id"]]["type"] == "unanswerable" and rows[unknown["id"]]["why"] == "文件没写"
    assert log(desk, mark="bad")[0]["mark"]["answer"] == "每台补助10万元"
    assert desk.client.delete(f"/v1/operator/marks/{wrong['id']}").status_code == 200
    assert len(gold(desk)) == 2 and log(desk, mark="bad") == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_gold_rows_are_what_the_evaluation_reads(desk: Desk, tmp_path: Any) -> None:
    from eval.datasets import read_gold

    mark(desk, desk.ask(RIGHT), verdict="good")
    mark(desk, desk.ask("食堂几点开饭？"), verdict="good")
    (tmp_path / "gold.jsonl").write_text(desk.client.get("/v1/operator/gold").text, "utf-8")
    assert [type(row).__name__ for row in read_gold(tmp_path / "gold.jsonl")] == ["GoldQuestion", "Unanswerable"]


def test_a_mark_that_cannot_be(desk: Desk) -> None:
    answer = desk.ask(LAY)
    error_of(mark(desk, {"id": "nothing"}, verdict="good"), 404, "not_found")
    error_of(mark(desk, answer, verdict="bad", answer="10万元"), 422, "invalid_request")
    error_of(mark(desk, answer, verdict="bad", answer="10万元", clause_id="nothing"), 404, "not_found")
    error_of(mark(desk, answer, verdict="bad", answer="10万元", clause_id=LIFT, quote="别的话"), 422, "invalid_request")
    error_of(mark(desk, answer, verdict="fine"), 422, "invalid_request")
    error_of(desk.client.delete("/v1/operator/marks/nothing"), 404, "not_found")
    assert log(desk)[0]["mark"] is None


# --- trends, groups, names --------------------------------------------------------------------------------------------


def test_days_and_topics_are_counted(desk: Desk) -> None:
    for text in (RIGHT, RIGHT, LAY):
        desk.ask(text)
    told = desk.client.get("/v1/operator/trends", params={"days": 7}).json()
    assert len(told["days"]) == 7
    today = told["days"][-1]
    assert (today["questions"], today["answered"], today["refused"]) == (3, 2, 1)
    assert [day["questions"] for day in told["days"][:-1]] == [0] * 6
    topics = {row["topic"]: row["questions"] for row in told["topics"]}
    assert topics == {POLICY.title: 2, "（没有答上）": 1}


def test_unanswered_questions_that_ask_for_the_same_stand_together(desk: Desk) -> None:
    for text in ("老楼加装电梯补助多少钱？", "老房子加装电梯能补助多少？", "公园几点关门？", "公园几点关门？"):
        desk.ask(text)
    groups = desk.client.get("/v1/operator/groups").json()["groups"]
    assert [group["times"] for group in groups] == [2, 2]
    assert {len(group["questions"]) for group in groups} == {1, 2}
    desk.client.post("/v1/operator/dismiss", json={"kind": "unanswered", "id": groups[0]["questions"][0]["id"]})
    left = desk.client.get("/v1/operator/groups").json()["groups"]
    assert sum(len(group["questions"]) for group in left) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_question_is_in_one_group() -> None:
    words = ["养老金怎么领", "养老金如何领取", "公积金怎么提取", "孩子上学要什么材料", "小孩上学需要哪些材料", "x"]
    asked = [Asking(str(at), text, 1) for at, text in enumerate(words)]
    groups = grouped(asked)
    assert sorted(one.id for group in groups for one in group.members) == sorted(one.id for one in asked)
    assert len(groups) < len(words) and grouped(asked[:1])[0].members == (asked[0],) and grouped([]) == []


def test_what_waits_is_given_to_somebody(desk: Desk) -> None:
    asked = desk.ask(LAY)
    handed = desk.client.post("/v1/handoffs", json={"question": LAY}).json()["id"]
    for kind, ident in (("unanswered", asked["id"]), ("handoffs", handed)):
        assert desk.queue(kind)[0]["assignee"] is None
        body = {"kind": kind, "id": ident, "name": " 张工 "}
        assert desk.client.post("/v1/operator/assign", json=body).json() == {"id": ident, "name": "张工"}
        assert desk.queue(kind)[0]["assignee"] == "张工"
    assert desk.client.get("/v1/operator/assignees").json() == {"names": ["张工"]}
    desk.client.post("/v1/operator/assign", json={"kind": "handoffs", "id": handed, "name": ""})
    assert desk.queue("handoffs")[0]["assignee"] is None
    error_of(
        desk.client.post("/v1/operator/assign", json={"kind": "handoffs", "id": "x", "name": "李"}), 404, "not_found"
    )


# --- audit ------------------------------------------------------------------------------------------------------------

UNNOTED = {"/v1/documents/check"}
"""Routes of operators and administrators that change nothing, though their method could."""


def test_every_change_is_noted_with_who_made_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each route that changes something is called once with what it takes, and each must leave a line."""
    monkeypatch.setattr(Dispatcher, "kick", lambda self, settle=False: None)
    records = Records(tmp_path)
    token = Keys(records).create("张工", "admin")[1]
    service = FakeService([POLICY], {"国家级": ("100万元", "给予100万元奖励")})
    app = create_app(service, clock=lambda: TODAY, records=records, settings=Settings(access="keys"))
    client = TestClient(app, headers=bearer(token))
    asked = client.post("/v1/ask", json={"question": LAY}).json()["id"]
    handed = client.post("/v1/handoffs", json={"question": LAY}).json()["id"]
    entry = {"questions": [LAY], "answer": "10万元", "clause_id": LIFT}
    made = client.post("/v1/faq", json=entry).json()["id"]
    row = json.dumps({"id": "1", "type": "unanswerable", "question": "几点？"}, ensure_ascii=False)
    calls: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/v1/faq"): {"json": {**entry, "questions": ["另一个"]}},
        ("PUT", "/v1/faq/{id}"): {"json": {**entry, "answer": "20万元"}, "id": made},
        ("POST", "/v1/faq/import"): {"files": {"file": ("a.csv", "问法,答案\n甲,乙\n".encode())}},
        ("DELETE", "/v1/faq/{id}"): {"id": made},
        ("POST", "/v1/operator/handoffs/{id}"): {"json": {"status": "taken"}, "id": handed},
        ("POST", "/v1/operator/dismiss"): {"json": {"kind": "unanswered", "id": asked}},
        ("POST", "/v1/operator/marks"): {"json": {"answer_id": asked, "verdict": "good"}},
        ("DELETE", "/v1/operator/marks/{id}"): {"id": asked},
        ("POST", "/v1/operator/assign"): {"json": {"kind": "handoffs", "id": handed, "name": "李"}},
        ("POST", "/v1/documents"): {"files": {"files": ("a.txt", b"x")}},
        ("DELETE", "/v1/files/{name}"): {"id": "sample.txt"},
        ("POST", "/v1/evaluation-sets"): {"files": {"file": ("a.jsonl", row.encode())}},
        ("POST", "/v1/evaluations"): {"json": {"set": "a"}},
        ("DELETE", "/v1/evaluation-sets/{name}"): {"id": "a"},
    }
    changing = {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if method != "get" and path not in UNNOTED and RANK[role_for(method.upper(), path) or "ask"] > RANK["ask"]
    }
    assert changing == set(calls)
    audit = Audit(records)
    for (method, path), given in calls.items():
        before = next(iter(audit.lines(1))).n
        where = path.replace("{id}", given.get("id", "")).replace("{name}", given.get("id", ""))
        answer = client.request(method, where, **{k: v for k, v in given.items() if k != "id"})
        assert answer.status_code < 300, (method, path, answer.text)
        line = next(iter(audit.lines(1)))
        assert line.n > before and line.who == "张工" and line.who_id.startswith("key:"), (method, path)
    assert {line.action for line in audit.lines(100)} <= set(ACTIONS)


def test_the_audit_is_shown_exported_and_only_added_to(desk: Desk) -> None:
    desk.faq()
    desk.client.get("/v1/operator/log/export")
    items = desk.client.get("/v1/audit").json()["items"]
    assert [item["action"] for item in items] == ["export.log", "faq.create"]
    assert items[1]["target"] == LAY and items[1]["detail"]["answer"] == "每台补助10万元" and items[1]["who"] == "本机"
    assert [i["action"] for i in desk.client.get("/v1/audit", params={"action": "faq.create"}).json()["items"]] == [
        "faq.create"
    ]
    assert desk.client.get("/v1/audit", params={"words": "电梯 10万"}).json()["items"][0]["action"] == "faq.create"
    page = desk.client.get("/v1/audit", params={"limit": 1}).json()
    assert desk.client.get("/v1/audit", params={"before": page["next_before"]}).json()["items"] == items[1:]
    header, *rows = table(desk, "/v1/audit/export")
    assert header[:3] == ["序号", "时间", "谁"] and [row[4] for row in rows] == ["export.log", "faq.create"]
    with pytest.raises((sqlite3.IntegrityError, StoreConflict)):
        desk.records.connect().execute("UPDATE audit SET who = 'nobody'")


def test_keys_made_on_the_command_line_are_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--name", "张工", "--role", "admin", "--data", str(tmp_path)]) == 0
    token = capsys.readouterr().out.split()[0]
    (key,) = Keys(Records(tmp_path)).list()
    assert main(["keys", "revoke", key.id, "--data", str(tmp_path)]) == 0
    lines = list(Audit(Records(tmp_path)).lines(10))
    assert [(line.action, line.who, line.target) for line in lines] == [
        ("key.revoke", "命令行", "张工"),
        ("key.create", "命令行", "张工"),
    ]
    assert token not in json.dumps([line.detail for line in lines])


def test_personal_numbers_do_not_enter_the_audit(desk: Desk) -> None:
    desk.faq(questions=["我的手机13812345678能领补贴吗？"])
    (line,) = desk.client.get("/v1/audit").json()["items"]
    assert "13812345678" not in json.dumps(line) and "[手机号]" in line["target"]


def test_what_administrators_see_is_not_for_operators(desk: Desk) -> None:
    token = Keys(desk.records).create("", "operate")[1]
    client = TestClient(
        create_app(desk.service, records=desk.records, settings=Settings(access="keys")), headers=bearer(token)
    )
    paths = [path for _, path in operations(client.app) if path.startswith(("/v1/audit", "/v1/evaluation"))]  # type: ignore[arg-type]
    assert len(paths) > 8
    for path in paths:
        error_of(client.get(path), 403, "forbidden")
    assert client.get("/v1/operator/log").status_code == 200
