"""What every test runs under: no network, and ../shared only where a test says that it needs it."""

from __future__ import annotations

import importlib.metadata
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from postgres import Database, Postgres

    from api.answer.service import EngineService

SHARED = Path(__file__).resolve().parents[2] / "shared"
_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")

# The same examples on every machine and no deadline: what fails here fails there.
settings.register_profile("tiaowen", derandomize=True, deadline=None, database=None, max_examples=40)
settings.load_profile("tiaowen")


class NetworkUsed(BaseException):
    """A test reached out of this machine. Not an Exception, so that no code under test can swallow it."""


def pytest_report_header() -> str:
    names = ("torch", "faiss-cpu", "sentence-transformers", "hypothesis")
    return "versions: " + ", ".join(f"{name} {_version(name)}" for name in names)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("shared") is None or SHARED.is_dir():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true, but {SHARED} is absent: tests marked `shared` must run there", pytrace=False)
    pytest.skip(f"needs {SHARED}, which is absent")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with other people's texts; only for tests marked `shared`."""
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def network_off() -> Iterator[None]:
    """Makes every connection fail that does not stay on this machine."""

    def guarded(name: str) -> Any:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            local = self.family not in (socket.AF_INET, socket.AF_INET6) or str(address[0]).startswith(_LOCAL)
            if not local:
                raise NetworkUsed(f"tests may not connect to {address!r}")
            return original(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(name))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this session (tests/postgres.py)."""
    from postgres import running

    with running() as server:
        yield server


@pytest.fixture
def own_database(postgres: Postgres) -> Iterator[str]:
    """The address of a PostgreSQL database of one test, with all tables."""
    with postgres.database(postgres.with_tables()) as address:
        yield address


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> Iterator[str]:
    """The address of a PostgreSQL database that tests use one after the other, each emptying it first."""
    with postgres.database(postgres.with_tables()) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Runs a test once with each database behind Records and Store.

    A module whose tests must pass with both names it in `pytestmark`; a test of what only SQLite has is marked
    `parametrize("database", ["sqlite"], indirect=True)`.
    """
    from postgres import Database

    from corpus.sql.choice import choose, chosen

    if request.param == "sqlite":
        yield Database("", lambda: None)
        return
    server, address = request.getfixturevalue("postgres"), request.getfixturevalue("shared_database")
    server.clear(address)
    choose(address)
    request.getfixturevalue("monkeypatch").setenv(
        "TIAOWEN_DATABASE", address
    )  # for commands and processes of their own
    try:
        yield Database(address, lambda: server.clear(address))
    finally:
        if (made := chosen()) is not None:
            made.close()
        choose("")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of the system; of one module, because its driver keeps an event loop in this thread (tests/browser.py)."""
    from browser import launched

    with launched() as found:
        yield found


@pytest.fixture(scope="session")
def full_service(tmp_path_factory: pytest.TempPathFactory) -> EngineService:
    """The real engine over all samples and a hostile document: what the tests of the pages serve."""
    from browser import service_for_pages

    return service_for_pages(tmp_path_factory.mktemp("pages"))
