"""Who is responsible: brackets after what they hold for, above it, and in a row of a table."""

from __future__ import annotations

import pytest
from reading import best, read

BRACKETS = "（一）奖励认定企业。对国家级企业给予100万元奖励。（责任单位：市工信局、市财政局）\n\n（二）支持展会。展位费补贴50%。（市商务局牵头，市贸促会配合）"


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (BRACKETS, "国家级企业奖励由哪些部门负责？", "市工信局、市财政局"),
        (BRACKETS, "展位费补贴的牵头单位是哪个部门？", "市商务局"),
    ],
)
def test_department(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


def test_a_bracket_holds_for_the_sentences_before_it() -> None:
    text = "对甲类项目给予补助。（责任单位：市科技局）对乙类项目给予奖励。（责任单位：市商务局）"
    assert best(text, "甲类项目补助找哪个部门？") == "市科技局"
    assert best(text, "乙类项目奖励找哪个部门？") == "市商务局"


LED = "（一）推进数据共享。到2027年建成共享平台。（市数据局牵头，市公安局、市财政局配合，各县（区）人民政府按职责分工负责）"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("数据共享平台由谁牵头？", "市数据局"),
        ("数据共享平台找哪个部门？", "市数据局"),
        ("数据共享平台由哪些部门配合？", "市公安局、市财政局"),
        ("数据共享平台的配合单位有哪些部门？", "市公安局、市财政局"),
        ("数据共享平台由谁牵头、哪些部门配合？", "市数据局、市公安局、市财政局"),
        ("数据共享平台由哪些部门负责？", "市数据局、各县（区）人民政府"),
    ],
)
def test_who_leads_and_who_assists(question: str, answer: str) -> None:
    assert best(LED, question) == answer


def test_nobody_assists() -> None:
    text = "（一）奖励企业。对国家级企业给予100万元奖励。（责任单位：市工信局、市财政局）"
    assert not read(text, "国家级企业奖励由哪些部门配合？", words=False)


INHERITED = (
    "一、加大支持（市工信局牵头）\n\n（一）奖励研发。对研发投入给予100万元奖励。\n\n（二）建设园区。推进园区道路建设。\n\n"
    "二、优化服务。以下各项措施均由市数据局、各县（区）人民政府负责，不再逐一列出。\n\n（一）设立窗口。在大厅设立帮办窗口。\n\n"
    "（二）开通热线。开通惠企热线。（责任单位：市司法局）"
)


@pytest.mark.parametrize(
    ("question", "answer", "quote"),
    [
        ("研发投入奖励由哪个部门牵头？", "市工信局", "（市工信局牵头）"),
        ("帮办窗口由哪些部门负责？", "市数据局、各县（区）人民政府", "均由市数据局、各县（区）人民政府负责"),
        ("惠企热线由哪个部门负责？", "市司法局", "（责任单位：市司法局）"),
    ],
)
def test_inherited_departments_are_quoted_where_they_stand(question: str, answer: str, quote: str) -> None:
    found = read(INHERITED, question)[0]
    assert found.text == answer
    document = found.sentence.source.document
    assert any(quote in document.quote(span) for span in found.spans)


def test_a_row_of_a_table_names_its_departments() -> None:
    text = "一、任务\n\n\t序号\t任务\t牵头单位\t配合单位\n\n\t1\t建设园区道路\t市工信局\t市财政局、市发改委\n\n\t2\t支持展会\t市商务局\t市贸促会"
    assert best(text, "园区道路由哪个部门牵头？") == "市工信局"
    assert best(text, "支持展会由哪些部门配合？") == "市贸促会"
