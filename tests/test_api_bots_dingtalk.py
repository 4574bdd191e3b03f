"""DingTalk's callbacks: signed by the documented algorithm, parsed by the official SDK, replied to where the platform says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bot_bench import QUESTION, QUOTE, Platform, client_of, error_of, service
from fake_service import FakeService
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bots.settings import Bots, DingTalk
from api.errors import BODY_LIMIT, Busy
from qa.types import Outcome, Question

pytest.importorskip("dingtalk_stream")

SECRET = "dingtalk-app-secret"
IN_RESPONSE = Bots(dingtalk=DingTalk("dingid", SECRET, "response"))


@pytest.fixture
def engine() -> FakeService:
    return service()


@pytest.fixture
def client(engine: FakeService, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(IN_RESPONSE, tmp_path, engine) as client:
        yield client


def message(text: str = f" {QUESTION}", id: str = "msg0xxxxx", chat: str = "cid1", **more: Any) -> dict[str, Any]:
    """A message as the platform's documentation shows it."""
    return {
        "conversationId": chat,
        "atUsers": [{"dingtalkId": "$:LWCP_v1:$1"}],
        "chatbotCorpId": "dinge8a565",
        "chatbotUserId": "$:LWCP_v1:$C",
        "msgId": id,
        "senderNick": "杨",
        "isAdmin": True,
        "senderStaffId": "user123",
        "sessionWebhookExpiredTime": 1613635652738,
        "createAt": 1613630252678,
        "senderCorpId": "dinge8a565",
        "conversationType": "2",
        "senderId": "$:LWCP_v1:$F",
        "conversationTitle": "机器人测试",
        "isInAtList": True,
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=x",
        "text": {"content": text},
        "msgtype": "text",
        **more,
    }


def signed(secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    stamp = str(round((time.time() if at is None else at) * 1000))
    code = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(code).decode()}


def post(client: TestClient, body: Any, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/bots/dingtalk", content=raw, headers=headers or signed())


def test_a_question_is_answered_in_the_response(client: TestClient, engine: FakeService) -> None:
    got = post(client, message()).json()
    assert got["msgtype"] == "markdown" and got["markdown"]["title"] == "100万元"
    for part in ("**100万元**", "《试点若干措施》（试发〔2026〕1号） 一、（一）", "现行有效", QUOTE, "转人工"):
        assert part in got["markdown"]["text"]
    assert engine.asked[0].text == QUESTION


def test_a_card_with_a_button_where_there_is_a_page(tmp_path: Path) -> None:
    bots = Bots(dingtalk=DingTalk("dingid", SECRET, "response"), page="https://ask.example.gov.cn/")
    with client_of(bots, tmp_path) as client:
        got = post(client, message()).json()
    assert got["msgtype"] == "actionCard" and got["actionCard"]["singleURL"] == "https://ask.example.gov.cn/"
    assert QUOTE in got["actionCard"]["text"]


def test_a_reply_goes_through_the_session_webhook_and_is_tried_again(tmp_path: Path) -> None:
    tries: list[int] = []

    def answer(request: Any) -> tuple[int, Any]:
        tries.append(1)
        return (502, {}) if len(tries) == 1 else (200, {"errcode": 310000} if len(tries) == 2 else {"errcode": 0})

    platform, engine = Platform(answer), service()
    with platform.running():
        bots = Bots(dingtalk=DingTalk("dingid", SECRET, webhooks=(platform.origin,)))
        body = message(sessionWebhook=f"{platform.origin}/robot/sendBySession?session=x")
        with client_of(bots, tmp_path, engine) as client:
            assert post(client, body).json() == {}
            assert post(client, body).json() == {}, "a retry of the platform"
            requests = platform.wait_for(3)
    assert len(requests) == 3 and {request.path for request in requests} == {"/robot/sendBySession?session=x"}
    assert requests[0].json["msgtype"] == "markdown" and QUOTE in requests[-1].json["markdown"]["text"]
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://oapi.dingtalk.com/robot",
        "https://oapi.dingtalk.com.evil.example/robot",
        "https://oapi.dingtalk.com@127.0.0.1/robot",
        "https://oapi.dingtalk.com:8443/robot",
        "https://127.0.0.1\\@oapi.dingtalk.com/",
        "//oapi.dingtalk.com/robot",
        "file:///etc/hostname",
        "https://[/",
        "https://oapi.dingtalk.com/\n",
        "",
        5,
        ["https://oapi.dingtalk.com/"],
    ],
)
def test_no_message_sends_us_elsewhere(tmp_path: Path, address: Any) -> None:
    engine = service()
    with client_of(Bots(dingtalk=DingTalk("dingid", SECRET)), tmp_path, engine) as client:
        error_of(post(client, message(sessionWebhook=address)), 400, "message_unreadable")
    assert engine.asked == []


def test_a_retry_is_answered_once_and_a_chat_is_a_conversation(client: TestClient, engine: FakeService) -> None:
    first = post(client, message()).json()
    assert post(client, message()).json() == first and len(engine.asked) == 1
    post(client, message(id="2"))
    post(client, message(id="3", chat="cid2"))
    sessions = [question.session for question in engine.asked]
    assert sessions[0] == sessions[1] != sessions[2]


def test_an_answer_that_comes_late_is_still_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.bots import dingtalk

    monkeypatch.setattr(dingtalk, "PATIENCE", 0.1)

    class Slow(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            time.sleep(0.6)
            return super().answer(question, *rest)

    platform, plain = Platform(lambda request: (200, {"errcode": 0})), service()
    with platform.running():
        bots = Bots(dingtalk=DingTalk("dingid", SECRET, webhooks=(platform.origin,)))
        with client_of(bots, tmp_path, Slow(plain.texts, plain.known)) as client:
            assert post(client, message(sessionWebhook=f"{platform.origin}/s")).json() == {}
            assert QUOTE in platform.wait_for(1)[0].json["markdown"]["text"]


def test_busy_is_said_in_the_chat(tmp_path: Path) -> None:
    class AlwaysBusy(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            raise Busy

    plain, platform = service(), Platform(lambda request: (200, {"errcode": 0}))
    with platform.running():
        bots = Bots(dingtalk=DingTalk("dingid", SECRET, webhooks=(platform.origin,)))
        with client_of(bots, tmp_path, AlwaysBusy(plain.texts, plain.known)) as client:
            assert post(client, message(sessionWebhook=f"{platform.origin}/s")).status_code == 200
            assert "请稍候" in platform.wait_for(1)[0].json["markdown"]["text"]


def test_rich_text_pictures_and_people(client: TestClient, engine: FakeService) -> None:
    rich = {"msgtype": "richText", "content": {"richText": [{"text": "国家级企业"}, {"text": "奖多少？"}]}}
    assert "100万元" in post(client, message(**rich)).json()["markdown"]["title"]
    picture = {"msgtype": "picture", "content": {"downloadCode": "x"}}
    assert "文字" in post(client, message(id="2", **picture)).json()["markdown"]["title"]
    assert "已转人工" in post(client, message(" 转人工 ", id="3")).json()["markdown"]["title"]
    assert "问题太长" in post(client, message("问" * 501, id="4")).json()["markdown"]["title"]


# --- who may not --------------------------------------------------------------------------------------------------------


def test_wrong_secret_and_missing_headers(client: TestClient, engine: FakeService) -> None:
    error_of(post(client, message(), signed("another")), 401, "signature_wrong")
    error_of(client.post("/bots/dingtalk", json=message()), 401, "signature_wrong")
    error_of(
        post(client, message(), {**signed(), "timestamp": str(int(time.time() * 1000) + 5)}), 401, "signature_wrong"
    )
    assert engine.asked == []


@pytest.mark.parametrize("off", [-3700, 3700, -(10**9)])
def test_a_recorded_signature_is_worth_nothing_later(client: TestClient, engine: FakeService, off: float) -> None:
    error_of(post(client, message(), signed(at=time.time() + off)), 401, "message_stale")
    assert engine.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 30_000,
        {},
        message(msgtype=None),
        message(id=""),
        message(id=7),  # type: ignore[arg-type]
        message(chat=None),  # type: ignore[arg-type]
        message(text=5),  # type: ignore[arg-type]
        message(text="\ud800"),
        message(text="转人工 \0"),
        message(id="x" * 300),
        message(msgtype="richText"),
        message(atUsers=5),
        message(sessionWebhookExpiredTime="soon"),
        message(hostingContext={}),
    ],
)
def test_bodies_that_are_wrong(client: TestClient, engine: FakeService, body: Any) -> None:
    error_of(post(client, body), 400, "message_unreadable")
    assert engine.asked == []


def test_a_huge_body(client: TestClient) -> None:
    error_of(post(client, message("问" * BODY_LIMIT)), 413, "payload_too_large")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(message())), JSON)
def test_no_field_makes_a_fault(client: TestClient, name: str, value: Any) -> None:
    response = post(client, {**message(), name: value})
    assert response.status_code in (200, 400, 409), response.text
