"""One file -> its documents: where one ends and the next begins, and where nothing begins although it looks so."""

from __future__ import annotations

import pytest

from corpus.ingest import read_documents
from corpus.types import Document


def documents(text: str) -> list[Document]:
    return [document for document, _ in read_documents(text.encode(), "x.txt")]


FIRST = """澜江市支持工业设计发展的若干措施
为促进工业设计发展，制定以下措施。
一、支持设计中心建设
对获评国家级的，给予最高100万元奖励。
二、培育设计人才
支持高校开设设计专业。
三、附则
本措施自2025年7月1日起施行，有效期至2027年12月31日。"""
SECOND = """为加快发展银发经济，制定以下措施。
一、优化老年助餐
新建助餐点给予10万元补助。
二、发展智慧养老
建设智慧养老平台。"""


@pytest.mark.parametrize(
    ("between", "line"),
    [
        ("\n澜江市促进银发经济发展的若干措施\n", 9),
        ("\n\n澜江市促进银发经济发展的若干措施\n\n", 10),
        ("澜江市促进银发经济发展的若干措施\n", 8),  # glued to the last sentence
        ("澜江市促进银发经济\n发展的若干措施\n", 8),  # glued, and over two lines
        ("\n澜江市促进银发经济\n发展的若干措施\n", 9),
    ],
)
def test_a_title_begins_the_next_document(between: str, line: int) -> None:
    first, second = documents(FIRST + between + SECOND)
    assert (first.title, second.title) == ("澜江市支持工业设计发展的若干措施", "澜江市促进银发经济发展的若干措施")
    assert second.sources[0].line_start == line
    assert first.text.endswith("有效期至2027年12月31日。")
    assert not second.title_inferred


def test_numbering_that_restarts_in_mid_line_begins_a_document_without_a_title() -> None:
    first, second = documents(
        FIRST + "一、总体要求\n坚持系统观念。\n二、主要任务\n出台《澜江市夜间经济促进意见》（以下简称意见）。"
    )
    assert second.text.startswith("一、总体要求")
    assert second.title_inferred
    assert first.text.endswith("12月31日。")


def test_addressees_in_mid_line_begin_a_document_and_its_title_is_inferred() -> None:
    _, second = documents(
        FIRST + "各县（区）人民政府，市各委办局：\n现将《澜江市无人机管理计划》印发给你们，请认真贯彻执行。"
    )
    assert second.title == "澜江市无人机管理计划"
    assert second.title_inferred


def test_two_laws_in_one_file() -> None:
    law = "澜江市{}管理办法\n第一条　为了加强{}管理，制定本办法。\n第二条　本办法自2025年1月1日起施行。\n"
    assert [d.title for d in documents(law.format("燃气", "燃气") + law.format("供水", "供水"))] == [
        "澜江市燃气管理办法",
        "澜江市供水管理办法",
    ]


NOTICE = """澜江市人民政府关于印发澜江市内涝应急预案的通知
澜府发〔2025〕8号
各县（区）人民政府，市各委办局：
现将《澜江市内涝应急预案》印发给你们，请认真组织实施。
澜江市人民政府
2025年4月1日
澜江市内涝应急预案
一、总则
坚持预防为主。
二、组织体系
设立市防汛指挥部。
附件1
应急联络表
1．市应急局；
2．市水务局。"""


def test_a_notice_its_plan_and_the_attachment_are_one_document() -> None:
    ((document, clauses),) = read_documents(NOTICE.encode(), "x")
    assert document.title == "澜江市人民政府关于印发澜江市内涝应急预案的通知"
    assert document.number == "澜府发〔2025〕8号"
    addresses = [clause.address for clause in clauses]
    assert addresses.count("一、") == 1
    assert "附件1 1．" in addresses, "numbering restarts in the attachment"
    plan = next(clause for clause in clauses if clause.heading == "澜江市内涝应急预案")
    assert next(clause for clause in clauses if clause.address == "一、").parent == plan.id


def test_an_interpretation_printed_after_its_policy_is_a_part_of_it() -> None:
    text = FIRST + "\n播报\n编辑\n解读\n一、出台背景\n为推动设计产业。\n二、主要内容\n共三条。"
    ((document, clauses),) = read_documents(text.encode(), "x")
    addresses = [clause.address for clause in clauses]
    assert {"解读", "解读 一、", "解读 二、"} <= set(addresses) or {"解读", "解读一、", "解读二、"} <= set(addresses)
    assert "播报" not in document.text


@pytest.mark.parametrize(
    "inside",
    [
        "（见《澜江市促进银发经济发展的若干措施》）。",
        "按照《澜江市公共停车管理办法》执行。",
        "附件：澜江市设计中心名单",
        "相关措施按规定另行制定并公布，不得擅自调整有关办法。",
        "三是加强宣传，落实意见。",
    ],
)
def test_a_title_that_is_only_named_begins_nothing(inside: str) -> None:
    text = FIRST.replace("支持高校开设设计专业。", f"支持高校开设设计专业。\n{inside}")
    assert [d.title for d in documents(text)] == ["澜江市支持工业设计发展的若干措施"]


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (
            "澜江市人民政府办公室关于印发\n澜江市内涝应急预案的通知",
            "澜江市人民政府办公室关于印发澜江市内涝应急预案的通知",
        ),
        ("关于促进工业设计发展的\n若干措施\n（征求意见稿）", "关于促进工业设计发展的若干措施（征求意见稿）"),
        ("澜江市工业设计发展行动计划\n（2025～2027年）", "澜江市工业设计发展行动计划（2025～2027年）"),
        ("澜 江 市 信 访 工 作 办 法", "澜江市信访工作办法"),
    ],
)
def test_a_title_may_stand_on_several_lines(lines: str, title: str) -> None:
    (document,) = documents(f"{lines}\n为加强工作，制定本办法。\n一、目标\n到2027年建成。\n")
    assert document.title == title
    assert not document.title_inferred


@pytest.mark.parametrize(
    "under",
    [
        "澜江市人民政府令第52号",
        "澜府规〔2025〕3号",
        "（澜府规〔2025〕3号）",
        "发布机构：澜江市人民政府　发布日期：2025-03-01",
        "（2025年1月2日澜江市人民政府令第52号发布 自2025年3月1日起施行）",
    ],
)
def test_a_title_is_known_by_the_line_under_it(under: str) -> None:
    (document,) = documents(
        f"澜江市燃气管理办法\n{under}\n第一条 为了加强管理，制定本办法。\n第二条 本办法自发布之日起施行。"
    )
    assert document.title == "澜江市燃气管理办法"
    assert not document.title_inferred


def test_a_contents_list_says_where_documents_begin() -> None:
    text = (
        "学习资料\n澜江市人才工作意见.....1\n澜江市产业集群发展大会召开.....5\n"
        "澜江市人才工作意见\n一、目标\n建设人才高地。\n澜江市产业集群发展大会召开\n本报讯 大会昨日举行。"
    )
    assert [d.title for d in documents(text)][1:] == ["澜江市人才工作意见", "澜江市产业集群发展大会召开"]


def test_the_same_document_twice_in_a_file_is_one_with_two_sources() -> None:
    found = documents(FIRST + "\n" + FIRST)
    assert len(found) == 1
    assert [(s.line_start, s.line_end) for s in found[0].sources] == [(1, 8), (9, 16)]
