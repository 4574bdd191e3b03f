"""Signing in with the account of an organisation, against a provider that speaks OpenID Connect over HTTP."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fake_service import FakeService, make_document
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from live_service import running
from test_api_app import error_of
from test_api_guard import bearer
from test_api_subpath import proxy

pytest.importorskip("authlib")
from oidc_provider import CLIENT, SECRET, Provider, new_key, running_provider

from api.access import RANK, Grant, Role, granted, highest
from api.app import create_app
from api.cli import main
from api.edge.guard import COOKIE
from api.errors import SignOnUnavailable
from api.outgoing import oidc as outgoing
from api.records.audit import Audit
from api.records.database import Records
from api.records.keys import Keys
from api.records.people import People, SignOn
from api.routes.sso import BROWSER, Back
from api.settings import Oidc, Settings, settings_from
from qa.errors import BadSetting

POLICY = make_document("试行办法\n第一条 奖励10万元。\n")
DESK, BOSS = Grant("groups", "/政策科", "operate"), Grant("realm_access.roles", "管理员", "admin")
TO_PROVIDER = httpx.Client()


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider
    TO_PROVIDER.close()


@pytest.fixture
def provider(served: Provider) -> Provider:
    served.reset()
    return served


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return Records(tmp_path_factory.mktemp("sso"))


def oidc_of(provider: Provider, roles: tuple[Grant, ...] = (DESK, BOSS)) -> Oidc:
    return Oidc(provider.issuer, CLIENT, SECRET, roles)


def app_of(records: Records, oidc: Oidc | None, root: str = "") -> FastAPI:
    settings = Settings(oidc=oidc, root_path=root, rate_address=0, rate_key=0)
    return create_app(FakeService([POLICY], {}), records=records, settings=settings)


@pytest.fixture(scope="module")
def app(records: Records, served: Provider) -> FastAPI:
    return app_of(records, oidc_of(served))


@pytest.fixture
def client(app: FastAPI, provider: Provider) -> TestClient:
    return browser_of(app)


def browser_of(app: FastAPI) -> TestClient:
    """Somebody's browser, with no cookie yet."""
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000), follow_redirects=False)


def at_provider(client: TestClient | httpx.Client, back: str = "/operator", base: str = "") -> str:
    """Begins, goes to the provider, and gives the address that it leads back to."""
    began = client.get(f"{base}/v1/sso/login", params={"back": back})
    assert began.status_code == 303, began.text
    answered = TO_PROVIDER.get(began.headers["location"])
    assert answered.status_code == 302, answered.text
    return str(answered.headers["location"])


def sign_in(client: TestClient, back: str = "/operator", **headers: str) -> Any:
    return client.get(at_provider(client, back), headers=headers)


def begun(provider: Provider) -> str:
    """Where somebody is sent to who knows nothing of the provider yet."""
    return outgoing.Provider(oidc_of(provider)).address(
        SignOn("state", "nonce", "v" * 43, "http://127.0.0.1/back", "/")
    )


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_somebody_signs_in_works_and_leaves(client: TestClient, records: Records) -> None:
    assert client.get("/v1/me").json() == {"role": None, "name": "", "access": "keys", "sso": True}
    error_of(client.get("/v1/faq"), 401, "key_missing")
    back = sign_in(client)
    assert back.status_code == 303 and back.headers["location"] == "/operator"
    cookie = next(text for text in back.headers.get_list("set-cookie") if text.startswith(COOKIE)).lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age=43200" in cookie and "path=/" in cookie
    assert client.get("/v1/me").json() == {"role": "operate", "name": "李工", "access": "keys", "sso": True}
    assert client.get("/v1/operator/log/export").status_code == 200
    error_of(client.post("/v1/faq", json={}, headers={"Origin": "https://evil.example.test"}), 403, "origin_refused")
    assert "账号" in error_of(client.get("/v1/audit"), 403, "forbidden")["message"]
    lines = list(Audit(records).lines(10))
    assert [(line.action, line.who) for line in lines] == [("export.log", "李工"), ("sso.login", "李工")]
    assert {line.who_id for line in lines} == {f"person:{People(records, None).list()[0].person}"}
    token = client.cookies[COOKIE]
    client.post("/v1/logout", json={})
    error_of(client.get("/v1/faq", headers={"Cookie": f"{COOKIE}={token}"}), 401, "session_expired")


def test_it_works_below_a_path_of_another_site(records: Records, provider: Provider) -> None:
    app = app_of(records, oidc_of(provider), "/tw")
    with running(app) as base, proxy(base, "/tw", strip=True) as site, httpx.Client() as client:
        home = at_provider(client, "/library", f"{site}/tw")
        assert home.startswith(f"{site}/tw/v1/sso/callback?")
        back = client.get(home)
        assert back.headers["location"] == "/tw/library"
        assert {(cookie.name, cookie.path) for cookie in client.cookies.jar} == {
            (COOKIE, "/tw"),
            (BROWSER, "/tw/v1/sso"),
        }
        assert client.get(f"{site}/tw/v1/me").json()["name"] == "李工"


def test_behind_a_proxy_with_tls_the_way_back_and_the_cookies_are_of_https(app: FastAPI, provider: Provider) -> None:
    with running(app) as base:  # uvicorn trusts what a proxy on this machine says of the scheme
        said = {"Host": "ask.example.gov.cn", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        began = httpx.get(f"{base}/v1/sso/login", headers=said)
    asked = parse_qs(urlsplit(began.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://ask.example.gov.cn/v1/sso/callback"]
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    assert "; secure" in began.headers["set-cookie"].lower()


def test_keys_go_on_beside_it(client: TestClient, records: Records) -> None:
    token = Keys(records).create("张工", "admin")[1]
    assert client.get("/v1/audit", headers=bearer(token)).status_code == 200
    assert client.post("/v1/login", json={"key": token}).json()["role"] == "admin"
    assert client.get("/v1/audit").status_code == 200


# --- what a role is given for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": ["/政策科"]}, "operate"),
        ({"groups": "/政策科"}, "operate"),
        ({"groups": ["/政策科"], "realm_access": {"roles": ["管理员"]}}, "admin"),
        ({"realm_access.roles": ["管理员"]}, "admin"),
        ({"groups": ["/政策科2", "政策科"]}, None),
        ({"groups": {"/政策科": True}}, None),
        ({"realm_access": ["管理员"]}, None),
        ({}, None),
    ],
)
def test_roles_come_from_claims(
    client: TestClient, records: Records, provider: Provider, claims: dict[str, Any], role: Role | None
) -> None:
    before = len(People(records, None).list())
    provider.claims = {"sub": "u1", "name": "李工", **claims}
    answered = sign_in(client)
    if role:
        assert client.get("/v1/me").json()["role"] == role
    else:
        assert "李工" in error_of(answered, 403, "sso_no_role")["message"]
        assert COOKIE not in client.cookies and len(People(records, None).list()) == before


def test_what_only_userinfo_says_counts_and_overrides_nothing(client: TestClient, provider: Provider) -> None:
    provider.claims = {"sub": "u1", "preferred_username": "li"}
    provider.more = {"name": "李工", "groups": ["/政策科"], "preferred_username": "other"}
    sign_in(client)
    assert client.get("/v1/me").json()["name"] == "李工"
    provider.more = {"sub": "somebody else", "groups": ["/政策科"]}
    error_of(sign_in(client), 403, "sso_no_role")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab.", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAME = st.text("ab.", min_size=1, max_size=3)
GRANTS = st.lists(st.builds(Grant, NAME, NAME, st.sampled_from(list(RANK))), max_size=4)


@given(st.dictionaries(NAME, JSON, max_size=4), GRANTS)
def test_no_role_without_its_ground(claims: dict[str, Any], grants: list[Grant]) -> None:
    given = list(granted(grants, claims))
    role = highest(given)
    assert (role is None) == (not given)
    for grant in given:
        assert json.dumps(grant.value) in json.dumps(claims) and RANK[grant.role] <= RANK[role or "ask"]
    assert all(not grant.holds({}) for grant in grants)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"nonce": "of another sign-on"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-service"}, "aud"),
        ({"aud": ["another-service", CLIENT]}, "azp"),  # for several, and not said that it was given to us
        ({"aud": [CLIENT], "azp": "another-service"}, "azp"),
        ({"aud": ["another-service"], "azp": CLIENT}, "aud"),
        ({"iss": "https://another.example.test"}, "iss"),
        ({"exp": -3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": 3600}, "in the future"),
        ({"sub": ""}, "sub"),
        ({"at_hash": "bm90IHRoZSBoYXNo"}, "at_hash"),
    ],
    ids=str,
)
def test_an_id_token_that_does_not_hold_is_refused(
    client: TestClient, provider: Provider, claims: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Times are seconds from now: a test that is named after the clock has another name in every process of a run."""
    provider.claims |= {
        key: int(time.time()) + value if isinstance(value, int) else value for key, value in claims.items()
    }
    error_of(sign_in(client), 403, "sso_untrusted")
    assert said in next(record.getMessage() for record in caplog.records if "does not hold" in record.getMessage())
    assert COOKIE not in client.cookies and client.get("/v1/me").json()["role"] is None


@pytest.mark.parametrize("alg", ["none", "HS256", "RS512"])
def test_a_token_signed_in_another_way_is_refused(client: TestClient, provider: Provider, alg: str) -> None:
    """RS512 is good, but the provider does not say that it uses it."""
    provider.alg = alg
    error_of(sign_in(client), 403, "sso_untrusted")


def test_the_key_of_another_issuer_is_refused(client: TestClient, provider: Provider) -> None:
    own = provider.published = provider.key
    for kid in (str(own.kid), "another"):
        provider.key = new_key(kid)
        error_of(sign_in(client), 403, "sso_untrusted")
    provider.key = own
    assert sign_in(client).status_code == 303


@pytest.mark.parametrize("kid", ["two", "one"])
def test_a_new_key_of_the_provider_is_taken_up(client: TestClient, provider: Provider, kid: str) -> None:
    assert sign_in(client).status_code == 303
    provider.asked_for_keys = 0
    assert sign_in(client).status_code == 303
    assert provider.asked_for_keys == 0, "kept"
    provider.key = new_key(kid)
    assert sign_in(client).status_code == 303
    assert provider.asked_for_keys == 1


def test_a_way_back_is_good_once_and_for_the_browser_that_began(client: TestClient, app: FastAPI) -> None:
    home = at_provider(client)
    error_of(browser_of(app).get(home), 400, "sso_expired")
    error_of(client.get(home.replace("state=", "state=x")), 400, "sso_expired")
    error_of(client.get("/v1/sso/callback"), 400, "sso_expired")
    assert client.get(home).status_code == 303
    error_of(client.get(home), 400, "sso_expired")


def test_two_tabs_may_sign_in_at_once_and_none_after_its_time(client: TestClient, records: Records) -> None:
    first, second, late = (at_provider(client) for _ in range(3))
    assert [client.get(home).status_code for home in (second, first)] == [303, 303]
    with records.transaction() as connection:
        connection.execute("UPDATE sign_ons SET expires_at = '2020-01-01T00:00:00.000000+00:00'")
    error_of(client.get(late), 400, "sso_expired")


def test_a_code_of_another_sign_on_is_refused_by_pkce(client: TestClient) -> None:
    """Whoever puts a code that he came by into a sign-on of his own has not the verifier of it."""
    stolen, own = (parse_qs(urlsplit(at_provider(client)).query) for _ in range(2))
    answered = client.get("/v1/sso/callback", params={"state": own["state"][0], "code": stolen["code"][0]})
    error_of(answered, 403, "sso_refused")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ("access_denied", 403, "sso_refused"),
        ("temporarily_unavailable", 503, "sso_unavailable"),
        ("", 403, "sso_refused"),
    ],
)
def test_what_the_provider_refuses_is_said(
    client: TestClient, provider: Provider, error: str, status: int, code: str
) -> None:
    provider.refuse = True
    home = at_provider(client)
    assert "error=access_denied" in home
    error_of(client.get(home.replace("error=access_denied", f"error={error}")), status, code)


def test_a_way_back_from_another_provider_is_refused(client: TestClient, provider: Provider) -> None:
    error_of(client.get(at_provider(client) + "&iss=https://another.example.test"), 403, "sso_refused")
    assert client.get(f"{at_provider(client)}&iss={provider.issuer}").status_code == 303


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://another.example.test"},
        {"authorization_endpoint": "http://plain.example.test/authorize"},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_says_what_it_may_not_is_not_followed(provider: Provider, metadata: dict[str, Any]) -> None:
    assert begun(provider).startswith(provider.issuer)
    provider.metadata = metadata
    with pytest.raises(SignOnUnavailable):
        begun(provider)


def test_a_provider_that_is_away_is_said_and_tried_again(client: TestClient, provider: Provider) -> None:
    home = at_provider(client)
    provider.down = True
    error_of(client.get(home), 503, "sso_unavailable")
    asked = outgoing.Provider(oidc_of(provider))
    for _ in range(2):
        with pytest.raises(SignOnUnavailable):
            asked.is_issuer("")
        provider.issuer, kept = "http://127.0.0.1:9", provider.issuer  # where nobody listens
        with pytest.raises(SignOnUnavailable):
            begun(provider)
        provider.issuer = kept
    provider.down = False
    assert asked.is_issuer(provider.issuer) and sign_in(client).status_code == 303


def test_a_browser_gets_a_page_and_names_are_no_markup(client: TestClient, provider: Provider) -> None:
    provider.claims = {"sub": "u1", "name": "<img src=x onerror=alert(1)>"}
    answered = sign_in(client, Accept="text/html,*/*;q=0.8")
    assert answered.status_code == 403 and answered.headers["content-type"].startswith("text/html")
    assert "没有使用本服务的权限" in answered.text and "&lt;img" in answered.text and "<img src=x" not in answered.text
    assert "default-src 'self'" in answered.headers["content-security-policy"]


PAGES = Back.__args__  # type: ignore[attr-defined]
PLACES = st.text(max_size=20) | st.builds(
    "".join,
    st.lists(
        st.sampled_from(["/", "\\", "//evil.example.test", "https:", "operator", "@", "\n", "%2f", ".", "?", "#"]),
        max_size=5,
    ),
)


@given(PLACES)
def test_no_place_but_our_pages_comes_after_signing_in(app: FastAPI, back: str) -> None:
    answered = browser_of(app).get("/v1/sso/login", params={"back": back})
    if back in PAGES:
        assert answered.status_code == 303
    else:
        error_of(answered, 422, "invalid_request")
        assert "location" not in answered.headers


@pytest.mark.parametrize("page", PAGES)
def test_every_page_may_come_after_signing_in(client: TestClient, page: str) -> None:
    assert sign_in(client, page).headers["location"] == page


# --- how a login ends -------------------------------------------------------------------------------------------------


def test_a_login_ends_by_its_time_by_command_and_with_what_it_was_given_for(
    client: TestClient, records: Records, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    with records.transaction() as connection:
        connection.execute("DELETE FROM people_logins")
    sign_in(client)
    cookie = client.cookies[COOKIE]

    def role(oidc: Oidc | None) -> Role | None:
        found = People(records, oidc).logged_in(cookie)
        return found and found.role

    assert role(oidc_of(provider)) == "operate"
    assert role(oidc_of(provider, (Grant("groups", "/政策科", "ask"),))) == "ask"
    assert role(oidc_of(provider, (BOSS,))) is None, "the group counts no more"
    assert role(Oidc("https://another.example.test", CLIENT, roles=(DESK,))) is None
    assert role(None) is None, "no single sign-on any more"

    data = ["--data", str(records.folder)]
    assert main(["logins", "list", "--json", *data]) == 0
    (login,) = json.loads(capsys.readouterr().out)["logins"]
    assert login["name"] == "李工" and login["grounds"] == ["groups=/政策科"]
    assert main(["logins", "end", login["person"], *data]) == 0
    assert "李工" in capsys.readouterr().out
    error_of(client.get("/v1/faq"), 401, "session_expired")
    assert main(["logins", "end", login["person"], *data]) == 1
    assert main(["logins", "list", *data]) == 0 and "没有" in capsys.readouterr().out
    assert next(iter(Audit(records).lines(1))).action == "sso.end"

    sign_in(client)
    with records.transaction() as connection:
        connection.execute("UPDATE people_logins SET expires_at = '2020-01-01T00:00:00.000000+00:00'")
    error_of(client.get("/v1/faq"), 401, "session_expired")


# --- settings ---------------------------------------------------------------------------------------------------------


def test_without_settings_there_is_no_single_sign_on() -> None:
    client = browser_of(app_of(Records(), None))
    assert client.get("/v1/me").json()["sso"] is False
    for path in ("/v1/sso/login", "/v1/sso/callback"):
        error_of(client.get(path), 404, "not_found")


WHOLE = {
    "TIAOWEN_OIDC_ISSUER": "https://sso.example.gov.cn/realms/city",
    "TIAOWEN_OIDC_CLIENT_ID": "tiaowen",
    "TIAOWEN_OIDC_CLIENT_SECRET": "s3cret",
    "TIAOWEN_OIDC_ROLES": "groups=/政策科:operate; memberOf=CN=it,OU=x:y:admin;",
}


def test_the_settings_are_read() -> None:
    read = settings_from(WHOLE).oidc
    assert read == Oidc(
        "https://sso.example.gov.cn/realms/city",
        "tiaowen",
        "s3cret",
        (Grant("groups", "/政策科", "operate"), Grant("memberOf", "CN=it,OU=x:y", "admin")),
    )
    assert "s3cret" not in repr(read)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", ""),
        ("ISSUER", "http://sso.example.gov.cn"),
        ("ISSUER", "https://"),
        ("ISSUER", "https://sso.example.gov.cn/?x"),
        ("CLIENT_ID", ""),
        ("ROLES", "groups=/政策科"),
        ("ROLES", "groups=/政策科:root"),
        ("ROLES", "/政策科:operate"),
        ("SCOPE", "profile"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"TIAOWEN_OIDC_{name}") as refused:
        settings_from({**WHOLE, f"TIAOWEN_OIDC_{name}": value})
    assert refused.value.hint


def test_the_start_says_where_the_extra_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "authlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(BadSetting, match="缺少 authlib"):
        outgoing.Provider(Oidc("https://sso.example.gov.cn", "tiaowen"))
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "index").mkdir()
    assert main(["serve", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "没有安装单位账号登录的组件" in said and "'.[sso]'" in said
