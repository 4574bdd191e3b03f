"""Who issued a document: several bodies, columns, glued names, and what is no body at all."""

from __future__ import annotations

import pytest

from corpus.issuers import lead_of, organs_of
from corpus.reading import read_documents
from corpus.regions import district_of
from corpus.types import Document


def read(text: str) -> Document:
    ((document, _),) = read_documents(text.encode(), "x.txt")
    return document


@pytest.mark.parametrize(
    ("text", "organs"),
    [
        ("澜江市教育局", ("澜江市教育局",)),
        ("澜江市教育局   澜江市公安局", ("澜江市教育局", "澜江市公安局")),
        ("市教育局 市公安局", ("市教育局", "市公安局")),
        ("澜江市教育局澜江市公安局东河分局", ("澜江市教育局", "澜江市公安局东河分局")),
        ("中共澜江市委、澜江市人民政府", ("中共澜江市委", "澜江市人民政府")),
        ("澜 江 市 教 育 局", ("澜江市教育局",)),
        ("澜江市招生领导小组（代章）", ("澜江市招生领导小组",)),
        ("市长 王明", ()),
        ("联系电话：市教育局", ()),
        ("各县区教育局", ()),
        ("请报市教育局", ()),
    ],
)
def test_bodies_of_a_line(text: str, organs: tuple[str, ...]) -> None:
    assert organs_of(text) == organs


@pytest.mark.parametrize(
    ("title", "organs"),
    [
        ("澜江市教育局 澜江市公安局关于招生的通知", ("澜江市教育局", "澜江市公安局")),
        ("澜江市教育局澜江市公安局关于招生的通知", ("澜江市教育局", "澜江市公安局")),
        ("市政府批转市公安局关于落户的通知", ("市政府",)),
        ("关于印发《澜江市教育局关于招生的意见》的通知", ()),
        ("澜江市招生办法", ()),
    ],
)
def test_bodies_that_a_title_begins_with(title: str, organs: tuple[str, ...]) -> None:
    assert lead_of(title) == organs


@pytest.mark.parametrize(
    ("signature", "issuer"),
    [
        ("澜江市教育局\n澜江市公安局\n澜江市财政局\n2020年3月1日\n", "澜江市教育局、澜江市公安局、澜江市财政局"),
        ("澜江市教育局   澜江市公安局\n二〇二〇年三月一日\n", "澜江市教育局、澜江市公安局"),
        ("澜江市教育局        2020年3月1日\n", "澜江市教育局"),
        ("咨询电话：87778252澜江市教育局\n2020年3月1日\n", "澜江市教育局"),
        ("澜江市教育局\n2020-03-01\n", "澜江市教育局"),
    ],
)
def test_signatures(signature: str, issuer: str) -> None:
    document = read("关于做好招生工作的通知\n各县区教育局：\n请做好招生工作。\n" + signature)
    assert document.issuer == issuer
    assert str(document.issued_on) == "2020-03-01"


def test_the_fuller_name_counts() -> None:
    text = "澜江市东河区教育局关于招生的通知\n各学校：\n请做好招生工作。\n东河区教育局\n2020年3月1日\n"
    assert read(text).issuer == "澜江市东河区教育局"


def test_who_interprets_a_rule_did_not_issue_it() -> None:
    text = "澜江市供水办法\n第一条 依法供水。\n第二条 本办法由市水务局负责解释。\n第三条 本办法自2020年3月1日起施行。\n"
    assert read(text).issuer is None


def test_the_body_that_passed_a_rule() -> None:
    text = "澜江市供水条例\n（2020年3月1日澜江市第十届人民代表大会常务委员会第三次会议通过）\n第一条 为了供水，制定本条例。\n"
    assert read(text).issuer == "澜江市人民代表大会常务委员会"


@pytest.mark.parametrize(
    ("title", "signature", "issuer"),
    [
        ("2020上海黄浦区招生工作意见", "区教育局\n2020年3月1日\n", "上海市黄浦区教育局"),
        ("杭州市滨江区招生工作意见", "滨江区教育局\n2020年3月1日\n", "杭州市滨江区教育局"),
        ("锦江区招生工作意见", "区教育局\n2020年3月1日\n", "锦江区教育局"),
        ("市公安局关于印发青岛市落户办法的通知", "2020年3月1日\n", "青岛市公安局"),
        ("市社区办关于社区工作的通知", "市社区办\n2020年3月1日\n", "市社区办"),  # no place is named
        ("市建委关于苏州市停车工作的意见", "苏州市建设委员会办公室 2020年3月1日印发\n", "苏州市建设委员会"),
        ("青岛市崂山镇招生工作意见", "崂山镇招生办公室\n2020年3月1日\n", "崂山镇招生办公室"),
    ],
)
def test_a_name_short_of_its_place_is_completed(title: str, signature: str, issuer: str) -> None:
    assert read(f"{title}\n各有关单位：\n请做好有关工作。\n{signature}").issuer == issuer


@pytest.mark.parametrize(
    ("title", "district"),
    [
        ("2020上海黄浦区招生意见", "上海市黄浦区"),
        ("关于印发《2020年东河区招生意见》的通知", "东河区"),
        ("上海市浦东新区停车办法", "上海市浦东新区"),
        ("成都市主城区停车办法", None),
        ("广州市社区工作办法", None),
        ("杭州市区公共租赁住房办法", None),
        ("本区招生意见", None),
    ],
)
def test_the_district_of_a_title(title: str, district: str | None) -> None:
    assert district_of(title) == district


@pytest.mark.parametrize(
    "made", ["澜江市财政局制定了", "经市政府同意，澜江市财政局研究制定了", "按照要求，澜江市财政局修订了"]
)
def test_the_body_that_is_said_to_have_made_what_a_notice_issues(made: str) -> None:
    text = f"关于印发《停车收费办法》的通知\n各有关单位：\n{made}《停车收费办法》，现印发给你们。\n2020年3月1日\n"
    assert read(text).issuer == "澜江市财政局"
    together = text.replace("澜江市财政局", "澜江市财政局会同澜江市公安局")
    assert read(together).issuer == "澜江市财政局、澜江市公安局"


def test_who_made_another_document_did_not_issue_this_one() -> None:
    text = "关于做好停车工作的通知\n各有关单位：\n澜江市财政局制定了《停车收费办法》，请做好工作。\n2020年3月1日\n"
    assert read(text).issuer is None


@pytest.mark.parametrize(
    ("imprint", "issuer"),
    [
        ("澜江市东河区教育局办公室\t2020年3月2日印发", "澜江市东河区教育局"),
        ("澜江市水务局办公室      2020年3月2日印发", "澜江市水务局"),
        ("澜江市人民政府办公室 2020年3月2日印发", None),  # prints the papers of the government and its own
    ],
)
def test_the_imprint_counts_where_nothing_else_says_who_issued(imprint: str, issuer: str | None) -> None:
    assert read(f"关于做好停车工作的通知\n各有关单位：\n请做好工作。\n2020年3月1日\n{imprint}\n").issuer == issuer


@pytest.mark.parametrize(
    "head",
    [
        "澜江市水务局文件SWJ2020010号\t主动公开\n澜水〔2020〕5号\n",
        "L澜江市水务局文件\n澜水〔2020〕5号\n",
        "澜江市水务局文件 依申请公开\n",
    ],
)
def test_a_letterhead_with_a_code_and_how_it_is_made_public(head: str) -> None:
    document = read(head + "印发澜江市非居民用水户\n节约用水办法的通知\n各区人民政府：\n请执行。\n2020年3月1日\n")
    assert (document.title, document.issuer) == ("印发澜江市非居民用水户节约用水办法的通知", "澜江市水务局")


def test_an_order_of_a_government_by_its_short_name() -> None:
    text = "职工停车办法\n【发文字号】：{}\n第一条 为了停车，制定本办法。\n"
    assert read(text.format("沪府令8号")).issuer == "上海市人民政府"
    assert read(text.format("浙政令〔2020〕8号")).issuer == "浙江省人民政府"


@pytest.mark.parametrize(
    ("signature", "issuer"),
    [
        ("澜江市公安局    澜 江 市 财 政 局\n2020年3月1日", "澜江市公安局、澜江市财政局"),
        ("澜江市公安局   澜 江 市 民 政 局二 ○二 ○ 年 三 月 一 日", "澜江市公安局、澜江市民政局"),
        ("澜 江 市 教 育 局   澜 江 市 财 政 局\n二〇二〇年三月一日", "澜江市教育局、澜江市财政局"),
    ],
)
def test_a_signature_in_spaced_letters(signature: str, issuer: str) -> None:
    document = read(f"关于停车工作的通知\n各有关单位：\n请做好有关工作。\n{signature}\n")
    assert document.issuer == issuer and str(document.issued_on) == "2020-03-01"


@pytest.mark.parametrize(
    ("signed", "issuer"),
    [
        ("青岛市政府", "青岛市人民政府"),
        ("青岛市政府办公厅", "青岛市人民政府办公厅"),
        ("青岛市崂山区政府", "青岛市崂山区人民政府"),
        ("青岛市政府采购中心", "青岛市政府采购中心"),
    ],
)
def test_a_government_has_its_full_name(signed: str, issuer: str) -> None:
    assert read(f"关于停车工作的通知\n各有关单位：\n请做好有关工作。\n{signed}\n2020年3月1日\n").issuer == issuer


@pytest.mark.parametrize(
    ("title", "source", "issuer"),
    [
        ("《澜江市停车办法》解读", "来源：澜江市城市管理局　日期：2020-03-01", "澜江市城市管理局"),
        ("澜江市停车证办理指南", "信息来源：澜江市公安局", "澜江市公安局"),
        ("澜江市停车证申领须知", "来源：澜江晚报", None),
        ("澜江市停车办法", "来源：澜江市城市管理局", None),  # who put a rule up did not issue it
    ],
)
def test_who_explains_something_is_the_source_of_the_page(title: str, source: str, issuer: str | None) -> None:
    assert read(f"{title}\n{source}\n一、停车按小时收费。\n二、夜间免费。\n").issuer == issuer


def test_a_sheet_that_an_office_hands_out_is_of_the_office() -> None:
    assert read("澜江市公安局窗口服务告知单（落户）\n一、带户口簿。\n二、五个工作日办结。\n").issuer == "澜江市公安局"


PASSED = "（2019年8月1日澜江市人民代表大会常务委员会第三次会议通过）"


@pytest.mark.parametrize(("day", "issued"), [("2019年11月5日", "2019-11-05"), ("2023年6月1日", "2019-08-01")])
def test_a_rule_is_issued_when_it_is_promulgated(day: str, issued: str) -> None:
    """A much later announcement is that of an amendment."""
    head = f"澜江市人民代表大会常务委员会公告\n第7号\n《澜江市停车条例》已经批准，现予公布。\n{day}\n"
    text = f"{head}澜江市停车条例\n{PASSED}\n第一条 为规范停车，制定本条例。\n第二条 本条例自公布之日起施行。\n"
    assert str(read(text).issued_on) == issued
