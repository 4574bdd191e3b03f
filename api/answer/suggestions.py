"""Questions to begin with, where people have not asked enough of their own: of several kinds, and each of them answered.

What a pattern makes of a document is asked of the engine before it is shown, once for each version of the documents, in a
thread of its own and not in the place of anybody's question. Until that is done only questions of metadata are there.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import chain, cycle, islice
from pathlib import Path

from api.view import View
from corpus.errors import PolicyError
from corpus.types import Document
from qa.catalogue.starters import KINDS, TITLE, Kind, proposed
from qa.types import Answer, Question

LOOKED_AT = 60
"""Documents that questions are made of, the first in force."""
TRIES = 6
"""Questions of one kind that are asked before the kind is left out; an answer takes about 0.2 seconds."""
AT_ONCE = 3
"""Questions of metadata that are there before any other."""
SURE = 0.5
"""Confidence from which an answer is one to show to a newcomer."""
_PREPARED = Path(__file__).with_name("suggestions.json")
_PAGE = 200
_PROPER = ("policy", "regulation", "plan", "notice")

log = logging.getLogger("tiaowen.api")


class Starters:
    """The questions of one service. Safe for several threads."""

    def __init__(self, clock: Callable[[], date]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._of = ""
        self._found: list[str] = []
        self._thread: threading.Thread | None = None

    def questions(self, view: View) -> list[str]:
        """The questions known so far for this version of the documents."""
        index = view.version().index
        with self._lock:
            if index != self._of:
                self._of = index
                self._found = list(islice(_quick(view, self._clock()), AT_ONCE))
                self._thread = threading.Thread(target=self._ask, args=(view, index), name="suggestions", daemon=True)
                self._thread.start()
            return list(self._found)

    def wait(self, seconds: float) -> bool:
        """Until the questions of the version asked for last are all there; False where that takes longer."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _ask(self, view: View, index: str) -> None:
        try:
            found = answered(view, self._clock())
        except PolicyError as error:  # what is known stays; the next version is looked at anew
            log.error("no questions to begin with could be made: %s", error.message)
            return
        with self._lock:
            if index == self._of:
                self._found = found


def answered(view: View, day: date) -> list[str]:
    """Questions that the documents answer, one of each kind in turn, of different documents as far as there are."""
    rows: dict[Kind, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    documents = view.documents(_PAGE, None)[0]
    for document, kind, question in chain(_prepared(documents), _made(view, documents, day)):
        rows[kind].append((document.id, question))
    good: dict[Kind, list[str]] = {kind: [] for kind in KINDS}
    used: set[str] = set()
    for kind in KINDS:
        fresh_first = sorted(rows[kind], key=lambda row: row[0] in used)
        for document_id, question in fresh_first[:TRIES]:
            if len(good[kind]) < 2 and _is_answered(view, question, document_id, day):
                good[kind].append(question)
                used.add(document_id)
    most = max(map(len, good.values()))
    return [good[kind][n] for n in range(most) for kind in KINDS if n < len(good[kind])]


def _is_answered(view: View, question: str, document_id: str, day: date) -> bool:
    outcome = view.answer(Question(question, as_of=day))
    if not isinstance(outcome, Answer) or outcome.confidence < SURE or outcome.warnings:
        return False
    return any(citation.document.id == document_id for citation in outcome.citations)


def _prepared(documents: Sequence[Document]) -> Iterator[tuple[Document, Kind, str]]:
    """The questions written for the bundled samples, as far as these are there."""
    for row in json.loads(_PREPARED.read_text("utf-8")):
        if found := next((document for document in documents if row["title"] in document.title), None):
            yield found, row["kind"], row["question"]


def _in_force(documents: Sequence[Document], day: date) -> list[Document]:
    proper = [d for d in documents if d.kind in _PROPER and d.validity.status_on(day) in ("in_force", "unknown")]
    return proper[:LOOKED_AT]


def _made(view: View, documents: Sequence[Document], day: date) -> Iterator[tuple[Document, Kind, str]]:
    """One question of each kind of each document, so that no document has all."""
    for document in _in_force(documents, day):
        seen: set[Kind] = set()
        for kind, question in proposed(document, view.clauses(document.id)):
            if kind not in seen:
                seen.add(kind)
                yield document, kind, question


def _quick(view: View, day: date) -> Iterator[str]:
    """What metadata answer, without asking."""
    dated = [d for d in _in_force(view.documents(_PAGE, None)[0], day) if d.validity.effective_from is not None]
    named = [d.title for d in dated if len(d.title) <= TITLE and "《" not in d.title]
    for title, asked in zip(named, cycle(("现在还有效吗？", "什么时候起施行？")), strict=False):
        yield f"《{title}》{asked}"
