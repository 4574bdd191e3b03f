"""Follow-ups made whole; sessions that never leak and are forgotten, oldest first."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.converse import MemoryConversations, Turn, complete, stands_alone

TOPIC = "新建国家级企业技术中心，支持多少？"


@pytest.mark.parametrize(
    ("topic", "question", "has", "lacks"),
    [
        (TOPIC, "那省级的呢？", ["省级企业技术中心", "支持多少"], ["国家级"]),
        (TOPIC, "这事归哪些部门管？", ["国家级企业技术中心", "哪些部门"], ["支持多少"]),
        (TOPIC, "有效期多久？", ["企业技术中心", "有效期多久"], []),
        ("2022年新增多少家企业？", "那2023年呢？", ["2023", "新增多少家企业"], ["2022"]),
        ("大面积停电的Ⅰ级预警用什么颜色？", "那Ⅳ级呢？", ["Ⅳ级预警用什么颜色"], ["Ⅰ级"]),
        ("薪金云贷的专项计划有多大规模？", "什么时候截止？", ["薪金云贷的专项计划", "截止"], ["多大规模"]),
        ("一等奖奖多少？", "二等奖呢？", ["二等奖奖多少"], ["一等奖"]),
        ("临湖区的老楼加装电梯，一台补多少？", "石桥县呢？", ["石桥县", "加装电梯", "补多少"], []),
        ("年营业收入到了5000万元，最高奖多少？", "要是过了1亿呢？", ["1亿", "奖多少"], ["5000万"]),
    ],
)  # fmt: skip
def test_a_follow_up_is_made_whole(topic: str, question: str, has: list[str], lacks: list[str]) -> None:
    found = complete(question, Turn(topic))
    assert found is not None
    assert all(word in found.whole for word in has) and not any(word in found.whole for word in lacks), found.whole


@pytest.mark.parametrize(
    "question",
    [
        "电动自行车在楼道里充电要罚多少钱？",
        "家庭养老床位的服务补助标准是多少？",
        "便民生活圈到2028年要建成多少个？",
        "专精特新企业展位费补贴比例是百分之几？",
    ],
)
def test_a_new_topic_stands_alone(question: str) -> None:
    assert stands_alone(question) and complete(question, Turn(TOPIC)) is None


def test_nothing_before_nothing_to_lean_on() -> None:
    assert complete("那省级的呢？", None) is None


def test_a_third_turn_leans_on_what_the_second_replaced() -> None:
    second = complete("那省级的呢？", Turn(TOPIC))
    assert second is not None
    third = complete("这事找哪个部门？", Turn(second.topic))
    assert third is not None and "省级企业技术中心" in third.whole and "国家级" not in third.whole


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_turns(topic: str, question: str) -> None:
    found = complete(question, Turn(topic))
    assert found is None or (found.whole and found.topic is not None)


def test_sessions_do_not_leak() -> None:
    talks = MemoryConversations()
    talks.remember("a", Turn("甲"))
    talks.remember(None, Turn("丙"))
    assert talks.last("a") == Turn("甲") and talks.last("b") is None and talks.last(None) is None


def test_the_session_used_longest_ago_is_forgotten_first() -> None:
    talks = MemoryConversations(capacity=2)
    for name in "abac":
        talks.remember(name, Turn(name))
    assert talks.last("b") is None and talks.last("a") == Turn("a") and talks.last("c") == Turn("c")


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text(max_size=5)), max_size=40), st.integers(1, 4))
def test_a_session_knows_its_own_last_turn_or_nothing(turns: list[tuple[str, str]], capacity: int) -> None:
    talks = MemoryConversations(capacity)
    last: dict[str, str] = {}
    for session, topic in turns:
        talks.remember(session, Turn(topic))
        last[session] = topic
    known = {session: talks.last(session) for session in "abcdef"}
    assert sum(turn is not None for turn in known.values()) == min(capacity, len(last))
    assert all(turn is None or turn.topic == last[session] for session, turn in known.items())


def test_threads() -> None:
    talks = MemoryConversations(capacity=50)

    def work(name: str) -> None:
        for i in range(200):
            talks.remember(f"{name}{i % 20}", Turn(name))
            found = talks.last(f"{name}{i % 20}")
            assert found is None or found.topic == name

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
