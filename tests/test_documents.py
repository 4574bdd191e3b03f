"""The documents say what there is: the generated page, the size and the links of the README, its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from api import reference
from api.cli import _parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_reference_is_what_the_code_makes() -> None:
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert written == reference.page(), "run: python -m api.reference > docs/reference.md"


def test_the_reference_knows_what_is_asked_of_every_route() -> None:
    found = {(method, path): role for method, path, role, _ in reference.routes()}
    assert found["POST", "/v1/ask"] == "ask" and found["DELETE", "/v1/files/{name}"] == "admin"
    assert found["GET", "/healthz"] == "" and found["GET", "/metrics"] == "operate"
    codes = [code for _, code, *_ in reference.errors()]
    assert len(codes) == len(set(codes)) and {"busy", "not_text", "bad_setting", "ingestion_too_long"} <= set(codes)


def test_the_readme_is_short_and_chinese_first() -> None:
    assert len(README.splitlines()) <= 220
    chinese, english = README.split("\n## English\n")
    han = re.compile(r"[\u4e00-\u9fff]")
    assert len(han.findall(chinese)) > 1500 and len(han.findall(english)) < 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_named_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert all((page.parent / link).exists() for link in links if link), links
    named = re.findall(
        r"`((?:docs|api|qa|index|corpus|eval|tests|deploy)/[\w./-]+\.(?:md|py|toml|txt|xz|conf|yaml|env))`", text
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    assert all(f"docs/{page.name}" in README for page in PAGES[1:])


def test_the_commands_of_the_readme_are_commands() -> None:
    (block,) = [block for block in re.findall(r"```sh\n(.*?)```", README, re.S) if block.startswith("tiaowen ")]
    for line in block.splitlines():
        _, name, *words = shlex.split(line, comments=True)
        if name != "eval":  # reads its own words
            _parser().parse_args([name, *(word.removesuffix("...") for word in words)])
