"""Tables in plain text: drawn with lines, in columns, one cell a line; and what only looks like one."""

from __future__ import annotations

import pytest

from corpus.canonical import paragraphs
from corpus.readers import read_lines
from corpus.reading import read_file


def rows(text: str) -> list[tuple[str, ...]]:
    return [p.cells or (p.text,) for p in paragraphs(read_lines(text.encode()))]


BOX = """┌────┬────┬─────────┐
│类别│项目│  标准   │
│    │    ├────┬────┤
│    │    │市区│乡镇│
├────┼────┼────┼────┤
│工业│技改│300 │200 │
│    ├────┼────┼────┤
│    │研发│面  │    │
│    │    │议  │    │
├────┼────┴────┴────┤
│农业│不补          │
└────┴──────────────┘
"""


def test_a_box_is_rows_with_its_merged_cells() -> None:
    assert rows("澜江市标准\n\n" + BOX + "\n以上。\n") == [
        ("澜江市标准",), ("类别", "项目", "标准", "标准"), ("类别", "项目", "市区", "乡镇"), ("工业", "技改", "300", "200"),
        ("工业", "研发", "面议", ""), ("农业", "不补", "不补", "不补"), ("以上。",),
    ]  # fmt: skip
    ((document, clauses),) = read_file(("澜江市标准\n\n" + BOX).encode(), "x").documents
    assert [c.label for c in clauses if c.label] == ["表头", "表头", "第1行", "第2行", "第3行"]
    assert document.lines_of(clauses[-1].span)[0] == 13


@pytest.mark.parametrize(
    "text",
    [
        "+----+----+\n|项目|金额|\n+----+----+\n|甲  |5元 |\n|乙  |    |\n+----+----+\n",
        "| 项目 | 金额 |\n| 甲 | 5元 |\n| 乙 | |\n",
        "项目\t金额\n甲\t5元\n乙\t\n".replace("乙\t\n", "乙\t-\n"),
        "┃项目┃金额┃\n┃甲┃5元┃\n┃乙┃┃\n".replace("┃", "｜"),
    ],
)
def test_columns_parted_on_every_line_are_rows(text: str) -> None:
    found = rows(text)
    assert found[:2] == [("项目", "金额"), ("甲", "5元")]
    assert found[2] in (("乙", ""), ("乙", "-"))


def test_columns_that_wide_spaces_part_are_rows() -> None:
    text = "等级    补贴标准    备注\n一级    500元       每月\n二级　　300元　　每月\n"
    assert rows(text) == [("等级", "补贴标准", "备注"), ("一级", "500元", "每月"), ("二级", "300元", "每月")]


@pytest.mark.parametrize(
    "text",
    [
        "甲方（盖章）：      乙方（盖章）：\n日期：      日期：\n地址：      地址：\n",
        "第一章  总则  1\n第二章  职责  3\n",
        "关 于\n加    快    发    展\n的    通    知    书\n的    通    知    书\n",
        "第一条  甲。  乙。  丙。\n第二条  甲。  乙。  丙。\n第三条  甲。  乙。  丙。\n",
        "+\n+-+\n+\n",
        "|甲|乙|\n丙\n",
    ],
)
def test_what_only_looks_like_a_table_stays_text(text: str) -> None:
    assert all("\t" not in line.text for line in read_lines(text.encode()))


def test_cells_that_a_browser_copied_one_a_line_are_rows_again() -> None:
    def row(*cells: str) -> str:
        return "\n\t\n\n".join(cells) + "\n\n"

    text = "八、指标\n\n" + row("序号", "指标", "分值") + row("1", "学历", "60分") + row("大专", "40分") + row("2", "职称", "20分") + "九、步骤\n\n"  # fmt: skip
    assert rows(text) == [
        ("八、指标",), ("序号", "指标", "分值"), ("1", "学历", "60分"), ("大专", "40分"), ("2", "职称", "20分"), ("九、步骤",)
    ]  # fmt: skip
    ((document, clauses),) = read_file(text.encode(), "x").documents
    labels = {c.label: document.lines_of(c.span)[:2] for c in clauses if c.label}
    assert labels["表头"] == (3, 9)


@pytest.mark.parametrize("unit", ["甲\n\t\n", "+--+\n", "│甲│乙│\n", "甲\t乙\n丙\n", "甲  乙  丙\n丁\n"])
def test_much_of_anything_takes_time_in_proportion(unit: str) -> None:
    text = unit * 8_000
    kept = "".join("".join(line.text.split()) for line in read_lines(text.encode()))
    assert kept.replace("│", "") == "".join(text.split()).replace("│", "")


@pytest.mark.parametrize("end", ["\t", "", "\t \u3000"])
def test_a_blank_last_cell_between_tabs_ends_no_table(end: str) -> None:
    """Editors drop the tab behind the last cell; the row is one of the table all the same."""
    text = f"园区\t单价\t起租面积\n东园\t30元\t50平方米\n南园\t25元{end}\n北园\t20元\t80平方米\n"
    assert rows(text) == [
        ("园区", "单价", "起租面积"), ("东园", "30元", "50平方米"), ("南园", "25元", ""), ("北园", "20元", "80平方米")
    ]  # fmt: skip


def test_a_line_that_has_one_cell_or_more_than_the_first_is_no_row() -> None:
    text = "园区\t单价\n东园\t30元\n以上为含税价\n南园\t25元\t50平方米\n"
    assert rows(text)[2:] == [("以上为含税价",), ("南园25元50平方米",)]
