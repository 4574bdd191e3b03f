"""Yes/no questions made from sentences of laws: `python -m index.training.reader.generated --shared ../shared --out FILE`.

A sentence that allows, forbids, demands or excuses (可以, 不得, 应当, 无需) gives questions in several forms about the same deed; the
answer follows from the pair of the sentence's word and the form. A threshold (18周岁以上, 不超过30日) gives questions about a
figure on either side of it. In half of the passages the deciding word is turned, and so is the answer, so that neither the deed nor
the form of the question gives it away. They teach where to look; the rows that people wrote teach the rest.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.numerals import to_chinese, to_int
from index.training.data import Article, read_laws
from index.training.lay import reword
from index.training.reader.data import lines

COUNT = 7_000
SEED = 5

CAN, CANNOT, MUST, NEED_NOT = "can", "cannot", "must", "need not"
WORDS = {
    "可以": CAN, "有权": CAN, "不得": CANNOT, "禁止": CANNOT, "严禁": CANNOT, "不能": CANNOT, "不予": CANNOT,
    "应当": MUST, "必须": MUST, "无需": NEED_NOT, "不需要": NEED_NOT, "可以不": NEED_NOT,
}  # fmt: skip
"""Words that decide, and what they say."""

TURNED = {"可以": "不得", "有权": "无权", "不得": "可以", "禁止": "允许", "严禁": "可以", "不能": "可以", "不予": "可以",
          "应当": "无需", "必须": "不需要", "无需": "应当", "不需要": "必须", "可以不": "应当"}  # fmt: skip
_TURNED_SAYS = {CAN: CANNOT, CANNOT: CAN, MUST: NEED_NOT, NEED_NOT: MUST}

FORMS: tuple[tuple[str, dict[str, bool]], ...] = (
    ("{who}能{deed}吗", {CAN: True, CANNOT: False}),
    ("{who}可不可以{deed}", {CAN: True, CANNOT: False}),
    ("{who}要是{deed}，行不行", {CAN: True, CANNOT: False}),
    ("{deed}，这样允许吗", {CAN: True, CANNOT: False}),
    ("{who}不能{deed}，对吧", {CAN: False, CANNOT: True}),
    ("是不是不让{deed}", {CAN: False, CANNOT: True}),
    ("{who}是不是禁止{deed}", {CAN: False, CANNOT: True}),
    ("{who}一定要{deed}吗", {MUST: True, NEED_NOT: False, CAN: False}),
    ("{who}要不要{deed}", {MUST: True, NEED_NOT: False}),
    ("{who}是不是得{deed}", {MUST: True, NEED_NOT: False}),
    ("{who}不{deed}也行吧", {MUST: False, NEED_NOT: True}),
    ("{who}可以不{deed}吗", {MUST: False, NEED_NOT: True}),
    ("{who}还用{deed}吗", {MUST: True, NEED_NOT: False}),
    ("{who}不用{deed}了吧", {MUST: False, NEED_NOT: True}),
)

_DECIDING = re.compile(
    r"(?P<who>[^，。；：、\s（）]{2,16}?)(?P<word>可以不|可以|有权|不得|禁止|严禁|不能|不予|应当|必须|无需|不需要)(?P<deed>[^，。；：\s（）、]{4,24})(?=[，。；])"
)
_THRESHOLD = re.compile(
    r"(?P<figure>[一二三四五六七八九十百]{1,4}|\d{1,3})(?P<unit>周岁|个月|年|人|日|天|万元|平方米|小时)(?P<side>以上|以下|以内|内)"
    r"(?P<middle>[^。；：，]{0,16})[，]?(?P<word>可以|应当|不得)(?P<deed>[^，。；：\s（）、]{4,20})(?=[，。；])"
)
_ASKS_ELSE = re.compile("怎么|多少|多久|几天|几年|哪|谁")  # lay wording that asks for no yes or no
_MOST = 420


@dataclass(frozen=True, slots=True)
class Case:
    """A question over a passage with its answer and the words that decide, [start, end) of the passage."""

    question: str
    passage: str
    yes: bool
    start: int
    end: int


def cases(article: Article, rng: random.Random) -> Iterator[Case]:
    """The questions that an article gives."""
    text = article.text
    for match in _DECIDING.finditer(text):
        if not re.match(r"(?:的|是|或者|并且|地)", match["deed"]) and text.count(match["deed"]) == 1:
            yield from _by_word(text, match, rng)
    for match in _THRESHOLD.finditer(text):
        if (case := _by_figure(text, match, rng)) is not None:
            yield case


def _by_word(text: str, match: re.Match[str], rng: random.Random) -> Iterator[Case]:
    word, says = match["word"], WORDS[match["word"]]
    start, end = match.span()
    if rng.random() < 0.5:
        word, says = TURNED[word], _TURNED_SAYS[says]
        text = text[: match.start("word")] + word + text[match.end("word") :]
        end += len(word) - len(match["word"])
    form, answers = rng.choice([(form, answers) for form, answers in FORMS if says in answers])
    who = match["who"] if rng.random() < 0.6 else rng.choice(("我们", "我", "单位", "个人", ""))
    question = form.format(who=who, deed=reword(match["deed"], rng, 0.6))
    yield Case(question, text, answers[says], start, end)


def _by_figure(text: str, match: re.Match[str], rng: random.Random) -> Case | None:
    figure = to_int(match["figure"]) if not match["figure"].isdigit() else int(match["figure"])
    if not figure or match["word"] == "不得" or (match["word"] == "应当" and match["side"] != "以上"):
        return None  # 三十日内应当…: a time limit, no condition
    above = match["side"] == "以上"
    away = rng.choice((0, 1, max(1, figure // 4), max(2, figure // 2), figure))
    asked = max(1, figure + away * rng.choice((-1, 1)))
    within = asked >= figure if above else asked <= figure
    shown = str(asked) if rng.random() < 0.7 else (to_chinese(asked) if asked < 10_000 else str(asked))
    unit = "岁" if match["unit"] == "周岁" else match["unit"]
    form = rng.choice(
        (
            "{n}{unit}的能{deed}吗",
            "才{n}{unit}，可以{deed}吗",
            "我这边{n}{unit}，{deed}行不行",
            "{n}{unit}算不算够{deed}的条件",
        )
    )
    if match["word"] == "应当":
        form = rng.choice(("{n}{unit}要{deed}吗", "我这{n}{unit}，用不用{deed}", "只有{n}{unit}，也得{deed}吗"))
    question = form.format(n=shown, unit=unit, deed=reword(match["deed"], rng, 0.5))
    return Case(question, text, within, *match.span())


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition with a figure: how the text says it, how people tell of their own, its figures, and whether a figure at
    the limit itself is within."""

    texts: tuple[str, ...]
    own: tuple[str, ...]
    figures: tuple[int, ...]
    above: bool
    at: bool = True


LIMITS = (
    Limit(
        ("年满{n}周岁", "年龄在{n}周岁以上", "{n}周岁及以上"),
        ("我{m}岁", "我妈今年{m}", "刚过{m}岁生日", "{m}岁的人"),
        (16, 18, 35, 50, 60, 65, 70, 80),
        True,
    ),
    Limit(
        ("不满{n}周岁", "未满{n}周岁", "{n}周岁以下（不含{n}周岁）"),
        ("我{m}岁", "孩子{m}岁", "我们家老大{m}岁"),
        (6, 14, 18, 35, 40, 45, 60),
        False,
        False,
    ),
    Limit(
        ("年龄不超过{n}周岁", "{n}周岁以下", "未超过{n}周岁"),
        ("我今年{m}岁", "我{m}了", "已经{m}岁"),
        (35, 40, 45, 50, 55),
        False,
    ),
    Limit(
        ("连续缴纳社会保险满{n}个月", "累计缴纳社会保险{n}个月以上", "社会保险缴费不少于{n}个月"),
        ("社保交了{m}个月", "才缴{m}个月社保", "社保一共{m}个月"),
        (3, 6, 12, 24, 36, 60),
        True,
    ),
    Limit(
        ("连续居住满{n}年", "居住{n}年以上", "居住年限不少于{n}年"),
        ("住了{m}年", "来这边{m}年了", "在这住满{m}年"),
        (1, 2, 3, 5, 7, 10),
        True,
    ),
    Limit(
        ("从业人员{n}人以上", "职工人数不少于{n}人", "吸纳就业{n}人及以上"),
        ("我们厂{m}个人", "公司一共{m}人", "店里{m}个员工"),
        (5, 10, 20, 30, 50, 100, 300),
        True,
    ),
    Limit(
        ("从业人员不超过{n}人", "职工在{n}人以下（含{n}人）"),
        ("我们{m}个人", "公司才{m}号人"),
        (10, 20, 30, 50, 100, 300),
        False,
    ),
    Limit(
        ("建筑面积不超过{n}平方米", "面积在{n}平方米以下（含{n}平方米）"),
        ("房子{m}平", "买的是{m}平方的", "面积{m}平方米"),
        (50, 60, 90, 120, 144),
        False,
    ),
    Limit(
        ("建筑面积{n}平方米以上", "经营面积不少于{n}平方米"),
        ("店面{m}平", "场地{m}平方米"),
        (50, 100, 200, 300, 500, 1000),
        True,
    ),
    Limit(
        ("年营业收入达到{n}万元", "营业收入{n}万元以上", "年产值不低于{n}万元"),
        ("去年做了{m}万", "营收{m}万元", "一年产值{m}万"),
        (100, 300, 500, 800, 1000, 2000, 5000),
        True,
    ),
    Limit(
        ("家庭年人均收入不高于{n}万元", "人均年收入在{n}万元以下（含{n}万元）"),
        ("我家人均{m}万一年", "一年人均收入{m}万元"),
        (2, 3, 4, 5, 6, 8),
        False,
    ),
    Limit(
        ("固定资产投资{n}万元以上", "设备投资额不低于{n}万元"),
        ("投了{m}万", "设备花了{m}万元", "总投资{m}万"),
        (50, 100, 200, 300, 500, 1000, 3000),
        True,
    ),
    Limit(
        ("自签订合同之日起{n}日内提出申请", "在领取证照后{n}日内提出申请"),
        ("都过了{m}天了", "才过去{m}天", "到今天第{m}天"),
        (7, 10, 15, 20, 30, 60, 90),
        False,
    ),
    Limit(("住院{n}天以上", "连续住院不少于{n}日"), ("住院{m}天", "一共住了{m}天"), (3, 5, 7, 10, 15), True),
    Limit(
        ("取得证书不超过{n}个月", "证书取得时间在{n}个月以内"),
        ("拿证{m}个月了", "证书下来{m}个月"),
        (3, 6, 12, 18),
        False,
    ),
    Limit(
        ("参加培训不少于{n}课时", "培训课时{n}个以上"),
        ("上了{m}个课时", "学了{m}课时"),
        (16, 24, 40, 60, 80, 120),
        True,
    ),
)
_GOODS = (
    "一次性创业补贴",
    "租房补贴",
    "生活补助",
    "设备购置补助",
    "免费乘坐公交",
    "购房补贴",
    "社会保险补贴",
    "稳岗补助",
    "装修补助",
    "体检服务",
    "医疗救助",
    "公共租赁住房",
    "贷款贴息",
    "落户",
    "人才公寓",
)
_GIVES = (
    "{limit}的，可以申请{good}。",
    "申请{good}的，应当{limit}。",
    "符合下列条件的，给予{good}：{limit}。",
    "{good}的对象为{limit}的人员或者单位。",
    "{limit}的，给予{good}；不符合的不予受理。",
    "未达到{limit}要求的，不得申请{good}。",
)
_ASKS = (
    "{own}，能申请{good}吗",
    "{own}，{good}有我的份吗",
    "{own}，够不够{good}的条件",
    "{own}，{good}办得下来不",
    "{own}，是不是就能拿{good}",
    "{own}，领{good}行不行",
    "{own}，可以享受{good}吗",
    "{own}，符合{good}的要求吗",
)
_DENIES = ("{own}，是不是就没法申请{good}了", "{own}，{good}不给了吧", "{own}，拿不到{good}了对吧")


def limits(rng: random.Random) -> Case:
    """A made-up passage of several conditions with figures, and a question about a case under one of them."""
    chosen, goods = rng.sample(LIMITS, rng.randint(1, 3)), rng.sample(_GOODS, 3)
    parts, places = [], []
    for number, (limit, good) in enumerate(zip(chosen, goods, strict=False)):
        n = rng.choice(limit.figures)
        give = rng.choice(_GIVES)
        if "未达到" in give and not limit.above:
            give = _GIVES[0]
        said = give.format(limit=rng.choice(limit.texts).format(n=n), good=good)
        parts.append(
            f"（{to_chinese(number + 1)}）{said}" if rng.random() < 0.5 else f"第{to_chinese(number + 3)}条 {said}"
        )
        places.append((limit, good, n, said))
    limit, good, n, said = rng.choice(places)
    away = rng.choice((0, 1, 1, 2, max(1, n // 5), max(2, n // 3), max(2, n // 2)))
    m = max(1, n + rng.choice((-1, 1)) * away)
    within = limit.at if m == n else (m > n) == limit.above
    deny = rng.random() < 0.2
    question = rng.choice(_DENIES if deny else _ASKS).format(own=rng.choice(limit.own).format(m=m), good=good)
    passage = "\n".join(parts)
    start = passage.index(said)
    return Case(question, passage, within != deny, start, start + len(said))


def rows(shared: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` rows as in reading/train.jsonl, half of them yes; of no law that the dev part asks about."""
    rng = random.Random(seed)
    away = {row["title"].split(" > ")[0] for row in lines(shared / "reading" / "dev.jsonl")}
    articles = [a for law in read_laws(shared) for a in law if a.title not in away and 40 <= len(a.text) <= _MOST]
    rng.shuffle(articles)
    given = {True: 0, False: 0}
    number = 0
    for _ in range(count // 3):
        yield _row(number, "关于申请补贴的规定", limits(rng))
        number += 1
    for article in articles:
        found = list(cases(article, rng))
        for case in rng.sample(found, min(2, len(found))):
            if given[case.yes] > count // 2 or _ASKS_ELSE.search(case.question):
                continue
            given[case.yes] += 1
            yield _row(number, article.context, case)
            number += 1
        if number >= count:
            return


def _row(number: int, title: str, case: Case) -> dict[str, Any]:
    return {
        "id": f"generated-{number}", "passage_id": f"generated-{number}", "source": "law", "title": title,
        "passage": case.passage, "question": case.question, "style": "口语", "type": "yesno", "answerable": True,
        "answers": ["是" if case.yes else "否"], "items": None, "yes_no": "yes" if case.yes else "no",
        "spans": [[case.start, case.end]],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.generated", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(row, ensure_ascii=False) + "\n" for row in rows(given.shared, given.count, given.seed)
        )


if __name__ == "__main__":
    main()
