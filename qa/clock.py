"""How long each step of one answer takes."""

from __future__ import annotations

import time

from qa.types import OnStep, Step


class Clock:
    """Milliseconds that each step of one answer takes."""

    def __init__(self, on_step: OnStep | None) -> None:
        self._on_step = on_step
        self._laps: dict[str, float] = {}
        self._step: Step | None = None
        self._began = 0.0

    def begin(self, step: Step) -> None:
        """Ends the step before and tells of this one, once: where an answer is tried in several ways, its steps come again."""
        self.end()
        self._step = step
        if self._on_step is not None and step not in self._laps:
            self._on_step(step)
        self._began = time.perf_counter()

    def end(self) -> dict[str, float]:
        """Ends the last step; what each took."""
        if self._step is not None:
            lap = (time.perf_counter() - self._began) * 1000
            self._laps[self._step] = round(self._laps.get(self._step, 0.0) + lap, 3)
            self._step = None
        return self._laps
