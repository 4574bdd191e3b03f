"""A clock that is wrong: nothing is deleted by it, nothing waits for it, and what it dated is dated anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.answer.desk import Desk
from api.app import create_app
from api.bots.seen import Seen
from api.changes.jobs import Jobs
from api.edge.limits import RateLimit
from api.edge.metrics import Meter
from api.records.asked import Asked
from api.records.clock import HOLD, TOLERANCE, PlausibleClock
from api.records.database import Records
from api.records.handoffs import Handoffs
from api.records.outbox import SCHEMA, Backoff, Delivery, Outbox, Undelivered, put
from api.settings import Settings

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEEP = 90
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
ROW = "INSERT INTO asked VALUES (?, ?, '问', '问', NULL, 'api', '甲', NULL, 'answered', NULL, '10', 0.9, 'documents', '[]', 1)"


class Machine:
    """A machine whose clock may be set, and its service, which keeps house every hour."""

    def __init__(self, folder: Path) -> None:
        self.records = Records(folder)
        self.true, self.set_by, self.running = START, timedelta(0), 1000.0
        self.desk = Desk(FakeService([]), lambda: START.date(), Meter(), self.records, Settings(keep_days=KEEP))
        self.desk.retention = PlausibleClock(self.records, lambda: self.clock, lambda: self.running)
        with self.records.transaction() as connection:  # as if it had been opened now
            connection.execute("UPDATE clock SET believed = ?, counted = ?", (text(START), self.running))
        self.made: dict[str, datetime] = {}

    @property
    def clock(self) -> datetime:
        return self.true + self.set_by

    def ask(self) -> None:
        ident = str(len(self.made))
        self.made[ident] = self.true
        with self.records.transaction(lasting=False) as connection:
            connection.execute(ROW, (ident, text(self.clock)))

    def pass_hours(self, hours: int, asking: bool = True) -> None:
        for _ in range(hours):
            self.true += HOUR
            self.running += 3600
            if asking:
                self.ask()
            self.desk.forget_old()

    def be_off(self, days: float) -> None:
        """Switched off, and on again: what it counts begins anew."""
        self.true += timedelta(days=days)
        self.running = 10.0
        self.desk.forget_old()

    @property
    def kept(self) -> set[str]:
        return {row[0] for row in self.records.connect().execute("SELECT id FROM asked")}


def text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


@contextmanager
def machine() -> Iterator[Machine]:
    with TemporaryDirectory(dir=MEMORY) as folder:
        made = Machine(Path(folder))
        for _ in range(10):
            made.ask()
        yield made
        made.records.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_start_in_the_far_future_deletes_nothing_nor_do_the_days_after_it() -> None:
    with machine() as it:
        it.set_by = timedelta(days=400)
        it.be_off(0.01)
        it.pass_hours(71)
        assert it.kept == set(it.made), "also when questions are asked meanwhile, which carry the wrong time"
        it.set_by = timedelta(0)
        it.pass_hours(24)
        assert it.kept == set(it.made)
        dates = [row[0] for row in it.records.connect().execute("SELECT at FROM asked")]
        assert max(dates) <= text(it.true + TOLERANCE), "what the wrong clock dated is kept no longer than the rest"


def test_what_is_too_old_goes_while_the_clock_is_right() -> None:
    with machine() as it:
        first = set(it.made)
        with it.records.transaction() as connection:
            connection.execute("UPDATE asked SET at = ?", (text(START - timedelta(days=KEEP) + 5 * HOUR),))
        it.pass_hours(4)
        assert first <= it.kept
        it.pass_hours(2)
        assert not first & it.kept and len(it.kept) == 6


def test_a_service_that_stopped_on_a_machine_that_ran_on_believes_its_clock_at_once() -> None:
    with machine() as it:
        it.true += timedelta(days=KEEP + 1)
        it.running += timedelta(days=KEEP + 1).total_seconds()
        it.desk.forget_old()
        assert it.kept == set()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_after_a_long_time_off_old_records_go_when_the_clock_has_held() -> None:
    with machine() as it:
        it.be_off(KEEP + 10)
        first = set(it.made)
        it.pass_hours(int(HOLD // 3600) - 1)
        assert first <= it.kept
        it.pass_hours(3)
        assert not first & it.kept


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_machine_that_is_switched_off_each_night_and_over_the_weekend_forgets_all_the_same() -> None:
    with machine() as it:
        first = set(it.made)
        for _ in range(KEEP // 7 + 2):
            for _ in range(5):
                it.pass_hours(10)
                it.be_off(14 / 24)
            it.be_off(2)
        assert not first & it.kept


def test_a_clock_set_back_and_right_again() -> None:
    with machine() as it:
        it.set_by = timedelta(days=-300)
        it.pass_hours(30)
        it.set_by = timedelta(0)
        it.pass_hours(30)
        assert it.kept == set(it.made)
        assert it.desk.retention.look().believed


def test_a_log_that_an_older_version_left_begins_with_its_newest_record(tmp_path: Path) -> None:
    """The first start of this version, with a clock that is wrong."""
    records = Records(tmp_path)
    Asked(records), Handoffs(records), Jobs(records)
    with records.transaction() as connection:
        for n in range(5):
            connection.execute(ROW, (f"{n}", text(datetime.now(UTC) - timedelta(days=400, minutes=n))))
    app = create_app(FakeService([make_document("甲\n第一条 乙。\n")]), records=records)
    with TestClient(app) as client:  # keeps house at the start
        until = time.monotonic() + 20
        doubted = "SELECT doubted FROM clock"
        while records.connect().execute(doubted).fetchone()[0] is None and time.monotonic() < until:
            time.sleep(0.02)
        assert records.connect().execute(doubted).fetchone()[0] is not None
        assert client.get("/healthz").status_code == 200
    assert records.connect().execute("SELECT count(*) FROM asked").fetchone()[0] == 5


moves = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 60)),
    st.tuples(st.just("off"), st.floats(0.01, 200)),
    st.tuples(st.just("set"), st.integers(2, 5000), st.sampled_from([1, -1]), st.integers(1, 60)),
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@given(st.lists(moves, max_size=8))
@settings(max_examples=25)
def test_no_record_goes_before_its_time_however_the_clock_is_set(sequence: list[tuple[str, int]]) -> None:
    """Where a wrong clock is set right within HOLD. What is asked under it counts like the rest."""
    with machine() as it:
        for move in sequence:
            match move:
                case ("run", hours):
                    it.pass_hours(hours, asking=False)
                case ("off", days):
                    it.be_off(days)
                case ("set", days, sign, hours):  # type: ignore[misc]
                    it.set_by = sign * timedelta(days=days)
                    it.ask()
                    it.pass_hours(hours, asking=False)
                    it.set_by = timedelta(0)
                    it.desk.forget_old()
            it.ask()
            gone = set(it.made) - it.kept
            early = [name for name in gone if it.true - it.made[name] < timedelta(days=KEEP) - 2 * TOLERANCE]
            assert not early


# --- waits ------------------------------------------------------------------------------------------------------------


class Failing:
    name = "desk"
    kinds = ("*",)
    backoff = Backoff(tries=9, first=0.01, most=60.0)

    def __init__(self) -> None:
        self.sent = 0

    def send(self, delivery: Delivery) -> None:
        self.sent += 1
        raise Undelivered("HTTP 500")


def outbox_with_one(folder: Path, target: Failing) -> tuple[Records, Outbox]:
    records = Records(folder)
    records.ensure(SCHEMA)
    outbox = Outbox(records, [target])
    with records.transaction() as connection:
        put(connection, "handoff.created", {})
    return records, outbox


def test_a_try_is_due_by_what_the_machine_has_counted(tmp_path: Path) -> None:
    target = Failing()
    records, outbox = outbox_with_one(tmp_path, target)
    assert outbox.send_next(target)
    assert abs(outbox.list()[0].due - records.seconds()) < 60, "and not by its clock, which may be set back by a day"


@pytest.mark.parametrize("column", ["due", "lease_until"])
def test_a_wait_from_before_the_machine_was_started_is_over(tmp_path: Path, column: str) -> None:
    target = Failing()
    records, outbox = outbox_with_one(tmp_path, target)
    connection, now = records.connect(), records.seconds()
    later = [
        now + 86400,
        *([time.time()] if records.sql.by_row else []),
    ]  # and so is one that an older version wrote by the clock
    for long_ago in later:
        connection.execute("UPDATE outbox SET due = 0, lease_until = 0")
        connection.execute(f"UPDATE outbox SET {column} = ?", (long_ago,))
        assert outbox.send_next(target)
    connection.execute("UPDATE outbox SET due = 0, lease_until = 0")
    connection.execute(f"UPDATE outbox SET {column} = ?", (now + 30,))
    assert not outbox.send_next(target)


def test_a_message_that_is_being_answered_is_free_again_whatever_the_clock_says(tmp_path: Path) -> None:
    at, counted = [1_000_000.0], [50_000.0]
    seen = Seen(Records(tmp_path), lambda: at[0], 45, lambda: counted[0])
    assert seen.claim("webhook", "m", "x").state == "mine"
    at[0] -= 86400
    assert seen.claim("webhook", "m", "x").state == "others"
    counted[0] += 46
    assert seen.claim("webhook", "m", "x").state == "mine", "the clock is back by a day, and the lease over"
    counted[0] = 10.0
    assert seen.claim("webhook", "m", "x").state == "mine", "the machine was started anew"


def test_calls_of_before_the_machine_was_started_are_not_counted(tmp_path: Path) -> None:
    at = [100_000.0]
    rates = RateLimit(tmp_path, lambda: at[0])
    for _ in range(3):
        rates.take("甲", 3)
    at[0] = 100_000.0 - 3600
    rates.take("乙", 3)
    at[0] = 100_000.0
    rates.take("甲", 3)


def test_what_is_settled_while_the_clock_is_ahead_is_asked_again_when_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(tmp_path)
    log = Asked(records)
    connection = records.connect()
    connection.execute(ROW.replace("'answered', NULL", "'refused', 'no_evidence'"), ("1", text(START)))
    monkeypatch.setattr("api.records.asked.now", lambda: text(START + DAY))
    log.settle("unanswered", "1")
    assert log.queue("unanswered", 9, None) == []
    connection.execute(ROW.replace("'answered', NULL", "'refused', 'no_evidence'"), ("2", text(START + HOUR)))
    assert [row["id"] for row in log.queue("unanswered", 9, None)] == ["2"]
