"""Words that stand side by side and exclude each other: 国家级 and 省级, 一等奖 and 二等奖, 博士 and 硕士."""

from __future__ import annotations

import re
from functools import lru_cache

_SOURCES = (
    r"国际级|国家级|省部级|省级|市级|区级|县级|镇级|乡级|村级",
    r"世界级|全球|全国|全省|全市|全区|国际|国内",
    r"特等奖|一等奖|二等奖|三等奖|四等奖|优秀奖|优胜奖|入围奖|提名奖|鼓励奖|金奖|银奖|铜奖|金牌|银牌|铜牌",
    r"特等|一等(?!奖)|二等(?!奖)|三等(?!奖)|四等(?!奖)",
    r"[ⅠⅡⅢⅣⅤ]级|[ⅠⅡⅢⅣⅤ]类|[ⅠⅡⅢⅣⅤ]型",
    r"特级|一级|二级|三级|四级|五级|六级",
    r"[1-9]级",
    r"甲级|乙级|丙级|丁级",
    r"甲类|乙类|丙类|丁类",
    r"[A-F]类|[A-F]级|[A-F]档|[A-F]等",
    r"一类|二类|三类|四类|五类",
    r"第一类|第二类|第三类|第四类|第五类",
    r"一档|二档|三档|四档|五档",
    r"第一档|第二档|第三档|第四档|第五档",
    r"第一名|第二名|第三名|第四名|第五名",
    r"第一年|第二年|第三年|第四年|第五年|首年|次年",
    r"(?:19|20)\d\d年",
    r"一期|二期|三期|四期",
    r"[一二三四五]星级?",
    r"(?<![A\d])A{1,5}级?(?!A)|[1-5]A级?",
    r"特别重大|重大|较大|一般",
    r"特大型|超大型|大型|中型|小型|微型",
    r"重度|中度|轻度",
    r"博士后|博士|硕士|本科|大专|专科|高职|中专",
    r"正高级|副高级|高级|中级|初级",
    r"高级技师|技师|高级工|中级工|初级工",
    r"优秀|良好|合格|基本合格|不合格",
    r"钻石级?|白金级?|金卡|金级|银级|铜级",
    r"红色|橙色|黄色|蓝色",
    r"每年|累计",
    r"国家实验室|国家重点实验室|全国重点实验室|省重点实验室|市重点实验室",
)
FAMILIES = tuple(re.compile(source) for source in _SOURCES)
"""One pattern a family."""

_EXCLUSIVE = tuple(
    re.compile(source)
    for source in _SOURCES
    if source.split("|")[0]
    in ("国际级", "特等奖", "特等", "[ⅠⅡⅢⅣⅤ]级", "甲级", "甲类", "一类", "第一类", "一档", "重度", "博士后", "红色")
)
"""Families whose words mean nothing else: where a text names another one than is asked for, it is about that one."""

_SHORT = re.compile(
    r"(?P<names>(?<![第十A-F\d])(?:(?:[特一二三四五甲乙丙丁]|国家|国|省|市|区|县)(?:[、和及或与]?(?:[特一二三四五甲乙丙丁]|国家|国|省|市|区|县))+"
    r"|[A-F\dⅠ-Ⅴ](?:[、和及或与][A-F\dⅠ-Ⅴ])+))(?P<noun>等奖|级|类|档|星级|星|等|型|期)"
)
_ONE = re.compile(r"国家|国|[特一二三四五甲乙丙丁A-F\dⅠ-Ⅴ省市区县]")


def expanded(text: str) -> str:
    """一、二、三等奖 -> 一等奖、二等奖、三等奖; 国家、省、市级 -> 国家级、省级、市级."""

    def spelled(match: re.Match[str]) -> str:
        names = ["国家" if n == "国" else n for n in _ONE.findall(match["names"])]
        return "、".join(name + match["noun"] for name in names)

    return _SHORT.sub(spelled, text)


def is_of_another(question: str, text: str, above: str) -> bool:
    """Whether `text` names a rank that excludes the one that a question asks for: 蓝色预警 where 红色 is asked.

    `above` are the headings that it stands under; a rank that they name, or that the text names too, is not passed over.
    """
    wanted = _asked_of(question)
    if not wanted:
        return False
    said_text = expanded(text)
    for family, asked in wanted:
        if (said := set(family.findall(said_text))) and not asked & {*said, *family.findall(above)}:
            return True
    return False


@lru_cache(maxsize=256)
def _asked_of(question: str) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    """The families of which a question names ranks, and those ranks: every sentence is compared with them."""
    text = expanded(question)
    found = ((family, frozenset(family.findall(text))) for family in _EXCLUSIVE)
    return tuple((family, asked) for family, asked in found if asked)
