"""Whether a question asks how something is handled (怎么办, 去哪办, 要什么材料), and what of it first."""

from __future__ import annotations

import re

from qa.types import CardName

NAMES: tuple[CardName, ...] = (
    "who",
    "conditions",
    "steps",
    "materials",
    "time_limit",
    "place",
    "telephone",
    "online",
)
"""The fields of a card, in their order."""

LABELS: dict[CardName, str] = {
    "who": "办理对象",
    "conditions": "条件",
    "steps": "怎么办",
    "materials": "材料",
    "time_limit": "时间和时限",
    "place": "去哪办",
    "telephone": "电话",
    "online": "网上办理",
}

_DEED = r"(?:办理?|申请|申报|申领|报名|领取?|登记|补办|补缴|换领|报销|备案|预约|参保|缴费|转入|转移|续办|签注|落户|入户|注册|申办|弄|走)"
_ASKED: tuple[tuple[CardName, re.Pattern[str]], ...] = (
    ("materials", re.compile(r"(?:哪些|什么|啥|几样|多少)(?:申请|证明|相关|报名|办理)?(?:材料|资料|证件|手续|证明)|(?:材料|资料|证件|手续)(?:都|还)?(?:有|要|需要|是|包括)?(?:哪些|什么|啥|清单)|(?:带|交|提交|准备|提供)(?:些|点)?(?:什么|啥|哪些)(?!地方|时)")),
    ("place", re.compile(rf"(?:去|到|在|上|向|找)(?:哪里|哪儿|哪个(?:地方|部门|单位|窗口)?|哪|什么地方)(?:去|来|才能|可以|能)?{_DEED}|{_DEED}(?:的)?(?:地点|地址|窗口)(?:在哪|是|有哪)|(?:在|去|到)哪(?:里|儿)?{_DEED}")),
    ("time_limit", re.compile(r"(?:多久|多长时间|几天|多少天|几个工作日)(?:能|可以|才能)?(?:办好|办完|拿到|批下来|办下来|下来|领到|办结|出结果)|(?:报名|申请|办理|受理)(?:的)?时间")),
    ("telephone", re.compile(r"(?:咨询|联系|办事|报名)?电话(?:是)?(?:多少|号码|几号)")),
    ("online", re.compile(rf"(?:网上|线上|手机上?)(?:怎么|如何|能不能|可以|能)?{_DEED}")),
    ("steps", re.compile(rf"(?:怎么|怎样|如何|咋)(?:去|来|才能|样)?{_DEED}|{_DEED}(?:的)?(?:流程|程序|步骤|手续)(?:是|有|怎)?|怎么办(?:理)?$|(?:流程|步骤|程序)(?:是)?(?:什么|怎样|怎么)")),
)  # fmt: skip


def asked_fields(question: str) -> tuple[CardName, ...]:
    """The fields that a question asks for, in the order of a card; empty where it does not ask how something is handled."""
    text = question.rstrip("？?。！! 吗呢啊呀的")
    found = {name for name, form in _ASKED if form.search(text)}
    return tuple(name for name in NAMES if name in found)
