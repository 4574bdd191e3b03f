"""How the service holds under load: throughput, latency, errors, memory, and whether every answer stays right.

    python -m eval.load                                  64 clients for 60 seconds on the bundled samples
    python -m eval.load --trouble                        the same with an index swapped and a worker killed meanwhile
    python -m eval.load --soak 30000                     so many questions, memory before and after
    python -m eval.load --gold questions.jsonl --corpus FOLDER

The service is started by this program, on a port of this machine, with a data folder of its own. Every question of the
gold rows is asked once before the load; each answer under load is compared with that: short answer, status, quotation. In
the `--trouble` run a file is replaced by one with other figures, so each answer must be the old one or the new one, whole,
and after the swap is seen, the new one. What was confirmed (feedback, hand-offs) is looked for in the records at the end.

Latency is that of a client on the same machine and the same cores: the clients take about a tenth of the processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "corpus" / "samples"
GOLD = ROOT / "tests" / "fixtures" / "sample_questions.jsonl"
SOAKERS = 16  # clients of a soak: enough for both workers to have work
SAYS_EVERY = 20  # one request in so many is followed by a thumbs-down or a hand-off
_AT_ONCE = 16  # connections that must all give the new answer until every worker is taken to have swapped
_AFTER = 2.0  # seconds in which requests that began before the swap are still answered from the old index

Said = tuple[str, str | None, tuple[str, ...]]
"""What is compared of an answer: its status, the short answer, the quotations."""


@dataclass
class Tally:
    """What the clients met. Latencies in seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    wrong: list[str] = field(default_factory=list)
    feedback: set[str] = field(default_factory=set)
    handoffs: set[str] = field(default_factory=set)
    seconds: float = 0.0


class Connection:
    """One kept-alive HTTP/1.1 connection; as little work as can be, since the cores are shared with what is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of a response. Raises OSError or IncompleteReadError where the connection breaks."""
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        return await self._send(head.encode() + data)

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return await self._send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())

    async def _send(self, request: bytes) -> tuple[int, dict[str, Any]]:
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            body = await reader.readexactly(length)
        except BaseException:
            self.close()
            raise
        if "connection: close" in head:
            self.close()
        return int(head.split(" ", 2)[1]), json.loads(body)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


# -- the service -------------------------------------------------------------------------------------------------------


@contextmanager
def service(data: Path, workers: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A service in processes of its own; its port, and the process at the head of them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*_TIAOWEN, "serve", "--data", str(data), "--port", str(port), "--workers", str(workers)]
    with (data.parent / "service.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            asyncio.run(_ready(port, process))
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


_TIAOWEN = [sys.executable, "-m", "api.cli"]


async def _ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("the service ended before it was ready: see service.log")
        try:
            if (await Connection(port).get("/readyz"))[0] == 200:
                return
        except OSError:
            pass  # it does not listen yet
        await asyncio.sleep(0.1)
    raise SystemExit("the service was not ready within two minutes")


def ingest(data: Path, *paths: Path) -> None:
    """Takes files in, as an operator would while the service runs."""
    subprocess.run(
        [*_TIAOWEN, "ingest", *map(str, paths), "--data", str(data)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


def workers_of(supervisor: int) -> list[int]:
    """The worker processes of a service: its children that serve."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


# -- the load ----------------------------------------------------------------------------------------------------------


def said(body: dict[str, Any]) -> Said:
    return body["status"], body["answer"], tuple(citation["quote"] for citation in body["citations"])


async def reference(port: int, questions: Sequence[str]) -> dict[str, Said]:
    """What the service says to each question when nothing else is asked."""
    connection = Connection(port)
    out = {}
    for question in questions:
        status, body = await connection.post("/v1/ask", {"question": question})
        assert status == 200, body
        out[question] = said(body)
    connection.close()
    return out


class Load:
    """Clients that ask one question after the other until they are told to stop."""

    def __init__(self, port: int, questions: Sequence[str], right: list[dict[str, Said]]) -> None:
        self._port = port
        self._questions = questions
        self.right = right  # what may be answered now: one version, or two while they change
        self.tally = Tally()
        self._stopped = False

    async def run(self, clients: int, seconds: float, trouble: asyncio.Task[None] | None = None) -> Tally:
        began = time.perf_counter()
        tasks = [asyncio.create_task(self._client(n)) for n in range(clients)]
        await asyncio.sleep(seconds)
        if trouble is not None:
            await trouble
        self._stopped = True
        await asyncio.gather(*tasks)
        self.tally.seconds = time.perf_counter() - began
        return self.tally

    async def _client(self, number: int) -> None:
        chance = random.Random(number)
        connection, tally = Connection(self._port), self.tally
        while not self._stopped:
            question = chance.choice(self._questions)
            before, asked_at = list(self.right), time.perf_counter()
            try:
                status, body = await connection.post("/v1/ask", {"question": question})
            except (OSError, asyncio.IncompleteReadError):
                tally.broken += 1  # the worker at the other end was killed: ask again
                await asyncio.sleep(0.05)
                continue
            tally.latencies.append(time.perf_counter() - asked_at)
            tally.statuses[status] += 1
            if status == 200:
                allowed = [version[question] for version in (*before, *self.right)]
                if said(body) not in allowed:
                    tally.wrong.append(f"{question} -> {said(body)}")
                if chance.randrange(SAYS_EVERY) == 0:
                    await self._say(connection, question, body["id"])
            else:
                await asyncio.sleep(0.2)
        connection.close()

    async def _say(self, connection: Connection, question: str, answer: str) -> None:
        try:
            status, body = await connection.post("/v1/feedback", {"answer_id": answer, "rating": "down"})
            if status == 200:
                self.tally.feedback.add(answer)
            self.tally.statuses[status] += 1
            status, body = await connection.post("/v1/handoffs", {"question": question, "answer_id": answer})
            if status == 201:
                self.tally.handoffs.add(body["id"])
            self.tally.statuses[status] += 1
        except (OSError, asyncio.IncompleteReadError):
            self.tally.broken += 1


async def trouble(load: Load, data: Path, port: int, corpus: Path, new: dict[str, Said], supervisor: int) -> None:
    """An ingestion with its swap, then a worker killed, while the clients go on."""
    old = load.right[0]
    telling = next(question for question in new if new[question] != old[question])
    await asyncio.sleep(8)
    load.right = [old, new]
    began = time.perf_counter()
    await asyncio.to_thread(ingest, data, corpus)
    print(f"  the changed file was ingested in {time.perf_counter() - began:.1f} s")
    while not all(await asyncio.gather(*(_is_new(port, telling, new) for _ in range(_AT_ONCE)))):
        await asyncio.sleep(0.2)
    print(f"  every worker answered from it {time.perf_counter() - began:.1f} s after the beginning")
    await asyncio.sleep(_AFTER)
    load.right = [new]
    victims = workers_of(supervisor)
    if not victims:
        print("  one process serves: none is killed")
        return
    os.kill(victims[0], signal.SIGKILL)
    killed = time.perf_counter()
    while len(set(workers_of(supervisor)) - {victims[0]}) < len(victims):
        await asyncio.sleep(0.05)
    print(f"  a worker was killed; {time.perf_counter() - killed:.1f} s later another was started in its place")


async def _is_new(port: int, question: str, new: dict[str, Said]) -> bool:
    """Whether a worker, whichever takes this connection, answers from the new index."""
    connection = Connection(port)
    status, body = await connection.post("/v1/ask", {"question": question})
    connection.close()
    return status == 200 and said(body) == new[question]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie; 0.0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def lost(data: Path, tally: Tally) -> tuple[int, int]:
    """How much feedback and how many hand-offs were confirmed and are not in the records."""
    with sqlite3.connect(data / "service.sqlite3") as connection:
        feedback = {row[0] for row in connection.execute("SELECT answer_id FROM feedback")}
        handoffs = {row[0] for row in connection.execute("SELECT id FROM handoffs")}
    connection.close()
    return len(tally.feedback - feedback), len(tally.handoffs - handoffs)


def tell(tally: Tally, data: Path, supervisor: int) -> bool:
    """Prints the table; whether nothing was wrong."""
    answered = len(tally.latencies)
    print(f"requests {answered} in {tally.seconds:.0f} s: {answered / tally.seconds:.1f} a second")
    shares = "  ".join(
        f"p{share * 100:g} {percentile(tally.latencies, share) * 1000:.0f}" for share in (0.5, 0.95, 0.99)
    )
    print(f"latency in ms: {shares}  most {max(tally.latencies, default=0) * 1000:.0f}")
    print("statuses: " + "  ".join(f"{status}: {n}" for status, n in sorted(tally.statuses.items())))
    print(f"connections broken: {tally.broken}")
    print(f"answers that differ from those given at rest: {len(tally.wrong)}")
    for line in tally.wrong[:5]:
        print(f"  {line}")
    feedback, handoffs = lost(data, tally)
    print(f"confirmed: feedback {len(tally.feedback)}, hand-offs {len(tally.handoffs)}; lost: {feedback}, {handoffs}")
    print(f"memory: {_told(memory_of(supervisor))}")
    errors = sum(n for status, n in tally.statuses.items() if status not in (200, 201, 429, 503))
    return not (tally.wrong or feedback or handoffs or errors)


def memory_of(supervisor: int) -> dict[int, tuple[float, float]]:
    """Resident and proportional memory of each process of the service, in MB (2**20 bytes)."""
    out = {}
    for pid in (supervisor, *workers_of(supervisor)):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        rss, pss = (int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M)[1]) / 1024 for name in ("Rss", "Pss"))  # type: ignore[index]
        out[pid] = (rss, pss)
    return out


def _told(memory: dict[int, tuple[float, float]]) -> str:
    each = "  ".join(f"{rss:.0f}/{pss:.0f}" for rss, pss in memory.values())
    return f"RSS/PSS of each process {each} MB, PSS together {sum(pss for _, pss in memory.values()):.0f} MB"


async def soak(port: int, questions: Sequence[str], count: int, supervisor: int) -> None:
    """So many questions from a few clients, each in words of its own, with the memory on the way."""
    asked = 0

    async def client(number: int) -> None:
        nonlocal asked
        connection = Connection(port)
        while asked < count:
            asked += 1
            mark = asked
            status, _ = await connection.post(
                "/v1/ask",
                {"question": f"{questions[mark % len(questions)]}（{mark}）", "session_id": f"s{mark % 5000}"},
            )
            assert status == 200, status
            if mark in marks:
                print(f"  after {mark:6d} questions: {_told(memory_of(supervisor))}", flush=True)
        connection.close()

    marks = {min(1000, count // 10), *(count * tenth // 10 for tenth in range(1, 10)), count}
    began = time.perf_counter()
    await asyncio.gather(*(client(n) for n in range(SOAKERS)))
    print(f"{count} questions in {time.perf_counter() - began:.0f} s; at the end: {_told(memory_of(supervisor))}")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    questions = [
        row["question"] for row in map(json.loads, options.gold.read_text("utf-8").splitlines()) if "question" in row
    ]
    with tempfile.TemporaryDirectory(prefix="tiaowen-load-") as folder:
        corpus, data = Path(folder) / "corpus", Path(folder) / "data"
        shutil.copytree(options.corpus, corpus)
        ingest(data, corpus)
        new: dict[str, Said] = {}
        if options.trouble:
            new = _changed(Path(folder), corpus, data, questions)
        print(
            f"{options.workers} worker(s), {options.clients} clients, {len(questions)} questions, {os.cpu_count()} cores"
        )
        with service(data, options.workers) as (port, process):
            if options.soak:
                asyncio.run(soak(port, questions, options.soak, process.pid))
                return 0

            async def run() -> Tally:
                load = Load(port, questions, [await reference(port, questions)])
                task = None
                if options.trouble:
                    task = asyncio.create_task(trouble(load, data, port, corpus, new, process.pid))
                return await load.run(options.clients, options.seconds, task)

            tally = asyncio.run(run())
            return 0 if tell(tally, data, process.pid) else 1


def _changed(folder: Path, corpus: Path, data: Path, questions: Sequence[str]) -> dict[str, Said]:
    """Changes figures in one file of the corpus; what is answered from then on, by a service over a copy of the data."""
    copy = folder / "copy" / "data"
    shutil.copytree(data, copy)
    file = next(path for path in sorted(corpus.iterdir()) if "100万元" in path.read_text("utf-8"))
    file.write_text(file.read_text("utf-8").replace("100万元", "120万元"), "utf-8")
    ingest(copy, corpus)
    with service(copy, 1) as (port, _):
        return asyncio.run(reference(port, questions))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.load", description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, default=GOLD, help="JSON lines with `question`")
    parser.add_argument("--corpus", type=Path, default=SAMPLES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--trouble", action="store_true", help="swap the index and kill a worker on the way")
    parser.add_argument("--soak", type=int, default=0, metavar="N", help="ask N questions and watch the memory instead")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
