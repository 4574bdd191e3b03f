"""Generated sentences of the "respectively" kind with a question and the right answer each; eval/respectively.py asks them.

Every case is a small document: the sentence that pairs members with values, and clauses with figures of their own around it.
Names, orders, numbers of members (2-6), units, wordings and nestings are drawn with a fixed seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from corpus.numerals import to_chinese

SEED = 20261121
COUNT = 2400


@dataclass(frozen=True, slots=True)
class Case:
    """One document with a question; `answers` are the values that must be said, in order, and nothing else."""

    pattern: str
    text: str
    question: str
    answers: tuple[str, ...]
    held_back: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Wordings to draw from; of those held back there is a second set."""

    pools: tuple[tuple[str, ...], ...]
    deeds: tuple[str, ...]
    gives: tuple[str, ...]
    asks: tuple[str, ...]
    asks_all: tuple[str, ...]
    things: tuple[str, ...] = field(default=("奖励",))


SEEN = Words(
    pools=(
        ("国家级企业技术中心", "省级企业技术中心", "市级企业技术中心", "县级企业技术中心"),
        ("国家级孵化器", "省级孵化器", "市级孵化器"),
        ("一等奖项目", "二等奖项目", "三等奖项目"),
        ("博士研究生", "硕士研究生", "本科毕业生", "大专毕业生"),
        ("养老机构", "托育园", "社区食堂", "便民菜场", "快递驿站", "家政门店"),
        ("5A级景区", "4A级景区", "3A级景区"),
        ("规上工业企业", "限上商贸企业", "资质内建筑企业", "规上服务业企业"),
        ("重度残疾人", "中度残疾人", "轻度残疾人"),
        ("世界500强企业", "中国500强企业", "民营500强企业"),
        ("牵头单位", "参与单位", "协作单位"),
    ),
    deeds=("新认定的", "首次获评的", "通过验收的", "经考核合格的", "新引进的"),
    gives=("给予{}奖励", "给予{}一次性奖励", "奖励{}", "给予{}补助", "按照{}的标准给予补贴"),
    asks=("{}奖励多少？", "{}能拿多少钱？", "我们是{}，给多少？", "{} 奖励金额", "请问{}可以获得多少补助？"),
    asks_all=("各类对象分别奖励多少？", "几类对象分别能拿多少钱？", "每一类各给多少？"),
)
HELD = Words(
    pools=(
        ("国际级众创空间", "国家级众创空间", "省级众创空间", "市级众创空间"),
        ("特等奖作品", "一等奖作品", "二等奖作品", "优秀奖作品"),
        ("正高级工程师", "副高级工程师", "中级工程师", "初级工程师"),
        ("甲级写字楼", "乙级写字楼", "丙级写字楼"),
        ("村卫生室", "乡镇卫生院", "县级医院", "民营诊所", "社区护理站", "急救站"),
        ("五星级饭店", "四星级饭店", "三星级饭店"),
        ("金奖绿色工厂", "银奖绿色工厂", "铜奖绿色工厂"),
        ("远洋航线", "近洋航线", "内河航线", "支线航线"),
        ("高级技师", "技师", "高级工", "中级工"),
        ("农民专业合作社", "家庭农场", "农业龙头企业", "种粮大户"),
    ),
    deeds=("当年建成的", "纳入名录的", "完成备案的", "评定达标的", "正式挂牌的"),
    gives=("一次性补助{}", "予以{}资金支持", "由市财政给予{}的经费资助", "安排{}的扶持资金", "兑现{}奖补"),
    asks=(
        "{}到手有几万？",
        "要是{}的话，补多少？",
        "{} 扶持标准",
        "想问下{}这块市里给多少资金",
        "一家{}能领到的钱是多少？",
    ),
    asks_all=("不同类别的标准分别是多少？", "各档都是多少？", "请列出各类的额度"),
)

_NOISE = (
    "本市设立总规模20亿元的产业引导基金，重点支持战略性新兴产业。",
    "申报材料应当在每年6月30日前报送至市发展和改革部门。",
    "企业研发费用加计扣除按照国家有关规定执行，扣除比例为100%。",
    "到2027年，全市建成公共服务平台45个，培育骨干企业120家。",
    "各县（市、区）应当在15个工作日内完成审核并公示5个工作日。",
    "弄虚作假骗取资金的，追回已拨付资金，3年内不得申报。",
    "同一事项按照就高不重复的原则执行。",
    "鼓励金融机构开发专属产品，单户贷款额度一般为1000万元。",
    "市财政部门会同主管部门每年开展绩效评价。",
    "项目建设周期一般为2年，最长可以延长6个月。",
    "培训机构的师生比原则上为1：20。",
)
_TITLES = ("澜江市促进产业发展若干措施", "澜江市公共服务提升办法", "云泽县专项资金管理细则")


class _Draw:
    """Draws of one case."""

    def __init__(self, rng: random.Random, held: bool) -> None:
        self.rng, self.held = rng, held
        self.words = HELD if held else SEEN

    def members(self, low: int = 2, high: int = 6) -> list[str]:
        pool = list(self.rng.choice(self.words.pools))
        n = self.rng.randint(low, min(high, len(pool)))
        if self.rng.random() < 0.5:
            start = self.rng.randint(0, len(pool) - n)
            return pool[start : start + n]
        return self.rng.sample(pool, n)

    def money(self, n: int) -> list[str]:
        form = self.rng.random()
        if form < 0.6:
            figures = self.rng.sample([5, 8, 10, 15, 20, 30, 50, 60, 80, 100, 150, 200, 300, 400, 500, 800, 1200], n)
            return [f"{x}万元" for x in sorted(figures, reverse=self.rng.random() < 0.8)]
        if form < 0.8:
            return [f"{x}元" for x in self.rng.sample([200, 300, 450, 500, 600, 800, 1000, 1500, 2000, 3000, 5000], n)]
        figures = self.rng.sample([10, 20, 30, 50, 60, 80, 100, 150, 200], n)
        return [to_chinese(x) + "万元" for x in figures]

    def shares(self, n: int) -> list[str]:
        return [f"{x}%" for x in self.rng.sample([5, 8, 10, 12, 15, 20, 25, 30, 40, 50], n)]

    def listed(self, parts: Sequence[str]) -> str:
        return "、".join(parts[:-1]) + self.rng.choice("、、和") + parts[-1]

    def deed(self) -> str:
        return self.rng.choice(self.words.deeds)

    def give(self, value: str, avoid: str = "") -> str:
        forms = [g for g in self.words.gives if not avoid or avoid not in g]
        return self.rng.choice(forms).format(value)

    def ask(self, member: str) -> str:
        return self.rng.choice(self.words.asks).format(member)


Pattern = Callable[[_Draw], tuple[str, str, tuple[str, ...]]]
"""A pattern draws a sentence, a question and the values that answer it."""


def _respectively(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """对A、B、C分别给予X、Y、Z."""
    members = d.members()
    values, cap = d.money(len(members)), d.rng.choice(("", "", "最高", "不超过"))
    pause, deed, i = d.rng.choice(("，", "")), d.deed(), d.rng.randrange(len(members))
    given = d.give(cap + d.listed(values), "按照")
    if given.startswith("由市财政"):
        given = given.removeprefix("由市财政")
    return f"对{deed}{d.listed(members)}{pause}分别{given}。", d.ask(members[i]), (values[i],)


def _in_turn(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """A、B、C依次 / 各 X、Y、Z."""
    members = d.members()
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    word = d.rng.choice(("依次给予", "依次按照", "各给予") if not d.held else ("依次补助", "依次为", "各补助"))
    tail = "的标准给予奖励" if word == "依次按照" else "" if word == "依次为" else "奖励" if not d.held else ""
    return f"{d.deed()}{d.listed(members)}，{word}{d.listed(values)}{tail}。", d.ask(members[i]), (values[i],)


def _at_least(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """A、B的比例分别不低于 X、Y."""
    pool = (
        ("新建住宅", "商业建筑", "公共建筑", "工业厂房") if not d.held else ("主干路", "次干路", "支路", "园区内部路")
    )
    n = d.rng.randint(2, 4)
    members, values = d.rng.sample(pool, n), d.shares(n)
    noun = d.rng.choice(("绿地率", "装配率", "配建充电设施的比例") if not d.held else ("绿化覆盖率", "透水铺装率"))
    bound = d.rng.choice(("不低于", "不得低于", "不超过") if not d.held else ("不少于", "应当达到", "不得高于"))
    i = d.rng.randrange(n)
    ask = d.rng.choice(
        ("{m}的{n}是多少？", "{m}{n}要求百分之几？") if not d.held else ("{m} {n} 指标", "{m}这类，{n}得做到多少？")
    )
    return f"{d.listed(members)}的{noun}分别{bound}{d.listed(values)}。", ask.format(m=members[i], n=noun), (values[i],)


def _side_by_side(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """国家级500万元、省级300万元."""
    members = d.members()
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    lead = d.rng.choice(
        ("奖励标准为：", "具体标准如下：", f"对{d.deed()}单位给予奖励，", "")
        if not d.held
        else ("其标准是：", "按下列额度兑现：", "扶持额度：")
    )
    mark = d.rng.choice("、，；")
    cap = d.rng.choice(("", "", "最高", "每家"))
    body = mark.join(f"{m}{cap}{v}" for m, v in zip(members, values, strict=True))
    return f"{lead}{body}。", d.ask(members[i]), (values[i],)


def _clause_by_clause(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """对A的，给予X；对B的，给予Y."""
    members = d.members(2, 5)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    deed, form = d.deed(), d.rng.choice(("对{d}{m}，{g}", "对{d}{m}{g}", "{d}{m}，{g}"))
    mark = d.rng.choice("；，")
    body = mark.join(form.format(d=deed, m=m, g=d.give(v)) for m, v in zip(members, values, strict=True))
    return f"{body}。", d.ask(members[i]), (values[i],)


def _ladder(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """不满一年的…；一年以上不满三年的…；三年以上的…"""
    kind = d.rng.choice(("years", "money", "people"))
    if kind == "years":
        noun, what = d.rng.choice(
            (
                ("劳动合同期限", "试用期不得超过{}"),
                ("缴存公积金的年限", "贷款额度最高{}"),
                ("在本市工作年限", "补贴标准为每月{}"),
            )
            if not d.held
            else (("承租期限", "押金按{}收取"), ("连续参保时间", "津贴按每月{}发放"))
        )
        steps = sorted(d.rng.sample([1, 2, 3, 5, 8, 10, 15], d.rng.randint(1, 3)))
        chinese = d.rng.random() < 0.5
        names = [(to_chinese(s) if chinese else str(s)) + "年" for s in steps]
    elif kind == "money":
        noun, what = d.rng.choice(
            (("年度营业收入", "给予{}奖励"), ("注册资本", "登记费为{}"), ("设备投资额", "补助{}"))
            if not d.held
            else (("合同成交额", "兑现{}奖补"), ("货值金额", "缴纳{}保证金"))
        )
        steps = sorted(d.rng.sample([100, 500, 1000, 2000, 5000, 8000], d.rng.randint(1, 3)))
        names = [f"{s}万元" for s in steps]
    else:
        noun, what = d.rng.choice(
            (("从业人员", "补助{}"), ("在园幼儿", "每年安排{}"))
            if not d.held
            else (("入住老人", "拨付{}运营经费"), ("参训学员", "给予{}教学补贴"))
        )
        steps = sorted(d.rng.sample([20, 50, 100, 200, 300, 500], d.rng.randint(1, 3)))
        names = [f"{s}人" for s in steps]
    rungs = [f"{noun}{d.rng.choice(('不满', '不足'))}{names[0]}的"]
    for a, b in zip(names[:-1], names[1:], strict=True):
        rungs.append(f"{a}以上{d.rng.choice(('不满', '不足', '、不满'))}{b}的")
    rungs.append(f"{names[-1]}以上的")
    months = noun == "劳动合同期限"
    values = (
        [f"{to_chinese(x)}个月" for x in sorted(d.rng.sample(range(1, 10), len(rungs)))]
        if months
        else d.money(len(rungs))
    )
    mark = d.rng.choice("；；，")
    body = mark.join(f"{r}，{what.format(v)}" for r, v in zip(rungs, values, strict=True))
    at = d.rng.randrange(len(rungs))
    lower = steps[at - 1] if at else steps[0] / 4
    upper = steps[at] if at < len(steps) else steps[-1] * 2
    inside = lower if at and d.rng.random() < 0.3 else (lower + upper) / 2
    named = _said(inside, kind, d)
    value_noun = (
        "试用期最长多久"
        if months
        else d.rng.choice(("多少钱", "标准是多少") if not d.held else ("金额是几何、多少", "能有多少"))
    )
    ask = d.rng.choice(
        (f"{noun}{named}，{value_noun}？", f"{noun}是{named}的，{value_noun}？")
        if not d.held
        else (f"如果{noun}为{named}呢，{value_noun}？", f"{noun} {named} {value_noun}")
    )
    return f"{body}。", ask, (values[at],)


def _said(value: float, kind: str, d: _Draw) -> str:
    """A quantity as a person says it: 3年半, 18个月, 800万."""
    if kind == "years":
        whole, half = int(value), value - int(value) >= 0.5
        if value < 1:
            return f"{max(1, round(value * 12))}个月"
        if d.rng.random() < 0.3:
            return f"{round((whole + 0.5 * half) * 12)}个月"
        count = to_chinese(whole) if d.rng.random() < 0.4 else str(whole)
        return f"{count.replace('二', '两') if count == '二' else count}年{'半' if half else ''}"
    if kind == "money":
        whole = int(value)
        return d.rng.choice((f"{whole}万", f"{whole}万元"))
    return f"{int(value)}人"


def _bracket(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """投资额1000万元以下的部分按5%，1000万元至5000万元的按8% …"""
    noun = d.rng.choice(
        ("设备投资", "贷款利息", "技术合同成交额") if not d.held else ("进口额", "租金支出", "研发投入")
    )
    steps = sorted(d.rng.sample([100, 300, 500, 1000, 2000, 5000], 2))
    values = d.shares(3)
    range_word = d.rng.choice(("以上{}万元以下", "（含）至{}万元", "—{}万元"))
    rungs = (
        f"{steps[0]}万元以下的",
        f"{steps[0]}万元{range_word.format(steps[1])}的",
        f"{steps[1]}万元以上的",
    )
    give = d.rng.choice(("按{}给予补助", "补助比例为{}") if not d.held else ("按{}的比例贴补", "补贴率为{}"))
    i = d.rng.randrange(3)
    inside = (steps[0] // 2, (steps[0] + steps[1]) // 2, steps[1] * 2)[i]
    body = "，".join(f"{noun}{r}，{give.format(v)}" for r, v in zip(rungs, values, strict=True))
    ask = d.rng.choice(
        (f"{noun}有{inside}万元，补助比例是多少？", f"{noun}{inside}万，按百分之几补？")
        if not d.held
        else (f"{noun}一共{inside}万，补贴比例多高？百分之多少", f"{noun} {inside}万元 比例")
    )
    return f"{body}。", ask, (values[i],)


def _thresholds(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """首次达到2000万元、5000万元、1亿元的，分别给予X、Y、Z."""
    noun = d.rng.choice(
        ("年销售收入", "年进出口额", "年度研发费用") if not d.held else ("年交易额", "固定资产投资", "年产值")
    )
    n = d.rng.randint(2, 5)
    steps = sorted(d.rng.sample([500, 1000, 2000, 3000, 5000, 8000, 10000, 20000], n))
    names = [f"{s}万元" if s < 10000 or d.rng.random() < 0.3 else f"{s // 10000}亿元" for s in steps]
    values = [f"{x}万元" for x in sorted(d.rng.sample([6, 12, 18, 25, 35, 45, 65, 90], n))]
    reach = d.rng.choice(("首次突破", "达到", "首次达到") if not d.held else ("超过", "首次跨上", "迈过"))
    i = d.rng.randrange(n)
    exact = d.rng.random() < 0.4
    upper = steps[i + 1] if i + 1 < n else steps[i] * 2
    asked = steps[i] if exact else (steps[i] + upper) // 2
    ask = d.rng.choice(
        (f"{noun}到了{asked}万元奖多少？", f"{noun}{asked}万，奖励多少？")
        if not d.held
        else (f"{noun}做到{asked}万，给多少资金", f"{noun} {asked}万元 奖补金额")
    )
    if reach == "超过" and exact:
        ask = ask.replace(f"{asked}万", f"{asked + 50}万")
    return (
        f"{noun}{reach}{d.listed(names)}的企业，分别{d.give(d.listed(values), '按照').removeprefix('由市财政')}。",
        ask,
        (values[i],),
    )


def _of_which(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """总额X，其中A Y、B Z."""
    whole = d.rng.choice(
        (("安排专项资金", "专项资金"), ("完成总投资", "总投资"), ("下达补助资金", "补助资金"))
        if not d.held
        else (("统筹整合资金", "整合资金"), ("核定预算", "预算"))
    )
    pool = (
        ("道路改造", "污水处理", "老旧小区整治", "智慧停车")
        if not d.held
        else ("河道清淤", "校舍维修", "农房改善", "供水管网")
    )
    n = d.rng.randint(2, 4)
    members, parts = d.rng.sample(pool, n), d.rng.sample([120, 260, 340, 480, 560, 700], n)
    total = sum(parts) + d.rng.choice((0, 90))
    body = "、".join(f"{m}{p}万元" for m, p in zip(members, parts, strict=True))
    sentence = f"全年{whole[0]}{total}万元，其中{d.rng.choice(('用于', ''))}{body}。"
    if d.rng.random() < 0.35:
        ask = d.rng.choice(
            ("全年{w}一共多少？", "{w}总共多少万元？") if not d.held else ("{w}合计有多少钱？", "{w} 总额 多少")
        )
        return sentence, ask.format(w=whole[1]), (f"{total}万元",)
    i = d.rng.randrange(n)
    ask = d.rng.choice(
        ("{w}里{m}有多少？", "{m}安排了多少资金？") if not d.held else ("{m}这块分到多少钱？", "{m} {w} 多少万元")
    )
    return sentence, ask.format(w=whole[1], m=members[i]), (f"{parts[i]}万元",)


def _caps(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """按X%给予补助，单个企业每年最高Y，累计不超过Z."""
    noun = d.rng.choice(
        ("实际投入", "贷款利息", "审计后投资额") if not d.held else ("实缴保费", "年度租金", "设备购置费")
    )
    ratio, (total, year) = (
        d.shares(1)[0],
        sorted(d.rng.sample([20, 30, 50, 80, 100, 200, 300, 500, 1000], 2), reverse=True),
    )
    unit = d.rng.choice(("单个企业", "单个项目", "每家企业") if not d.held else ("同一主体", "单户", "每个机构"))
    last = d.rng.choice(("累计不超过", "累计最高") if not d.held else ("总额不超过", "合计不超过"))
    sentence = f"按照{noun}的{ratio}给予补助，{unit}每年最高{year}万元，{last}{total}万元。"
    asks = (
        (f"{noun}补助每年最高多少？", f"{year}万元"),
        (f"{noun}的补助{'累计' if not d.held else '总共'}最多能拿多少？", f"{total}万元"),
        (f"{noun}按百分之几补助？" if not d.held else f"{noun}补助比例是多少", ratio),
    )
    question, value = d.rng.choice(asks)
    return sentence, question, (value,)


def _shared(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """对A和B均给予X，对C给予Y."""
    members = d.members(3, 4)
    values = d.money(2)
    word = d.rng.choice(("均", "都", "一律") if not d.held else ("同样", "统一", "皆"))
    cut = d.rng.randint(1, len(members) - 1)
    groups = (members[:cut], members[cut:])
    pieces = [
        f"对{d.deed() if k == 0 else ''}{d.listed(g) if len(g) > 1 else g[0]}{word if len(g) > 1 else ''}{d.rng.choice(('给予', '奖励'))}{v}"
        for k, (g, v) in enumerate(zip(groups, values, strict=True))
    ]
    i = d.rng.randrange(len(members))
    return f"{d.rng.choice('，；').join(pieces)}。", d.ask(members[i]), (values[0] if i < cut else values[1],)


def _items(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """（一）A：X；（二）B：Y."""
    members = d.members(2, 5)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    deed = d.deed()
    form = d.rng.choice(("对{m}，{g}", "{m}：{v}", "{m}，{g}", "{m}{g}"))
    rows = [
        f"（{to_chinese(k)}）{form.format(m=m, v=v, g=d.give(v))}{'。' if k == len(members) else '；'}"
        for k, (m, v) in enumerate(zip(members, values, strict=True), 1)
    ]
    head = d.rng.choice(
        ("对{}下列对象给予奖励：", "{}单位按照以下标准补助：")
        if not d.held
        else ("{}对象扶持额度如下：", "对{}主体按下列规定兑现：")
    )
    return head.format(deed) + "\n" + "\n".join(rows), d.ask(members[i]), (values[i],)


def _item_ladder(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """（一）不满1年的，X；（二）1年以上不满3年的，Y."""
    sentence, ask, values = _ladder(d)
    rungs = re.split(r"[；。]", sentence.replace("的，", "的#").replace("；", "，"))[0].split("，")
    rows = [f"（{to_chinese(k)}）{r.replace('的#', '的，')}；" for k, r in enumerate(rungs, 1)]
    head = "按照下列规定执行：" if not d.held else "分档办理："
    return head + "\n" + "\n".join(rows).rstrip("；") + "。", ask, values


def _group_and_rank(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """国家级的一、二、三等奖分别X、Y、Z；省级的一、二、三等奖分别 …"""
    groups = d.rng.sample(("国家级", "省级", "市级") if not d.held else ("全国赛", "全省赛", "全市赛"), 2)
    n = d.rng.randint(2, 3)
    ranks = ["一等奖", "二等奖", "三等奖"][:n]
    short = "、".join(["一", "二", "三"][:n]) + "等奖"
    noun = d.rng.choice(("科技进步奖", "技能竞赛") if not d.held else ("创新创业大赛", "设计评选"))
    values = d.rng.sample([5, 8, 10, 15, 20, 30, 50, 80, 100], 2 * n)
    pieces = []
    for k, group in enumerate(groups):
        given = "、".join(f"{v}万元" for v in values[k * n : (k + 1) * n])
        names = short if d.rng.random() < 0.5 else "、".join(ranks)
        pieces.append(
            f"对获得{group}{noun}{names}的，分别{'给予' if not d.held else '予以'}{given}{'奖励' if not d.held else '资助'}"
        )
    g, r = d.rng.randrange(2), d.rng.randrange(n)
    ask = d.rng.choice(
        ("拿了{g}{n}{r}，奖多少？", "{g}{n}{r}奖励多少钱？")
        if not d.held
        else ("{g}{n}得了{r}，能领多少？", "{g} {n} {r} 奖金")
    )
    return (
        f"{d.rng.choice('；，').join(pieces)}。",
        ask.format(g=groups[g], n=noun, r=ranks[r]),
        (f"{values[g * n + r]}万元",),
    )


def _short_ranks(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """一、二、三等奖各奖X、Y、Z; 国家、省、市级 …"""
    short, full = d.rng.choice(
        (
            ("一、二、三等奖", ("一等奖", "二等奖", "三等奖")),
            ("国家、省、市级", ("国家级", "省级", "市级")),
            ("一、二、三级", ("一级", "二级", "三级")),
        )
        if not d.held
        else (
            ("特、一、二等奖", ("特等奖", "一等奖", "二等奖")),
            ("甲、乙、丙级", ("甲级", "乙级", "丙级")),
            ("A、B、C类", ("A类", "B类", "C类")),
        )
    )
    noun = d.rng.choice(("示范单位", "创新团队", "服务平台") if not d.held else ("实训基地", "养老院", "特色街区"))
    values, i = d.money(3), d.rng.randrange(3)
    word = d.rng.choice(("分别奖励", "各奖", "分别给予") if not d.held else ("分别资助", "各补", "依次奖补"))
    full_noun = f"{full[i]}{noun}" if not full[i].endswith("奖") else f"{noun}{full[i]}"
    head = f"获评{short}{noun}的" if not full[i].endswith("奖") else f"获得{noun}{short}的"
    return f"{head}，{word}{d.listed(values)}。", d.ask(full_noun), (values[i],)


def _values_first(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """分别按X、Y的标准奖励A、B."""
    members = d.members(2, 4)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    verb = d.rng.choice(("奖励", "补助") if not d.held else ("发放给", "拨付给"))
    return f"市财政分别按{d.listed(values)}的标准{verb}{d.deed()}{d.listed(members)}。", d.ask(members[i]), (values[i],)


def _nouns_behind(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """建成35个A、16个B和4个C."""
    pool = (
        ("公共停车场", "口袋公园", "充电站", "社区食堂", "健身步道")
        if not d.held
        else ("非遗工坊", "村史馆", "图书驿站", "乡村民宿", "研学基地")
    )
    n = d.rng.randint(2, 5)
    members = d.rng.sample(pool, n)
    values = [f"{x}个" for x in d.rng.sample(range(3, 300), n)]
    verb = d.rng.choice(("全年建成", "新增", "计划建设") if not d.held else ("累计布局", "将打造", "年内落成"))
    i = d.rng.randrange(n)
    ask = d.rng.choice(("{v}多少个{m}？", "{m}{v}几个？") if not d.held else ("{m}的数量是多少个？", "一共有几个{m}"))
    body = d.listed([f"{v}{m}" for v, m in zip(values, members, strict=True)])
    return f"{verb}{body}。", ask.format(v=verb, m=members[i]), (values[i],)


def _words(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """A、B、C分别用红色、黄色、蓝色表示; 分别由X、Y牵头."""
    if d.rng.random() < 0.5:
        ranks = ("Ⅰ级", "Ⅱ级", "Ⅲ级", "Ⅳ级") if not d.held else ("一级", "二级", "三级", "四级")
        n = d.rng.randint(2, 4)
        values = d.rng.sample(("红色", "橙色", "黄色", "蓝色", "紫色"), n)
        verb = d.rng.choice(("用{}表示", "以{}标示") if not d.held else ("采用{}标识", "对应{}"))
        i = d.rng.randrange(n)
        topic = d.rng.choice(("高温预警", "内涝预警") if not d.held else ("拥堵提示", "水质警示"))
        ask = d.rng.choice(
            ("{t}{r}是什么颜色？", "{r}{t}用什么颜色？") if not d.held else ("{t}{r}对应哪种颜色？", "{t} {r} 什么颜色")
        )
        body = f"{topic}分为{d.listed(ranks[:n])}，分别{verb.format(d.listed(values))}。"
        return body, ask.format(t=topic, r=ranks[i]), (values[i],)
    groups = (
        ("抢险救援组", "交通保障组", "转移安置组", "医疗防疫组")
        if not d.held
        else ("宣传报道组", "物资调配组", "技术专家组", "善后处置组")
    )
    offices = ("市水务局", "市公安局", "市教育局", "市民政局", "市商务局", "市卫生健康委")
    n = d.rng.randint(2, 4)
    names, values = d.rng.sample(groups, n), d.rng.sample(offices, n)
    i = d.rng.randrange(n)
    ask = d.rng.choice(
        ("{}由哪个部门牵头？", "{}归哪个部门负责？") if not d.held else ("{}找哪个部门？", "{} 牵头部门")
    )
    return f"{d.listed(names)}分别由{d.listed(values)}牵头。", ask.format(names[i]), (values[i],)


def _all(d: _Draw) -> tuple[str, str, tuple[str, ...]]:
    """A question about all members gets all values."""
    members = d.members(2, 5)
    values, deed = d.money(len(members)), d.deed()
    if d.rng.random() < 0.6:
        given = d.give(d.listed(values), "按照").removeprefix("由市财政")
        sentence = f"对{deed}{d.listed(members)}，分别{given}。"
    else:
        mark = d.rng.choice("，；")
        body = mark.join(f"对{deed}{m}{d.give(v)}" for m, v in zip(members, values, strict=True))
        sentence = f"{body}。"
    return sentence, deed.rstrip("的") + "的，" + d.rng.choice(d.words.asks_all), tuple(values)


PATTERNS: dict[str, Pattern] = {
    "分别给予": _respectively,
    "分别不低于": _at_least,
    "依次、各": _in_turn,
    "并列而无分别": _side_by_side,
    "逐句并列": _clause_by_clause,
    "分档": _ladder,
    "分段比例": _bracket,
    "门槛分别": _thresholds,
    "其中": _of_which,
    "封顶": _caps,
    "均": _shared,
    "分项": _items,
    "分项分档": _item_ladder,
    "组别加等次": _group_and_rank,
    "省略写法": _short_ranks,
    "数值在前": _values_first,
    "名称在后": _nouns_behind,
    "数值是词语": _words,
    "问全部": _all,
}


def generate(count: int = COUNT, seed: int = SEED) -> Iterator[Case]:
    """`count` cases over all patterns in turn, every fourth of them in the wordings held back."""
    rng = random.Random(seed)
    names = list(PATTERNS)
    for number in range(count):
        name, held = names[number % len(names)], (number // len(names)) % 4 == 3
        sentence, question, answers = PATTERNS[name](_Draw(rng, held))
        before, after = rng.sample(_NOISE, 2)
        rows = [
            f"第一条　为了促进发展，制定本措施。{before}",
            f"第二条　{sentence}",
            f"第三条　{after}",
        ]
        yield Case(name, f"{rng.choice(_TITLES)}\n\n" + "\n".join(rows) + "\n", question, answers, held)
