"""What the tests of bots share: a service with chats connected, a clock that stands, and a server that is told to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient

from api.app import create_app
from api.bots.settings import Bots
from api.records.database import Records
from corpus.types import Validity

POLICY = make_document(
    "试点若干措施\n一、奖励\n（一）认定奖励。对国家级、省级企业，分别给予100万元、50万元奖励。\n二、附则\n本措施自2026年1月1日起施行。\n",
    number="试发〔2026〕1号",
    issuer="试点市人民政府",
    validity=Validity(TODAY.replace(month=1, day=1), TODAY.replace(year=2027, month=12, day=31)),
)
QUOTE = "分别给予100万元、50万元奖励"
QUESTION = "国家级企业奖多少？"


def service() -> FakeService:
    return FakeService([POLICY], {"国家级": ("100万元", QUOTE)})


@contextmanager
def client_of(bots: Bots, folder: Path, engine: Any = None) -> Iterator[TestClient]:
    """A client of the whole application; the outbox runs while it is open. `client.app_state.desk` is not needed: what a
    bot did shows in `engine.asked` and in the records of `folder`."""
    app = create_app(engine or service(), clock=lambda: TODAY, records=Records(folder), bots=bots)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def error_of(response: Any, status: int, code: str) -> None:
    """Asserts the one shape of errors, and that nothing leaks."""
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error"}, response.text
    error = response.json()["error"]
    assert set(error) == {"code", "message", "hint"} and error["code"] == code, response.text
    assert any("\u4e00" <= c <= "\u9fff" for c in error["message"])
    assert "Traceback" not in response.text and "Error" not in response.text


@dataclass
class Received:
    """One request that the fake server got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Platform:
    """A server on this machine in the place of a platform or another desk. `answer` says what it answers to a request."""

    answer: Callable[[Received], tuple[int, Any]] = lambda request: (200, {})
    requests: list[Received] = field(default_factory=list)
    origin: str = ""

    def __post_init__(self) -> None:
        self._news = threading.Condition()

    @contextmanager
    def running(self) -> Iterator[Platform]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                request = Received(self.path, dict(self.headers.items()), body)
                status, said = outer.answer(request)
                with outer._news:
                    outer.requests.append(request)
                    outer._news.notify_all()
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                for name, value in (said.get("headers", {}) if isinstance(said, dict) else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.origin = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def wait_for(self, count: int, path: str = "", seconds: float = 20.0) -> list[Received]:
        """The requests at `path` when there are `count` of them, or those there are after `seconds`."""

        def found() -> list[Received]:
            return [request for request in self.requests if request.path.startswith(path)]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count, seconds)
        return found()
