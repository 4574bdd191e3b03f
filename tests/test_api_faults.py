"""Faults of the machine: a full disk, damaged data, rights of files, and what an error tells of the server."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from live_service import SAMPLES
from test_api_app import error_of

from api import cli
from api.app import create_app
from api.errors import Busy, DiskFull, error_body
from api.faults import damage_of, named
from api.records.database import FILE, Records
from api.records.keys import Keys
from api.run import reserve
from api.run.private import make_private
from api.settings import Settings
from corpus.errors import BadFile, PolicyError, StoreError
from corpus.store import FILE as DOCUMENTS

POLICY = make_document("试行办法\n第一条 奖励10万元。\n")
QUESTION = {"question": "奖励多少？"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of one sample, made by the command."""
    data = tmp_path_factory.mktemp("faults") / "data"
    assert cli.main(["ingest", str(next(SAMPLES.glob("01_*"))), "--data", str(data)]) == 0
    Records(data).close()
    with closing(sqlite3.connect(data / DOCUMENTS)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data", ignore=shutil.ignore_patterns("*-wal", "*-shm")))


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def spoil(path: Path, start: int) -> None:
    """All of a file from one byte on, as a bad disk may give it."""
    content = path.read_bytes()
    path.write_bytes(content[:start] + b"\xff" * (len(content) - start))


def client_of(records: Records) -> TestClient:
    service = FakeService([POLICY], {"奖励": ("10万元", "奖励10万元")})
    app = create_app(service, records=records, settings=Settings(access="ask"))
    return TestClient(app, raise_server_exceptions=False)


# --- a full disk ------------------------------------------------------------------------------------------------------


def fill(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the database grow no more, which SQLite tells as it tells a full disk."""
    plain = records.connect

    def connect() -> sqlite3.Connection:
        connection = plain()
        connection.execute("PRAGMA max_page_count=1")  # not less than there are already
        return connection

    monkeypatch.setattr(records, "connect", connect)


def test_a_full_disk_is_named_and_questions_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records(tmp_path)
    client = client_of(records)
    fill(records, monkeypatch)
    long = {**QUESTION, "note": "说明" * 200, "contact": "甲" * 90}
    statuses = [client.post("/v1/handoffs", json={**long, "session_id": str(n)}) for n in range(40)]
    error_of(statuses[-1], 507, "disk_full")
    assert client.post("/v1/ask", json=QUESTION).json()["answer"] == "10万元"


def test_a_service_starts_on_a_full_disk_with_the_room_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reserve.keep(tmp_path)
    kept = tmp_path / reserve.FILE
    assert kept.stat().st_size == reserve.BYTES

    def start() -> Records:
        if kept.exists():
            with Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"0")
        return Records(tmp_path)

    assert reserve.with_room(tmp_path, start).path.is_file() and not kept.exists()
    assert "磁盘已满" in capsys.readouterr().err
    kept.mkdir()  # no file: nothing to give up
    with pytest.raises(DiskFull) as raised:
        reserve.with_room(tmp_path, start)
    assert "再启动" in raised.value.hint and named(raised.value) is raised.value
    kept.rmdir()
    with pytest.raises(FileNotFoundError):
        reserve.with_room(tmp_path, lambda: (tmp_path / "none").read_bytes())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_known_by_what_an_error_was_raised_from(number: int) -> None:
    try:
        try:
            raise OSError(number, "no room")
        except OSError as error:
            raise StoreError("写入失败") from error
    except StoreError as error:
        found = named(error)
    assert found is not None and (found.code, found.status) == ("disk_full", 507)


def test_other_faults_keep_their_names() -> None:
    assert isinstance(named(Busy()), Busy)
    assert isinstance(named(BadFile("x")), BadFile)
    assert named(ValueError("x")) is None
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    found = named(locked)
    assert found is not None and found.code == "store_unusable" and found.retryable


# --- damaged data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [DOCUMENTS, FILE])
@pytest.mark.parametrize("harm", [lambda p: flip(p, 20), lambda p: spoil(p, 100), lambda p: p.write_bytes(b"x" * 9000)])
def test_a_damaged_database_is_named_on_the_terminal(
    data: Path, name: str, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    harm(data / name)
    command = ["documents"] if name != FILE else ["keys", "list"]
    assert cli.main([*command, "--data", str(data)]) == 1
    said = capsys.readouterr().err
    assert "（data_damaged）" in said and "tiaowen restore" in said


def test_a_damaged_database_is_named_to_callers(tmp_path: Path) -> None:
    records = Records(tmp_path)
    token = Keys(records).create("", "ask")[1]
    client = client_of(records)
    records.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    records.close()
    spoil(tmp_path / FILE, 100)
    answered = client.post("/v1/ask", json=QUESTION, headers={"Authorization": f"Bearer {token}"})
    error_of(answered, 500, "data_damaged")
    assert str(tmp_path) not in answered.text


def test_a_fault_that_no_error_explains_is_looked_for_in_the_data(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A large file of the index is not read whole when it is opened: what is wrong in it fails anyhow."""

    def fails(options: object) -> int:
        raise IndexError("index 4000000000 is out of bounds")

    monkeypatch.setattr(cli, "_ask", fails)
    assert damage_of(data) is None
    with pytest.raises(IndexError):  # a fault of ours keeps its traceback
        cli.main(["ask", "奖励多少？", "--data", str(data)])
    (vectors,) = data.glob("index/*/dense/vectors.faiss")
    flip(vectors, 5000)
    assert cli.main(["ask", "奖励多少？", "--data", str(data)]) == 1
    assert "（index_unusable）" in capsys.readouterr().err


# --- what is told, and to whom ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("索引 /srv/政策/data/index/000001 已损坏", "索引 000001 已损坏"),
        (
            "索引文件 /var/lib/tiaowen/data/index/000001/passages.bin 已损坏（校验和不符）",
            "索引文件 passages.bin 已损坏（校验和不符）",
        ),
        (
            "无法写入（[Errno 28] No space left: '/srv/a b/x.sqlite3'）",
            "无法写入（[Errno 28] No space left: x.sqlite3）",
        ),
        ("没有这份文件，编号见 /v1/documents", "没有这份文件，编号见 /v1/documents"),
        ("可用的地址见 /docs，共 3/4 个", "可用的地址见 /docs，共 3/4 个"),
        ("访问 https://www.example.gov.cn/a/b 查看", "访问 https://www.example.gov.cn/a/b 查看"),
    ],
)
def test_an_error_names_no_folder_of_the_server(message: str, told: str) -> None:
    assert error_body(PolicyError(message))["error"]["message"] == told


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_data_folder_is_its_owners(made: Path) -> None:
    assert mode(made) == 0o700
    assert {mode(path) for path in made.glob("*.sqlite3*")} == {0o600}
    assert not any(mode(path) & 0o077 for path in made.rglob("*"))


def test_a_folder_of_an_older_version_is_closed(data: Path, tmp_path: Path) -> None:
    data.chmod(0o755)
    (data / FILE).chmod(0o644)
    cli.main(["keys", "list", "--data", str(data)])
    assert mode(data) == 0o700 and mode(data / FILE) == 0o600
    other = tmp_path / "home"
    other.mkdir(mode=0o755)
    make_private(other)
    assert mode(other) == 0o755, "a folder that holds no data of ours is left alone"
