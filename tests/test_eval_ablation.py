"""Every part that the ablation switches off is there, is off inside, and back afterwards."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_engine import engine_over

from eval.ablation import CHANGED, SWITCHED_OFF, rows_of
from eval.datasets import read_gold
from qa.engine import Engine

TEXT = """甲山市支持园区若干措施

第一条 对新认定的国家级、省级园区，分别给予100万元、50万元奖励。
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_over(tmp_path_factory.mktemp("ablation"), {"措施.txt": TEXT})


def test_a_row_for_the_whole_and_one_for_each_part(engine: Engine, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        '{"id": "1", "question": "省级园区奖励多少？", "type": "amount", "style": "formal", "answers": ["50万元"],'
        ' "quote": "分别给予100万元、50万元奖励"}\n',
        "utf-8",
    )
    found = dict(rows_of(engine.with_threshold(0.0), read_gold(gold), date(2026, 11, 21)))
    assert list(found) == ["全部", *(f"无 {name}" for name in (*SWITCHED_OFF, *CHANGED))]
    assert found["全部"]["answer"] == 1.0
    assert found["无 句式读取"]["answer"] == 0.0, "nothing but forms finds a figure where no reader reads"
    again = dict(rows_of(engine.with_threshold(0.0), read_gold(gold), date(2026, 11, 21)))
    assert {name: f["answer"] for name, f in again.items()} == {name: f["answer"] for name, f in found.items()}
