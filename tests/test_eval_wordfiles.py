"""What is counted in real Word files: numbers that only a list gives, and cells, found in what was read."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest

from eval import wordfiles
from eval.roundtrip import docx_of
from eval.wordfiles import measure_reading

LAW = "澜江市燃气管理条例\n第一章 总则\n第一条 为了安全，制定本条例。\n第二条 应当：\n（一）建账；\n（二）巡检。\n"


def test_numbers_of_lists_and_cells_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(docx_of(LAW, "automatic"))
    document = docx.Document()
    document.add_paragraph("第一条 补贴标准见下表。")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["类别", "标准", "甲类", ""], strict=True):
        cell.text = text
    document.save(str(tmp_path / "b.docx"))
    (tmp_path / "c.docx").write_bytes(b"PK\x03\x04 word/ broken")
    read = measure_reading(tmp_path)
    assert (read.files, len(read.rejected), read.several) == (3, 1, [])
    assert (read.numbered, read.numbers_read) == (5, 5)
    assert (read.cells, read.cells_read) == (3, 3)
    assert read.missing == []


def test_a_number_that_was_not_read_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.docx").write_bytes(docx_of(LAW, "automatic"))
    plain = LAW.replace("第二条 ", "").encode()
    original = wordfiles.read_documents
    monkeypatch.setattr(wordfiles, "read_documents", lambda data, name: original(plain, name))
    read = measure_reading(tmp_path)
    assert read.numbered - read.numbers_read == 1
    assert read.missing == ["a.docx：编号缺 1，单元格缺 0"]
