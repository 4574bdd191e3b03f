"""Figures: the member that the question names gets its own value, thresholds and the question's own figures are no answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import best, read

from qa.read.forms import PATTERNS, values

POOLS = (
    ("国家级工程中心", "省级工程中心", "市级工程中心", "县级工程中心"),
    ("一等奖项目", "二等奖项目", "三等奖项目"),
    ("博士研究生", "硕士研究生", "本科毕业生"),
    ("轻度失能老人", "中度失能老人", "重度失能老人"),
    ("养老机构", "托育园", "社区食堂", "便民菜场", "快递驿站"),
)
NUMERALS = ["二十万元", "三十万元", "五十万元", "八十万元", "一百万元"]
SHAPES = (
    "对新认定的{members}，分别给予{amounts}奖励。",
    "对新认定的{members}分别给予{amounts}一次性奖励。",
    "对经考核合格的{members}，分别按照{amounts}的标准给予奖励。",
    "{members}经验收合格的，分别奖励{amounts}。",
    "对新认定的{members}，依次给予{amounts}奖励，奖励资金由市财政局拨付。",
)


def listed(parts: list[str], last: str) -> str:
    return "、".join(parts[:-1]) + last + parts[-1]


@st.composite
def pairings(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A sentence that pairs members with amounts, its members, its amounts."""
    pool = draw(st.sampled_from(POOLS))
    members = draw(st.permutations(pool).map(list))[: draw(st.integers(2, len(pool)))]
    if draw(st.booleans()):
        figures = draw(st.lists(st.integers(1, 999), min_size=len(members), max_size=len(members), unique=True))
        amounts = [f"{n}万元" for n in figures]
    else:
        amounts = draw(st.permutations(NUMERALS).map(list))[: len(members)]
    last = draw(st.sampled_from("、和"))
    shape = draw(st.sampled_from(SHAPES))
    return shape.format(members=listed(members, last), amounts=listed(amounts, last)), members, amounts


@settings(max_examples=50)
@given(pairings(), st.data())
def test_the_member_named_gets_exactly_its_value(
    pairing: tuple[str, list[str], list[str]], data: st.DataObject
) -> None:
    sentence, members, amounts = pairing
    i = data.draw(st.integers(0, len(members) - 1))
    assert best(sentence, f"{members[i]}奖励多少？") == amounts[i], sentence


@settings(max_examples=30)
@given(pairings())
def test_a_question_about_all_gets_all(pairing: tuple[str, list[str], list[str]]) -> None:
    sentence, _, amounts = pairing
    said = best(sentence, "新认定的和考核、验收合格的，分别奖励多少？")
    assert all(amount in said for amount in amounts), sentence


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        # levels and ranks, whatever follows them
        ("对新建的国家级、省级企业技术中心，分别给予150万元、60万元支持。", "省级企业技术中心支持多少？", "60万元"),
        ("对获得一等奖、二等奖的项目，分别给予每项12万元、6万元奖励。", "二等奖一项奖多少钱？", "6万元"),
        # thresholds
        ("营业收入首次达到5000万元、1亿元的，分别给予50万元、100万元奖励。", "营业收入到了1亿元奖多少？", "100万元"),
        ("营业收入首次达到5000万元、1亿元的，分别给予50万元、100万元奖励。", "营业收入到了六千万，奖多少？", "50万元"),
        ("设备投入在200万元以上的，给予12万元补贴。", "设备投入补贴多少？", "12万元"),
        # parallel values without 分别
        ("对获评国家级冠军的企业，给予200万元奖励；对获评省级冠军的企业，给予80万元奖励。", "省级冠军奖多少？", "80万元"),
        ("临湖区范围内的，每台补助20万元；石桥县范围内的，每台补助16万元。", "石桥县一台补多少？", "16万元"),
        ("博士研究生上浮50%，硕士研究生上浮30%，本科毕业生上浮20%。", "硕士研究生上浮百分之几？", "30%"),
        ("新增市级总部机构300家、省级100家。", "新增多少家省级的总部机构？", "100家"),
        ("涵盖35个工业大类、167个工业中类和491个工业小类。", "涵盖多少个工业中类？", "167个"),
        ("全年新增科技型企业350家、上市企业6家、“瞪羚”企业20家。", "全年新增多少家登羚企业？", "20家"),
        # parts of a whole
        ("全市组建600人的抢险队伍，其中市级专业队伍180人。", "抢险队伍有多少人？", "600人"),
        ("全市组建600人的抢险队伍，其中市级专业队伍180人。", "市级专业队伍有多少人？", "180人"),
        ("按照投入的30%给予补助，单个企业每年最高20万元。", "按投入的百分之几补助？", "30%"),
        # years
        ("到2026年建成便民生活圈60个，到2028年建成180个。", "2028年建成多少个便民生活圈？", "180个"),
        ("到2026年建成便民生活圈60个，到2028年建成180个。", "2026年建成多少个便民生活圈？", "60个"),
        # a shared unit
        ("响应、办结的时限分别为3个、15个工作日以内。", "响应时限是几个工作日？", "3个工作日以内"),
        ("响应、办结的时限分别为3个、15个工作日以内。", "办结时限是几个工作日？", "15个工作日以内"),
        # the question's own figure is a condition
        ("招用10人以上的，给予5万元补贴，另按每人1000元给予奖励。", "招用10人以上补贴多少？", "5万元"),
        ("2022年6月底前完成上年度补助发放。", "2022年计划补助最晚什么时候发？", "2022年6月底前"),
        # rhythms
        ("对居民用户每二年不得少于一次检查，对非居民用户每年不得少于一次检查。", "非居民用户多久检查一次？", "每年不得少于一次"),
        ("经过三至五年的探索，形成一批成果。", "要用几年探索出成果？", "三至五年"),
        # laws: numerals, ranges, multiples, ladders
        ("未备案的，处五万元以上二十万元以下的罚款。", "未备案罚多少？", "五万元以上二十万元以下"),
        ("货值金额不足1万元的，并处1万元以上5万元以下罚款；货值金额1万元以上的，并处货值金额5倍以上10倍以下罚款。", "货值3万元，罚多少？", "5倍以上10倍以下"),
        ("货值金额不足1万元的，并处1万元以上5万元以下罚款；货值金额1万元以上的，并处货值金额5倍以上10倍以下罚款。", "货值8000元，罚多少？", "1万元以上5万元以下"),
        ("对个人处三百元以上三千元以下罚款，对单位处一万元以上五万元以下罚款。", "单位罚多少？", "一万元以上五万元以下"),
        ("累计工作已满1年不满10年的，年休假5天；已满10年不满20年的，年休假10天；已满20年的，年休假15天。", "工作了12年，年休假有几天？", "10天"),
        ("累计工作已满1年不满10年的，年休假5天；已满10年不满20年的，年休假10天；已满20年的，年休假15天。", "工龄10年 年休假 几天", "10天"),
        ("合同期限三个月以上不满一年的，试用期不得超过一个月；一年以上不满三年的，试用期不得超过二个月；三年以上的合同，试用期不得超过六个月。", "合同签3年半，试用期最长多久？", "不得超过六个月"),
        ("逾期不缴的，自逾期之日起每日加收千分之五的滞纳金。", "逾期不缴每天加收多少滞纳金？", "千分之五"),
        ("丧葬补助金为6个月的平均工资，一次性工亡补助金为上一年度人均可支配收入的20倍。", "一次性工亡补助金是人均可支配收入的几倍？", "20倍"),
        ("小型客车不得超过每小时120公里，摩托车不得超过每小时80公里。", "摩托车最高能开到每小时多少公里？", "80公里"),
        # a range and an ordinal are not torn
        ("民办初中于4月15日至30日期间公布本校招生方案。", "招生方案要到哪几天公布？", "4月15日至30日"),
        ("区属学校于毕业考试后第1天下午开展录取工作。", "毕业考试后什么时候录取？", "第1天"),
        ("设立二十四小时服务电话，每年检查一次。", "多久检查一次？", "每年检查一次"),
        # fines
        ("未备案即投入使用的，处5000元以上2万元以下罚款。", "未备案就投入使用罚多少？", "5000元以上2万元以下"),
        ("没有违法所得的，处3000元罚款；有违法所得的，处违法所得一倍罚款。", "没有违法所得的罚多少元？", "3000元"),
    ],
)  # fmt: skip
def test_the_figure_asked_for(sentence: str, question: str, answer: str) -> None:
    assert best(sentence, question) == answer


def test_a_deed_that_is_not_named_counts_against_a_figure() -> None:
    fund, reward = "设立20亿元产业基金。", "对通过认定的企业给予20万元奖励。"
    fit_of = {s: max(c.fit for c in read(s, "通过认定的企业奖励多少？")) for s in (fund, reward)}
    assert fit_of[fund] < fit_of[reward]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("amount", "给予最高 100 万元、50万元奖励", ["最高 100 万元", "50万元"]),
        ("amount", "处1000元以上3000元以下罚款", ["1000元以上3000元以下"]),
        ("amount", "总人口100万人", []),
        ("amount", "处违法所得一倍以上五倍以下罚款", ["一倍以上五倍以下"]),
        ("amount", "补贴500元至1000元", ["500元至1000元"]),
        ("amount", "一次性补助五千元", ["五千元"]),
        ("ratio", "百分之十以上百分之三十以下", ["百分之十以上百分之三十以下"]),
        ("ratio", "分别为10%和12%", ["10%", "12%"]),
        ("period", "处三日以上十五日以下拘留", ["三日以上十五日以下"]),
        ("period", "上一年度平均工资，开通24小时热线", []),
        ("ratio", "按12%给予补贴，提高5个百分点", ["12%", "5个百分点"]),
        ("ratio", "三分之二以上业主，按6：4分担", ["三分之二", "6：4"]),
        ("count", "培育80家企业、1.5万人", ["80家", "1.5万人"]),
        ("date", "自2025年10月1日起施行，2026年底前完成", ["自2025年10月1日起", "2026年底前"]),
        ("period", "应当在10个工作日内答复，每半年检查一次", ["10个工作日内", "每半年检查一次"]),
        ("period", "自2020年5月1日至2020年12月31日", []),
        ("period", "5个、15个工作日以内", ["5个工作日以内", "15个工作日以内"]),
    ],
)
def test_what_a_figure_looks_like(kind: str, text: str, expected: list[str]) -> None:
    assert [v.text for v in values(text, kind)] == expected


@given(
    st.text(alphabet="一二三十百万亿元个家年月日天%0123456789、，。至到每不超过最高以上由压减为", max_size=60),
    st.sampled_from(sorted(PATTERNS)),
)
def test_values_lie_in_the_text_in_order(text: str, kind: str) -> None:
    found = values(text, kind)
    assert all(0 <= v.start < v.end <= len(text) and v.text for v in found)
    assert [v.start for v in found] == sorted(v.start for v in found)


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        ("对国家级、省级园区，分别给予最高100万元、50万元奖励。", "省级园区奖励多少？", "最高50万元"),
        ("对国家级、省级园区，分别给予不超过100万元、50万元补助。", "省级园区补助多少？", "不超过50万元"),
        ("对国家级、省级园区，分别给予100万元、最高50万元奖励。", "省级园区奖励多少？", "最高50万元"),
        ("对国家级、省级园区，分别给予100万元、50万元奖励。", "省级园区奖励多少？", "50万元"),
    ],
)
def test_a_cap_before_the_first_figure_of_a_list_is_that_of_all(text: str, question: str, said: str) -> None:
    assert best(text, question) == said


def test_a_date_that_dates_another_fact_is_not_when_to_do_something() -> None:
    text = "2005年12月31日前建成的住宅，可以申请补助。"
    candidates = [c for c in read(text, "什么时候去申请补助？") if "2005" in c.text]
    assert candidates and not any(c.found for c in candidates)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("第一条 变更班期的，应当在15日前向社会公布。", "变更班期要提前几天公布？", "15日前"),
        ("第一条 建设单位应当在开工七日前书面通知学校。", "建设单位要提前几天通知学校？", "七日前"),
    ],
)
def test_days_before(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer
