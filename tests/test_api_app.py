"""The HTTP contract: the shape of what comes back, and one shape for everything that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_service import BUILT_AT, TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.errors import BODY_LIMIT
from api.view import OnStep
from corpus.errors import StoreError
from corpus.types import Document, Link, Validity
from index.types import Hit
from qa.types import Outcome, Question

POLICY = make_document(
    "试点若干措施\n𠮷祥市文件，先看这个字：𠮷。\n一、奖励\n（一）认定奖励。对国家级、省级企业，分别给予100万元、50万元奖励。\n"
    "（二）其他。<script>alert(1)</script>\n二、附则\n本措施自2026年1月1日起施行。\n",
    number="试发〔2026〕1号",
    issuer="𠮷祥市人民政府",
    validity=Validity(date(2026, 1, 1), date(2027, 12, 31)),
    links=(Link("repeals", "旧办法"),),
)
OLD = make_document(
    "旧办法\n第一条 奖励30万元。\n第二条 有效期届满即止。\n", validity=Validity(None, date(2024, 12, 31)), file="旧.txt"
)
QUOTE = "分别给予100万元、50万元奖励"
ERROR_KEYS = {"code", "message", "hint"}


def made() -> FakeService:
    return FakeService([POLICY, OLD], {"国家级": ("100万元", QUOTE), "以前": ("30万元", "奖励30万元")})


@pytest.fixture(scope="module")
def one_service() -> FakeService:
    return made()


@pytest.fixture(scope="module")
def one_client(one_service: FakeService) -> Iterator[TestClient]:
    """One for all tests: making an app takes longer than most of them."""
    with TestClient(create_app(one_service, clock=lambda: TODAY), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def service(one_service: FakeService) -> FakeService:
    """As it was made, whatever the test before did to it."""
    vars(one_service).clear()
    vars(one_service).update(vars(made()))
    return one_service


@pytest.fixture
def client(service: FakeService, one_client: TestClient) -> TestClient:
    one_client.cookies.clear()
    return one_client


def error_of(response: Any, status: int, code: str) -> dict[str, str]:
    """Asserts the one shape of errors and returns what is in it."""
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error"}
    error: dict[str, str] = response.json()["error"]
    assert set(error) == ERROR_KEYS and error["code"] == code
    assert any("\u4e00" <= c <= "\u9fff" for c in error["message"]), "messages are Chinese"
    assert "Traceback" not in response.text
    return error


# --- the contract ----------------------------------------------------------------------------------------------------


def test_ask_answers_in_the_shape_of_the_contract(client: TestClient) -> None:
    got = client.post("/v1/ask", json={"question": "国家级奖多少？", "session_id": "s1", "top_k": 2}).json()
    assert set(got) == {
        *("id", "question", "rewritten", "status", "reason", "message", "answer", "confidence", "warnings"),
        *("answered_by", "citations", "passages", "timings_ms", "rows", "card", "conditions", "choices"),
    }
    assert (got["status"], got["answer"], got["reason"], got["message"]) == ("answered", "100万元", None, None)
    assert got["question"] == "国家级奖多少？" and 0 <= got["confidence"] <= 1
    assert got["timings_ms"]["retrieve"] == 1.5 and got["timings_ms"]["total"] >= 0
    (citation,) = got["citations"]
    assert set(citation) == {"document", "clause", "quote", "start", "end", "source"}
    assert citation["document"] == {
        "id": POLICY.id,
        "title": "试点若干措施",
        "number": "试发〔2026〕1号",
        "issuer": "𠮷祥市人民政府",
        "issued_on": None,
        "effective_from": "2026-01-01",
        "effective_until": "2027-12-31",
        "status": "in_force",
    }
    assert set(citation["clause"]) == {"id", "address", "path", "text"}
    assert citation["clause"]["address"] == "一、（一）"
    assert citation["source"] == {"file": "sample.txt", "page": None, "line_start": 4, "line_end": 4}
    assert [p["rank"] for p in got["passages"]] == [1, 2]
    assert set(got["passages"][0]) == {"rank", "score", "document", "clause", "text"}
    assert set(got["passages"][0]["document"]) == {"id", "title"}
    assert set(got["passages"][0]["clause"]) == {"id", "address"}


def test_offsets_are_code_points_of_the_text_that_the_document_route_serves(client: TestClient) -> None:
    citation = client.post("/v1/ask", json={"question": "国家级？"}).json()["citations"][0]
    document = client.get(f"/v1/documents/{citation['document']['id']}").json()
    assert "𠮷" in document["text"][: citation["start"]], "a character outside the BMP stands before the quote"
    assert document["text"][citation["start"] : citation["end"]] == citation["quote"] == QUOTE
    for clause in document["clauses"]:
        assert document["text"][clause["start"] : clause["end"]] == clause["text"]


def test_refusal_has_a_reason_a_message_and_passages(client: TestClient) -> None:
    got = client.post("/v1/ask", json={"question": "今天天气怎么样"}).json()
    assert (got["status"], got["reason"], got["answer"]) == ("refused", "no_evidence", None)
    assert got["message"] and got["citations"] == [] and len(got["passages"]) == 5


def test_search_gives_passages_only(client: TestClient) -> None:
    got = client.post("/v1/search", json={"question": "奖励", "top_k": 3}).json()
    assert set(got) == {"question", "passages", "timings_ms"} and len(got["passages"]) == 3


def test_documents_are_paged(client: TestClient) -> None:
    first = client.get("/v1/documents", params={"limit": 1}).json()
    assert set(first) == {"documents", "next_cursor"} and first["next_cursor"]
    assert set(first["documents"][0]) == {
        *("id", "title", "title_inferred", "number", "kind", "issuer", "region", "issued_on", "effective_from"),
        *("effective_until", "status", "sources", "links"),
    }
    assert first["documents"][0]["sources"] == [{"file": "sample.txt", "line_start": 1, "line_end": 8}]
    assert first["documents"][0]["links"] == [{"kind": "repeals", "title": "旧办法", "target": None}]
    second = client.get("/v1/documents", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert second["next_cursor"] is None and second["documents"][0]["status"] == "expired"


def test_document_and_clause_routes(client: TestClient) -> None:
    document = client.get(f"/v1/documents/{POLICY.id}").json()
    clause = document["clauses"][1]
    assert set(clause) == {
        *("id", "address", "path", "label", "heading", "text", "start", "end", "parent", "departments"),
        *("responsible", "references"),
    }
    assert clause["parent"] == document["clauses"][0]["id"]
    alone = client.get(f"/v1/clauses/{clause['id']}").json()
    assert alone.pop("document")["id"] == POLICY.id and alone.pop("referred_by") == [] and alone == clause


def test_as_of_defaults_to_the_clock_and_decides_the_status(client: TestClient, service: FakeService) -> None:
    now = client.post("/v1/ask", json={"question": "以前奖多少"}).json()
    then = client.post("/v1/ask", json={"question": "以前奖多少", "as_of": "2024-05-01"}).json()
    assert [q.as_of for q in service.asked] == [TODAY, date(2024, 5, 1)]
    assert (now["citations"][0]["document"]["status"], now["warnings"][0]["code"]) == ("expired", "expired")
    assert (then["citations"][0]["document"]["status"], then["warnings"]) == ("in_force", [])


def test_filters_reach_the_engine(client: TestClient, service: FakeService) -> None:
    filters = {"document_ids": [OLD.id], "issuer": "市政府", "region": "全市", "kind": "policy", "in_force": True}
    body = {"question": "  奖励？ ", "filters": filters, "session_id": "abc", "as_of": "2026-02-03"}
    got = client.post("/v1/ask", json=body).json()
    (asked,) = service.asked
    assert (asked.text, asked.session, asked.top_k) == ("奖励？", "abc", 5)
    assert asked.filters.document_ids == frozenset({OLD.id}) and asked.filters.in_force_on == date(2026, 2, 3)
    assert (asked.filters.issuer, asked.filters.region, asked.filters.kind) == ("市政府", "全市", "policy")
    assert {p["document"]["id"] for p in got["passages"]} == {OLD.id}


def test_null_means_absent(client: TestClient, service: FakeService) -> None:
    body = {"question": "奖励", "session_id": None, "top_k": None, "as_of": None, "filters": None}
    assert client.post("/v1/ask", json=body).status_code == 200
    assert (
        client.post("/v1/ask", json={"question": "奖励", "filters": {"in_force": None, "kind": None}}).status_code
        == 200
    )
    assert {q.filters.in_force_on for q in service.asked} == {None}


@pytest.mark.parametrize("length", [1, 500])
def test_lengths_that_are_taken(client: TestClient, length: int) -> None:
    assert client.post("/v1/ask", json={"question": "𠮷" * length}).status_code == 200


def test_a_hit_whose_clause_is_gone_is_left_out(service: FakeService) -> None:
    class Stale(FakeService):
        def search(self, question: Question) -> list[Hit]:
            hits = super().search(question)
            del self._clauses[OLD.id]
            return hits

    client = TestClient(create_app(Stale([POLICY, OLD])))
    got = client.post("/v1/search", json={"question": "奖励", "top_k": 50}).json()
    assert {p["document"]["id"] for p in got["passages"]} == {POLICY.id}


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (b"", 422, "invalid_request", "JSON"),
        (b"{", 400, "invalid_json", "JSON"),
        (b"\xff\xfe{}", 400, "invalid_json", "JSON"),
        (b"[" * 60_000, 400, "invalid_json", "JSON"),
        (b"1" * 60_000, 400, "invalid_json", "JSON"),
        (b"[]", 422, "invalid_request", "对象"),
        (b"null", 422, "invalid_request", "JSON"),
        (b'"question"', 422, "invalid_request", "对象"),
        (b"NaN", 422, "invalid_request", "对象"),
        (b"{}", 422, "invalid_request", "question"),
        (b'{"question": null}', 422, "invalid_request", "question"),
        (b'{"question": 5}', 422, "invalid_request", "question"),
        (b'{"question": ["a"]}', 422, "invalid_request", "question"),
        (b'{"question": ""}', 422, "question_empty", "空"),
        (b'{"question": " \\n\\u3000\\u200b"}', 422, "question_empty", "空"),
        (b'{"question": "a\\u0000b"}', 422, "invalid_request", "字符"),
        (b'{"question": "a\\ud83db"}', 422, "invalid_request", "字符"),
        (b'{"question": "a", "session_id": "\\udc00"}', 422, "invalid_request", "session_id"),
        (b'{"question": "a", "session_id": ""}', 422, "invalid_request", "session_id"),
        (b'{"question": "a", "top_k": 0}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": 51}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": NaN}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": 1e999}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": true}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": "5"}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "top_k": 2.5}', 422, "invalid_request", "top_k"),
        (b'{"question": "a", "as_of": "2026-02-30"}', 422, "invalid_request", "as_of"),
        (b'{"question": "a", "as_of": "2026-2-3"}', 422, "invalid_request", "as_of"),
        (b'{"question": "a", "as_of": 0}', 422, "invalid_request", "as_of"),
        (b'{"question": "a", "as_of": "9999-12-31"}', 422, "invalid_request", "as_of"),
        (b'{"question": "a", "filters": []}', 422, "invalid_request", "filters"),
        (b'{"question": "a", "filters": {"color": "red"}}', 422, "invalid_request", "filters.color"),
        (b'{"question": "a", "filters": {"\\ud800": 1}}', 422, "invalid_request", "filters"),
        (b'{"question": "a", "filters": {"kind": "poem"}}', 422, "invalid_request", "filters.kind"),
        (b'{"question": "a", "filters": {"in_force": 1}}', 422, "invalid_request", "filters.in_force"),
        (b'{"question": "a", "filters": {"document_ids": "x"}}', 422, "invalid_request", "filters.document_ids"),
        (b'{"question": "a", "filters": {"document_ids": [1]}}', 422, "invalid_request", "filters.document_ids"),
    ],
)
@pytest.mark.parametrize("route", ["/v1/ask", "/v1/search"])
def test_bad_bodies(client: TestClient, route: str, body: bytes, status: int, code: str, says: str) -> None:
    response = client.post(route, content=body, headers={"content-type": "application/json"})
    error = error_of(response, status, code)
    assert says in error["message"] and error["hint"]


def test_501_characters_are_too_long(client: TestClient) -> None:
    error_of(client.post("/v1/ask", json={"question": "问" * 501}), 422, "question_too_long")


def test_a_form_is_not_json(client: TestClient) -> None:
    error = error_of(client.post("/v1/ask", data={"question": "奖励"}), 422, "invalid_request")
    assert "application/json" in error["hint"]


def test_bodies_over_the_limit(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(70):
            yield b"a" * 1024
        yield b'"}'

    error_of(client.post("/v1/ask", content=b" " * (BODY_LIMIT + 1)), 413, "payload_too_large")
    undeclared = client.post("/v1/ask", content=chunks(), headers={"content-type": "application/json"})
    error_of(undeclared, 413, "payload_too_large")
    just = json.dumps({"question": "奖励"}).ljust(BODY_LIMIT)
    assert client.post("/v1/ask", content=just, headers={"content-type": "application/json"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/", "/v1/ask/", "/v1/documents/none", "/v1/documents/", "/v1/clauses/none", "/redoc"]
    + [
        "/web/none.js",
        "/web/../app.py",
        "/web/%2e%2e%2fapp.py",
        "/web/a%00b",
        "/v1/documents/%00",
        "/v1/clauses/" + "x" * 300,
    ],
)
def test_unknown_addresses(client: TestClient, path: str) -> None:
    error_of(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/ask"), ("PUT", "/v1/search"), ("PUT", "/v1/documents"), ("DELETE", "/"), ("POST", "/web/chat.js")],
)
def test_wrong_method(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    error_of(response, 405, "method_not_allowed")
    assert response.headers["allow"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1e2", "cursor=" + "x" * 1001])
def test_bad_paging(client: TestClient, query: str) -> None:
    error = error_of(client.get(f"/v1/documents?{query}"), 422, "invalid_request")
    assert query.split("=")[0] in error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/ask"), ("POST", "/v1/search"), ("GET", "/v1/documents"), ("GET", "/v1/documents/x")]
    + [("GET", "/v1/clauses/x"), ("GET", "/readyz")],
)
def test_not_ready(client: TestClient, service: FakeService, method: str, path: str) -> None:
    service.is_ready = False
    response = client.request(method, path, json={"question": "奖励"} if method == "POST" else None)
    error_of(response, 503, "not_ready")
    assert int(response.headers["retry-after"]) > 0
    assert (
        client.get("/healthz").status_code == client.get("/").status_code == client.get("/metrics").status_code == 200
    )


def test_a_fault_in_the_engine_is_internal_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeService):
        def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
            raise RuntimeError("secret detail of /some/path")

    client = TestClient(create_app(Broken([POLICY])), raise_server_exceptions=False)
    response = client.post("/v1/ask", json={"question": "奖励"}, headers={"x-request-id": "req-7"})
    error_of(response, 500, "internal")
    assert "secret" not in response.text and response.headers["x-request-id"] == "req-7"
    assert "req-7" in caplog.text and "secret detail" in caplog.text


def test_errors_of_lower_folders_keep_code_and_status() -> None:
    class Torn(FakeService):
        def documents(self, limit: int, cursor: str | None) -> tuple[list[Document], str | None]:
            raise StoreError("数据文件夹无法读取。", "请检查磁盘。")

    client = TestClient(create_app(Torn([POLICY])), raise_server_exceptions=False)
    error_of(client.get("/v1/documents"), 503, "store_unusable")


# --- around every request --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/web/chat.js", "/v1/documents", "/nothing", "/healthz", "/openapi.json"]
)
def test_headers_on_every_response(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'") and "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert len(headers["x-request-id"]) == 32


def test_request_id_is_kept_only_where_it_is_harmless(client: TestClient) -> None:
    assert client.get("/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"x-request-id": "a b<c>"}).headers["x-request-id"] != "a b<c>"


def test_of_several_workers_none_keeps_its_connections_for_ever(
    service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    alone = TestClient(create_app(service))
    assert {alone.get("/healthz").headers.get("connection") for _ in range(400)} == {None}
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    shared = TestClient(create_app(service))
    closed = [shared.get("/healthz").headers.get("connection") for _ in range(400)]
    assert 1 <= closed.count("close") <= 60


def test_head_is_a_get_without_a_body(client: TestClient) -> None:
    response = client.head("/healthz")
    assert response.status_code == 200 and response.content == b""


def test_metrics_count_by_status_reason_and_code() -> None:
    client = TestClient(create_app(made(), clock=lambda: TODAY), raise_server_exceptions=False)
    client.post("/v1/ask", json={"question": "国家级？"})
    client.post("/v1/ask", json={"question": "天气"})
    client.post("/v1/ask", json={"question": ""})
    lines = client.get("/metrics").text.splitlines()
    assert 'tiaowen_questions_total{reason="",status="answered"} 1.0' in lines
    assert 'tiaowen_questions_total{reason="no_evidence",status="refused"} 1.0' in lines
    assert "tiaowen_question_seconds_count 2.0" in lines and "tiaowen_documents 2.0" in lines
    assert 'tiaowen_errors_total{code="question_empty"} 1.0' in lines
    assert "tiaowen_ready 1.0" in lines
    assert f"tiaowen_index_built_timestamp_seconds {BUILT_AT.timestamp()!r}" in [_plain(line) for line in lines]
    assert all(line.startswith("#") or len(line.rsplit(" ", 1)) == 2 for line in lines)


def _plain(line: str) -> str:
    """A line of figures without exponents."""
    name, _, value = line.rpartition(" ")
    return line if line.startswith("#") else f"{name} {float(value)!r}"


def test_readiness_says_how_much(client: TestClient) -> None:
    assert client.get("/readyz").json() == {
        "status": "ready",
        "documents": 2,
        "clauses": 6,
        "passages": 6,
        "index": "000001",
    }


def test_openapi_names_the_contract_and_the_error_shape(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) >= {
        *("/v1/ask", "/v1/search", "/v1/documents", "/v1/documents/{id}", "/v1/clauses/{id}"),
        *("/healthz", "/readyz", "/metrics"),
        *("/v1/chat/completions", "/v1/models", "/v1/models/{id}"),
    }
    for operations in paths.values():
        for operation in operations.values():
            assert {code for code in operation["responses"] if code[0] in "23"}
            assert "ErrorBody" in json.dumps(operation["responses"]["default"])


# --- nothing that a caller sends is a 500 ----------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["question", "session_id", "top_k", "as_of", "filters", "other"]
FILTERS = ["document_ids", "issuer", "region", "kind", "in_force"]
BODIES = st.dictionaries(
    st.sampled_from(FIELDS) | st.text(max_size=6),
    JSON_VALUES | st.dictionaries(st.sampled_from(FILTERS), JSON_VALUES, max_size=3),
    max_size=5,
)
UNICODE = st.text(st.characters(exclude_categories=()), min_size=1, max_size=40)  # surrogates too


@pytest.fixture(scope="module")
def shared_client() -> TestClient:
    return TestClient(create_app(FakeService([POLICY, OLD]), clock=lambda: TODAY), raise_server_exceptions=False)


def answered_or_explained(response: Any) -> None:
    assert response.status_code in (200, 400, 422), response.text
    if response.status_code != 200:
        assert set(response.json()["error"]) == ERROR_KEYS


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES | JSON_VALUES)
def test_any_json_is_answered_or_explained(shared_client: TestClient, body: Any) -> None:
    raw = json.dumps(body).encode()
    answered_or_explained(shared_client.post("/v1/ask", content=raw, headers={"content-type": "application/json"}))


@settings(max_examples=40, deadline=None)
@given(question=UNICODE)
def test_any_text_is_answered_or_explained(shared_client: TestClient, question: str) -> None:
    raw = json.dumps({"question": question}).encode()
    answered_or_explained(shared_client.post("/v1/ask", content=raw, headers={"content-type": "application/json"}))


@settings(max_examples=40, deadline=None)
@given(raw=st.binary(max_size=60))
def test_any_bytes_are_answered_or_explained(shared_client: TestClient, raw: bytes) -> None:
    answered_or_explained(shared_client.post("/v1/ask", content=raw, headers={"content-type": "application/json"}))


def test_unknown_fields_of_a_body_are_ignored(client: TestClient) -> None:
    """Clients of other services send fields of their own; the contract grows."""
    response = client.post("/v1/ask", json={"question": "奖励多少", "model": "x", "stream": False})
    assert response.status_code == 200
