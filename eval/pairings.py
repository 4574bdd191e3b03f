"""Generated sentences of the "respectively" kind with a question and the right answer each; eval/respectively.py asks them.

Every case is a small document: the sentence that pairs members with values, and clauses with figures of their own around it.
Names, orders, numbers of members (2-6), units, wordings and nestings are drawn with a fixed seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from corpus.numerals import to_chinese
from eval.wordings import FIRST, HELD_BACK, SECOND, Words

Drawn = TypeVar("Drawn")

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

    def __init__(self, rng: random.Random, words: Words) -> None:
        self.rng, self.words = rng, words

    def one(self, texts: Sequence[Drawn]) -> Drawn:
        return self.rng.choice(texts)

    def members(self, low: int = 2, high: int = 6) -> list[str]:
        pool = list(self.one(self.words.pools))
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

    def percents(self, n: int) -> list[str]:
        return [f"{x}%" for x in self.rng.sample([5, 8, 10, 12, 15, 20, 25, 30, 40, 50], n)]

    def listed(self, parts: Sequence[str]) -> str:
        return "、".join(parts[:-1]) + self.rng.choice("、、和") + parts[-1]

    def deed(self) -> str:
        return self.one(self.words.deeds)

    def give(self, value: str, avoid: str = "\0") -> str:
        return self.one([g for g in self.words.gives if avoid not in g]).format(value)

    def ask(self, member: str) -> str:
        return self.one(self.words.asks).format(member)


Made = tuple[str, str, tuple[str, ...]]
"""A sentence, a question and the values that answer it."""
Pattern = Callable[[_Draw], Made]


def _respectively(d: _Draw) -> Made:
    """对A、B、C分别给予X、Y、Z."""
    members = d.members()
    values, cap = d.money(len(members)), d.one(("", "", "最高", "不超过"))
    pause, deed, i = d.one(("，", "")), d.deed(), d.rng.randrange(len(members))
    given = d.give(d.listed(values))
    if "按" not in given and "最高" not in given:
        given = given.replace(values[0], cap + values[0], 1)
    return f"对{deed}{d.listed(members)}{pause}分别{given}。", d.ask(members[i]), (values[i],)


def _in_turn(d: _Draw) -> Made:
    """A、B、C依次 / 各 X、Y、Z."""
    members = d.members()
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    before, after = d.one(d.words.turns)
    return f"{d.deed()}{d.listed(members)}，{before}{d.listed(values)}{after}。", d.ask(members[i]), (values[i],)


def _at_least(d: _Draw) -> Made:
    """A、B的比例分别不低于 X、Y."""
    n = d.rng.randint(2, 4)
    members, values = d.rng.sample(d.words.sorts, n), d.percents(n)
    noun, i = d.one(d.words.rates), d.rng.randrange(n)
    sentence = f"{d.listed(members)}的{noun}分别{d.one(d.words.bounds)}{d.listed(values)}。"
    return sentence, d.one(d.words.rate_asks).format(m=members[i], n=noun), (values[i],)


def _side_by_side(d: _Draw) -> Made:
    """国家级500万元、省级300万元."""
    members = d.members()
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    mark, cap = d.one("、，；"), d.one(("", "", "最高", "每家"))
    body = mark.join(f"{m}{cap}{v}" for m, v in zip(members, values, strict=True))
    return f"{d.one(d.words.leads)}{body}。", d.ask(members[i]), (values[i],)


def _clause_by_clause(d: _Draw) -> Made:
    """对A的，给予X；对B的，给予Y."""
    members = d.members(2, 5)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    deed, form = d.deed(), d.one(("对{d}{m}，{g}", "对{d}{m}{g}", "{d}{m}，{g}"))
    body = d.one("；，").join(form.format(d=deed, m=m, g=d.give(v)) for m, v in zip(members, values, strict=True))
    return f"{body}。", d.ask(members[i]), (values[i],)


_TRIAL = ("劳动合同期限", "试用期不得超过{}")


def _rungs(d: _Draw) -> tuple[list[str], str, str]:
    """The rungs of a ladder (不满一年的，…), a question, and the value that answers it."""
    kind = d.one(("years", "years", "money", "people"))
    if kind == "years":
        noun, what = d.one((*d.words.by_years, _TRIAL))
        steps = sorted(d.rng.sample([1, 2, 3, 5, 8, 10, 15], d.rng.randint(1, 3)))
        chinese = d.rng.random() < 0.5
        names = [(to_chinese(s) if chinese else str(s)) + "年" for s in steps]
    elif kind == "money":
        noun, what = d.one(d.words.by_money)
        steps = sorted(d.rng.sample([100, 500, 1000, 2000, 5000, 8000], d.rng.randint(1, 3)))
        names = [f"{s}万元" for s in steps]
    else:
        noun, what = d.one(d.words.by_people)
        steps = sorted(d.rng.sample([20, 50, 100, 200, 300, 500], d.rng.randint(1, 3)))
        names = [f"{s}人" for s in steps]
    heads = [f"{noun}{d.one(('不满', '不足'))}{names[0]}的"]
    for a, b in zip(names[:-1], names[1:], strict=True):
        heads.append(f"{a}以上{d.one(('不满', '不足', '、不满'))}{b}的")
    heads.append(f"{names[-1]}以上的")
    months = what == _TRIAL[1]
    values = (
        [f"{to_chinese(x)}个月" for x in sorted(d.rng.sample(range(1, 10), len(heads)))]
        if months
        else d.money(len(heads))
    )
    at = d.rng.randrange(len(heads))
    lower = steps[at - 1] if at else steps[0] / 4
    upper = steps[at] if at < len(steps) else steps[-1] * 2
    named = _said(lower if at and d.rng.random() < 0.3 else (lower + upper) / 2, kind, d)
    ask = "{n}{q}，试用期最长多久？" if months else d.one(d.words.rung_asks)
    rows = [f"{h}，{what.format(v)}" for h, v in zip(heads, values, strict=True)]
    return rows, ask.format(n=noun, q=named), values[at]


def _said(value: float, kind: str, d: _Draw) -> str:
    """A quantity as a person says it: 3年半, 18个月, 800万."""
    if kind == "years":
        whole, half = int(value), value - int(value) >= 0.5
        if value < 1:
            return f"{max(1, round(value * 12))}个月"
        if d.rng.random() < 0.3:
            return f"{round((whole + 0.5 * half) * 12)}个月"
        count = to_chinese(whole) if d.rng.random() < 0.4 else str(whole)
        return f"{'两' if count == '二' else count}年{'半' if half else ''}"
    if kind == "money":
        return f"{int(value)}{d.one(('万', '万元'))}"
    return f"{int(value)}人"


def _ladder(d: _Draw) -> Made:
    """不满一年的…；一年以上不满三年的…；三年以上的…"""
    rows, ask, value = _rungs(d)
    return f"{d.one('；；，').join(rows)}。", ask, (value,)


def _item_ladder(d: _Draw) -> Made:
    """（一）不满1年的，X；（二）1年以上不满3年的，Y."""
    rows, ask, value = _rungs(d)
    numbered = [f"（{to_chinese(k)}）{row}；" for k, row in enumerate(rows, 1)]
    return d.one(d.words.rung_heads) + "\n" + "\n".join(numbered).removesuffix("；") + "。", ask, (value,)


def _bracket(d: _Draw) -> Made:
    """投资额1000万元以下的按5%，1000万元至5000万元的按8% …"""
    noun, give = d.one(d.words.bases), d.one(d.words.shares)
    low, high = sorted(d.rng.sample([100, 300, 500, 1000, 2000, 5000], 2))
    values, i = d.percents(3), d.rng.randrange(3)
    middle = d.one(("以上{}万元以下", "（含）至{}万元", "—{}万元")).format(high)
    heads = (f"{low}万元以下的", f"{low}万元{middle}的", f"{high}万元以上的")
    body = "，".join(f"{noun}{h}，{give.format(v)}" for h, v in zip(heads, values, strict=True))
    asked = (low // 2, (low + high) // 2, high * 2)[i]
    return f"{body}。", d.one(d.words.share_asks).format(n=noun, q=asked), (values[i],)


def _thresholds(d: _Draw) -> Made:
    """首次达到2000万元、5000万元、1亿元的，分别给予X、Y、Z."""
    noun, reach, n = d.one(d.words.growth), d.one(d.words.reaches), d.rng.randint(2, 5)
    steps = sorted(d.rng.sample([500, 1000, 2000, 3000, 5000, 8000, 10000, 20000], n))
    names = [f"{s}万元" if s < 10000 or d.rng.random() < 0.3 else f"{s // 10000}亿元" for s in steps]
    values = [f"{x}万元" for x in sorted(d.rng.sample([6, 12, 18, 25, 35, 45, 65, 90], n))]
    i = d.rng.randrange(n)
    upper = steps[i + 1] if i + 1 < n else steps[i] * 2
    asked = steps[i] if d.rng.random() < 0.4 else (steps[i] + upper) // 2
    if reach.endswith("超过") and asked in steps:
        asked += 50
    sentence = f"{noun}{reach}{d.listed(names)}的企业，分别{d.give(d.listed(values))}。"
    return sentence, d.one(d.words.growth_asks).format(n=noun, q=asked), (values[i],)


def _of_which(d: _Draw) -> Made:
    """总额X，其中A Y、B Z."""
    phrase, whole = d.one(d.words.wholes)
    n = d.rng.randint(2, 4)
    members, parts = d.rng.sample(d.words.parts, n), d.rng.sample([120, 260, 340, 480, 560, 700], n)
    total = sum(parts) + d.one((0, 90))
    body = "、".join(f"{m}{p}万元" for m, p in zip(members, parts, strict=True))
    sentence = f"全年{phrase}{total}万元，其中{d.one(('用于', ''))}{body}。"
    if d.rng.random() < 0.35:
        return sentence, d.one(d.words.whole_asks).format(w=whole), (f"{total}万元",)
    i = d.rng.randrange(n)
    return sentence, d.one(d.words.part_asks).format(w=whole, m=members[i]), (f"{parts[i]}万元",)


def _caps(d: _Draw) -> Made:
    """按X%给予补助，单个企业每年最高Y，累计不超过Z."""
    noun, ratio = d.one(d.words.costs), d.percents(1)[0]
    year, total = sorted(d.rng.sample([20, 30, 50, 80, 100, 200, 300, 500, 1000], 2))
    caps = f"{d.one(d.words.units)}每年最高{year}万元，{d.one(d.words.totals)}{total}万元"
    asks, value = d.one(
        ((d.words.year_asks, f"{year}万元"), (d.words.total_asks, f"{total}万元"), (d.words.ratio_asks, ratio))
    )
    return f"按照{noun}的{ratio}给予补助，{caps}。", d.one(asks).format(n=noun), (value,)


def _shared(d: _Draw) -> Made:
    """对A和B均给予X，对C给予Y."""
    members, values, word = d.members(3, 4), d.money(2), d.one(d.words.alike)
    cut = d.rng.randint(1, len(members) - 1)
    pieces = []
    for deed, group, value in ((d.deed(), members[:cut], values[0]), ("", members[cut:], values[1])):
        who, alike = (d.listed(group), word) if len(group) > 1 else (group[0], "")
        pieces.append(f"对{deed}{who}{alike}{d.one(('给予', '奖励'))}{value}")
    i = d.rng.randrange(len(members))
    return f"{d.one('，；').join(pieces)}。", d.ask(members[i]), (values[0] if i < cut else values[1],)


def _items(d: _Draw) -> Made:
    """（一）A：X；（二）B：Y."""
    members = d.members(2, 5)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    form = d.one(("对{m}，{g}", "{m}：{v}", "{m}，{g}", "{m}{g}"))
    rows = [
        f"（{to_chinese(k)}）{form.format(m=m, v=v, g=d.give(v))}{'。' if k == len(members) else '；'}"
        for k, (m, v) in enumerate(zip(members, values, strict=True), 1)
    ]
    return d.one(d.words.item_heads).format(d.deed()) + "\n" + "\n".join(rows), d.ask(members[i]), (values[i],)


def _group_and_rank(d: _Draw) -> Made:
    """国家级的一、二、三等奖分别X、Y、Z；省级的一、二、三等奖分别 …"""
    groups, n = d.rng.sample(d.words.groups, 2), d.rng.randint(2, 3)
    ranks, short = ["一等奖", "二等奖", "三等奖"][:n], "、".join("一二三"[:n]) + "等奖"
    noun, (give, prize) = d.one(d.words.contests), d.one(d.words.prizes)
    values = d.rng.sample([5, 8, 10, 15, 20, 30, 50, 80, 100], 2 * n)
    pieces = []
    for k, group in enumerate(groups):
        given = "、".join(f"{v}万元" for v in values[k * n : (k + 1) * n])
        names = d.one((short, "、".join(ranks)))
        pieces.append(f"对获得{group}{noun}{names}的，分别{give}{given}{prize}")
    g, r = d.rng.randrange(2), d.rng.randrange(n)
    ask = d.one(d.words.prize_asks).format(g=groups[g], n=noun, r=ranks[r])
    return f"{d.one('；，').join(pieces)}。", ask, (f"{values[g * n + r]}万元",)


def _short_ranks(d: _Draw) -> Made:
    """一、二、三等奖各奖X、Y、Z; 国家、省、市级 …"""
    short, full = d.one(d.words.shorts)
    noun, values, i = d.one(d.words.bodies), d.money(3), d.rng.randrange(3)
    prize = full[i].endswith("奖")
    head = f"获得{noun}{short}的" if prize else f"获评{short}{noun}的"
    asked = f"{noun}{full[i]}" if prize else f"{full[i]}{noun}"
    return f"{head}，{d.one(d.words.short_gives)}{d.listed(values)}。", d.ask(asked), (values[i],)


def _values_first(d: _Draw) -> Made:
    """分别按X、Y的标准奖励A、B."""
    members = d.members(2, 4)
    values, i = d.money(len(members)), d.rng.randrange(len(members))
    sentence = f"市财政分别按{d.listed(values)}的标准{d.one(d.words.pays)}{d.deed()}{d.listed(members)}。"
    return sentence, d.ask(members[i]), (values[i],)


def _nouns_behind(d: _Draw) -> Made:
    """建成35个A、16个B和4个C."""
    n, verb = d.rng.randint(2, 5), d.one(d.words.counts)
    members = d.rng.sample(d.words.counted, n)
    values = [f"{x}个" for x in d.rng.sample(range(3, 300), n)]
    i = d.rng.randrange(n)
    body = d.listed([f"{v}{m}" for v, m in zip(values, members, strict=True)])
    return f"{verb}{body}。", d.one(d.words.count_asks).format(v=verb, m=members[i]), (values[i],)


_COLOURS = ("红色", "橙色", "黄色", "蓝色", "紫色")
_OFFICES = ("市水务局", "市公安局", "市教育局", "市民政局", "市商务局", "市卫生健康委")


def _words(d: _Draw) -> Made:
    """A、B、C分别用红色、黄色、蓝色表示; 分别由X、Y牵头."""
    n = d.rng.randint(2, 4)
    i = d.rng.randrange(n)
    if d.rng.random() < 0.5:
        topic, verb, values = d.one(d.words.colour_topics), d.one(d.words.colour_verbs), d.rng.sample(_COLOURS, n)
        ask = d.one(d.words.colour_asks).format(t=topic, r=d.words.colour_ranks[i])
        return (
            f"{topic}分为{d.listed(d.words.colour_ranks[:n])}，分别{verb.format(d.listed(values))}。",
            ask,
            (values[i],),
        )
    names, values = d.rng.sample(d.words.teams, n), d.rng.sample(_OFFICES, n)
    return f"{d.listed(names)}分别由{d.listed(values)}牵头。", d.one(d.words.team_asks).format(names[i]), (values[i],)


def _all(d: _Draw) -> Made:
    """A question about all members gets all values."""
    members = d.members(2, 5)
    values, deed = d.money(len(members)), d.deed()
    if d.rng.random() < 0.6:
        sentence = f"对{deed}{d.listed(members)}，分别{d.give(d.listed(values))}。"
    else:
        body = d.one("，；").join(f"对{deed}{m}{d.give(v)}" for m, v in zip(members, values, strict=True))
        sentence = f"{body}。"
    return sentence, deed.rstrip("的") + "的，" + d.one(d.words.asks_all), tuple(values)


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


_SETS = (FIRST, SECOND, FIRST, SECOND, HELD_BACK)


def generate(count: int = COUNT, seed: int = SEED) -> Iterator[Case]:
    """`count` cases over all patterns in turn, every fifth of them in the wordings held back."""
    rng = random.Random(seed)
    names = list(PATTERNS)
    for number in range(count):
        name, words = names[number % len(names)], _SETS[number // len(names) % len(_SETS)]
        sentence, question, answers = PATTERNS[name](_Draw(rng, words))
        before, after = rng.sample(_NOISE, 2)
        rows = (
            f"第一条　为了促进发展，制定本措施。{before}",
            f"第二条　{sentence}",
            f"第三条　{after}",
        )
        text = f"{rng.choice(_TITLES)}\n\n" + "\n".join(rows) + "\n"
        yield Case(name, text, question, answers, words is HELD_BACK)
