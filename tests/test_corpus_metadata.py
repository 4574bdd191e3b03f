"""What a document says of itself: titles, numbers, dates, validity, regions, links and departments."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.ingest import read_documents
from corpus.metadata import departments, region_of
from corpus.types import Document, Kind, Link

D = date


def read(text: str) -> Document:
    ((document, _),) = read_documents(text.encode(), "x.txt")
    return document


def article(sentence: str, under: str = "") -> Document:
    return read(
        f"澜江市公共充电设施管理办法\n{under}\n第一条 为了加强管理，制定本办法。\n第二条 应当巡查。\n第三条 {sentence}\n"
    )


@pytest.mark.parametrize(
    ("sentence", "start", "end"),
    [
        ("本办法自2025年5月1日起施行。", D(2025, 5, 1), None),
        ("本办法自2025年5月1日起实施，有效期至2027年12月31日。", D(2025, 5, 1), D(2027, 12, 31)),
        ("本办法自2025年5月1日起施行，有效期3年。", D(2025, 5, 1), D(2028, 4, 30)),
        ("本办法自2024年2月29日起施行，有效期一年。", D(2024, 2, 29), D(2025, 2, 27)),
        ("本办法自2025年5月1日起施行，有效期为两年。", D(2025, 5, 1), D(2027, 4, 30)),
        ("本办法自2025年5月1日起施行，试行期为六个月。", D(2025, 5, 1), D(2025, 10, 31)),
        ("本办法执行期暂定为2025年5月1日至2027年12月31日。", D(2025, 5, 1), D(2027, 12, 31)),
        ("本办法有效期至2025年底。", None, D(2025, 12, 31)),
        ("本办法有效期至2025年6月底。", None, D(2025, 6, 30)),
        ("本办法自2025年5月1日起施行，至2028年12月31日结束。", D(2025, 5, 1), D(2028, 12, 31)),
        ("本办法自2025年5月1日起施行，至2028年12月31日止。", D(2025, 5, 1), D(2028, 12, 31)),
        ("本办法自2025年5月1日起施行，至2028年12月31日为止。", D(2025, 5, 1), D(2028, 12, 31)),
        ("本办法自2025年5月1日起施行，至2028年12月31日废止。", D(2025, 5, 1), D(2028, 12, 31)),
        ("本办法自2025年5月1日起施行。有效期至2027年4月30日。", D(2025, 5, 1), D(2027, 4, 30)),
        ("本办法自二〇二五年五月一日起施行。", D(2025, 5, 1), None),
        ("本办法自 2025 年 5 月 1 日起施行。", D(2025, 5, 1), None),
        ("本办法自2025年2月30日起施行。", None, None),  # no such day
        ("购车补贴自2025年5月1日起实施，有效期至2025年12月31日。", None, None),  # of one measure, not of the document
        ("《澜江市旧办法》自2020年5月1日起施行。", None, None),
        ("已建设施应当于2025年12月31日前改造。", None, None),
    ],
)
def test_validity(sentence: str, start: date | None, end: date | None) -> None:
    validity = article(sentence).validity
    assert (validity.effective_from, validity.effective_until) == (start, end)


@pytest.mark.parametrize(
    ("sentence", "start", "end"),
    [
        ("本办法自发布之日起施行。", D(2025, 3, 1), None),
        ("本办法自印发之日起实施，有效期3年。", D(2025, 3, 1), D(2028, 2, 29)),
        ("本办法有效期为三年，自发布之日起施行。", D(2025, 3, 1), D(2028, 2, 29)),
    ],
)
@pytest.mark.parametrize(
    "issued", ["发布日期：2025-03-01", "成文日期：2025年3月1日", "（2025年3月1日）", "二〇二五年三月一日"]
)
def test_validity_counts_from_the_day_of_issue(sentence: str, start: date, end: date | None, issued: str) -> None:
    document = article(sentence, issued)
    assert document.issued_on == D(2025, 3, 1)
    assert (document.validity.effective_from, document.validity.effective_until) == (start, end)


def test_of_a_history_only_the_effective_date_counts() -> None:
    document = article(
        "本办法的具体事项由市城管局解释。",
        "（2003年11月22日澜江市人民政府令第44号发布 2020年4月21日澜江市人民政府令第153号第一次修正 自2004年1月1日起施行）",
    )
    assert document.issued_on == D(2003, 11, 22)
    assert document.validity.effective_from == D(2004, 1, 1)
    assert document.validity.effective_until is None
    assert document.number == "澜江市人民政府令第44号"
    assert document.issuer == "澜江市人民政府"


@pytest.mark.parametrize(
    ("under", "number", "issuer", "issued"),
    [
        ("澜府规字〔2020〕5号", "澜府规字〔2020〕5号", None, None),
        ("澜府〔 2020 〕 5 号", "澜府〔2020〕5号", None, None),
        ("（澜府办〔2020〕5号）", "澜府办〔2020〕5号", None, None),
        ("澜江市人民政府令第52号", "澜江市人民政府令第52号", "澜江市人民政府", None),
        ("市政府令第145号", "市政府令第145号", None, None),
        ("澜江市人民政府令（第五十二号）", "澜江市人民政府令（第五十二号）", "澜江市人民政府", None),
        ("发布机构：澜江市人民政府　发布日期：2025-03-01", None, "澜江市人民政府", D(2025, 3, 1)),
        (
            "发文机关：澜江市科技局　文号：澜科〔2025〕3号　成文日期：2025年3月1日",
            "澜科〔2025〕3号",
            "澜江市科技局",
            D(2025, 3, 1),
        ),
        ("发布日期：2025/3/1", None, None, D(2025, 3, 1)),
        ("", None, None, None),
    ],
)
def test_number_issuer_and_date_under_the_title(
    under: str, number: str | None, issuer: str | None, issued: date | None
) -> None:
    document = article("依法处理。", under)
    assert (document.number, document.issuer, document.issued_on) == (number, issuer, issued)
    assert document.title == "澜江市公共充电设施管理办法"


@pytest.mark.parametrize("day", ["2025年3月1日", "（2025年3月1日）", "二〇二五年三月一日"])
def test_issuer_and_date_of_a_signature(day: str) -> None:
    document = read(f"关于做好停车管理工作的通知\n各有关单位：\n请做好停车管理工作。\n澜江市公安局\n{day}\n")
    assert (document.issuer, document.issued_on) == ("澜江市公安局", D(2025, 3, 1))


@pytest.mark.parametrize(
    ("title", "issuer"),
    [
        ("澜江市人民政府关于公布名单的通知", "澜江市人民政府"),
        ("澜江市人民政府办公室关于印发方案的通知", "澜江市人民政府办公室"),
        ("中共澜江市委 澜江市人民政府关于开放再出发的意见", "中共澜江市委澜江市人民政府"),
        ("关于促进澜江市工业设计发展的意见", None),
    ],
)
def test_issuer_of_a_title(title: str, issuer: str | None) -> None:
    assert read(f"{title}\n各有关单位：\n请认真执行。").issuer == issuer


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("澜江市公共充电设施管理办法", "regulation"),
        ("澜江市工业设计三年行动计划（2025～2027年）", "plan"),
        ("澜江市人民政府关于做好停车工作的通知", "notice"),
        ("澜江市支持工业设计发展的若干措施", "policy"),
        ("关于修改《澜江市燃气管理办法》的决定", "amendment"),
        ("《澜江市停车管理办法》政策解读", "interpretation"),
        ("澜江市政府第12次常务会议纪要", "minutes"),
        ("澜江市人民政府2025年3月大事记", "news"),
        ("澜江市设计中心名单", "list"),
    ],
)
def test_kind(title: str, kind: Kind) -> None:
    assert read(f"{title}\n为加强工作，研究决定如下。\n一、甲\n乙。").kind == kind


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("澜江市停车管理办法", "澜江市"),
        ("关于促进澜江市银发经济发展的意见", "澜江市"),
        ("江南省公路条例", "江南省"),
        ("中共澜江市委关于人才工作的意见", "澜江市"),
        ("关于加强各市停车管理的意见", None),
        ("关于完善市场监管的意见", None),
        ("城市供水条例", None),
        ("关于进一步帮助市场主体的措施", None),
    ],
)
def test_region_of_a_title(title: str, region: str | None) -> None:
    assert region_of(title) == region


def test_region_of_a_text_is_a_place_and_not_a_verb_before_city() -> None:
    body = "加强市级统筹，加强监管，加强服务。\n重点市领导挂钩，重点突破。\n在澜江市范围内实施，澜江企业可以申报。"
    assert read(f"关于促进数据产业发展的意见\n为促进发展，制定本意见。\n一、目标\n{body}").region == "澜江市"
    bracketed = "中国（澜江）跨境电商试验区行动计划\n为促进发展，制定本计划。\n一、目标\n澜江市企业。\n昆河市、昆河片区，在昆河市实施。"
    assert read(bracketed).region == "澜江市"


def test_a_document_without_a_title_gets_one_and_says_so() -> None:
    document = read("各区人民政府：\n现将《澜江市无人机管理计划》印发给你们，请执行。\n一、目标\n建成网络。")
    assert (document.title, document.title_inferred) == ("澜江市无人机管理计划", True)


@pytest.mark.parametrize(
    ("sentence", "links"),
    [
        ("本办法自2025年1月1日起施行，《澜江市旧停车办法》同时废止。", (Link("repeals", "澜江市旧停车办法"),)),
        (
            "《澜江市旧停车办法》（澜府〔2010〕3号）、《澜江市停车收费规定》同时废止。",
            (Link("repeals", "澜江市旧停车办法"), Link("repeals", "澜江市停车收费规定")),
        ),
        ("依照《澜江市城管条例》执行。", ()),
    ],
)
def test_links_to_repealed_documents(sentence: str, links: tuple[Link, ...]) -> None:
    assert article(sentence).links == links


def test_links_of_titles() -> None:
    assert (
        Link("amends", "澜江市燃气管理办法")
        in read("关于修改《澜江市燃气管理办法》的决定\n为加强管理，作如下修改。\n一、甲。").links
    )
    assert (
        Link("interprets", "澜江市停车管理办法")
        in read("《澜江市停车管理办法》政策解读\n为方便理解，现解读如下。\n一、甲。").links
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("推进建设。（责任单位：市工信局、市财政局）", ("市工信局", "市财政局")),
        ("推进建设。(责任部门:市科技局)", ("市科技局",)),
        ("推进建设。（市民政局、市财政局）", ("市民政局", "市财政局")),
        ("推进建设。（市工信局牵头，市财政局、澜江海关配合）", ("市工信局", "市财政局", "澜江海关")),
        ("推进建设。（市发改委、市住建局按职责分工负责）", ("市发改委", "市住建局")),
        ("甲。（责任单位：市商务局）乙。（责任单位：市科技局、市商务局）", ("市商务局", "市科技局")),
        ("（责任单位：各县级市（区）人民政府、市工信局）", ("各县级市（区）人民政府", "市工信局")),
        ("（责任单位：各区<管委会>、市市场监管局<知识产权局>）", ("各区<管委会>", "市市场监管局<知识产权局>")),
        ("（牵头单位：市工信局；配合单位：市财政局、市科技局）", ("市工信局", "市财政局", "市科技局")),
        ("（市委宣传部、市文广旅局，各市、区人民政府）", ("市委宣传部", "市文广旅局", "各市、区人民政府")),
        ("（责任单位：市委组织部、市人社局等）", ("市委组织部", "市人社局")),
        ("推进建设（含农村地区）。", ()),
        ("区（市）政府说明（见附件）", ()),
        ("（2025年3月1日）", ()),
    ],
)
def test_departments(text: str, names: tuple[str, ...]) -> None:
    assert departments(text) == names
