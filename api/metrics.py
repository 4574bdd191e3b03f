"""What the service counts, for Prometheus."""

from __future__ import annotations

import threading
from collections import Counter

from api.answering import Counts
from qa.types import Answer, Outcome


class Meter:
    """Counters in the Prometheus text format. Labels come from fixed words only, so their number is bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._questions: Counter[tuple[str, str]] = Counter()
        self._errors: Counter[str] = Counter()
        self._seconds = 0.0

    def count_question(self, outcome: Outcome, seconds: float) -> None:
        key = ("answered", "") if isinstance(outcome, Answer) else ("refused", outcome.reason)
        with self._lock:
            self._questions[key] += 1
            self._seconds += seconds

    def count_error(self, code: str) -> None:
        with self._lock:
            self._errors[code] += 1

    def render(self, counts: Counts | None) -> str:
        with self._lock:
            questions, errors, seconds = dict(self._questions), dict(self._errors), self._seconds
        lines = ["# HELP tiaowen_questions_total Questions by outcome.", "# TYPE tiaowen_questions_total counter"]
        for (status, reason), n in sorted(questions.items()):
            lines.append(f'tiaowen_questions_total{{status="{status}",reason="{reason}"}} {n}')
        lines += ["# HELP tiaowen_question_seconds Time to answer.", "# TYPE tiaowen_question_seconds summary"]
        lines += [f"tiaowen_question_seconds_sum {seconds:.6f}"]
        lines += [f"tiaowen_question_seconds_count {sum(questions.values())}"]
        lines += ["# HELP tiaowen_errors_total Error responses by code.", "# TYPE tiaowen_errors_total counter"]
        lines += [f'tiaowen_errors_total{{code="{code}"}} {n}' for code, n in sorted(errors.items())]
        lines += ["# HELP tiaowen_ready Whether questions can be answered.", "# TYPE tiaowen_ready gauge"]
        lines += [f"tiaowen_ready {int(counts is not None)}"]
        if counts is not None:
            for name in ("documents", "clauses", "passages"):
                lines += [f"# HELP tiaowen_{name} Indexed {name}.", f"# TYPE tiaowen_{name} gauge"]
                lines += [f"tiaowen_{name} {getattr(counts, name)}"]
        return "\n".join(lines) + "\n"
