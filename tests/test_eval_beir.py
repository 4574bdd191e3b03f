"""The BEIR evaluation end to end on a small set, and the report that it writes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_index_snapshot import HashEncoder

from eval import beir
from eval.beir import evaluate_beir, index_beir, main, print_report, unseen_part
from eval.datasets import read_beir
from eval.report import Report, table, width, write_report

TEXTS = [
    "为了规范资金管理，制定本办法。",
    "奖励资金由市财政局拨付。",
    "本办法自发布之日起施行。",
    "申报材料应当真实完整。",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"d{i}", "title": f"第{i}条", "text": text} for i, text in enumerate(TEXTS)]
    queries = [
        {"_id": "q1", "text": "谁拨付奖励"},
        {"_id": "q2", "text": "何日施行"},
        {"_id": "q3", "text": "材料要求"},
    ]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n", "utf-8")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td1\t1\n", "utf-8")
    return folder


def test_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = evaluate_beir(folder, "dev", HashEncoder())
    for mode in ("lexical/", "dense/", ""):
        assert report.figures[f"{mode}recall@10"] == 1  # four passages, ten places
        for part in ("", "unseen/"):
            assert 0 < report.figures[f"{mode}{part}mrr@10"] <= report.figures[f"{mode}{part}recall@10"]
            assert 0 < report.figures[f"{mode}{part}ndcg@10"] <= 1
        assert 0 < report.figures[f"{mode}p50_ms"] <= report.figures[f"{mode}p95_ms"]
        assert report.figures[f"{mode}queries_per_s"] > 0
    assert report.figures["lexical/mrr@10"] == 1
    assert (report.figures["passages"], report.figures["queries"], report.figures["unseen/queries"]) == (4, 2, 1)
    assert report.figures["build_seconds"] > 0
    assert report.figures["peak_rss_mb"] > 10
    print_report(report)
    assert "fused 未见条文" in capsys.readouterr().out


def test_unseen_are_the_queries_without_a_train_document(folder: Path) -> None:
    assert unseen_part(read_beir(folder, "dev")) == {"q2": {"d2": 1}}
    assert unseen_part(read_beir(folder, "train")) == {}


def test_index_is_used_again_until_something_changes(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "index"

    def reused(encoder: HashEncoder) -> bool:
        return index_beir(read_beir(folder, "dev"), kept, encoder).reused

    assert [reused(HashEncoder()), reused(HashEncoder())] == [False, True]
    assert [reused(HashEncoder("other")), reused(HashEncoder("other"))] == [False, True]
    with (folder / "corpus.jsonl").open("a") as file:
        file.write('\n{"_id": "d9", "text": "新的一条。"}\n')
    assert [reused(HashEncoder("other")), reused(HashEncoder("other"))] == [False, True]
    damaged = next(kept.glob("*/passages.bin"))
    for damaged in kept.glob("*/passages.bin"):
        damaged.write_bytes(b"")
    assert not reused(HashEncoder("other"))


def test_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(beir, "load_encoder", lambda _: HashEncoder())
    assert main([str(folder), "--split", "dev", "--out", str(tmp_path / "out")]) == 0
    written = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert written["figures"]["recall@10"] == 1
    assert written["versions"]["faiss-cpu"]
    assert (written["dataset"], written["split"], written["settings"]["encoder"]) == ("small", "dev", "hash")
    assert main([str(folder), "--split", "nowhere"]) == 1
    assert "nowhere.tsv 无法读取" in capsys.readouterr().err


def test_report_file(tmp_path: Path) -> None:
    report = Report("某集", "dev", {"recall@10": 0.5}, {"encoder": "hash"})
    path = write_report(report, tmp_path / "out", datetime(2025, 7, 1, tzinfo=UTC))
    written = json.loads(path.read_text("utf-8"))
    assert written["date"] == "2025-07-01T00:00:00+00:00"
    assert written["figures"] == {"recall@10": 0.5}


def test_table_is_aligned_in_cells() -> None:
    lines = table(["", "召回率", "x"], [["全部", "0.5", "1"], ["a", "10", "2"]]).splitlines()
    assert lines == ["      召回率  x", "全部     0.5  1", "a         10  2"]
    assert {width(line) for line in lines} == {15}
    with pytest.raises(ValueError, match="number of cells"):
        table(["a"], [["b", "c"]])


@pytest.mark.parametrize(("text", "cells"), [("", 0), ("ab", 2), ("条问", 4), ("１", 2), ("e\u0301", 1)])
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells
