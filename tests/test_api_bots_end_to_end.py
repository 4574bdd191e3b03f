"""A conversation in a chat with the real engine over real documents, and that two chats do not hear each other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.answer.service import EngineService
from api.app import create_app
from api.bots.settings import Bots, DingTalk, Webhook
from api.outgoing.signing import sign
from api.records.database import Records
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import build_engine, update_index

SAMPLES = Path(__file__).resolve().parents[1] / "corpus" / "samples"
SECRET = "a secret of thirty-two characters"
BOTS = Bots(dingtalk=DingTalk("ding", SECRET, "response"), webhook=Webhook(SECRET))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    pytest.importorskip("dingtalk_stream")
    folder = tmp_path_factory.mktemp("bots")
    store = Store(folder)
    ingest(store, [SAMPLES / "01_专精特新若干措施.txt", SAMPLES / "02_电动自行车停放充电管理办法.txt"])
    update_index(store, folder)
    service = EngineService(build_engine(folder))
    service.warm_up().join()
    app = create_app(service, clock=lambda: date(2026, 11, 21), records=Records(folder), bots=BOTS)
    with TestClient(app) as client:
        yield client


def ask(client: TestClient, chat: str, id: str, text: str) -> Any:
    raw = json.dumps({"message_id": id, "conversation_id": chat, "text": text}).encode()
    timestamp = str(int(time.time()))
    headers = {"X-Tiaowen-Timestamp": timestamp, "X-Tiaowen-Signature": sign(SECRET, timestamp, raw)}
    return client.post("/bots/webhook", content=raw, headers=headers).json()


def test_a_follow_up_leans_on_its_own_chat_only(client: TestClient) -> None:
    first = ask(client, "one", "1", "专精特新企业新建国家级企业技术中心，支持多少？")
    ask(client, "two", "2", "把电动自行车的蓄电池带进电梯，个人罚多少钱？")
    second = ask(client, "one", "3", "那省级的呢？")
    other = ask(client, "three", "4", "那省级的呢？")
    assert (first["title"], second["title"]) == ("150万元", "60万元")
    assert "按“" in second["markdown"] and "省级" in second["answer"]["rewritten"]
    assert other["answer"]["rewritten"] is None, "another chat has asked nothing before"
    for citation in second["answer"]["citations"]:
        assert citation["quote"][:20] in second["markdown"].replace("\\", "")


def test_a_refusal_leads_to_a_person_with_the_whole_question(client: TestClient) -> None:
    ask(client, "four", "10", "专精特新企业新建国家级企业技术中心，支持多少？")
    assert ask(client, "four", "11", "那省级的呢？")["title"] == "60万元"
    done = ask(client, "four", "12", "转人工")
    question = client.get(f"/v1/handoffs/{done['handoff_id']}").json()["question"]
    assert "省级" in question and "技术中心" in question, "a person was not there before"


def test_a_platform_gets_the_same_answer(client: TestClient) -> None:
    from test_api_bots_dingtalk import message, signed

    body = message("专精特新企业新建国家级企业技术中心，支持多少？")
    got = client.post("/bots/dingtalk", json=body, headers=signed(SECRET)).json()
    assert got["markdown"]["title"] == "150万元" and "《" in got["markdown"]["text"]
