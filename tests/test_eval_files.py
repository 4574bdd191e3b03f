"""Files against what a clerk says of them: fields compared, beginnings found, figures counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.files import compare, figures, main, plain

NOTICE = """澜江市教育局文件
澜教〔2020〕5号
关于印发《澜江市招生办法》的通知
各县区教育局：
现将《澜江市招生办法》印发给你们，请遵照执行。
澜江市教育局
2020年3月1日
澜江市招生办法
第一条 为了规范招生，制定本办法。
第二条 本办法自2020年4月1日起施行，有效期3年。
"""


def expected(**changes: Any) -> dict[str, Any]:
    row = {
        "title": "关于印发《澜江市招生办法》的通知",
        "begins": "澜江市教育局文件",
        "number": "澜教〔2020〕5号",
        "issuers": ["澜江市教育局"],
        "issued_on": "2020-03-01",
        "effective_from": "2020-04-01",
        "effective_until": "2023-03-31",
    }
    return row | changes


def write(folder: Path, *documents: dict[str, Any]) -> list[dict[str, Any]]:
    (folder / "notice.txt").write_text(NOTICE, "utf-8")
    return [{"file": "notice.txt", "documents": list(documents)}]


def test_what_is_read_right_counts_as_right(tmp_path: Path) -> None:
    counted = figures(compare(tmp_path, write(tmp_path, expected())))
    assert set(counted) == {
        "documents per file", "begin", "title", "number", "issuers", "issued_on", "effective_from", "effective_until",
    }  # fmt: skip
    assert set(counted.values()) == {(1, 1)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "澜江市招生办法"),
        ("number", "澜教〔2020〕6号"),
        ("issuers", ["澜江市教育局", "澜江市公安局"]),
        ("issued_on", None),
        ("effective_until", "2023-04-01"),
    ],
)
def test_what_is_read_wrong_counts_as_wrong(tmp_path: Path, field: str, value: Any) -> None:
    rows = list(compare(tmp_path, write(tmp_path, expected(**{field: value}))))
    assert [row.field for row in rows if not row.right] == [field]


def test_a_document_that_is_not_there_is_missed_in_every_field(tmp_path: Path) -> None:
    other = expected(title="澜江市停车办法", begins="澜江市停车办法")
    counted = figures(compare(tmp_path, write(tmp_path, expected(), other)))
    assert counted["documents per file"] == (0, 1)
    assert counted["begin"] == counted["title"] == (1, 2)


def test_a_file_that_cannot_be_read_has_no_documents(tmp_path: Path) -> None:
    (tmp_path / "notice.txt").write_bytes(b"")
    counted = figures(compare(tmp_path, [{"file": "notice.txt", "documents": [expected()]}]))
    assert counted["documents per file"] == (0, 1)
    assert counted["number"] == (0, 1)


def test_where_no_title_is_printed_an_inferred_one_is_right(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("各区：\n为加强管理，现就有关问题通知如下：\n一、抓好落实。", "utf-8")
    wanted = expected(title=None, begins="各区：") | dict.fromkeys(
        ("number", "issued_on", "effective_from", "effective_until")
    )
    counted = figures(compare(tmp_path, [{"file": "x.txt", "documents": [wanted | {"issuers": []}]}]))
    assert counted["title"] == (1, 1)


def test_names_are_compared_without_space_and_quotes() -> None:
    assert plain("关于印发 〈办法〉的通知") == plain("关于印发《办法》的通知")
    assert plain("澜教[2020]5号") == plain("澜教〔2020〕5号") != plain("澜教〔2020〕6号")


def test_the_command_prints_figures_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write(tmp_path, expected(number="澜教〔2020〕9号"))
    (tmp_path / "gold.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    main(["--files", str(tmp_path), "--expected", str(tmp_path / "gold.jsonl"), "--wrong"])
    out = capsys.readouterr().out
    assert "澜教〔2020〕9号" in out
    assert "number" in out.splitlines()[-5]
    assert "0.000" in out
