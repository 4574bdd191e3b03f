"""Feishu's events: encrypted and signed as its documentation says, checked by the official SDK, replied to through its client."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bot_bench import QUESTION, QUOTE, Platform, Received, client_of, error_of, service
from fake_service import FakeService
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bots import feishu, replies
from api.bots.settings import Bots, Feishu
from api.errors import BODY_LIMIT, Busy
from qa.types import Outcome, Question

pytest.importorskip("lark_oapi")

from Crypto.Cipher import AES
from lark_oapi.core.utils import AESCipher

KEY, TOKEN = "test key", "v_token"


class OpenPlatform(Platform):
    """The two calls of the open platform that a reply takes, in its own shapes; `fail` is what the next replies get."""

    def __init__(self) -> None:
        super().__init__(self.say)
        self.fail: list[tuple[int, Any]] = []

    def say(self, request: Received) -> tuple[int, Any]:
        if request.path.endswith("/tenant_access_token/internal"):
            return 200, {"code": 0, "msg": "ok", "tenant_access_token": "t-" + uuid.uuid4().hex, "expire": 7200}
        if self.fail:
            return self.fail.pop(0)
        return 200, {"code": 0, "msg": "success", "data": {"message_id": "om_reply"}}

    def replies(self, count: int) -> list[Received]:
        return self.wait_for(count, "/open-apis/im/v1/messages/")


@pytest.fixture
def platform() -> Iterator[OpenPlatform]:
    platform = OpenPlatform()
    with platform.running():
        yield platform


@pytest.fixture
def engine() -> FakeService:
    return service()


def bots_of(platform: Platform, key: str = KEY) -> Bots:
    # An app of its own each time: the SDK keeps tokens by app for the whole process.
    return Bots(feishu=Feishu("cli_" + uuid.uuid4().hex, "app secret", TOKEN, key, platform.origin))


@pytest.fixture
def client(engine: FakeService, platform: OpenPlatform, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(bots_of(platform), tmp_path, engine) as client:
        yield client


def event(text: str = QUESTION, id: str = "om_1", chat: str = "oc_1", **message: Any) -> dict[str, Any]:
    """im.message.receive_v1 as the platform's documentation shows it."""
    return {
        "schema": "2.0",
        "header": {
            "event_id": "5e3702a84e847582be8db7fb73283c02",
            "event_type": "im.message.receive_v1",
            "create_time": str(int(time.time() * 1000)),
            "token": TOKEN,
            "app_id": "cli_1",
            "tenant_key": "2ca1d211f64f6438",
        },
        "event": {
            "sender": {"sender_id": {"open_id": "ou_1", "union_id": "on_1", "user_id": "u1"}, "sender_type": "user"},
            "message": {
                "message_id": id,
                "create_time": "1609073151345",
                "chat_id": chat,
                "chat_type": "group",
                "message_type": "text",
                "content": json.dumps({"text": text}),
                "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "条问"}],
                **message,
            },
        },
    }


def sealed(body: Any, key: str = KEY) -> bytes:
    """AES-256-CBC under the hash of the key, the IV in front, as the documentation says; the SDK's own cipher opens it."""
    plain = body if isinstance(body, bytes) else json.dumps(body).encode()
    pad = AES.block_size - len(plain) % AES.block_size
    iv = os.urandom(AES.block_size)
    cipher = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv)
    encrypted = base64.b64encode(iv + cipher.encrypt(plain + bytes([pad]) * pad)).decode()
    assert AESCipher(key).decrypt_str(encrypted).encode() == plain
    return json.dumps({"encrypt": encrypted}).encode()


def signed(raw: bytes, key: str = KEY) -> dict[str, str]:
    stamp, nonce = str(int(time.time())), "1234"
    digest = hashlib.sha256((stamp + nonce + key).encode() + raw).hexdigest()
    return {"X-Lark-Request-Timestamp": stamp, "X-Lark-Request-Nonce": nonce, "X-Lark-Signature": digest}


def post(client: TestClient, body: Any, headers: dict[str, str] | None = None) -> Any:
    raw = sealed(body)
    return client.post("/bots/feishu", content=raw, headers=signed(raw) if headers is None else headers)


def test_the_address_is_verified(client: TestClient) -> None:
    challenge = {"challenge": "ajls384kdjx98XX", "token": TOKEN, "type": "url_verification"}
    assert post(client, challenge, headers={}).json() == {"challenge": "ajls384kdjx98XX"}
    assert client.post("/bots/feishu", json=challenge).json() == {"challenge": "ajls384kdjx98XX"}
    error_of(post(client, {**challenge, "token": "wrong"}, headers={}), 401, "signature_wrong")
    error_of(client.post("/bots/feishu", json={**challenge, "token": "wrong"}), 401, "signature_wrong")


def test_a_question_is_replied_to_with_a_card(client: TestClient, platform: OpenPlatform, engine: FakeService) -> None:
    done = post(client, event(f"@_user_1 {QUESTION}"))
    assert done.status_code == 200 and done.json() == {"msg": "success"}
    (request,) = platform.replies(1)
    assert request.path == "/open-apis/im/v1/messages/om_1/reply"
    assert request.headers["Authorization"].startswith("Bearer t-")
    assert request.json["msg_type"] == "interactive" and request.json["uuid"]
    card = json.loads(request.json["content"])
    assert card["header"]["title"] == {"tag": "plain_text", "content": "100万元"}
    text = json.dumps(card, ensure_ascii=False)
    for part in (QUOTE, "《试点若干措施》（试发〔2026〕1号） 一、（一）", "现行有效", "转人工"):
        assert part in text
    assert engine.asked[0].text == QUESTION, "the bot's own name is not part of the question"


def test_retries_are_answered_once(client: TestClient, platform: OpenPlatform, engine: FakeService) -> None:
    for _ in range(3):
        assert post(client, event()).status_code == 200
    post(client, event(id="om_2"))
    assert len(platform.replies(2)) == 2 and len(engine.asked) == 2
    assert len({request.json["uuid"] for request in platform.replies(2)}) == 2


def test_a_reply_is_tried_again_with_the_same_uuid(client: TestClient, platform: OpenPlatform) -> None:
    platform.fail = [(500, {"code": 2200, "msg": "internal"}), (400, {"code": 230020, "msg": "frequency"})]
    post(client, event())
    requests = platform.replies(3)
    assert len(requests) == 3 and len({request.json["uuid"] for request in requests}) == 1


def test_a_reply_outlives_the_process(tmp_path: Path, platform: OpenPlatform, engine: FakeService) -> None:
    """The platform is down when the answer is there, and the service stops: the next one sends it."""
    bots = bots_of(platform)
    platform.fail = [(503, {})]
    with client_of(bots, tmp_path, engine) as client:
        assert post(client, event()).status_code == 200
        assert len(platform.replies(1)) == 1
    with client_of(bots, tmp_path, engine):
        assert len(platform.replies(2)) == 2
    assert len(engine.asked) == 1


def test_busy_is_left_to_the_platforms_next_try(tmp_path: Path, platform: OpenPlatform) -> None:
    class OnceBusy(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            if not self.asked:
                self.asked.append(question)
                raise Busy
            return super().answer(question, *rest)

    plain = service()
    with client_of(bots_of(platform), tmp_path, OnceBusy(plain.texts, plain.known)) as client:
        error_of(post(client, event()), 503, "busy")
        assert post(client, event()).status_code == 200
        assert len(platform.replies(1)) == 1


def test_one_conversation_a_chat(client: TestClient, engine: FakeService) -> None:
    for id, chat in (("1", "oc_1"), ("2", "oc_1"), ("3", "oc_2")):
        post(client, event(id=id, chat=chat))
    sessions = [question.session for question in engine.asked]
    assert sessions[0] == sessions[1] != sessions[2]


def test_posts_pictures_and_people(client: TestClient, platform: OpenPlatform, engine: FakeService) -> None:
    line = [{"tag": "at", "user_id": "@_user_1", "user_name": "条问"}, {"tag": "text", "text": "国家级企业奖多少？"}]
    rich = {"title": "", "content": [line]}
    post(client, event(id="1", message_type="post", content=json.dumps(rich)))
    assert engine.asked[0].text == "国家级企业奖多少？"
    post(client, event(id="2", message_type="image", content='{"image_key": "x"}'))
    post(client, event("转人工", id="3"))
    titles = {json.loads(r.json["content"])["header"]["title"]["content"] for r in platform.replies(3)}
    assert titles == {"100万元", "目前只能看懂文字", "已转人工"}


def test_without_an_encrypt_key_the_token_decides(tmp_path: Path, platform: OpenPlatform, engine: FakeService) -> None:
    with client_of(bots_of(platform, key=""), tmp_path, engine) as client:
        assert client.post("/bots/feishu", json=event()).status_code == 200
        wrong = event(id="om_2")
        wrong["header"]["token"] = "wrong"
        error_of(client.post("/bots/feishu", json=wrong), 401, "signature_wrong")
        del wrong["header"]["token"]
        error_of(client.post("/bots/feishu", json=wrong), 401, "signature_wrong")
    assert len(engine.asked) == 1


# --- who may not --------------------------------------------------------------------------------------------------------


def test_wrong_signature_token_and_key(client: TestClient, engine: FakeService, capfd: Any) -> None:
    raw = sealed(event())
    for headers in ({}, signed(raw, "another key"), signed(raw + b" "), {**signed(raw), "X-Lark-Request-Nonce": "9"}):
        error_of(client.post("/bots/feishu", content=raw, headers=headers), 401, "signature_wrong")
    wrong = event()
    wrong["header"]["token"] = "wrong"
    error_of(post(client, wrong), 401, "signature_wrong")
    other = sealed(event(), "another key")
    error_of(client.post("/bots/feishu", content=other, headers=signed(other)), 400, "message_unreadable")
    plain = json.dumps(event()).encode()
    error_of(client.post("/bots/feishu", content=plain), 401, "signature_wrong")
    assert engine.asked == []
    assert "Traceback" not in capfd.readouterr().out, "the SDK does not fill the log for whoever knocks"


def test_a_recorded_event_is_worth_nothing_later(client: TestClient, engine: FakeService) -> None:
    old = event()
    for made in (time.time() - 9 * 3600, time.time() + 9 * 3600):
        old["header"]["create_time"] = str(int(made * 1000))
        error_of(post(client, old), 401, "message_stale")
    for made in ("", "now", None):
        old["header"]["create_time"] = made
        error_of(post(client, old), 401, "message_stale")
    assert engine.asked == []


def test_events_that_nobody_asked_for_are_done_with(client: TestClient, engine: FakeService) -> None:
    other = event()
    other["header"]["event_type"] = "im.message.message_read_v1"
    assert post(client, other).json() == {"msg": "success"} and engine.asked == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"encrypt": "AAAA"}', b'{"encrypt": 5}', b'{"encrypt": "%%%"}']
)
def test_envelopes_that_are_wrong(client: TestClient, body: bytes) -> None:
    response = client.post("/bots/feishu", content=body, headers=signed(body))
    error_of(response, response.status_code, response.json()["error"]["code"])
    assert response.status_code in (400, 401)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "{"},
        {"content": "[]"},
        {"content": '{"text": 5}'},
        {"content": None},
        {"message_type": "post", "content": '{"content": [[5]]}'},
        {"message_type": "post", "content": '{"content": 5}'},
        {"message_id": ""},
        {"message_id": None},
        {"chat_id": None},
        {"content": '{"text": "\\ud800"}'},
    ],
)
def test_signed_messages_that_are_wrong(client: TestClient, engine: FakeService, message: dict[str, Any]) -> None:
    error_of(post(client, event(**message)), 400, "message_unreadable")
    assert engine.asked == []


def test_a_huge_body(client: TestClient) -> None:
    error_of(post(client, event("问" * BODY_LIMIT)), 413, "payload_too_large")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["header", "event", "schema"]), st.none() | st.integers() | st.text(max_size=5) | st.just({}))
def test_no_part_makes_a_fault(client: TestClient, name: str, value: Any) -> None:
    response = post(client, {**event(), name: value})
    assert response.status_code in (200, 400, 401), response.text


FIELDS = ["message_id", "chat_id", "message_type", "content", "mentions", "create_time", "chat_type"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FIELDS), st.none() | st.integers() | st.text(max_size=5) | st.just({}) | st.just([{"key": 5}]))
def test_no_field_of_a_message_makes_a_fault(client: TestClient, name: str, value: Any) -> None:
    response = post(client, event(**{name: value}))
    assert response.status_code in (200, 400, 409), response.text


def test_no_word_of_a_document_calls_anybody() -> None:
    evil = replies.Reply("answer", "<at id=all></at>", "[x](http://127.0.0.1)", notes=("**<at id=all></at>**",))

    def tags(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from ([part["tag"]] if "content" in part else [])
            for value in part.values():
                yield from tags(value)
        elif isinstance(part, list):
            for value in part:
                yield from tags(value)

    assert set(tags(feishu.card(evil, ""))) == {"plain_text"}
