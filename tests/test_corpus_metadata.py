"""What a document says of itself: titles, numbers, dates, validity, regions and links."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.metadata import region_of, title_of_file
from corpus.reading import read_documents
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
        ("本办法自20 25年5月1日起施行。", D(2025, 5, 1), None),
        ("本办法自二O二五年五月一日起施行。", D(2025, 5, 1), None),
        ("本办法自二０二五年五月一日起施行。", D(2025, 5, 1), None),
        ("本办法自2025年元月1日起施行。", D(2025, 1, 1), None),
        ("本办法自2025.5.1起施行，有效期5年。", D(2025, 5, 1), D(2030, 4, 30)),
        ("本办法自2025-05-01起施行。", D(2025, 5, 1), None),
        ("本办法2025年5月1日起施行。", D(2025, 5, 1), None),
        ("本办法自2025年5月1日起施行，2027年4月30日废止。", D(2025, 5, 1), D(2027, 4, 30)),
        ("本办法自2025年5月1日起至2027年4月30日止施行。", D(2025, 5, 1), D(2027, 4, 30)),
        ("本实施办法自2025年5月1日起试行，试行两年。", D(2025, 5, 1), D(2027, 4, 30)),
        ("本规划自2025年5月1日起实施。", D(2025, 5, 1), None),
        ("本办法自2025年5月1日起施行，2020年4月30日发布的《澜江市旧办法》同时废止。", D(2025, 5, 1), None),
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
        ("本办法自公布之日起30日后施行。", D(2025, 3, 31), None),
        ("本办法自印发之日起三十日后实施，有效期1年。", D(2025, 3, 31), D(2026, 3, 30)),
        ("本办法试行期为一年，自发文之日起实施。", D(2025, 3, 1), D(2026, 2, 28)),
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
        ("澜府规字〔2020〕5号", "澜府规字〔2020〕5号", "澜江市人民政府", None),
        ("澜府〔 2020 〕 5 号", "澜府〔2020〕5号", "澜江市人民政府", None),
        ("（澜府办〔2020〕5号）", "澜府办〔2020〕5号", "澜江市人民政府办公室", None),
        ("澜府办【2020】5号", "澜府办【2020】5号", "澜江市人民政府办公室", None),
        ("澜府办［２０２０］５号", "澜府办［２０２０］５号", "澜江市人民政府办公室", None),
        ("澜府办[2020]5号文件", "澜府办[2020]5号", "澜江市人民政府办公室", None),
        ("澜江市人民政府令第52号", "澜江市人民政府令第52号", "澜江市人民政府", None),
        ("市政府令第145号", "市政府令第145号", "澜江市人民政府", None),
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
        ("中共澜江市委 澜江市人民政府关于开放再出发的意见", "中共澜江市委、澜江市人民政府"),
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
        ("关于贯彻《江南省供水条例》的通知", None),
        ("苏州市实施《广东省供水条例》办法", "苏州市"),
        ("关于印发《苏州市供水办法》的通知", "苏州市"),
        ("解读佛山市供水办法", "佛山市"),
        ("2016年上海黄浦区招生意见", "上海市"),
        ("江苏省苏州市供水办法", "苏州市"),
        ("禅城区新市民服务指南", None),
    ],
)
def test_region_of_a_title(title: str, region: str | None) -> None:
    assert region_of(title) == region


def test_region_of_a_text_is_a_place_and_not_a_verb_before_city() -> None:
    body = "加强市级统筹，加强监管，加强服务。\n重点市领导挂钩，重点突破。\n在澜江市范围内实施，澜江企业可以申报。"
    assert read(f"关于促进数据产业发展的意见\n为促进发展，制定本意见。\n一、目标\n{body}").region == "澜江市"
    bracketed = "中国（澜江）跨境电商试验区行动计划\n为促进发展，制定本计划。\n一、目标\n澜江市企业。\n昆河市、昆河片区，在昆河市实施。"
    assert read(bracketed).region == "澜江市"


@pytest.mark.parametrize(
    "phrase", ["应当向市、县人民政府申请", "所在地的市、县公安局", "较大的市制定", "人力资源市场", "本省临时市政设施"]
)
def test_words_before_city_are_no_region(phrase: str) -> None:
    body = "\n".join(f"第{n}条 申请人{phrase}办理，{phrase}负责。" for n in "一二三")
    assert read(f"往来通行证管理办法\n{body}").region is None


def test_region_is_that_of_the_issuer_and_not_of_what_a_text_quotes_or_compares_with() -> None:
    signed = "关于供水的通知\n各单位：\n根据《北京市供水条例》，参照北京市、天津市做法，北京市经验可供参考。\n澜江市水务局\n2020年3月1日\n"
    assert read(signed).region == "澜江市"
    body = "第一条 根据《苏州市供水条例》《苏州市水法办法》，制定本办法。\n第二条 在昆河市申请。\n第三条 参照苏州市标准，昆河市居民适用。"
    assert read(f"城市供水暂行办法\n{body}").region == "昆河市"


def test_region_of_a_number_where_the_text_names_no_place() -> None:
    assert read("供水暂行办法\n沪水〔2020〕5号\n第一条 为了供水，制定本办法。\n第二条 依法供水。").region == "上海市"


def test_a_document_without_a_title_gets_one_and_says_so() -> None:
    document = read("各区人民政府：\n现将《澜江市无人机管理计划》印发给你们，请执行。\n一、目标\n建成网络。")
    assert (document.title, document.title_inferred) == ("澜江市无人机管理计划", True)


@pytest.mark.parametrize(
    ("sentence", "links"),
    [
        ("本办法自2025年1月1日起施行，《澜江市旧停车办法》同时废止。", (Link("repeals", "澜江市旧停车办法"),)),
        (
            "《澜江市旧停车办法》（澜府〔2010〕3号）、《澜江市停车收费规定》同时废止。",
            (
                Link("repeals", "澜江市旧停车办法", number="澜府〔2010〕3号"),
                Link("repeals", "澜江市停车收费规定"),
            ),
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
    ("text", "title"),
    [
        ("各区：\n为规范执法，特制定澜江市2025年度监督工作计划。\n一、目标\n甲。", "澜江市2025年度监督工作计划"),
        (
            "各区：\n为稳外贸，特制定以下政策意见（简称支持外贸发展澜“惠外”新八条）。\n一、目标\n甲。",
            "支持外贸发展澜“惠外”新八条",
        ),
        (
            "2025年3月2日，王明市长主持召开市政府第9次常务会议，研究澜江市工作。\n一、甲\n澜江市要落实。",
            "澜江市政府第9次常务会议纪要",
        ),
    ],
)
def test_the_title_that_a_document_gives_itself(text: str, title: str) -> None:
    document = read(text)
    assert (document.title, document.title_inferred) == (title, True)


def links(text: str) -> list[tuple[str, str]]:
    return [(link.kind, link.title) for link in read(text).links]


BODY = "\n为了方便理解，现说明如下。\n一、背景\n市政府印发了《澜江市停车管理办法》（澜府规〔2025〕6号），依据《江南省道路条例》。\n二、内容\n共三条。"


@pytest.mark.parametrize(
    "title",
    [
        "《澜江市停车管理办法》政策解读",
        "《澜江市停车管理办法》政策问答",
        "关于《澜江市停车管理办法》的解读",
        "澜江市停车管理办法政策解读",
        "停车管理办法解读",
        "一图读懂《澜江市停车管理办法》",
        "一图读懂：澜江市停车管理办法",
        "停车新规政策解读",
    ],
)
def test_an_interpretation_names_its_policy(title: str) -> None:
    assert ("interprets", "澜江市停车管理办法") in links(title + BODY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "关于修改〈澜江市燃气办法〉的决定\n决定如下：\n一、第三条修改为：“依照《江南省燃气条例》执行。”",
            [("amends", "澜江市燃气办法")],
        ),
        (
            "澜江市人民政府关于修改《澜江市燃气办法》等2件规章的决定\n市政府决定：\n一、对《澜江市燃气办法》作如下修改：\n删去第三条。\n"
            "二、将《澜江市〈水法〉实施细则》第五条修改为：“甲。”",
            [("amends", "澜江市燃气办法"), ("amends", "澜江市《水法》实施细则")],
        ),
        ("澜江市燃气办法修正案\n（2025年1月1日公布）\n一、第三条修改为：“甲。”", [("amends", "澜江市燃气办法")]),
        (
            "澜江市人民政府关于废止3件规章的决定\n市政府决定废止下列规章：\n一、《澜江市甲办法》（1998年澜江市人民政府令第3号）\n二、澜江市乙规定\n三、《澜江市丙细则》",
            [("repeals", "澜江市甲办法"), ("repeals", "澜江市乙规定"), ("repeals", "澜江市丙细则")],
        ),
        (
            "澜江市人民政府关于废止和修改部分文件的决定\n根据《江南省文件规定》，决定如下：\n一、对下列文件予以废止（见附件1）。\n附件1\n废止的文件目录\n"
            "1．澜江市人民政府关于加强网吧管理的通知（澜府〔2001〕5号）\n附件2\n修改的文件目录\n1．《澜江市养犬规定》第三条修改为：“甲。”",
            [
                ("repeals", "澜江市人民政府关于加强网吧管理的通知"),
                ("amends", "澜江市养犬规定"),
                ("cites", "江南省文件规定"),
            ],
        ),
    ],
)
def test_links_of_decisions(text: str, found: list[tuple[str, str]]) -> None:
    assert links(text) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("本办法自2025年1月1日起施行。《澜江市旧办法》（澜府〔2010〕3号）同时废止。", ["澜江市旧办法"]),
        ("本办法自2025年1月1日起施行，原《澜江市旧办法》同时废止。", ["澜江市旧办法"]),
        (
            "1998年1月1日发布的《澜江市旧办法》和《澜江市〈水法〉细则》自本办法施行之日起停止执行。",
            ["澜江市旧办法", "澜江市《水法》细则"],
        ),
        ("《澜江市旧办法》第三条同时废止。", []),  # one article of it
        ("《澜江市旧办法》未废止前，仍然适用。", []),
        (
            "1998年1月1日市政府发布的《澜江市旧办法》、2001年2月3日澜江市人民政府令第5号发布的《澜江市老规定》同时废止。",
            ["澜江市旧办法", "澜江市老规定"],
        ),
        ("《澜江市旧办法》中与本办法不一致的规定同时废止。", []),
        ("逾期不领的，《澜江市居住证》失效。", []),  # a certificate, no document
        ("根据《江南省水法办法》制定的《澜江市旧办法》同时废止。", ["澜江市旧办法"]),
    ],
)
def test_links_to_what_is_replaced(sentence: str, found: list[str]) -> None:
    assert [link.title for link in article(sentence).links if link.kind == "repeals"] == found


@pytest.mark.parametrize(
    ("first", "found"),
    [
        (
            "第一条 为了加强管理，根据《江南省燃气条例》和《城镇燃气管理条例》，结合本市实际，制定本办法。",
            ["江南省燃气条例", "城镇燃气管理条例"],
        ),
        ("为贯彻落实《江南省“放管服”改革方案》（江府〔2025〕1号），制定本办法。", ["江南省“放管服”改革方案"]),
        ("依照《江南省燃气条例》执行。", []),  # a rule, not what the document rests on
        ("第一条 根据国家规定，制定本办法。", []),
    ],
)
def test_links_to_what_a_document_rests_on(first: str, found: list[str]) -> None:
    cited = [
        link.title for link in read(f"澜江市燃气管理办法\n{first}\n第二条 依法管理。").links if link.kind == "cites"
    ]
    assert cited == found


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("杭州_购房入户.docx", "购房入户"),
        ("单位/人才引进办理材料(2).docx", "人才引进办理材料"),
        ("公租房申请%E9%A1%BB知2016.html", "公租房申请须知"),
        ("附件1.docx", ""),
        ("新建文本文档.txt", ""),
        ("IMG_20160101.pdf", ""),
        ("入户.txt", ""),
    ],
)
def test_the_name_of_a_file_as_a_title(name: str, title: str) -> None:
    assert title_of_file(name) == title
    text = "以签定合同并备案时间为准；须提供以下材料。\n1、申请报告；\n2、身份证原件。\n"
    ((document, _),) = read_documents(text.encode(), name)
    assert document.title == (title or "以签定合同并备案时间为准")
    assert document.title_inferred


@pytest.mark.parametrize(
    "text", ["澜江市供水办法\n第一条 依法供水。\n", "申请购房入户的材料和程序\n先向派出所提出申请，再交材料。\n"]
)
def test_a_printed_title_comes_before_the_name_of_the_file(text: str) -> None:
    ((document, _),) = read_documents(text.encode(), "购房入户须知.txt")
    assert document.title == text.split("\n")[0]


@pytest.mark.parametrize(
    ("shown", "number", "issued"),
    [
        ("2020-05-05", "", None),  # two years after the day of effect
        ("2019-01-02", "", None),
        ("2018-06-01", "", D(2018, 6, 1)),  # soon after it
        ("2017-12-01", "", D(2017, 12, 1)),
        ("2019-01-02", "澜府〔2019〕1号\n", D(2019, 1, 2)),
    ],
)
def test_a_page_put_up_long_after_the_day_of_effect_does_not_say_when_its_document_was_issued(
    shown: str, number: str, issued: date | None
) -> None:
    text = f"澜江市供水办法\n发布日期：{shown}\n{number}第一条 依法供水。\n第二条 本办法自2018年4月1日起施行。\n"
    document = read(text)
    assert (document.issued_on, document.validity.effective_from) == (issued, D(2018, 4, 1))


@pytest.mark.parametrize(("printed", "issued"), [("2020-03-02", D(2020, 3, 1)), ("2021-03-02", D(2021, 3, 2))])
def test_signature_and_block_of_particulars(printed: str, issued: date) -> None:
    text = (
        f"关于印发供水办法的通知\n发文日期：{printed} 实施日期：2020-03-02\n各区人民政府：\n本办法自印发之日起实施，有效期3年。\n"
        "澜江市水务局\n2020年3月1日\n"
    )
    document = read(text)
    assert (document.issued_on, document.validity.effective_from) == (issued, D(2020, 3, 2))


def test_a_line_of_ornaments_is_no_title() -> None:
    assert (
        read("★★★★★★★★\n★★★★东河区入学所需的材料，五证齐全。\n请提前准备好这些材料。\n").title == "东河区入学所需的材料"
    )
