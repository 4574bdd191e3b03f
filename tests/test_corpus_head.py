"""The head of a file: which lines are the title, what stands over them, and what a page sets around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_corpus_properties import visible

from corpus.reading import read_documents
from corpus.titles import squeeze, without_residue
from corpus.types import Clause, Document

BODY = "各县区人民政府：\n现将《澜江市供水办法》印发给你们，请遵照执行。\n澜江市人民政府\n2020年3月1日\n"
LAW = "第一条 为了规范供水，制定本办法。\n第二条 本办法自2020年4月1日起施行。\n"


def read(text: str, name: str = "x.txt") -> tuple[Document, tuple[Clause, ...]]:
    (one,) = read_documents(text.encode(), name)
    return one


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("澜江市人民政府文件\n澜府〔2020〕5号\n关于印发《澜江市供水办法》的通知\n", "关于印发《澜江市供水办法》的通知"),
        ("澜江市水务局\n澜江市财政局文件\n澜水〔2020〕5号\n关于印发《澜江市供水办法》的通知\n", "关于印发《澜江市供水办法》的通知"),
        ("澜江市人民政府\n关于印发《澜江市\n供水办法》的通知\n澜府〔2020〕5号\n", "澜江市人民政府关于印发《澜江市供水办法》的通知"),
        ("澜江市水务局\n澜江市财政局\n关于印发《澜江市供水办法》的通知\n", "澜江市水务局澜江市财政局关于印发《澜江市供水办法》的通知"),
        ("您现在的位置：首页 > 政策 > 规范性文件\n关于印发《澜江市供水办法》的通知\n", "关于印发《澜江市供水办法》的通知"),
        (
            "关于印发《澜江市供水办法》的通知_政策文件_澜江市人民政府网\n索引号：AB-2020-01\n发布日期：2020-03-02\n"
            "澜江市人民政府关于印发《澜江市供水办法》的通知\n",
            "澜江市人民政府关于印发《澜江市供水办法》的通知",
        ),
        ("■ 关于印发《澜江市供水办法》的通知\n2020-03-02 17:20:46\n", "关于印发《澜江市供水办法》的通知"),
        ("政策法规\n关于印发《澜江市供水办法》的通知\n", "关于印发《澜江市供水办法》的通知"),
        ("名  称：关于印发《澜江市供水办法》的通知\n文  号：澜府〔2020〕5号\n", "关于印发《澜江市供水办法》的通知"),
        ("【标题】 关于印发《澜江市供水办法》的通知\n【文号】 澜府〔2020〕5号\n", "关于印发《澜江市供水办法》的通知"),
        ("LJFS—2020—31\n澜府〔2020〕5号\n关于印发《澜江市供水办法》的通知\n", "关于印发《澜江市供水办法》的通知"),
    ],
)  # fmt: skip
def test_the_printed_title_of_a_notice(head: str, title: str) -> None:
    document, _ = read(head + BODY + "澜江市供水办法\n" + LAW)
    assert document.title == title
    assert not document.title_inferred
    assert visible(document.text) == visible(head + BODY + "澜江市供水办法\n" + LAW)


@pytest.mark.parametrize(
    "order",
    [
        "澜江市人民政府令\n第52号\n《澜江市供水办法》已经市政府第3次常务会议通过，现予公布，自2020年4月1日起施行。\n市长 王明\n2020年3月1日\n",
        "昆河市人民政府令\n（第六号）\n《澜江市供水办法》业经市政府同意，现予发布，自2020年4月1日起施行。\n市 长 李 丽\n二O二O年三月一日\n",
    ],
)
def test_an_order_gives_title_number_issuer_and_dates(order: str) -> None:
    document, _ = read(order + "澜江市供水办法\n" + LAW)
    issuer, number = ("澜江市人民政府", "第52号") if "52" in order else ("昆河市人民政府", "第六号")
    assert document.title == "澜江市供水办法"
    assert not document.title_inferred
    assert (document.issuer, document.number) == (issuer, f"{issuer}令{number}")
    assert [str(document.issued_on), str(document.validity.effective_from)] == ["2020-03-01", "2020-04-01"]


def test_a_headline_is_the_title_of_an_article_without_an_official_one() -> None:
    text = "夜间停车费明起下调 市民可减半\n来源：澜江日报 发布时间：2020-03-02\n记者昨日获悉，停车费明起下调。\n"
    document, _ = read(text)
    assert (squeeze(document.title), document.title_inferred) == ("夜间停车费明起下调市民可减半", False)
    assert str(document.issued_on) == "2020-03-02"


def test_what_stands_over_the_title_is_opening_text_and_no_clause_of_another_kind() -> None:
    document, clauses = read("澜江市人民政府文件\n澜府〔2020〕5号\n澜江市供水办法\n" + LAW)
    assert [c.address for c in clauses] == ["开头第一段", "开头第二段", "标题", "第一条", "第二条"]
    assert document.quote(clauses[2].span) == "澜江市供水办法"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("begin-->澜江市供水办法", "澜江市供水办法"),
        ("★ 澜江市供水办法", "澜江市供水办法"),
        ("《澜江市供水办法》", "澜江市供水办法"),
        ("澜江市供水办法（转载）", "澜江市供水办法"),
        ("澜江市供水办法[全文]", "澜江市供水办法"),
        ("澜江市供水办法_百度文库", "澜江市供水办法"),
        ("澜江市供水办法-政策法规-澜江市水务局", "澜江市供水办法"),
        ("澜江市供水办法 | 澜江政府网", "澜江市供水办法"),
        ("澜江市供水办法.docx", "澜江市供水办法"),
        ("澜江市供水办法 来源：澜江日报 日期：2020-03-01", "澜江市供水办法"),
        ("关于供水的意见（澜府〔2020〕5号）", "关于供水的意见"),
        ("澜江市供水发展规划（2021-2025）", "澜江市供水发展规划（2021-2025）"),
        ("澜江市供水办法（试行）", "澜江市供水办法（试行）"),
        ("2021—2025年澜江市供水规划", "2021—2025年澜江市供水规划"),
    ],
)
def test_residue_of_a_title_line(line: str, title: str) -> None:
    assert without_residue(line) == title


@pytest.mark.parametrize("again", ["澜江市供水办法", "澜江市城市供水办法", "2020年澜江市供水办法"])
def test_what_a_notice_issues_is_part_of_it(again: str) -> None:
    text = f"关于印发《澜江市供水办法》的通知\n{BODY}{again}\n" + LAW
    assert read(text)[0].title == "关于印发《澜江市供水办法》的通知"


@given(
    st.lists(
        st.sampled_from(["首页 > 政策", "澜府〔2020〕5号", "发布日期：2020-03-02", "政策法规", "澜江市人民政府文件"]),
        max_size=5,
    )
)
def test_whatever_stands_over_it_the_title_is_found_and_nothing_lost(over: list[str]) -> None:
    text = "\n".join([*over, "澜江市供水管理办法", LAW])
    document, clauses = read(text)
    assert document.title == "澜江市供水管理办法"
    assert visible(document.text) == visible(text)
    assert sum(c.address == "标题" for c in clauses) == 1


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("澜江市人民政府第52号令", "澜江市人民政府第52号令"),
        ("澜江市第十届人民代表大会常务委员会公告\n（第5号）", "澜江市第十届人民代表大会常务委员会公告（第5号）"),
        ("澜江市人民政府公告第6号", "澜江市人民政府公告第6号"),
        ("澜江市水务局公告（第7号）", "澜江市水务局公告（第7号）"),
    ],
)
def test_the_number_of_an_order_or_announcement_is_no_title(line: str, number: str) -> None:
    text = f"{line}\n《澜江市供水办法》已经2020年2月1日会议通过，现予公布，自2020年4月1日起施行。\n2020年3月1日\n澜江市供水办法\n目 录：第一章 总则\n"
    document, _ = read(text + LAW)
    assert (document.title, document.title_inferred, document.number) == ("澜江市供水办法", False, number)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("______________________澜江市供水办法", "澜江市供水办法"),
        ("————澜江市供水办法", "————澜江市供水办法"),
        ("--------澜江市供水办法", "澜江市供水办法"),
        ("澜江市供水办法（新）", "澜江市供水办法"),
        ("澜江市供水办法(最新版)", "澜江市供水办法"),
        ("澜江市供水办法（新修订）", "澜江市供水办法（新修订）"),
    ],
)
def test_rules_and_labels_of_a_portal_are_no_part_of_a_title(line: str, title: str) -> None:
    assert without_residue(line) == title


CRUMBS = "您当前的位置： 政务公开 >> 政策法规 >> 供水关于印发《澜江市供水办法》的通知（澜水（2020）005号）\n"


@pytest.mark.parametrize(
    "line",
    [
        "信息来源： 本站原创  更新时间：2021-06-02关于印发《澜江市供水办法》的通知（澜水（2020）005号）\n",
        CRUMBS + "信息来源： 本站原创  更新时间：2021-06-02关于印发《澜江市供水办法》的通知（澜水〔2020〕005号）\n",
        "发布时间：2021-06-02 关于印发《澜江市供水办法》的通知 (澜水[2020]005号)\n",
    ],
)
def test_a_title_with_its_number_behind_the_particulars_of_a_page(line: str) -> None:
    document, _ = read(line + BODY + LAW)
    assert document.title == "关于印发《澜江市供水办法》的通知"
    assert document.number is not None and document.number.endswith("005号")


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("附件\n东河区入学积分\n项目及标准一览表\n", "东河区入学积分项目及标准一览表"),
        ("附件2：\n澜江市积分入户计分表（2020年）\n", "澜江市积分入户计分表（2020年）"),
        ("附 件 1\n澜江市用水户信息登记表\n", "澜江市用水户信息登记表"),
    ],
)
def test_a_file_that_is_an_attachment_of_another_has_its_own_title(head: str, title: str) -> None:
    document, _ = read(head + "一、每户填一张。\n二、每年填一次。\n")
    assert (document.title, document.title_inferred) == (title, False)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("2020入学攻略，家长看过来（6.30更新）~~", "2020入学攻略，家长看过来（6.30更新）"),
        ("澜江市供水办法 ★★", "澜江市供水办法"),
        ("澜江市供水办法***", "澜江市供水办法"),
    ],
)
def test_ornaments_behind_a_title_are_none_of_it(line: str, title: str) -> None:
    assert without_residue(line) == title
