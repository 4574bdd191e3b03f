"""Which cell a question means, and what is shown of its row to the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, sources
from test_corpus_tables import tables

from index.reader.types import Reading, ReadSpan
from qa.read.table_match import match
from qa.shown import of_row

FEES = tables(
    "医疗服务收费", "表头|项目\t一级医院\t二级医院\t咨询电话\t办理地址", "针灸\t60元\t50元\t85330001\t和平路1号",
    "推拿\t30元\t20元\t85330002\t\t", "第7号路段修复\t15元\t7元\t85330003\t人民路8号",
)[0]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("针灸在二级医院多少钱", "50元"),
        ("推拿打哪个电话", "85330002"),
        ("针灸去哪里办", "和平路1号"),
        ("第7号路段修复一级医院", "15元"),
        ("85330003是什么项目的电话", "第7号路段修复"),
    ],
)
def test_the_cell_that_is_meant_is_named_best(question: str, cell: str) -> None:
    row, column, score = match(FEES, question).best_cell
    assert FEES.rows[row].cells[column].text == cell and score > 0.4


def test_a_blank_cell_may_be_the_one_that_is_meant() -> None:
    row, column, _ = match(FEES, "推拿的办理地址在哪里").best_cell
    assert FEES.rows[row].cells[column].text == ""


def test_a_figure_of_the_asker_finds_the_row_whose_threshold_it_is_within() -> None:
    (ages,) = tables("表头|年龄\t分值", "35周岁以下\t30", "35周岁以上45周岁以下\t20", "45周岁以上\t5")
    assert match(ages, "我今年52岁能得几分").best_rows[0][0] == 2


LADDERS = tables(
    "检验收费", "表头|项目\t规格\t收费", "电梯\t10层以下\t500元", "电梯\t11—20层站\t800元", "电梯\t21—30层站\t950元",
    "起重机\t5吨以下\t300元", "起重机\t5—20吨\t480元", "房屋\t占地2平方米以上50平方米以下\t90元", "仓库\t3吨\t70元",
)[0]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "fee"),
    [
        ("我们小区15层的电梯收多少", "800元"),
        ("二十五层的电梯收多少", "950元"),
        ("10吨的起重机收多少", "480元"),
        ("占了三十来个平方的房屋收多少", "90元"),
        ("4吨的起重机收多少", "300元"),
    ],
)
def test_a_figure_of_the_asker_finds_the_row_whose_range_it_is_within(question: str, fee: str) -> None:
    row, column, _ = match(LADDERS, question).best_cell
    assert LADDERS.rows[row].cells[column].text == fee


@pytest.mark.parametrize(
    ("question", "cases"),
    [
        ("我们小区15层的电梯收多少", {0: -1, 1: 1, 2: -1}),
        ("10吨的起重机收多少", {3: -1, 4: 1}),
        ("占了三百来平的房屋收多少", {5: -1}),
        ("15层的楼里10吨的起重机收多少", {0: -1, 1: 1, 2: -1, 3: -1, 4: 1}),
        ("电梯收多少", {}),
    ],
)
def test_rows_that_the_figure_of_the_asker_lies_within_or_outside_of(question: str, cases: dict[int, int]) -> None:
    assert match(LADDERS, question).cases == cases


QUESTIONS = st.text("针灸推拿二级医院电话第7号路段多少钱在哪", max_size=12)


@settings(max_examples=40)
@given(QUESTIONS)
def test_scores_are_shares_and_a_cell_is_not_named_by_its_own_words(question: str) -> None:
    matched = match(FEES, question)
    for row in range(len(FEES.rows)):
        for column in range(len(FEES.columns)):
            assert 0 <= matched.of_cell(row, column) <= 1
    named = [row for row, _ in matched.best_rows]
    best = max((matched.of_cell(r, c) for r in named for c in range(5)), default=0.0)
    assert matched.best_cell[2] == pytest.approx(best)


@settings(max_examples=30)
@given(st.integers(0, 2), QUESTIONS, st.lists(st.tuples(st.integers(0, 80), st.integers(1, 9)), max_size=4))
def test_what_is_found_in_a_shown_row_is_words_of_that_row(
    at: int, question: str, found: list[tuple[int, int]]
) -> None:
    row = FEES.rows[at]
    shown = of_row(FEES, at, row.clause.span.start, question)
    passage = "\t".join(cell.text for cell in row.cells)
    spans = tuple(ReadSpan(a, min(len(shown.text), a + n), 0.1) for a, n in found if a < len(shown.text))
    for span in shown.back(Reading(0.9, 0, 0, 0, None, spans)).spans:
        assert passage[span.start : span.end] and passage[span.start : span.end] in shown.text
        assert "\t" not in passage[span.start : span.end]


SCHOOLS = """第一条 各校招生计划如下：

\t学校\t所属区\t计划人数
\t一中\t城东区\t320
\t二中\t城东区\t280
\t三中\t城西区\t410
\t合计\t\t1010
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("招生计划人数最多的是哪所学校？", "三中"),
        ("计划人数最少的学校是哪所", "二中"),
        ("城东区有几所学校？", "2所"),
        ("城东区有哪些学校？", "一中、二中"),
    ],
)
def test_what_a_table_says_as_a_whole_is_offered(question: str, answer: str) -> None:
    assert answer in [candidate.text for candidate in read(SCHOOLS, question)]


def test_rows_of_totals_are_not_the_largest() -> None:
    assert "合计" not in [c.text for c in read(SCHOOLS, "招生计划人数最多的是哪所学校？") if c.text != "1010"][:3]
    assert sources(SCHOOLS)


DRUGS = "药品\t最高限价\t最低起订量\n甲药\t30元\t5盒\n乙药\t90元\t2盒\n丙药\t45元\t8盒\n"
RELIEF = "救助种类\t每月金额\n最低生活保障\t700元\n特困人员供养\t1100元\n临时救助\t900元\n"


@pytest.mark.parametrize(
    ("table", "question", "answer", "other"),
    [
        (DRUGS, "甲药的最高限价是多少？", "30元", "90元"),
        (DRUGS, "丙药最低起订量多少？", "8盒", "2盒"),
        (RELIEF, "最低生活保障每月金额是多少？", "700元", "1100元"),
    ],
)
def test_a_superlative_in_the_name_of_a_column_or_row_asks_for_no_extreme(
    table: str, question: str, answer: str, other: str
) -> None:
    found = read(table, question)
    assert answer in [c.text for c in found]
    assert not [c for c in found if c.told_by == "table"], other


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (DRUGS, "哪种药最高限价最高？", "乙药"),
        (DRUGS, "哪种药品的最高限价最低？", "甲药"),
        (DRUGS, "最低起订量最少的药是哪种？", "乙药"),
        (RELIEF, "每月金额最高的是哪种救助？", "特困人员供养"),
    ],
)
def test_beside_such_a_name_an_extreme_is_still_asked_for(table: str, question: str, answer: str) -> None:
    assert answer in [c.text for c in read(table, question) if c.told_by == "table"]


WAGES = "县区\t城市低保标准（元）\t农村低保标准（元）\n甲县\t890\t680\n乙县\t760\t570\n丙区\t860\t660\n丁区\t840\t870\n"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("城市低保标准不低于860元的县区有哪些？", "甲县、丙区"),
        ("城市低保标准超过800元的县区有几个？", "3个"),
        ("农村低保标准超过八百元的是哪个县区？", "丁区"),
        ("城市低保标准800元以下的是哪个县区", "乙县"),
    ],
)
def test_rows_within_a_bound_of_the_question_are_counted_and_listed(question: str, answer: str) -> None:
    assert answer in [c.text for c in read(WAGES, question) if c.told_by == "table"]


BUSES = "线路\t起点\t票价\n1路\t东站\t2元\n5路\t南站\t1元\n12路\t西站\t3元\n3路支线\t南门公园\t2元\n"
POINTS = "乡镇\t地点\t类型\n澜江镇\t前岙\t滑坡\n澜江镇\t后岙\t崩塌\n北山乡\t上村\t滑坡\n北山乡\t下村\t滑坡\n"


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        (BUSES, "哪路车票价最便宜？", "5路"),
        (POINTS, "澜江市的滑坡隐患点有几处？", "3处"),
        (POINTS, "澜江镇的隐患点有几处？", "2处"),
    ],
)
def test_rows_are_called_by_names_that_begin_with_figures_and_chosen_by_what_the_title_does_not_hold(
    table: str, question: str, answer: str
) -> None:
    assert answer in [c.text for c in read(table, question) if c.told_by == "table"]
