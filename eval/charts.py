"""Pictures of a report as inline SVG: the risk-coverage curve and the calibration of the confidence.

Plain shapes and text with classes, so that the page around them sets the colours; the figures stand in a table beside them,
the picture has a title and a description for whoever cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml.html import builder

from eval.risk import Bin, Point

WIDTH, HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 16, 14, 46
_STEPS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """Points of a line, each coordinate in its axis' range."""

    name: str
    points: Sequence[tuple[float, float]]
    style: str = "line"


def chart(
    title: str, description: str, x_name: str, y_name: str, series: Sequence[Series], *, y_most: float = 1.0,
    bars: Sequence[tuple[float, float, float]] = (),
) -> Any:  # fmt: skip
    """An <svg> with both axes from 0, x to 1 and y to `y_most`, in per cent. `bars` are (from, to, height)."""
    svg = _shape("svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", xmlns="http://www.w3.org/2000/svg")
    svg.set("aria-label", f"{title}。{description}")
    svg.set("class", "chart")

    def x(value: float) -> float:
        return _LEFT + max(0.0, min(1.0, value)) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - max(0.0, min(1.0, value / y_most)) * (HEIGHT - _TOP - _BOTTOM)

    for step in range(_STEPS + 1):
        share = step / _STEPS
        svg.append(_line(x(0), y(share * y_most), x(1), y(share * y_most), "grid"))
        svg.append(_text(x(0) - 8, y(share * y_most) + 4, f"{share * y_most:.0%}", "end"))
        svg.append(_text(x(share), HEIGHT - _BOTTOM + 18, f"{share:.0%}", "middle"))
    for low, high, height in bars:
        width = max(1.0, x(high) - x(low) - 2)
        place = {"x": f"{x(low) + 1:.1f}", "y": f"{y(height):.1f}", "width": f"{width:.1f}"}
        bar = _shape("rect", **place, height=f"{y(0) - y(height):.1f}")
        bar.set("class", "bar")
        svg.append(bar)
    for one in series:
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in one.points)
        line = _shape("polyline", points=points, fill="none")
        line.set("class", one.style)
        svg.append(line)
    svg.append(_text((x(0) + x(1)) / 2, HEIGHT - 8, x_name, "middle"))
    name = _text(0, 0, y_name, "middle")
    name.set("transform", f"translate(14 {(y(0) + y(y_most)) / 2:.1f}) rotate(-90)")
    svg.append(name)
    return svg


def risk_picture(points: Sequence[Point]) -> Any:
    """How often answers are wrong (y) for how many questions are answered (x)."""
    most = max((p.wrong_rate for p in points), default=0.0)
    y_most = next((step for step in (0.1, 0.2, 0.4, 0.6, 1.0) if most <= step), 1.0)
    last = f"全部作答时作答率 {points[-1].coverage:.0%}、错误率 {points[-1].wrong_rate:.0%}" if points else "没有作答"
    line = Series("risk", [(p.coverage, p.wrong_rate) for p in points])
    return chart("风险与作答率", last, "作答率（占全部问题）", "所作回答的错误率", [line], y_most=y_most)


def calibration_picture(bins: Sequence[Bin]) -> Any:
    """The share that is right (bars) of the answers given with a confidence, against the confidence (diagonal)."""
    told = "；".join(f"{b.low:.0%}–{b.high:.0%} 的 {b.count} 个答案里对的占 {b.right:.0%}" for b in bins)
    diagonal = Series("ideal", [(0.0, 0.0), (1.0, 1.0)], "ideal")
    bars = [(b.low, b.high, b.right) for b in bins]
    return chart("把握的校准", told or "没有作答", "把握", "其中答对的", [diagonal], bars=bars)


def _shape(tag: str, **attributes: str) -> Any:
    made = builder.E(tag)  # type: ignore[no-untyped-call, unused-ignore]
    for name, value in attributes.items():
        made.set(name, value)
    return made


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Any:
    made = _shape("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}")
    made.set("class", style)
    return made


def _text(x: float, y: float, words: str, anchor: str) -> Any:
    made = _shape("text", x=f"{x:.1f}", y=f"{y:.1f}")
    made.set("text-anchor", anchor)
    made.text = words
    return made
