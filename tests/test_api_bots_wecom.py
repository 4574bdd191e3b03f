"""WeCom's callbacks, encrypted and decrypted by the official algorithm as wechatpy has it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bot_bench import QUESTION, QUOTE, client_of, error_of, service
from fake_service import FakeService
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bots import replies, wecom
from api.bots.settings import Bots, WeCom
from api.errors import BODY_LIMIT, Busy
from qa.types import Outcome, Question

pytest.importorskip("wechatpy")

from wechatpy.crypto import _get_signature
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

CORP, TOKEN = "ww0123456789abcdef", "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OTHER_KEY = "aWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
BOTS = Bots(wecom=WeCom(CORP, TOKEN, KEY))
CRYPTO = WeChatCrypto(TOKEN, KEY, CORP)


@pytest.fixture
def engine() -> FakeService:
    return service()


@pytest.fixture
def client(engine: FakeService, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(BOTS, tmp_path, engine) as client:
        yield client


def xml(text: str = QUESTION, id: int = 4561255354251345929, sender: str = "zhangsan", kind: str = "text") -> str:
    content = f"<Content><![CDATA[{text}]]></Content>" if kind == "text" else "<MediaId>x</MediaId>"
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{content}"
        f"<MsgId>{id}</MsgId><AgentID>1000002</AgentID></xml>"
    )


def post(client: TestClient, plain: str, crypto: Any = CRYPTO, at: float | None = None, **query: str) -> Any:
    """Sends what the platform would: the SDK's own envelope, its signature in the address."""
    stamp, nonce = str(int(time.time() if at is None else at)), "1372623149"
    sealed = crypto.encrypt_message(plain, nonce, stamp)
    signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    params = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce, **query}
    return client.post("/bots/wecom", params=params, content=body.encode())


def opened(response: Any) -> Any:
    """The reply as the platform reads it: signature checked, decrypted, parsed."""
    import xmltodict

    assert response.status_code == 200, response.text
    sealed = xmltodict.parse(response.text)["xml"]
    plain = CRYPTO.decrypt_message(response.text, sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"])
    return xmltodict.parse(plain)["xml"]


def test_the_address_is_verified(client: TestClient) -> None:
    stamp, nonce = str(int(time.time())), "263014780"
    echo = PrpCrypto(CRYPTO.key).encrypt("1616140317555161061", CORP).decode()
    query = {"msg_signature": _get_signature(TOKEN, stamp, nonce, echo), "timestamp": stamp, "nonce": nonce}
    good = client.get("/bots/wecom", params={**query, "echostr": echo})
    assert good.status_code == 200 and good.text == "1616140317555161061"
    assert good.headers["content-type"].startswith("text/plain")
    error_of(client.get("/bots/wecom", params={**query, "echostr": echo[:-4] + "AAA="}), 401, "signature_wrong")
    error_of(client.get("/bots/wecom", params=query), 401, "signature_wrong")
    error_of(client.get("/bots/wecom"), 401, "signature_wrong")


def test_a_question_is_answered_with_its_clause(client: TestClient) -> None:
    reply = opened(post(client, xml()))
    assert (reply["FromUserName"], reply["ToUserName"], reply["MsgType"]) == (CORP, "zhangsan", "text")
    for part in ("100万元", "《试点若干措施》（试发〔2026〕1号） 一、（一）", "现行有效", QUOTE, "转人工"):
        assert part in reply["Content"]
    assert len(reply["Content"].encode()) <= 2048


def test_a_card_where_there_is_a_page(tmp_path: Path) -> None:
    bots = Bots(wecom=WeCom(CORP, TOKEN, KEY, "news"), page="https://ask.example.gov.cn/")
    with client_of(bots, tmp_path) as client:
        reply = opened(post(client, xml()))
        assert reply["MsgType"] == "news" and reply["ArticleCount"] == "1"
        item = reply["Articles"]["item"]
        assert item["Title"] == "100万元" and item["Url"] == "https://ask.example.gov.cn/"
        assert QUOTE in item["Description"] and len(item["Description"].encode()) <= 512
        assert opened(post(client, xml("转人工", 2)))["MsgType"] == "text"


def test_a_retry_is_answered_once(client: TestClient, engine: FakeService) -> None:
    first = opened(post(client, xml()))
    again = opened(post(client, xml()))
    assert again["Content"] == first["Content"] and len(engine.asked) == 1
    opened(post(client, xml(id=7)))
    assert len(engine.asked) == 2


def test_each_member_has_a_conversation(client: TestClient, engine: FakeService) -> None:
    for id, sender in ((1, "zhangsan"), (2, "zhangsan"), (3, "lisi")):
        opened(post(client, xml(id=id, sender=sender)))
    sessions = [question.session for question in engine.asked]
    assert sessions[0] == sessions[1] != sessions[2]


def test_pictures_events_and_people(client: TestClient, engine: FakeService) -> None:
    assert "文字" in opened(post(client, xml(kind="image")))["Content"]
    event = "<xml><FromUserName>a</FromUserName><MsgType>event</MsgType><Event>enter_agent</Event></xml>"
    silent = post(client, event)
    assert silent.status_code == 200 and silent.content == b""
    assert engine.asked == []
    assert "已转人工" in opened(post(client, xml("转人工", 2)))["Content"]


def test_what_is_wrong_with_a_question_is_said_in_the_chat(client: TestClient) -> None:
    assert "问题太长" in opened(post(client, xml("问" * 501)))["Content"]
    assert "问题是空的" in opened(post(client, xml("  ", 2)))["Content"]


def test_busy_is_said_and_the_retry_is_answered(tmp_path: Path) -> None:
    class OnceBusy(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            if not self.asked:
                self.asked.append(question)
                raise Busy
            return super().answer(question, *rest)

    plain = service()
    with client_of(BOTS, tmp_path, OnceBusy(plain.texts, plain.known)) as client:
        assert "请稍候" in opened(post(client, xml()))["Content"]
        assert "100万元" in opened(post(client, xml()))["Content"]


def test_a_slow_answer_waits_for_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform hangs up and tries again: twice unanswered, the third is told, and the answer is there after that."""
    monkeypatch.setattr(wecom, "PATIENCE", 0.2)
    monkeypatch.setattr(wecom, "LAST_PATIENCE", 0.2)
    go = threading.Event()

    class Slow(FakeService):
        def answer(self, question: Question, *rest: Any) -> Outcome:
            go.wait(20)
            return super().answer(question, *rest)

    plain = service()
    engine = Slow(plain.texts, plain.known)
    with client_of(BOTS, tmp_path, engine) as client:
        for _ in range(2):
            error_of(post(client, xml()), 503, "message_unanswered")
        assert "还在查" in opened(post(client, xml()))["Content"]
        go.set()
        monkeypatch.setattr(wecom, "LAST_PATIENCE", 10.0)
        assert "100万元" in opened(post(client, xml()))["Content"]
    assert len(engine.asked) == 1


# --- who may not --------------------------------------------------------------------------------------------------------


def test_wrong_token_key_company_and_signature(client: TestClient, engine: FakeService) -> None:
    error_of(post(client, xml(), WeChatCrypto("wrong", KEY, CORP)), 401, "signature_wrong")
    error_of(post(client, xml(), msg_signature="0" * 40), 401, "signature_wrong")
    error_of(post(client, xml(), msg_signature=""), 401, "signature_wrong")
    error_of(post(client, xml(), nonce="other"), 401, "signature_wrong")
    error_of(post(client, xml(), timestamp=str(int(time.time()) - 1)), 401, "signature_wrong")
    error_of(post(client, xml(), WeChatCrypto(TOKEN, OTHER_KEY, CORP)), 400, "message_unreadable")
    error_of(post(client, xml(), WeChatCrypto(TOKEN, KEY, "another company")), 400, "message_unreadable")
    assert engine.asked == []


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_recorded_message_is_worth_nothing_later(client: TestClient, engine: FakeService, off: float) -> None:
    error_of(post(client, xml(), at=time.time() + off), 401, "message_stale")
    assert engine.asked == []


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Encrypt>&a;</Encrypt></xml>'


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "message_unreadable"),
        (b"{}", 400, "message_unreadable"),
        (b"<xml><Encrypt>", 400, "message_unreadable"),
        (b"\xff\xff", 400, "message_unreadable"),
        (b"<xml></xml>", 401, "signature_wrong"),
        (b"<xml><Encrypt>AAAA</Encrypt></xml>", 401, "signature_wrong"),
        (BOMB.encode(), 400, "message_unreadable"),
        (BOMB.encode("utf-16"), 400, "message_unreadable"),
        (OUTSIDE.encode(), 400, "message_unreadable"),
        (b"<!DOCTYPE xml SYSTEM 'http://127.0.0.1:9/x.dtd'><xml><Encrypt>A</Encrypt></xml>", 400, "message_unreadable"),
        (b"<a>" * 20_000, 400, "message_unreadable"),
        (b"<xml>" + b" " * BODY_LIMIT + b"</xml>", 413, "payload_too_large"),
    ],
)
def test_envelopes_that_are_wrong(client: TestClient, body: bytes, status: int, code: str) -> None:
    query = {"msg_signature": "x", "timestamp": str(int(time.time())), "nonce": "n"}
    error_of(client.post("/bots/wecom", params=query, content=body), status, code)


@pytest.mark.parametrize(
    "plain",
    [
        "not XML",
        "<xml/>",
        "<xml><MsgType>text</MsgType></xml>",
        "<xml><MsgType>text</MsgType><FromUserName>a</FromUserName><Content>x</Content></xml>",
        "<xml><MsgType>text</MsgType><FromUserName>a</FromUserName><MsgId>one</MsgId><Content>x</Content></xml>",
        "<other><MsgType>text</MsgType></other>",
        '<!DOCTYPE x [<!ENTITY a "b">]>' + xml(),
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + xml().replace(QUESTION, "&a;"),
    ],
)
def test_signed_messages_that_are_wrong(client: TestClient, engine: FakeService, plain: str) -> None:
    error_of(post(client, plain), 400, "message_unreadable")
    assert engine.asked == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120).map(lambda data: base64.b64encode(data).decode()) | st.text(max_size=60))
def test_nothing_that_is_signed_but_not_encrypted_makes_a_fault(client: TestClient, encrypted: str) -> None:
    stamp = str(int(time.time()))
    signature = _get_signature(TOKEN, stamp, "n", encrypted)
    query = {"msg_signature": signature, "timestamp": stamp, "nonce": "n", "echostr": encrypted}
    response = client.get("/bots/wecom", params=query)
    assert response.status_code in (400, 401), response.text


def test_no_word_of_a_document_acts_as_markup() -> None:
    given = parse_message(xml())
    evil = replies.Reply("answer", "]]><Content>x", "点<a href='http://127.0.0.1/'>这里</a>", notes=("5<6",))
    text = wecom._text_reply(given, evil)
    import xmltodict

    parsed = xmltodict.parse(text)["xml"]
    assert parsed["FromUserName"] == CORP and isinstance(parsed["Content"], str)
    assert "<a" not in parsed["Content"] and "5<6" in parsed["Content"]
