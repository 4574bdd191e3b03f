"""Names that exclude each other: what is laid down for one of a group is not laid down for another of it.

Each group is a facet of a rule (whose level, which group of people, which floor of a ladder). A text that speaks of 职工 alone says
nothing about 居民. Used where an answer's place is compared with what a question names (qa/decide/identity.py), and to make
questions that a text does not answer (index/training/reader/data.py).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_PROVINCES = (
    "浙江", "江苏", "广东", "山东", "河南", "河北", "湖南", "湖北", "福建", "安徽", "江西", "四川", "陕西", "辽宁", "山西", "云南", "贵州", "甘肃",
)  # fmt: skip

FACETS: tuple[tuple[str, ...], ...] = (
    ("国家级", "省级", "市级", "区级", "县级"),
    ("职工", "居民", "灵活就业人员"),
    ("在职", "退休"),
    ("博士", "硕士", "本科", "大专", "中专"),
    ("幼儿园", "小学", "初中", "高中", "大学"),
    ("首套", "二套", "三套"),
    ("第一次", "第二次", "第三次"),
    ("一级", "二级", "三级", "四级"),
    ("Ⅰ级", "Ⅱ级", "Ⅲ级", "Ⅳ级"),
    ("特等奖", "一等奖", "二等奖", "三等奖"),
    ("甲类", "乙类", "丙类"),
    ("甲级", "乙级", "丙级"),
    ("轻度", "中度", "重度"),
    ("城镇", "农村"),
    ("公办", "民办"),
    ("门诊", "住院"),
    ("养老保险", "医疗保险", "失业保险", "工伤保险", "生育保险"),
    ("公共租赁住房", "廉租住房", "经济适用住房", "限价商品住房", "共有产权住房"),
    ("高级", "中级", "初级"),
    ("新建", "改建", "扩建"),
    ("大型", "中型", "小型", "微型"),
)
"""The groups besides places."""

SHORT_FORMS: tuple[tuple[str, ...], ...] = (
    ("养老", "医保", "失业", "工伤", "生育"),
    ("公租房", "廉租房", "经适房", "限价房"),
)
"""How people say some of them: a text has the long form, so that they are not compared with it."""


@cache
def cities() -> tuple[str, ...]:
    """The cities of places.txt, without 市."""
    return tuple(files("corpus").joinpath("places.txt").read_text("utf-8").split())


@cache
def places() -> tuple[tuple[str, ...], ...]:
    """Cities, and provinces."""
    return cities(), _PROVINCES


_ANY = re.compile(
    r"(?<![最城中])(?:"
    + "|".join(sorted((n for group in FACETS for n in group), key=lambda n: -len(n)))
    + r")(?![联标]|(?<=高中)级)"
)
"""最高级别 is no 高级, 城市级联 no 市级, 中小学 no 小学, 最高中标价 no 高中."""


def facets_of(text: str) -> frozenset[str]:
    """The names of FACETS that stand in a text."""
    return frozenset(_ANY.findall(text))
