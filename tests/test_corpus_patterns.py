"""No regular expression takes time that grows with the square of a line: a file of 20 kB must not hold the others up.

Each is run in the way in which it is used, over lines made of one fragment again and again: of what documents are made of,
and of what the pattern itself is made of (tests/pumps.py). A short line takes a linear pattern microseconds. Where it takes
longer, lines four and sixteen times as long show whether the time grows with the length or with its square.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from patterns import Use, uses
from pumps import Pump, pumps

SHORT = 1_000
SUSPECT = 0.00006
"""Seconds of processor time over a short line above which a pattern is looked at more closely."""
LINEAR = 8.0
"""Times more that a line four times as long takes, below which a pattern is taken for a linear one (4; a square: 16)."""
END = 0.4
"""Seconds with one text after which a pattern is taken for one that comes to no end."""

FRAGMENTS = [
    " ", "\u3000", "\t", "\n", "a", "A1", "0", "一", "市", "、", "，", "。", "：", "（", "）", "(", "[", "《", "》", "“",
    "-", ".", "*", "#", "|", "<", "&", "_", "/", "=", "`", "\\", "第", "第一条", "（一）", "1.", "《》", "〔2023〕", "2023年",
    "关于", "通知", "第 ", "a ", "1 ", "一 ", "| ", "**a", "市发改委、", "人民政府",
]  # fmt: skip
END_OF_LINE, MORE = "完", " 。\n" + "完" * 40


def run(use: Use, text: str) -> float:
    """Seconds of processor time that a use of a pattern takes over a text."""
    given: Any = text.encode("utf-8", "replace") if isinstance(use.pattern.pattern, bytes) else text
    began = time.thread_time()
    if use.method == "finditer":
        for _ in use.pattern.finditer(given):
            pass
    elif use.method in ("sub", "subn"):
        use.pattern.sub(given[:0], given)
    else:
        getattr(use.pattern, use.method)(given)
    return time.thread_time() - began


def grows(use: Use, pump: Pump, tail: str) -> bool:
    """Whether the time grows with more than the length, and goes on to: a repeat of at most 300 grows until there are 300.
    The less of two tries counts, as others use the processor too."""
    before = run(use, pump.text(SHORT, tail))
    if before <= SUSPECT:
        return False
    for length in (4 * SHORT, 16 * SHORT):
        taken = run(use, pump.text(length, tail))
        if taken > LINEAR * before:
            before = min(before, run(use, pump.text(length // 4, tail)))
            taken = min(taken, run(use, pump.text(length, tail)))
        if taken < LINEAR * before:
            return False
        before = taken
    return True


class NoEnd(Exception):
    """A pattern that does not come to an end."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def give_up(number: int, frame: object) -> None:
        raise NoEnd

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slow(use: Use) -> Pump | None:
    """A text that takes a pattern too long; None where none does."""
    common = [(Pump("", fragment), END_OF_LINE) for fragment in FRAGMENTS]
    own = [(pump, tail) for pump in pumps(use.pattern) for tail in (END_OF_LINE, MORE)]
    for pump, tail in common + own:
        try:
            with at_most(END):
                if grows(use, pump, tail):
                    return pump
        except NoEnd:
            return pump
    return None


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\s+$", "search"),
        (r"(?:\d{1,2}|a)*", "fullmatch"),  # twice as long for each digit more
        (r"某.*乙", "search"),  # begun again at each 某
        (r"附表：[^完]*；", "finditer"),
        (r"x=\w*\d*\w*;", "match"),  # only after what leads up to it
        (r"^甲\s*丙?\s*丁", "match"),
        (rb"q[^>]*>", "findall"),
        (r"(?:首页)\s*(?:[>-]+\s*\S{1,20}\s*){1,8}", "fullmatch"),
        (r"(?=乙.*丙)乙", "sub"),
    ],
)
def test_a_slow_pattern_is_found(pattern: str | bytes, method: str) -> None:
    assert slow(Use("planted", re.compile(pattern), method)) is not None


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(?<!\s)\s++$", "search"),
        (r"(?>\d{1,2}|a)*+", "fullmatch"),
        (r"某[^某\n]{0,200}乙", "search"),
        (r"\w+", "findall"),
    ],
)
def test_a_linear_pattern_is_not(pattern: str, method: str) -> None:
    assert slow(Use("planted", re.compile(pattern), method)) is None


@pytest.fixture(scope="module")
def found() -> list[Use]:
    return uses("corpus")


def test_the_walk_finds_the_patterns(found: list[Use]) -> None:
    assert len(found) > 300 and len({use.method for use in found}) >= 6


def test_no_pattern_takes_the_square_of_a_line(found: list[Use]) -> None:
    assert {f"{use.place} {use.method}": pump for use in found if (pump := slow(use))} == {}
