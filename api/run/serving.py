"""The service as processes: one that does all, or several workers behind one socket and a supervisor that keeps them alive.

Every worker process opens the same index, which is memory-mapped: what they read of it is in memory once. A worker listens
only when its engine is loaded, so that no question waits for one that is still starting.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import CannotListen, Internal
from api.faults import named
from api.models import Models, database_from, models_from
from api.settings import settings_from
from corpus.errors import PolicyError, StoreBusy, StoreError
from corpus.sql.choice import choose, chosen
from index.reader.load import NONE, load_reader
from index.tokens import Tokenizer
from qa.errors import BadSetting

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from api.answer.service import EngineService
    from api.settings import Settings
    from qa.engine import Engine
    from qa.turns.memory import Conversations

DATA = "TIAOWEN_DATA"
"""The variable that names the data folder to a worker; the command line sets it."""

READER_THREADS = "TIAOWEN_READER_THREADS"
_RESTARTED = "TIAOWEN_WORKER_RESTARTED"  # set by the supervisor once the first workers listen
_PAUSE = 5.0  # seconds until a worker that could not load an index gives way to the next
_HUNG = 30  # seconds without a sign of life after which a worker is replaced
_STARTED_WITHIN = 300  # seconds that the first workers may take to load a large index
_LAST_WORDS = 5  # seconds that a request may take longer than it should when the service stops
_LOST = "请用 tiaowen restore 恢复备份，或用 tiaowen keys create 生成新的密钥。"
_CLOSED = 3  # the exit status by which uvicorn's supervisor knows that a worker can never start

log = logging.getLogger("tiaowen.api")


def _threads(text: str) -> int:
    """The threads of a reading that a setting names; "" is 0, all cores. Raises BadSetting."""
    if text and not (text.isascii() and text.isdigit() and int(text) <= 256):
        raise BadSetting(f"TIAOWEN_READER_THREADS 的值无效：{text[:40]}", "填 0 到 256 的整数，0 为全部核")
    return int(text or 0)


class DataFolder:
    """The versions of one data folder (api.answer.service.Versions)."""

    def __init__(self, data: Path, models: Models, conversations: Conversations | None = None) -> None:
        self._data = data
        self._models = models
        self._conversations = conversations
        self._tokenizer = Tokenizer()  # the same for all versions, as is the reader
        self._reader = load_reader(models.reader, _threads(models.reader_threads))

    def stamp(self) -> object:
        from qa.build import stamp

        return stamp(self._data, self._models.encoder)

    def build(self) -> Engine:
        from qa.build import build_engine

        named = self._models
        return build_engine(
            self._data,
            named.encoder,
            named.reranker,
            named.max_wrong_rate,
            self._reader or NONE,
            conversations=self._conversations,
            tokenizer=self._tokenizer,
            index=named.index,
        )


def make(
    environment: Mapping[str, str], on_failure: Callable[[BaseException], None] = lambda error: None
) -> tuple[FastAPI, EngineService, Settings]:
    """The app that the environment describes, its service, which is not loaded yet, and its settings.

    Raises StoreError, SnapshotError and the errors of settings.
    """
    from api.answer.service import EngineService
    from api.app import create_app
    from api.bots.settings import read_bots
    from api.records.conversations import StoredConversations
    from api.records.database import Records

    settings = settings_from(environment)
    choose(database_from(environment))
    data = Path(environment.get(DATA) or "data")
    records = Records(data)
    conversations = StoredConversations(records, settings.conversation_minutes)
    service = EngineService.over(DataFolder(data, models_from(environment), conversations), on_failure)
    bots = read_bots(data, environment)
    return create_app(service, records=records, settings=settings, bots=bots), service, settings


def app_from_environment() -> FastAPI:
    """The app of one worker process, loaded: uvicorn calls this before it listens.

    Where it cannot be loaded the process ends: with the status that stops the whole service where it has never served yet,
    else after a pause with another, so that the supervisor tries again while the other workers go on.
    """
    from api.edge import logs

    logs.configure()
    _end_with_parent()
    try:
        app, service, _ = make(os.environ)
        service.load()
    except PolicyError as error:
        log.error("%s %s", error.message, error.hint)
        if _RESTARTED not in os.environ:
            sys.exit(_CLOSED)
        time.sleep(_PAUSE)
        sys.exit(1)
    service.watch()
    return app


def serve(data: Path, host: str, port: int, workers: int = 1) -> int:
    """Serves until it is told to stop, and returns the exit status. `workers` 0: as many as this process may use cores.

    Raises CannotListen, NotSafe, CannotRestore where the data folder is being replaced, StoreError, SnapshotError and the errors of settings.
    """
    from api.edge.guard import access_of, require_safe
    from api.outgoing.oidc import require_installed
    from api.records.database import Records
    from api.records.keys import Keys
    from api.run import reserve
    from api.run.restore import in_use

    if not (data / "index").is_dir() and chosen() is None:  # before a folder is made for records that nobody needs
        raise StoreError("数据目录里还没有索引", "请先执行 tiaowen ingest 文件或目录 --data 数据目录")
    os.environ[DATA] = str(data.absolute())
    settings, keys = settings_from(os.environ), reserve.with_room(data, lambda: Keys(Records(data)))
    reserve.keep(data)
    require_safe(settings, keys, host)
    if settings.oidc:
        require_installed()
    if keys.lost():
        print(f"警告：这个数据目录建过密钥，服务记录里却一个也没有。{_LOST}", file=sys.stderr, flush=True)
    is_open = access_of(settings, keys) == "open"
    token = keys.start() if is_open else keys.end_start()
    workers = workers or cores()
    if not os.environ.get(READER_THREADS, "").strip():
        os.environ[READER_THREADS] = str(max(1, cores() // workers))
    with in_use(data), _listening(host, port) as listener:
        catch_up(data, models_from(os.environ))
        base = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        told = f"条问已启动：{base} （按 Ctrl+C 停止）"
        if is_open:
            told += f"\n管理文件和工作台，打开：{base}/library#start={token} （到服务停止为止；有了密钥就不再需要）"
        return _serve_alone(listener, told) if workers == 1 else _serve_with(workers, listener, told)


def catch_up(data: Path, named: Models, tell: Callable[[str], None] = log.info) -> None:
    """Does what a change of the documents left undone whose process was killed, before anything is answered.

    Where somebody else changes them now, it is left to him; where it cannot be done, what was published last is served.
    """
    from qa.changes import WAIT, behind, bring_together

    if not behind(data):
        return
    try:
        # A machine that comes to a database which others have filled has nothing to serve before it has an index.
        wait = WAIT if chosen() is not None and not (data / "index").is_dir() else 0.0
        bring_together(data, named.encoder, wait, tell, index=named.index)
    except StoreBusy:
        tell("文件正在导入，完成后会自动换上新的索引")
    except PolicyError as error:
        log.error("the index could not be brought up to date: %s %s", error.message, error.hint)


def _serve_alone(listener: socket.socket, told: str) -> int:
    import uvicorn

    from api.edge import logs

    def fail(error: BaseException) -> None:
        code = (named(error) or Internal()).code
        print(f"错误：模型或索引无法载入：{error}（{code}）", file=sys.stderr, flush=True)
        server.should_exit = True

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(told, flush=True)

    app, service, settings = make(os.environ, fail)
    logs.configure()
    server = Server(_config(app, settings))
    service.warm_up()
    service.watch()
    server.run([listener])
    service.stop()
    return 0 if service.ready() else 1


def _serve_with(workers: int, listener: socket.socket, told: str) -> int:
    from uvicorn.supervisors.multiprocess import Multiprocess

    from api.edge import logs

    class Supervisor(Multiprocess):
        """Tells when all workers listen, notices at once when one dies, and forgets its figures."""

        served = False

        def init_processes(self) -> None:
            super().init_processes()
            self._hold_one_end()
            if all(process.wait_until_ready(_STARTED_WITHIN) for process in self.processes):
                self.served = True
                os.environ[_RESTARTED] = "1"
                print(told, flush=True)

        def keep_subprocess_alive(self) -> None:
            before = {p.pid for p in self.processes}
            super().keep_subprocess_alive()
            self._hold_one_end()
            for pid in before - {p.pid for p in self.processes}:
                log.warning("worker %s is gone", pid)
                _forget_figures(pid)

        def _hold_one_end(self) -> None:
            # As long as this process held both ends of the pipe to a worker that died between question and answer, it
            # would wait for the answer until the worker counts as hung.
            for process in self.processes:
                process.child_conn.close()

    settings = settings_from(os.environ)
    logs.configure()
    folder = tempfile.mkdtemp(prefix="tiaowen-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        config = _config("api.run.serving:app_from_environment", settings, workers)
        listener.set_inheritable(True)
        supervisor = Supervisor(config, [listener])
        supervisor.run()
        return 0 if supervisor.served else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _config(app: FastAPI | str, settings: Settings, workers: int = 1) -> uvicorn.Config:
    """Of an app, or of workers that each make one by the function that `app` names."""
    from api.edge.connections import Config, Limits

    return Config(
        app,
        Limits(settings.connections, settings.connections_address),
        factory=isinstance(app, str),
        workers=workers,
        log_config=None,  # api/edge/logs.py
        server_header=False,
        access_log=False,  # a line of each request is written by the service itself
        timeout_graceful_shutdown=math.ceil(settings.timeout) + _LAST_WORDS,
        timeout_worker_healthcheck=_HUNG,
    )


def _listening(host: str, port: int) -> socket.socket:
    """A socket bound to an address; connections are taken when somebody serves. Raises CannotListen."""
    # asyncio sends without delay only where the protocol is named. Head and body of a response are two packets: the second
    # would wait 40 ms for the acknowledgement of the first (Nagle, and the delayed acknowledgement at the other end).
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise CannotListen(f"无法在 {host}:{port} 上提供服务（{reason}）。") from error
    return listener


def cores() -> int:
    """How many cores this process may use, where the system says so."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _forget_figures(pid: int | None) -> None:
    """Takes a dead worker's gauges out of the metrics; its counters stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _end_with_parent() -> None:
    """Ends this process when its supervisor is gone, however that came about: nobody would restart or stop it."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None:  # started by another server than ours
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
