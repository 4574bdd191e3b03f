"""Feedback, hand-offs, the operator's queue, and the answers that operators write: over HTTP, with records on disk."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from test_api_app import error_of

from api.app import create_app
from api.records.database import Records
from api.records.handoffs import Handoffs
from api.records.keys import Keys
from api.settings import Settings
from corpus.types import Validity

pytestmark = pytest.mark.usefixtures("database")

POLICY = make_document(
    "试点若干措施\n第一条 对国家级企业给予100万元奖励。\n第二条 老楼加装电梯的，每台补助10万元。\n",
    validity=Validity(date(2026, 1, 1), date(2027, 12, 31)),
    issuer="甲市人民政府",
)
LIFT = f"{POLICY.id}-1"  # the second article
LAY = "我们楼想加电梯，政府出钱吗？"


class Desk:
    """A service with its client, over one data folder."""

    def __init__(self, folder: Path, *documents: Any) -> None:
        self.records = Records(folder)
        self.service = FakeService(documents or [POLICY], {"国家级": ("100万元", "给予100万元奖励")})
        app = create_app(self.service, clock=lambda: TODAY, records=self.records)
        self.client = TestClient(app, raise_server_exceptions=False)

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        got: dict[str, Any] = self.client.post("/v1/ask", json={"question": question, **more}).json()
        return got

    def queue(self, kind: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client.get("/v1/operator/queue", params={"kind": kind}).json()["items"]
        return items

    def faq(self, **more: Any) -> Any:
        body = {"questions": [LAY], "answer": "每台补助10万元", "clause_id": LIFT, "quote": "每台补助10万元"}
        return self.client.post("/v1/faq", json={**body, **more})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- feedback ---------------------------------------------------------------------------------------------------------


def test_feedback_is_kept_and_replaced(desk: Desk) -> None:
    answer = desk.ask("国家级奖多少？")
    body = {"answer_id": answer["id"], "rating": "up"}
    first = desk.client.post("/v1/feedback", json=body)
    assert first.status_code == 200
    body |= {"rating": "down", "reason": "wrong", "comment": "打我13812345678说"}
    assert desk.client.post("/v1/feedback", json=body).json() == first.json()
    (item,) = desk.queue("disliked")
    assert (item["id"], item["rating_reason"], item["comment"]) == (answer["id"], "wrong", "打我[手机号]说")
    assert item["answer"] == "100万元" and item["citations"][0]["quote"] == "给予100万元奖励"
    summary = desk.client.get("/v1/operator/summary").json()
    assert (summary["questions"], summary["answered"], summary["up"], summary["down"]) == (1, 1, 0, 1)


def test_feedback_on_nothing(desk: Desk) -> None:
    error_of(desk.client.post("/v1/feedback", json={"answer_id": "nothing", "rating": "up"}), 404, "not_found")
    for wrong in ({"rating": "meh"}, {"rating": "up", "reason": "x"}, {"rating": "up", "comment": "字" * 501}):
        error_of(desk.client.post("/v1/feedback", json={"answer_id": "x", **wrong}), 422, "invalid_request")


# --- the queue --------------------------------------------------------------------------------------------------------


def test_a_refused_question_waits_once_however_often_it_was_asked(desk: Desk) -> None:
    for text in (LAY, f"请问，{LAY}", "食堂几点开饭？", LAY):
        desk.ask(text)
    items = desk.queue("unanswered")
    assert [(item["question"], item["times"]) for item in items] == [(LAY, 3), ("食堂几点开饭？", 1)]
    desk.client.post("/v1/operator/dismiss", json={"kind": "unanswered", "id": items[0]["id"]})
    assert [item["question"] for item in desk.queue("unanswered")] == ["食堂几点开饭？"]
    desk.ask(LAY)
    assert [(item["question"], item["times"]) for item in desk.queue("unanswered")][0] == (LAY, 1)
    most = desk.client.get("/v1/operator/most-asked").json()["items"]
    assert (most[0]["question"], most[0]["times"], most[0]["refused"]) == (LAY, 4, 4)


def test_the_queue_is_paged(desk: Desk) -> None:
    for n in range(5):
        desk.ask(f"第{n}个没有的问题")
    seen: list[str] = []
    cursor = None
    while True:
        params = {"kind": "unanswered", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = desk.client.get("/v1/operator/queue", params=params).json()
        seen += [item["question"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"第{n}个没有的问题" for n in reversed(range(5))]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_phone_numbers_are_not_in_the_log(desk: Desk, tmp_path: Path) -> None:
    desk.ask("我是13812345678，身份证32050219900101123X，加电梯补多少")
    desk.records.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (tmp_path / "service.sqlite3").read_bytes()
    assert b"13812345678" not in stored and b"32050219900101123X" not in stored and "加电梯补多少".encode() in stored


def test_old_records_are_forgotten_when_the_service_starts(desk: Desk) -> None:
    desk.ask("国家级奖多少？")
    desk.ask("国家级给多少？")
    closed, waiting = (desk.client.post("/v1/handoffs", json={"question": q}).json()["id"] for q in ("甲", "乙"))
    desk.client.post(f"/v1/operator/handoffs/{closed}", json={"status": "closed"})
    old = (datetime.now(UTC) - timedelta(days=91)).isoformat(timespec="microseconds")
    with desk.records.transaction() as connection:
        connection.execute("UPDATE asked SET at = ? WHERE question = '国家级奖多少？'", (old,))
        connection.execute("UPDATE handoffs SET updated_at = ?", (old,))
    with desk.client:  # runs the lifespan, and with it the first look
        until = time.monotonic() + 20
        while desk.client.get(f"/v1/handoffs/{closed}").status_code == 200 and time.monotonic() < until:
            time.sleep(0.02)
    assert [row["question"] for row in desk.client.get("/v1/operator/most-asked").json()["items"]] == ["国家级给多少？"]
    error_of(desk.client.get(f"/v1/handoffs/{closed}"), 404, "not_found")
    assert desk.client.get(f"/v1/handoffs/{waiting}").json()["status"] == "open", "what waits is never forgotten"


def test_two_keys_may_number_their_conversations_alike(tmp_path: Path) -> None:
    records = Records(tmp_path)
    service = FakeService([POLICY])
    client = TestClient(create_app(service, records=records, settings=Settings(access="keys")))
    for name in ("甲", "乙"):
        headers = {"X-API-Key": Keys(records).create(name, "ask")[1]}
        client.post("/v1/ask", json={"question": "国家级？", "session_id": "1"}, headers=headers)
    one, other = (question.session for question in service.asked)
    assert one and other and one != other and one.endswith("/1")


def test_suggestions_are_what_an_operator_answered_and_what_several_asked(tmp_path: Path) -> None:
    records = Records(tmp_path)
    service = FakeService([POLICY], {"国家级": ("100万元", "给予100万元奖励")})
    app = create_app(service, records=records, settings=Settings(access="ask"))
    clients = [TestClient(app, client=(f"203.0.113.{n}", 1)) for n in range(3)]

    def suggested() -> list[str]:
        """Of the questions of people; those that are made of the documents come after them (test_api_suggestions.py)."""
        people = {"国家级奖多少？", "国家级给我家多少？", "请问国家级奖多少", LAY}
        questions: list[str] = clients[0].get("/v1/suggestions").json()["questions"]
        return [question for question in questions if question in people]

    asked = [client.post("/v1/ask", json={"question": "国家级奖多少？"}).json() for client in clients[:2]]
    for _ in range(5):
        clients[0].post("/v1/ask", json={"question": "国家级给我家多少？"})
        clients[2].post("/v1/ask", json={"question": LAY})
    assert suggested() == [], "two callers are not several, and one caller never is"
    clients[2].post("/v1/ask", json={"question": "请问国家级奖多少"})
    assert suggested() == ["请问国家级奖多少"]
    operator = {"X-API-Key": Keys(records).create("", "operate")[1]}
    body = {"questions": [LAY], "answer": "每台补助10万元", "clause_id": LIFT}
    assert clients[0].post("/v1/faq", json=body, headers=operator).status_code == 201
    assert suggested() == [LAY, "请问国家级奖多少"]
    clients[1].post("/v1/feedback", json={"answer_id": asked[1]["id"], "rating": "down"})
    assert suggested() == [LAY]


# --- hand-offs --------------------------------------------------------------------------------------------------------


def test_a_hand_off_from_question_to_reply(desk: Desk) -> None:
    refused = desk.ask(LAY, session_id="s1")
    body = {"question": LAY, "answer_id": refused["id"], "session_id": "s1", "contact": "13812345678", "note": "三号楼"}
    made = desk.client.post("/v1/handoffs", json=body)
    ident = made.json()["id"]
    assert made.status_code == 201 and made.headers["location"] == f"/v1/handoffs/{ident}" and len(ident) == 32
    assert desk.client.post("/v1/handoffs", json=body).json()["id"] == ident, "sent twice is one hand-off"
    (item,) = desk.queue("handoffs")
    assert (item["contact"], item["note"], item["reason"]) == ("13812345678", "三号楼", "no_evidence")
    desk.client.post(f"/v1/operator/handoffs/{ident}", json={"status": "taken"})
    assert desk.client.get(f"/v1/handoffs/{ident}").json()["status"] == "taken"
    desk.client.post(f"/v1/operator/handoffs/{ident}", json={"status": "closed", "reply": "每台10万元。"})
    shown = desk.client.get(f"/v1/handoffs/{ident}").json()
    assert set(shown) == {"id", "status", "question", "reply", "created_at", "updated_at"}, (
        "no contact for whoever has the id"
    )
    assert (shown["status"], shown["reply"]) == ("closed", "每台10万元。")
    assert desk.queue("handoffs") == []


def test_hand_offs_that_are_not_there(desk: Desk) -> None:
    error_of(desk.client.get("/v1/handoffs/nothing"), 404, "not_found")
    error_of(desk.client.post("/v1/operator/handoffs/x", json={"status": "taken"}), 404, "not_found")
    error_of(desk.client.post("/v1/handoffs", json={"question": " "}), 422, "question_empty")
    error_of(desk.client.post("/v1/operator/handoffs/x", json={"status": "open"}), 422, "invalid_request")


def test_an_event_is_written_with_its_hand_off_or_neither(tmp_path: Path) -> None:
    records = Records(tmp_path)
    told: list[tuple[str, str]] = []

    def announce(connection: Any, kind: str, payload: dict[str, Any]) -> None:
        told.append((kind, payload["question"]))
        if payload["question"] == "broken":
            raise RuntimeError("the event cannot be written")

    handoffs = Handoffs(records, announce)
    handoffs.create(question="whole")
    with pytest.raises(RuntimeError):
        handoffs.create(question="broken")
    assert [h.question for h in handoffs.waiting(9)] == ["whole"] and told[0] == ("handoff.created", "whole")


def test_nothing_is_lost_when_many_write_at_once(desk: Desk) -> None:
    def work(n: int) -> None:
        answer = desk.ask(f"国家级{n}？")
        desk.client.post("/v1/feedback", json={"answer_id": answer["id"], "rating": "down"})
        desk.client.post("/v1/handoffs", json={"question": f"第{n}个"})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(desk.queue("disliked")) == len(desk.queue("handoffs")) == 12


# --- answers that operators write -------------------------------------------------------------------------------------


def test_the_same_question_is_answered_by_what_the_operator_wrote(desk: Desk) -> None:
    refused = desk.ask(LAY)
    assert (refused["status"], refused["answered_by"]) == ("refused", "documents")
    made = desk.faq(queue_id=refused["id"])
    assert made.status_code == 201 and made.json()["state"] == "current"
    assert desk.queue("unanswered") == []
    for text in (LAY, f"您好，请问{LAY}谢谢"):
        got = desk.ask(text)
        assert (got["status"], got["answered_by"], got["answer"]) == ("answered", "faq", "每台补助10万元")
        (citation,) = got["citations"]
        assert citation["quote"] == "每台补助10万元" and citation["clause"]["id"] == LIFT
        assert POLICY.text[citation["start"] : citation["end"]] == citation["quote"]
    assert desk.ask("我们楼想加三部电梯，政府出钱吗？")["status"] == "refused"
    assert desk.client.get("/v1/faq").json()["entries"][0]["used"] == 2


def test_an_entry_closes_its_hand_off_with_the_words_that_it_rests_on(desk: Desk) -> None:
    ident = desk.client.post("/v1/handoffs", json={"question": LAY}).json()["id"]
    desk.faq(handoff_id=ident)
    shown = desk.client.get(f"/v1/handoffs/{ident}").json()
    assert shown["status"] == "closed" and "每台补助10万元" in shown["reply"] and "第二条" in shown["reply"]


def test_an_entry_steps_back_when_its_clause_changes(tmp_path: Path) -> None:
    Desk(tmp_path).faq()
    same = Desk(tmp_path)
    assert same.ask(LAY)["answered_by"] == "faq", "it is there after a restart"
    changed = make_document(POLICY.text.replace("10万元。", "20万元。"), validity=POLICY.validity)
    later = Desk(tmp_path, changed)
    assert later.ask(LAY)["status"] == "refused"
    (entry,) = later.client.get("/v1/faq").json()["entries"]
    assert entry["state"] == "changed" and entry["clause"]["text"].strip().endswith("每台补助10万元。")
    assert entry["now"]["id"] == f"{changed.id}-1" and entry["now"]["text"].strip().endswith("每台补助20万元。")
    assert later.client.get("/v1/operator/summary").json()["faq_changed"] == 1
    body = {"questions": [LAY], "answer": "每台补助20万元", "clause_id": entry["now"]["id"]}
    written = later.client.put(f"/v1/faq/{entry['id']}", json=body)
    assert written.json()["state"] == "current" and later.ask(LAY)["answer"] == "每台补助20万元"
    gone = Desk(tmp_path, make_document("别的\n第一条 无。\n"))
    assert gone.ask(LAY)["status"] == "refused"
    (entry,) = gone.client.get("/v1/faq").json()["entries"]
    assert (entry["state"], entry["now"]) == ("missing", None)


@pytest.mark.parametrize(
    ("old", "new", "address"),
    [("100万元", "150万元", "第二条"), ("第二条 ", "第二条 对省级企业给予50万元奖励。\n第三条 ", "第三条")],
    ids=["another clause changed", "the clause has another number now"],
)
def test_an_entry_outlives_a_new_version_in_which_its_clause_says_the_same(
    tmp_path: Path, old: str, new: str, address: str
) -> None:
    Desk(tmp_path).faq()
    version = make_document(POLICY.text.replace(old, new), validity=POLICY.validity)
    later = Desk(tmp_path, version)
    got = later.ask(LAY)
    assert (got["answered_by"], got["answer"]) == ("faq", "每台补助10万元")
    (citation,) = got["citations"]
    assert citation["document"]["id"] == version.id and citation["clause"]["address"] == address
    assert version.text[citation["start"] : citation["end"]] == citation["quote"] == "每台补助10万元"
    (entry,) = later.client.get("/v1/faq").json()["entries"]
    assert entry["state"] == "current" and entry["now"]["id"] == citation["clause"]["id"]


def test_an_entry_holds_only_while_its_document_does_and_within_the_filters(desk: Desk) -> None:
    desk.faq()
    assert desk.ask(LAY, as_of="2027-06-01")["answered_by"] == "faq"
    assert desk.ask(LAY, as_of="2028-01-01")["status"] == "refused", "the document has expired by then"
    assert desk.ask(LAY, as_of="2025-01-01")["status"] == "refused", "it was not in force yet"
    assert desk.ask(LAY, filters={"issuer": "乙市"})["status"] == "refused"
    assert desk.ask(LAY, filters={"issuer": "甲市人民政府"})["answered_by"] == "faq"


def test_an_entry_quotes_word_for_word_or_is_refused(desk: Desk) -> None:
    error_of(desk.faq(quote="每台补助十万元"), 422, "invalid_request")
    error_of(desk.faq(clause_id="nothing"), 404, "not_found")
    error_of(desk.faq(questions=[]), 422, "invalid_request")
    error_of(desk.faq(questions=["　"]), 422, "question_empty")
    error_of(desk.faq(answer=" "), 422, "invalid_request")
    error_of(desk.faq(handoff_id="nothing"), 404, "not_found")
    assert desk.client.get("/v1/faq").json() == {"entries": []}
    whole = desk.faq(quote=None).json()
    assert whole["quote"] == whole["clause"]["text"].strip()


def test_a_question_belongs_to_one_entry(desk: Desk) -> None:
    first = desk.faq().json()["id"]
    second = desk.faq(answer="10万元", questions=[LAY, "电梯补多少"]).json()["id"]
    assert desk.ask(LAY)["answer"] == "10万元" == desk.ask("电梯补多少？")["answer"]
    assert desk.client.delete(f"/v1/faq/{second}").json() == {"id": second}
    assert desk.ask(LAY)["status"] == "refused"
    error_of(desk.client.delete(f"/v1/faq/{second}"), 404, "not_found")
    assert [entry["id"] for entry in desk.client.get("/v1/faq").json()["entries"]] == [first]


def test_a_handoff_is_its_callers_own_whatever_the_conversation_is_called(tmp_path: Path) -> None:
    records = Records(tmp_path)
    app = create_app(FakeService([POLICY], {}), records=records, settings=Settings(access="keys"))
    client = TestClient(app, raise_server_exceptions=False)
    body = {"question": "加电梯找谁？", "session_id": "1"}
    made = []
    for contact in ("13800138000", "13900139000"):
        _, token = Keys(records).create(contact, "ask")
        sent = client.post("/v1/handoffs", json={**body, "contact": contact}, headers={"X-API-Key": token})
        made.append(sent.json()["id"])
    assert made[0] != made[1], "else the second caller reads what the first is told, and changes whom to call"
    assert Handoffs(records).get(made[0]).contact == "13800138000"


def test_a_conversation_named_by_a_telephone_number_is_not_logged_under_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ident = desk.ask("国家级奖多少？", session_id="13800138000")["id"]
    assert (
        desk.records.connect().execute("SELECT session FROM asked WHERE id = ?", (ident,)).fetchone()[0] == "[手机号]"
    )


def test_records_that_cannot_be_written_cost_no_answer(desk: Desk) -> None:
    desk.faq()
    desk.records.connect().execute("ALTER TABLE asked RENAME TO elsewhere")
    try:
        assert desk.ask("国家级奖多少？")["answer"] == "100万元" and desk.ask(LAY)["answered_by"] == "faq"
        assert 'tiaowen_errors_total{code="store_unusable"} 2.0' in desk.client.get("/metrics").text
    finally:
        desk.records.connect().execute("ALTER TABLE elsewhere RENAME TO asked")
