"""One table model for all formats: merged cells, blank cells, lines inside a table, header rows; bounds."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from html import escape
from typing import Any

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corpus.canonical import Paragraph, paragraphs
from corpus.errors import TooLarge
from corpus.readers import read_lines, tables
from corpus.readers.tables import Row, Table, goes_on_from, header_rows
from corpus.reading import read_file

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@dataclass(frozen=True)
class Merge:
    """A cell of a grid with how far it reaches."""

    text: str
    down: int = 1
    across: int = 1


Grid = list[list[Merge | None]]
"""The cells of a table where they begin; None for what another one covers."""


def as_html(grid: Grid, *, head: int = 0) -> bytes:
    def cell(m: Merge, tag: str) -> str:
        return f"<{tag} rowspan={m.down} colspan={m.across}>{escape(m.text)}</{tag}>"

    rows = (
        "<tr>" + "".join(cell(m, "th" if n < head else "td") for m in row if m) + "</tr>" for n, row in enumerate(grid)
    )
    return f"<html><body><table>{''.join(rows)}</table></body></html>".encode()


def as_docx(grid: Grid, *, head: int = 0) -> bytes:
    owners = covered(grid)
    rows = []
    for r, row in enumerate(grid):
        cells, c = [], 0
        while c < len(row):
            top, left = owners[r][c]
            merge = grid[top][left]
            assert merge is not None
            go_on = '<w:vMerge w:val="restart"/>' if top == r else "<w:vMerge/>"
            text = escape(merge.text) if top == r else ""
            cells.append(
                f'<w:tc><w:tcPr><w:gridSpan w:val="{merge.across}"/>{go_on if merge.down > 1 else ""}</w:tcPr>'
                f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:tc>'
            )
            c += merge.across
        mark = "<w:trPr><w:tblHeader/></w:trPr>" if r < head else ""
        rows.append(f"<w:tr>{mark}{''.join(cells)}</w:tr>")
    return package(f"<w:tbl>{''.join(rows)}</w:tbl>")


def package(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
    return out.getvalue()


def as_xlsx(grid: Grid) -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for r, row in enumerate(grid, start=1):
        for c, merge in enumerate(row, start=1):
            if merge is None:
                continue
            if merge.text:
                sheet.cell(r, c, merge.text)
            if merge.down > 1 or merge.across > 1:
                sheet.merge_cells(
                    start_row=r, start_column=c, end_row=r + merge.down - 1, end_column=c + merge.across - 1
                )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_markdown(grid: Grid) -> bytes:
    texts = [[m.text.replace("\\", "\\\\").replace("|", "\\|") if m else "" for m in row] for row in grid]
    lines = [f"| {' | '.join(row)} |" for row in texts]
    return "\n".join([lines[0], "|" + "---|" * len(texts[0]), *lines[1:]]).encode()


def covered(grid: Grid) -> list[list[tuple[int, int]]]:
    """For each place the place of the cell that covers it."""
    out = [[(r, c) for c in range(len(row))] for r, row in enumerate(grid)]
    for r, row in enumerate(grid):
        for c, merge in enumerate(row):
            if merge:
                for i in range(r, r + merge.down):
                    for j in range(c, c + merge.across):
                        out[i][j] = r, c
    return out


def filled(grid: Grid) -> list[tuple[str, ...]]:
    def text(place: tuple[int, int]) -> str:
        merge = grid[place[0]][place[1]]
        return merge.text if merge else ""

    return [tuple(text(place) for place in row) for row in covered(grid)]


def rows_of(data: bytes) -> list[Paragraph]:
    read = paragraphs(read_lines(data))
    assert all(paragraph.cells for paragraph in read), "all of these are rows"
    return read


marks = st.text(alphabet="甲乙丙丁子丑东南西北|<&5", max_size=4)


@st.composite
def grids(draw: st.DrawFn, *, merges: bool = True) -> Grid:
    """Tables whose rows all have two different texts, one of them their own, and whose columns all have a text."""
    height, width = draw(st.integers(2, 6)), draw(st.integers(3, 6))
    taken = [[False] * width for _ in range(height)]
    grid: Grid = [[None] * width for _ in range(height)]
    for r in range(height):
        for c in range(width):
            if taken[r][c]:
                continue
            down = draw(st.integers(1, min(3, height - r))) if merges and draw(st.integers(0, 4)) == 4 else 1
            across = draw(st.integers(1, min(3, width - c))) if merges and draw(st.integers(0, 4)) == 4 else 1
            while any(taken[r][c : c + across]):
                across -= 1
            for i in range(r, r + down):
                taken[i][c : c + across] = [True] * across
            text = "" if draw(st.integers(0, 4)) == 4 else f"{draw(marks)}第{r}{c}"
            grid[r][c] = Merge(text, down, across)
    rows = filled(grid)
    assume(all(len({text for text in row if text}) >= 2 for row in rows))
    assume(all(sum(bool(m and m.text) for m in row) >= 1 for row in grid))
    for c in range(width):
        assume(any((m := grid[r][c]) and m.text for r in range(height)))
    return grid


@given(grids())
@settings(max_examples=30, deadline=None)
def test_the_same_table_is_read_alike_from_every_format(grid: Grid) -> None:
    wanted = filled(grid)
    read = [rows_of(data) for data in (as_html(grid), as_docx(grid), as_xlsx(grid))]
    for rows in read:
        assert [row.cells for row in rows] == wanted
    assert len({tuple(row.header for row in rows) for rows in read}) == 1


@given(grids(merges=False))
@settings(max_examples=30, deadline=None)
def test_a_markdown_table_is_read_as_it_is_written(grid: Grid) -> None:
    rows = rows_of(as_markdown(grid).replace(b"<", b"&lt;"))
    assert [row.cells for row in rows] == filled(grid)
    assert rows[0].header


# -- header rows -------------------------------------------------------------------------------------------------------

TWO_STOREYS: Grid = [
    [Merge("项目", 2), Merge("收费标准", 1, 2), None, Merge("依据", 2)],
    [None, Merge("城区"), Merge("乡镇"), None],
    [Merge("甲", 2), Merge("80元"), Merge("60元"), Merge("文件一", 2)],
    [None, Merge(""), Merge("50元"), None],
]


@pytest.mark.parametrize(
    "data",
    [as_html(TWO_STOREYS), as_html(TWO_STOREYS, head=1), as_docx(TWO_STOREYS), as_docx(TWO_STOREYS, head=2), as_xlsx(TWO_STOREYS)],
)  # fmt: skip
def test_a_header_of_two_storeys_is_header_whole(data: bytes) -> None:
    rows = rows_of(data)
    assert [row.header for row in rows] == [True, True, False, False]
    assert rows[1].cells == ("项目", "城区", "乡镇", "依据")
    assert rows[3].cells == ("甲", "", "50元", "文件一")
    ((_, clauses),) = read_file(data, "x").documents
    assert [c.label for c in clauses if c.label] == ["表头", "表头", "第1行", "第2行"]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([("项目", "标准"), ("甲", "5元")], 1),
        ([("活动", "日期", "报名截止"), ("游园", "2026年5月1日", "2026年4月25日17:30")], 1),
        ([("城区", "郊区"), ("80元", "60元"), ("70元", "50元")], 1),
        ([("年份", "2024年", "2025年"), ("预算", "300万元", "500万元")], 1),
        ([("类别", "标准", "标准"), ("类别", "居民", "企业"), ("供水", "2元", "3元")], 2),
        ([("类别", "标准", ""), ("", "居民", "企业"), ("供水", "2元", "3元")], 2),
        ([("地区", "标准", "标准", "标准"), ("地区", "居民", "居民", "企业"), ("地区", "一档", "二档", "企业"), ("甲", "1元", "2元", "3元")], 3),
        ([("项目", "金额", "备注"), ("1", "2", "3"), ("甲", "5元", "")], 2),
        ([("项目", "金额", "备注"), ("甲", "乙", "1"), ("水", "5元", "")], 2),
        ([("项目", "金额", "备注"), ("栏次", "1", "2=1*3"), ("水", "5元", "")], 1),
        ([("项目", "金额", "人数", "备注"), ("栏次", "1", "2=1*3", "3"), ("水", "5元", "3", "")], 2),
        # no header at all
        ([("甲公司", "300万元"), ("乙公司", "200万元")], 0),
        ([("受理单位", "市民政局"), ("联系电话", "0512-65000000"), ("办理时限", "5个工作日")], 0),
        ([("姓名", "张三", "性别", "男"), ("电话", "65000000", "地址", "人民路1号")], 0),
        ([("申报单位：", "市民政局"), ("联系人：", "李四")], 0),
        ([("张三", "苏州"), ("李四", "无锡"), ("王五", "常州")], 0),
        ([("项目", "标准")], 0),
        ([], 0),
    ],
)  # fmt: skip
def test_header_rows_are_told_by_content(rows: list[tuple[str, ...]], count: int) -> None:
    assert header_rows(rows) == count


def test_a_format_that_calls_every_cell_a_header_says_nothing_by_it() -> None:
    rows = rows_of(b"<html><body><table><tr><th>a<th>5\xe5\x85\x83<tr><th>b<th>6\xe5\x85\x83</table></body></html>")
    assert [row.header for row in rows] == [False, False]


def test_header_cells_at_the_side_are_no_header_row() -> None:
    page = "<html><body><table><tr><th>电话</th><td>0512-65000000</td></tr><tr><th>地址</th><td>人民路1号</td></tr></table></body></html>"
    assert [row.header for row in rows_of(page.encode())] == [False, False]


def test_a_table_that_goes_on_over_the_page_has_no_second_header() -> None:
    above = (Row(("项目", "标准"), True), Row(("甲", "5元")))
    header = above[:1]
    looks_so = (Row(("丙", "面议"), True), Row(("丁", "6元")))
    assert goes_on_from(looks_so, above, header) == ((Row(("丙", "面议")), Row(("丁", "6元"))), header)
    repeated = (Row(("项目", "标准"), True), Row(("丁", "6元")))
    assert goes_on_from(repeated, above, header) == (repeated, header)
    wider = (Row(("甲", "乙", "丙"), True),)
    assert goes_on_from(wider, above, header) == (wider, wider)


# -- lines inside a table ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [as_html, as_docx, as_xlsx])
def test_a_cell_over_the_whole_width_is_a_line_of_text(make: Any) -> None:
    grid: Grid = [
        [Merge("澜江市收费表\n（2026年）", 2, 3), None, None],
        [None, None, None],
        [Merge("项目"), Merge("城区"), Merge("乡镇")],
        [Merge("一、供水", 1, 3), None, None],
        [Merge("居民"), Merge("2元"), Merge("3元")],
        [Merge("注：含税", 1, 3), None, None],
    ]
    if make is not as_xlsx:
        grid[0][0] = Merge("澜江市收费表", 2, 3)
    read = paragraphs(read_lines(make(grid)))
    texts = [p.text for p in read if "2026" not in p.text]
    assert texts == ["澜江市收费表", "项目\t城区\t乡镇", "一、供水", "居民\t2元\t3元", "注：含税"]
    assert [p.header for p in read if p.cells] == [True, False]


def test_a_title_in_the_first_row_of_a_ruled_table_is_a_line() -> None:
    text = "# 云岭市殡葬收费\n\n## 一、标准\n\n| 殡葬收费标准 | | |\n|---|---|---|\n| 项目 | 市区 | 乡镇 |\n| 接运 | 200元 | 150元 |\n"
    ((document, clauses),) = read_file(text.encode(), "x.md").documents
    assert document.title == "云岭市殡葬收费"
    assert [document.quote(c.span) for c in clauses if c.label == "表头"] == ["项目\t市区\t乡镇"]


def test_a_blank_cell_at_either_end_holds_its_place_in_the_clause() -> None:
    text = "| 类 | 项目 | 金额 |\n|---|---|---|\n| | 甲 | 5元 |\n| 乙 | 丙 | |\n"
    ((document, clauses),) = read_file(text.encode(), "x.md").documents
    assert [document.quote(c.span) for c in clauses if c.label.endswith("行")] == ["\t甲\t5元", "乙\t丙\t"]


# -- nested tables -----------------------------------------------------------------------------------------------------


def test_a_table_in_a_cell_stays_in_its_cell() -> None:
    inner = "<table><tr><td>一档</td><td>2元</td></tr><tr><td>二档</td><td>3元</td></tr></table>"
    page = f"<html><body><table><tr><th>类别</th><th>标准</th></tr><tr><td>居民用水</td><td>{inner}</td></tr></table></body></html>"
    assert [row.cells for row in rows_of(page.encode())] == [("类别", "标准"), ("居民用水", "一档2元 二档3元")]
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p>{}</w:tc>"
    nested = "".join(
        f"<w:tr>{cell.format(a, '')}{cell.format(b, '')}</w:tr>" for a, b in (("一档", "2元"), ("二档", "3元"))
    )
    body = f"<w:tbl><w:tr>{cell.format('类别', '')}{cell.format('标准', '')}</w:tr><w:tr>{cell.format('居民用水', '')}{cell.format('分档', f'<w:tbl>{nested}</w:tbl>')}</w:tr></w:tbl>"
    assert [row.cells for row in rows_of(package(body))] == [("类别", "标准"), ("居民用水", "分档 一档2元 二档3元")]


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_long_cell_is_repeated_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_LONG", 1000)
    table = Table()
    for n in range(10):
        table.begin_row()
        if not n:
            table.put("长" * 300, down=10)
        table.put(f"行{n}")
    rows = list(table.rows())
    assert [len(row.cells[0]) for row in rows] == [300, 300, 300, 300] + [0] * 6


@pytest.mark.parametrize(("limit", "least"), [("MAX_PLACES", 500), ("MAX_REPEATED", 500)])
def test_merged_cells_beyond_all_bounds_are_refused(limit: str, least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, limit, least)
    row = "<tr><td rowspan=9000 colspan=100>甲甲甲甲甲</td><td>乙</td></tr>" + "<tr><td>丙</td></tr>" * 20
    with pytest.raises(TooLarge, match="合并"):
        read_lines(f"<html><body><table>{row}</table></body></html>".encode())


def test_a_column_of_departments_is_named_by_any_storey_of_its_header() -> None:
    grid: Grid = [
        [Merge("任务", 2), Merge("分工", 1, 2), None],
        [None, Merge("责任单位"), Merge("配合单位")],
        [Merge("建设养老设施"), Merge("市民政局"), Merge("市财政局")],
    ]
    for data in (as_html(grid), as_docx(grid), as_xlsx(grid)):
        ((_, clauses),) = read_file(data, "x").documents
        assert [(r.name, r.role) for r in clauses[-1].responsible] == [
            ("市民政局", "responsible"),
            ("市财政局", "assist"),
        ]
