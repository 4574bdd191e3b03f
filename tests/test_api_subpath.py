"""The service below a path of another site, behind a proxy that takes the path off, and one that leaves it on."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fake_service import FakeService, make_document
from fastapi import FastAPI
from fastapi.testclient import TestClient
from live_service import running
from test_api_app import error_of

from api.app import create_app
from api.assets.site import WEB
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Settings

POLICY = make_document("试行办法\n第一条 奖励10万元。\n")
QUESTION = {"question": "奖励多少？"}
ROOT = "/tw"


def app_of(records: Records, root: str = ROOT) -> FastAPI:
    service = FakeService([POLICY], {"奖励": ("10万元", "奖励10万元")})
    return create_app(service, records=records, settings=Settings(access="keys", root_path=root))


@contextmanager
def proxy(base: str, prefix: str, strip: bool) -> Iterator[str]:
    """A proxy that serves one path of its site, and nothing else; gives the address of the site."""
    target = urlsplit(base).netloc

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404)
                return
            path = self.path[len(prefix) :] if strip else self.path
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            # Closed before anything is sent on: who asked may be gone.
            with closing(http.client.HTTPConnection(target, timeout=30)) as connection:
                connection.request(self.command, path, body, dict(self.headers))
                answer = connection.getresponse()
                data = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = forward

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{site.server_address[1]}"
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


@pytest.mark.parametrize("strip", [True, False])
def test_pages_and_calls_stay_below_the_path(tmp_path: Path, strip: bool) -> None:
    records = Records(tmp_path)
    token = Keys(records).create("", "admin")[1]
    with running(app_of(records)) as base, proxy(base, ROOT, strip) as site, httpx.Client() as client:
        for page in ("/", "/library", "/operator", "/docs"):
            html = client.get(site + ROOT + page)
            assert html.status_code == 200
            for address in re.findall(r'(?:src|href)="([^"#]+)', html.text):
                found = urljoin(str(html.url), address)
                assert found.startswith(f"{site}{ROOT}/") and client.get(found).status_code == 200, address
        assert client.post(f"{site}{ROOT}/v1/login", json={"key": token}).status_code == 200
        (cookie,) = client.cookies.jar
        assert cookie.path == ROOT
        made = client.post(f"{site}{ROOT}/v1/handoffs", json=QUESTION)
        assert made.headers["location"].startswith(f"{ROOT}/v1/handoffs/")
        assert client.get(site + made.headers["location"]).status_code == 200
        assert client.get(f"{site}{ROOT}/openapi.json").json()["servers"] == [{"url": ROOT}]
        assert client.get(f"{site}{ROOT}/v1/faq").status_code == 200


def test_no_script_names_a_place_from_the_root() -> None:
    """What goes through `call`, `stream` and `at` is put below the path of the site; nothing else may name a place."""
    for path in sorted(WEB.glob("*.js")):
        for line in path.read_text("utf-8").splitlines():
            code = re.sub(r"//.*$|^\s*/?\*.*$|\b(?:call|stream|at)\(.*", "", line)
            assert not re.search(r"""(?:fetch|open|assign|pushState|href|src)\b[^;]*["'`]/""", code), (path.name, line)


@pytest.mark.parametrize("path", ["/tw/v1/faq", "/tw/v1/files/x", "/tw/v1/operator/queue", "/tw/metrics", "/v1/faq"])
def test_the_table_of_roles_holds_below_the_path(tmp_path: Path, path: str) -> None:
    records = Records(tmp_path)
    token = Keys(records).create("", "ask")[1]
    client = TestClient(app_of(records))
    error_of(client.get(path, headers={"Authorization": f"Bearer {token}"}), 403, "forbidden")
    error_of(client.get(path), 401, "key_missing")
    for odd in ("/tw/tw/v1/faq", "/twv1/faq", "/tw//v1/faq"):
        assert client.get(odd, headers={"Authorization": f"Bearer {token}"}).status_code == 404


def test_the_path_itself_leads_to_the_page(tmp_path: Path) -> None:
    client = TestClient(app_of(Records(tmp_path)), follow_redirects=False)
    assert client.get("/tw").headers["location"] == "/tw/"
