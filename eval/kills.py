"""A service whose processes are killed at random while documents change: are store, index and files together afterwards?

`python -m eval.kills --rounds N` starts a service of its own on a data folder of its own. Each round begins one change (an
upload, a removal, `tiaowen ingest`, `tiaowen drop`, or a burst of uploads, each of which ends in publishing an index) and
kills -9 at a random moment the process that does it, or that and the service at once, as a power cut would. The service is
started again where it was killed; when no job waits any more, these must hold:

- the index in use was made from what the store holds (the same digest), and the service serves that index;
- GET /v1/documents gives the documents of the store;
- the files under `uploads/` are those of the store, byte for byte, and nothing waits to be moved there;
- each upload that was confirmed (202) is in, or its job says that it failed.

It prints each round that does not hold and "n of n". Exit status 0 where all hold.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.frozen import FrozenStore
from corpus.store import Store
from index.snapshot import open_snapshot
from qa.build import INDEX, STORE

_UPLOADS, _INCOMING, _RECORDS = "uploads", ".incoming", "service.sqlite3"
_SECONDS = 120.0
"""How long a service may take to start, and jobs to end."""
_WITHIN = 0.7
"""Seconds after a process has begun its work in which it is killed: about what a change takes."""
_NAMES = tuple(f"办法{n}.txt" for n in range(8))


def text(rng: random.Random) -> bytes:
    """A document that no other round has, of 3 to 200 articles."""
    articles = "".join(
        f"第{n}条 对第{n}类企业给予{rng.randrange(10**6)}万元补助。\n\n" for n in range(1, rng.choice((4, 60, 200)))
    )
    return f"某市第{rng.randrange(10**9)}号办法\n\n{articles}".encode()


class Service:
    """`tiaowen serve` on a data folder and a port of this machine."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._key = ""

    def make_key(self) -> None:
        """What changes documents has to have; raises ValueError where none was made."""
        told = subprocess.run(
            command("keys", "create", "--role", "admin", "--data", str(self.data)), check=True, capture_output=True
        ).stdout.decode()
        self._key = next((word for word in told.split() if word.startswith("tw_")), "")
        if not self._key:
            raise ValueError("no key was made")

    def start(self) -> None:
        """Returns when it answers. Raises RuntimeError where it does not."""
        words = ("serve", "--port", str(self._port), "--data", str(self.data))
        self._process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            if self.call("GET", "/readyz")[0] == 200:
                return
            time.sleep(0.1)
        raise RuntimeError("the service did not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, Any]:
        """Status and JSON of a request; status 0 where nobody answers. Raises PermissionError where it is not let in: a round that
        changes nothing shows nothing."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", body, method=method)
        request.add_header("Authorization", f"Bearer {self._key}")
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                raise PermissionError(f"{method} {path}: {error.code}") from error
            return error.code, json.load(error)
        except OSError:
            return 0, None

    def upload(self, name: str, content: bytes) -> tuple[int, Any]:
        mark = "tiaowen-kills"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        body = head + content + f"\r\n--{mark}--\r\n".encode()
        return self.call("POST", "/v1/documents", body, f"multipart/form-data; boundary={mark}")

    def remove(self, name: str) -> tuple[int, Any]:
        return self.call("DELETE", f"/v1/files/{urllib.parse.quote(name)}")

    def job_processes(self) -> list[int]:
        """Those that may be at work on jobs that have not ended."""
        return [pid for (pid,) in _jobs(self.data, "pid") if pid]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "api.cli", *words]


def _jobs(data: Path, columns: str, all_of_them: bool = False) -> list[Any]:
    where = "" if all_of_them else " WHERE status NOT IN ('done', 'failed')"
    with closing(sqlite3.connect(data / _RECORDS, timeout=30)) as connection:
        return connection.execute(f"SELECT {columns} FROM jobs{where}").fetchall()


@dataclass(slots=True)
class Round:
    """What one round did: the change, what was killed, the uploads that were confirmed (job: name and bytes)."""

    what: str
    at_work: int = 0
    service_too: bool = False
    confirmed: dict[str, tuple[str, bytes]] | None = None


def one_round(service: Service, folder: Path, rng: random.Random) -> Round:
    """Begins one change and kills."""
    confirmed: dict[str, tuple[str, bytes]] = {}

    def upload() -> None:
        name, content = rng.choice(_NAMES), text(rng)
        status, body = service.upload(name, content)
        if status == 202:
            confirmed[body["id"]] = (name, content)

    def by_command(*words: str) -> Callable[[], subprocess.Popen[bytes]]:
        full = command(*words, "--data", str(service.data))
        return lambda: subprocess.Popen(full, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ingest() -> subprocess.Popen[bytes]:
        for _ in range(rng.randrange(1, 5)):
            (folder / f"自带{rng.randrange(8)}.txt").write_bytes(text(rng))
        return by_command("ingest", str(folder))()

    def burst() -> None:
        for _ in range(4):
            upload()

    def remove() -> None:
        service.remove(rng.choice(_NAMES))

    def ingest_and_upload() -> subprocess.Popen[bytes]:
        process = ingest()
        upload()
        return process

    own = sorted(path.name for path in folder.iterdir())
    changes: dict[str, Callable[[], subprocess.Popen[bytes] | None]] = {
        "upload": upload,
        "burst of uploads": burst,
        "removal": remove,
        "ingest": ingest,
        "ingest and upload": ingest_and_upload,
    }
    if own:
        changes["drop"] = by_command("drop", rng.choice(own))
    what = rng.choice(sorted(changes))
    process = changes[what]()
    begun = time.monotonic()
    while process is None and not service.job_processes() and time.monotonic() < begun + 4 * _WITHIN:
        time.sleep(0.01)  # until the service has begun the job, if it is not done already
    time.sleep(rng.uniform(0.0, _WITHIN))
    all_of_it = rng.random() < 0.4
    pids = service.job_processes() + ([process.pid] if process is not None and process.poll() is None else [])
    if all_of_it:
        service.kill()
    at_work = sum(_kill(pid, service.data) for pid in pids)
    if process is not None:
        process.wait()
        if not all_of_it:  # nobody else would do the rest of a command before the service is started again
            service.kill()
    if all_of_it or process is not None:
        service.start()
    return Round(what, at_work, all_of_it, confirmed)


def _kill(pid: int, data: Path) -> bool:
    """Ends a process that we started: it names our data folder. Whether there was one."""
    try:
        if str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
            return True
    except OSError:
        pass  # it has ended
    return False


def quiet(service: Service) -> bool:
    """Waits until no job is left and the newest index is served; whether that came about."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if not _jobs(service.data, "id"):
            current = (service.data / INDEX / "CURRENT").read_text("utf-8").strip()
            status, body = service.call("GET", "/readyz")
            if status == 200 and body["index"] == current:
                return True
        time.sleep(0.2)
    return False


def apart(service: Service, done: Round) -> list[str]:
    """What does not hold after a round."""
    data = service.data
    store = Store(data, create=False)
    frozen = FrozenStore(open_snapshot(data / INDEX, full=True).folder / STORE)
    out = [] if store.digest() == frozen.digest() else ["the index is of another state than the store"]
    ids = [document.id for document in store.catalogue()]
    served: list[str] = []
    cursor = ""
    while True:
        page = service.call("GET", f"/v1/documents?limit=200{cursor}")[1]
        served += [document["id"] for document in page["documents"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={urllib.parse.quote(page['next_cursor'])}"
    out += [] if served == ids else ["the service gives other documents than the store"]
    uploads = (data / _UPLOADS).resolve()
    lying = {p for p in uploads.rglob("*") if p.is_file() and _INCOMING not in p.relative_to(uploads).parts}
    known = {Path(path) for path in store.all_paths() if Path(path).is_relative_to(uploads)}
    out += [f"a file in one place only: {path.name}" for path in lying ^ known]
    for path in lying & known:
        found = store.file(str(path))
        if found is None or found[0] != hashlib.sha256(path.read_bytes()).hexdigest():
            out.append(f"another version than in the store: {path.name}")
    out += ["files wait to be moved"] if store.moves_left() else []
    out += _lost(data, uploads, done.confirmed or {})
    store.close()
    return out


def _lost(data: Path, uploads: Path, confirmed: dict[str, tuple[str, bytes]]) -> list[str]:
    """Confirmed uploads that are not in though their jobs say so, the last of each name counting."""
    rows = dict(_jobs(data, "id, status", all_of_them=True))
    last = {name: content for ident, (name, content) in confirmed.items() if rows.get(ident) == "done"}
    out = [f"no job for a confirmed upload of {name}" for ident, (name, _) in confirmed.items() if ident not in rows]
    for name, content in last.items():
        if not (uploads / name).is_file() or (uploads / name).read_bytes() != content:
            out.append(f"a confirmed upload is not in: {name}")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the rounds and prints what they came to."""
    parser = argparse.ArgumentParser(prog="python -m eval.kills", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="tiaowen-kills-")).resolve()
    service = Service(folder / "data")
    held = at_work = 0
    try:
        (folder / "files").mkdir()
        (folder / "files" / "自带0.txt").write_bytes(text(rng))
        subprocess.run(
            command("ingest", str(folder / "files"), "--data", str(service.data)), check=True, stdout=subprocess.DEVNULL
        )
        service.make_key()
        service.start()
        for number in range(1, options.rounds + 1):
            done = one_round(service, folder / "files", rng)
            wrong = apart(service, done) if quiet(service) else ["jobs did not end, or the index is not served"]
            held += not wrong
            at_work += bool(done.at_work)
            killed = f"{done.at_work} at work{' and the service' if done.service_too else ''}"
            print(f"{number}: {done.what}, killed {killed}: {'; '.join(wrong) or 'together'}", flush=True)
    finally:
        service.kill()
        for pid in service.job_processes():
            _kill(pid, service.data)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{held} of {options.rounds}; in {at_work} a process was killed at its work")
    return 0 if held == options.rounds else 1


if __name__ == "__main__":
    sys.exit(main())
