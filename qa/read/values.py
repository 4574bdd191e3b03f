"""Figures in a sentence: amounts, ratios, counts, dates and periods, chosen by what stands around them.

A sentence often holds several figures. The one asked for is found by three rules, in this order: a list after 分别 is
paired with the list before it (A、B分别给予X、Y) and the member that the question names gives its own value; else the
figure whose own stretch of the sentence shares most with the question; 最高/每年/累计 in the question and before the
figure count for it; a figure that the question itself states is a condition, not the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.types import Span
from qa.evidence import Sentence, segments
from qa.figures import magnitude
from qa.read.candidate import Candidate, Context
from qa.read.forms import Value, values
from qa.read.pairs import Share, is_threshold
from qa.read.respectively import Verdict, paired_text, verdict, verdict_of_rungs
from qa.read.window import Window, window_of

_CAPS = ("最高", "封顶", "上限", "不超过", "最多")
_PER_YEAR = ("每年", "一年", "年度", "一年最多")
_TOTAL = ("累计", "合计", "总共", "一共", "总计")


def read(sentence: Sentence, context: Context, kind: str) -> Iterator[Candidate]:
    """Candidates for a figure of `kind` (a key of PATTERNS) in a sentence."""
    text = sentence.text
    everything = values(text, kind)
    if not everything:
        return
    judged = verdict(text, [(v.start, v.end) for v in everything], context)
    if judged is not None and len(judged.chosen) > 1:
        yield _together(sentence, sentence.span, text, judged, everything)
    if judged is None or not judged.sure:
        window = window_of(sentence)
        if window is not None and (all_rungs := _rungs(window, context, kind)) is not None:
            wide, figures = all_rungs
            if len(wide.chosen) > 1 and wide.chosen[0].place[0] + window.start in range(sentence.start, sentence.end):
                yield _together(sentence, window.span, window.text, wide, figures)
            judged = _within(wide, window.start - sentence.start, len(text))
            sentence = _with_lead(sentence, window, wide, context) if judged.chosen else sentence
    sure = judged is not None and judged.sure
    rhythm = _ASKS_RHYTHM.search(context.question.text) is not None
    found = [
        v
        for v in everything
        if (sure and judged is not None and _is_chosen(v, judged))
        or (not _is_in_question(v, kind, context) and (rhythm or not _EVERY.fullmatch(v.text)))
    ]
    pieces = segments(text)
    owns = {v: _own_words(text, v, everything) for v in found}
    fits: dict[Value, float] = {}
    for value in found:
        if value.text.endswith("百分点") and "点" not in context.question.text:
            continue  # a step, not a share
        distinct = _distinct(value, owns, context)
        fits[value] = (
            _fit(text, value, pieces, _next(value, everything, text), context)
            + distinct
            + _in_detail(text, value, distinct)
        )
        fits[value] += _changed(text, value, context)
        if judged is not None and not judged.sure and len(judged.chosen) == 1 and _is_chosen(value, judged):
            fits[value] += _NAMED
    scale = max(1.0, *fits.values()) if fits else 1.0  # above 1 the order among them must not be lost
    for value, raw in fits.items():
        fit, said = raw / scale, value.text
        others: tuple[Span, ...] = ()
        if judged is not None and judged.sure:
            if _is_chosen(value, judged) and len(judged.chosen) == 1 and not judged.pairing.listed:
                fit = 0.5 + 0.4 * fit
            elif _is_chosen(value, judged) and len(judged.chosen) == 1:
                fit, said = 0.9 + 0.1 * fit, _shared_cap(text, value, everything) + value.text
                others = _others(judged, sentence)
            else:
                fit *= _PASSED_OVER
        span = Span(sentence.start + value.start, sentence.start + value.end)
        # A figure that everything speaks against is there, but it is not what was asked for.
        spans = (sentence.span, span)
        yield Candidate(said, sentence, spans, max(0.0, min(1.0, fit)), fit > _AGAINST, instead_of=others)


def _others(judged: Verdict, sentence: Sentence) -> tuple[Span, ...]:
    """The values of a pairing that are not chosen, as spans of the document."""
    places = (share.place for share in judged.pairing.shares if share not in judged.chosen)
    return tuple(Span(sentence.start + start, sentence.start + end) for start, end in places)


def is_condition(candidate: Candidate) -> bool:
    """Whether the figure of a candidate says who is given (8000万元以上的) and not what."""
    sentence, at = candidate.sentence, candidate.spans[-1]
    place = (at.start - sentence.start, at.end - sentence.start)
    one = candidate.text.endswith(sentence.text[place[0] : place[1]])  # not several members with their values
    return one and is_threshold(sentence.text, place)


_PASSED_OVER = 0.2
"""What is left of the fit of a figure where the sentence gives the member that is asked for another one."""

_NAMED = 0.12
"""What the words of a value in parallel with others are worth where the question has them and they are not conclusive."""


def _is_chosen(value: Value, judged: Verdict) -> bool:
    return any(share.place == (value.start, value.end) for share in judged.chosen)


def _together(sentence: Sentence, quoted: Span, text: str, judged: Verdict, everything: list[Value]) -> Candidate:
    """The values of several members, each with its member: 国家级：最高500万元；省级：最高300万元. Offsets are in `text`, which
    stands at `quoted`."""
    by_place = {(v.start, v.end): v for v in everything}
    said = [
        (share.label, _shared_cap(text, by_place[share.place], everything) + by_place[share.place].text)
        for share in judged.chosen
    ]
    first = min(share.place[0] for share in judged.chosen)
    last = max(share.place[1] for share in judged.chosen)
    span = Span(quoted.start + first, quoted.start + last)
    return Candidate(paired_text(said), sentence, (quoted, span), 0.95 if judged.sure else 0.5)


def _rungs(window: Window, context: Context, kind: str) -> tuple[Verdict, list[Value]] | None:
    """What the question gets of the rungs of a window, with its figures."""
    figures = values(window.text, kind)
    judged = verdict_of_rungs(window.text, [(v.start, v.end) for v in figures], context)
    return (judged, figures) if judged is not None else None


def _within(judged: Verdict, shift: int, length: int) -> Verdict:
    """A verdict on a window as one on the sentence that stands `-shift` characters into it."""

    def moved(shares: tuple[Share, ...]) -> tuple[Share, ...]:
        at = (replace(s, place=(s.place[0] + shift, s.place[1] + shift)) for s in shares)
        return tuple(s for s in at if s.place[0] >= 0 and s.place[1] <= length)

    chosen = moved(judged.chosen) if len(judged.chosen) == 1 else ()
    return Verdict(chosen, replace(judged.pairing, shares=moved(judged.pairing.shares), listed=True), True)


def _with_lead(sentence: Sentence, window: Window, judged: Verdict, context: Context) -> Sentence:
    """A rung as evidence: it stands for the opening words of its ladder too."""
    lead = window.text[: min(share.place[0] for share in judged.pairing.shares)]
    gained = context.cover(lead + sentence.text)
    return replace(
        sentence,
        own_cover=max(sentence.own_cover, gained),
        cover=max(sentence.cover, gained),
        residual=max(sentence.residual, gained),
    )


_AGAINST = 0.02
_CAP = re.compile(
    r"^(?:最高不超过|累计不超过|不得超过|不得低于|不得高于|不得少于|不超过|最高|不低于|不少于|至少|每年最高)"
)


def _shared_cap(text: str, value: Value, everything: list[Value]) -> str:
    """最高100万元、50万元: the cap before the first figure of a list is that of all of them."""
    first = value
    for other in reversed(everything):
        if other.end <= first.start and re.fullmatch(r"\s*[、和及与]\s*", text[other.end : first.start]):
            first = other
    if first is value or _CAP.match(value.text):
        return ""
    match = _CAP.match(first.text)
    return match[0] if match else ""


_RATE = re.compile(r"(?:按照?|执行|参照|不高于|不超过|以|为)(?P<rate>[^，。；]{2,24}?(?:利率|费率))(?![^，。；]*的)")


def rates(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """A rate that is named and not given as a figure: 贷款利率不高于同期贷款市场报价利率."""
    if not re.search(r"利率|利息|费率", context.question.text):
        return
    for match in _RATE.finditer(sentence.text):
        span = Span(sentence.start + match.start("rate"), sentence.start + match.end("rate"))
        fit = 0.5 + 0.5 * context.cover(sentence.text)
        yield Candidate(match["rate"], sentence, (sentence.span, span), min(1.0, fit))


_WHOLE = re.compile(
    r"(?:当次|本次|当年|已[交付缴]的?)?(?:全部|全额)[一-鿿]{0,6}?(?:费用|车费|票款|价款|货款|款项|损失|租金|押金|定金|所得|本息|本金|工资|费|款)"
    r"|(?:双倍|等额|同等金额|全额|半价|免费)(?=[^一-鿿]|返还|退还|退|赔偿|补偿|补助|补贴|支付|奖励|提供)"
)


def wholes(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """An amount that is no figure: 返还当次全部车费, 全额补助."""
    for match in _WHOLE.finditer(sentence.text):
        around = sentence.text[max(0, match.start() - 30) : match.end() + 16]
        span = Span(sentence.start + match.start(), sentence.start + match.end())
        deed = _deed_fit(context.question.text, sentence.text)
        fit = 0.3 + 0.5 * context.cover(around) + deed
        yield Candidate(match[0], sentence, (sentence.span, span), max(0.0, min(1.0, fit)))


def _own_words(text: str, value: Value, everything: list[Value]) -> str:
    """The words right before and after a figure, up to the next comma or figure: what this figure alone is about."""
    before = max((v.end for v in everything if v.end <= value.start), default=0)
    after = min((v.start for v in everything if v.start >= value.end), default=len(text))
    left = re.split(r"[。；，,、]", text[max(before, value.start - 24) : value.start])[-1]
    listed = re.match(r"([^，。；、]{0,16})、", text[value.end :])
    if listed and after - value.end - listed.end() <= _LIST_GAP:  # 新增A 5家、B 6家: the verb is said of all
        left = "" if len(listed[1]) >= 2 else _SHARED_VERB.sub("", left) or left
    right = re.split(r"[。；]", text[value.end : after][:48])[0]
    if after < len(text) and (cut := re.match(r"(.*)[，,、和]", right)):
        right = cut[1]  # what follows the last comma belongs to the next figure
    return left + "|" + right


_LIST_GAP = 10  # characters between 、 and the next figure of the same list
_SHARED_VERB = re.compile(r"^.*(?:新增|引进|培育|认定|建成|建设|新建|完成|打造|形成|全年|达到|累计|力争|每年|给予)")


def _distinct(value: Value, owns: dict[Value, str], context: Context) -> float:
    """For parallel figures (国家级500万元、省级300万元): whether the question names what stands with this one alone."""
    if len(owns) < 2:
        return 0.0
    others = "|".join(words for v, words in owns.items() if v != value)
    mine = {t for t in context.tokens(owns[value]) if t in context.terms.weights} - set(context.tokens(others))
    if level := _level_fit(value, owns, context):
        return level  # 市级总部300家、省级100家: the noun stands with the first one only and is of both
    return min(0.5, 1.6 * context.terms.cover(mine) + _counted(value, owns, context))


_COUNTED = re.compile(
    r"(?:多少|几)(?:个(?:百分点)?|家|名|人|项|件|所|座|台|辆|处|套|张|条|种|类|位|户)(?P<what>[一-鿿“”]{2,16})"
)


def _counted(value: Value, owns: dict[Value, str], context: Context) -> float:
    """What is counted (多少个工业中类) against the words of each figure: characters of it that no other figure has.

    By characters, so that a word written with one wrong (登羚企业) is still told from its neighbours.
    """
    asked = _COUNTED.search(context.question.text)
    if asked is None:
        return 0.0
    others = set("".join(words for v, words in owns.items() if v != value))
    return 0.15 * len((set(owns[value]) - others) & set(asked["what"]))


_LEVEL = re.compile(r"国家级|省级|市级|区级|县级|[一二三]等奖|[ⅠⅡⅢⅣ]级")


def _level_fit(value: Value, owns: dict[Value, str], context: Context) -> float:
    """新增市级总部300家、省级100家: a figure belongs to the level that stands with it."""
    said = set(_LEVEL.findall(owns[value].partition("|")[0]))
    asked = {level for level in context.question.levels if _LEVEL.fullmatch(level)}
    if not said or not asked:
        return 0.0
    return 0.25 if said & asked else -0.35


def _in_detail(text: str, value: Value, distinct: float) -> float:
    """A figure after 其中 is a part of the one before it: asked for only where the question names the part."""
    return -0.2 if distinct < 0.08 and "其中" in text[: value.start] else 0.0


_CHANGE = re.compile(
    r"由[^，。；]{0,30}?(?:压减|压缩|缩短|提高|提升|降低|降|下调|上调|调整|扩大|增加|减少|延长|改|放宽)(?:到|至|为|成)"
)


def _changed(text: str, value: Value, context: Context) -> float:
    """由45天压减为20天: the new figure holds, unless the old one is asked for."""
    for match in _CHANGE.finditer(text):
        old_asked = re.search(r"原来|以前|之前|过去|从前", context.question.text)
        if match.start() < value.start < match.end():
            return 0.2 if old_asked else -0.4
        if match.end() <= value.start <= match.end() + 6:
            return -0.2 if old_asked else 0.3
    return 0.0


def _is_in_question(value: Value, kind: str, context: Context) -> bool:
    """Whether the question itself states the figure: then it is a condition of what is asked."""
    if kind == "date":  # 2022年6月底前 answers a question about 2022年
        return value.text.strip("自从于到至前起止 ") in context.question.text
    return magnitude(value.text) is not None and magnitude(value.text) in context.question.magnitudes


def _next(value: Value, everything: list[Value], text: str) -> int:
    """Where the next figure begins: what is around it says nothing about this one."""
    return min((v.start for v in everything if v.start >= value.end), default=len(text))


def _fit(text: str, value: Value, pieces: list[tuple[int, int]], until: int, context: Context) -> float:
    """How much of the question stands in the figure's own piece of the sentence, and in the pieces before it."""
    at = next((i for i, (a, b) in enumerate(pieces) if a <= value.start < b), 0)
    a, b = pieces[at] if pieces else (0, len(text))
    own = context.cover(text[a:b].replace(value.text, " "))
    before = context.cover(text[pieces[at - 1][0] : pieces[at - 1][1]]) if at else 0.0
    earlier = context.cover(text[: pieces[at - 1][0]]) if at > 1 else 0.0
    near = context.cover(
        text[max(a, value.start - 14) : value.start] + " " + text[value.end : min(b, until, value.end + 14)]
    )
    fit = 0.5 * own + 0.35 * before + 0.15 * earlier + 0.3 * near
    question = context.question.text
    lead = re.split(r"[，。；]", text[max(0, value.start - 10) : value.start])[-1] + value.text
    fit += _unit_fit(question, value) + _role_fit(question, text, value)
    fit += (
        _rhythm_fit(question, value)
        + _end_fit(question, value)
        + _year_fit(question, text, value)
        + _deed_fit(question, text)
        + _when_fit(question, text, value)
    )
    for words in (_CAPS, _PER_YEAR, _TOTAL):
        asked, said = any(w in question for w in words), any(w in lead for w in words)
        fit += 0.15 if asked and said else -0.06 if asked != said else 0.0
    return max(0.0, fit)


_UNITS = (
    "工作日",
    "小时",
    "个月",
    "家",
    "件",
    "人",
    "名",
    "辆",
    "项",
    "位",
    "所",
    "套",
    "处",
    "次",
    "张",
    "间",
    "台",
    "户",
    "岁",
    "米",
    "天",
    "月",
    "年",
    "日",
)
_ASKED_UNIT = re.compile(rf"(?:多少|几|哪)一?个?({'|'.join(_UNITS)})")
_ALIKE = {"天": "天日", "日": "天日", "人": "人名位", "名": "人名位", "位": "人名位", "月": "月", "个月": "月"}


def _unit_fit(question: str, value: Value) -> float:
    """Whether a figure has the unit that the question asks in: 几家 wants 家, 哪一天 a date with a day."""
    asked = [m[1] for m in _ASKED_UNIT.finditer(question)]
    if re.search(r"年纪|年龄|多大岁数|几岁", question):
        asked = ["岁"]
    if not asked:
        return 0.0
    wanted = "".join(_ALIKE.get(unit, unit) for unit in asked)
    has = any(unit in value.text for unit in asked) or any(c in value.text for c in wanted if c in "天日人名位月")
    return 0.2 if has else -0.25


def _end_fit(question: str, value: Value) -> float:
    """至2020年12月31日 is an end, 自2020年5月1日 a beginning."""
    if not re.search(r"截止|截至|最晚|最迟|到期|为止|之前", question):
        return 0.0
    if re.match(r"自|从", value.text):
        return -0.2
    return 0.2 if re.match(r"至|到|截至", value.text) or re.search(r"(?:前|止|底)$", value.text) else 0.0


_EVERY = re.compile(r"每(?:年|月|季度|周|日|天|小时)度?")
"""每年 by itself says how often, and nothing where that is not asked."""

_ASKS_RHYTHM = re.compile(
    r"隔多|每隔|多久[^，。？]{0,12}[一1]?[次回趟]|几[年月天个][^，。？]{0,8}[一1][次回趟]|频[次率]|周期|[一每]年[^，。？]{0,8}几[次回]|多长时间[^，。？]{0,12}[一1]?[次回]"
)


def _rhythm_fit(question: str, value: Value) -> float:
    """每半年 answers how often, 三年 how long."""
    often = value.text.startswith("每")
    if _ASKS_RHYTHM.search(question):
        return 0.25 if often else -0.1
    return -0.25 if often and re.search(r"多久|多长|几[年天个]|期限|时限", question) else 0.0


_WHEN_DEED = re.compile(
    r"(?:什么时候|何时|几时|哪天|几天内?|多久内?)(?:之?前|以前|内|才|去|要|能|可以|必须|应该|得)*(申请|提交|施行|实施|开工|完成|公示|答复|办结|缴纳|报送|备案|领取|拨付|检查)"
)


_FACT = re.compile(r"(?:已经?)?(建成|设立|注册|登记|取得|出生|认定|购买|签订|投产|开业|成立|入选|获得|竣工|参保)")


_FACT = re.compile(r"(?:已经?)?(建成|设立|注册|登记|取得|出生|认定|购买|签订|投产|开业|成立|入选|获得|竣工|参保)")


def _when_fit(question: str, text: str, value: Value) -> float:
    """什么时候去申请: a time is the answer where the sentence speaks of the deed, and not where it dates another fact
    (2005年12月31日前建成的住宅)."""
    fit = 0.0
    if match := _WHEN_DEED.search(question):
        fit += 0.1 if match[1] in text else -0.3
    fact = _FACT.match(text[value.end :])
    if fact and fact[1] not in question and re.search(r"[前后]$", value.text):
        fit -= 0.4
    return fit


_YEAR = re.compile(r"(?:19|20)\d\d(?=年)")


def _year_fit(question: str, text: str, value: Value) -> float:
    """到2026年60个，到2028年180个: a figure belongs to the year named last before it."""
    asked = set(_YEAR.findall(question))
    before = _YEAR.findall(text[: value.start])
    if not asked or not before:
        return 0.0
    return 0.2 if before[-1] in asked else -0.3


_DEEDS = (
    ("奖励", r"奖|补助|补贴|资助|给予|支持|贴息"),
    ("罚", r"罚"),
    ("退还|退多少|退回|追回|返还|要回来|拿回来|要得回", r"退|返|追回|收回|追缴"),
    ("押金|保证金", r"押金|保证金"),
    ("赔", r"赔|偿"),
)


def _deed_fit(question: str, text: str) -> float:
    """What is done with the money: a reward that is asked for is no fund that is set up, nor is it paid back."""
    question = _BESIDES.sub("", question)
    wrong = (re.search(asked, question) and not re.search(said, text) for asked, said in _DEEDS)
    return -0.35 if any(wrong) else 0.0


_BESIDES = re.compile(r"(?:除了?|除开)?[^，。？]{0,6}(?:之外|以外)[，,]?")
"""What a question sets apart (除了…以外) is not what it asks for."""

_GIVES = re.compile(r"给予|奖励|补贴|补助|资助|支持|罚款|处以?|最高|不超过|投入|设立|安排|额度|规模|达到|补偿|为")


def _role_fit(question: str, text: str, value: Value) -> float:
    """A figure that a threshold is made of (100万元以上的企业) against one that is given (给予100万元奖励)."""
    before, after = text[max(0, value.start - 8) : value.start], text[value.end : value.end + 6]
    threshold = (
        re.search(r"以上$|以下$|及以上$", value.text) is not None and re.match(r"的|[，,]|项目|企业", after) is not None
    )
    fine = "罚" in question
    fit = -0.3 if threshold and not (fine and "罚" in after) else 0.0
    if (
        _GIVES.search(before)
        or _GIVES.search(value.text)
        or re.match(r"[^，。；]{0,6}(?:奖励|补贴|补助|资助|支持|罚款|经费|资金)", after)
    ):
        fit += 0.12
    if fine:
        fit += 0.15 if "罚款" in text[value.end : value.end + 8] else -0.1
    return fit
