"""The stream of an answer holds what the plain answer holds, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from test_api_app import error_of

from api.answer.streaming import pieces
from api.app import create_app
from api.view import OnStep
from corpus.errors import StoreError
from qa.types import Outcome, Question

POLICY = make_document("措施\n第一条 对国家级企业给予1,234.5万元奖励。\n")
EVENTS = {"Accept": "text/event-stream"}


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, as a browser would read them."""
    out = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: ") and data.startswith("data: ")
        out.append((name[7:], json.loads(data[6:])))
    return out


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    service = FakeService([POLICY], {"国家级": ("1,234.5万元", "给予1,234.5万元奖励")})
    with TestClient(create_app(service, clock=lambda: TODAY)) as client:
        yield client


@pytest.mark.parametrize("question", ["国家级奖多少？", "天气如何？"])
def test_a_stream_is_the_answer(client: TestClient, question: str) -> None:
    plain = client.post("/v1/ask", json={"question": question}).json()
    response = client.post("/v1/ask", json={"question": question}, headers=EVENTS)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store" and "content-security-policy" in response.headers
    got = events(response.text)
    names = [name for name, _ in got]
    assert names[0] == "step" and names[-1] == "done" and names.count("done") == 1
    assert [data["step"] for name, data in got if name == "step"] == ["understand", "retrieve", "decide"]
    assert "".join(data["text"] for name, data in got if name == "delta") == (plain["answer"] or plain["message"])
    assert [data for name, data in got if name == "citation"] == plain["citations"]
    done = got[-1][1]
    for body in (done, plain):
        body.pop("id"), body.pop("timings_ms")
    assert done == plain


@pytest.mark.parametrize(
    ("accept", "streamed"),
    [
        ("text/event-stream", True),
        ("text/event-stream, application/json", True),
        ("application/json, text/event-stream", False),
        ("*/*", False),
        ("text/html", False),
    ],
)
def test_who_gets_a_stream(client: TestClient, accept: str, streamed: bool) -> None:
    response = client.post("/v1/ask", json={"question": "国家级"}, headers={"Accept": accept})
    assert response.headers["content-type"].startswith("text/event-stream") == streamed


def test_what_is_wrong_before_the_stream_is_a_plain_error(client: TestClient) -> None:
    error_of(client.post("/v1/ask", json={"question": ""}, headers=EVENTS), 422, "question_empty")
    starting = TestClient(create_app(FakeService([POLICY], is_ready=False)))
    error_of(starting.post("/v1/ask", json={"question": "x"}, headers=EVENTS), 503, "not_ready")


@pytest.mark.parametrize(
    ("fault", "code"),
    [(StoreError("读不出。", "请检查磁盘。"), "store_unusable"), (RuntimeError("secret"), "internal")],
)
def test_an_error_on_the_way_is_an_event_in_the_one_shape(fault: Exception, code: str) -> None:
    class Broken(FakeService):
        def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
            assert on_step is not None
            on_step("understand")
            raise fault

    client = TestClient(create_app(Broken([POLICY])), raise_server_exceptions=False)
    got = events(client.post("/v1/ask", json={"question": "x"}, headers=EVENTS).text)
    assert [name for name, _ in got] == ["step", "error"]
    assert got[1][1]["error"]["code"] == code and set(got[1][1]["error"]) == {"code", "message", "hint"}
    assert "secret" not in str(got)
    assert f'tiaowen_errors_total{{code="{code}"}} 1.0' in client.get("/metrics").text


@given(st.text(max_size=80))
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text and all(pieces(text))


@given(st.from_regex(r"[1-9][0-9]{0,3}(,[0-9]{3}){0,2}(\.[0-9]{1,2})?", fullmatch=True))
def test_no_figure_is_cut(number: str) -> None:
    assert any(number in piece for piece in pieces(f"最高{number}万元"))
