"""Whole documents: the same JSON as ever, packed where the caller takes it, and cheap however many read however slowly."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from live_service import running
from test_api_app import error_of

from api.answer import bodies
from api.answer.bodies import Bodies, packed, written
from api.app import create_app
from api.contract import schemas
from api.errors import Busy
from corpus.types import Clause, Document

SMALL = make_document("试行办法\n第一条 奖励10万元。\n第二条 本办法自发布之日起施行。\n", number="甲府规〔2026〕1号")
ARTICLE = "第{}条 第{}类企业按照规定给予{}元补助{}。\n"
LARGE = make_document(
    "汇编办法\n"
    + "".join(ARTICLE.format("一二三四五六七八九十"[n % 10], n, n, "，由主管部门负责" * 120) for n in range(1500))
)


class Counted(FakeService):
    """Counts how often the clauses of a document were read, and holds up whoever reads them until it is told."""

    reads = 0
    go: threading.Event | None = None

    def clauses(self, document_id: str) -> list[Clause]:
        self.reads += 1
        if self.go is not None:
            assert self.go.wait(20)
        return super().clauses(document_id)


@pytest.fixture(scope="module")
def large() -> Counted:
    return Counted([SMALL, LARGE])


def client_of(service: FakeService, day: date = TODAY) -> TestClient:
    return TestClient(create_app(service, clock=lambda: day), raise_server_exceptions=False)


def whole(service: FakeService, document: Document) -> Any:
    """The body as one object makes it."""
    full = schemas.document_full(document, service.clauses(document.id), service.linked_from(document.id), TODAY)
    return json.loads(full.model_dump_json())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 3))
def test_the_pieces_are_the_whole(text: str, articles: int) -> None:
    body = "".join(f"\n第{'一二三'[n]}条 {text}" for n in range(articles))
    document = make_document(f"办法{text}{body}\n")
    service = FakeService([document])
    body_of = packed(written(service, document.id, TODAY))
    data = gzip.decompress(body_of.packed)
    assert json.loads(data) == whole(service, document) and len(data) == body_of.size


def test_the_order_of_fields_is_as_the_schema_says(large: Counted) -> None:
    sent = client_of(large).get(f"/v1/documents/{SMALL.id}").json()
    assert list(sent) == list(schemas.DocumentFull.model_fields) and sent == whole(large, SMALL)


@pytest.mark.parametrize(
    "encoding", ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "identity", "", "gzip;q=0", "gzip;q=0.0"]
)
def test_what_is_taken_is_sent(large: Counted, encoding: str) -> None:
    client = client_of(large)
    with client.stream("GET", f"/v1/documents/{SMALL.id}", headers={"Accept-Encoding": encoding}) as answered:
        data = b"".join(answered.iter_raw())
    is_packed = answered.headers.get("content-encoding") == "gzip"
    assert is_packed == (encoding in ("gzip", "GZIP", "br;q=1.0, gzip;q=0.8, *;q=0.1"))
    assert int(answered.headers["content-length"]) == len(data) and answered.headers["vary"] == "Accept-Encoding"
    assert json.loads(gzip.decompress(data) if is_packed else data) == whole(large, SMALL)


def test_what_the_caller_has_is_not_sent_again(large: Counted) -> None:
    client = client_of(large)
    path = f"/v1/documents/{SMALL.id}"
    first = client.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    before = large.reads
    for named in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = client.get(path, headers={"If-None-Match": named})
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
    assert large.reads == before
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    later = client_of(large, date(2027, 1, 1)).get(path, headers={"If-None-Match": tag})
    assert later.status_code == 200, "validity is told by the day"
    assert client.get(f"/v1/documents/{LARGE.id}", headers={"If-None-Match": tag}).status_code == 200
    assert client.head(path).headers["content-length"] == first.headers["content-length"]
    error_of(client.get("/v1/documents/none"), 404, "not_found")
    error_of(client.get("/v1/documents/none"), 404, "not_found")


def test_many_callers_wait_for_one_body_and_questions_for_none(large: Counted) -> None:
    large.go, large.reads = threading.Event(), 0
    app = create_app(large, clock=lambda: TODAY)
    statuses: list[int] = []

    def get() -> None:
        statuses.append(TestClient(app).get(f"/v1/documents/{SMALL.id}").status_code)

    callers = [threading.Thread(target=get) for _ in range(12)]
    for caller in callers:
        caller.start()
    assert TestClient(app).post("/v1/ask", json={"question": "奖励多少？"}).status_code == 200
    large.go.set()
    for caller in callers:
        caller.join(20)
    large.go = None
    assert statuses == [200] * 12 and large.reads == 1


def test_bodies_wait_in_a_bounded_queue(large: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WAITING", 1)
    large.go = threading.Event()

    async def two() -> None:
        kept = Bodies(20)
        first = asyncio.create_task(kept._get(("a", SMALL.id), large, TODAY))
        await asyncio.sleep(0.1)
        with pytest.raises(Busy):
            await kept._get(("b", LARGE.id), large, TODAY)
        assert large.go
        large.go.set()
        assert (await first).size
        assert (await kept._get(("b", LARGE.id), large, TODAY)).size

    try:
        asyncio.run(two())
    finally:
        large.go = None


def test_no_more_is_kept_than_may(large: Counted) -> None:
    async def several() -> None:
        kept = Bodies(20, kept=3000)
        for n in range(8):
            await kept._get((str(n), SMALL.id), large, TODAY)
        assert kept._held == sum(len(body.packed) for body in kept._kept.values()) <= 3000
        assert ("7", SMALL.id) in kept._kept and ("0", SMALL.id) not in kept._kept

    asyncio.run(several())


def test_a_large_body_is_never_held_unpacked(large: Counted) -> None:
    large.clauses(LARGE.id)
    tracemalloc.start()
    body = packed(written(large, LARGE.id, TODAY))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert body.size > 5_000_000 and most < body.size


@pytest.fixture
def served(large: Counted) -> Iterator[str]:
    with running(create_app(large, clock=lambda: TODAY)) as base:
        yield base


def test_slow_readers_hold_up_nobody(served: str) -> None:
    port = int(served.rpartition(":")[2])
    ask = f"GET /v1/documents/{LARGE.id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    readers = []
    for _ in range(12):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", port))
        reader.sendall(ask)
        readers.append(reader)

    began = time.monotonic()
    assert httpx.get(f"{served}/v1/documents/{LARGE.id}", timeout=60).json()["id"] == LARGE.id
    slowest = 0.0
    for _ in range(5):
        at = time.monotonic()
        assert httpx.post(f"{served}/v1/ask", json={"question": "奖励多少？"}, timeout=60).status_code == 200
        slowest = max(slowest, time.monotonic() - at)
    assert slowest < 5 and time.monotonic() - began < 60
    for reader in readers:
        reader.close()
