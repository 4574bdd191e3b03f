"""A newer index while the service answers: who is at work ends with the version begun with, all others have the new one."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.answer import service as module
from api.answer.answering import ask_with
from api.answer.service import EngineService
from api.app import create_app
from api.run.serving import DataFolder, Models
from corpus.ingest import ingest
from corpus.store import Store
from index.errors import SnapshotError
from qa.build import INDEX, LEXICON, MODEL, stamp, update_index
from qa.types import Answer, Question

DAY = date(2026, 11, 21)
TEXT = "甲山市支持园区若干措施\n\n第一条 对新认定的国家级园区，给予{}万元奖励。\n\n第二条 由市商务局负责解释。\n"
ASKED = Question("新认定的国家级园区奖励多少？", DAY)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    publish(tmp_path / "data", 100)
    return tmp_path / "data"


@pytest.fixture
def service(data: Path) -> Iterator[EngineService]:
    service = EngineService.over(DataFolder(data, Models()))
    service.load()
    yield service
    service.stop()


def publish(data: Path, amount: int) -> None:
    """A new version of the documents and the index."""
    data.mkdir(exist_ok=True)
    (data / "园区.txt").write_text(TEXT.format(amount), "utf-8")
    store = Store(data)
    ingest(store, [data / "园区.txt"])
    assert update_index(store, data)


def said(service: EngineService) -> str:
    outcome = service.current().answer(ASKED)
    return outcome.text if isinstance(outcome, Answer) else ""


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_swapped_when_told_and_only_where_there_is_something_newer(service: EngineService, data: Path) -> None:
    before = service.current().version()
    assert not service.swap_now() and service.current().version() == before
    publish(data, 300)
    assert said(service) == "100万元"
    assert service.swap_now() and said(service) == "300万元"
    after = service.current().version()
    assert int(after.index) == int(before.index) + 1
    assert after.built_at >= before.built_at and after.since > before.since
    assert not service.swap_now()


def test_a_request_is_answered_by_one_version_from_end_to_end(service: EngineService, data: Path) -> None:
    """The swap comes in the middle of the answer, when it is read: passages and clauses are of the old version too."""
    view = service.current()

    def on_step(step: str) -> None:
        if step == "read":
            publish(data, 300)
            assert service.swap_now()

    body, _ = ask_with(view, ASKED, ASKED.text, on_step)
    assert body.answer == "100万元" and body.passages and "100万元" in body.passages[0].text
    assert "100万元" in view.clause(body.citations[0].clause.id)[0].text
    assert said(service) == "300万元"


def test_the_engine_before_is_freed_with_its_last_user(service: EngineService, data: Path) -> None:
    view = service.current()
    gone = weakref.ref(view.engine), weakref.ref(view.engine.store), weakref.ref(view.engine.searcher.snapshot.lexical)
    publish(data, 300)
    service.swap_now()
    gc.collect()
    gc.disable()
    try:
        assert gone[0]() is not None and view.answer(ASKED)
        del view
        assert [ref() for ref in gone] == [None, None, None]
    finally:
        gc.enable()


def test_what_is_watched(data: Path) -> None:
    seen = [stamp(data)]

    def changed() -> bool:
        seen.append(stamp(data))
        return seen[-1] != seen[-2]

    assert not changed()
    publish(data, 300)
    assert changed() and not changed()
    (data / LEXICON).write_text('["给钱"]\n', "utf-8")
    assert changed()
    (data / LEXICON).unlink()
    assert changed()
    (data / MODEL).mkdir()
    assert changed() and not changed()
    assert stamp(data, str(data / "no such model")) != stamp(data), "another encoder"
    assert stamp(data / "nothing" / "\x00") is not None, "never raises"


def test_the_watch_swaps_and_survives_an_index_that_cannot_be_loaded(
    service: EngineService, data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(module, "TRY_AGAIN", (60.0,))
    with caplog.at_level(logging.INFO, "tiaowen.api"):
        watch = service.watch()
        publish(data, 300)
        assert until(lambda: said(service) == "300万元")
        (data / INDEX / "NEXT").write_text("000099\n", "utf-8")
        (data / INDEX / "NEXT").replace(data / INDEX / "CURRENT")  # in one step: an empty file would be another index
        assert until(lambda: "cannot be loaded" in caplog.text)
        time.sleep(0.2)
        assert caplog.text.count("cannot be loaded") == 1, "not tried every time"
        assert said(service) == "300万元" and service.ready()
        publish(data, 500)  # what is published next is tried at once
        assert until(lambda: said(service) == "500万元")
        service.stop()
        watch.join(10)
    assert not watch.is_alive()


def test_a_failed_swap_is_raised_to_who_asked_for_it(service: EngineService, data: Path) -> None:
    publish(data, 300)
    current = data / INDEX / (data / INDEX / "CURRENT").read_text("utf-8").strip()
    shutil.rmtree(current / "lexical")
    with pytest.raises(SnapshotError):
        service.swap_now()
    assert said(service) == "100万元"
    assert update_index(Store(data), data), "an index that is damaged is built anew"
    assert service.swap_now() and said(service) == "300万元"


def test_no_wrong_answer_while_versions_come_and_go(service: EngineService, data: Path) -> None:
    """Clients ask over HTTP all the time; each answer fits its own citation and passages, and none fails."""
    seen: list[tuple[str, str, str]] = []
    errors: list[object] = []
    done = threading.Event()
    with TestClient(create_app(service)) as client:

        def work() -> None:
            while not done.is_set():
                response = client.post("/v1/ask", json={"question": ASKED.text})
                if response.status_code != 200:
                    errors.append(response.json())
                    return
                body = response.json()
                clause = client.get(f"/v1/clauses/{body['citations'][0]['clause']['id']}")
                if clause.status_code not in (200, 404):  # a version later it may be gone, but nothing else
                    errors.append(clause.json())
                seen.append(
                    (body["answer"], body["citations"][0]["quote"], json.dumps(body["passages"], ensure_ascii=False))
                )

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for amount in (200, 300, 400, 500):
            publish(data, amount)
            assert service.swap_now()
            count = len(seen)
            assert until(lambda count=count: len(seen) >= count + 6 or bool(errors))  # type: ignore[misc]
        done.set()
        for thread in threads:
            thread.join(30)
    assert not errors
    assert {answer for answer, _, _ in seen} >= {"200万元", "300万元", "400万元", "500万元"}
    assert all(answer in quote and answer in passages for answer, quote, passages in seen)
