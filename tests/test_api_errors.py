"""Every error that api/errors.py names can be met, with its status, in the one shape, and says what to do."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bot_bench import client_of
from bot_bench import service as bot_service
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from test_api_app import error_of
from test_api_guard import bearer
from test_api_guard import client_of as guarded

from api import errors
from api.app import create_app
from api.bots.settings import Bots, Webhook
from api.errors import ApiError
from api.outgoing.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Settings
from api.view import OnStep
from qa.types import Outcome, Question

POLICY = make_document("试行办法\n第一条 奖励10万元。\n")
SECRET = "a secret of thirty-two characters"
ASK = {"question": "奖励多少？"}


def plain(**settings: Any) -> TestClient:
    chosen = Settings(access="open", any_host=True, **settings)
    app = create_app(FakeService([POLICY], {"奖励": ("10万元", "奖励10万元")}), settings=chosen)
    return TestClient(app, raise_server_exceptions=False)


def chat(**more: Any) -> Any:
    body = {"model": "tiaowen", "messages": [{"role": "user", "content": "奖励多少？"}], **more}
    return plain().post("/v1/chat/completions", json=body)


class Held(FakeService):
    """Answers when it is let go."""

    go = threading.Event()

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
        assert self.go.wait(20)
        return super().answer(question, on_step)


def slow(status: int) -> Any:
    """A response of a service of one place that is taken: the one who waits too long, or the one who comes too late."""
    service = Held([POLICY])
    service.go = threading.Event()
    settings = Settings(access="open", any_host=True, at_work=1, queue=0, timeout=0.3 if status == 504 else 20)
    app = create_app(service, settings=settings)
    with TestClient(app) as client:
        got: list[Any] = []
        threads = [threading.Thread(target=lambda: got.append(client.post("/v1/ask", json=ASK))) for _ in range(2)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        until = time.monotonic() + 20
        while not [r for r in got if r.status_code == status] and time.monotonic() < until:
            time.sleep(0.02)
        service.go.set()
        for thread in threads:
            thread.join(20)
    return next(r for r in got if r.status_code == status)


def late_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A request whose body never ends."""
    monkeypatch.setattr("api.edge.envelope.BODY_SECONDS", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        if not sent:
            sent.append(1)
            return {"type": "http.request", "body": b'{"question"', "more_body": True}
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    out: list[Any] = []

    async def send(message: Any) -> None:
        out.append(message)

    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": headers, "query_string": b""}
    scope |= {"scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("x", 80), "root_path": ""}
    scope |= {"raw_path": b"/v1/ask", "asgi": {"version": "3.0"}}
    app: Any = plain().app
    asyncio.run(app(scope, receive, send))

    class Response:
        status_code = out[0]["status"]
        text = out[1]["body"].decode()

        def json(self) -> Any:
            return json.loads(self.text)

    return Response()


def webhook(tmp_path: Path, *bodies: Any, secret: str = SECRET, at: float = 0.0, fault: bool = False) -> Any:
    with client_of(Bots(webhook=Webhook(SECRET)), tmp_path, bot_service()) as client:
        for body in bodies:
            raw = json.dumps(body).encode() if not isinstance(body, bytes) else body
            stamp = str(int(time.time() + at))
            headers = {TIMESTAMP_HEADER: stamp, SIGNATURE_HEADER: sign(secret, stamp, raw)}
            response = client.post("/bots/webhook", content=raw, headers=headers)
        return response


def said(text: str) -> dict[str, str]:
    return {"message_id": "m1", "conversation_id": "c1", "text": text}


def login_ended(tmp_path: Path) -> Any:
    return guarded(Records(tmp_path), cookies={"tiaowen_login": "ended"}).get("/v1/faq")


def other_role(tmp_path: Path) -> Any:
    records = Records(tmp_path)
    return guarded(records).get("/v1/faq", headers=bearer(Keys(records).create("", "ask")[1]))


def too_often(tmp_path: Path) -> Any:
    client = guarded(Records(tmp_path), Settings(access="ask", rate_address=1))
    return [client.get("/v1/documents") for _ in range(2)][1]


def broken_engine() -> Any:
    class Broken(FakeService):
        def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
            raise RuntimeError("secret")

    return TestClient(create_app(Broken([POLICY])), raise_server_exceptions=False).post("/v1/ask", json=ASK)


Met = Callable[[Path, pytest.MonkeyPatch], Any]
MET: dict[str, tuple[int, Met]] = {
    "invalid_request": (422, lambda t, m: plain().post("/v1/ask", json={"question": 1})),
    "question_empty": (422, lambda t, m: plain().post("/v1/ask", json={"question": " "})),
    "question_too_long": (422, lambda t, m: plain().post("/v1/ask", json={"question": "字" * 501})),
    "content_unsupported": (
        422,
        lambda t, m: chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
    ),
    "model_not_found": (404, lambda t, m: chat(model="other")),
    "invalid_json": (
        400,
        lambda t, m: plain().post("/v1/ask", content=b"{", headers={"content-type": "application/json"}),
    ),
    "method_not_allowed": (405, lambda t, m: plain().get("/v1/ask")),
    "payload_too_large": (413, lambda t, m: plain().post("/v1/ask", content=b" " * 70_000)),
    "body_timeout": (408, late_body),
    "key_missing": (401, lambda t, m: guarded(Records(t)).get("/v1/documents")),
    "key_wrong": (401, lambda t, m: guarded(Records(t)).get("/v1/documents", headers=bearer("tw_x"))),
    "session_expired": (401, lambda t, m: login_ended(t)),
    "forbidden": (403, lambda t, m: other_role(t)),
    "embedding_off": (404, lambda t, m: guarded(Records(t), Settings()).get("/widget.js")),
    "origin_refused": (403, lambda t, m: guarded(Records(t), Settings(), address="203.0.113.9").get("/")),
    "rate_limited": (429, lambda t, m: too_often(t)),
    "busy": (503, lambda t, m: slow(503)),
    "timeout": (504, lambda t, m: slow(504)),
    "signature_wrong": (401, lambda t, m: webhook(t, said("奖励？"), secret="another secret of some length")),
    "message_stale": (401, lambda t, m: webhook(t, said("奖励？"), at=-3600)),
    "message_reused": (409, lambda t, m: webhook(t, said("奖励？"), said("别的？"))),
    "not_ready": (503, lambda t, m: TestClient(create_app(FakeService([POLICY], is_ready=False))).get("/readyz")),
    "internal": (500, lambda t, m: broken_engine()),
    "not_found": (404, lambda t, m: plain().get("/nothing")),
}
ELSEWHERE = {
    "message_unreadable": "tests/test_api_bots_wecom.py",
    "message_unanswered": "tests/test_api_bots_wecom.py",
    "sso_expired": "tests/test_api_sso.py",
    "sso_refused": "tests/test_api_sso.py",
    "sso_untrusted": "tests/test_api_sso.py",
    "sso_no_role": "tests/test_api_sso.py",
    "sso_unavailable": "tests/test_api_sso.py",
    "not_safe": "tests/test_api_guard.py",
    "cannot_listen": "tests/test_api_serving.py",
}
"""Those that it takes more than one request to meet, and where that is done."""


@pytest.mark.parametrize("code", list(MET))
def test_an_error_is_met(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, meet = MET[code]
    error = error_of(meet(tmp_path, monkeypatch), status, code)
    assert error["hint"] and "secret" not in str(error)


def subclasses(of: type[Any]) -> set[type[Any]]:
    return {inner for cls in of.__subclasses__() for inner in (cls, *subclasses(cls))}


def test_no_error_of_the_service_is_left_out() -> None:
    known = {cls.code for cls in subclasses(ApiError) if cls.__module__ == "api.errors"} | {errors.NotSafe.code}
    assert known - {"internal"} == (set(MET) | set(ELSEWHERE)) - {"internal", "not_found"}
    tree = errors.__doc__ or ""
    for cls in subclasses(ApiError):
        if cls.__module__ == "api.errors":
            line = next(line for line in tree.splitlines() if f" {cls.__name__} " in line)
            assert f'"{cls.code}"' in line and str(cls.status) in line, cls


@pytest.mark.parametrize("code", list(ELSEWHERE))
def test_the_others_are_met_where_it_says(code: str) -> None:
    text = (Path(__file__).resolve().parents[1] / ELSEWHERE[code]).read_text("utf-8")
    name = next(cls.__name__ for cls in subclasses(errors.PolicyError) if cls.code == code)
    assert code in text or name in text
