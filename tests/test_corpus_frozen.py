"""A frozen copy of a store: the same answers to every query, read-only, and readable after its file is gone."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from corpus.errors import NotFound, StoreError
from corpus.frozen import CONNECTIONS, FrozenStore
from corpus.ingest import drop, ingest
from corpus.store import Store

pytestmark = pytest.mark.usefixtures("database")

TEXT = """甲山市支持园区若干措施

第一条 对国家级园区给予100万元奖励，由市商务局负责。

第二条 依照《甲山市停车管理办法》第一条执行。

第三条 本措施自2026年1月1日起施行，《甲山市旧措施》同时废止。
"""
OTHER = "甲山市停车管理办法\n\n第一条 首次停车30分钟内免费。\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "一.txt").write_text(TEXT, "utf-8")
    (tmp_path / "files" / "二.txt").write_text(OTHER, "utf-8")
    store = Store(tmp_path / "data")
    assert ingest(store, [tmp_path / "files"]).count("added") == 2
    return store


@pytest.fixture
def frozen(store: Store, tmp_path: Path) -> FrozenStore:
    store.freeze(tmp_path / "有 空格?#%.sqlite3")
    return FrozenStore(tmp_path / "有 空格?#%.sqlite3")


def test_every_query_is_answered_alike(store: Store, frozen: FrozenStore) -> None:
    assert frozen.counts() == store.counts() and frozen.digest() == store.digest()
    assert frozen.documents() == store.documents() and frozen.catalogue() == store.catalogue()
    first, second = store.documents()
    assert frozen.documents(1, first.id) == [second] and frozen.document(first.id) == first
    assert frozen.clauses(first.id) == store.clauses(first.id)
    assert frozen.linked_from(second.id) == store.linked_from(second.id)
    (article,) = [c for c in store.clauses(second.id) if c.address == "第一条"]
    assert frozen.clause(article.id) == article
    assert frozen.clauses_referring(article.id) == store.clauses_referring(article.id) != []
    assert frozen.regions() == store.regions()
    with pytest.raises(NotFound):
        frozen.document("nothing")


def test_the_catalogue_is_the_documents_without_what_takes_space(store: Store) -> None:
    for short, whole in zip(store.catalogue(), store.documents(), strict=True):
        assert (short.text, short.anchors, short.sources) == ("", (), ())
        assert (short.id, short.title, short.validity, short.links) == (
            whole.id,
            whole.title,
            whole.validity,
            whole.links,
        )


def test_what_is_written_later_is_not_in_the_copy(store: Store, frozen: FrozenStore) -> None:
    before = frozen.documents()
    drop(store, ["二.txt"])
    assert frozen.documents() == before and len(store.documents()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_is_written_beside_the_copy_nor_into_it(frozen: FrozenStore, tmp_path: Path) -> None:
    frozen.documents()
    assert [p.name for p in tmp_path.glob("有*")] == ["有 空格?#%.sqlite3"]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        frozen._rows("DELETE FROM documents")
    assert frozen.documents()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_copy_is_readable_by_new_threads_after_its_removal(frozen: FrozenStore, tmp_path: Path) -> None:
    expected = frozen.documents()
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "有 空格?#%.sqlite3").unlink()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append([frozen.clauses(d.id) for d in frozen.documents()]))
        for _ in range(3 * CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 3 * CONNECTIONS and all(one == [frozen.clauses(d.id) for d in expected] for one in found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_what_is_no_copy_is_told(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        FrozenStore(path)
    assert "tiaowen ingest" in caught.value.hint


def test_a_copy_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="无法复制"):
        store.freeze(tmp_path / "no such folder" / "copy.sqlite3")


def columns() -> list[tuple[str, str]]:
    """Every column of the tables that hold what is shown."""
    from corpus.store import _SCHEMA

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        return [
            (table, row[1])
            for table in ("documents", "sources", "files", "clauses", "refs")
            for row in connection.execute(f"PRAGMA table_info({table})")
        ]


# The text makes the id, and `seq` only orders; that the order counts is tested below.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        c
        for c in columns()
        if c not in (("documents", "text"), ("documents", "seq"), ("files", "path"), ("sources", "path"))
    ],
)
def test_the_digest_changes_with_everything_that_is_shown(store: Store, table: str, column: str) -> None:
    before = store.digest()
    with closing(sqlite3.connect(store.path)) as connection, connection:
        where = f"rowid = (SELECT min(rowid) FROM {table})" if table != "refs" else "n = 0 AND title IS NOT NULL"
        assert connection.execute(f"UPDATE {table} SET \"{column}\" = '77' WHERE {where}").rowcount
    assert store.digest() != before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_digest_tells_the_order(store: Store) -> None:
    digests = [store.digest()]
    for _ in range(2):
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("UPDATE documents SET seq = 3 - seq")
        digests.append(store.digest())
    assert digests[0] == digests[2] != digests[1]
