"""Canonical text -> clause tree: the address that a clerk would write, and what is not a clause although numbered."""

from __future__ import annotations

import pytest
from test_corpus_properties import assert_whole

from corpus.reading import read_documents
from corpus.types import Clause, Document


def read(body: str, title: str = "澜江市公共充电设施管理办法") -> tuple[Document, dict[str, Clause]]:
    ((document, clauses),) = read_documents(f"{title}\n{body}".encode(), "x.txt")
    assert_whole(document, clauses)
    return document, {clause.address: clause for clause in clauses}


def numbered(clauses: dict[str, Clause]) -> list[str]:
    return [address for address, clause in clauses.items() if clause.label]


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        (
            "一、目标\n（一）近期。\n（二）远期。\n二、任务\n（一）建设。",
            ["一、", "一、（一）", "一、（二）", "二、", "二、（一）"],
        ),
        ("第五条 甲。\n第六条 乙。\n第二十条 丙。", ["第五条", "第六条", "第二十条"]),  # an excerpt
        ("一、目标\n（一）近期。\n二、任务\n（二）建设。", ["一、", "一、（一）", "二、", "二、（二）"]),  # runs on
        ("一、目标\n1．建站。\n2．建桩。\n二、任务\n3．运维。", ["一、", "一、1．", "一、2．", "二、", "二、3．"]),
        ("1 总则\n1.1 目的\n1.2 依据\n2 组织\n2.1 职责\n2.1.1 市级", ["1", "1.1", "1.2", "2", "2.1", "2.1.1"]),
        ("一、设备要求\n满足下列要求：①安全；②可靠；③经济。", ["一、", "一、①", "一、②", "一、③"]),
        (
            "第一条 为了公共利益，制定本办法。\n第二条 应当：\n（一）建账；\n（二）巡查。\n第三条为了安全，禁止飞线充电。",
            ["第一条", "第二条", "第二条第（一）项", "第二条第（二）项", "第三条"],
        ),
        ("第一章　总　则\n第一条 甲。\n第二章　罚 则\n第二条 乙。", ["第一章", "第一条", "第二章", "第二条"]),
        ("第一条 甲。\n第一百〇三条 乙。", ["第一条", "第一百〇三条"]),
        ("第一条 甲。\n第一百〇三条规定的乙。", ["第一条"]),  # a number that far ahead is a reference
        ("第九十九条 甲。\n第一百条 乙。\n第一百〇一条 丙。", ["第九十九条", "第一百条", "第一百〇一条"]),
        ("第一条 甲。\n第二条 乙。\n第二条之一 丙。\n第三条 丁。", ["第一条", "第二条", "第二条之一", "第三条"]),
    ],
)
def test_addresses(body: str, addresses: list[str]) -> None:
    _, clauses = read(body)
    assert numbered(clauses) == addresses


def test_paragraphs_of_an_article_are_counted() -> None:
    document, clauses = read(
        "第十九条 甲。\n第二十条 市政府应当公布清单。\n有下列情形之一的，不予备案：\n（一）材料不全；\n（二）逾期。\n前款情形消除的，可以重新申请。"
    )
    assert document.quote(clauses["第二十条第二款第（一）项"].span) == "（一）材料不全；"
    assert document.quote(clauses["第二十条第三款"].span) == "前款情形消除的，可以重新申请。"
    assert document.quote(clauses["第二十条第一款"].span) == "市政府应当公布清单。"


def test_two_lists_in_one_article_are_told_apart_by_their_paragraph() -> None:
    _, clauses = read("第一条 应当：\n（一）甲；\n（二）乙。\n不得：\n（一）丙；\n（二）丁。")
    assert {"第一条第一款第（一）项", "第一条第二款第（一）项", "第一条第二款第（二）项"} <= clauses.keys()


@pytest.mark.parametrize("spaces", ["　", " ", "  ", "\u2002", ""])
def test_a_chapter_heading_keeps_no_space_around_it(spaces: str) -> None:
    _, clauses = read(f"第一章{spaces}总{spaces}则\n第一条 甲。\n第二章{spaces}罚{spaces}则\n第二条 乙。")
    chapter = clauses["第二章"]
    assert (chapter.label, chapter.heading, chapter.path) == ("第二章", "罚则", ("第二章罚则",))


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("（一）加强梯次培育。对获评企业给予奖励。", "加强梯次培育"),
        ("（一）加强梯次培育", "加强梯次培育"),
        ("（一）对国家级企业给予100万元奖励。", ""),
        ("（一）组织领导：成立专班。", "组织领导"),
    ],
)
def test_headings(text: str, heading: str) -> None:
    _, clauses = read(f"一、培育\n{text}")
    assert clauses["一、（一）"].heading == heading


@pytest.mark.parametrize(
    "text",
    [
        "第二条规定的情形除外。",
        "第二十二条第（二）、（四）项规定的情形。",
        "2.5%的税率由市财政局核定。",
        "1.5倍以上三倍以下。",
        "第九条、第十条的规定同时适用。",
    ],
)
def test_references_at_the_start_of_a_paragraph_are_no_clauses(text: str) -> None:
    document, clauses = read(f"第三条 甲。\n第四条 乙。\n{text}\n第五条 丙。")
    assert numbered(clauses) == ["第三条", "第四条", "第五条"]
    assert document.quote(clauses["第四条第二款"].span) == text


def test_articles_quoted_by_an_amendment_are_no_articles_of_it() -> None:
    _, clauses = read(
        "一、对《澜江市燃气管理办法》作出修改\n（一）第二十条修改为：“燃气企业应当巡检。”\n（二）将第三十一条第一款修改为：\n"
        "“第三十一条 违反本办法的，处一千元罚款。”\n（三）删去第四十条。\n二、本决定自2025年6月1日起施行。",
        "关于修改《澜江市燃气管理办法》的决定",
    )
    assert numbered(clauses) == ["一、", "一、（一）", "一、（二）", "一、（三）", "二、"]


@pytest.mark.parametrize(
    "closing",
    [
        "本办法自2025年7月1日起施行，有效期至2027年12月31日。",
        "本措施由市工信局负责解释。",
        "国家、省另有规定的，从其规定。",
        "同一事项不重复奖励。",
    ],
)
def test_closing_paragraphs_belong_to_the_document(closing: str) -> None:
    document, clauses = read(f"一、培育\n（一）奖励。给予奖励。\n（二）补贴。给予补贴。\n{closing}")
    (last,) = [clause for clause in clauses.values() if document.quote(clause.span) == closing]
    assert last.parent is None
    assert last.address == "结尾第一段"


@pytest.mark.parametrize("after", ["", "\n附件1\n申报表\n1．姓名；\n2．住址。"])
def test_the_signature_belongs_to_the_document(after: str) -> None:
    document, clauses = read(f"第一条 甲。\n第二条 应当：\n（一）乙；\n（二）丙。\n澜江市人民政府\n2025年3月1日{after}")
    signed = [c for c in clauses.values() if document.quote(c.span) in ("澜江市人民政府", "2025年3月1日")]
    assert [clause.parent for clause in signed] == [None, None]
    assert "第二条第一款" not in clauses


def test_a_paragraph_after_the_last_article_is_its_paragraph() -> None:
    _, clauses = read("第一条 应当：\n（一）甲；\n（二）乙。\n第二条 丙。\n国有企业参照执行的，应当备案。")
    assert "第二条第二款" in clauses


def test_table_rows_are_clauses_under_their_heading() -> None:
    document, clauses = read(
        "一、获奖名单\n一 等 奖\n\t序号\n\t项目\n\n\t1\n\t智能割草机\n\n二 等 奖\n\t序号\n\t项目\n\n\t1\n\t折叠轮椅\n",
        "澜江市人民政府关于公布设计奖名单的决定",
    )
    rows = {document.quote(c.span): c for c in clauses.values() if c.label.startswith("序号")}
    assert rows["1\t智能割草机"].path[-2:] == ("一等奖", "序号1")
    assert rows["1\t折叠轮椅"].path[-2:] == ("二等奖", "序号1")
    assert sum(clause.label == "表头" for clause in clauses.values()) == 2


def test_events_of_a_chronicle_inherit_their_day() -> None:
    document, clauses = read(
        "1日 召开动员会。\n● 市长调研企业。\n6-7日 举办博览会。\n8日 开工。\n● 签约项目。\n● 发布报告。",
        "澜江市人民政府2025年3月大事记",
    )
    assert [a for a, c in clauses.items() if c.label] == ["1日", "1日●1", "6-7日", "8日", "8日●1", "8日●2"]
    assert document.quote(clauses["8日●2"].span) == "● 发布报告。"


def test_text_before_the_first_number_is_the_opening() -> None:
    _, clauses = read("为加强管理，制定本办法。\n一、目标\n建成网络。")
    assert list(clauses)[:3] == ["标题", "开头第一段", "一、"]
    assert clauses["一、第一段" if "一、第一段" in clauses else "一、"].path[0] == "一、目标"


def test_a_number_that_stands_twice_gets_another_address() -> None:
    _, clauses = read("一、甲\n一、乙\n一、丙")
    assert numbered(clauses) == ["一、", "一、〔2〕", "一、〔3〕"]


def test_classes_of_a_list_in_an_attachment_are_in_the_address() -> None:
    document, clauses = read(
        "第一条 为了安全，制定本办法。\n第二条 目录见附表。\n附表\n管控物品的分类和品种目录\n第一类\n1．甲醇；\n2．乙醇\n第二类 气体\n"
        "1．氢气\n2．氧气\n说明：\n一、第一类物品的盐类也纳入管控。"
    )
    assert numbered(clauses)[2:] == [
        "附表", "附表 第一类", "附表 第一类1．", "附表 第一类2．", "附表 第二类", "附表 第二类1．", "附表 第二类2．", "附表 一、",
    ]  # fmt: skip
    assert document.quote(clauses["附表 第二类1．"].span) == "1．氢气"
    assert clauses["附表 第二类2．"].path == ("附表管控物品的分类和品种目录", "第二类气体", "2．氧气")


def test_classes_in_the_body_are_seen_where_numbers_begin_again() -> None:
    _, clauses = read("一、分类管理\n第一类\n1．甲\n2．乙\n第二类\n1．丙\n二、监督\n第一类物品每年检查。")
    assert numbered(clauses) == [
        "一、", "一、第一类", "一、第一类1．", "一、第一类2．", "一、第二类", "一、第二类1．", "二、",
    ]  # fmt: skip


def test_text_over_a_table_and_before_the_first_number_is_no_closing() -> None:
    text = "\t索引号：\tAB-1\t发文日期：\t2020-03-01\n\n关于做好供水工作的通知\n各单位：\n为做好供水工作，现通知如下。\n一、加强巡查\n每日巡查。\n二、加强检修\n每月检修。\n特此通知。\n澜江市水务局\n2020年3月1日"
    ((_, clauses),) = read_documents(text.encode(), "x.txt")
    addresses = [c.address for c in clauses]
    assert [a for a in addresses if a.startswith("开头")] == ["开头第一段", "开头第二段", "开头第三段"]
    assert all(addresses.index(a) > addresses.index("二、") for a in addresses if a.startswith("结尾"))


def test_items_before_a_year_and_enclosed_numbers_are_items() -> None:
    text = "招生工作方案\n为做好招生，制定本方案。\n一、安排\n1.2016年春季报名。\n2.2017年秋季入学。\n二、要求\n㈠加强领导。\n㈡落实责任。\n"
    ((_, clauses),) = read_documents(text.encode(), "x.txt")
    assert [c.address for c in clauses if c.parent][:2] == ["一、1.", "一、2."]
    assert [c.address for c in clauses if c.parent][2:] == ["二、（一）", "二、（二）"]
