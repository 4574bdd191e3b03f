"""The plain signed webhook: who may ask, what comes back, and that nothing is answered twice."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bot_bench import QUESTION, QUOTE, client_of, error_of, service
from fake_service import FakeService
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bots.attendant import conversation, hand_off_note
from api.bots.seen import KEEP, LEASE, Seen
from api.bots.settings import Bots, Webhook
from api.errors import BODY_LIMIT, Busy
from api.outgoing.signing import WINDOW, sign
from api.records.database import FILE, Records
from qa.types import Outcome, Question

SECRET = "a secret of thirty-two characters"
BOTS = Bots(webhook=Webhook(SECRET))


@pytest.fixture
def engine() -> FakeService:
    return service()


@pytest.fixture
def client(engine: FakeService, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(BOTS, tmp_path, engine) as client:
        yield client


def message(text: str = QUESTION, id: str = "m1", chat: str = "c1", **more: Any) -> dict[str, Any]:
    return {"message_id": id, "conversation_id": chat, "text": text, **more}


def send(client: TestClient, body: Any, secret: str = SECRET, at: float | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = str(int(time.time() if at is None else at))
    headers = {"X-Tiaowen-Timestamp": timestamp, "X-Tiaowen-Signature": sign(secret, timestamp, raw)}
    return client.post("/bots/webhook", content=raw, headers=headers)


def test_the_signature_is_the_documented_one() -> None:
    # openssl dgst -sha256 -hmac 'key' over '1700000000.{"a":1}'
    import hashlib
    import hmac

    want = hmac.new(b"key", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert sign("key", "1700000000", b'{"a":1}') == f"sha256={want}"


def test_a_question_gets_the_answer_and_its_words_for_a_chat(client: TestClient, engine: FakeService) -> None:
    got = send(client, message(as_of="2026-05-01")).json()
    assert set(got) == {"message_id", "title", "markdown", "answer", "handoff_id"}
    assert got["title"] == got["answer"]["answer"] == "100万元" and got["handoff_id"] is None
    assert got["answer"]["citations"][0]["quote"] == QUOTE
    for part in ("**100万元**", "《试点若干措施》（试发〔2026〕1号） 一、（一）", "现行有效", f"> {QUOTE}", "转人工"):
        assert part in got["markdown"]
    assert engine.asked[0].as_of.isoformat() == "2026-05-01"


def test_a_refusal_says_so_and_names_the_nearest_clauses(client: TestClient) -> None:
    got = send(client, message("低空飞行补贴多少？")).json()
    assert got["answer"]["status"] == "refused"
    assert "没有找到" in got["markdown"] and "最接近的条款" in got["markdown"] and "转人工" in got["markdown"]


def test_filters_reach_the_engine(client: TestClient, engine: FakeService) -> None:
    got = send(client, message(filters={"document_ids": ["nothing"]})).json()
    assert engine.asked[0].filters.document_ids == frozenset({"nothing"})
    assert got["answer"]["passages"] == []


@pytest.mark.usefixtures("database")
def test_a_retry_gets_the_same_reply_and_is_not_answered_again(client: TestClient, engine: FakeService) -> None:
    first = send(client, message())
    again = send(client, message(), at=time.time() - 20)
    assert again.content == first.content and len(engine.asked) == 1


def test_a_retry_after_a_restart_gets_the_same_reply(tmp_path: Path) -> None:
    with client_of(BOTS, tmp_path) as client:
        first = send(client, message())
    later = service()
    with client_of(BOTS, tmp_path, later) as client:
        assert send(client, message()).content == first.content
    assert later.asked == []


@pytest.mark.usefixtures("database")
def test_an_id_does_not_stand_for_two_messages(client: TestClient, engine: FakeService) -> None:
    assert send(client, message()).status_code == 200
    error_of(send(client, message("省级企业奖多少？")), 409, "message_reused")
    assert len(engine.asked) == 1


class Slow(FakeService):
    """Answers when it is told to."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.go = threading.Event()

    def answer(self, question: Question, *rest: Any) -> Outcome:
        self.go.wait(20)
        return super().answer(question, *rest)


def test_two_tries_at_once_are_answered_once(tmp_path: Path) -> None:
    plain = service()
    engine = Slow(plain.texts, plain.known)
    with client_of(BOTS, tmp_path, engine) as client, ThreadPoolExecutor(3) as pool:
        tries = [pool.submit(send, client, message()) for _ in range(3)]
        time.sleep(0.3)
        engine.go.set()
        replies = {done.result().content for done in tries}
    assert len(engine.asked) == 1 and len(replies) == 1


@pytest.mark.usefixtures("database")
def test_what_a_killed_process_had_taken_is_answered_by_the_next(tmp_path: Path) -> None:
    at = [1000.0]
    seen = Seen(Records(tmp_path), lambda: at[0], counted=lambda: at[0])
    lost = seen.claim("webhook", "m", "x")
    assert lost.state == "mine" and seen.claim("webhook", "m", "x").state == "others"
    at[0] += LEASE + 1
    taken = seen.claim("webhook", "m", "x")
    assert taken.state == "mine" and taken.tries == 3
    with Records(tmp_path).transaction() as connection:
        assert not seen.finish(connection, lost, "late"), "the one that was thought dead does not speak after all"
        assert seen.finish(connection, taken, "reply")
    assert seen.claim("webhook", "m", "x").reply == "reply"
    at[0] += KEEP + 1
    seen.claim("webhook", "another", "x")
    assert seen.claim("webhook", "m", "x").state == "mine", "forgotten in the end"


@pytest.mark.usefixtures("database")
def test_two_processes_never_take_the_same_message(tmp_path: Path) -> None:
    stores = [Seen(Records(tmp_path)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda n: stores[n % 4].claim("webhook", f"m{n // 4}", "x").state, range(80)))
    assert states.count("mine") == 20


# --- who may not --------------------------------------------------------------------------------------------------------


def test_wrong_secret_missing_headers_and_a_changed_body(client: TestClient, engine: FakeService) -> None:
    error_of(send(client, message(), secret="another secret of some length"), 401, "signature_wrong")
    error_of(client.post("/bots/webhook", json=message()), 401, "signature_wrong")
    now, raw = str(int(time.time())), json.dumps(message()).encode()
    headers = {"X-Tiaowen-Timestamp": now, "X-Tiaowen-Signature": sign(SECRET, now, raw)}
    error_of(client.post("/bots/webhook", content=raw + b" ", headers=headers), 401, "signature_wrong")
    headers["X-Tiaowen-Timestamp"] = str(int(now) + 1)
    error_of(client.post("/bots/webhook", content=raw, headers=headers), 401, "signature_wrong")
    assert engine.asked == []


@pytest.mark.parametrize("off", [-WINDOW - 5, WINDOW + 5, -86400])
def test_a_recorded_request_is_worth_nothing_later(client: TestClient, engine: FakeService, off: float) -> None:
    error_of(send(client, message(), at=time.time() + off), 401, "message_stale")
    assert engine.asked == []


@pytest.mark.parametrize("timestamp", ["", "x", "-5", "1e9", "99999999999999", "１７０００００００００"])
def test_a_time_that_is_none(client: TestClient, timestamp: str) -> None:
    raw = json.dumps(message()).encode()
    headers = {
        "X-Tiaowen-Timestamp": timestamp.encode(),
        "X-Tiaowen-Signature": sign(SECRET, timestamp, raw).encode(),
    }
    response = client.post("/bots/webhook", content=raw, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] in ("message_stale", "signature_wrong")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (message(" "), 422, "question_empty"),
        (message("问" * 501), 422, "question_too_long"),
        ({"text": "问"}, 422, "invalid_request"),
        (message(id=""), 422, "invalid_request"),
        (message(id="\n"), 400, "message_unreadable"),
        (message(as_of="yesterday"), 422, "invalid_request"),
        (message(filters={"no": 1}), 422, "invalid_request"),
        (message(channel="telegram"), 422, "invalid_request"),
    ],
)
def test_bodies_that_are_wrong(client: TestClient, body: Any, status: int, code: str) -> None:
    error_of(send(client, body), status, code)


def test_a_huge_body_is_refused_before_it_is_read(client: TestClient) -> None:
    error_of(send(client, message("问" * BODY_LIMIT)), 413, "payload_too_large")


def test_a_question_refused_for_its_form_may_be_sent_again_mended(client: TestClient) -> None:
    error_of(send(client, message("问" * 501)), 422, "question_too_long")
    assert send(client, message()).status_code == 200


def test_busy_is_told_and_a_retry_is_answered(tmp_path: Path) -> None:
    class OnceBusy(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            if not self.asked:
                self.asked.append(question)
                raise Busy
            return super().answer(question, *rest)

    plain = service()
    with client_of(BOTS, tmp_path, OnceBusy(plain.texts, plain.known)) as client:
        error_of(send(client, message()), 503, "busy")
        assert send(client, message()).json()["title"] == "100万元"


def test_not_ready_is_told(tmp_path: Path) -> None:
    engine = service()
    engine.is_ready = False
    with client_of(BOTS, tmp_path, engine) as client:
        error_of(send(client, message()), 503, "not_ready")


def test_what_is_not_connected_has_no_address(tmp_path: Path) -> None:
    with client_of(Bots(), tmp_path) as client:
        for path in ("wecom", "dingtalk", "feishu", "webhook"):
            error_of(client.post(f"/bots/{path}", content=b"{}"), 404, "not_found")
            error_of(client.get(f"/bots/{path}"), 404, "not_found")


def test_the_schema_of_the_service_names_the_webhook(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    route = schema["paths"]["/bots/webhook"]["post"]
    assert {p["name"] for p in route["parameters"]} == {"X-Tiaowen-Timestamp", "X-Tiaowen-Signature"}
    assert "message_id" in route["requestBody"]["content"]["application/json"]["schema"]["properties"]
    text = json.dumps(schema)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schema["components"]["schemas"]), "every reference leads somewhere"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.fixed_dictionaries(
            {},
            optional={
                "message_id": st.text(max_size=250) | st.integers(),
                "conversation_id": st.text(max_size=20) | st.none(),
                "text": st.text(max_size=600),
                "as_of": st.text(max_size=12),
                "user_id": st.text(max_size=20),
            },
        ),
    )
)
def test_nothing_that_is_signed_makes_a_fault(client: TestClient, body: Any) -> None:
    response = send(client, body)
    assert response.status_code in (200, 400, 409, 422), response.text
    if response.status_code != 200:
        assert set(response.json()["error"]) == {"code", "message", "hint"}


# --- conversations and people -------------------------------------------------------------------------------------------


def test_one_conversation_a_chat(client: TestClient, engine: FakeService) -> None:
    for id, chat in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "a\0")):
        send(client, message(id=id, chat=chat))
    sessions = [question.session for question in engine.asked]
    assert sessions[0] == sessions[1] and len(set(sessions)) == 2
    assert all(session and "secret" not in session and len(session) < 60 for session in sessions)


def test_nobody_can_name_the_conversation_of_a_chat() -> None:
    assert conversation("wecom", SECRET, "zhangsan") != conversation("wecom", SECRET + "x", "zhangsan")
    assert conversation("wecom", SECRET, "zhangsan") != conversation("feishu", SECRET, "zhangsan")
    assert "zhangsan" not in conversation("wecom", SECRET, "zhangsan")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("转人工", ""),
        ("人工", ""),
        (" 请帮我转人工客服 ", ""),
        ("转人工！", ""),
        ("转人工，电话 010-12345678", "电话 010-12345678"),
        ("人工智能企业奖励多少？", None),
        ("人工费怎么算", None),
        ("怎么转人工", None),
        ("", None),
    ],
)
def test_who_asks_for_a_person(text: str, note: str | None) -> None:
    assert hand_off_note(text) == note


def test_a_person_gets_the_last_question_of_the_chat(client: TestClient, tmp_path: Path) -> None:
    asked = send(client, message("低空飞行补贴多少？", user_id="u-7")).json()
    got = send(client, message("转人工，下午打给我", id="m2", user_id="u-7")).json()
    assert got["answer"] is None and got["handoff_id"] in got["markdown"]
    public = client.get(f"/v1/handoffs/{got['handoff_id']}").json()
    assert public["status"] == "open" and public["question"] == "低空飞行补贴多少？"
    with sqlite3.connect(tmp_path / FILE) as connection:
        row = connection.execute("SELECT answer_id, contact, note, channel FROM handoffs").fetchone()
    assert row == (asked["answer"]["id"], "Webhook u-7", "下午打给我", "webhook")
    again = send(client, message("转人工，下午打给我", id="m2", user_id="u-7")).json()
    assert again == got, "one hand-off, however often it is sent"


def test_a_gateway_may_say_which_chat_it_stands_for(client: TestClient, tmp_path: Path) -> None:
    send(client, message(channel="dingtalk"))
    send(client, message("转人工", id="m2", channel="dingtalk", user_id="u"))
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("SELECT channel FROM asked").fetchall() == [("dingtalk",)]
        assert connection.execute("SELECT channel, contact FROM handoffs").fetchall() == [("dingtalk", "钉钉 u")]


def test_without_a_question_a_person_is_told_so(client: TestClient, tmp_path: Path) -> None:
    got = send(client, message("转人工")).json()
    assert got["handoff_id"]
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("SELECT question FROM handoffs").fetchone() == ("（没有写明问题）",)
