"""The examples of docs/bots.md, run as they stand there, and that it names what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from bot_bench import QUOTE, service
from test_api_bots_stream import serving

from api.bots.settings import Bots, DingTalk, Feishu, Receiver, Webhook, WeCom, read_bots
from api.outgoing.receivers import HttpReceiver
from api.records.outbox import Delivery

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "bots.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.S)
SECRET = "a secret of thirty-two characters"


def block(language: str, having: str) -> str:
    (found,) = [code for kind, code in BLOCKS if kind == language and having in code]
    return found


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, service()) as url:
        yield url


def test_the_example_of_asking_in_python(url: str) -> None:
    code = block("python", "urllib.request")
    assert len(code.splitlines()) <= 10, "ten lines are what it takes"
    code = code.replace("http://127.0.0.1:8000", url).replace("在 bots.toml 里写的 secret", SECRET)
    code = code.replace("小巨人", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "100万元" in done.stdout and QUOTE in done.stdout, done.stderr


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_the_example_of_asking_with_curl(url: str) -> None:
    code = block("sh", "openssl dgst").replace("那省级的呢？", "国家级企业奖多少？")
    environment = {**os.environ, "URL": url, "DESK_SECRET": SECRET, "no_proxy": "*"}
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60, env=environment)
    assert "100万元" in done.stdout, done.stdout + done.stderr


def test_the_example_of_receiving() -> None:
    code = block("python", "HTTPServer").replace("bots.toml 里这个接收方的 secret", SECRET)
    code = code.replace(
        'HTTPServer(("127.0.0.1", 9000), Desk).serve_forever()',
        'server = HTTPServer(("127.0.0.1", 0), Desk); print(server.server_port, flush=True); server.serve_forever()',
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        event = Delivery(1, "e1", "d", "handoff.created", {"question": "问一"}, "2026-01-01", "waiting", 1, 0, "")
        receiver = HttpReceiver("d", f"http://127.0.0.1:{port}/", SECRET)
        receiver.send(event)
        receiver.send(event)
        with pytest.raises(Exception, match="401"):
            HttpReceiver("d", f"http://127.0.0.1:{port}/", SECRET + "x").send(event)
        receiver.send(Delivery(2, "e2", "d", "handoff.created", {"question": "问二"}, "", "waiting", 1, 0, ""))
        lines = [process.stdout.readline().strip() for _ in range(2)]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert lines == ["handoff.created 问一", "handoff.created 问二"], "an event that came twice is one"


def test_the_file_of_the_example_is_good_and_names_every_setting(tmp_path: Path) -> None:
    toml = block("toml", "[wecom]")
    (tmp_path / "bots.toml").write_text(toml, "utf-8")
    names = re.findall(r'"env:(\w+)"', toml)
    key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    bots = read_bots(tmp_path, {name: key if "AES" in name else SECRET for name in names})
    assert None not in (bots.wecom, bots.dingtalk, bots.feishu, bots.webhook) and bots.events and bots.page
    given = tomllib.loads(toml)
    for name, kind in (("wecom", WeCom), ("dingtalk", DingTalk), ("feishu", Feishu), ("webhook", Webhook)):
        missing = {field.name for field in fields(kind)} - set(given[name])
        assert all(f"`{other} = " in TEXT or f"`{other}`" in TEXT for other in missing), missing
    assert set(given["events"][0]) == {field.name for field in fields(Receiver)}
    assert {field.name for field in fields(Bots)} == set(given)


def test_every_error_of_a_message_is_named() -> None:
    codes = ("signature_wrong", "message_stale", "message_unreadable", "message_reused", "message_unanswered")
    assert all(code in TEXT for code in codes)
