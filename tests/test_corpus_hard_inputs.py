"""Inputs that break other programs which read laws, each by name: whole files in, addresses and texts out."""

from __future__ import annotations

import pytest
from test_corpus_properties import assert_whole, visible

from corpus.numerals import to_chinese
from corpus.reading import read_documents
from corpus.types import Clause, Document

LAW = "澜江市燃气管理办法"
OPENING = "第一条 为了加强燃气管理，制定本办法。"
END = "本办法自2025年1月1日起施行。"


def read(text: str) -> list[tuple[Document, dict[str, Clause]]]:
    """The documents of a file with their clauses by address; every visible character is in one of them."""
    found = read_documents(text.encode(), "x.txt")
    for document, clauses in found:
        assert_whole(document, clauses)
    assert visible("".join(document.text for document, _ in found)) == visible(text)
    return [(document, {clause.address: clause for clause in clauses}) for document, clauses in found]


def only(text: str) -> tuple[Document, dict[str, Clause]]:
    (one,) = read(text)
    return one


def words(document: Document, clauses: dict[str, Clause], address: str) -> str:
    return document.quote(clauses[address].span)


def test_articles_under_chapters_and_under_sections() -> None:
    document, clauses = only(
        f"{LAW}\n第一章 总则\n{OPENING}\n第二章 经营\n第一节 许可\n第二条 企业应当具备下列条件：\n（一）有资金；\n（二）有人员。\n"
        f"第二节 安全\n第三条 企业应当每年检查。\n逾期未查的，责令改正。\n第三章 附则\n第四条 {END}"
    )
    assert [a for a in clauses if a != "标题"] == [
        "第一章", "第一条", "第二章", "第二章第一节", "第二条", "第二条第（一）项", "第二条第（二）项", "第二章第二节",
        "第三条", "第三条第一款", "第三条第二款", "第三章", "第四条",
    ]  # fmt: skip
    assert clauses["第二条"].path == ("第二章经营", "第一节许可", "第二条")
    assert clauses["第一条"].path == ("第一章总则", "第一条")
    assert words(document, clauses, "第三条第二款") == "逾期未查的，责令改正。"


def test_articles_without_chapters() -> None:
    document, clauses = only(f"{LAW}\n{OPENING}\n第二条 市住建局主管。\n第三条 {END}")
    assert list(clauses) == ["标题", "第一条", "第二条", "第三条"]
    assert words(document, clauses, "第二条") == "第二条 市住建局主管。"


@pytest.mark.parametrize("zero", ["零", "〇"])
def test_article_numbers_over_a_hundred_and_over_a_thousand(zero: str) -> None:
    labels = [f"第{to_chinese(n).replace('零', zero)}条" for n in range(1, 1004)]
    document, clauses = only(LAW + "\n" + "\n".join(f"{label} 这是{label}的内容。" for label in labels))
    assert [a for a in clauses if a != "标题"] == labels
    for label in (f"第一百{zero}三条", "第一千条", f"第一千{zero}一条"):
        assert words(document, clauses, label) == f"{label} 这是{label}的内容。"


def test_article_numbers_in_full_width_digits() -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    labels = [f"第{n}条".translate(wide) for n in range(1, 104)]
    document, clauses = only(LAW + "\n" + "\n".join(f"{label} 应当依法管理。" for label in labels))
    assert [a for a in clauses if a != "标题"] == labels
    assert words(document, clauses, "第１０２条") == "第１０２条 应当依法管理。"
    assert (document.title, document.title_inferred) == (LAW, False)


def test_a_wrapped_reference_at_the_start_of_a_line_is_no_article() -> None:
    document, clauses = only(
        f"{LAW}\n{OPENING}\n第二条 企业应当建立制度。\n第三条 违反本办法规定，有下列行为之一的，由市住建局依照\n"
        f"第二条规定的标准责令改正。\n第四条 {END}"
    )
    assert [a for a in clauses if a.endswith("条")] == ["第一条", "第二条", "第三条", "第四条"]
    assert words(document, clauses, "第二条") == "第二条 企业应当建立制度。"
    assert words(document, clauses, "第三条").endswith("第二条规定的标准责令改正。")


def test_a_notice_and_the_rules_that_it_issues_are_one_document() -> None:
    document, clauses = only(
        f"澜江市人民政府关于印发{LAW}的通知\n澜府规〔2025〕6号\n各县（区）人民政府：\n现将《{LAW}》印发给你们，请认真执行。\n"
        f"澜江市人民政府\n2025年1月1日\n{LAW}\n{OPENING}\n第二条 {END}"
    )
    assert document.title == f"澜江市人民政府关于印发{LAW}的通知"
    assert clauses["第一条"].path == (LAW, "第一条")
    assert words(document, clauses, "第二条") == f"第二条 {END}"


@pytest.mark.parametrize("between", ["\n", ""])
def test_two_laws_in_one_file(between: str) -> None:
    first, second = read(
        f"{LAW}\n{OPENING}\n第二条 {END}{between}澜江市供水管理办法\n第一条 为了供水，制定本办法。\n第二条 {END}"
    )
    assert [document.title for document, _ in (first, second)] == [LAW, "澜江市供水管理办法"]
    assert list(first[1]) == list(second[1]) == ["标题", "第一条", "第二条"]
    assert words(*second, "第一条") == "第一条 为了供水，制定本办法。"


@pytest.mark.parametrize("entry", ["(一)适用范围", "*第二章 经营", "( 附件 )", "* * *", "[第一章"])
def test_an_entry_of_a_contents_list_may_begin_with_a_special_character(entry: str) -> None:
    document, clauses = only(f"{LAW}\n目录\n第一章 总则\n{entry}\n第一章 总则\n{OPENING}\n第二章 经营\n第二条 {END}")
    assert list(clauses) == ["标题", "开头第一段", "第一章", "第一条", "第二章", "第二条"]
    assert words(document, clauses, "开头第一段") == f"目录\n第一章 总则\n{entry}"


@pytest.mark.parametrize("lines", [["甲", "7", "乙"], ["(", "*", "。"], ["、", "一", "1"], ["第", "条", "章"]])
def test_lines_of_one_character_belong_to_the_article_before_them(lines: list[str]) -> None:
    document, clauses = only("\n".join([LAW, OPENING, *lines, f"第二条 {END}"]))
    assert [a for a in clauses if a.endswith("条")] == ["第一条", "第二条"]
    assert visible(words(document, clauses, "第一条")) == visible(OPENING + "".join(lines))


@pytest.mark.parametrize(
    "line", ["2.5%的税率征收所得税。", "1.5倍以上的，另行奖励。", "3.2万元以下的，不予补贴。", "0.5 %的部分免缴。"]
)
def test_a_decimal_at_the_start_of_a_line_is_no_number_of_a_clause(line: str) -> None:
    document, clauses = only(
        f"澜江市税收优惠措施\n为支持企业，制定以下措施。\n一、税收\n对小微企业按\n{line}\n二、附则\n依法执行。"
    )
    assert {clause.label for clause in clauses.values()} == {"", "一、", "二、"}
    assert visible(words(document, clauses, "一、")).endswith(visible(line))


@pytest.mark.parametrize("gap", ["", " ", "　"])
def test_a_whole_law_on_one_line(gap: str) -> None:
    text = f"{LAW}{gap}{OPENING}{gap}第二条 市住建局主管。{gap}第三条 {END}"
    document, clauses = only(text)
    assert (document.title, document.title_inferred) == (LAW, False)
    assert list(clauses) == ["标题", "第一条", "第二条", "第三条"]
    assert words(document, clauses, "第二条") == "第二条 市住建局主管。"


def test_a_whole_law_with_chapters_on_one_line() -> None:
    document, clauses = only(
        f"{LAW}第一章 总则{OPENING}第二条 市住建局主管。第二章 经营 第三条 应当取得许可。第四条 {END}"
    )
    assert list(clauses) == ["标题", "第一章", "第一条", "第二条", "第二章", "第三条", "第四条"]
    assert clauses["第三条"].path == ("第二章经营", "第三条")
    assert words(document, clauses, "第二条") == "第二条 市住建局主管。"


def test_two_laws_on_one_line() -> None:
    first, second = read(f"{LAW}{OPENING}第二条 {END}澜江市供水管理办法第一条 为了供水，制定本办法。第二条 {END}")
    assert [document.title for document, _ in (first, second)] == [LAW, "澜江市供水管理办法"]
    assert list(second[1]) == ["标题", "第一条", "第二条"]
