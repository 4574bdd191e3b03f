"""The newcomer's path in the README, run as it stands there: a clone, `make run`, a folder of one's own, an OpenAI client.

Only the environment is not made anew (no test reaches a package registry): the clone gets that of these tests.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OWN = "丙市人民政府关于印发《丙市养蜂补贴办法》的通知\n\n第一条 为了发展养蜂业，制定本办法。\n第二条 每箱蜂给予85元补贴。\n第三条 本办法自2026年1月1日起施行。\n"


def blocks(language: str) -> list[str]:
    """The code of the README's section for newcomers."""
    section = (ROOT / "README.md").read_text("utf-8").split("## 十分钟上手")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the repository, in another folder, with the environment of these tests."""
    folder = tmp_path_factory.mktemp("newcomer") / "tiaowen"
    kept = shutil.ignore_patterns(".git", ".venv", "data", "*.egg-info", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, folder, ignore=kept)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def environment(clone: Path, port: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TIAOWEN_")}
    return {**kept, "PYTHONPATH": str(clone), "HOME": str(clone.parent), "PORT": str(port)}


@pytest.fixture(scope="module")
def port(clone: Path) -> Iterator[int]:
    """`make run`, the first command of the README, until the page answers; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (first, *_) = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert first == "make run"
    for name in (".installed", ".dev"):
        stamp = clone / ".venv" / name
        if stamp.exists():  # the copy's pyproject.toml is as old as the original: nothing is to be installed
            os.utime(clone / "pyproject.toml", (stamp.stat().st_mtime - 10,) * 2)
    command = ["make", "run", f"PORT={port}", "-o", ".venv/.installed"]
    with (clone.parent / "run.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=clone, env=environment(clone, port), stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for_page(process, port)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def wait_for_page(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "make run ended"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).read()
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
            assert "<title>条问" in page
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the page did not answer")


def run(clone: Path, port: int, command: list[str]) -> str:
    done = subprocess.run(
        command, cwd=clone, env=environment(clone, port), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_openai_client_of_the_readme_is_answered(clone: Path, port: int) -> None:
    code = blocks("python")[0].replace(":8000/", f":{port}/")
    out = run(clone, port, [sys.executable, "-c", code])
    assert out.startswith("最高100万元[^1]") and "'quote': '" in out and "澜府规〔2026〕3号" in out


def test_ones_own_folder_is_ingested_while_the_service_runs(clone: Path, port: int) -> None:
    folder = clone.parent / "政策文件"
    folder.mkdir()
    (folder / "养蜂.txt").write_text(OWN, "utf-8")
    for line in blocks("sh")[0].splitlines()[1:]:
        command = line.split("#")[0].strip().replace("~/政策文件", str(folder)).replace('"', "").split()
        out = run(clone, port, command)
    assert out.startswith("85元") and "第二条" in out, "the last command asks about the folder"
    question = b'{"question": "\\u517b\\u8702\\u6bcf\\u7bb1\\u7ed9\\u591a\\u5c11\\u8865\\u8d34\\uff1f"}'  # 养蜂每箱给多少补贴？
    until = time.monotonic() + 60
    answer = ""
    while "85元" not in answer and time.monotonic() < until:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/ask", question, {"Content-Type": "application/json"}
        )
        answer = urllib.request.urlopen(request, timeout=20).read().decode()
        time.sleep(0.3)
    assert '"answer":"85元"' in answer.replace(" ", "")
