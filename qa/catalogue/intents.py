"""What a question about the documents themselves asks for, told by its form alone.

Each form is the whole question: what it does not take up is left as `about`, and must be names of places and words of titles
(qa/catalogue/subjects.py), or the question is an ordinary one. So 违反规定有什么处罚 is no catalogue question, whatever
words it shares with one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from qa.catalogue.window import Window, window_of

LONGEST = 80
"""Characters of a catalogue question. Longer ones tell a story, and ask for a rule."""

_WHICH = r"(?:都|还|又|总共|一共|到底)*(?:有|是)?(?:哪些|哪几[个份项种档条]|什么|啥|多少[个份项]|几[个份项])|(?:有|都是)(?:哪些|什么|啥)"
_LIST = r"(?:帮我|请|都|全都|给我)*(?:列(?:一下|出来|出|举|个表|个清单)?|盘点(?:一下)?|汇总(?:一下)?|梳理(?:一下)?|查一下|找一下|清单|一览表?)"
_NOUN = r"(?:规范性文件|政策文件|政策措施|政策法规|政策|文件|办法|规定|通知|细则|条例|意见|措施|法规|规章)"
_ENDS = r"(?:到期|过期|期满|届满|失效|作废|废止|停止执行|终止|不再执行)"
_BEGINS = r"(?:开始)?(?:起)?(?:施行|实施|生效|执行|实行)"
_ISSUED = r"(?:出台|发布|印发|公布|制定|下发|颁布|发)"
_EMPTY = re.compile(
    r"[\s，,。；;？?！!、：:“”\"]|请问|麻烦|帮我|我想知道|想问|一下|目前|现在|当前|相关|有关|方面|关于|哪里|起来|之间|这些|那些|(?<!目)的|了(?!解)|吗|呢|啊|呀|吧|都"
    r"|(?:^|(?<=[，,]))(?:在|从|对|把|跟|和)|(?:从|自|在|于|将|会|就|要|起|没有|有没有)$|分别"
)


@dataclass(frozen=True, slots=True)
class Status:
    """Is a document in force, since and until when, what replaced it. `mention` names it."""

    mention: str
    asks: Literal["state", "start", "end", "span", "successor"]
    day: date | None = None  # for which it is asked, where the question says so


@dataclass(frozen=True, slots=True)
class Dated:
    """Which documents begin, end or were issued in a stretch of time."""

    edge: Literal["end", "begin", "issued"]
    window: Window
    about: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Which documents there are about something, or of somebody."""

    about: str


@dataclass(frozen=True, slots=True)
class Mine:
    """Which clauses are for a group or a trade."""

    about: str


@dataclass(frozen=True, slots=True)
class Responsible:
    """Which clauses a department is responsible for."""

    department: str
    about: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """All that is paid for something, with the amounts. `aid` is the word for it (补贴)."""

    aid: str
    about: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Two documents on one point; "" where none is named."""

    first: str
    second: str
    point: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new version of a document changed."""

    mention: str


_WIDE = str.maketrans(",;:!?()", "，；：！？（）")  # questions are read with narrow marks
_THEN = re.compile(r"^(?P<day>(?:19|20)\d\d年(?:\d{1,2}月(?:\d{1,2}[日号])?)?)(?:(?:了|时|的时候|那会儿?)，?|，)")
"""The day for which a state is asked, said first: 2021年3月了，…还有效吗."""

Asked = Status | Dated | Listing | Mine | Responsible | Amounts | Compare | Changes

_TAIL = r"[吗么呢啊呀吧嘛的了没不\s？?。！!]*$"
_MENTION = (
    r"^(?:请问|那|你们|我们)?(?P<mention>[^，。？！]{2,70}?(?:办法|规定|条例|细则|意见|通知|方案|措施|政策|办法实施细则|章程|规则|标准|规划|法|》|号文?件?)"
    r"(?:[（(〔\[][^（）()]{1,14}[）)〕\]])?)(?:这个|这份|这部|那个|那份|的|，|,|现在|目前|如今|到底|究竟|是|它|文件|政策|还|已经|都|又|今天)*"
)
_STATUS = (
    ("successor", r"(?:后来)?(?:被|由|让|给)(?:哪[个份部些项]?|什么|啥)(?:新的?)?(?:文件|办法|规定|政策|条例)?(?:给)?(?:取代|代替|替代|替换|废止|废除|接替)|(?:有没有|有)?(?:新的|新版|新办法|替代文件)(?:取代|代替)?|(?:取代|代替|替代|废止)(?:它)?的(?:文件|办法)?(?:是|叫)(?:哪[个份]|什么|啥)"),
    ("state", r"(?:是不是|是否|有没有|还)?(?:仍然?|依然|继续|还)?(?:是)?(?:有没有效力?|没有?有效|有效|管用|作数|算数|在用|能用|适用|有效力|在执行|执行|生效|施行|失效|过期|到期|作废|废止|废除|取消)(?:着|中|的|状态)?(?:了没有|了没|没有|不有效)?"),
    ("span", r"(?:从|自)(?:哪天|什么时候|何时|哪一天|几时)(?:起|开始)?" + _BEGINS + r"?[，,]?(?:有效期?|执行|实施)?(?:到|至)(?:哪天|什么时候|何时|哪一天|几时)(?:为止|结束|截止|失效|到期)?|(?:起止|施行)(?:时间|日期)(?:和有效期)?(?:是)?(?:什么|哪天|多少)?"),
    ("end", r"(?:什么时候|何时|哪天|哪一天|几时|哪年)(?:才|会|就|将|要)?" + _ENDS + r"|有效期?(?:是|为|限)*(?:到|至|截止到?)?(?:什么时候|何时|哪天|哪一天|几时|哪年|多久|多长|几年|多少年)|(?:执行|实施|用|有效)到(?:什么时候|何时|哪天|哪一天|哪年)"),
    ("start", r"(?:是)?(?:从)?(?:什么时候|何时|哪天|哪一天|几时|哪年)(?:起|开始|正式|起开始)*" + _BEGINS + r"|(?:施行|实施|生效)(?:日期|时间)(?:是)?(?:什么时候|哪天|哪一天|何时|多少)?"),
)  # fmt: skip
_STATUS_FORMS = tuple((asks, re.compile(_MENTION + rf"(?:{form})" + _TAIL)) for asks, form in _STATUS)
_BY_THEM = re.compile(
    r"由(?P<who>[一-鿿]{2,16}?)(?:来)?(?:负责|牵头|主管|管理|管|落实|承办|配合)的?(?P<noun>条款|条文|规定|政策|措施|任务|文件)?"
)
_CUE = re.compile(
    r"(?:能|可以?|可|会)?(?:跟|和|与|同)我(?:们)?(?:有关|相关|有关系|沾边)|适用于?我们?|适合我们?|(?:我们?)?(?:能|可以|可)(?:享受|用|申请|用上)(?:到)?的?|针对|(?<!经济)适用(?:于)?|适合|享受(?:到)?"
)
_MYSELF = re.compile(r"^(?:我们?(?:家|公司|单位|厂)?(?:是|属于|作为|算)|作为|身为|我们?)(?:一[个名家])?")
_GOODS = r"补贴|补助|奖励|津贴|资助|救助金|奖补|奖金|扶持资金"
_AID = re.compile(rf"(?P<aid>(?:[一-鿿]{{0,4}}?)(?:{_GOODS}))(?:金额|标准|项目|政策|资金)?")
_HOW_MUCH = re.compile(
    r"(?:各|分别|都|每[种项个档])(?:自)?(?:是|给|补|奖|发|有|为|能拿|领)?(?:多少|几)(?:钱|元|万元?)?|金额|标准"
)
_ALL_OF = re.compile(rf"{_WHICH}|{_LIST}|所有|全部|各[项种]|清单|一览")
_COMPARED = re.compile(
    r"(?:有(?:什么|哪些|啥|没有|何)|是(?:什么|啥))?(?:区别|差别|不同|差异|异同|不一样)(?:之处|的?地方)?(?:是什么|在哪(?:里|儿)?|有哪些)?|(?:对比|比较|比)(?:一下)?|哪里不一样"
)
_PAIR = re.compile(
    r"^(?:请|帮我|麻烦)*(?:对比|比较|比)?(?:一下)?(?P<first>《[^《》]{3,60}》|[^，。？！]{4,50}?(?:办法|规定|条例|细则|意见|方案|措施|通知))(?:（[^（）]{1,8}）)?(?:和|与|跟|同|、|相比|比)"
    r"(?P<second>《[^《》]{3,60}》|[^，。？！]{4,50}?(?:办法|规定|条例|细则|意见|方案|措施|通知))(?:（[^（）]{1,8}）)?(?P<rest>.{0,40})$"
)
_POINT = re.compile(
    r"^(?:之间|两个|两份)*(?:在|关于|就|对于?|对)?(?:的)?(?P<point>.{0,16}?)(?:上|方面|这一点|问题上|规定)?的?$"
)
_CHANGED = re.compile(
    r"(?:有|做了|作了)?(?:什么|哪些|啥)?(?:变化|改动|变动|修改|调整|不同|区别)|(?:都)?(?:改|变|修改|修订|调整|修正)了(?:什么|哪些|啥|哪里|些什么)|(?:什么|哪些|哪里)(?:改|变)了"
)
_VERSIONS = re.compile(
    r"(?:新旧|新老|前后)(?:两[个版份部])?版?本?|(?:新版|修订版|新修订的?|修订后)(?:和|跟|与|比)?(?:旧版|原来的?|以前的?|修订前)?|两[个版](?:版本)?(?:之间)?|修[订改](?:前后|后|前)"
    r"|(?:和|跟|与|比|较|相比|同)?(?:原来的?|以前的?|之前的?|旧的?|上一版的?|老的?|原)(?:暂行|试行)?(?:版本?|办法|规定|条例|细则|意见|措施)?(?:相比|比较|比起来|比)?"
)


def asked_of(text: str, today: date) -> Asked | None:
    """What a catalogue question asks for; None for every other question. Never raises."""
    text = text.strip().translate(_WIDE)
    if len(text) > LONGEST:
        return None
    return (
        _changes(text)
        or _compare(text)
        or _status(text, today)
        or _responsible(text)
        or _dated(text, today)
        or _amounts(text)
        or _mine(text)
        or _listing(text)
    )


def _status(text: str, today: date) -> Status | None:
    then = _THEN.match(text)
    window = window_of(then["day"], today) if then else None
    rest = text[then.end() :] if then else text
    for asks, form in _STATUS_FORMS:
        if (match := form.match(rest)) and not re.search(r"哪[些几个]|什么|几[个份项]|多少", match["mention"]):
            return Status(match["mention"], asks, window.last if window else None)  # type: ignore[arg-type]
    return None


def _left(text: str, *taken: str) -> str:
    """A question without what its form took up and without empty words."""
    for part in taken:
        text = re.sub(part, " ", text)
    before = None
    while before != text:
        before, text = text, _EMPTY.sub("" if text.startswith(" ") else " ", text).strip()
    return text


def _dated(text: str, today: date) -> Dated | None:
    window = window_of(text, today)
    if window is None or not re.search(_NOUN, text) or not re.search(f"{_WHICH}|{_LIST}", text):
        return None
    rest = text[: window.start] + " " + text[window.end :]
    for edge, verb in (("end", _ENDS), ("begin", _BEGINS), ("issued", _ISSUED)):
        if re.search(verb, rest):
            about = _left(rest, rf"(?:就|会|将|要|才|不)*{verb}(?:过|的|了)*", _NOUN, f"{_WHICH}|{_LIST}")
            return Dated(edge, window, about)  # type: ignore[arg-type]
    return None


def _responsible(text: str) -> Responsible | None:
    match = _BY_THEM.search(text)
    if match is None or not re.search(f"{_WHICH}|{_LIST}", text):
        return None
    noun = match["noun"] or re.search(r"(?:条款|条文|规定|政策|措施|任务|文件)", text[: match.start()])
    if not noun:
        return None
    rest = text[: match.start()] + " " + text[match.end() :]
    return Responsible(match["who"], _left(rest, r"条款|条文|规定|政策|措施|任务|文件", f"{_WHICH}|{_LIST}", "是$"))


def _amounts(text: str) -> Amounts | None:
    aid = _AID.search(text)
    if aid is None or not _ALL_OF.search(text):
        return None
    if not (_HOW_MUCH.search(text) or re.search(_LIST, text)):
        return None
    goods = re.search(_GOODS, aid[0])
    assert goods is not None
    about = _left(
        text,
        _HOW_MUCH.pattern,
        f"{_WHICH}|{_LIST}",
        "所有|全部|各[项种]",
        r"金额|标准(?!化)|项目|出来|清单|一览表?",
        f"(?:{_GOODS})(?:金额|标准|项目|资金)?",
    )
    return Amounts(goods[0], about)


def _mine(text: str) -> Mine | None:
    cue = _CUE.search(text)
    if cue is None or not re.search(r"政策|条款|规定|文件", text) or not re.search(f"{_WHICH}|{_LIST}", text):
        return None
    rest = re.sub(_CUE, " ", text)
    about = _MYSELF.sub("", _left(rest, r"政策文件|政策措施|政策|条款|规定|文件", f"{_WHICH}|{_LIST}")).strip(" 的")
    return Mine(re.sub(r"^我们?$", "", about))


def _listing(text: str) -> Listing | None:
    issued = re.search(rf"{_ISSUED}(?:过|了)(?:些)?|(?:{_ISSUED})(?=的)", text)
    noun = _NOUN if issued else r"(?:规范性文件|政策文件|政策法规|政策|文件|法规)"
    form = re.search(
        rf"(?:{_WHICH}|{_LIST})(?P<between>[^，。？?]{{0,16}}?)(?:的)?{noun}{_TAIL}|(?P<noun>{noun})(?:都|还|一共|总共)?(?:{_WHICH}|{_LIST}){_TAIL}",
        text,
    )
    if form is None:
        return None
    about = _left(
        text, rf"(?:{_ISSUED})(?:过|了)(?:些)?|(?:{_ISSUED})(?=的)" if issued else r"$^", noun, f"{_WHICH}|{_LIST}"
    )
    return Listing(about) if about else None


def _compare(text: str) -> Compare | None:
    match = _PAIR.match(text)
    if match is None or not _COMPARED.search(text):
        return None
    rest = _COMPARED.sub("", match["rest"]).strip(" ，,。？?的吗呢有")
    point = _POINT.match(rest)
    return Compare(match["first"], match["second"], point["point"].strip("的 ") if point else rest)


def _changes(text: str) -> Changes | None:
    if not _CHANGED.search(text):
        return None
    match = re.match(
        r"^(?P<mention>《[^《》]{3,60}》|[^，。？！]{4,60}?(?:办法|规定|条例|细则|意见|方案|措施|法))(?P<rest>.*)$",
        text,
    )
    if match is None or not _VERSIONS.search(match["rest"]):
        return None
    rest = _VERSIONS.sub("", _CHANGED.sub("", match["rest"]))
    left = re.sub(r"[\s，,。？?！!的了吗呢啊有在和跟与比相对于较都里中之间版本它]", "", rest)
    return Changes(match["mention"]) if not left else None
