"""How often answers are wrong for how many questions are answered: the risk-coverage curve (El-Yaniv and Wiener 2010).

Every question is asked with refusals for low confidence off; a threshold on the confidence then decides which answers
would have been given. Refusals for another reason (scope, a broken premise, no evidence) stay refusals at any threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from eval.answers import is_cited, is_right
from eval.datasets import GoldQuestion, GoldRow, Unanswerable
from eval.report import table
from qa.engine import Engine
from qa.types import Answer, Question

RATES = (0.02, 0.05, 0.10)
"""Shares of wrong answers for which the coverage is told."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question with refusals for low confidence off: `confidence` is None where it was refused all the same.

    `right` is whether the answer is right and rightly cited; `answerable` whether the documents answer the question.
    """

    confidence: float | None
    right: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold comes to, each 0..1: `coverage` is the share of all questions that are answered, `wrong_rate` that
    of the answers that are wrong, `kept` the share of the answerable questions answered rightly."""

    threshold: float
    coverage: float
    wrong_rate: float
    kept: float


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers given with a confidence of `low` to `high`: how many, their mean confidence and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def trials(
    engine: Engine, rows: Sequence[GoldRow], as_of: date, on_row: Callable[[int, int], None] = lambda done, total: None
) -> list[Trial]:
    """Asks the single questions of a gold file, without sessions; `on_row` is told how many rows are done, of how many."""
    sure = engine.with_threshold(0.0)
    out = []
    for done, row in enumerate(rows, 1):
        if isinstance(row, GoldQuestion | Unanswerable):
            outcome = sure.answer(Question(row.question, as_of))
            gold = row if isinstance(row, GoldQuestion) else None
            if isinstance(outcome, Answer):
                right = gold is not None and is_cited(gold, outcome.citations[0]) and is_right(gold, outcome.text)
                out.append(Trial(outcome.confidence, right, gold is not None))
            else:
                out.append(Trial(None, False, gold is not None))
        on_row(done, len(rows))
    return out


def curve(found: Sequence[Trial]) -> list[Point]:
    """A point for each confidence that occurs as threshold, the highest threshold first. Empty for no trials."""
    given = sorted((t for t in found if t.confidence is not None), key=lambda t: -(t.confidence or 0.0))
    answerable = sum(t.answerable for t in found)
    points: list[Point] = []
    right = 0
    for count, trial in enumerate(given, 1):
        right += trial.right
        last = count == len(given) or given[count].confidence != trial.confidence
        if last and trial.confidence is not None:
            kept = right / answerable if answerable else 0.0
            points.append(Point(trial.confidence, count / len(found), 1 - right / count, kept))
    return points


def best_within(points: Sequence[Point], wrong_rate: float) -> Point | None:
    """The point with the widest coverage whose answers are wrong no more often than `wrong_rate`, or None."""
    fit = [point for point in points if point.wrong_rate <= wrong_rate]
    return max(fit, key=lambda point: point.coverage, default=None)


def calibration(found: Sequence[Trial], bins: int = 10) -> list[Bin]:
    """The bins of equal width that hold answers, the lowest confidence first. Refusals that no threshold lifts are left out."""
    boxes: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for trial in found:
        if trial.confidence is not None:
            boxes[min(bins - 1, int(trial.confidence * bins))].append((trial.confidence, trial.right))
    return [
        Bin(at / bins, (at + 1) / bins, len(box), sum(c for c, _ in box) / len(box), sum(r for _, r in box) / len(box))
        for at, box in enumerate(boxes)
        if box
    ]


def calibration_error(found: Sequence[Trial], bins: int = 10) -> float:
    """The expected calibration error (Naeini et al. 2015): mean distance of confidence and share right over equal bins,
    weighted by their sizes, 0..1. Refusals that no threshold lifts are left out; 0 where nothing is left."""
    filled = calibration(found, bins)
    given = sum(b.count for b in filled)
    return sum(b.count * abs(b.confidence - b.right) for b in filled) / max(1, given)


def risk_figures(found: Sequence[Trial]) -> dict[str, float]:
    """ece, and the coverage at each of `RATES` (0 where no threshold reaches it), as figures of a report."""
    points = curve(found)
    out = {"ece": calibration_error(found)}
    for rate in RATES:
        point = best_within(points, rate)
        out[f"coverage@{rate:.2f}"] = point.coverage if point else 0.0
        out[f"kept@{rate:.2f}"] = point.kept if point else 0.0
    return out


def print_risk(found: Sequence[Trial], rates: Sequence[float] = RATES) -> None:
    """Prints the coverage at each of `rates` and the threshold that reaches it here."""
    points = curve(found)
    rows = []
    for rate in rates:
        point = best_within(points, rate)
        cells = [f"{point.threshold:.2f}", f"{point.coverage:.3f}", f"{point.kept:.3f}"] if point else ["-", "0", "0"]
        rows.append([f"{rate:.3g}", *cells])
    print(table(["错误率不超过", "阈值", "作答率", "可答且答对"], rows))
    print(f"把握的校准误差 ECE {calibration_error(found):.3f}（{len(found)} 题，10 档）")
