"""Snapshots on disk: what goes in comes out, damage is told, and a crash leaves the old one in use."""

import fcntl
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index import snapshot as module
from index.errors import SnapshotError
from index.snapshot import build_snapshot, open_snapshot, searched_text
from index.tokens import Tokenizer
from index.types import Passage


class HashEncoder:
    """Counts tokens by the remainder of their code points: no model, the same vectors everywhere."""

    def __init__(self, name: str = "hash", dim: int = 32) -> None:
        self.id = name
        self.dim = dim

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for token in Tokenizer().tokens(text):
                vector[sum(map(ord, token)) % self.dim] += 1
            vector /= max(1.0, float(np.linalg.norm(vector)))
        return vectors

    encode_queries = encode_passages


PASSAGES = (
    Passage("p1", "对高新技术企业给予最高300万元奖励。", "若干措施 一、支持创新", "d1", "c1", 10, 28),
    Passage("p2", "责任单位：市工信局、市财政局。", "若干措施 一、支持创新", "d1", "c2", 28, 43),
    Passage("p3", "本办法自2025年7月1日起施行，有效期三年。", "管理办法", "d2", "c3", 0, 24),
)


def one_more(parent: Path, text: str = "新的一条。") -> None:
    build_snapshot([*PASSAGES, Passage("p4", text)], parent, HashEncoder())


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build_snapshot(PASSAGES, tmp_path, HashEncoder(), lambda *step: told.append(step))
    snapshot = open_snapshot(tmp_path, encoder_id="hash", full=True)
    assert tuple(snapshot.passages) == PASSAGES
    assert snapshot.passages[-1] == PASSAGES[2]
    assert snapshot.passages[:2] == list(PASSAGES[:2])
    assert len(snapshot) == 3
    assert (snapshot.manifest.documents, snapshot.manifest.dim, snapshot.encoder_id) == (2, 32, "hash")
    assert snapshot.manifest.tokenizer_id == Tokenizer().settings_id
    assert [step for step in told if step[1] == step[2]] == [("tokens", 3, 3), ("vectors", 3, 3), ("index", 3, 3)]
    with pytest.raises(IndexError):
        snapshot.passages[3]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(), st.text(), st.sampled_from(["d1", "d2"]), st.integers(0, 2**40)), max_size=5))
def test_any_text_comes_out_as_it_went_in(tmp_path: Path, rows: list[tuple[str, str, str, int]]) -> None:
    passages = [Passage(str(i), text, context, doc, "", at, at) for i, (text, context, doc, at) in enumerate(rows)]
    snapshot = build_snapshot(passages, tmp_path, HashEncoder())
    assert list(snapshot.passages) == passages
    assert snapshot.allowed(frozenset({"d1"})).tolist() == [p.document_id == "d1" for p in passages]


def test_no_passages_is_legal(tmp_path: Path) -> None:
    build_snapshot([], tmp_path, HashEncoder())
    snapshot = open_snapshot(tmp_path)
    assert len(snapshot) == 0
    assert snapshot.allowed(frozenset({"d1"})).tolist() == []


def test_context_is_searched() -> None:
    assert searched_text(PASSAGES[0]) == "若干措施 一、支持创新\n对高新技术企业给予最高300万元奖励。"
    assert searched_text(Passage("p", "甲")) == "甲"


def test_one_before_is_kept(tmp_path: Path) -> None:
    for _ in range(3):
        one_more(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != ".lock") == ["000002", "000003", "CURRENT"]
    assert open_snapshot(tmp_path).folder.name == "000003"


def test_an_opened_snapshot_outlives_its_removal(tmp_path: Path) -> None:
    snapshot = build_snapshot(PASSAGES, tmp_path, HashEncoder())
    shutil.rmtree(snapshot.folder)
    assert tuple(snapshot.passages) == PASSAGES
    assert snapshot.lexical.top(["奖"], 3)[0].tolist() == [0]
    assert len(snapshot.dense.top(HashEncoder().encode_queries(["奖励"])[0], 3)[0]) == 3


class Crash(BaseException):
    """Stands for the end of the process: nothing may catch it."""


@pytest.mark.parametrize("step", ["_write_passages", "_write_manifest", "_point", "_remove_others"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_crash_leaves_a_usable_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    build_snapshot(PASSAGES, tmp_path, HashEncoder())
    real = getattr(module, step)

    def crash(*arguments: object) -> None:
        if when == "after":
            real(*arguments)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(module, step, crash)
        with pytest.raises(Crash):
            one_more(tmp_path)
    published = step == "_remove_others" or (step, when) == ("_point", "after")
    assert len(open_snapshot(tmp_path)) == (4 if published else 3)
    in_use = open_snapshot(tmp_path).folder.name
    one_more(tmp_path)
    assert len(open_snapshot(tmp_path)) == 4
    left = {p.name for p in tmp_path.iterdir()} - {".lock", "CURRENT"}
    assert left == {in_use, open_snapshot(tmp_path).folder.name}


def test_disk_error_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_passages", full)
    with pytest.raises(SnapshotError, match="无法写入") as error:
        one_more(tmp_path)
    assert "磁盘空间" in error.value.hint


def test_two_writers_at_once(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SnapshotError, match="另一个进程正在写入"):
            one_more(tmp_path)
    one_more(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    for parent in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SnapshotError, match="还没有索引") as error:
            open_snapshot(parent)
        assert "tiaowen ingest" in error.value.hint
        assert error.value.code == "index_unusable"


@pytest.mark.parametrize("name", ["000009", "../elsewhere", "", "\x00"])
def test_current_names_nothing(tmp_path: Path, name: str) -> None:
    one_more(tmp_path)
    (tmp_path / "CURRENT").write_text(name, "utf-8")
    with pytest.raises(SnapshotError, match="不存在"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
@pytest.mark.parametrize("verify", [True, False])
def test_every_damaged_file_is_told(tmp_path: Path, damage: str, verify: bool) -> None:
    folder = build_snapshot(PASSAGES, tmp_path / "good", HashEncoder()).folder
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert len(files) >= 9
    for file in files:
        shutil.copytree(tmp_path / "good", tmp_path / "bad")
        path = tmp_path / "bad" / folder.name / file
        content = bytearray(path.read_bytes())
        if damage == "flip":
            content[len(content) // 2] ^= 0xFF
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
        if damage == "remove":
            path.unlink()
        if verify:
            with pytest.raises(SnapshotError) as error:
                open_snapshot(tmp_path / "bad")
            assert "tiaowen ingest" in error.value.hint
        else:
            # Unchecked, damage may stay unseen, but nothing else than SnapshotError may come of it.
            try:
                open_snapshot(tmp_path / "bad", verify=False)
            except SnapshotError as error:
                assert "tiaowen ingest" in error.hint
        shutil.rmtree(tmp_path / "bad")


def test_other_encoder(tmp_path: Path) -> None:
    one_more(tmp_path)
    with pytest.raises(SnapshotError, match="hash.*other") as error:
        open_snapshot(tmp_path, encoder_id="other")
    assert "tiaowen ingest" in error.value.hint


def test_other_format(tmp_path: Path) -> None:
    folder = build_snapshot(PASSAGES, tmp_path, HashEncoder()).folder
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}), "utf-8")
    with pytest.raises(SnapshotError, match="格式版本为 99"):
        open_snapshot(tmp_path)


def test_large_files_are_hashed_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_snapshot(PASSAGES, tmp_path, HashEncoder()).folder
    path = folder / "passages.bin"
    path.write_bytes(path.read_bytes().replace("奖励".encode(), "处罚".encode()))
    monkeypatch.setattr(module, "HASH_UP_TO_BYTES", 10)
    assert len(open_snapshot(tmp_path)) == 3
    with pytest.raises(SnapshotError, match="校验和不符"):
        open_snapshot(tmp_path, full=True)
