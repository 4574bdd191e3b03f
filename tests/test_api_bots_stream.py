"""DingTalk's stream mode: the official client against a gateway on this machine, the service behind it asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from bot_bench import QUESTION, QUOTE, Platform, Received, service
from fake_service import TODAY, FakeService
from test_api_bots_dingtalk import message

from api import cli
from api.app import create_app
from api.bots import stream
from api.bots.settings import Bots, DingTalk, Webhook
from api.records.database import Records

pytest.importorskip("dingtalk_stream")

WEBHOOK = Webhook("a secret of thirty-two characters")


@contextmanager
def serving(folder: Path, engine: FakeService) -> Iterator[str]:
    """The service on a port of this machine."""
    app = create_app(engine, clock=lambda: TODAY, records=Records(folder), bots=Bots(webhook=WEBHOOK))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Gateway(Platform):
    """The calls of the platform that a card takes; `cards` False: the app may not send any."""

    def __init__(self, cards: bool = True) -> None:
        super().__init__(self.say)
        self.cards, self.websocket = cards, ""

    def say(self, request: Received) -> tuple[int, Any]:
        if request.path == "/v1.0/gateway/connections/open":
            return 200, {"endpoint": self.websocket, "ticket": "a ticket"}
        if request.path == "/v1.0/oauth2/accessToken":
            return 200, {"accessToken": "token", "expireIn": 7200}
        if request.path.startswith("/v1.0/card/"):
            return (200, {"success": True}) if self.cards else (403, {"code": "Forbidden"})
        return 200, {"errcode": 0}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    import dingtalk_stream

    gateway = Gateway()
    with gateway.running():
        monkeypatch.setattr(
            dingtalk_stream.DingTalkStreamClient,
            "OPEN_CONNECTION_API",
            gateway.origin + "/v1.0/gateway/connections/open",
        )
        for module in ("stream", "card_replier"):
            monkeypatch.setattr(f"dingtalk_stream.{module}.DINGTALK_OPENAPI_ENDPOINT", gateway.origin)
        yield gateway


def brought(gateway: Gateway, service_url: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the client acknowledges when the platform brings it messages over the connection that it opened."""
    from websockets.asyncio.server import serve

    acknowledged: list[dict[str, Any]] = []

    async def play() -> None:
        done = asyncio.Event()

        async def connected(socket: Any) -> None:
            for number, data in enumerate(messages):
                headers = {"topic": "/v1.0/im/bot/messages/get", "messageId": f"frame{number}", "time": "1"}
                frame = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(data)}
                await socket.send(json.dumps(frame))
                acknowledged.append(json.loads(await socket.recv()))
            done.set()
            await socket.wait_closed()

        async with serve(connected, "127.0.0.1", 0) as server:
            gateway.websocket = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            settings = DingTalk("dingid", "app secret", webhooks=(gateway.origin,))
            client = asyncio.create_task(stream.client(settings, WEBHOOK, service_url).start())
            await asyncio.wait_for(done.wait(), 30)
            while not client.done():  # the SDK takes a first cancellation for a fault of the network
                client.cancel()
                await asyncio.sleep(0.01)

    asyncio.run(play())
    return acknowledged


def test_a_message_is_answered_with_a_card(gateway: Gateway, tmp_path: Path) -> None:
    engine = service()
    with serving(tmp_path, engine) as url:
        follow = message(QUESTION, id="2")
        acks = brought(gateway, url, [message(), message(), follow, message("转人工", id="3")])
    assert [ack["code"] for ack in acks] == [200] * 4
    assert gateway.wait_for(1, "/v1.0/gateway")[0].json["subscriptions"] == [
        {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}
    ]
    cards = [r.json for r in gateway.requests if r.path == "/v1.0/card/instances"]
    first = cards[0]["cardData"]["cardParamMap"]
    assert first["title"] == "100万元" and QUOTE in first["markdown"]
    assert cards[3]["cardData"]["cardParamMap"]["title"] == "已转人工"
    assert len(engine.asked) == 2, "what is brought again is not answered again"
    assert engine.asked[0].session == engine.asked[1].session


def test_where_no_card_may_be_sent_it_is_markdown(gateway: Gateway, tmp_path: Path) -> None:
    gateway.cards = False
    with serving(tmp_path, service()) as url:
        acks = brought(gateway, url, [message(sessionWebhook=f"{gateway.origin}/robot/sendBySession?session=x")])
        elsewhere = brought(gateway, url, [message(id="2", sessionWebhook="http://127.0.0.1:9/")])
    assert acks[0]["code"] == 200 and elsewhere[0]["code"] == 500
    (sent,) = [r.json for r in gateway.requests if r.path.startswith("/robot/")]
    assert QUOTE in sent["markdown"]["text"]


def test_what_cannot_be_answered_is_brought_again_or_told(gateway: Gateway, tmp_path: Path) -> None:
    engine = service()
    with serving(tmp_path, engine) as url:
        picture = message(id="p", msgtype="picture", content={"downloadCode": "x"})
        acks = brought(gateway, url, [message("问" * 501), picture, {"msgtype": "text"}])
        engine.is_ready = False
        acks += brought(gateway, url, [message(id="2")])
    acks += brought(gateway, "http://127.0.0.1:9", [message(id="3")])
    assert [ack["code"] for ack in acks] == [200, 200, 400, 500, 500]
    titles = [r.json["cardData"]["cardParamMap"]["title"] for r in gateway.requests if r.path == "/v1.0/card/instances"]
    assert titles == ["问题太长，最多 500 个字。", "目前只能看懂文字"]


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bots", "dingtalk-stream", "--data", str(tmp_path)]
    assert cli.main(command) == 1 and "[dingtalk]" in capsys.readouterr().err
    (tmp_path / "bots.toml").write_text('[dingtalk]\nclient_id = "a"\nclient_secret = "b"\n', "utf-8")
    assert cli.main(command) == 1 and "[webhook]" in capsys.readouterr().err
