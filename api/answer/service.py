"""The engine as the HTTP layer sees it: a view of one version, and the service that puts a newer one in its place."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from api.view import Counts, OnStep, Version
from corpus.errors import PolicyError
from corpus.types import Clause, Document, Link
from index.types import Hit
from qa.catalogue.policies import PolicyPage, Wanted
from qa.engine import Engine
from qa.types import Outcome, Question

LOOK_EVERY = 1.0
"""Seconds between two looks at whether there is a newer version."""

TRY_AGAIN = (5.0, 15.0, 60.0)
"""Seconds until a version that could not be loaded is tried again, as long as nothing else is published."""

log = logging.getLogger("tiaowen.api")


def _give_memory_back() -> None:
    """Hands what was freed back to the system. The C library of most Linux systems keeps it for itself: 100 MB or more
    after a few swaps."""
    if os.name == "nt":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class EngineView:
    """One engine as a View."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._since = datetime.now(UTC)

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

    def policies(self, wanted: Wanted) -> PolicyPage:
        return self.engine.catalogue.policies(wanted)

    def counts(self) -> Counts:
        counts = self.engine.store.counts()
        return Counts(counts.documents, counts.clauses, len(self.engine.searcher.snapshot))

    def version(self) -> Version:
        snapshot = self.engine.searcher.snapshot
        return Version(snapshot.folder.name, snapshot.manifest.created, self._since)


class Versions(Protocol):
    """Where engines come from."""

    def stamp(self) -> object:
        """What an engine would be built from now, to be compared with ==. Asked for every second: cheap, never raises."""
        ...

    def build(self) -> Engine:
        """An engine over that. Raises a PolicyError where it cannot be built."""
        ...


def _one_core_a_question() -> None:
    """Keeps the linear algebra of a question on the thread that answers it.

    Its matrices are too small to be shared out: helpers of BLAS would only spin, on the cores that other questions need
    (as much processor time again, and not a millisecond sooner). Called when the libraries are loaded: it acts on those.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


class EngineService:
    """Serves one engine until a newer one is ready to take its place.

    `ready` turns true when the models are loaded, which `warm_up` does in the background; `on_failure` is called with the
    error where they cannot be loaded. A service that was made `over` versions can be told to `watch`: it then looks every
    second whether there is a newer one, builds and warms its engine in a thread of its own, and lets `current` give that.
    Whoever holds the view of before goes on with it; with the last of them its engine is freed. A version that cannot be
    loaded is logged, and the one before goes on serving.
    """

    def __init__(self, engine: Engine, on_failure: Callable[[BaseException], None] = lambda error: None) -> None:
        self._view = EngineView(engine)
        self._on_failure = on_failure
        self._ready = threading.Event()
        self._versions: Versions | None = None
        self._stamp: object = None
        self._swapping = threading.Lock()
        self._swapped = threading.Event()  # and the memory of the version before not given back yet
        self._stopped = threading.Event()

    @classmethod
    def over(
        cls, versions: Versions, on_failure: Callable[[BaseException], None] = lambda error: None
    ) -> EngineService:
        """The service of the newest version there is. Raises what building it raises."""
        stamp = versions.stamp()  # before the engine: what is published while it is built is noticed later
        service = cls(versions.build(), on_failure)
        service._versions, service._stamp = versions, stamp
        return service

    def warm_up(self) -> threading.Thread:
        """Loads what the first question would load, in a thread of its own."""
        thread = threading.Thread(target=self._warm, name="warm-up", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            self.load()
        except Exception as error:  # told to whoever serves; a service that cannot search never becomes ready
            self._on_failure(error)

    def load(self) -> None:
        """The same in this thread. Raises EncoderError, SnapshotError, BadReader."""
        self._view.engine.warm_up()
        _one_core_a_question()
        self._ready.set()

    def ready(self) -> bool:
        return self._ready.is_set()

    def current(self) -> EngineView:
        return self._view

    def swap_now(self) -> bool:
        """Puts the newest version in the place of the one that is served; False where it is served already.

        Returns when it is in its place. Raises what building it raises; the one before then goes on serving.
        """
        with self._swapping:
            if self._versions is None or (stamp := self._versions.stamp()) == self._stamp:
                return False
            engine = self._versions.build()
            engine.warm_up()
            _one_core_a_question()
            self._view, self._stamp = EngineView(engine), stamp
            self._ready.set()
            self._swapped.set()
        log.info("index %s is served now", self._view.version().index)
        return True

    def watch(self) -> threading.Thread:
        """Looks for newer versions in a thread of its own, until `stop`."""
        thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Ends the watch; what is served goes on being served."""
        self._stopped.set()

    def _watch(self) -> None:
        assert self._versions is not None, "made by `over`"
        failed: object = None
        failures, again = 0, 0.0
        while not self._stopped.wait(LOOK_EVERY):
            if self._swapped.is_set():
                self._swapped.clear()
                _give_memory_back()
            stamp = self._versions.stamp()
            if stamp == failed and time.monotonic() < again:
                continue
            try:
                self.swap_now()
                failed, failures = None, 0
            except Exception as error:  # whatever it is: the version before goes on serving
                failures = failures + 1 if stamp == failed else 1
                failed, again = stamp, time.monotonic() + TRY_AGAIN[min(failures, len(TRY_AGAIN)) - 1]
                told = error.message if isinstance(error, PolicyError) else repr(error)
                log.error("the newest index cannot be loaded, the one before goes on serving: %s", told, exc_info=error)
