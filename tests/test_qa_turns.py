"""Turns of a conversation: taken as they should be, made whole, and remembered by their own session alone."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.tokens import Tokenizer
from qa.errors import BadScorer
from qa.turns.classes import classes, others
from qa.turns.memory import KEPT_BEFORE, MemoryConversations, Turn, after
from qa.turns.model import FILE, load_model
from qa.turns.pieces import bare, cut, owns, splices
from qa.turns.read import GREETED, THANKED, WAYS, FollowUp, SmallTalk, TurnReader

TOPIC = "新建国家级企业技术中心，支持多少？"
TOKENIZER = Tokenizer()
READER = TurnReader(TOKENIZER)


@pytest.mark.parametrize(
    ("topic", "question", "has", "lacks"),
    [
        (TOPIC, "那省级的呢？", ["省级企业技术中心", "支持多少"], ["国家级"]),
        (TOPIC, "这事归哪些部门管？", ["国家级企业技术中心", "哪些部门"], ["支持多少"]),
        (TOPIC, "有效期多久？", ["企业技术中心", "有效期多久"], []),
        ("2022年新增多少家企业？", "那2023年呢？", ["2023", "新增多少家企业"], ["2022"]),
        ("大面积停电的Ⅰ级预警用什么颜色？", "那Ⅳ级呢？", ["Ⅳ级预警用什么颜色"], ["Ⅰ级"]),
        ("一等奖奖多少？", "二等奖呢？", ["二等奖奖多少"], ["一等奖"]),
        ("临湖区的老楼加装电梯，一台补多少？", "石桥县呢？", ["石桥县", "加装电梯", "补多少"], []),
        ("博士来工作，安家费给多少？", "那硕士呢", ["硕士来工作", "安家费给多少"], ["博士"]),
        ("本科生一个月租房补贴多少？", "不是，我问的是大专", ["大专", "租房补贴多少"], ["本科", "不是"]),
        ("公租房一个月租金多少？", "郑州", ["郑州公租房一个月租金多少"], []),
        ("公租房一个月租金多少？", "我在中山那边", ["中山", "公租房一个月租金多少"], []),
        ("杭州公租房一个月租金多少？", "那佛山呢", ["佛山公租房一个月租金多少"], ["杭州"]),
        ("我在深圳市南山区，公租房怎么申请？", "郑州市", ["郑州市", "公租房怎么申请"], ["深圳", "南山"]),
    ],
)  # fmt: skip
def test_a_follow_up_is_made_whole(topic: str, question: str, has: list[str], lacks: list[str]) -> None:
    found = READER.read(question, Turn(topic))
    assert isinstance(found, FollowUp)
    assert all(word in found.whole for word in has) and not any(word in found.whole for word in lacks), found.whole


UNRELATED = [
    "电动自行车在楼道里充电要罚多少钱？", "家庭养老床位的服务补助标准是多少？", "便民生活圈到2028年要建成多少个？",
    "专精特新企业展位费补贴比例是百分之几？", "新生儿医保多久之内要参保？", "护照丢了去哪里补？", "烧秸秆被抓到怎么处罚",
    "一级建造师继续教育多少学时", "民宿备案要哪些证件？", "台风天停工工资怎么发", "孩子户口跟妈妈行不行", "高层住宅能不能放鞭炮",
    "工会经费按什么比例缴？", "医保断了三个月还能报销吗", "路灯坏了找谁修？", "残疾人乘公交免费吗", "个人养老金一年能存多少",
    "退休人员体检几年一次", "农村宅基地面积上限多少平方米", "家政服务员培训补贴标准", "注册商标被驳回怎么复审",
    "疫苗接种异常反应怎么补偿？", "学校食堂必须公示哪些信息", "房产证加名字要交税吗", "公司注销流程", "企业招残疾人能减多少残保金",
    "湿地公园里可以野炊吗", "居住登记几天内要办", "大学生村官聘期几年", "信用修复多长时间能办好？", "无人机飞行要向谁申请",
    "采矿权抵押备案需要什么资料", "冬季采暖费减免对象", "共享单车乱停放怎么管", "城市道路挖掘修复费怎么收", "失独家庭一次性抚慰金是多少",
    "人防车位可以买卖吗", "化妆品网店要不要备案", "住院陪护假有几天？", "渔船更新改造补助多少", "地方标准由哪个部门批准发布",
    "小额诉讼标的额上限", "社区矫正对象外出怎么请假", "专利侵权纠纷找谁处理？", "公积金缴存基数每年几月调整", "清明祭扫能不能烧纸",
    "特种设备作业证几年复审", "旧衣服投到哪个垃圾桶", "学生近视防控每天户外活动多久", "体育彩票公益金用在哪些地方", "中药材种植基地奖补标准",
    "法人变更登记要几个工作日", "港澳居民居住证怎么申领", "危险废物跨省转移由谁批？", "跨境电商综试区企业所得税怎么核定",
    "博物馆免费开放日是哪天", "人工增雨作业提前多久公告？",
]  # fmt: skip


def test_unrelated_questions_in_one_chat_are_not_merged() -> None:
    assert len(UNRELATED) == len(set(UNRELATED)) == 57
    last, merged = None, []
    for question in UNRELATED:
        taken = READER.read(question, last)
        assert not isinstance(taken, SmallTalk), question
        merged += [question] if isinstance(taken, FollowUp) else []
        last = after(last, taken.whole if taken else question)
    assert len(merged) <= 1, merged


def test_nothing_before_nothing_to_lean_on() -> None:
    assert READER.read("那省级的呢？", None) is None


@pytest.mark.parametrize(("text", "reply"), [("谢谢", THANKED), ("好的，谢谢你", THANKED), ("你好", GREETED)])
@pytest.mark.parametrize("last", [None, Turn(TOPIC)])
def test_thanks_and_greetings_are_answered_as_such(text: str, reply: str, last: Turn | None) -> None:
    assert READER.read(text, last) == SmallTalk(reply)


def test_a_third_turn_leans_on_what_the_second_replaced() -> None:
    second = READER.read("那省级的呢？", Turn(TOPIC))
    assert isinstance(second, FollowUp)
    third = READER.read("这事找哪个部门？", Turn(second.whole))
    assert isinstance(third, FollowUp) and "省级企业技术中心" in third.whole and "国家级" not in third.whole


def test_a_turn_goes_back_to_the_question_before_the_last() -> None:
    last = after(Turn("老旧小区加装电梯补贴多少钱？"), "办护照要几天拿证？")
    found = READER.read("回到刚才加装电梯那个，谁来申请", last)
    assert isinstance(found, FollowUp) and found.at == 1 and "加装电梯" in found.whole and "护照" not in found.whole


TURNS = st.text(max_size=40) | st.sampled_from(
    ["那省级的呢？", "要什么材料", "硕士呢", "护照丢了去哪里补？", "这个怎么办", "最晚什么时候"]
)


@settings(max_examples=25)
@given(st.text(max_size=40) | st.just(TOPIC), TURNS)
def test_any_two_turns(topic: str, question: str) -> None:
    found, ways = READER.read(question, Turn(topic)), READER.ways(question, Turn(topic))
    assert found is None or isinstance(found, SmallTalk) or (bare(found.whole) and found.focus)
    if isinstance(ways, SmallTalk):
        assert ways == found
    else:
        assert ways[0].follow_up == found and 1 <= len(ways) <= WAYS + 1
        assert len({way.follow_up.whole if way.follow_up else "" for way in ways}) == len(ways)
        assert all(0 < way.probability <= 1 for way in ways) and sum(way.probability for way in ways) <= 1 + 1e-6


def test_a_turn_that_may_lean_or_not_is_taken_in_both_ways() -> None:
    unsure = [
        READER.ways(text, Turn(TOPIC))
        for text in ("申报条件是什么", "项目申报需要什么材料", "专利奖奖多少", "省级研发平台补助")
    ]
    both = [w for w in unsure if not isinstance(w, SmallTalk) and len({way.follow_up is None for way in w}) == 2]
    assert both


@given(st.text(alphabet="国家级省的奖励，多少？ \u3000“”１２Ａ", max_size=30))
def test_a_question_is_cut_without_losing_a_character(text: str) -> None:
    whole = "".join(cut(text, TOKENIZER.words))
    assert whole == bare(text) or whole == "".join(TOKENIZER.words(bare(text)))


@given(st.lists(st.sampled_from(["国家级", "奖励", "，", "多少", "的"]), min_size=1, max_size=8))
def test_a_turn_takes_the_place_of_words_and_leaves_the_others(words: list[str]) -> None:
    own = owns("省级")[0]
    for way in splices(words, own, 0):
        assert way.before + way.gone + way.after == "".join(words) and own.text in way.whole


def test_markers_are_no_part_of_what_is_said() -> None:
    assert "硕士" in {own.text for own in owns("那硕士呢？")} and "大专" in {
        own.text for own in owns("不是，我问的是大专")
    }
    assert {(own.text, own.old) for own in owns("不是珠海，是中山")} >= {("中山", "珠海")}


def test_classes_tell_who_takes_whose_place() -> None:
    assert others(classes("硕士"), classes("博士")) and others(classes("2024年"), classes("2023年的"))
    assert not others(classes("硕士"), classes("2023年")) and not others(classes("博士"), classes("博士"))


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    assert FILE.stat().st_size < 2_000_000
    (tmp_path / "a.npz").write_bytes(FILE.read_bytes()[:500])
    with np.load(FILE) as told:
        np.savez(tmp_path / "b.npz", **{name: told[name][:-1] for name in told.files})
    for name in ("a.npz", "b.npz", "none.npz"):
        with pytest.raises(BadScorer):
            load_model(tmp_path / name)


def test_questions_are_remembered_the_last_first() -> None:
    last = None
    for n in range(6):
        last = after(last, f"第{n}问")
    assert (
        last is not None and last.questions == ("第5问", "第4问", "第3问", "第2问") and len(last.before) == KEPT_BEFORE
    )
    assert after(last, "第4问").questions == ("第4问", "第5问", "第3问", "第2问"), "each once"


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
