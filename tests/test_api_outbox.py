"""Events out: written with what causes them, sent at least once, never lost, given up only in sight."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bot_bench import Platform, client_of, service
from hypothesis import given
from hypothesis import strategies as st
from postgres import Database

from api import cli
from api.bots.settings import Bots, Receiver
from api.outgoing.receivers import HttpReceiver
from api.outgoing.signing import sign, verify
from api.records.database import Records
from api.records.outbox import LEASE, SCHEMA, Backoff, Delivery, Outbox, Undelivered, put, put_to
from corpus.errors import NotFound

pytestmark = pytest.mark.usefixtures("database")

ROOT = Path(__file__).resolve().parents[1]
SECRET = "secret of the receiving desk"


@dataclass
class Told:
    """A target that fails as often as it is told to."""

    name: str = "desk"
    kinds: tuple[str, ...] = ("*",)
    backoff: Backoff = Backoff(tries=3, first=10.0, most=100.0)
    failures: list[Undelivered | None] = field(default_factory=list)
    got: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.got.append(delivery)


@dataclass
class Clock:
    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def records(tmp_path: Path) -> Records:
    made = Records(tmp_path)
    made.ensure(SCHEMA)
    return made


def put_one(records: Records, kind: str = "handoff.created", **payload: object) -> None:
    with records.transaction() as connection:
        put(connection, kind, payload or {"id": "h1"})


def test_an_event_goes_to_all_who_want_it_under_one_id(records: Records) -> None:
    one, two, other = Told("one"), Told("two", ("handoff.*",)), Told("other", ("feedback.down",))
    outbox = Outbox(records, [one, two, other])
    put_one(records, question="问")
    for target in (one, two, other):
        while outbox.send_next(target):
            pass
    assert one.got[0].id == two.got[0].id and other.got == []
    assert one.got[0].payload == {"question": "问"} and one.got[0].kind == "handoff.created"
    assert outbox.list() == []


def test_what_did_not_happen_is_not_told(records: Records) -> None:
    target = Told()
    outbox = Outbox(records, [target])
    with pytest.raises(RuntimeError), records.transaction() as connection:
        put(connection, "handoff.created", {})
        raise RuntimeError
    assert not outbox.send_next(target)


def test_nobody_to_tell_keeps_nothing(records: Records) -> None:
    outbox = Outbox(records, [])
    put_one(records)
    assert outbox.list() == []


def test_tries_are_spaced_and_end_as_a_dead_letter_that_can_be_sent_again(records: Records) -> None:
    clock = Clock()
    target = Told(failures=[Undelivered("HTTP 500")] * 3)
    outbox = Outbox(records, [target], clock, lambda: 1.0)
    put_one(records)
    waits = []
    for _ in range(3):
        assert outbox.send_next(target) and not outbox.send_next(target), "not due again at once"
        waits.append(outbox.list()[0].due - clock.at)
        clock.at = outbox.list()[0].due
    assert waits == [10.0, 20.0, 40.0]
    (dead,) = outbox.list("dead")
    assert (dead.tries, dead.problem, outbox.counts()) == (3, "HTTP 500", {"waiting": 0, "dead": 1})
    assert not outbox.send_next(target) and target.got == []
    assert outbox.retry([dead.number]) == 1
    assert outbox.send_next(target) and target.got[0].id == dead.id and outbox.list() == []


def test_a_receiver_may_ask_for_more_time_or_for_no_more_tries(records: Records) -> None:
    clock = Clock()
    target = Told(failures=[Undelivered("HTTP 429", after=70.0), Undelivered("gone", final=True)])
    outbox = Outbox(records, [target], clock, lambda: 0.0)
    put_one(records)
    outbox.send_next(target)
    assert outbox.list()[0].due == clock.at + 70
    clock.at += 71
    outbox.send_next(target)
    assert outbox.list()[0].state == "dead"


def test_a_fault_of_a_target_is_a_failure_like_any_other(records: Records) -> None:
    class Broken(Told):
        def send(self, delivery: Delivery) -> None:
            raise KeyError("x")

    target = Broken()
    outbox = Outbox(records, [target])
    put_one(records)
    assert outbox.send_next(target) and outbox.list()[0].problem == "KeyError"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.1, 10), st.floats(10, 10_000))
def test_waits_grow_up_to_their_limit(tries: int, chance: float, first: float, most: float) -> None:
    backoff = Backoff(12, first, most)
    assert first / 2 * 0.999 <= backoff.wait(tries, chance) <= most
    assert backoff.wait(tries, chance) <= backoff.wait(tries + 1, chance) * 1.001


def test_only_one_process_sends_and_another_takes_over_when_it_dies(tmp_path: Path) -> None:
    clock, target = Clock(), Told()
    first = Outbox(Records(tmp_path), [target], clock)
    second = Outbox(Records(tmp_path), [target], clock)
    put_one(Records(tmp_path))
    delivery, _ = first._take(target)
    assert delivery is not None
    assert not second.send_next(target), "leased"
    clock.at += LEASE + 1
    assert second.send_next(target) and target.got[0].id == delivery.id and target.got[0].tries == 2


def test_many_senders_send_each_event_once(tmp_path: Path) -> None:
    target = Told()
    outboxes = [Outbox(Records(tmp_path), [target]) for _ in range(4)]
    for number in range(60):
        put_one(Records(tmp_path), number=number)

    def drain(outbox: Outbox) -> None:
        while outbox.send_next(target):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drain, outboxes))
    assert sorted(delivery.payload["number"] for delivery in target.got) == list(range(60))


def test_a_target_that_is_gone_leaves_dead_letters(records: Records) -> None:
    Outbox(records, [Told("old")])
    put_one(records)
    outbox = Outbox(records, [Told("new")])
    assert [(row.target, row.state) for row in outbox.list()] == [("old", "dead")]


def test_retry_of_what_is_no_dead_letter_changes_nothing(records: Records) -> None:
    target = Told(failures=[Undelivered("gone", final=True)])
    outbox = Outbox(records, [target])
    put_one(records)
    outbox.send_next(target)
    number = outbox.list()[0].number
    with pytest.raises(NotFound):
        outbox.retry([number, number + 1])
    assert outbox.list()[0].state == "dead"


# --- over HTTP -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Iterator[Platform]:
    platform = Platform()
    with platform.running():
        yield platform


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_receiver_gets_a_signed_event(desk: Platform) -> None:
    receiver = HttpReceiver("desk", desk.origin + "/hook", SECRET)
    receiver.send(
        Delivery(1, "e1", "desk", "handoff.created", {"问": "1"}, "2026-01-01T00:00:00Z", "waiting", 1, 0, "")
    )
    (request,) = desk.requests
    event = {"id": "e1", "kind": "handoff.created", "created_at": "2026-01-01T00:00:00Z", "data": {"问": "1"}}
    assert request.json == event and request.path == "/hook"
    stamp = request.headers["X-Tiaowen-Timestamp"]
    verify(SECRET, stamp, request.headers["X-Tiaowen-Signature"], request.body, time.time())
    assert request.headers["X-Tiaowen-Signature"] == sign(SECRET, stamp, request.body)
    assert (request.headers["X-Tiaowen-Event"], request.headers["X-Tiaowen-Delivery"]) == ("handoff.created", "e1")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_only_2xx_takes_it_and_no_redirect_is_followed(desk: Platform, status: int) -> None:
    desk.answer = lambda request: (status, {"headers": {"Location": desk.origin + "/elsewhere", "Retry-After": "7"}})
    receiver = HttpReceiver("desk", desk.origin + "/hook", SECRET)
    with pytest.raises(Undelivered, match=str(status)) as caught:
        receiver.send(Delivery(1, "e", "desk", "k", {}, "", "waiting", 1, 0, ""))
    assert caught.value.after == 7.0 and len(desk.requests) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_there_is_told_without_the_address() -> None:
    receiver = HttpReceiver("desk", "http://127.0.0.1:9/hook?key=hidden", SECRET)
    with pytest.raises(Undelivered) as caught:
        receiver.send(Delivery(1, "e", "desk", "k", {}, "", "waiting", 1, 0, ""))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_answer_in_drops_holds_the_sender_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.outgoing.receivers.DEADLINE", 1.0)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(65536)
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000:
                    try:
                        accepted.sendall(bytes([byte]))
                    except OSError:
                        return
                    if stop.wait(0.05):
                        return

        dripping = threading.Thread(target=drip)
        dripping.start()
        began = time.monotonic()
        receiver = HttpReceiver("desk", f"http://127.0.0.1:{listener.getsockname()[1]}/hook", SECRET)
        with pytest.raises(Undelivered):
            receiver.send(Delivery(1, "e", "desk", "k", {}, "", "waiting", 1, 0, ""))
        assert time.monotonic() - began < 6
        stop.set()
        dripping.join(10)


def bots_of(desk: Platform, *kinds: str) -> Bots:
    return Bots(events=(Receiver("desk", desk.origin + "/hook", SECRET, kinds or ("*",)),))


def test_a_hand_off_and_a_thumbs_down_reach_the_desk(desk: Platform, tmp_path: Path) -> None:
    with client_of(bots_of(desk), tmp_path, service()) as client:
        answer = client.post("/v1/ask", json={"question": "低空补贴？"}).json()
        made = client.post("/v1/handoffs", json={"question": "低空补贴？", "answer_id": answer["id"]}).json()
        client.post("/v1/feedback", json={"answer_id": answer["id"], "rating": "down", "reason": "incomplete"})
        client.post("/v1/feedback", json={"answer_id": answer["id"], "rating": "up"})
        requests = desk.wait_for(2)
    events = {request.json["kind"]: request.json["data"] for request in requests}
    assert set(events) == {"handoff.created", "feedback.down"}
    assert events["handoff.created"]["id"] == made["id"] and events["handoff.created"]["question"] == "低空补贴？"
    assert events["feedback.down"]["answer_id"] == answer["id"] and events["feedback.down"]["reason"] == "incomplete"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_desk_that_is_down_gets_it_when_it_is_back(desk: Platform, tmp_path: Path) -> None:
    desk.answer = lambda request: (503, {})
    bots = bots_of(desk, "handoff.*")
    with client_of(bots, tmp_path) as client:
        client.post("/v1/handoffs", json={"question": "问"})
        failed = desk.wait_for(1)
    before = len(desk.requests)
    desk.answer = lambda request: (200, {})
    with client_of(bots, tmp_path):
        later = desk.wait_for(before + 1)
    assert later[-1].json["id"] == failed[0].json["id"], "the same event, so that a desk may know it again"


KILLED = """
import sys, time
from pathlib import Path
from api.records.handoffs import Handoffs
from api.records.outbox import SCHEMA, Outbox, put
from api.records.database import Records
from api.outgoing.receivers import HttpReceiver
from corpus.sql.choice import choose

choose(sys.argv[3])
records = Records(Path(sys.argv[1]))
outbox = Outbox(records, [HttpReceiver("desk", sys.argv[2], "secret of the receiving desk")])
handoffs = Handoffs(records, put)
outbox.start()
for number in range(100000):
    made = handoffs.create(question=f"问题{number}", session=None)
    print(made.id, flush=True)
"""


def test_no_event_is_lost_to_kill_9(desk: Platform, tmp_path: Path, database: Database) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(tmp_path), desk.origin + "/hook", database.address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    told += [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    records = Records(tmp_path)
    at = time.time() + LEASE + 5  # whatever the killed one held is free by then
    target = HttpReceiver("desk", desk.origin + "/hook", SECRET)
    outbox = Outbox(records, [target], lambda: at)
    while outbox.send_next(target):
        pass
    got = {request.json["data"]["id"] for request in desk.requests}
    written = {row[0] for row in records.connect().execute("SELECT id FROM handoffs")}
    assert len(told) >= 30 and set(told) <= written == got


# --- the command -----------------------------------------------------------------------------------------------------------


def test_the_command_lists_and_sends_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = Records(tmp_path)
    target = Told(failures=[Undelivered("HTTP 500", final=True), Undelivered("HTTP 500", final=True)])
    outbox = Outbox(records, [target])
    put_one(records, contact="内部联系人")
    put_one(records)
    outbox.send_next(target), outbox.send_next(target)
    data = ["--data", str(tmp_path)]
    assert cli.main(["outbox", "list", *data]) == 0
    out = capsys.readouterr().out
    assert "死信 2" in out and "HTTP 500" in out and "内部联系人" not in out
    assert cli.main(["outbox", "list", "--state", "waiting", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out) == {"deliveries": []}
    number = str(outbox.list()[0].number)
    assert cli.main(["outbox", "retry", number, *data]) == 0
    assert outbox.counts() == {"waiting": 1, "dead": 1}
    assert cli.main(["outbox", "retry", "--all", *data]) == 0
    assert outbox.counts() == {"waiting": 2, "dead": 0}
    assert cli.main(["outbox", "retry", "999", *data]) == 1
    assert "999" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["outbox", "retry", *data])
    assert outbox.send_next(target) and outbox.send_next(target) and len(target.got) == 2


def test_something_for_one_target_is_not_an_event(records: Records) -> None:
    chat, desk = Told("feishu", ()), Told("desk")
    outbox = Outbox(records, [chat, desk])
    with records.transaction() as connection:
        put_to(connection, "feishu", "reply", {"card": 1})
    assert outbox.send_next(chat) and not outbox.send_next(desk) and chat.got[0].payload == {"card": 1}
