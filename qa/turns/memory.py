"""What is remembered of a conversation: the last turn and the questions before it. A session knows only its own turns."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from index.types import Passage

MAX_SESSIONS = 10_000
"""Sessions remembered at once; the one used longest ago is forgotten first."""

KEPT_BEFORE = 3
"""Questions remembered besides the last one: further back people name what they mean."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a later turn may lean on: the last question as it stands by itself, the passage that answered it, if any, and the
    questions before it, the last one first."""

    topic: str
    passage: Passage | None = None
    before: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """All questions that are remembered, the last one first."""
        return (self.topic, *self.before)


def after(last: Turn | None, topic: str, passage: Passage | None = None) -> Turn:
    """The turn that follows `last`, with what is still to be remembered of that."""
    before = [text for text in last.questions if text != topic] if last else []
    return Turn(topic, passage, tuple(before[:KEPT_BEFORE]))


class Conversations(Protocol):
    """The last turn of each session. Safe for several threads; nothing passes from one session to another."""

    def last(self, session: str | None) -> Turn | None:
        """The turn that was remembered last; None where there is none, it is forgotten, or there is no session."""
        ...

    def remember(self, session: str | None, turn: Turn) -> None:
        """Keeps `turn` in the place of the one before. Without a session nothing is kept."""
        ...


class MemoryConversations:
    """Conversations of one process, in its memory."""

    def __init__(self, capacity: int = MAX_SESSIONS) -> None:
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def last(self, session: str | None) -> Turn | None:
        if session is None:
            return None
        with self._lock:
            return self._turns.get(session)

    def remember(self, session: str | None, turn: Turn) -> None:
        if session is None:
            return
        with self._lock:
            self._turns[session] = turn
            self._turns.move_to_end(session)
            while len(self._turns) > self._capacity:
                self._turns.popitem(last=False)
