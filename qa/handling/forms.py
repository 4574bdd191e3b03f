"""Sentences that say how something is handled where no heading does: 向…提出申请, 应当提交下列材料, 自受理之日起15个工作日内."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.types import CardName

_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_NUMBER = r"(?:\d{1,3}|[一二三四五六七八九十]{1,4})"
_FORMS: tuple[tuple[CardName, re.Pattern[str]], ...] = (
    ("who", re.compile(r"(?:供应|申请|招生|保障|办理|服务)对象(?:主要)?(?:是|为|包括)|[^，。；]{2,30}(?:可以|均可|可)(?:申请|申领|申办)(?!人)")),
    ("conditions", re.compile(r"(?:符合|具备|满足)(?:以下|下列|上述)?[^。；]{0,12}条件|(?:须|应|应当)同时(?:符合|具备|满足)|条件(?:为|是|之一)|(?:满|以上)[^，。；]{0,30}(?:的)?[^，。；]{0,20}，?可以?(?:申请|申领|申办)")),
    ("steps", re.compile(r"按(?:照)?(?:下列|以下)(?:程序|步骤|流程)|程序(?:如下|为)|流程(?:如下|为)|步骤如下|(?:[^→\n]{2,30}→){2,}|(?:[^-\n]{2,30}--》){2,}|第一步|填写[^。；]{2,40}(?:申请表|登记表)")),
    ("materials", re.compile(r"(?:提交|提供|携带|出示|交验|递交|持|凭)[^。；]{0,40}?(?:材料|资料|证明|证件|身份证|户口[簿本]|申请表|合同|房产证|照片|相片|身份信息)|所需(?:材料|资料)")),
    ("time_limit", re.compile(rf"(?:之日起|受理后|当日|收到[^，。；]{{0,30}}|在)?\s*{_NUMBER}\s*个?(?:工作日|日|天|个月)(?:内|之内|以内)|{_NUMBER}个工作日|(?:报名|申请|办理|受理|登记|截止)(?:时间|日期)?(?:为|是|：)?[^。；]{{0,10}}\d{{1,2}}月\d{{1,2}}日")),
    ("place", re.compile(r"(?:向|到|至|在|前往|去)[^，。；]{2,50}?(?:派出所|办事处|人民政府|中心|窗口|部门|机构|学校|受理点|局|站|所|委员会|公安机关)[^，。；]{0,20}?(?:提出|申请|申报|办理|报名|领取|登记|递交|申领|提交|进行|受理)|(?:地址|地点)[：:]")),
    ("telephone", re.compile(r"(?:电话|热线|传真|咨询|联系)[^。；\n]{0,40}?(?<!\d)(?:0\d{2,3}[-－ ]?)?(?:\d{7,8}|1[3-9]\d{9}|12\d{3})(?!\d)|(?<![\d.])(?:0\d{2,3}[-－])\d{7,8}(?!\d)|[区镇街道处心]\S*\t[^\n]{0,60}?\d{8}")),
    ("online", re.compile(r"https?://[\w./?=&%-]+|www\.[\w.-]+|(?:网上|线上|网络|微信|APP|登[录陆][^。；]{2,40}(?:网站|系统|平台))[^。；]{0,20}?(?:申[请报领办]|办理|报名|登记|填报|预约|提交|查询|下载)?")),
)  # fmt: skip


def found_in(text: str, start: int, end: int) -> Iterator[tuple[CardName, Span]]:
    """The fields that the sentences of text[start:end] hold, each with its sentence."""
    for match in _SENTENCE.finditer(text, start, end):
        words = match[0].strip()
        if len(words) < 4:
            continue
        at = match.start() + len(match[0]) - len(match[0].lstrip())
        for name, form in _FORMS:
            if form.search(words):
                yield name, Span(at, at + len(words))
