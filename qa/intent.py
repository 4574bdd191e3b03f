"""What a question wants to be told, and the words by which a clause of that sort is known.

Laws and policies say some things in set forms: their purpose in 为了…制定本法, a term with 是指, from when they hold with
自…起施行, a penalty with 责令 and 处…罚款. A question about a penalty shares its other words with the clause that forbids;
the form tells the two apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intent:
    """A sort of information: `asked` finds it in questions, `told` in clauses."""

    name: str
    asked: re.Pattern[str]
    told: re.Pattern[str]


_INTENTS = tuple(
    Intent(name, re.compile(asked), re.compile(told))
    for name, asked, told in (
        (
            "purpose",
            r"目的|宗旨|目标是什么|主要目标|为什么(?:要)?(?:制定|出台)|为了什么|制定依据|依据什么制定",
            r"为了?[^。]{4,200}(?:制定|特制)|^第一条[\s　]",
        ),
        (
            "definition",
            r"什么是|是什么意思|(?:具体)?(?:是)?指(?:的是)?什么|定义|含义|何为|何谓|所指|属于.{0,12}范畴|什么叫|(?:哪些|什么)(?:企业|单位|人|机构|行为|设备|物品)(?:属于|算是?|是)",
            r"是指|所称|系指|包括(?:以下|下列)|(?:分为|分成)[一二三四五六七八九十两\d]",
        ),
        (
            "commencement",
            r"(?:什么时候|何时|哪天|哪一天|几时|从何时|什么时间|施行日期|生效日期).{0,8}(?:施行|实施|生效|执行)|(?:施行|实施|生效)(?:日期|时间)",
            r"自[^。]{2,24}起[^。]{0,6}(?:施行|实施|生效|执行)|有效期",
        ),
        (
            "penalty",
            r"处罚|罚款|怎么罚|罚多少|罚什么|后果|法律责任|受到什么|怎么(?:处理|处置)|如何(?:处理|处置)|承担什么|责任",
            r"罚款|责令|处分|吊销|没收|追究|依法给予|处以|拘留|承担(?:[^，。]{0,8})责任|撤销",
        ),
        (
            "scope",
            r"适用(?:范围|对象|于|哪)|(?:支持|扶持|服务|补贴|奖励|申报)对象|面向(?:谁|哪|什么)|针对(?:谁|哪)|哪类(?:主体|企业|单位|人)|哪些.{0,16}(?:适用|需要遵守|应当?遵守)|适用情形|不适用",
            r"适用本|遵守本|适用于|(?:适用|支持|扶持|服务|补贴|奖励|申报|政策)对象|(?:适用|支持)范围|不适用|适用[^。]{0,30}(?:办法|规定|条例|法)",
        ),
        ("validity", r"有效期", r"有效期"),
        (
            "period",
            r"期限|多久|多长|几天|几日|多少天|时限",
            r"(?:[一二三四五六七八九十百\d]+)(?:个)?(?:工作日|日|天|月|年|小时)(?:内|以内|之内|为|前|以上)?",
        ),
        (
            "authority",
            r"谁(?:来)?(?:负责|监管|管理|主管)|(?:哪个|哪些|什么)(?:机构|部门|单位|行政机关)|由谁|主管部门|监管机构",
            r"主管|负责[^。]{0,30}(?:工作|管理|监督)|(?:部门|机构|机关|人民政府)[^。]{0,12}(?:负责|主管|监督管理)",
        ),
        ("principle", r"原则|基本要求", r"原则|应当遵循|坚持|应当真实"),
        (
            "condition",
            r"条件|资格|满足什么|具备什么|符合什么|什么样的",
            r"下列条件|以下条件|条件之一|应当具备|应具备|具有[^。]{0,10}资格|下列情形",
        ),
        (
            "materials",
            r"材料|提交什么|提供什么|哪些文件|带什么",
            r"下列(?:材料|文件|资料)|提交[^。]{0,30}(?:材料|文件|资料|申请书)|材料",
        ),
        (
            "procedure",
            r"程序|流程|步骤|(?:如何|怎么|怎样)(?:申请|申报|办理|登记|提出|进行)|手续",
            r"申请人|提出申请|提交|受理|应当向|程序|按照下列",
        ),
        ("rights", r"权利|权益|有权|待遇|保障", r"权利|有权|享有|权益|不得歧视|待遇"),
        ("duties", r"义务|职责|应当做|应该做什么|需要做什么|责任是什么", r"义务|职责|履行|应当"),
        ("forbidden", r"禁止|不得|不能做|不可以|不允许", r"不得|禁止|严禁"),
    )
)


def intents_of(question: str) -> tuple[Intent, ...]:
    """What a question wants to be told; empty where no set form is known for it."""
    return tuple(intent for intent in _INTENTS if intent.asked.search(question))


def told_share(intents: tuple[Intent, ...], text: str) -> float:
    """The share of what is asked for that a text has the form of, 0..1; 0 where nothing is known."""
    return sum(bool(intent.told.search(text)) for intent in intents) / len(intents) if intents else 0.0
