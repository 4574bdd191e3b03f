"""Exact match and F1 of spans: the measure, the held-out fifth, and the three tasks on a tiny made-up folder."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cmrc import exact_match, span_f1, units
from eval.spans import SpanQuestion, is_held_out, laws_of, main, reading_task, sampled
from index.reader.types import Readable, Reading, ReadSpan

TEXT = st.text(alphabet="市工信局奖励，。 Ab1１２", max_size=12)


# -- the measure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("golds", "said", "em", "f1"),
    [
        (["市工信局"], "市工信局", 1, 1),
        (["市工信局"], "“市工信局”。", 1, 1),
        (["１２万元"], "12万元", 1, 1),
        (["Open AI"], "open ai", 1, 1),
        (["市工信局"], "工信局", 0, 6 / 7),
        (["市财政局", "市工信局"], "由市工信局", 0, 8 / 9),
        (["甲乙丙丁"], "甲丙丁", 0, 4 / 7),  # the longest run is 丙丁, though three units are shared
        (["2019年"], "20年", 0, 1 / 2),  # a number is one unit
        (["𠮷林"], "𠮷林", 1, 1),
        (["甲"], "", 0, 0),
        ([], "甲", 0, 0),
    ],
)
def test_measures(golds: list[str], said: str, em: float, f1: float) -> None:
    assert exact_match(golds, said) == em
    assert span_f1(golds, said) == pytest.approx(f1)


@given(TEXT, TEXT, st.lists(TEXT, max_size=3))
def test_measures_are_bounded_symmetric_and_agree(a: str, b: str, more: list[str]) -> None:
    assert 0 <= span_f1([a], b) <= 1
    assert span_f1([a], b) == pytest.approx(span_f1([b], a))
    assert span_f1([a, *more], b) >= span_f1([a], b)
    if units(a):
        assert (span_f1([a], b) == 1) == bool(exact_match([a], b))


# -- the tasks ---------------------------------------------------------------------------------------------------------


def context(n: int) -> str:
    return f"河湾镇共有{n}家工厂。因{n}号线路检修，停电{n}小时。镇长是陈某某。"


HELD_OUT = next(n for n in range(2, 100) if is_held_out(context(n)))
NOT_HELD_OUT = next(n for n in range(2, 100) if not is_held_out(context(n)))


def asked(ident: str, question: str, answers: Sequence[str], **other: Any) -> dict[str, Any]:
    return {"id": ident, "question": question, "answers": list(answers), "yes_no": None, "impossible": False} | other


def write_lines(path: Path, rows: Sequence[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with lzma.open(path, "wt", encoding="utf-8") if path.suffix == ".xz" else path.open("w", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    questions = [
        asked("q1", "河湾镇有多少家工厂？", [f"{HELD_OUT}家"]),
        asked("q2", "停电的缘由", [f"{HELD_OUT}号线路检修"]),
        asked("q3", "停电了吗？", ["YES"], yes_no="YES"),
        asked("q4", "隔壁省的税率是多少？", [], impossible=True),
    ]
    write_lines(
        tmp_path / "training" / "reading.jsonl.xz",
        [
            {"source": "made-dev", "context": context(HELD_OUT), "questions": questions},
            {"source": "made-dev", "context": context(NOT_HELD_OUT), "questions": questions},
        ],
    )
    write_lines(
        tmp_path / "statutes" / "corpus.jsonl.xz",
        [
            {"_id": "L1", "title": "河湾供电条例 第一条", "text": "为了保障用电，制定本条例。",
             "metadata": {"heading": "第一章 总 则", "path": "a.md"}},
            {"_id": "L2", "title": "河湾供电条例 第二条", "text": "供电企业擅自停电的，处三万元罚款。",
             "metadata": {"heading": "第一章 总 则", "path": "a.md"}},
            {"_id": "L3", "title": "河湾供水办法 第一条", "text": "供水企业擅自停水的，处五万元罚款。",
             "metadata": {"heading": "", "path": "b.md"}},
        ],
    )  # fmt: skip
    write_lines(
        tmp_path / "equals" / "questions.dev.jsonl",
        [
            {
                "id": "e1",
                "question": "供电企业擅自停电罚款多少？",
                "answer": "三万元",
                "kind": "how much",
                "gold": ["L2"],
            }
        ],
    )
    return tmp_path


def figures(folder: Path, *arguments: str) -> dict[str, float]:
    assert main(["--shared", str(folder), "--out", str(folder / "out"), *arguments]) == 0
    report: dict[str, float] = json.loads((folder / "out" / "report.json").read_text("utf-8"))["figures"]
    return report


def test_only_the_held_out_contexts_are_asked_about(folder: Path) -> None:
    task = reading_task(folder / "training" / "reading.jsonl.xz")
    assert list(task.texts.values()) == [context(HELD_OUT)]
    assert [(q.id, q.part) for q in task.questions] == [("q1", "made"), ("q2", "made"), ("q4", "impossible")]
    assert task.left_out == 1


def test_laws_are_put_together_again() -> None:
    article = {"text": "甲\n（一）乙", "metadata": {"heading": "第一编 总则 第一章 任务", "path": "x"}}
    other = article | {"metadata": {"heading": "第一编 总则 第二章 犯罪", "path": "x"}}
    rows = [article | {"title": "某法 第一条"}, other | {"title": "某法 第二条"}]
    (text,) = laws_of(rows).values()
    assert text.split("\n\n") == [
        "某法", "第一编 总则", "第一章 任务", "第一条　甲\n（一）乙", "第二章 犯罪", "第二条　甲\n（一）乙\n",
    ]  # fmt: skip


def test_figures_of_the_three_tasks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = figures(folder)
    assert told["reading/rules/n"] == told["reading/rules/made/n"] == 2
    assert told["reading/left_out"] == 1 and told["reading/lost"] == 0
    assert told["reading/rules/em"] >= 0.5 and told["reading/rules/quoted"] >= 0.5
    assert told["reading/rules/impossible/refused"] == 1
    for task in ("article", "question"):
        assert told[f"{task}/rules/how much/em"] == 1
    out = capsys.readouterr().out
    assert "rules 全部" in out and "question：2 篇" in out


def test_a_reader_is_measured_beside_the_rules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fixed:
        id = "fixed"

        def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
            wanted = f"{HELD_OUT}号线路检修"
            places = [passage.text.find(wanted) if "缘由" in question else -1 for passage in passages]
            spans = [(ReadSpan(at, at + len(wanted), 0.9),) if at >= 0 else () for at in places]
            return [Reading(float(bool(found)), 0.0, 0.5, 0.0, None, found) for found in spans]

    monkeypatch.setenv("TIAOWEN_READER", "fixed")
    monkeypatch.setattr("eval.spans.load_reader", lambda name: Fixed() if name == "fixed" else None)
    told = figures(folder, "--tasks", "reading")
    assert told["reading/reader/em"] == 1.0 > told["reading/rules/em"]
    assert told["reading/reader/made/f1"] > told["reading/rules/made/f1"]


def test_the_sample_is_always_the_same() -> None:
    questions = [SpanQuestion(str(n), "问", ("答",), "") for n in range(50)]
    assert sampled(questions, 10) == sampled(questions[::-1], 10) == sampled(questions, 0)[:10]
    assert len(sampled(questions, 0)) == 50


@pytest.mark.parametrize("line", ["{", "[]", '{"context": "甲"}'])
def test_a_broken_line_is_named(folder: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "training" / "reading.jsonl.xz"
    path.write_bytes(lzma.compress(line.encode()))
    assert main(["--shared", str(folder), "--tasks", "reading"]) == 1
    assert "第 1 行" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--shared", str(tmp_path)]) == 1
    assert "reading.jsonl.xz" in capsys.readouterr().err


@pytest.mark.shared
def test_a_few_questions_of_the_shared_folder(shared: Path) -> None:
    path = shared / "training" / "reading.jsonl.xz"
    with lzma.open(path) as lines:
        whole, held = sum(1 for _ in lines), reading_task(path)
    assert 0.15 < len(held.texts) / whole < 0.25
    assert {q.part for q in held.questions} == {"cmrc2018", "drcd", "cail2019", "impossible"}
