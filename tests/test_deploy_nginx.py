"""The service below a path of a site that a real nginx serves, by the configuration that deploy/ gives."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fake_service import TODAY, FakeService, make_document
from live_service import running

from api.app import create_app
from api.records.database import Records
from api.settings import Settings

SNIPPET = Path(__file__).resolve().parents[1] / "deploy" / "nginx-subpath.conf"
POLICY = make_document("甲市园区试行办法\n第一条 对园区奖励10万元。\n")
SETTINGS = Settings(access="ask", root_path="/tiaowen", frame_ancestors=("https://www.example.test",))
QUESTION = {"question": "园区奖励多少？"}
MAIN = """
{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream tiaowen {{ server {service}; keepalive 4; }}
    server {{ listen 127.0.0.1:{port}; include {snippet}; }}
}}
"""


@contextmanager
def nginx(folder: Path, base: str) -> Iterator[str]:
    """A site of nginx with the snippet in it; gives its address."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("needs nginx, which is not installed (Debian: apt-get install nginx)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""  # its workers write into a folder of the test's own
    service = base.removeprefix("http://")
    conf = folder / "nginx.conf"
    conf.write_text(MAIN.format(user=user, folder=folder, service=service, port=port, snippet=SNIPPET), "utf-8")
    command = [program, "-p", str(folder), "-c", str(conf), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            assert process.poll() is None, (folder / "error.log").read_text("utf-8")
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_page_stream_interface_and_widget_below_a_path(tmp_path: Path) -> None:
    service = FakeService([POLICY], {"奖励": ("10万元", "对园区奖励10万元")})
    app = create_app(service, clock=lambda: TODAY, records=Records(tmp_path / "records"), settings=SETTINGS)
    with running(app) as base, nginx(tmp_path, base) as site, httpx.Client(base_url=site) as client:
        assert client.get("/tiaowen").headers["location"].endswith("/tiaowen/")
        page = client.get("/tiaowen/")
        assert page.headers["content-encoding"] == "gzip" and page.headers["content-security-policy"].count(
            "example.test"
        )
        again = client.get("/tiaowen/", headers={"If-None-Match": page.headers["etag"]})
        assert again.status_code == 304
        script = page.text.split('<script src="')[2].split('"')[0]
        assert "immutable" in client.get(f"/tiaowen/{script}").headers["cache-control"]
        widget = client.get("/tiaowen/widget.js")
        assert widget.status_code == 200 and widget.headers["cross-origin-resource-policy"] == "cross-origin"
        with client.stream("POST", "/tiaowen/v1/ask", json=QUESTION, headers={"Accept": "text/event-stream"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            events = "".join(answer.iter_text())
        assert events.index("event: step") < events.index("event: done")
        assert json.loads(events.split("event: done\ndata: ")[1].split("\n")[0])["answer"] == "10万元"
        chat = {"model": "tiaowen", "messages": [{"role": "user", "content": QUESTION["question"]}]}
        assert "10万元" in client.post("/tiaowen/v1/chat/completions", json=chat).text
        assert client.get("/tiaowen/metrics").status_code == 404 and client.get("/v1/suggestions").status_code == 404
