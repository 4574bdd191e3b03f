"""The engine as the HTTP layer sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from api.answering import Counts, OnStep
from corpus.types import Clause, Document, Link
from index.types import Hit
from qa.engine import Engine
from qa.types import Outcome, Question


class EngineView:
    """One engine as a View."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
        return self.engine.answer(question, on_step)

    def search(self, question: Question) -> list[Hit]:
        return self.engine.search(question)

    def documents(self, limit: int, cursor: str | None) -> tuple[list[Document], str | None]:
        found = self.engine.store.documents(limit + 1, cursor)
        more = len(found) > limit
        return found[:limit], found[limit - 1].id if more else None

    def document(self, id: str) -> Document:
        return self.engine.load(id)[0]

    def clauses(self, document_id: str) -> list[Clause]:
        return list(self.engine.load(document_id)[1])

    def clause(self, id: str) -> tuple[Document, Clause]:
        clause = self.engine.store.clause(id)
        return self.engine.load(clause.document_id)[0], clause

    def titled(self, title: str) -> list[Document]:
        return self.engine.store.titled(title)

    def linked_from(self, document_id: str) -> list[Link]:
        return self.engine.store.linked_from(document_id)

    def referring(self, clause_id: str) -> list[Clause]:
        return self.engine.store.clauses_referring(clause_id)

    def has_file(self, name: str) -> bool:
        return bool(self.engine.store.paths(name))

    def counts(self) -> Counts:
        counts = self.engine.store.counts()
        return Counts(counts.documents, counts.clauses, len(self.engine.searcher.snapshot))


class EngineService:
    """Serves one engine. `ready` turns true when the models are loaded, which `warm_up` does in the background.

    `on_failure` is called with the error where they cannot be loaded.
    """

    def __init__(self, engine: Engine, on_failure: Callable[[BaseException], None] = lambda error: None) -> None:
        self._view = EngineView(engine)
        self._on_failure = on_failure
        self._ready = threading.Event()

    def warm_up(self) -> threading.Thread:
        """Loads what the first question would load, in a thread of its own."""
        thread = threading.Thread(target=self._warm, name="warm-up", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            self._view.engine.warm_up()
        except Exception as error:  # told to whoever serves; a service that cannot search never becomes ready
            self._on_failure(error)
            return
        self._ready.set()

    def ready(self) -> bool:
        return self._ready.is_set()

    def current(self) -> EngineView:
        return self._view
