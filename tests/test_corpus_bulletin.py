"""One file -> its documents: where one ends and the next begins, and where nothing begins although it looks so."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_corpus_properties import visible

from corpus.ingest import ingest
from corpus.reading import read_documents
from corpus.store import Store
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


def test_a_note_over_the_title_is_no_document_of_its_own() -> None:
    (document,) = documents("此规范性文件已经审查，准予登记。\n" + FIRST)
    assert document.title == "澜江市支持工业设计发展的若干措施"


def test_addressees_after_a_mark_begin_no_document() -> None:
    text = FIRST.replace("二、培育设计人才", "（一）各镇（街道）人民政府、各部门职责：")
    assert len(documents(text)) == 1


def test_what_a_notice_without_a_title_of_its_own_issues_stays_with_it() -> None:
    (document,) = documents(
        "澜江市人民政府办公室文件\n澜府办〔2025〕5号\n各镇政府，市各单位：\n《澜江市停车管理办法》已经市政府同意，现印发给你们。\n"
        "澜江市人民政府办公室    2025年3月1日澜江市停车管理办法\n第一条 为了管理停车，制定本办法。\n第二条 依法停车。"
    )
    assert (document.title, document.issuer) == ("澜江市停车管理办法", "澜江市人民政府办公室")


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


# -- compilations ------------------------------------------------------------------------------------------------------

LAW = "第一条 为了加强管理，制定本条例。\n第二条 市有关部门应当依法管理。\n第三条 本条例自2025年1月1日起施行"
HISTORY = "2024年11月2日 澜江市第五届人民代表大会常务委员会第三次会议通过"


@pytest.mark.parametrize(
    "end",
    [
        "。",
        "",  # the stop is missing
        "。\n附：\n收费标准表\n续表",
        "。\n目录：\n33 石棉\n34 矿泉水",
        "。\n附图：\n标志式样",
        "。\n附件：印章规格式样（略）",
        "。\n附件：保护名录由下列河段组成：东湖、西湖。（共26个）",
        "。\n澜江市司法局\n2025年3月1日",
    ],
)
@pytest.mark.parametrize(
    ("title", "under"),
    [
        ("澜江市湿地保护条例", HISTORY + "\n第一章 总则\n"),
        ("澜江市实施《江南省湿地保护条例》办法", HISTORY + "\n"),
        ("澜江市人民代表大会常务委员会关于加强湿地保护的决定", HISTORY + "\n"),
        ("江苏省湿地保护条例", ""),
        ("中华人民共和国湿地保护法", "２０２４年１１月２日 国务院公布\n"),
    ],
)
def test_the_title_of_a_law_is_glued_to_whatever_ends_the_one_before(end: str, title: str, under: str) -> None:
    first, second = documents(f"澜江市燃气条例\n{LAW}{end}{title}\n{under}{LAW}。")
    assert (first.title, second.title) == ("澜江市燃气条例", title)
    assert second.text.startswith(title)


@pytest.mark.parametrize(
    ("title", "under"),
    [
        ("保护电缆规定", "（一）加强教育。\n（二）严防破坏。"),
        ("管理职责暂行规定", "为了加强指导，现规定如下。\n一、职责。"),
        ("中华人民共和国民法典\n婚姻家庭编", HISTORY + "\n第一千零四十条 本编调整民事关系。"),
        ("某高级法院关于审理名誉权案件若干问题的解答", "各地人民法院：\n现解答如下。"),
        ("人体损伤程度鉴定标准", "范围\n本标准规定了鉴定的原则。"),
    ],
)
def test_after_a_closing_sentence_a_title_needs_no_place_and_no_year(title: str, under: str) -> None:
    _, second = documents(f"澜江市燃气条例\n{LAW}。{title}\n{under}")
    assert second.title == title.replace("\n", "")


@pytest.mark.parametrize("heading", ["基本案情", "案情回顾", "裁判要点"])
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("李某诉澜江市某局不履行补偿协议案", ""),
        ("用人单位未履行审批手续，能否认定加班事实", ""),
        ("店铺应当对客服的行为负责", "\n典型案例\n最高人民法院发布\n2022-03-15\n李某诉某书店网络购物合同纠纷案"),
    ],
)
def test_a_court_case_has_a_title_of_any_form(name: str, lines: str, heading: str) -> None:
    _, second = documents(f"澜江市燃气条例\n{LAW}。{name}{lines}\n{heading}\n李某于2021年购买书籍，后发生争议。")
    assert second.title.startswith(name)
    assert not second.title_inferred


@pytest.mark.parametrize(
    "text",
    [
        f"中国（澜江）自由贸易试验区条例\n{HISTORY}\n{LAW}。",
        f"日江市公园条例\n2024年11月2日 日江市第五届人民代表大会通过\n{LAW}。",
        f"江南省澜江自治县自治条例\n2024年11月2日 澜江自治县第五届人民代表大会通过\n{LAW}。",
        f"国际船舶进出中华人民共和国口岸检查办法\n2024年11月2日 国务院发布\n{LAW}。",
        f"澜江市湿地条例\n{HISTORY}\n澜江市湿地条例\n第一章 总则\n{LAW}。",  # printed again under the history
        f"澜江市立法条例\n第一章 总则\n{LAW}。\n第二章 市人大\n制定地方性法规程序\n市人民代表大会制定地方性法规程序\n第四条 代表团可以提出议案。",
        f"澜江市气象条例\n{LAW}。\n第四条 应当加强巡查。各级气象主管机构可以采取下列措施：\n（一）检查。\n（二）取证。",
        f"澜江市湿地条例\n{LAW}。\n附件2：澜江市湿地名录管理办法\n第一条 为了管理名录，制定本办法。",
    ],
)
def test_one_law_stays_one_document(text: str) -> None:
    assert len(documents(text)) == 1


def test_a_notice_its_rules_attachments_and_a_titled_interpretation() -> None:
    rules = "澜江市停车管理办法\n第一章 总则\n第一条 为了停车，制定本办法。\n第二条 本办法自2025年5月1日起施行。"
    text = (
        "澜江市人民政府关于印发澜江市停车管理办法的通知\n各县（区）人民政府：\n《澜江市停车管理办法》已经市政府同意，现印发给你们。\n"
        f"附件：1．收费标准表\n2．备案材料清单\n澜江市人民政府\n2025年4月1日\n{rules}\n"
        "附件1\n收费标准表\n\t类别\t标准\n\t小型车\t5元\n附件2\n备案材料清单\n1．申请表；\n2．营业执照。\n"
        "《澜江市停车管理办法》政策解读\n一、出台背景\n停车难。\n二、主要内容\n共两条。"
    )
    notice, interpretation = documents(text)
    assert notice.title == "澜江市人民政府关于印发澜江市停车管理办法的通知"
    assert notice.text.endswith("2．营业执照。")
    assert (interpretation.title, interpretation.kind) == ("《澜江市停车管理办法》政策解读", "interpretation")
    assert [(link.kind, link.title) for link in interpretation.links] == [("interprets", "澜江市停车管理办法")]


def test_two_policies_with_their_titles_inside_one_line() -> None:
    first, second = documents(
        (FIRST + "\n").replace("\n", "") + "澜江市促进银发经济发展的若干措施" + SECOND.replace("\n", "")
    )
    assert (first.title, second.title) == ("澜江市支持工业设计发展的若干措施", "澜江市促进银发经济发展的若干措施")
    assert (first.sources[0].line_end, second.sources[0].line_start) == (1, 1)


def test_a_bulletin_with_dot_leaders_page_numbers_and_a_wrapped_entry() -> None:
    names = [
        "澜江市人才工作意见",
        "澜江市推进数字经济与先进制造业深度融合发展的若干政策措施",
        "澜江市夜间经济行动计划",
        "澜江市产业大会召开",
        "关于加强无人机管理的通告",
        "澜江市政府第12次常务会议纪要",
    ]
    entries = [f"{n}. {name} ………… {7 * n}" for n, name in enumerate(names, 1)]
    entries[1] = "2. 澜江市推进数字经济与先进制造业\n深度融合发展的若干政策措施 ………… 14"
    text = "\n".join(
        ["澜江政策汇编", "目 录", *entries, *(f"{name}\n一、甲\n依法推进。\n二、乙\n依法保障。" for name in names)]
    )
    cover, *rest = documents(text)
    assert [document.title for document in rest] == names
    assert (cover.title, cover.kind) == ("澜江政策汇编", "list")
    assert visible("".join(d.text for d in [cover, *rest])) == visible(text)


def test_a_document_without_a_title_between_two_that_have_one() -> None:
    first, middle, last = documents(
        f"{FIRST}各县（区）人民政府，市各委办局：\n现将《澜江市无人机管理计划》印发给你们。\n一、目标\n建成网络。\n二、任务\n建设起降点。\n"
        f"澜江市供水条例\n{LAW}。"
    )
    assert (middle.title, middle.title_inferred) == ("澜江市无人机管理计划", True)
    assert [d.title_inferred for d in (first, last)] == [False, False]


def test_the_same_document_in_two_files_is_one_with_two_sources(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(FIRST, "utf-8")
    (tmp_path / "b.txt").write_text("\n\n" + FIRST, "utf-8")
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "a.txt", tmp_path / "b.txt"])
    (document,) = store.documents()
    assert [(s.file, s.line_start) for s in document.sources] == [("a.txt", 1), ("b.txt", 3)]


def test_an_amending_decision_and_the_law_as_amended_are_two_documents() -> None:
    decision, law = documents(
        "关于修改《澜江市燃气办法》的决定\n（2025年3月1日澜江市人民政府令第60号公布）\n澜江市人民政府决定对《澜江市燃气办法》作如下修改：\n"
        "一、第一条修改为：“第一条 为了加强管理，制定本办法。”\n二、增加一条，作为第三条：“第三条 企业应当安检。\n“未安检的，处1万元罚款。”\n"
        "本决定自2025年5月1日起施行。\n《澜江市燃气办法》根据本决定作相应修改，重新公布。\n"
        "澜江市燃气办法\n（2018年1月2日澜江市人民政府令第20号公布 根据2025年3月1日澜江市人民政府令第60号修正）\n"
        "第一条 为了加强管理，制定本办法。\n第二条 市住建局主管。\n第三条 企业应当安检。\n未安检的，处1万元罚款。"
    )
    assert (decision.kind, law.title) == ("amendment", "澜江市燃气办法")
    assert decision.text.endswith("重新公布。")
    assert [(link.kind, link.title) for link in decision.links] == [("amends", "澜江市燃气办法")]


@pytest.mark.parametrize("before", ["", "目录\n"])
def test_a_second_law_that_begins_with_a_contents_list(before: str) -> None:
    contents = "目录\n第一章 总则\n第二章 经营\n" if not before else "第一章 总则\n第二章 经营\n澜江市供水条例\n"
    text = f"澜江市燃气条例\n{LAW}。\n{before}澜江市供水条例\n{contents}第一章 总则\n第一条 为了供水，制定本条例。\n第二章 经营\n第二条 依法经营。"
    first, second = documents(text)
    assert (second.title, second.title_inferred) == ("澜江市供水条例", False)
    assert first.text.endswith("起施行。")
    assert second.text.startswith(before + "澜江市供水条例")


@pytest.mark.parametrize("before", ["\n", "", "\n澜江市政府第12次常务会议纪要\n"])
def test_minutes_after_a_policy(before: str) -> None:
    first, minutes = documents(
        f"{FIRST}{before}2025年3月2日上午，王明市长主持召开澜江市政府第12次常务会议，审议《澜江市夜间经济意见》。\n"
        "会议议定以下意见：\n一、原则同意。\n二、由市商务局组织实施。"
    )
    assert first.text.endswith("12月31日。")
    assert (minutes.kind, minutes.title) == ("minutes", "澜江市政府第12次常务会议纪要")


@pytest.mark.parametrize("heading", ["关于子女投靠父母有关问题的解释", "2016年投靠入户有关政策"])
def test_a_heading_between_articles_begins_no_document(heading: str) -> None:
    text = (
        "澜江市户口审批规范\n第七条 外地人员投靠入户须提出申请。\n第八条 须提供户口簿。\n"
        f"{heading}\n（一）问：子女是否应先登记？\n答：不需要。\n第十条 办理时限为二十个工作日。\n"
    )
    assert [d.title for d in documents(text)] == ["澜江市户口审批规范"]
    apart = text.replace("第十条", "第一条")  # numbers that begin again are of another document
    assert len(documents(apart)) == 2


@pytest.mark.parametrize("first", ["第一章 总则\n第一条 依法服务。", "第一条 依法服务。"])
def test_words_on_a_rule_under_its_title_and_the_rule_are_one_document(first: str) -> None:
    text = (
        "澜江市流动人口服务办法\n发布时间：2020-03-02\n一、《办法》出台的背景\n我市人口增长很快。\n二、《办法》的依据\n依据国家有关规定。\n"
        f"澜江市流动人口服务办法\n{first}\n第二条 本办法自2020年4月1日起施行。\n"
    )
    assert [(d.title, str(d.validity.effective_from)) for d in documents(text)] == [
        ("澜江市流动人口服务办法", "2020-04-01")
    ]


@pytest.mark.parametrize("opening", ["5月23日，有关负责人作了说明。", "记者昨日获悉，政策将调整。"])
def test_a_box_beside_news_is_of_the_news(opening: str) -> None:
    text = f"省里拟调整户口迁移 我市将保持一致\n来源：澜江日报\n记者昨日获悉，政策将调整。\n澜江市拟调整户口迁移政策\n{opening}\n"
    assert len(documents(text)) == 1
