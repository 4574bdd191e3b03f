"""What begins like a numbered clause, and what only looks so."""

from __future__ import annotations

import pytest

from corpus.markers import Family, class_of, ends_event, marker_of


@pytest.mark.parametrize(
    ("text", "family", "number", "label"),
    [
        ("一、总体要求", "cn", 1, "一、"),
        ("十二、附则", "cn", 12, "十二、"),
        ("一、二等奖", "cn", 1, "一、"),
        ("（一）加强领导", "cn_paren", 1, "（一）"),
        ("(四）加强领导", "cn_paren", 4, "(四）"),
        ("（四)加强领导", "cn_paren", 4, "（四)"),
        ("（ 五 ）加强领导", "cn_paren", 5, "（五）"),
        ("（四十）加强领导", "cn_paren", 40, "（四十）"),
        ("1．建立台账", "ar", 1, "1．"),
        ("1.建立台账", "ar", 1, "1."),
        ("１２、建立台账", "ar", 12, "１２、"),
        ("（1）申请表", "ar_paren", 1, "（1）"),
        ("1）申请表", "ar_half", 1, "1）"),
        ("③营业执照", "circled", 3, "③"),
        ("㉑营业执照", "circled", 21, "㉑"),
        ("❷营业执照", "circled", 2, "❷"),
        ("（四）项目备案文件", "cn_paren", 4, "（四）"),
        ("（2）目录清单", "ar_paren", 2, "（2）"),
        ("㈠加强领导", "cn_paren", 1, "（一）"),
        ("㈩ 加强领导", "cn_paren", 10, "（十）"),
        ("⑴申请表", "ar_paren", 1, "（1）"),
        ("⒓、申请表", "ar", 12, "12．"),
        ("1.2016年起执行", "ar", 1, "1."),
        ("3.2015学年招生", "ar", 3, "3."),
        ("2.5月8日前报名", "ar", 2, "2."),
        ("4.16周岁以下", "ar", 4, "4."),
        ("１．２ 适用范围", "dec", 2, "１．２"),
        ("（１）申请表", "ar_paren", 1, "（１）"),
        ("1.2 适用范围", "dec", 2, "1.2"),
        ("3.3.1 分级", "dec", 1, "3.3.1"),
        ("1  总则", "dec", 1, "1"),
        ("第一条 为了", "article", 1, "第一条"),
        ("第一条为了加强管理", "article", 1, "第一条"),
        ("第一百〇三条 本法", "article", 103, "第一百〇三条"),
        ("第１０２条 本法", "article", 102, "第１０２条"),
        ("第十条之一 本法", "article", 10, "第十条之一"),
        ("第三章 罚 则", "chapter", 3, "第三章"),
        ("第 二 章　总则", "chapter", 2, "第二章"),
        ("第一节 一般规定", "section", 1, "第一节"),
        ("第一编 总则", "part", 1, "第一编"),
    ],
)  # fmt: skip
def test_marks(text: str, family: Family, number: int, label: str) -> None:
    marker = marker_of(text)
    assert marker is not None
    assert (marker.family, marker.number, marker.label) == (family, number, label)
    assert not text[: marker.length].strip() or text.startswith(text[: marker.length])


@pytest.mark.parametrize(
    "text",
    [
        "2.5%的税率", "1.5倍", "1.5万元以上", "3.5亿元", "2025年3月1日", "第二十二条第（二）、（四）项", "第二条、第三条规定的",
        "第二条至第五条", "第十条和第十一条", "2025.3", "一是加强", "一个", "十里长街", "二〇二五年", "第一季度", "第三方机构", "100元",
        "（责任单位：市科技局）", "（试行）", "（2025年版）", "A、甲", "", "—1—",
        "㈠、㈡项规定", "⑴至⑶规定的",
    ],
)  # fmt: skip
def test_what_is_no_mark(text: str) -> None:
    assert marker_of(text) is None


@pytest.mark.parametrize(("text", "depth"), [("1 总则", 1), ("1.1 目的", 2), ("3.3.1 分级", 3), ("1.2.3.4 甲", 4)])
def test_decimals_say_how_deep_they_are(text: str, depth: int) -> None:
    marker = marker_of(text)
    assert marker is not None
    assert marker.depth == depth


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第二类", (2, "第二类", "")),
        ("第 一 组：化工企业", (1, "第一组", "化工企业")),
        ("第三批 共享单车", (3, "第三批", "共享单车")),
        ("第一类物品每年检查。", None),
        ("第一类：应当登记，并公布。", None),
        ("第一季度", None),
    ],
)
def test_classes_of_a_list(text: str, found: tuple[int, str, str] | None) -> None:
    assert class_of(text) == found


@pytest.mark.parametrize(
    ("before", "text", "ends"),
    [
        ("2011年11月17日某市人大常委会第三十次会议通过", "2020年5月14日某市人大常委会修正", True),
        ("（2011年11月17日国务院令第52号公布", "根据2020年5月14日《国务院关于修改部分行政法规的决定》修订）", True),
        ("2020年12月23日某院审判委员会第1823次会议通过", "为正确审理案件，制定本规定。", True),
        ("2002年12月28日《国务院关于修改〈中华人民共和国专利法实施", "细则〉的决定》修订", False),
        ("（2019年5月20日会议通过，根据2020年12月23日会议通过", "的《关于修改某解释的决定》修正）", False),
        ("本办法自", "2020年5月14日起施行。", False),
        ("经省政府批准", "方可开工。", False),
    ],
)
def test_events_in_the_history_of_a_law(before: str, text: str, ends: bool) -> None:
    assert ends_event(before, text) is ends
