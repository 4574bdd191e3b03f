"""One version from end to end: an engine answers from the documents that its index was built from, whatever comes later."""

from __future__ import annotations

import gc
import logging
import sqlite3
import weakref
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from corpus.ingest import drop, ingest
from corpus.store import Store
from index.errors import SnapshotError
from index.types import Passage
from qa.build import BUILT_FROM, INDEX, STORE, build_engine, update_index
from qa.turns.memory import MemoryConversations, Turn
from qa.types import Answer, Question, Refusal, Step

DAY = date(2026, 11, 21)
FIRST = "甲山市支持园区若干措施\n\n第一条 对新认定的国家级园区，给予{}万元奖励。\n\n第二条 由市商务局负责解释。\n"
SECOND = "甲山市停车管理办法\n\n第一条 公共停车场首次停车30分钟内免收停车费。\n\n第二条 违反规定的，处200元罚款。\n"
ASKED = Question("新认定的国家级园区奖励多少？", DAY)
PARKING = Question("违反停车规定的处多少罚款？", DAY)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "园区.txt").write_text(FIRST.format(100), "utf-8")
    (folder / "停车.txt").write_text(SECOND, "utf-8")
    return folder


@pytest.fixture
def store(files: Path, tmp_path: Path) -> Store:
    store = Store(tmp_path / "data")
    ingest(store, [files])
    assert update_index(store, tmp_path / "data")
    return store


def said(outcome: object) -> str:
    """The figure: whether 罚款 stands behind it is the reader's affair, and not asked here."""
    return outcome.text.removesuffix("罚款") if isinstance(outcome, Answer) else ""


def test_between_ingestion_and_index_all_is_answered_from_the_old_documents(
    store: Store, files: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    engine = build_engine(data)
    drop(store, ["停车.txt"])
    (files / "园区.txt").write_text(FIRST.format(300), "utf-8")
    ingest(store, [files / "园区.txt"])
    for one in (engine, build_engine(data)):  # also an engine that is made now
        assert (said(one.answer(ASKED)), said(one.answer(PARKING))) == ("100万元", "200元")
        assert all(one.store.clause(h.passage.clause_id) for h in one.search(PARKING))
    update_index(store, data)
    fresh = build_engine(data)
    assert said(fresh.answer(ASKED)) == "300万元" and isinstance(fresh.answer(PARKING), Refusal)
    assert (said(engine.answer(ASKED)), said(engine.answer(PARKING))) == ("100万元", "200元")


def test_what_is_written_while_the_index_is_built_waits_for_the_next(
    store: Store, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (files / "园区.txt").write_text(FIRST.format(300), "utf-8")
    ingest(store, [files])
    freeze = Store.freeze

    def freeze_and_write(self: Store, path: Path) -> None:
        freeze(self, path)
        drop(Store(data), ["停车.txt"])

    with monkeypatch.context() as patch:
        patch.setattr(Store, "freeze", freeze_and_write)
        assert update_index(store, data)
    engine = build_engine(data)
    assert (said(engine.answer(ASKED)), said(engine.answer(PARKING))) == ("300万元", "200元")
    assert update_index(store, data), "the index is not up to date"
    assert update_index(store, data) is None
    assert isinstance(build_engine(data).answer(PARKING), Refusal)


def test_an_engine_works_until_it_is_let_go(store: Store, files: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    engine = build_engine(data)
    engine.warm_up()
    folder = engine.searcher.snapshot.folder
    for amount in (300, 500, 700):
        (files / "园区.txt").write_text(FIRST.format(amount), "utf-8")
        ingest(store, [files])
        update_index(store, data)
    assert not folder.exists(), "its snapshot is removed from the disk by then"
    assert (said(engine.answer(ASKED)), said(engine.answer(PARKING))) == ("100万元", "200元")
    assert len(engine.load(engine.store.documents()[1].id)[1]) >= 2
    gone = weakref.ref(engine), weakref.ref(engine.store), weakref.ref(engine.searcher)
    gc.collect()
    gc.disable()
    try:
        del engine
        assert [ref() for ref in gone] == [None, None, None], "freed at once, without a search for cycles"
    finally:
        gc.enable()


def test_what_is_shown_of_a_document_is_published_without_encoding_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE documents SET number = '甲府规〔2026〕9号' WHERE title LIKE '%园区%'")
    told: list[tuple[str, int]] = []
    assert update_index(store, data, progress=lambda stage, done, total: told.append((stage, total)))
    assert not [step for step in told if step[0] in ("tokens", "vectors")], "no passage is new"
    assert "甲府规〔2026〕9号" in {d.number for d in build_engine(data).store.documents()}
    assert update_index(store, data) is None


def test_an_index_of_before_there_were_copies_is_brought_up_to_date(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    folder = build_engine(data).searcher.snapshot.folder
    manifest = (folder / "manifest.json").read_text("utf-8")
    lines = [line for line in manifest.splitlines() if line]
    for name in (STORE, BUILT_FROM):
        (folder / name).unlink()
        start = next(i for i, line in enumerate(lines) if f'"{name}"' in line) - 1
        del lines[start : start + 5]
    (folder / "manifest.json").write_text("\n".join(lines).replace("},\n ]", "}\n ]"), "utf-8")
    with caplog.at_level(logging.WARNING):
        engine = build_engine(data)
    assert "旧版本" in caplog.text and engine.searcher.snapshot.folder != folder
    assert said(engine.answer(ASKED)) == "100万元"


@pytest.mark.parametrize("name", [STORE, BUILT_FROM])
def test_a_damaged_copy_is_no_index(store: Store, tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    path = data / INDEX / (data / INDEX / "CURRENT").read_text("utf-8").strip() / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match="已损坏"):
        build_engine(data)
    assert update_index(store, data), "the next ingestion mends it"
    assert said(build_engine(data).answer(ASKED)) == "100万元"


# -- conversations -----------------------------------------------------------------------------------------------------


def test_a_turn_of_another_version_leans_on_its_topic_only(store: Store, tmp_path: Path) -> None:
    data = tmp_path / "data"
    talks = MemoryConversations()
    engine = build_engine(data, conversations=talks)
    parking = Question(PARKING.text, DAY, session="s")
    assert said(engine.answer(parking)) == "200元"
    turn = talks.last("s")
    assert turn and turn.passage and turn.topic == PARKING.text
    drop(store, ["停车.txt"])
    update_index(store, data)
    other = build_engine(data, conversations=talks)
    outcome = other.answer(Question("那由谁负责解释？", DAY, session="s"))
    assert outcome.rewritten and "停车" in outcome.rewritten, "the turn before was with the other engine"
    assert all(h.passage.document_id in {d.id for d in other.store.documents()} for h in outcome.hits)


@pytest.mark.parametrize("known", ["document", "nothing"])
def test_a_passage_that_is_not_here_is_not_asked_for(store: Store, tmp_path: Path, known: str) -> None:
    engine = build_engine(tmp_path / "data")
    ident = engine.store.documents()[0].id if known == "document" else "gone"
    passage = Passage("p", "甲", "", ident, "a clause of another reading", 0, 1)
    for text in ("那省级的呢？", "第一条呢？", "第一条怎么规定的？", "它什么时候失效？"):
        engine.conversations.remember("s", Turn(ASKED.text, passage))
        assert isinstance(engine.answer(Question(text, DAY, session="s")), Answer | Refusal)


# -- steps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (ASKED.text, ["understand", "retrieve", "rerank", "read", "decide"]),
        ("给我讲个笑话", ["understand"]),
        ("甲山市支持园区若干措施第一条怎么规定的？", ["understand", "retrieve"]),
        ("第一条怎么规定的？", ["understand", "retrieve"]),
    ],
)
def test_each_step_is_told_as_it_begins(store: Store, tmp_path: Path, text: str, steps: list[str]) -> None:
    told: list[Step] = []
    outcome = build_engine(tmp_path / "data").answer(Question(text, DAY), told.append)
    assert told == steps == list(outcome.timings_ms) and all(ms >= 0 for ms in outcome.timings_ms.values())


def test_who_is_told_may_end_the_answer(store: Store, tmp_path: Path) -> None:
    class Gone(Exception):
        pass

    def leave(step: Step) -> None:
        if step == "rerank":
            raise Gone

    with pytest.raises(Gone):
        build_engine(tmp_path / "data").answer(ASKED, leave)
