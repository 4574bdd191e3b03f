"""Documents with their clauses, read from a store when they are needed; the ones used last stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from corpus.queries import Queries
from corpus.types import Clause
from qa.evidence import Loaded

KEPT = 256
"""Documents that are kept; the one used longest ago goes first."""


class Shelf:
    """Loads documents of one store. Safe for several threads."""

    def __init__(self, store: Queries, capacity: int = KEPT) -> None:
        self._store = store
        self._capacity = capacity
        self._kept: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, ident: str) -> Loaded:
        """A document with its clauses. Raises NotFound."""
        with self._lock:
            if ident in self._kept:
                self._kept.move_to_end(ident)
                return self._kept[ident]
        clauses = tuple(self._store.clauses(ident))
        loaded = Loaded(self._store.document(ident), clauses, {c.id: c for c in clauses})
        with self._lock:
            self._kept[ident] = loaded
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return loaded

    def clauses(self, ident: str) -> tuple[Clause, ...]:
        """The clauses of a document in order. Raises NotFound."""
        return self.load(ident).clauses
