"""Versions of a document side by side, in any order, and files that the store will not take: the others go in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Database

from corpus.errors import StoreBusy, StoreConflict, StoreError
from corpus.ingest import GIVE_UP_AFTER, drop, ingest
from corpus.store import Store

pytestmark = pytest.mark.usefixtures("database")

LAW = "某某市产业扶持办法\n第一条 对符合条件的企业，一次性奖励{}万元。\n第二条 本办法自发布之日起施行。\n"
MOVED = "某某市产业扶持办法\n第一条 为了发展产业，制定本办法。\n第二条 对符合条件的企业，一次性奖励{}万元。\n第三条 本办法自发布之日起施行。\n"
VERSIONS = (LAW.format(111), LAW.format(222), MOVED.format(111), MOVED.format(222))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


def put(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return folder


def ids(store: Store, path: Path) -> list[str]:
    return [clause.id for _, clauses in store.read_of(str(path.resolve())) for clause in clauses]


def test_one_of_two_files_with_the_same_document_gets_a_new_version(store: Store, tmp_path: Path) -> None:
    folder = put(tmp_path / "f", a=LAW.format(111), b=LAW.format(111))
    ingest(store, [folder])
    before = ids(store, folder / "a.txt")
    put(folder, b=LAW.format(222), z1="某某市一号办法\n第一条 补贴1元。\n", z2="某某市二号办法\n第一条 补贴2元。\n")
    report = ingest(store, [folder])
    assert [(f.file, f.outcome) for f in report.files] == [
        ("a.txt", "unchanged"),
        ("b.txt", "updated"),
        ("z1.txt", "added"),
        ("z2.txt", "added"),
    ]
    assert report.files[1].diff.changed == ("第一条",) and not report.files[1].diff.added
    assert ids(store, folder / "a.txt") == before and not set(before) & set(ids(store, folder / "b.txt"))
    assert {d.text.split("奖励")[1][:3] for d in store.documents() if "奖励" in d.text} == {"111", "222"}


def test_the_old_version_of_a_file_comes_back_beside_it(store: Store, tmp_path: Path) -> None:
    folder = put(tmp_path / "f", a=LAW.format(111))
    ingest(store, [folder])
    before = ids(store, folder / "a.txt")
    put(folder, a=LAW.format(222))
    ingest(store, [folder])
    assert ids(store, folder / "a.txt") == before, "what points at a clause finds it in the new version"
    put(folder, old=LAW.format(111))
    assert ingest(store, [folder]).count("added") == 1
    assert ids(store, folder / "a.txt") == before and not set(before) & set(ids(store, folder / "old.txt"))


def test_a_document_that_stands_elsewhere_keeps_its_ids_when_a_file_becomes_a_copy_of_it(
    store: Store, tmp_path: Path
) -> None:
    folder = put(tmp_path / "f", a=LAW.format(111))
    ingest(store, [folder])
    put(folder, a=LAW.format(222), b=LAW.format(333))
    ingest(store, [folder])
    before = ids(store, folder / "a.txt")
    put(folder, b=LAW.format(222))
    ingest(store, [folder])
    assert ids(store, folder / "a.txt") == before == ids(store, folder / "b.txt")


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*range(len(VERSIONS)), None])), max_size=9)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_order_of_versions_in_any_files_goes_in_and_is_told_apart(
    tmp_path_factory: pytest.TempPathFactory, database: Database, steps: list[tuple[str, int | None]]
) -> None:
    database.clear()
    folder = tmp_path_factory.mktemp("versions")
    store, now = Store(folder / "data"), dict[str, int]()
    for name, version in steps:
        if version is None:
            if name in now:
                drop(store, [f"{name}.txt"])
                del now[name]
        else:
            put(folder / "f", **{name: VERSIONS[version]})
            assert ingest(store, [folder / "f" / f"{name}.txt"]).count("rejected") == 0
            now[name] = version
    assert {d.text for d in store.documents()} == {VERSIONS[v].strip() for v in now.values()}
    clauses = [c for d in store.documents() for c in store.clauses(d.id)]
    assert len({c.id for c in clauses}) == len(clauses) == store.counts().clauses
    for document in store.documents():
        own = {c.id for c in store.clauses(document.id)}
        assert own and all(c.parent is None or c.parent in own for c in store.clauses(document.id))
    store.close()


# -- errors of the store -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("sql", "kind", "says"),
    [
        ("SELECT RAISE(ABORT, 'UNIQUE constraint failed: clauses.id')", StoreConflict, "矛盾"),
        (None, StoreBusy, "另一个进程"),
    ],
)
def test_what_the_store_will_not_take_is_told_as_what_it_is_and_the_others_go_in(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str | None, kind: type[StoreError], says: str
) -> None:
    folder = put(
        tmp_path / "f", a=LAW.format(1), b=LAW.format(2).replace("产业", "疑难"), c="某某市三号办法\n第一条 补贴3元。\n"
    )
    if sql is not None:
        with store.transaction() as connection:
            connection.execute(
                f"CREATE TRIGGER t BEFORE INSERT ON documents WHEN new.title LIKE '%疑难%' BEGIN {sql}; END"
            )
    else:
        real = Store.replace_file

        def busy(self: Store, path: str, *rest: object) -> None:
            if not path.endswith("b.txt"):
                return real(self, path, *rest)  # type: ignore[arg-type]
            other = sqlite3.connect(self.path)
            try:
                other.execute("BEGIN IMMEDIATE")
                self._connect().execute("PRAGMA busy_timeout=1")
                return real(self, path, *rest)  # type: ignore[arg-type]
            finally:
                other.close()

        monkeypatch.setattr(Store, "replace_file", busy)
    report = ingest(store, [folder])
    assert [f.outcome for f in report.files] == ["added", "rejected", "added"]
    bad = report.files[1]
    assert (bad.code, bad.file) == (kind.code, "b.txt") and says in bad.message and "磁盘" not in bad.message + bad.hint
    assert store.counts().documents == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_store_that_takes_nothing_more_is_not_tried_with_every_file(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "f", **{f"f{n}": LAW.format(n) for n in range(GIVE_UP_AFTER + 4)})
    tried: list[str] = []

    def full(self: Store, path: str, *rest: object) -> None:
        tried.append(path)
        raise StoreError("文件库无法写入（database or disk is full）", "请检查磁盘空间和目录权限后重试")

    monkeypatch.setattr(Store, "replace_file", full)
    report = ingest(store, [folder])
    assert report.count("rejected") == len(report.files) == GIVE_UP_AFTER + 4 and len(tried) == GIVE_UP_AFTER
    assert {f.code for f in report.files} == {"store_unusable"}


def test_a_transaction_inside_another_is_undone_alone(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute("INSERT INTO files VALUES ('a', 'a', '', '')")
        with pytest.raises(ValueError), store.transaction():
            connection.execute("INSERT INTO files VALUES ('b', 'b', '', '')")
            raise ValueError
    assert store.all_paths() == ["a"]
    with pytest.raises(ValueError), store.transaction() as connection:
        with store.transaction():
            connection.execute("INSERT INTO files VALUES ('c', 'c', '', '')")
        raise ValueError
    assert store.all_paths() == ["a"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_sqlite_undid_by_itself_is_not_taken_for_done(store: Store) -> None:
    """As on a full disk: the whole transaction is gone, and what is written after that must not stand alone."""
    with pytest.raises(StoreError), store.transaction() as connection:
        connection.execute("INSERT INTO files VALUES ('a', 'a', '', '')")
        connection.execute("ROLLBACK")
        with store.transaction():
            connection.execute("INSERT INTO files VALUES ('b', 'b', '', '')")
    assert store.all_paths() == []
