"""What the service counts, for Prometheus. Labels come from fixed words only, so their number is bounded.

With several worker processes (PROMETHEUS_MULTIPROC_DIR is set before the first import of prometheus_client) each writes
into memory-mapped files of that folder, and whichever is asked adds all of them up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.view import Counts, Version
from qa.types import Answer, Outcome

SHARED = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 30.0)
_STEPS = ("understand", "retrieve", "rerank", "read", "decide")


class Meter:
    """The counters of one service.

    >>> Meter().render(None).startswith("# HELP tiaowen_")
    True
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a time of birth for every counter, which nobody asks for
        self._registry = registry = CollectorRegistry()
        self._questions = Counter("tiaowen_questions", "Questions by outcome.", ("status", "reason"), registry=registry)
        self._seconds = Histogram("tiaowen_question_seconds", "Time to answer.", registry=registry, buckets=_SECONDS)
        self._steps = Histogram(
            "tiaowen_step_seconds", "Time of each step.", ("step",), registry=registry, buckets=_SECONDS
        )
        self._waited = Histogram(
            "tiaowen_queue_seconds", "Time that questions wait.", registry=registry, buckets=_SECONDS
        )
        self._errors = Counter("tiaowen_errors", "Error responses by code.", ("code",), registry=registry)
        self._inside = self._gauge("tiaowen_questions_inside", "Questions at work and waiting.")
        self._ready = self._gauge("tiaowen_ready", "Whether questions can be answered.", "mostrecent")
        self._counts = {
            name: self._gauge(f"tiaowen_{name}", f"Indexed {name}.", "mostrecent")
            for name in ("documents", "clauses", "passages")
        }
        self._built = self._gauge("tiaowen_index_built_timestamp_seconds", "When the index was built.", "mostrecent")
        self._since = self._gauge("tiaowen_index_served_timestamp_seconds", "Since when it is served.", "mostrecent")

    def _gauge(self, name: str, help: str, mode: str = "livesum") -> Gauge:
        return Gauge(name, help, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    def count_question(self, outcome: Outcome, timings_ms: Mapping[str, float]) -> None:
        reason = "" if isinstance(outcome, Answer) else outcome.reason
        self._questions.labels("refused" if reason else "answered", reason).inc()
        self._seconds.observe(timings_ms.get("total", 0.0) / 1000)
        for step in _STEPS:
            if step in timings_ms:
                self._steps.labels(step).observe(timings_ms[step] / 1000)

    def count_wait(self, seconds: float) -> None:
        self._waited.observe(seconds)

    def count_error(self, code: str) -> None:
        self._errors.labels(code).inc()

    def inside(self) -> AbstractContextManager[None]:
        """Around each question from its coming in until it is answered."""
        return self._inside.track_inprogress()

    def render(self, counts: Counts | None, version: Version | None = None) -> str:
        """All figures in the Prometheus text format."""
        self._ready.set(int(counts is not None))
        if counts is not None:
            for name, gauge in self._counts.items():
                gauge.set(getattr(counts, name))
        if version is not None:
            self._built.set(version.built_at.timestamp())
            self._since.set(version.since.timestamp())
        if SHARED not in os.environ:
            return generate_latest(self._registry).decode()
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every).decode()
