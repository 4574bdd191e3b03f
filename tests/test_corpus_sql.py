"""PostgreSQL as the database: how statements reach it, its tables, its errors, its locks, and a server that goes and comes back."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from postgres import Postgres

from api.app import create_app
from api.bots.seen import Seen
from api.changes.watched.state import Watched
from api.errors import Busy
from api.records.conversations import StoredConversations
from api.records.database import Records
from api.records.keys import Keys
from api.records.people import People
from corpus.errors import DatabaseAway, StoreConflict, StoreError
from corpus.sql import choice, migrate
from corpus.sql.postgresql import Server, Session, said
from corpus.sql.shapes import holes
from corpus.store import Store

PLAN = "INSERT INTO watch_jobs VALUES (?, ?)"


@pytest.fixture
def server(own_database: str) -> Iterator[Server]:
    made = Server(own_database)
    yield made
    made.close()


@pytest.fixture
def session(server: Server) -> Session:
    return server.session("records")


# --- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ?, ?", "SELECT %s, %s"),
        ("SELECT '?%' || ?, \"a?\"", "SELECT '?%%' || %s, \"a?\""),
        ("SELECT 'it''s ? :x' WHERE a % 2 = :left", "SELECT 'it''s ? :x' WHERE a %% 2 = %(left)s"),
    ],
)
def test_signs_for_values_are_those_of_the_driver_outside_of_quotes(sql: str, expected: str) -> None:
    assert said(sql) == expected


def test_rows_are_read_by_name_and_by_place(session: Session) -> None:
    with session.transaction():
        session.executemany(PLAN, [("b", "二?%"), ("a", "一")])
    rows = session.execute("SELECT job, plan, 1 AS n FROM watch_jobs ORDER BY job").fetchall()
    assert [tuple(row) for row in rows] == [("a", "一", 1), ("b", "二?%", 1)] and rows[1]["plan"] == rows[1][
        1
    ] == "二?%"
    assert dict(rows[0]) == {"job": "a", "plan": "一", "n": 1} and repr(rows[0]) == "('a', '一', 1)"
    assert session.execute("SELECT plan FROM watch_jobs WHERE job = :job", {"job": "c"}).fetchone() is None
    assert session.execute("UPDATE watch_jobs SET plan = ''").rowcount == 2
    assert [row[0] for row in session.execute(f"SELECT job FROM watch_jobs WHERE job IN {holes([])}")] == []


def test_truth_is_a_number_and_a_text_has_no_nul(session: Session) -> None:
    with session.transaction():
        session.execute("INSERT INTO watched VALUES ('f', 'n', 1, 2, 'd', ?, 's', 'p', 'c', ?)", ("a\0b", True))
    row = session.execute("SELECT path, gone FROM watched").fetchone()
    assert row is not None and tuple(row) == ("a\ufffdb", 1)


def test_texts_are_sorted_by_their_bytes(session: Session) -> None:
    with session.transaction():
        session.executemany(PLAN, [(job, "") for job in ("b", "B", "甲", "a/", "a0", "a")])
    jobs = [row[0] for row in session.execute("SELECT job FROM watch_jobs ORDER BY job")]
    assert jobs == sorted(["b", "B", "甲", "a/", "a0", "a"])


def test_all_of_a_transaction_or_nothing_and_what_failed_does_not_stand_in_part(session: Session) -> None:
    with pytest.raises(KeyError), session.transaction():
        session.execute(PLAN, ("a", ""))
        raise KeyError
    with pytest.raises(StoreConflict), session.transaction():
        session.execute(PLAN, ("a", ""))
        session.execute(PLAN, ("a", ""))
    with pytest.raises(StoreError, match="撤销"), session.transaction():
        session.execute(PLAN, ("a", ""))
        with pytest.raises(StoreConflict):
            session.execute(PLAN, ("a", ""))
    assert session.execute("SELECT count(*) FROM watch_jobs").fetchall() == [(0,)]


def test_writers_come_one_after_the_other(own_database: str) -> None:
    servers = [Server(own_database) for _ in range(4)]

    def count(session: Session) -> None:
        for _ in range(20):
            with session.transaction(lasting=False):
                (row,) = session.execute("SELECT coalesce(max(tries), 0) FROM job_tries").fetchall()
                session.execute("DELETE FROM job_tries")
                session.execute("INSERT INTO job_tries VALUES ('one', ?)", (row[0] + 1,))

    threads = [threading.Thread(target=count, args=(server.session("records"),)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert servers[0].once("SELECT tries FROM job_tries").fetchall() == [(80,)]
    for server in servers:
        server.close()


# --- the tables -------------------------------------------------------------------------------------------------------


def test_the_columns_are_those_of_sqlite(own_database: str, tmp_path: Path) -> None:
    """In their order: statements insert and read whole rows."""
    server = Server(own_database)
    there: dict[str, list[str]] = {}
    for row in server.once(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_name) "
        "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position"
    ):
        there.setdefault(row[0], []).append(row[1])
    server.close()
    records = Records(tmp_path)
    create_app(FakeService([]), records=records)
    Seen(records), Watched(records), StoredConversations(records), People(records, None)
    here: dict[str, list[str]] = {}
    for connection in (records.connect(), Store(tmp_path)._connect()):
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            here[name] = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
    for name in set(here) - {"asked_backfill", "sqlite_sequence"}:
        assert [column for column in there[name] if column in here[name]] == here[name], name
        assert set(there[name]) - set(here[name]) <= {"rowid", "node"}, name
    own = {"calls", "intake", "tiaowen_version"}
    assert set(there) - set(here) == own, "calls are counted in a file of their own, lines are for several machines"


def test_several_that_start_at_once_make_the_tables_once(postgres: Postgres) -> None:
    with postgres.database() as address:
        servers = [Server(address) for _ in range(4)]
        threads = [threading.Thread(target=server.session, args=("records",)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [migrate.version(server) for server in servers] == [migrate.HEAD] * 4
        for server in servers:
            server.close()


def test_a_database_of_an_earlier_version_is_brought_up_to_date_with_what_is_in_it(server: Server) -> None:
    with server.session("records").transaction() as session:
        session.execute(PLAN, ("a", ""))
    server.once("DROP TABLE intake")
    server.once("UPDATE tiaowen_version SET version_num = '0001'")
    again = Server(server.address)
    assert again.session("records").execute("SELECT job FROM watch_jobs").fetchall() == [("a",)]
    assert migrate.version(again) == migrate.HEAD and again.once("SELECT count(*) FROM intake").fetchall() == [(0,)]
    again.close()


def test_a_database_of_a_newer_version_is_refused(server: Server) -> None:
    server.once("UPDATE tiaowen_version SET version_num = '9999'")
    again = Server(server.address)
    with pytest.raises(StoreError, match="更新的版本") as refused:
        again.session("records")
    again.close()
    assert "9999" in refused.value.message and refused.value.hint
    server.once("UPDATE tiaowen_version SET version_num = ?", (migrate.HEAD,))


def test_the_last_step_is_the_one_that_the_program_asks_for() -> None:
    assert ScriptDirectory(str(migrate.STEPS.parent), version_locations=[str(migrate.STEPS)]).get_heads() == [
        migrate.HEAD
    ]


def test_who_may_make_no_tables_is_told(postgres: Postgres) -> None:
    with postgres.database() as address:
        server = Server(address.replace("postgres@", "reader@"))
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE ROLE reader LOGIN")
        with pytest.raises(StoreError, match="没有建成") as refused:
            server.session("records")
        assert "建表" in refused.value.hint
        server.close()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP ROLE reader")


# --- away, and back ---------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_told_and_one_that_is_back_is_gone_on_with(
    postgres: Postgres, own_database: str, tmp_path: Path
) -> None:
    server = Server(own_database)
    records = Records(tmp_path, server)
    app = create_app(FakeService([make_document("甲\n第一条 乙。\n")]), records=records)
    client = TestClient(app, raise_server_exceptions=False)
    Keys(records).create("张工", "admin")
    assert client.get("/readyz").status_code == 200
    with pytest.raises(DatabaseAway), records.transaction() as connection:
        connection.execute(PLAN, ("a", ""))
        postgres.stop("immediate")
    try:
        with pytest.raises(DatabaseAway) as away:
            records.connect().execute("SELECT 1")
        assert (away.value.code, away.value.status, away.value.retryable) == ("database_away", 503, True)
        told = client.get("/readyz")
        assert (
            told.status_code == 503 and told.json()["error"]["code"] == "database_away" and told.json()["error"]["hint"]
        )
        assert client.get("/healthz").status_code == 200
    finally:
        postgres.start()
    assert client.get("/readyz").status_code == 200
    assert [key.name for key in Keys(records).list()] == ["张工"]
    assert records.connect().execute("SELECT count(*) FROM watch_jobs").fetchone()[0] == 0
    server.close()


def test_a_connection_that_the_server_closed_meanwhile_is_passed_over(server: Server, session: Session) -> None:
    def close_all() -> None:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
            )

    session.execute("SELECT 1")
    close_all()
    assert session.execute("SELECT 1").fetchall() == [(1,)]
    close_all()
    with session.transaction():
        session.execute(PLAN, ("a", ""))
    assert session.execute("SELECT count(*) FROM watch_jobs").fetchall() == [(1,)]


def test_nobody_there_is_told_without_the_password() -> None:
    server = Server("postgresql://tiaowen:s3cret@127.0.0.1:1/tiaowen")
    with pytest.raises(DatabaseAway) as away:
        server.session("records")
    assert "127.0.0.1/tiaowen" in away.value.message and "s3cret" not in away.value.message + away.value.hint


@pytest.mark.parametrize(
    "address", ["mysql://db/tiaowen", "db.local", "postgresql://[::1/x", "postgresql://h/d?nothing=1"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str) -> None:
    try:
        with pytest.raises(StoreError, match="TIAOWEN_DATABASE") as refused:
            choice.choose(address)
            choice.chosen()
        assert address not in refused.value.message
    finally:
        choice.choose("")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "corpus.sql.postgresql")
    choice.choose("postgresql://nowhere.example.test/another")
    try:
        with pytest.raises(StoreError, match="缺少 psycopg") as refused:
            choice.chosen()
        assert "[cluster]" in refused.value.hint
    finally:
        choice.choose("")


# --- locks ------------------------------------------------------------------------------------------------------------


def test_a_lock_is_held_by_one_of_all_machines(own_database: str, tmp_path: Path) -> None:
    here, there = (Records(tmp_path / name, Server(own_database)) for name in ("here", "there"))
    waited: list[date] = []

    def wait() -> None:
        with there.alone("house.lock", Busy(), 30):
            waited.append(date.today())

    with here.alone("house.lock", Busy()):
        with here.alone("house.lock", Busy()), there.alone("another.lock", Busy()):
            pass
        with pytest.raises(Busy), there.alone("house.lock", Busy()):
            pass
        with pytest.raises(Busy), there.alone("house.lock", Busy(), 0.05):
            pass
        thread = threading.Thread(target=wait)
        thread.start()
        assert not waited
    thread.join(30)
    assert len(waited) == 1
    for records in (here, there):
        with closing(records):
            assert records._server is not None
            records._server.close()


def test_folders_have_names_of_their_own(own_database: str, tmp_path: Path) -> None:
    server = Server(own_database)
    one, again, other = (Records(tmp_path / name, server).node for name in ("a", "a", "b"))
    assert one == again != other and Records(tmp_path / "c").node == ""
    server.close()
