"""The rate limit against a list of times, and the gate against threads that hold still."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Database

from api.edge.limits import WINDOW, Gate, RateLimit
from api.errors import Busy, RateLimited, TimedOut


class Times:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def allowed(rates: RateLimit, calls: int, caller: str = "key:a") -> bool:
    try:
        rates.take(caller, calls)
    except RateLimited:
        return False
    return True


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(0.01, 40), min_size=1, max_size=80),
    st.integers(1, 12),
)
def test_no_caller_gets_more_than_its_calls_in_a_clock_minute(
    database: Database, waits: list[float], calls: int
) -> None:
    database.clear()
    times = Times()
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        rates = RateLimit(Path(folder), times)
        for wait in waits:
            times.now += wait
            if allowed(rates, calls):
                taken.append(times.now)
            elif not [t for t in taken if times.now - t < 2 * WINDOW]:
                pytest.fail("refused without a call in the last two minutes")
    for at in taken:
        window = [t for t in taken if t // WINDOW == at // WINDOW]
        assert len(window) <= calls
        last = [t for t in taken if at - WINDOW < t <= at]
        assert len(last) <= 2 * calls, "what the counters of two minutes may let through at most"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 20), min_size=1, max_size=40), st.integers(1, 8))
def test_after_the_wait_that_is_told_a_call_is_taken(database: Database, waits: list[float], calls: int) -> None:
    database.clear()
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        rates = RateLimit(Path(folder), times)
        for wait in waits:
            times.now += wait
            try:
                rates.take("key:a", calls)
            except RateLimited as refused:
                assert refused.retry_after is not None and 1 <= refused.retry_after <= 2 * WINDOW + 2
                times.now += refused.retry_after
                assert allowed(rates, calls)


@pytest.mark.usefixtures("database")
def test_counts_are_shared_by_processes_and_kept_apart_by_caller(tmp_path: Path) -> None:
    one, other = RateLimit(tmp_path), RateLimit(tmp_path)
    assert [allowed(one, 2), allowed(other, 2), allowed(one, 2)] == [True, True, False]
    assert allowed(other, 2, "key:b")


@pytest.mark.usefixtures("database")
def test_a_steady_caller_below_the_rate_is_never_refused(tmp_path: Path) -> None:
    times = Times()
    rates = RateLimit(tmp_path, times)
    for _ in range(300):
        times.now += WINDOW / 10 + 0.01
        assert allowed(rates, 11)


def test_counts_that_cannot_be_written_keep_nobody_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rates = RateLimit(tmp_path / "not there")
    assert allowed(rates, 1) and allowed(rates, 1)
    assert "cannot be counted" in caplog.text


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_so_many_at_work_so_many_waiting_and_no_more() -> None:
    gate, go, at_work = Gate(2, 3, 10), threading.Event(), threading.Semaphore(0)
    running: list[int] = []

    def work() -> int:
        running.append(1)
        at_work.release()
        assert go.wait(10)
        return len(running)

    async def main() -> None:
        tasks = [asyncio.create_task(gate.run(work)) for _ in range(5)]
        while len(running) < 2:
            await asyncio.sleep(0.01)
        assert gate.inside == 5 and len(running) == 2
        with pytest.raises(Busy) as refused:
            await gate.run(work)
        assert refused.value.retry_after and refused.value.status == 503
        go.set()
        assert len(await asyncio.gather(*tasks)) == 5

    asyncio.run(main())
    assert gate.inside == 0


def test_who_waits_too_long_is_told_and_takes_no_place() -> None:
    gate, go = Gate(1, 5, 0.2), threading.Event()
    ran: list[str] = []

    async def main() -> None:
        slow = asyncio.create_task(gate.run(lambda: go.wait(10)))
        await asyncio.sleep(0.05)
        with pytest.raises(TimedOut):
            await gate.run(lambda: ran.append("never"))
        with pytest.raises(TimedOut):
            await slow
        assert gate.inside == 1, "a thread cannot be stopped: its place is taken until it ends"
        go.set()
        while gate.inside:
            await asyncio.sleep(0.01)
        assert await gate.run(lambda: "free again") == "free again"

    asyncio.run(main())
    assert ran == []


def test_what_the_work_raises_comes_out_and_frees_its_place() -> None:
    gate = Gate(1, 0, 5)

    def fail() -> None:
        raise ValueError("broken")

    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            asyncio.run(gate.run(fail))
    assert gate.inside == 0
