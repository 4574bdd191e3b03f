"""`tiaowen serve` as real processes: alone and with workers, started, asked, killed, given a newer index, and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from api.errors import CannotListen
from api.models import Models, models_from
from api.run.serving import DATA, _listening, make, serve
from corpus.errors import StoreError
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import update_index
from qa.errors import BadSetting

ROOT = Path(__file__).resolve().parents[1]
TEXT = "甲山市支持园区若干措施\n\n第一条 对新认定的国家级、省级园区，分别给予{}万元、50万元奖励。\n\n第二条 由市商务局负责解释。\n"
QUESTION = "新认定的国家级园区奖励多少？"


def publish(data: Path, amount: int) -> None:
    data.mkdir(exist_ok=True)
    (data / "园区.txt").write_text(TEXT.format(amount), "utf-8")
    store = Store(data)
    ingest(store, [data / "园区.txt"])
    update_index(store, data)


TOKENS: dict[int, str] = {}  # of the services that were started, by their ports


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving") / "data"
    publish(folder, 100)
    return folder


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served(data: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command with its port, from the moment that it says it has started."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(data), "--port", str(port), *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIAOWEN_RATE_ADDRESS": "0"}
    log = (data.parent / f"{port}.log").open("w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=data.parent)
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}" in line, (data.parent / f"{port}.log").read_text()
        shown = re.search(rf"http://127\.0\.0\.1:{port}/library#start=(tw_start_[\w-]+)", process.stdout.readline())
        assert shown, "an open service shows the way to its desk"
        TOKENS[port] = shown[1]
        yield process, port
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)
        process.stdout.close()  # type: ignore[union-attr]
        log.close()


def call(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def asked(port: int, question: str = QUESTION, **more: str) -> dict[str, Any]:
    status, body = call(port, "POST", "/v1/ask", {"question": question, **more})
    assert status == 200, body
    return dict(body)


def figure(port: int, name: str) -> float:
    """One of the figures for Prometheus."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKENS[port]}"})
        lines = connection.getresponse().read().decode().splitlines()
    finally:
        connection.close()
    (found,) = [line for line in lines if line.startswith(f"{name} ")]
    return float(found.rpartition(" ")[2])


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    """The worker processes of a supervisor; its resource tracker is none."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = set()
    for child in children:
        try:
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                found.add(int(child))
        except OSError:  # it ended between the two looks
            continue
    return found


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


# -- settings ----------------------------------------------------------------------------------------------------------


def test_models_are_named_by_the_environment() -> None:
    assert models_from({}) == Models()
    assert models_from({"TIAOWEN_ENCODER": " e ", "TIAOWEN_MAX_WRONG_RATE": "0.05", "TIAOWEN_READER": "r"}) == Models(
        "e", "", "0.05", "r"
    )


def test_what_cannot_be_served_is_told(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA, "")  # `serve` sets it for its workers
    for workers in (1, 2):
        with pytest.raises(StoreError) as caught:
            serve(tmp_path / "none", "127.0.0.1", free_port(), workers)
        assert "tiaowen ingest" in caught.value.hint
    with pytest.raises(BadSetting, match="TIAOWEN_QUEUE"):
        make({DATA: str(data), "TIAOWEN_QUEUE": "many"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        with pytest.raises(CannotListen, match="127.0.0.1"):
            serve(data, "127.0.0.1", taken.getsockname()[1])
    monkeypatch.setenv("TIAOWEN_ANY_HOST", "1")
    with pytest.raises(CannotListen):
        serve(data, "192.0.2.1", free_port())


def test_responses_are_sent_without_delay() -> None:
    with closing(_listening("127.0.0.1", 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP, "what asyncio asks for before it switches the delay off"


# -- processes ---------------------------------------------------------------------------------------------------------


def test_one_process_finishes_what_is_at_work_when_it_is_stopped(data: Path) -> None:
    with served(data) as (process, port):
        assert until(lambda: call(port, "GET", "/readyz")[0] == 200)
        body = json.dumps({"question": QUESTION}).encode()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            head = f"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body[:10])
            time.sleep(0.3)  # the request has begun
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)  # the service is stopping
            assert process.poll() is None
            client.sendall(body[10:])
            answer = b""
            while chunk := client.recv(65536):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 200") and "100万元" in answer.decode()
        assert process.wait(30) == 0 or process.returncode == -signal.SIGTERM


def test_workers_share_conversations_take_a_new_index_and_replace_their_dead(data: Path) -> None:
    publish(data, 100)
    with served(data, "--workers", "2") as (process, port):
        assert call(port, "GET", "/readyz")[0] == 200, "it has started when it says so"
        first = workers_of(process)
        assert len(first) == 2

        for turn in range(12):  # whichever worker the turns come to
            assert asked(port, session_id=f"s{turn}")["answer"] == "100万元"
            then = asked(port, "那省级的呢？", session_id=f"s{turn}")
            assert then["answer"] == "50万元" and "省级" in then["rewritten"]

        assert int(figure(port, 'tiaowen_questions_total{reason="",status="answered"}')) == 24, "added up over workers"
        assert figure(port, "tiaowen_ready") == 1 and figure(port, "tiaowen_documents") == 1

        publish(data, 300)
        assert until(lambda: {asked(port)["answer"] for _ in range(12)} == {"300万元"})

        victim = first.pop()
        os.kill(victim, signal.SIGKILL)
        assert until(lambda: len(workers_of(process) - {victim}) == 2, 20), (
            "replaced at once, not when it counts as hung"
        )
        assert first < workers_of(process), "the other one goes on"
        assert until(lambda: all(asked(port)["answer"] == "300万元" for _ in range(12)))
        every = workers_of(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0 and not any(runs(pid) for pid in every)
    log = (data.parent / f"{port}.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["message"] == f"worker {victim} is gone" for line in lines), "and the log is JSON throughout"


def test_workers_end_with_a_supervisor_that_was_killed(data: Path) -> None:
    with served(data, "--workers", "2") as (process, _):
        every = workers_of(process)
        process.kill()
        process.wait(30)
        assert len(every) == 2 and until(lambda: not any(runs(pid) for pid in every))


def test_workers_that_can_never_start_stop_the_service(data: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "serve",
        "--data",
        str(data),
        "--port",
        str(free_port()),
        "--workers",
        "2",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIAOWEN_ENCODER": str(tmp_path / "no such model")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1 and "已启动" not in done.stdout
    assert "no such model" in done.stderr and "Traceback" not in done.stderr
