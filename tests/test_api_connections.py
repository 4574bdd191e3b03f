"""Connections that say nothing, half of something, or read nothing: they are given up, and others are answered meanwhile."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Response

from api.edge import connections
from api.edge.connections import Config, Limits
from api.run.serving import _config
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
NONE = Limits()
LARGE = 30_000_000  # bytes, more than the system keeps of a response for a reader


def app() -> FastAPI:
    made = FastAPI()
    held = threading.Event()

    @made.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @made.get("/large")
    def large() -> Response:
        return Response(b"x" * LARGE)

    @made.get("/wait")
    def wait() -> dict[str, bool]:
        return {"released": held.wait(20)}

    @made.get("/release")
    def release() -> None:
        held.set()

    return made


@contextmanager
def serving(limits: Limits = NONE) -> Iterator[tuple[int, uvicorn.Server]]:
    server = uvicorn.Server(Config(app(), limits, log_level="warning", lifespan="off"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert until(lambda: server.started)
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def connect(port: int, said: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.sendall(said)
    return made


def answer(port: int, said: bytes = WHOLE) -> bytes:
    with connect(port, said) as made:
        return said_by(made, b"}")


def said_by(made: socket.socket, part: bytes) -> bytes:
    """What comes until `part` has come: head and body may be two packets."""
    found = b""
    while part not in found and (more := made.recv(65536)):
        found += more
    return found


def is_over(made: socket.socket) -> bool:
    """Whether the other side ends it, whatever it sends before that."""
    try:
        while made.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("said", [b"", HALF, WHOLE + HALF], ids=["nothing", "half", "half after a whole"])
def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with serving() as (port, server):
        with connect(port, said) as silent:
            if said.startswith(WHOLE):
                assert silent.recv(65536).startswith(b"HTTP/1.1 200")
            assert is_over(silent)
        assert until(lambda: not server.server_state.connections)


def test_a_head_in_drops_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with serving() as (port, _), connect(port, HALF) as dripping:
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 15:
                dripping.sendall(b"a")
                time.sleep(0.05)
        assert time.monotonic() - began < 10


def test_a_slow_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with serving() as (port, _), connect(port, b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n") as waiting:
        time.sleep(0.6)
        answer(port, b"GET /release HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"true" in said_by(waiting, b"}")


def test_who_does_not_read_is_given_up_and_who_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 1.0)
    ask = b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with serving() as (port, server):
        unread = connect(port, ask)
        slow, read = connect(port, ask), 0
        until(lambda: len(server.server_state.connections) == 2)
        while part := slow.recv(4_000_000):
            read += len(part)
            time.sleep(0.05)
        assert read > LARGE
        assert until(lambda: not server.server_state.connections)
        unread.close()
        slow.close()


# --- how many ---------------------------------------------------------------------------------------------------------


def test_silent_connections_make_room(caplog: pytest.LogCaptureFixture) -> None:
    with serving(Limits(most=20)) as (port, server):
        silent = [connect(port, HALF if n % 2 else b"") for n in range(60)]
        assert answer(port).startswith(b"HTTP/1.1 200"), "another caller is answered at once"
        assert len(server.server_state.connections) <= 20
        assert is_over(silent[0]), "the oldest goes first"
        for made in silent:
            made.close()
    assert len([r for r in caplog.records if "as many connections" in r.getMessage()]) == 1


def test_one_address_leaves_room_for_others() -> None:
    with serving(Limits(of_address=3)) as (port, server):
        silent = [connect(port) for _ in range(10)]
        assert until(lambda: len(server.server_state.connections) <= 3)
        assert answer(port).startswith(b"HTTP/1.1 200")
        for made in silent:
            made.close()
        other = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=("127.0.0.2", 0))
        other.sendall(WHOLE)
        assert other.recv(65536).startswith(b"HTTP/1.1 200")
        other.close()


def test_what_is_at_work_is_not_given_up_for_a_newcomer() -> None:
    with serving(Limits(most=2)) as (port, _):
        busy = [connect(port, b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(2)]
        time.sleep(0.5)
        refused = answer(port)
        head, _, body = refused.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503") and b"Retry-After" in head
        assert json.loads(body)["error"]["code"] == "busy"
        busy.pop(0).close()
        assert until(lambda: answer(port, b"GET /release HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200"))
        assert b"true" in said_by(busy[0], b"}")
        busy[0].close()


def test_there_is_no_more_room_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    assert Limits().room == Limits(most=5000).room == 1024 - connections.RESERVED
    assert Limits(most=7).room == 7
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    assert Limits(most=7000).room == 16
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert Limits(most=7000).room == 7000 and Limits().room >= 1_000_000


STARVED = """
import asyncio, resource, socket, sys
from api.edge.connections import BACKLOG, Config, Limits

async def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    held = []
    class Held(asyncio.Protocol):
        def connection_made(self, transport):
            held.append(transport)
        def data_received(self, data):
            held[0].write(data)
    server = await asyncio.get_running_loop().create_server(Held, sock=listener, backlog=BACKLOG)
    resource.setrlimit(resource.RLIMIT_NOFILE, (listener.fileno() + 4, 4096))
    print(listener.getsockname()[1], flush=True)
    while not sys.stdin.readable() or len(held) < 200:
        await asyncio.sleep(0.05)

make = Config(None, Limits()).get_loop_factory()
loop = make()
loop.run_until_complete(asyncio.wait_for(main(), 60))
"""


def test_no_descriptor_left_is_said_once_and_survived() -> None:
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", STARVED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout and process.stderr
        port = int(process.stdout.readline())
        many = [connect(port) for _ in range(40)]
        time.sleep(3.5)  # it has tried again
        many[0].sendall(b"still here")
        assert many[0].recv(100) == b"still here", "what it has it serves"
        process.kill()
        said = process.stderr.read().decode()
        for made in many:
            made.close()
    assert said.count("no connection can be accepted") == 1 and "Traceback" not in said, said[:2000]


def test_the_service_is_served_with_these_limits() -> None:
    config = _config("api.run.serving:app_from_environment", Settings(connections=5, connections_address=4), 2)
    assert isinstance(config, Config) and config.limits == Limits(5, 4)
    assert config.http is connections.Connection
    assert Settings().connections and Settings().connections_address, "there is a limit by default"
