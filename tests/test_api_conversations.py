"""Conversations in the records: what the ones in memory promise, and that processes share them, forget and never fail."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.records.conversations import StoredConversations
from api.records.database import Records
from index.types import Passage
from qa.turns.memory import Conversations, MemoryConversations, Turn

PASSAGE = Passage("p1", "第一条 “奖励”100万元。\n", "甲山市若干措施", "d1", "c1", 3, 18)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path)
    yield records
    records.close()


@pytest.fixture(params=["memory", "stored"])
def talks(request: pytest.FixtureRequest, records: Records) -> Conversations:
    return MemoryConversations(3) if request.param == "memory" else StoredConversations(records, capacity=3)


# -- the contract ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_a_session_knows_its_last_turn_and_no_other(talks: Conversations) -> None:
    assert talks.last("a") is None
    talks.remember("a", Turn("甲", PASSAGE))
    talks.remember("b", Turn("乙"))
    talks.remember(None, Turn("丙"))
    assert (talks.last("a"), talks.last("b"), talks.last(None)) == (Turn("甲", PASSAGE), Turn("乙"), None)
    talks.remember("a", Turn("丁", None, ("甲", "“丙”")))
    assert talks.last("a") == Turn("丁", None, ("甲", "“丙”")), "the passage of the turn before is gone with it"


@pytest.mark.usefixtures("database")
def test_the_session_used_longest_ago_goes_first(talks: Conversations) -> None:
    for name in "abcad":
        talks.remember(name, Turn(name))
    assert [talks.last(name) is not None for name in "abcd"] == [True, False, True, True]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=20)), max_size=10))
def test_any_text_comes_back_or_nothing(tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[str, str]]) -> None:
    records = Records(tmp_path_factory.mktemp("any"))
    talks = StoredConversations(records)
    last: dict[str, Turn] = {}
    for session, text in turns:
        last[session] = Turn(text, Passage("p", text))
        talks.remember(session, last[session])
        assert talks.last(session) == last[session]
    assert all(talks.last(session) == turn for session, turn in last.items())
    records.close()


# -- what only the stored ones do ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_a_turn_is_forgotten_after_its_time(records: Records) -> None:
    now = [1000.0]
    talks = StoredConversations(records, minutes=10, clock=lambda: now[0])
    talks.remember("a", Turn("甲"))
    now[0] += 599
    assert talks.last("a") == Turn("甲")
    now[0] += 1
    assert talks.last("a") is None
    talks.remember("b", Turn("乙"))
    rows = records.connect().execute("SELECT session FROM talks").fetchall()
    assert [row["session"] for row in rows] == ["b"], "what is forgotten is not kept either"


def test_another_process_goes_on_with_it(records: Records, tmp_path: Path) -> None:
    StoredConversations(records).remember("a", Turn("甲", PASSAGE))
    code = (
        "import sys; from pathlib import Path; from api.records.conversations import StoredConversations;"
        "from api.records.database import Records; from qa.turns.memory import Turn;"
        "talks = StoredConversations(Records(Path(sys.argv[1]))); turn = talks.last('a');"
        "print(turn.topic, turn.passage.clause_id); talks.remember('a', Turn('乙'))"
    )
    root = Path(__file__).resolve().parents[1]
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=root, timeout=60
    )
    assert told.stdout.split() == ["甲", "c1"], told.stderr
    assert StoredConversations(records).last("a") == Turn("乙")


@pytest.mark.usefixtures("database")
def test_a_passage_of_another_version_of_the_program_is_left_out(records: Records) -> None:
    talks = StoredConversations(records)
    for text in ('{"id": "p", "colour": 1}', "no json", "[]"):
        talks.remember("a", Turn("甲", PASSAGE))
        with records.transaction() as connection:
            connection.execute("UPDATE talks SET passage = ?", (text,))
        assert talks.last("a") == Turn("甲")


@pytest.mark.usefixtures("database")
def test_questions_before_that_cannot_be_read_are_left_out(records: Records) -> None:
    talks = StoredConversations(records)
    for text in ("no json", "{}", ""):
        talks.remember("a", Turn("甲", None, ("乙",)))
        with records.transaction() as connection:
            connection.execute("UPDATE talks SET before = ?", (text,))
        assert talks.last("a") == Turn("甲")


def test_what_cannot_be_kept_costs_no_answer(
    records: Records, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    talks = StoredConversations(records)
    talks.remember("\ud800", Turn("甲"))
    assert talks.last("\ud800") is None
    with closing(sqlite3.connect(tmp_path / "service.sqlite3")) as connection, connection:
        connection.execute("DROP TABLE talks")
    talks.remember("a", Turn("甲"))
    assert talks.last("a") is None
    assert "cannot be written" in caplog.text and "cannot be read" in caplog.text
