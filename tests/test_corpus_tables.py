"""Rows under their headers: header paths, captions, units, blank cells, tables that go on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.tables import Table, tables_of
from corpus.types import Clause, Document, Span


def document(*lines: str) -> tuple[Document, list[Clause]]:
    """A document whose lines are clauses; 表头| before a row makes it one of the header."""
    texts = [line.removeprefix("表头|") for line in lines]
    text = "\n".join(texts)
    clauses, at = [], 0
    for n, (line, own) in enumerate(zip(lines, texts, strict=True)):
        label = "表头" if line.startswith("表头|") else ("第1行" if "\t" in own else "")
        clauses.append(Clause(str(n), "d", f"a{n}", (), label, "", Span(at, at + len(own)), None, n))
        at += len(own) + 1
    return Document("d", text, "标题"), clauses


def tables(*lines: str) -> list[Table]:
    return tables_of(*document(*lines))


def test_a_column_has_every_header_over_it_once() -> None:
    (table,) = tables(
        "收费表", "表头|项目\t城区\t城区\t乡镇", "表头|项目\t一级医院\t二级医院\t乡镇", "针灸\t60\t50\t40"
    )
    assert [c.path for c in table.columns] == [("项目",), ("城区", "一级医院"), ("城区", "二级医院"), ("乡镇",)]
    assert table.caption == "收费表"


def test_a_row_of_column_numbers_is_no_name() -> None:
    (table,) = tables("表头|序号\t名称\t数量", "表头|1\t2\t3", "1\t公租房\t20套")
    assert [c.path for c in table.columns] == [("序号",), ("名称",), ("数量",)]


def test_units_come_from_the_header_then_from_the_caption() -> None:
    (table,) = tables("补贴标准", "单位：万元", "表头|项目\t金额\t人数（人）", "技改\t300\t12", "展会\t约50万元\t")
    assert [table.value(row, c) for row in table.rows for c in (1, 2)] == ["300万元", "12人", "约50万元", ""]


def test_a_unit_of_the_whole_table_is_not_that_of_what_is_counted_otherwise() -> None:
    (table,) = tables(
        "单位：元、%",
        "表头|序号\t医院\t起付线\t报销比例\t报销比例",
        "表头|序号\t医院\t起付线\t职工\t居民",
        "1\t一级\t200\t92\t87",
    )
    assert [table.value(table.rows[0], c) for c in range(5)] == ["1", "一级", "200元", "92%", "87%"]
    (table,) = tables("单位：万元", "表头|类别\t租房补贴\t名额\t占比\t面积（平方米）", "甲\t12\t30\t5\t60")
    assert [table.value(table.rows[0], c) for c in range(1, 5)] == ["12万元", "30", "5", "60平方米"]


def test_a_blank_cell_and_one_that_is_not_there_are_blank() -> None:
    (table,) = tables("表头|景点\t成人\t儿童", "湿地公园\t\t15元", "植物园\t20元")
    assert [cell.text for cell in table.rows[0].cells] == ["湿地公园", "", "15元"]
    assert [cell.text for cell in table.rows[1].cells] == ["植物园", "20元", ""]


def test_a_line_between_rows_is_what_the_rows_below_belong_to() -> None:
    (table,) = tables("表头|学校\t电话", "一中\t1", "城北片区", "二中\t2")
    assert [row.group for row in table.rows] == ["", "城北片区"]


def test_text_between_ends_a_table_and_a_table_as_wide_without_header_goes_on() -> None:
    first, second = tables("表头|镇\t电话", "长安镇\t85", "请在工作时间拨打上述电话，逾期不候。", "虎门镇\t86")
    assert second.columns == first.columns and [r.cells[0].text for r in second.rows] == ["虎门镇"]


def test_another_header_begins_another_table() -> None:
    first, second = tables("表头|镇\t电话", "长安镇\t85", "表头|校\t人数", "一中\t300")
    assert [c.name for c in first.columns] == ["镇", "电话"] and [c.name for c in second.columns] == ["校", "人数"]


def test_a_table_without_header_has_nameless_columns() -> None:
    (table,) = tables("公租房\t20\t廉租房\t30", "安居房\t10\t人才房\t5")
    assert all(column.path == () for column in table.columns) and len(table.rows) == 2


CELLS = st.text("甲乙丙丁1 ，", max_size=5)


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), min_size=1, max_size=6))
def test_every_cell_stands_where_its_span_says(rows: list[list[str]]) -> None:
    doc, clauses = document(*("\t".join(row) for row in rows))
    for table in tables_of(doc, clauses):
        for row in table.rows:
            assert len(row.cells) == len(table.columns)
            assert all(doc.quote(cell.span) == cell.text for cell in row.cells)
    held = [cell.text for t in tables_of(doc, clauses) for row in t.rows for cell in row.cells if cell.text]
    assert held == [cell.strip() for row in rows for cell in row if cell.strip()]
