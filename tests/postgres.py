"""A PostgreSQL of the tests' own: Debian's package, a folder in memory, a socket in it, and a database for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_TEMPLATE = "tiaowen_tables"
# Nothing here asks what a loss of power leaves. A kill of the server is another thing: the log is written.
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=60",
    "shared_buffers=16MB",
    "listen_addresses=''",
    "autovacuum=off",
)


def binaries() -> Path | None:
    """Where initdb and pg_ctl are; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).resolve().parent if named else None


@dataclass(frozen=True)
class Database:
    """The database of a test: "" is the files of its data folders. `clear` makes it one that nothing was ever written to."""

    address: str
    clear: Callable[[], None]

    def __bool__(self) -> bool:
        return bool(self.address)


class Postgres:
    """A server that runs until `stop`; it may be killed and started again meanwhile."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder, self._clearing = programs, folder, ""
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # it refuses to run as root
        folder.mkdir()
        folder.chmod(0o700)
        if self._as:
            shutil.chown(folder, "postgres")
        self._do(
            "initdb",
            "-D",
            str(folder / "data"),
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
        self.start()

    def start(self) -> None:
        """Starts it; returns when it answers."""
        told = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories={self.folder}"))
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-o", told, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops it: `fast` ends all connections, `immediate` is a crash."""
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")

    def address(self, database: str) -> str:
        """Where a database is, as TIAOWEN_DATABASE takes it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A new database for one test; gives its address."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.address(name)
        finally:
            with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def with_tables(self) -> str:
        """The name of a database that has the tables and nothing in them: a template."""
        from corpus.sql.postgresql import Server

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_TEMPLATE,)).fetchone():
                connection.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
                server = Server(self.address(_TEMPLATE))
                server.session("tables")
                server.close()
        return _TEMPLATE

    def clear(self, address: str) -> None:
        """Empties all tables of a database, as if nothing had ever been written. A hundred times as quick as another database."""
        with psycopg.connect(address, autocommit=True) as connection:
            if not self._clearing:
                tables = connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename != 'tiaowen_version'"
                ).fetchall()
                numbers = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
                self._clearing = "SET session_replication_role = replica;"  # no triggers, no foreign keys
                self._clearing += "".join(f"DELETE FROM {name};" for (name,) in tables)
                self._clearing += "".join(f"SELECT setval('{name}', 1, false);" for (name,) in numbers)
                self._clearing += "INSERT INTO meta VALUES ('database', CAST(gen_random_uuid() AS TEXT));"
            connection.execute(self._clearing)

    def _do(self, program: str, *words: str) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [*self._as, str(self._programs / program), *words], env=environment, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-1000:]


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for the tests of this session. Skips where PostgreSQL is not installed, and fails there where CI=true."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI=true, but PostgreSQL (apt-get install postgresql) is absent", pytrace=False)
        pytest.skip("needs PostgreSQL (apt-get install postgresql), which is absent")
    with tempfile.TemporaryDirectory(prefix="tiaowen-pg-", dir=MEMORY) as parent:
        Path(parent).chmod(0o755)
        server = Postgres(programs, Path(parent) / "pg")
        try:
            yield server
        finally:
            server.stop("immediate")
