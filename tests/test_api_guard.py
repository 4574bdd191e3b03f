"""Who may do what: every route has a role, keys and logins are checked on each request, and an open service is this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService, make_document
from fastapi import FastAPI
from fastapi.testclient import TestClient
from test_api_app import error_of

from api.access import RANK, Role
from api.app import create_app
from api.edge.guard import COOKIE, require_safe, role_for
from api.errors import NotSafe
from api.records.database import FILE, Records
from api.records.keys import MADE, Keys
from api.settings import Settings

POLICY = make_document("试行办法\n第一条 奖励10万元。\n")
KEYS_ONLY = Settings(access="keys")
QUESTION = {"question": "奖励多少？"}


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def client_of(records: Records, settings: Settings = KEYS_ONLY, address: str = "127.0.0.1", **more: Any) -> TestClient:
    app = create_app(FakeService([POLICY], {"奖励": ("10万元", "奖励10万元")}), records=records, settings=settings)
    base = more.pop("base_url", "http://127.0.0.1:8000")
    return TestClient(app, base_url=base, client=(address, 50000), raise_server_exceptions=False, **more)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path of the service, with something in the place of the parameters."""
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{id}", "x").replace("{name}", "x").replace("{model}", "x")


# What a route may be used for without a key is written down here a second time, on purpose.
PUBLIC = {"/v1/me", "/v1/login", "/v1/logout", "/v1/sso/login", "/v1/sso/callback", "/healthz", "/readyz"}


def test_every_route_needs_a_key_but_those_that_show_nothing(records: Records) -> None:
    client = client_of(records)
    seen = set()
    for method, path in operations(client.app):  # type: ignore[arg-type]
        status = client.request(method, path, json={}).status_code
        seen.add(path)
        if path in PUBLIC:
            assert status != 401, (method, path)
        elif not path.startswith("/bots/"):
            assert status == 401, (method, path, status)
    assert {"/v1/ask", "/v1/chat/completions", "/v1/faq", "/v1/operator/queue", "/metrics"} <= seen
    error_of(client.post("/mcp", json={}), 401, "key_missing")
    error_of(client.get("/v1/nothing"), 401, "key_missing")


@pytest.mark.parametrize(
    ("role", "method", "path", "allowed"),
    [
        ("ask", "POST", "/v1/ask", True),
        ("ask", "GET", "/v1/documents", True),
        ("ask", "GET", "/v1/operator/summary", False),
        ("ask", "GET", "/v1/faq", False),
        ("ask", "DELETE", "/v1/files/x", False),
        ("ask", "GET", "/metrics", False),
        ("operate", "GET", "/v1/operator/summary", True),
        ("operate", "GET", "/metrics", True),
        ("operate", "POST", "/v1/documents", False),
        ("operate", "GET", "/v1/ingestions/x", False),
        ("admin", "GET", "/v1/ingestions/x", True),
        ("admin", "GET", "/v1/operator/summary", True),
    ],
)
def test_roles(records: Records, role: Role, method: str, path: str, allowed: bool) -> None:
    token = Keys(records).create("", role)[1]
    response = client_of(records).request(method, path, headers=bearer(token), json=QUESTION)
    if allowed:
        assert response.status_code not in (401, 403)
    else:
        error_of(response, 403, "forbidden")


@pytest.mark.parametrize("end", ["%0a", "%0A", "%0d", "%00", "%0a%0a", "/%0a", "%0a/"])
def test_a_line_break_does_not_lead_past_the_table_of_roles(records: Records, end: str) -> None:
    client = client_of(records)
    _, token = Keys(records).create("a", "ask")
    for method, path in operations(client.app):  # type: ignore[arg-type]
        if role_for(method, path) in ("operate", "admin"):
            response = client.request(method, path + end, json={}, headers=bearer(token))
            assert response.status_code in (403, 404), (method, path, response.status_code)


@pytest.mark.usefixtures("database")
def test_revoking_the_last_key_does_not_open_the_service(records: Records) -> None:
    keys = Keys(records)
    client = client_of(records, Settings(), address="127.0.0.1")
    assert client.get("/v1/documents").status_code == 200
    key, _ = keys.create("a", "admin")
    keys.revoke(key.id)
    error_of(client.get("/v1/documents"), 401, "key_missing")
    assert client.get("/v1/me").json()["access"] == "keys"


def test_a_higher_role_may_do_what_a_lower_one_may() -> None:
    assert RANK["ask"] < RANK["operate"] < RANK["admin"]
    assert role_for("GET", "/v1/documents") == "ask" and role_for("POST", "/v1/documents") == "admin"
    assert role_for("GET", "/v1/documentsx") == "ask" and role_for("POST", "/v1/faq/../faq") == "operate"


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_in_either_header(records: Records, header: str) -> None:
    token = Keys(records).create("", "ask")[1]
    value = f"Bearer {token}" if header == "Authorization" else token
    client = client_of(records)
    assert client.post("/v1/ask", json=QUESTION, headers={header: value}).json()["answer"] == "10万元"
    for wrong in (value + "x", value[:-1], "Bearer nothing"):
        refused = client.post("/v1/ask", json=QUESTION, headers={header: wrong})
        error_of(refused, 401, "key_wrong")
        assert refused.headers["www-authenticate"] == "Bearer" and token not in refused.text


@pytest.mark.usefixtures("database")
def test_a_revoked_key_ends_at_once_and_its_logins_with_it(records: Records) -> None:
    keys = Keys(records)
    key, token = keys.create("", "operate")
    page = client_of(records)
    assert page.post("/v1/login", json={"key": token}).status_code == 200
    assert page.get("/v1/operator/summary").status_code == 200
    keys.revoke(key.id)
    error_of(page.get("/v1/operator/summary"), 401, "session_expired")
    error_of(client_of(records).get("/v1/faq", headers=bearer(token)), 401, "key_wrong")


@pytest.mark.usefixtures("database")
def test_a_login_ends_and_says_so(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Keys(records).create("张工", "operate")[1]
    page = client_of(records)
    made = page.post("/v1/login", json={"key": f" {token} "})
    assert made.json()["role"] == "operate" and "httponly" in made.headers["set-cookie"].lower()
    assert "samesite=strict" in made.headers["set-cookie"].lower() and token not in made.headers["set-cookie"]
    assert page.get("/v1/me").json() == {"role": "operate", "name": "张工", "access": "keys", "sso": False}
    with monkeypatch.context() as patch:
        patch.setattr("api.records.keys.now", lambda: "2999-01-01T00:00:00.000000+00:00")
        error_of(page.get("/v1/faq"), 401, "session_expired")
    page.post("/v1/logout", json={})
    assert page.get("/v1/me").json()["role"] is None
    error_of(client_of(records, cookies={COOKIE: "made up"}).get("/v1/faq"), 401, "session_expired")


def test_a_wrong_key_does_not_log_in(records: Records) -> None:
    error_of(client_of(records).post("/v1/login", json={"key": "tw_nothing"}), 401, "key_wrong")


def test_where_asking_is_free_the_rest_is_not(records: Records) -> None:
    token = Keys(records).create("", "operate")[1]
    client = client_of(records, Settings(access="ask"), address="203.0.113.9", base_url="http://ask.example.test")
    assert client.post("/v1/ask", json=QUESTION).status_code == 200
    assert client.get("/v1/me").json() == {"role": "ask", "name": "", "access": "ask", "sso": False}
    error_of(client.get("/v1/faq"), 401, "key_missing")
    error_of(client.post("/v1/ask", json=QUESTION, headers=bearer("tw_x")), 401, "key_wrong")
    assert client.get("/v1/faq", headers=bearer(token)).status_code == 200


# --- open: this machine only -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_an_open_service_closes_with_its_first_key(records: Records) -> None:
    client = client_of(records, Settings())
    assert client.get("/v1/me").json() == {"role": "ask", "name": "本机", "access": "open", "sso": False}
    assert client.get("/v1/documents").status_code == 200
    Keys(records).create("", "ask")
    error_of(client.get("/v1/documents"), 401, "key_missing")


# What may be done without a key or the token of the start, whoever asks: a proxy that says nothing looks like this machine.
MANAGING = [
    ("GET", "/v1/operator/queue?kind=handoffs"),
    ("GET", "/v1/faq"),
    ("GET", "/metrics"),
    ("POST", "/v1/documents"),
    ("DELETE", "/v1/files/x"),
]


@pytest.mark.parametrize("settings", [Settings(), Settings(access="open", any_host=True)])
@pytest.mark.parametrize(("method", "path"), MANAGING)
def test_an_open_service_lets_everybody_ask_and_no_more(
    records: Records, settings: Settings, method: str, path: str
) -> None:
    client = client_of(records, settings)
    assert client.post("/v1/ask", json=QUESTION, headers=bearer("any")).status_code == 200
    refused = client.request(method, path)
    error_of(refused, 401, "key_missing")
    assert "链接" in refused.json()["error"]["hint"]
    error_of(client.request(method, path, headers=bearer("tw_start_made_up")), 401, "key_wrong")
    token = Keys(records).start()
    assert client.request(method, path, headers=bearer(token)).status_code not in (401, 403)


@pytest.mark.usefixtures("database")
def test_the_token_of_a_start_signs_a_page_in_until_the_next_start_or_the_first_key(records: Records) -> None:
    keys = Keys(records)
    token = keys.start()
    page = client_of(records, Settings())
    assert page.post("/v1/login", json={"key": token}).json()["role"] == "admin"
    assert page.get("/v1/faq").status_code == 200 and page.get("/v1/me").json()["access"] == "open"
    page.post("/v1/logout", json={})
    error_of(page.get("/v1/faq"), 401, "key_missing")
    page.post("/v1/login", json={"key": token})
    newer = Keys(records).start()
    error_of(page.get("/v1/faq"), 401, "session_expired")
    error_of(page.post("/v1/login", json={"key": token}), 401, "key_wrong")
    assert page.post("/v1/login", json={"key": newer}).status_code == 200
    keys.create("", "ask")
    error_of(page.get("/v1/faq"), 401, "session_expired")
    error_of(page.get("/v1/faq", headers=bearer(newer)), 401, "key_wrong")


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_records_that_are_lost_do_not_open_a_service_that_had_keys(tmp_path: Path, how: str) -> None:
    before = Records(tmp_path)
    Keys(before).create("", "admin")
    before.close()
    for path in tmp_path.glob(f"{FILE}*"):
        if how == "empty" and path.name == FILE:
            path.write_bytes(b"")
        else:
            path.unlink()
    records = Records(tmp_path)
    keys = Keys(records)
    assert keys.lost() and keys.any()
    client = client_of(records, Settings())
    error_of(client.post("/v1/ask", json=QUESTION), 401, "key_missing")
    error_of(client.get("/v1/faq", headers=bearer(keys.start())), 401, "key_wrong")
    token = keys.create("", "admin")[1]
    assert not keys.lost() and client.get("/v1/faq", headers=bearer(token)).status_code == 200


def test_keys_of_an_older_version_are_known_to_have_been(tmp_path: Path) -> None:
    Keys(Records(tmp_path)).create("", "ask")
    (tmp_path / MADE).unlink()  # which older versions did not write
    Keys(Records(tmp_path))
    assert (tmp_path / MADE).exists()


@pytest.mark.parametrize(
    ("address", "base", "headers"),
    [
        ("203.0.113.9", "http://127.0.0.1:8000", {}),  # another machine
        ("127.0.0.1", "http://evil.example.test:8000", {}),  # a name that was made to point here
        ("127.0.0.1", "http://127.0.0.1:8000", {"X-Forwarded-For": "203.0.113.9"}),  # through a proxy
        ("not an address", "http://127.0.0.1", {}),
    ],
)
def test_an_open_service_is_for_this_machine(
    records: Records, address: str, base: str, headers: dict[str, str]
) -> None:
    client = client_of(records, Settings(), address=address, base_url=base)
    for path in ("/", "/v1/documents", "/metrics"):
        error_of(client.get(path, headers=headers), 403, "origin_refused")


@pytest.mark.parametrize("base", ["http://localhost:9", "http://[::1]:9", "http://127.0.0.1"])
def test_this_machine_has_several_names(records: Records, base: str) -> None:
    assert client_of(records, Settings(), base_url=base, address="::1").get("/v1/documents").status_code == 200


def test_a_service_on_an_open_address_needs_keys_or_a_word(records: Records) -> None:
    keys = Keys(records)
    for host in ("0.0.0.0", "::", "192.0.2.7", "example.test"):
        with pytest.raises(NotSafe, match="密钥"):
            require_safe(Settings(), keys, host)
        require_safe(Settings(any_host=True), keys, host)
        require_safe(Settings(access="ask"), keys, host)
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.9"):
        require_safe(Settings(), keys, host)
    keys.create("", "ask")
    require_safe(Settings(), keys, "0.0.0.0")


# --- pages of other sites --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.example.test", "null", "http://127.0.0.1:9999", "http://[", "//", "["])
def test_a_page_of_another_site_can_make_nobody_act(records: Records, origin: str) -> None:
    client = client_of(records, Settings())
    error_of(client.post("/v1/ask", json=QUESTION, headers={"Origin": origin}), 403, "origin_refused")
    assert client.post("/v1/ask", json=QUESTION, headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    token = Keys(records).create("", "operate")[1]
    client.post("/v1/login", json={"key": token})
    error_of(client.delete("/v1/faq/x", headers={"Origin": origin}), 403, "origin_refused")


def test_other_sites_that_are_named_may_call(records: Records) -> None:
    token = Keys(records).create("", "ask")[1]
    site = "https://www.example.test"
    preflight = {
        "Origin": site,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    none = client_of(records)
    assert "access-control-allow-origin" not in none.options("/v1/ask", headers=preflight).headers
    named = client_of(records, Settings(access="keys", cors=(site,)))
    allowed = named.options("/v1/ask", headers=preflight)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == site
    answered = named.post("/v1/ask", json=QUESTION, headers={**bearer(token), "Origin": site})
    assert answered.headers["access-control-allow-origin"] == site
    assert "access-control-allow-credentials" not in answered.headers
    assert "Retry-After" in answered.headers["access-control-expose-headers"]
    other = named.post("/v1/ask", json=QUESTION, headers={**bearer(token), "Origin": "https://other.example.test"})
    assert "access-control-allow-origin" not in other.headers


SDK = "authorization,content-type,x-stainless-os,x-stainless-retry-count,x-stainless-helper-method,openai-organization"


@pytest.mark.parametrize("asked", [SDK, "x-session-id", "X-API-Key, X-Stainless-Lang", "mcp-protocol-version", ""])
def test_a_page_may_send_what_clients_send(records: Records, asked: str) -> None:
    site = "http://app.example.test"
    client = client_of(records, Settings(access="keys", cors=(site,)))
    headers = {"Origin": site, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked}
    answered = client.options("/v1/chat/completions", headers=headers)
    allowed = {name.strip().lower() for name in answered.headers["access-control-allow-headers"].split(",")}
    assert answered.status_code == 200 and answered.headers["access-control-allow-origin"] == site
    assert {name.strip().lower() for name in asked.split(",") if name} <= allowed


@pytest.mark.parametrize(
    ("site", "method", "asked"),
    [
        ("https://other.example.test", "POST", "content-type"),
        ("http://app.example.test", "DELETE", ""),
        ("http://app.example.test", "POST", "x-other"),
        ("http://app.example.test", "POST", "x-stainless-os, x-other"),
    ],
)
def test_a_refused_preflight_has_the_shape_of_every_error(records: Records, site: str, method: str, asked: str) -> None:
    client = client_of(records, Settings(access="keys", cors=("http://app.example.test",)))
    headers = {"Origin": site, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
    refused = client.options("/v1/ask", headers=headers)
    error_of(refused, 403, "origin_refused")
    assert refused.headers.get("access-control-allow-origin") in (None, "http://app.example.test")


def test_nobody_names_the_conversation_of_a_key(records: Records) -> None:
    key, token = Keys(records).create("", "ask")
    service = FakeService([POLICY], {"奖励": ("10万元", "奖励10万元")})
    client = TestClient(create_app(service, records=records, settings=Settings(access="ask")))
    body = {**QUESTION, "session_id": "s1"}
    client.post("/v1/ask", json=body, headers=bearer(token))
    for named in (f"key:{key.id}/s1", "s1", f"open/key:{key.id}/s1"):
        client.post("/v1/ask", json={**QUESTION, "session_id": named})
    assert len({question.session for question in service.asked}) == 4
    made = client.post("/v1/handoffs", json=body | {"contact": "甲"}, headers=bearer(token)).json()["id"]
    other = client.post("/v1/handoffs", json={**body, "session_id": f"key:{key.id}/s1", "contact": "乙"}).json()["id"]
    assert made != other


# --- how often --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_a_key_and_an_address_have_their_own_count(records: Records) -> None:
    tokens = [Keys(records).create("", "ask")[1] for _ in range(2)]
    client = client_of(records, Settings(access="ask", rate_key=3, rate_address=2), address="203.0.113.9")
    for headers, calls in (({}, 2), (bearer(tokens[0]), 3), (bearer(tokens[1]), 3)):
        statuses = [client.get("/v1/documents", headers=headers).status_code for _ in range(calls + 2)]
        assert statuses == [200] * calls + [429] * 2
    refused = client.get("/v1/documents")
    error_of(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 121
    assert client.get("/").status_code == client.get("/healthz").status_code == 200, "pages and probes are not counted"


@pytest.mark.usefixtures("database")
def test_wrong_keys_are_counted_too(records: Records) -> None:
    client = client_of(records, Settings(access="keys", rate_address=3), address="203.0.113.9")
    statuses = [client.get("/v1/documents", headers=bearer(f"tw_{n}")).status_code for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_an_ipv6_subscriber_is_one_address(records: Records) -> None:
    settings = Settings(access="ask", rate_address=2)
    statuses = [
        client_of(records, settings, address=f"2001:db8::{n}").get("/v1/documents").status_code for n in range(1, 4)
    ]
    assert statuses == [200, 200, 429]
    assert client_of(records, settings, address="2001:db8:0:1::1").get("/v1/documents").status_code == 200


def test_a_socket_for_both_kinds_of_addresses_counts_each_ipv4_caller_for_itself(records: Records) -> None:
    settings = Settings(access="ask", rate_address=1)
    for address in ("::ffff:203.0.113.9", "::ffff:203.0.113.10"):
        assert client_of(records, settings, address=address).post("/v1/ask", json=QUESTION).status_code == 200
    error_of(client_of(records, settings, address="203.0.113.9").post("/v1/ask", json=QUESTION), 429, "rate_limited")


def test_a_service_open_to_all_still_counts_each_address_but_its_own(records: Records) -> None:
    settings = Settings(access="open", any_host=True, rate_address=1)
    far, near = (client_of(records, settings, address=address) for address in ("203.0.113.9", "127.0.0.1"))
    assert far.get("/v1/documents").status_code == 200
    error_of(far.post("/v1/ask", json=QUESTION), 429, "rate_limited")
    assert client_of(records, settings, address="203.0.113.10").post("/v1/ask", json=QUESTION).status_code == 200
    assert [near.post("/v1/ask", json=QUESTION).status_code for _ in range(3)] == [200] * 3


def test_the_table_of_roles_is_about_routes_that_exist(records: Records) -> None:
    app = client_of(records).app
    paths = {getattr(route, "path", "") for route in app.routes}  # type: ignore[attr-defined]
    paths |= set(app.openapi()["paths"])  # type: ignore[attr-defined]
    for path in ("/v1/files/{name}", "/v1/ingestions/{id}", "/v1/operator/queue", "/v1/faq/{id}", "/metrics", "/v1/me"):
        assert any(known.replace(":path", "") == path for known in paths), path
