"""The table of formats in docs/formats.md: every reader has its row, and the limits there are those of the code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import get_args

import pytest

from api.changes.leftout import REASONS
from api.commands.read import KINDS
from corpus import archives
from corpus.parts import MAX_BYTES
from corpus.readers import ocr
from corpus.readers.lines import Reason
from corpus.types import Kind

ROOT = Path(__file__).resolve().parents[1]
READERS = sorted(path.stem for path in (ROOT / "corpus" / "readers").glob("*.py") if "def matches(" in path.read_text())
ROWS = {  # reader -> how its row begins, and the limits that the row names
    "delimited": ("csv、tsv", {"MAX_CELLS": "{:.0f} 万个单元格"}),
    "docx": ("docx", {}),
    "html": ("html", {"MAX_BYTES": "{} MB"}),
    "images": ("扫描的 pdf、图片", {}),
    "markdown": ("txt", {}),
    "mime": ("eml", {"MAX_BYTES": "{} MB", "MAX_PARTS": "{} 个部分"}),
    "ofd": ("ofd", {"MAX_PAGES": "{} 页"}),
    "office": ("doc、wps", {"MAX_BYTES": "{} MB"}),
    "pdf": ("pdf", {"MAX_PAGES": "{} 页"}),
    "pptx": ("pptx", {"MAX_SLIDES": "{} 页"}),
    "rtf": ("doc、wps", {}),
    "xlsx": ("xlsx", {"MAX_CELLS": "{:.0f} 万个单元格"}),
}
PAGE = (ROOT / "docs" / "formats.md").read_text("utf-8")
TABLE = [line for line in PAGE.splitlines() if line.startswith("| ")]


def row(begins: str) -> str:
    (found,) = [line for line in TABLE if re.match(rf"\| {re.escape(begins)}\b|\| {re.escape(begins)}[（（]", line)]
    return found


def test_every_reader_has_its_row() -> None:
    assert set(ROWS) == set(READERS)


@pytest.mark.parametrize("name", list(ROWS))
def test_a_row_names_the_limits_of_its_reader(name: str) -> None:
    begins, limits = ROWS[name]
    module = importlib.import_module(f"corpus.readers.{name}")
    for limit, words in limits.items():
        value = getattr(module, limit)
        shown = value // 2**20 if limit == "MAX_BYTES" else value / 10_000 if limit == "MAX_CELLS" else value
        assert words.format(shown) in row(begins)


def test_the_row_of_pictures() -> None:
    assert f"{ocr.MAX_PIXELS // 10_000} 万像素，{ocr.MAX_PAGES} 页" in row("扫描的 pdf、图片")


def test_the_row_of_zips() -> None:
    words = (
        f"{archives.MAX_FILES} 个文件",
        f"展开 {archives.MAX_UNPACKED // 2**20} MB、{archives.MAX_RATIO} 倍",
        {2: "套两层"}[archives.MAX_DEPTH],
    )
    assert all(word in row("zip") for word in words)
    assert f"单个文件 {MAX_BYTES // 2**20} MB 以内" in PAGE


@pytest.mark.parametrize(
    ("page", "table", "keys"), [("report.js", REASONS, Reason), ("library.js", KINDS, Kind)], ids=["reasons", "kinds"]
)
def test_the_pages_and_the_commands_name_things_alike(page: str, table: dict[str, str], keys: object) -> None:
    script = (ROOT / "api" / "web" / page).read_text("utf-8")
    assert set(table) == set(get_args(keys))
    assert all(re.search(rf'\b{key}: "{words}"', script) for key, words in table.items())
