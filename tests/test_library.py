"""The examples of docs/library.md do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from qa import Answer

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text("utf-8"), re.S)


def test_the_examples_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").symlink_to(ROOT / "corpus" / "samples")
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/library.md", "exec"), names)
    assert names["rejected"] == []
    assert names["told"].startswith("最高100万元（") and "国家级" in names["told"]
    second = names["second"]
    assert isinstance(second, Answer) and second.text == "60万元" and "省级" in second.rewritten
    assert names["passages"] and all("电动自行车" in context for context, _ in names["passages"])
    names["store"].close()
