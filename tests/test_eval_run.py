"""The figures of a small gold file, computed by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from lxml import html

from corpus.ingest import ingest
from corpus.store import Store
from eval.datasets import BadDataset, read_gold
from eval.judged import read_rows
from eval.run import evaluate_gold, main
from qa.build import build_engine, update_index

TEXT = """甲山市支持园区若干措施

第一条 对新认定的国家级、省级园区，分别给予100万元、50万元奖励。

第二条 企业办事窗口设在市商务局，咨询材料应当在5个工作日内答复。

第三条 本措施自2026年1月1日起施行，有效期至2028年12月31日。
"""
PAIR = "对新认定的国家级、省级园区，分别给予100万元、50万元奖励"
ROWS = [
    # right and rightly cited
    {
        "id": "1",
        "question": "新认定的国家级园区奖励多少？",
        "type": "amount",
        "style": "formal",
        "answers": ["100万元"],
        "quote": PAIR,
    },
    # the same answer: right is another, so the answer is wrong, the citation right
    {
        "id": "2",
        "question": "新认定的省级园区奖励多少？",
        "type": "amount",
        "style": "keyword",
        "answers": ["70万元"],
        "quote": PAIR,
    },
    # the right answer, but from other words than the gold ones
    {
        "id": "3",
        "question": "新认定的省级园区奖励多少？",
        "type": "count",
        "style": "formal",
        "answers": ["50万元"],
        "quote": "这句话不在任何文件里，谁也引不到它",
    },
    {"id": "4", "question": "给我讲个笑话", "type": "unanswerable", "style": "colloquial", "why": "离题"},
    {
        "id": "5",
        "question": "新认定的国家级园区奖励多少？",
        "type": "unanswerable",
        "style": "colloquial",
        "why": "当作无答案",
    },
    {
        "id": "6",
        "type": "conversation",
        "turns": [
            {"question": "新认定的国家级园区奖励多少？", "answers": ["100万元"], "quote": PAIR},
            {"question": "那省级的呢？", "answers": ["50万元"], "quote": PAIR},
        ],
    },
    {
        "id": "7",
        "question": "新认定园区的奖励",
        "type": "retrieval",
        "quotes": [PAIR, "这句话不在任何文件里，谁也引不到它"],
    },
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gold")
    (folder / "policy.txt").write_text(TEXT, "utf-8")
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    (folder / "tiny.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    store = Store(folder / "data")
    ingest(store, [folder / "policy.txt"])
    update_index(store, folder / "data")
    return folder


def test_figures_by_hand(folder: Path) -> None:
    report = evaluate_gold(build_engine(folder / "data"), "tiny", read_gold(folder / "tiny.jsonl"), date(2026, 11, 21))
    figures = dict(report.figures)
    assert report.dataset == "tiny" and report.settings["as_of"] == "2026-11-21"
    expected = {
        "n": 3.0,
        "answer": 2 / 3,
        "cited": 2 / 3,
        "both": 1 / 3,
        "hit1": 2 / 3,
        "hit5": 2 / 3,
        "wrongly_refused": 0.0,
        "asked_back": 0.0,
        "both_of_the_rest": 1 / 3,
        "refused": 1 / 2,
        "n_refused": 2.0,
        "wrong_rate": 2 / 4,  # row 2 and the answer to row 5, of rows 1, 2, 3 and 5
        "followups": 1.0,
        "n_followups": 1.0,
        "recall@1": 1 / 2,
        "recall@10": 1 / 2,
        "mrr@10": 1.0,
        "type/amount": 1 / 2,
        "type/count": 0.0,
        "style/formal": 1 / 2,
        "n/style/keyword": 1.0,
    }
    assert {name: pytest.approx(figures[name]) for name in expected} == expected
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_the_command_writes_the_report_and_prints_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder / "tiny.jsonl"), "--data", str(folder / "data"), "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["dataset"] == "tiny" and report["figures"]["both"] == pytest.approx(1 / 3)
    assert "both" in capsys.readouterr().out


def test_the_report_shows_every_wrong_row_with_its_words(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder / "tiny.jsonl"), "--data", str(folder / "data"), "--out", str(tmp_path), "--base", ""]) == 0
    judged = read_rows(tmp_path)
    wrong = {row.id: row.fault for row in judged if row.fault}
    assert wrong == {"2": "wrong_answer", "3": "wrong_quote", "5": "should_refuse", "7": "not_found"}
    page = html.fromstring((tmp_path / "report.html").read_bytes())
    shown = {row.xpath("string(.//h3)"): row.text_content() for row in page.xpath("//article")}
    assert len(page.xpath("//article")) == 4
    assert "70万元" in shown["新认定的省级园区奖励多少？"] or "这句话" in shown["新认定的省级园区奖励多少？"]
    assert not page.xpath("//@src | //script | //link | //article//a")  # nothing is fetched; no service, no links
    assert len(page.xpath("//svg[@aria-label]")) == 2
    book = openpyxl.load_workbook(tmp_path / "wrong.xlsx")
    ids = [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert ids == list(wrong)


def test_links_of_the_report_lead_to_the_clause(folder: Path, tmp_path: Path) -> None:
    base = "https://ask.example.test/tiaowen"
    assert (
        main([str(folder / "tiny.jsonl"), "--data", str(folder / "data"), "--out", str(tmp_path), "--base", base]) == 0
    )
    page = html.fromstring((tmp_path / "report.html").read_bytes())
    row = next(r for r in read_rows(tmp_path) if r.id == "2")
    assert f"{base}/library?document={row.document_id}&clause={row.clause_id}" in page.xpath("//article//a/@href")


def test_another_program_is_told_of_progress_and_of_errors(folder: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    given = [str(folder / "tiny.jsonl"), "--data", str(folder / "data"), "--out", str(tmp_path)]
    assert main(given, lambda done, total: told.append((done, total))) == 0
    assert told == [(n, 14) for n in range(1, 15)]  # each row as the service answers, and once more
    (tmp_path / "twice.jsonl").write_text(2 * (json.dumps(ROWS[0], ensure_ascii=False) + "\n"), "utf-8")
    with pytest.raises(BadDataset, match="出现了两次"):
        main([str(tmp_path / "twice.jsonl"), "--data", str(folder / "data")], lambda done, total: None)


def test_a_set_is_checked_against_the_documents(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder / "tiny.jsonl")]) == 0
    assert main(["check", str(folder / "tiny.jsonl"), "--data", str(folder / "data")]) == 1
    out = capsys.readouterr().out
    assert "引文不在文件里：3 " in out and "引文不在文件里：7 " in out and "引文不在文件里：1 " not in out
    (tmp_path / "good.jsonl").write_text(json.dumps(ROWS[0], ensure_ascii=False) + "\n", "utf-8")
    assert main(["check", str(tmp_path / "good.jsonl"), "--data", str(folder / "data")]) == 0
    (tmp_path / "empty.jsonl").write_text("", "utf-8")
    assert main(["check", str(tmp_path / "empty.jsonl")]) == 1


def test_the_example_of_the_guide_can_be_read(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[1] / "docs" / "evaluation.md").read_text("utf-8")
    example = guide.split("```jsonl\n")[1].split("```")[0]
    (tmp_path / "example.jsonl").write_text(example, "utf-8")
    rows = read_gold(tmp_path / "example.jsonl")
    assert {type(row).__name__ for row in rows} == {"GoldQuestion", "Unanswerable", "GoldConversation", "GoldRetrieval"}


def test_errors_are_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "tiny.jsonl"), "--data", str(tmp_path / "none")]) == 1
    (tmp_path / "broken.jsonl").write_text("{", "utf-8")
    assert main([str(tmp_path / "broken.jsonl"), "--data", str(folder / "data")]) == 1
    err = capsys.readouterr().err
    assert "broken.jsonl" in err and "错误：" in err and "提示：" in err
