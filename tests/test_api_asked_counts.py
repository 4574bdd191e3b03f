"""The counts of the log: always those of the records that are there, whatever is done to these, and read by an index."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Database

from api.answer.desk import Desk
from api.answer.housekeeping import keep_house
from api.app import create_app
from api.edge.metrics import Meter
from api.errors import Busy
from api.records import asked, asked_counts
from api.records.asked import Asked
from api.records.database import BATCH, FILE, Records
from api.records.handoffs import Handoffs
from api.records.outbox import DUE, Outbox
from api.settings import Settings
from corpus.disk import locked
from corpus.sql.postgresql import Server
from corpus.sql.shapes import Connection

QUESTIONS = ("奖多少？", "补多少？", "找谁？")
TIMES = tuple(
    f"2026-11-{day:02}T{hour:02}:{minute:02}:00.000000+00:00"
    for day in (1, 2, 3)
    for hour in (4, 5)
    for minute in range(9)
)
OUTCOMES = (("answered", None), ("refused", "no_evidence"), ("refused", "out_of_scope"), ("refused", "small_talk"))

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing here asks what a loss of power leaves

times, questions = st.sampled_from(TIMES), st.sampled_from(QUESTIONS)
rows = st.tuples(
    st.just("ask"), times, questions, st.sampled_from(OUTCOMES), st.sampled_from(["甲", "乙", "丙", "丁"]),
    st.sampled_from([None, "重写"]), st.sampled_from(["page", "api"]),
)  # fmt: skip
which = st.integers(0, 40)
steps = st.one_of(
    rows,
    rows,
    st.tuples(st.just("rate"), which, st.sampled_from(["up", "down"]), times),
    st.tuples(st.just("settle"), st.sampled_from(["unanswered", "disliked"]), which),
    st.tuples(st.just("settle at"), st.sampled_from(["unanswered", "disliked"]), questions, times),
    st.tuples(st.just("purge"), times),
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("date"), st.sampled_from(["asked", "feedback", "settled"]), which, times),
    st.tuples(st.just("count older"), st.integers(1, 3)),
)


class Log:
    """A log of questions, to which each step may be done as this version of the program does it, or as the one before."""

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.records = Records(folder, server)
        self.records.ensure(asked.SCHEMA)
        self.asked: Asked | None = None
        self.made = 0

    def update(self) -> None:
        """The present version takes over."""
        self.asked = Asked(self.records)

    def do(self, step: Any) -> None:
        connection = self.records.connect()
        ids = []
        if step[0] in ("rate", "settle", "delete"):
            ids = [row[0] for row in connection.execute("SELECT id FROM asked ORDER BY rowid")]
        match step:
            case ("ask", at, question, (status, reason), caller, rewritten, channel):
                self.made += 1
                values = (f"{self.made:04}", at, question, question, rewritten, channel, caller, None, status, reason)
                values = (*values, None, 0.9, "documents", "[]", 1.0)
                connection.execute(f"INSERT INTO asked VALUES ({','.join('?' * len(values))})", values)
            case ("rate", n, rating, at) if ids:
                values = (ids[n % len(ids)], "f", at, rating, None, "", "甲")
                if self.records.sql.by_row:
                    connection.execute("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                else:
                    connection.execute("DELETE FROM feedback WHERE answer_id = ?", values[:1])
                    connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            case ("settle", queue, n) if ids and self.asked:
                self.asked.settle(queue, ids[n % len(ids)])
            case ("settle at", queue, question, at):
                replacing = (
                    "INSERT INTO settled VALUES (?, ?, ?) ON CONFLICT (queue, same) DO UPDATE SET at = excluded.at"
                )
                if self.records.sql.by_row:
                    replacing = "INSERT OR REPLACE INTO settled VALUES (?, ?, ?)"
                connection.execute(replacing, (queue, question, at))
            case ("purge", before):
                if self.asked:
                    self.asked.purge(before)
                for table in ("asked", "feedback", "settled"):
                    connection.execute(f"DELETE FROM {table} WHERE at < ?", (before,))
            case ("delete", n) if ids:
                connection.execute("DELETE FROM asked WHERE id = ?", (ids[n % len(ids)],))
            case ("date", table, n, at):
                numbers = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
                if numbers:
                    number = numbers[n % len(numbers)]
                    connection.execute(f"UPDATE {table} SET at = ? WHERE rowid = ?", (at, number))
            case ("count older", size) if self.asked and self.records.sql.by_row:
                with self.records.transaction() as connection:
                    asked_counts.count_older(connection, size)


def counted(connection: Connection) -> dict[str, Any]:
    """All that is counted."""
    names = {row[0]: row[1] for row in connection.execute("SELECT id, same FROM asked_questions")}
    found: dict[str, Any] = {
        "questions": {row["same"]: tuple(row)[2:] for row in connection.execute("SELECT * FROM asked_questions")},
        "counts": {tuple(row)[:3]: row[3] for row in connection.execute("SELECT * FROM asked_counts")},
    }
    for table in ("days", "callers"):
        found[table] = {
            (names[row[0]], row[1]): tuple(row)[2:] for row in connection.execute(f"SELECT * FROM asked_{table}")
        }
    found["dislikes"] = {
        (row["answer_id"], names[row["question"]], row["at"]): row["whole"]
        for row in connection.execute("SELECT * FROM asked_dislikes")
    }
    return found


def recount(connection: Connection) -> dict[str, Any]:
    """The same from the records, one by one."""
    settled = {(row["queue"], row["same"]): row["at"] for row in connection.execute("SELECT * FROM settled")}
    said = {row["answer_id"]: row for row in connection.execute("SELECT * FROM feedback")}
    questions: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    counts: Counter[tuple[str, str, str]] = Counter()
    days: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    callers: Counter[tuple[str, str]] = Counter()
    dislikes = {}
    for row in connection.execute(
        "SELECT * FROM asked WHERE coalesce(reason, '') != 'small_talk'"
    ):  # thanks are no questions
        same, at = row["same"], row["at"]
        of = questions[same]
        of["all"].append(at)
        of[row["status"]].append(at)
        day = days[same, at[:10]]
        day[0] += 1
        day[1 if row["status"] == "answered" else 2] += 1
        whole = row["status"] == "answered" and row["rewritten"] is None
        if whole:
            of["whole"].append(at)
            callers[same, row["caller"]] += 1
        waits = row["status"] == "refused" and row["reason"] != "out_of_scope"
        if waits and at > settled.get(("unanswered", same), ""):
            of["unanswered"].append(at)
        feedback = said.get(row["id"])
        if feedback and feedback["rating"] == "down":
            dislikes[row["id"], same, feedback["at"]] = int(whole)
            of["whole disliked"] += [at] if whole else []
            of["disliked"] += [feedback["at"]] if feedback["at"] > settled.get(("disliked", same), "") else []
        for span in (at[:10], at[:13]):
            counts.update((span, what, row[what]) for what in ("status", "channel", "reason") if row[what])
    for feedback in said.values():
        counts.update((span, "rating", feedback["rating"]) for span in (feedback["at"][:10], feedback["at"][:13]))
    told = {}
    for same, of in questions.items():
        last = {name: max(of[name], default="") for name in ("all", "whole", "unanswered", "disliked")}
        several = len({caller for question, caller in callers if question == same})
        told[same] = (
            *(len(of["all"]), len(of["answered"]), len(of["refused"]), last["all"], len(of["whole"]), last["whole"]),
            *(several, len(of["whole disliked"]), len(of["unanswered"]), last["unanswered"]),
            *(len(of["disliked"]), last["disliked"]),
        )
    return {
        "questions": told,
        "counts": dict(counts),
        "days": {key: tuple(value) for key, value in days.items()},
        "callers": {key: (value,) for key, value in callers.items()},
        "dislikes": dislikes,
    }


@given(sequence=st.lists(steps, max_size=25))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_are_those_of_the_records_after_each_step(database: Database, sequence: list[Any]) -> None:
    database.clear()
    with TemporaryDirectory(dir=MEMORY) as folder:
        log = Log(Path(folder))
        log.update()
        for step in sequence:
            log.do(step)
            assert counted(log.records.connect()) == recount(log.records.connect()), step
        log.records.close()


@given(st.lists(steps, max_size=15), st.lists(steps, max_size=15))
@settings(max_examples=30)
def test_a_log_of_before_is_counted_whatever_happens_meanwhile(before: list[Any], after: list[Any]) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder:
        log = Log(Path(folder))
        for step in before:
            log.do(step)
        log.update()
        for step in after:
            log.do(step)
        assert log.asked is not None
        log.asked.count_older()
        assert log.asked.left_to_count() == 0
        assert counted(log.records.connect()) == recount(log.records.connect())
        log.records.close()


# --- what is read -----------------------------------------------------------------------------------------------------


def filled(folder: Path, asks: int, server: Server | None = None) -> Asked:
    log = Log(folder, server)
    log.update()
    with log.records.transaction() as connection:
        for n in range(asks):
            status, reason = OUTCOMES[n % 3]
            at = f"2026-11-{n % 28 + 1:02}T{n // 28 % 24:02}:{n % 60:02}:{n // 60 % 60:02}.{n:06}+00:00"
            question = f"第{n % 90 * (n % 7)}类奖多少？"
            values = (f"{n:06}", at, question, question, None, "api", f"caller {n % 11}", None, status, reason)
            values = (*values, None, 0.9, "documents", "[]", 1.0)
            connection.execute(f"INSERT INTO asked VALUES ({','.join('?' * len(values))})", values)
            if n % 13 == 0:
                said = (f"{n:06}", f"f{n}", at, "down" if n % 2 else "up", None, "", "甲")
                connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", said)
    assert log.asked is not None
    return log.asked


@pytest.fixture(scope="module")
def large() -> Iterator[Asked]:
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield filled(Path(folder), 3000)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """A log with some of everything, in each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("large")
        return
    postgres = request.getfixturevalue("postgres")
    with TemporaryDirectory(dir=MEMORY) as folder, postgres.database(postgres.with_tables()) as address:
        server = Server(address)
        yield filled(Path(folder), 1200, server)
        server.close()


def every_row(log: Asked) -> list[Any]:
    return log._records.connect().execute("SELECT * FROM asked ORDER BY at").fetchall()


@pytest.mark.parametrize("since", ["2026-11-03T17:20:00.000000+00:00", "2026-10-01T00:00:00.000000+00:00"])
def test_a_summary_is_that_of_the_records_since_the_beginning_of_its_hour(
    full: Asked, since: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "_days_ago", lambda days: since)
    told = full.summary(7)
    kept = [row for row in every_row(full) if row["at"] >= since[:13]]
    assert told.questions == len(kept) and told.answered == sum(row["status"] == "answered" for row in kept)
    assert told.by_channel == Counter(row["channel"] for row in kept)
    assert told.by_reason == Counter(row["reason"] for row in kept if row["reason"])
    said = full._records.connect().execute("SELECT rating FROM feedback WHERE at >= ?", (since[:13],)).fetchall()
    assert (told.up, told.down) == (
        sum(row[0] == "up" for row in said),
        sum(row[0] == "down" for row in said),
    )


def test_what_is_asked_most_is_counted_by_whole_days(full: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "_days_ago", lambda days: "2026-11-20T10:00:00")
    kept = [row for row in every_row(full) if row["at"] >= "2026-11-20"]
    last = {row["same"]: row["at"] for row in kept}
    most = sorted(Counter(row["same"] for row in kept).items(), key=lambda item: (item[1], last[item[0]]), reverse=True)
    assert [(row["question"], row["times"], row["last_at"]) for row in full.most_asked(9, 20)] == [
        (question, times, last[question]) for question, times in most[:20]
    ]


@pytest.mark.parametrize("kind", ["unanswered", "disliked"])
def test_pages_of_a_queue_are_each_question_once_the_last_first(full: Asked, kind: asked.Queue) -> None:
    said = {row["answer_id"]: row for row in full._records.connect().execute("SELECT * FROM feedback")}
    expected: dict[str, str] = {}
    for row in every_row(full):
        if kind == "unanswered" and row["reason"] == "no_evidence":
            expected[row["same"]] = row["at"]
        if kind == "disliked" and row["id"] in said and said[row["id"]]["rating"] == "down":
            expected[row["same"]] = said[row["id"]]["at"]
    got: list[tuple[str, str]] = []
    after = None
    while page := full.queue(kind, 7, after):
        got += [(row["question"], row["last_at"]) for row in page]
        after = page[-1]["last_at"]
    assert got == sorted(expected.items(), key=lambda item: item[1], reverse=True)


def test_what_is_common_is_what_several_asked_and_nobody_disliked(full: Asked) -> None:
    said = {row["answer_id"] for row in full._records.connect().execute("SELECT * FROM feedback WHERE rating = 'down'")}
    whole = [row for row in every_row(full) if row["status"] == "answered"]
    callers: dict[str, set[str]] = defaultdict(set)
    for row in whole:
        callers[row["same"]].add(row["caller"])
    disliked = {row["same"] for row in whole if row["id"] in said}
    last = {row["same"]: row["at"] for row in whole}
    many = Counter(row["same"] for row in whole if len(callers[row["same"]]) >= 3 and row["same"] not in disliked)
    expected = sorted(many, key=lambda same: (many[same], last[same]), reverse=True)
    assert full.common(6) == expected[:6] and expected


def plan(connection: Connection, query: str, values: Any) -> list[str]:
    return [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (asked.SUMMARY, ("", "", "")),
        (asked.MOST_ASKED, (1, "", "", 1)),
        (asked.COMMON, (1,)),
        (asked.QUEUES["unanswered"], ("9", 1)),
        (asked.QUEUES["disliked"], ("9", 1)),
        ("SELECT rowid FROM asked WHERE rowid <= ? ORDER BY rowid DESC LIMIT ?", (1, 1)),
    ],
)
def test_nothing_that_is_read_goes_through_the_log(large: Asked, query: str, values: Any) -> None:
    for step in plan(large._records.connect(), query, values):
        assert not step.startswith(("SCAN asked", "SCAN feedback")) or "USING INDEX asked_questions_" in step, step
        assert "ORDER BY" not in step or "asked" not in step, step


def test_a_queue_and_what_is_common_are_read_in_the_order_of_an_index(large: Asked) -> None:
    connection = large._records.connect()
    for query, values, index in (
        (asked.COMMON, (1,), "asked_questions_common"),
        (asked.QUEUES["unanswered"], ("9", 1), "asked_questions_unanswered"),
        (asked.QUEUES["disliked"], ("9", 1), "asked_questions_disliked"),
        (asked.MOST_ASKED, (1, "", "", 1), "asked_questions_most"),
    ):
        assert any(index in step for step in plan(connection, query, values))


class Steps:
    """Counts what SQLite does, in thousands of its instructions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.taken = 0

    def __enter__(self) -> Steps:
        def step() -> int:
            self.taken += 1
            return 0

        self._connection.set_progress_handler(step, 100)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.set_progress_handler(None, 0)


def test_the_work_of_reading_and_writing_does_not_grow_with_the_log(tmp_path: Path, large: Asked) -> None:
    small = filled(tmp_path, 600)
    taken: list[dict[str, int]] = []
    for log in (small, large):
        connection = log._records.connect()
        work = {
            "common": lambda log=log: log.common(6),
            "unanswered": lambda log=log: log.queue("unanswered", 20, None),
            "disliked": lambda log=log: log.queue("disliked", 20, None),
        }
        cost = {}
        for name, function in work.items():
            with Steps(connection) as steps:
                function()
            cost[name] = steps.taken
        row = connection.execute("SELECT * FROM asked WHERE reason = 'no_evidence' ORDER BY at DESC LIMIT 1").fetchone()
        connection.execute("SAVEPOINT looking")
        with Steps(connection) as steps:
            connection.execute("DELETE FROM asked WHERE id = ?", (row["id"],))
            connection.execute(f"INSERT INTO asked VALUES ({','.join('?' * len(row))})", tuple(row))
        cost["writing"] = steps.taken
        connection.execute("ROLLBACK TO looking")
        connection.execute("RELEASE looking")
        taken.append(cost)
    assert all(more <= 2 * taken[0][name] + 5 for name, more in taken[1].items()), taken


# --- opening, and keeping house ---------------------------------------------------------------------------------------


def test_a_log_of_before_opens_without_being_gone_through(tmp_path: Path) -> None:
    log = Log(tmp_path)
    connection = log.records.connect()
    with log.records.transaction():
        for n in range(2000):
            log.do(("ask", TIMES[n % len(TIMES)], QUESTIONS[n % 3], OUTCOMES[n % 3], "甲", None, "api"))
    with Steps(connection) as steps:
        log.update()
    assert steps.taken < 2000, "some tens of thousands of instructions, for the tables and the triggers"
    assert log.asked is not None and log.asked.left_to_count() == 2000
    log.do(("ask", "2026-11-09T00:00:00.000000+00:00", "新的", OUTCOMES[1], "甲", None, "api"))
    assert [row["question"] for row in log.asked.queue("unanswered", 9, None)] == ["新的"]
    with log.records.transaction() as inside:
        assert asked_counts.count_older(inside, 500) == 500
    again = Asked(Records(tmp_path))
    assert again.left_to_count() == 1500, "another process goes on where this one stopped"
    assert again.count_older() == 1500 and counted(connection) == recount(connection)
    assert again.most_asked(3650, 9)[0]["times"] == 667


def test_old_records_go_in_small_batches_and_others_write_in_between(tmp_path: Path) -> None:
    log = filled(tmp_path, 2600)
    sizes: list[int] = []
    other = Records(tmp_path)
    original = log._records.in_batches

    def watched(work: Any, stop: threading.Event | None = None) -> int:
        def once(connection: sqlite3.Connection, size: int) -> int:
            done = int(work(connection, size))
            sizes.append(done)
            return done

        return original(once, stop)

    log._records.in_batches = watched  # type: ignore[method-assign]
    written = threading.Event()
    writer = threading.Thread(target=lambda: (other.connect().execute("CREATE TABLE seen (at TEXT)"), written.set()))
    writer.start()
    assert log.purge("2026-11-29") == 2600
    writer.join(20)
    assert written.is_set() and max(sizes) == BATCH and len(sizes) > 2600 // BATCH
    assert counted(log._records.connect())["counts"] == {}


def test_keeping_house_stops_when_it_is_told(tmp_path: Path) -> None:
    log = filled(tmp_path, 1200)
    stop = threading.Event()
    stop.set()
    assert log.purge("2026-11-29", stop) == 0
    assert len(every_row(log)) == 1200


def test_hand_offs_and_events_are_found_by_an_index(tmp_path: Path) -> None:
    records = Records(tmp_path)
    Handoffs(records)
    Outbox(records)
    waiting = "SELECT * FROM handoffs WHERE status != 'closed' AND created_at > ? ORDER BY created_at LIMIT ?"
    known = "SELECT * FROM handoffs WHERE session IS NOT NULL AND session = ? AND question = ? AND status = 'open'"
    dead = "SELECT number FROM outbox WHERE state = 'dead' AND created_at < ? ORDER BY created_at LIMIT ?"
    due = {"target": "", "at": 0, "longest": 0, "longest_lease": 0}
    for query, values, index in (
        (waiting, ("", 1), "handoffs_waiting"),
        (known, ("", ""), "handoffs_session"),
        (dead, ("", 1), "outbox_dead"),
        (DUE.format(range="<= :at"), due, "outbox_due (target=? AND state=? AND due<?)"),
        (DUE.format(range="> :longest"), due, "outbox_due (target=? AND state=? AND due>?)"),
    ):
        (step,) = plan(records.connect(), query, values)
        assert index in step


def test_the_version_before_may_write_beside_this_one(tmp_path: Path) -> None:
    """While worker processes are replaced one by one, some are of the version before."""
    log = Log(tmp_path)
    log.update()
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as old:
        for n, rating in enumerate(("down", "up", "down")):
            values = (f"o{n}", TIMES[n], "奖多少？", "奖多少？", None, "api", f"{n}", None, "answered", None)
            old.execute(
                f"INSERT INTO asked VALUES ({','.join('?' * 15)})", (*values, "10", 0.9, "documents", "[]", 1.0)
            )
            old.execute("INSERT OR REPLACE INTO feedback VALUES ('o0', 'f', ?, ?, NULL, '', '甲')", (TIMES[n], rating))
            old.execute("INSERT OR REPLACE INTO settled VALUES ('disliked', '奖多少？', ?)", (TIMES[n],))
            assert counted(log.records.connect()) == recount(log.records.connect())


def test_a_service_counts_the_log_that_it_finds_and_only_one_process_does(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for n in range(3):
        log.do(("ask", f"2026-11-2{n}T00:00:00.000000+00:00", "奖多少？", OUTCOMES[1], "甲", None, "api"))
    app = create_app(FakeService([make_document("甲\n第一条 乙。\n")]), records=log.records)
    desk = Desk(FakeService([]), date.today, Meter(), log.records, Settings(keep_days=3650))
    assert desk.asked.left_to_count() == 3
    with locked(tmp_path / "housekeeping.lock", Busy()):
        refused: list[type[BaseException]] = []

        def another() -> None:
            try:
                keep_house(desk, threading.Event())
            except Busy as error:
                refused.append(type(error))

        thread = threading.Thread(target=another)
        thread.start()
        thread.join(20)
        assert refused == [Busy] and desk.asked.left_to_count() == 3
    with TestClient(app) as client:
        until = time.monotonic() + 20
        while desk.asked.left_to_count() and time.monotonic() < until:
            time.sleep(0.02)
        (item,) = client.get("/v1/operator/queue", params={"kind": "unanswered"}).json()["items"]
    assert (item["question"], item["times"]) == ("奖多少？", 3)
