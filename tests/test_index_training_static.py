"""What the builtin encoder is trained on and starts from."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch

from index.training.data import MAX_CHARS, policy_pairs, policy_text, read_policies, read_retrieved
from index.training.distilled import reduced


def row(ident: str, title: str, passage: str, spans: list[list[int]], question: str = "问") -> dict[str, Any]:
    return {
        "id": ident,
        "title": title,
        "passage": passage,
        "question": question,
        "spans": spans,
        "answerable": bool(spans),
    }


def pairs_of(folder: Path, *rows: dict[str, Any], retrieved: dict[str, list[str]] | None = None) -> list[Any]:
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(r) for r in rows), "utf-8")
    policies = read_policies([folder / "rows.jsonl"])
    return [pair for seed in range(20) for pair in policy_pairs(policies, random.Random(seed), retrieved)]


def test_the_negative_of_a_policy_question_is_another_passage_of_its_document(tmp_path: Path) -> None:
    rows = [
        row("1", "甲办法 > 第一章", "补贴五万元。", [[2, 5]]),
        row("2", "甲办法", "由市局受理。", [[1, 3]]),
        row("3", "乙办法", "奖励。", [[0, 2]]),
    ]
    found = pairs_of(tmp_path, *rows, row("4", "乙办法", "奖励。", [], "没有写到的"))
    assert {p.query for p in found} == {"问"}
    for pair in found:
        if "补贴五万元" in pair.passage:
            assert "由市局受理" in pair.negative
        assert pair.passage != pair.negative and not ("奖励" in pair.passage and "奖励" in pair.negative)


def test_what_answers_is_in_the_part_of_a_long_passage_that_is_learnt(tmp_path: Path) -> None:
    long = "序言。" * 300 + "补贴五万元。"
    found = pairs_of(tmp_path, row("1", "甲办法", long, [[902, 905]]), row("2", "乙办法", "别的。", [[0, 1]]))
    own = [p for p in found if "别的" not in p.passage]
    assert own and all("五万元" in p.passage and len(p.passage) <= MAX_CHARS for p in own)


def test_half_of_the_negatives_are_what_retrieval_brings_for_the_question(tmp_path: Path) -> None:
    found = {"id": "1", "passages": [{"title": "丙办法 > 第二章", "text": "补贴九万元。"}]}
    (tmp_path / "negatives.jsonl").write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    rows = [row("1", "甲办法", "补贴五万元。", [[2, 5]]), row("2", "甲办法", "由市局受理。", [[1, 3]], "谁受理")]
    pairs = pairs_of(tmp_path, *rows, retrieved=read_retrieved([tmp_path / "negatives.jsonl"]))
    mined = [p for p in pairs if p.negative == "丙办法 补贴九万元。"]
    assert 5 <= len(mined) <= 15 and {p.query for p in mined} == {"问"}


def test_the_vocabulary_knows_each_passage_of_policies_once() -> None:
    rows = [row("1", "甲", "补贴五万元。", [[2, 5]], "补多少"), row("2", "甲", "补贴五万元。", [[0, 2]], "补什么")]
    assert policy_text(rows) == ["补贴五万元。", "补多少", "补什么"]


def test_components_keep_the_differences_that_are_largest() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(200, 6) * torch.tensor([10.0, 5.0, 1e-3, 1e-3, 1e-3, 1e-3]) + 7
    out = reduced(vectors, 2)
    assert out.shape == (200, 2) and torch.allclose(out.norm(dim=1), torch.ones(200), atol=1e-5)
    centred = torch.nn.functional.normalize(vectors[:, :2] - vectors[:, :2].mean(0))
    assert torch.allclose(out @ out.T, centred @ centred.T, atol=1e-2)
