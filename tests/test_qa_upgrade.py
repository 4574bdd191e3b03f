"""Data folders of earlier versions: they open, `tiaowen upgrade` says what it does, backs up, does it, and can be cut short.

The folders were made by earlier commits of this repository (tests/fixtures/data-folders/README.md).
"""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from api.cli import main
from api.commands import upgrade as cli_upgrade
from api.models import Models
from api.records.database import Records
from api.records.keys import Keys
from api.run.restore import restore
from api.run.serving import catch_up
from corpus.errors import StoreError
from corpus.ingest import PARSER
from corpus.store import FILE, SCHEMA_VERSION, Store
from index.tokens import Tokenizer
from qa.build import build_engine
from qa.types import Answer, Question
from qa.upgrade import outdated, plan, upgrade

FIXTURES = Path(__file__).parent / "fixtures" / "data-folders"
THERE = "/srv/policies"  # where the originals lay when the folders were made
OLD = ["first", "parser-7"]
ALL = [*OLD, "parser-8"]


def unpacked(name: str, tmp_path: Path) -> Path:
    """A data folder of an earlier version, its originals beside it."""
    originals, data = tmp_path / "policies", tmp_path / "data"
    shutil.copytree(FIXTURES / "policies", originals)
    with tarfile.open(FIXTURES / f"{name}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(data)
    with closing(sqlite3.connect(data / FILE)) as connection, connection:
        for table in ("sources", "files"):
            connection.execute(f"UPDATE {table} SET path = replace(path, ?, ?)", (THERE, str(originals)))
    return data


def rows(data: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / FILE)) as connection:
        return connection.execute(sql).fetchall()


def parsers(data: Path) -> set[object]:
    return {row[0] for row in rows(data, "SELECT parser FROM files")}


def clauses(data: Path) -> set[tuple[object, ...]]:
    return set(rows(data, "SELECT id, address FROM clauses"))


def backups(data: Path) -> list[Path]:
    return sorted(data.parent.glob("data.before-upgrade-*.zip"))


def content(data: Path) -> dict[str, object]:
    """All files, of a database what is in it."""
    out: dict[str, object] = {}
    for path in sorted(data.rglob("*")):
        if path.suffix == ".sqlite3":
            with closing(sqlite3.connect(path)) as connection:
                out[str(path)] = list(connection.iterdump())
        elif path.is_file() and not path.name.endswith(("-wal", "-shm")):
            out[str(path)] = path.read_bytes()
    return out


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer()


def answer(data: Path, question: str) -> str:
    # What is found is to be seen, however sure: how sure a new fit of the scorer is of it has no part in an upgrade.
    engine = build_engine(data, reader="none", max_wrong_rate="1", tokenizer=tokenizer())
    found = engine.answer(Question(question, date(2026, 3, 1)))
    assert isinstance(found, Answer)
    return found.text


@pytest.mark.parametrize("name", ALL)
def test_a_folder_of_an_earlier_version_answers_as_it_is(name: str, tmp_path: Path) -> None:
    data = unpacked(name, tmp_path)
    catch_up(data, Models())  # as each command does that answers
    assert answer(data, "每箱蜂给予多少补贴？") == "85元"


@pytest.mark.parametrize("name", OLD)
def test_upgrade(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = unpacked(name, tmp_path)
    before, old, ids = outdated(data), parsers(data), clauses(data)
    assert before == 3 and len(plan(data).again) == 3 and plan(data).needed
    assert main(["upgrade", "--data", str(data)]) == 0
    said = capsys.readouterr().out
    assert "重新读入 3 个" in said and said.index("将要") < said.index("已备份到") < said.index(
        "升级完成：重读 3 个文件"
    )
    assert parsers(data) == {PARSER} and outdated(data) == 0
    assert clauses(data) == ids, "what is unchanged keeps its id"
    assert [r[0] for r in rows(data, "SELECT departments FROM clauses WHERE departments != '[]'")] == [
        '[["市农业农村局", "responsible", false, 92, 98], ["市财政局", "assist", false, 104, 108]]'
    ]
    assert rows(data, "SELECT count(*) FROM refs WHERE target_clause IS NOT NULL")[0][0]
    assert answer(data, "每箱蜂给予多少补贴？") == "85元"
    (backup,) = backups(data)
    assert zipfile.ZipFile(backup).testzip() is None
    restore(backup, tmp_path / "again")
    assert (parsers(tmp_path / "again"), clauses(tmp_path / "again")) == (old, ids), "it is the folder of before"
    state = content(data)
    assert main(["upgrade", "--data", str(data)]) == 0
    assert "不用升级" in capsys.readouterr().out and backups(data) == [backup] and content(data) == state
    if (data / "service.sqlite3").is_file():
        assert [key.name for key in Keys(Records(data)).list()] == ["旧钥匙"]


def test_a_folder_of_this_version_needs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = unpacked("parser-8", tmp_path)
    if PARSER != "8":  # it is an old one by now
        assert plan(data).needed
        return
    assert not plan(data).needed
    assert main(["upgrade", "--data", str(data)]) == 0
    assert "不用升级" in capsys.readouterr().out and not backups(data)


def test_check_says_it_and_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = unpacked("first", tmp_path)
    before = content(data)
    assert main(["upgrade", "--check", "--data", str(data)]) == 0
    assert "重新读入 3 个" in capsys.readouterr().out and not backups(data)
    assert content(data) == before


def test_a_file_whose_original_is_gone_or_changed_stays_as_it_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = unpacked("first", tmp_path)
    (tmp_path / "policies" / "补贴办法.txt").unlink()
    (tmp_path / "policies" / "茶园.txt").write_text("乙区茶园管护办法\n第一条 每亩给予50元补贴。\n", "utf-8")
    assert main(["upgrade", "--data", str(data), "--backup", str(tmp_path / "b.zip")]) == 0
    assert zipfile.ZipFile(tmp_path / "b.zip").testzip() is None and not backups(data)
    said = capsys.readouterr().out
    assert "2 个文件保留旧版本读入的内容：茶园.txt、补贴办法.txt" in said or "补贴办法.txt、茶园.txt" in said
    assert parsers(data) == {"3", PARSER} and not plan(data).needed
    assert answer(data, "每箱蜂给予多少补贴？") == "85元"
    assert answer(data, "茶园管护每亩给予多少补贴？") == "40元", "what changed on the disk waits for tiaowen ingest"


@pytest.mark.parametrize("after", [1, 3])
def test_one_that_is_cut_short_goes_on_where_it_ended(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = unpacked("first", tmp_path)
    read: list[str] = []

    def cut_short(  # type: ignore[no-untyped-def]
        folder: Path,
        encoder: str,
        wait: float,
        tell: object,
        step: Callable[[str], None],
        progress: object,
        *,
        index: str,
    ):
        def stop(name: str) -> None:
            if len(read) == after:
                raise KeyboardInterrupt
            read.append(name)

        upgrade(folder, step=stop)
        raise KeyboardInterrupt  # the index is there, the note of the backup as well

    with monkeypatch.context() as patch:
        patch.setattr(cli_upgrade, "upgrade", cut_short)
        assert main(["upgrade", "--data", str(data)]) == 130
    assert len(backups(data)) == 1 and (data / cli_upgrade.NOTE).is_file() and outdated(data) == 3 - after
    capsys.readouterr()
    assert main(["upgrade", "--data", str(data)]) == 0
    assert len(backups(data)) == 1, "the folder of before is saved once"
    assert parsers(data) == {PARSER} and not plan(data).needed, "the files and the index"


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = unpacked("parser-8", tmp_path)
    with closing(sqlite3.connect(data / FILE)) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    for use in (lambda: plan(data), lambda: Store(data)):
        with pytest.raises(StoreError, match="更新的版本"):
            use()
    assert main(["upgrade", "--data", str(data)]) == 1
    assert "store_unusable" in capsys.readouterr().err


def test_what_is_no_data_folder(tmp_path: Path) -> None:
    assert main(["upgrade", "--data", str(tmp_path / "nothing")]) == 1
    assert not (tmp_path / "nothing").exists() and outdated(tmp_path / "nothing") == 0
