"""Tables as text: what is one, how its rows come out, and what only looks like one."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import TooLarge
from corpus.readers import delimited, read_lines

ROWS = [["序号", "事项", "标准"], ["1", "停车，含充电", "每小时5元"], ["2", "换行\n的格", '带"引号"'], ["3", "", "10%"]]


def written(rows: list[list[str]], mark: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)
    return out.getvalue()


def rows_of(data: bytes) -> list[list[str]]:
    return [[cell.strip() for cell in line.text.split("\t")[1:]] for line in read_lines(data) if line.text]


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_rows_in_every_encoding_with_every_delimiter(mark: str, encoding: str) -> None:
    data = written(ROWS, mark).encode(encoding)
    assert delimited.matches(data)
    assert rows_of(data) == [[cell.replace("\n", " ") for cell in row] for row in ROWS]
    lines = [line for line in read_lines(data) if line.text]
    assert [line.header for line in lines] == [True, False, False, False]


def test_what_excel_writes_above_a_table() -> None:
    data = ("sep=;\r\n2025年收费表;;\r\n" + written(ROWS, ";")).encode("gbk")
    lines = [line for line in read_lines(data) if line.text]
    assert lines[0].text == "2025年收费表" and lines[1].header


@pytest.mark.parametrize(
    "text",
    [
        "第一条 停车, 充电收费。\n第二条 本办法, 自公布之日起施行。\n第三条 其他, 另行规定。",
        '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n{"a": 5, "b": 6}',
        "| 甲, 乙 | 丙 |\n|---|---|\n| 1, 2 | 3 |",
        "甲市办法\n第一条 内容\n",
        "一行,两格",
        "甲,乙\n丙,丁",
        "",
    ],
)
def test_what_is_no_table(text: str) -> None:
    assert not delimited.matches(text.encode())


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_CELLS", 5)
    with pytest.raises(TooLarge, match="单元格"):
        delimited.read(written(ROWS).encode())


_cell = st.text('甲乙丙1a,"\t ', min_size=1, max_size=6).filter(lambda cell: cell.strip() and "\t" not in cell)


@given(st.lists(st.tuples(_cell, _cell, _cell), min_size=3, max_size=8))
def test_no_cell_is_lost(rows: list[tuple[str, str, str]]) -> None:
    data = written([["甲", "乙", "丙"], *map(list, rows)]).encode()
    if delimited.matches(data):  # where other marks stand in all cells, another table may be seen
        found = "".join("".join(row) for row in rows_of(data))
        assert sorted(c for c in found if c in "甲乙丙1a") == sorted(
            c for row in (("甲", "乙", "丙"), *rows) for cell in row for c in cell if c in "甲乙丙1a"
        )
