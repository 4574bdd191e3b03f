"""The engine behind the HTTP layer: readiness, paging, ids."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from api.answer.service import EngineService
from api.view import View
from corpus.errors import NotFound
from corpus.ingest import ingest
from corpus.store import Store
from index.errors import SnapshotError
from qa.build import INDEX, build_engine, update_index
from qa.types import Answer, Question

TITLES = ["甲山市支持园区若干措施", "甲山市停车管理办法", "甲山市养老服务规定"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("service")
    for i, title in enumerate(TITLES):
        text = f"{title}\n\n第一条 对第{i + 1}类单位给予{i + 1}0万元奖励。\n\n第二条 由市商务局负责解释。\n"
        (folder / f"{i}.txt").write_text(text, "utf-8")
    store = Store(folder / "data")
    assert ingest(store, [folder]).count("added") == 3
    update_index(store, folder / "data")
    return folder / "data"


@pytest.fixture
def service(data: Path) -> EngineService:
    return EngineService(build_engine(data))


@pytest.fixture
def view(service: EngineService) -> View:
    return service.current()


def test_ready_only_when_warm(service: EngineService) -> None:
    assert not service.ready()
    service.warm_up().join(30)
    assert service.ready()


def test_a_model_that_cannot_be_loaded_is_told_and_never_ready(data: Path, tmp_path: Path) -> None:
    failures: list[BaseException] = []
    service = EngineService(build_engine(data, str(tmp_path / "no model")), failures.append)
    service.warm_up().join(30)
    assert len(failures) == 1 and not service.ready()


def test_pages_of_documents(view: View) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in TITLES:
        page, cursor = view.documents(1, cursor)
        seen += [document.title for document in page]
    assert seen == TITLES and cursor is None
    everything, after = view.documents(50, None)
    assert [d.title for d in everything] == TITLES and after is None
    with pytest.raises(NotFound):
        view.documents(1, "not a cursor")


def test_documents_and_clauses_by_id(view: View) -> None:
    (first, *_), _ = view.documents(1, None)
    clauses = view.clauses(first.id)
    assert view.document(first.id) == first and [c.ordinal for c in clauses] == list(range(len(clauses)))
    for clause in clauses:
        assert view.clause(clause.id) == (first, clause)
    for missing in (view.document, view.clauses, view.clause):
        with pytest.raises(NotFound):
            missing("nothing")


def test_counts(view: View) -> None:
    counts = view.counts()
    assert counts.documents == 3 and counts.clauses >= 6 and counts.passages >= 3


def test_answers_from_several_threads(view: View) -> None:
    said: dict[int, str] = {}

    def work(i: int) -> None:
        outcome = view.answer(Question(f"{TITLES[i]}：给第{i + 1}类单位奖励多少？", date(2026, 11, 21)))
        said[i] = outcome.text if isinstance(outcome, Answer) else ""

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said == {0: "10万元", 1: "20万元", 2: "30万元"}
    assert view.search(Question("停车管理办法", date(2026, 11, 21), top_k=2))[0].rank == 1


def test_without_an_index_there_is_no_engine(tmp_path: Path) -> None:
    Store(tmp_path)
    with pytest.raises(SnapshotError) as caught:
        build_engine(tmp_path)
    assert caught.value.hint and not (tmp_path / INDEX).exists()
