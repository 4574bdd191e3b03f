"""The door for language models, through the SDK's own client: over HTTP against a served engine, and on stdio."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from live_service import CENTRE, DAY, SMALL_GIANT, engine_service, ingest_samples, running
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from api.answer.service import EngineService
from api.app import create_app
from api.contract import schemas
from api.errors import BODY_LIMIT
from api.records.database import Records
from api.records.keys import Keys
from api.routes.mcp_tools import TOOLS, AskResult, DocumentsResult, SearchResult
from api.settings import Settings
from api.view import OnStep
from qa.types import Outcome, Question

ROOT = Path(__file__).resolve().parents[1]
MODES = ["auto", "legacy"]  # today's protocol, and the one that begins with a handshake
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingest_samples(tmp_path_factory.mktemp("mcp"))


@pytest.fixture(scope="module")
def service(data: Path) -> EngineService:
    return engine_service(data)


@pytest.fixture(scope="module")
def address(service: EngineService) -> Iterator[str]:
    with running(create_app(service, clock=lambda: DAY)) as address:
        yield address


def talk(server: Any, work: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    """What `work` gives with a connected client."""

    async def run() -> Any:
        async with Client(server, mode=mode) as client:
            return await work(client)

    return anyio.run(run)


def call(server: Any, name: str, mode: str = "auto", **arguments: Any) -> tuple[Any, str, bool]:
    """The structured result of a tool, its text, and whether it is an error."""
    result = talk(server, lambda client: client.call_tool(name, arguments), mode)
    (content,) = result.content
    return result.structured_content, content.text, bool(result.is_error)


# --- over HTTP, the real engine ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_are_listed_with_what_they_take_and_give(address: str, mode: str) -> None:
    tools = {tool.name: tool for tool in talk(f"{address}/mcp", lambda c: c.list_tools(), mode).tools}
    assert set(tools) == {"ask", "search", "get_clause", "list_documents", "find_policies"}
    for tool in tools.values():
        assert tool.title and tool.description and tool.output_schema["type"] == "object"
        assert tool.annotations.read_only_hint and tool.input_schema["additionalProperties"] is False
        assert all(field["description"] for field in tool.input_schema["properties"].values())
    assert tools["ask"].input_schema["required"] == ["question"]
    assert "一字不改" in tools["ask"].description and "refused" in tools["ask"].description


def test_a_server_says_how_its_answers_are_to_be_used(address: str) -> None:
    async def told(client: Client) -> tuple[str, str]:
        return client.server_info.name, client.instructions or ""

    name, instructions = talk(f"{address}/mcp", told, "legacy")
    assert name == "tiaowen" and "一字不改" in instructions and "refused" in instructions


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_cited_in_data_and_in_text(address: str, service: EngineService, mode: str) -> None:
    data, text, failed = call(f"{address}/mcp", "ask", mode, question=SMALL_GIANT)
    result = AskResult.model_validate(data)
    assert not failed and (result.status, result.answer) == ("answered", "最高100万元") and result.nearest == []
    for reference in result.references:
        document = service.current().document(reference.document_id)
        assert document.text[reference.start : reference.end] == reference.quote
    first = result.references[0]
    assert text.startswith("最高100万元[^1]") and f"“{first.quote}”" in text and first.number in text
    assert f"把握：{result.confidence:.0%}" in text and all(r.clause_id in text for r in result.references)


def test_the_same_references_as_the_other_doors(address: str) -> None:
    asked = httpx.post(f"{address}/v1/ask", json={"question": SMALL_GIANT}).json()
    result, _, _ = call(f"{address}/mcp", "ask", question=SMALL_GIANT)
    chat = {"model": "tiaowen", "messages": [{"role": "user", "content": SMALL_GIANT}]}
    message = httpx.post(f"{address}/v1/chat/completions", json=chat).json()["choices"][0]["message"]
    assert result["references"] == message["references"]
    assert [r["quote"] for r in result["references"]] == [c["quote"] for c in asked["citations"]]


def test_a_refusal_is_a_result_and_no_error(address: str) -> None:
    result, text, failed = call(f"{address}/mcp", "ask", question="低空经济企业购买无人机补贴多少？")
    assert not failed and result["status"] == "refused" and result["reason"] and result["references"] == []
    assert result["answer"] is None and text.startswith(result["message"]) and result["nearest"]


def test_a_follow_up_brings_the_earlier_questions(address: str) -> None:
    result, _, _ = call(f"{address}/mcp", "ask", question="那省级的呢？", earlier=[CENTRE])
    assert result["answer"] == "60万元" and "省级" in result["rewritten"]


def test_searching_and_reading_a_clause(address: str, service: EngineService) -> None:
    result, text, _ = call(f"{address}/mcp", "search", question="小巨人奖励", top_k=3)
    found = SearchResult.model_validate(result).clauses
    assert [c.rank for c in found] == [1, 2, 3] and all(c.clause_id in text and c.text in text for c in found)
    data, read, _ = call(f"{address}/mcp", "get_clause", clause_id=found[0].clause_id)
    clause = schemas.ClauseFull.model_validate(data)
    document = service.current().document(clause.document.id)
    assert clause.text == document.text[clause.start : clause.end] and clause.text in read and document.title in read


def test_documents_are_listed_page_by_page_and_limit_a_question(address: str) -> None:
    first = DocumentsResult.model_validate(call(f"{address}/mcp", "list_documents", limit=1)[0])
    data, text, _ = call(f"{address}/mcp", "list_documents", limit=1, cursor=first.next_cursor)
    second = DocumentsResult.model_validate(data)
    assert first.next_cursor in {d.id for d in first.documents} and second.next_cursor is None
    (scooters,) = [d for d in (*first.documents, *second.documents) if "电动自行车" in d.title]
    only, _, _ = call(f"{address}/mcp", "ask", question=SMALL_GIANT, document_ids=[scooters.id])
    assert {r["document_id"] for r in only["references"]} <= {scooters.id}
    assert second.documents[0].id in text and "现行有效" in text
    then, _, _ = call(f"{address}/mcp", "search", question=SMALL_GIANT, as_of="2020-01-01", in_force=True)
    assert then["clauses"] == [], "nothing of the samples was in force then"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("tool", "arguments", "code", "says"),
    [
        ("ask", {"question": " "}, "question_empty", "空"),
        ("ask", {"question": "问" * 501}, "question_too_long", "500"),
        ("ask", {}, "invalid_request", "question"),
        ("ask", {"question": "奖励？", "as_of": "昨天"}, "invalid_request", "as_of"),
        ("ask", {"question": "奖励？", "color": "red"}, "invalid_request", "color"),
        ("ask", {"question": "奖励？", "earlier": ["问"] * 7}, "invalid_request", "earlier"),
        ("search", {"question": "奖励？", "top_k": 51}, "invalid_request", "top_k"),
        ("get_clause", {"clause_id": "none"}, "not_found", "编号"),
        ("get_clause", {"clause_id": "x" * 300}, "not_found", "编号"),
        ("list_documents", {"limit": 0}, "invalid_request", "limit"),
        ("format_disk", {}, "not_found", "list_documents"),
    ],
)
def test_errors_tell_the_model_what_is_wrong(
    address: str, mode: str, tool: str, arguments: dict[str, Any], code: str, says: str
) -> None:
    data, text, failed = call(f"{address}/mcp", tool, mode, **arguments)
    assert failed and data is None
    assert text.startswith(f"错误（{code}）：") and says in text and "\n" in text, "the hint is on a line of its own"


def test_many_calls_at_once(address: str) -> None:
    async def work(client: Client) -> list[str]:
        answers: list[str] = []

        async def one(question: str) -> None:
            result = await client.call_tool("ask", {"question": question})
            answers.append(str((result.structured_content or {})["answer"]))

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(one, SMALL_GIANT)
                group.start_soon(one, CENTRE)
        return answers

    answers = talk(f"{address}/mcp", work)
    assert sorted(answers) == ["150万元"] * 6 + ["最高100万元"] * 6


# --- around the protocol ----------------------------------------------------------------------------------------------


def test_only_post_is_served(address: str) -> None:
    for method in ("GET", "DELETE", "PUT"):
        response = httpx.request(method, f"{address}/mcp", headers=HEADERS)
        assert response.status_code == 405 and response.headers["allow"] == "POST"
        assert response.json()["error"]["code"] == "method_not_allowed"
    head = httpx.head(f"{address}/mcp")
    assert head.status_code == 405 and head.content == b""


def test_any_worker_can_take_a_call(address: str) -> None:
    """No session: a call needs no handshake before it, and none is given out."""
    answer = httpx.post(f"{address}/mcp", json=INITIALIZE, headers=HEADERS)
    assert answer.status_code == 200 and "mcp-session-id" not in answer.headers
    assert (
        answer.headers["content-type"] == "application/json" and answer.headers["x-content-type-options"] == "nosniff"
    )
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    tools = httpx.post(f"{address}/mcp", json=listing, headers=HEADERS).json()["result"]["tools"]
    assert {tool["name"] for tool in tools} == set(TOOLS)


def test_a_body_over_the_limit(address: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(BODY_LIMIT // 1024 + 2):
            yield b" " * 1024

    for content in (b" " * (BODY_LIMIT + 1), chunks()):
        response = httpx.post(f"{address}/mcp", content=content, headers=HEADERS)
        assert response.status_code == 413 and response.json()["error"]["code"] == "payload_too_large"


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}', b"\xff"])
def test_what_is_no_call_is_an_error_of_the_protocol(address: str, body: bytes) -> None:
    response = httpx.post(f"{address}/mcp", content=body, headers=HEADERS)
    assert response.status_code < 500 and response.json()["error"]["code"] < 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "ask.example.gov.cn"}, 200),
        ({"host": "evil.example"}, 403),
        ({"origin": "http://evil.example"}, 403),
    ],
)
def test_a_page_of_another_site_cannot_reach_it(fake: FakeService, headers: dict[str, str], status: int) -> None:
    guarded = create_app(fake, settings=Settings(access="open", hosts=("ask.example.gov.cn",)))
    with running(guarded) as address:
        response = httpx.post(f"{address}/mcp", json=INITIALIZE, headers={**HEADERS, **headers})
    assert response.status_code == status
    assert status == 200 or response.json()["error"]["code"] == "origin_refused"


def test_a_key_is_asked_for_where_keys_are(fake: FakeService) -> None:
    records = Records()
    token = Keys(records).create("助手", "ask")[1]

    async def ask(url: str) -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return (await client.call_tool("ask", {"question": "奖多少？"})).structured_content

    with running(create_app(fake, records=records, settings=Settings(access="keys"))) as address:
        missing = httpx.post(f"{address}/mcp", json=INITIALIZE, headers=HEADERS)
        result = anyio.run(ask, f"{address}/mcp")
    assert (missing.status_code, missing.json()["error"]["code"]) == (401, "key_missing")
    assert result["answer"] == "30万元"
    (asked,) = records.connect().execute("SELECT * FROM asked").fetchall()
    assert asked["channel"] == "mcp" and asked["caller"].startswith("key:")


# --- corners, over a small fake ---------------------------------------------------------------------------------------

DOCUMENT = make_document("办法\n第一条 奖励30万元。\n")


@pytest.fixture
def fake() -> FakeService:
    return FakeService([DOCUMENT], {"奖": ("30万元", "奖励30万元")})


def test_an_app_may_be_started_again_and_is_not_ready_in_between(fake: FakeService) -> None:
    app = create_app(fake, clock=lambda: TODAY)
    for _ in range(2):
        with TestClient(app, base_url="http://127.0.0.1") as client:
            assert client.post("/mcp", json=INITIALIZE, headers=HEADERS).status_code == 200
        stopped = TestClient(app, base_url="http://127.0.0.1").post("/mcp", json=INITIALIZE, headers=HEADERS)
        assert stopped.status_code == 503 and stopped.json()["error"]["code"] == "not_ready"


def test_an_index_that_is_not_loaded_and_a_fault_are_told(fake: FakeService, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeService):
        def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
            raise RuntimeError("secret detail of /some/path")

    fake.is_ready = False
    for service, code in ((fake, "not_ready"), (Broken([DOCUMENT]), "internal")):
        with running(create_app(service, clock=lambda: TODAY)) as address:
            _, text, failed = call(f"{address}/mcp", "ask", question="奖多少？")
            figures = httpx.get(f"{address}/metrics").text
        assert failed and text.startswith(f"错误（{code}）") and "secret" not in text
        assert f'tiaowen_errors_total{{code="{code}"}} 1' in figures
    assert "secret detail" in caplog.text


# --- on stdio ---------------------------------------------------------------------------------------------------------


def parameters(data: Path) -> StdioServerParameters:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "api.cli", "mcp", "--data", str(data)], env=environment, cwd=str(ROOT)
    )


def test_on_stdio(data: Path) -> None:
    async def work(client: Client) -> tuple[set[str], Any, Any]:
        names = {tool.name for tool in (await client.list_tools()).tools}
        answer = await client.call_tool("ask", {"question": SMALL_GIANT, "as_of": DAY.isoformat()})
        return names, answer, await client.call_tool("ask", {"question": ""})

    names, answer, refused = talk(parameters(data), work)  # the ways to agree on a version are tested over HTTP
    assert names == set(TOOLS) and answer.structured_content["answer"] == "最高100万元"
    assert refused.is_error and "question_empty" in refused.content[0].text


def test_documents_that_come_in_later_are_seen(tmp_path: Path) -> None:
    folder = ingest_samples(tmp_path / "data", ("02_*",))

    async def work(client: Client) -> tuple[int, int]:
        async def count() -> int:
            return len((await client.call_tool("list_documents", {})).structured_content["documents"])

        before = await count()
        await anyio.to_thread.run_sync(ingest_samples, folder, ("09_*",))
        with anyio.fail_after(60):
            while await count() == before:
                await anyio.sleep(0.1)
        return before, await count()

    assert talk(parameters(folder), work) == (1, 2)


def test_nothing_but_the_protocol_is_on_standard_output(data: Path) -> None:
    given = parameters(data)
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    with subprocess.Popen(
        [given.command, *given.args], env=given.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        late = threading.Timer(60, process.kill)
        late.start()
        process.stdin.write("".join(json.dumps(message) + "\n" for message in (INITIALIZE, initialized, listing)))
        process.stdin.flush()
        lines = [process.stdout.readline(), process.stdout.readline()]
        process.stdin.close()
        lines += process.stdout.readlines()
        assert process.wait() == 0
        late.cancel()
    assert [json.loads(line)["id"] for line in lines] == [1, 2]


def test_the_configurations_of_the_documentation_are_what_works() -> None:
    page = (ROOT / "docs" / "openai-mcp.md").read_text("utf-8")
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    desktop, http = (json.loads(block)["mcpServers"]["tiaowen"] for block in blocks)
    assert desktop["args"][:2] == parameters(Path("x")).args[2:4] and desktop["command"].endswith("/tiaowen")
    assert http["url"].endswith("/mcp") and http["headers"]["Authorization"].startswith("Bearer tw_")
    assert all(f"`{name}`" in page for name in TOOLS)


def test_a_folder_without_documents_is_told_on_standard_error(tmp_path: Path) -> None:
    given = parameters(tmp_path / "nothing")
    done = subprocess.run(
        [given.command, *given.args], env=given.env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and done.stdout == "" and "错误：" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("accept", [None, "", "*/*"])
def test_a_client_that_names_no_form_of_answer_gets_one(accept: str | None) -> None:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    with TestClient(create_app(FakeService([]))) as client:
        del client.headers["accept"]
        answered = client.post("/mcp", json=message, headers={} if accept is None else {"Accept": accept})
    assert answered.status_code == 200 and answered.json()["result"]["serverInfo"]["name"] == "tiaowen"
