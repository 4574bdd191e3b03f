"""The service as clients meet it: real documents, the real engine, uvicorn on a port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.answer.service import EngineService
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import build_engine, update_index

SAMPLES = Path(__file__).resolve().parents[1] / "corpus" / "samples"
DAY = date(2026, 11, 21)
SMALL_GIANT = "我们厂刚评上国家级小巨人，市里奖多少？"
CENTRE = "专精特新企业新建国家级企业技术中心，支持多少？"


def ingest_samples(folder: Path, names: tuple[str, ...] = ("01_*", "02_*")) -> Path:
    """A data folder with some of the bundled samples, and their index."""
    store = Store(folder)
    assert ingest(store, [path for name in names for path in sorted(SAMPLES.glob(name))]).count("rejected") == 0
    assert update_index(store, folder)
    return folder


def engine_service(folder: Path) -> EngineService:
    """The real engine over a data folder, loaded."""
    service = EngineService(build_engine(folder))
    service.warm_up().join()
    assert service.ready()
    return service


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serves an app with uvicorn, lifespan and all; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()
