"""Spans of a neural reader as candidates, and on the whole path: where they are asked for, cut and cited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import sources, understood
from test_index_reader_extractive import known_model, offline, quiet  # noqa: F401

from api.cli import main
from api.service import EngineService
from corpus.ingest import ingest
from corpus.store import Store
from index.reader.types import Readable, Reading, ReadSpan
from index.tokens import Tokenizer
from qa.build import build_engine, update_index
from qa.engine import Engine
from qa.evidence import Sentence, sentences_of, terms_of
from qa.read.candidate import Candidate
from qa.read.neural import candidates, said_by, whole
from qa.types import Answer, Question

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 11, 21)
POLICY = """澜江市停电补偿办法

第一条 为了保障用电，制定本办法。
第二条 因供电线路故障造成的生产障碍，由供电企业说明原因。用户应当在三日内申报。
第三条 对停电超过十小时的企业，每户奖励5万元。
"""


class Pointing:
    """A fake reader that finds given words wherever they stand; remembers what it was asked."""

    id = "pointing"

    def __init__(self, *wanted: str) -> None:
        self.wanted = wanted
        self.asked: list[tuple[str, list[str]]] = []

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        self.asked.append((question, [passage.text for passage in passages]))
        out = []
        for passage in passages:
            spans = [ReadSpan(at, at + len(w), 0.8) for w in self.wanted if (at := passage.text.find(w)) >= 0]
            out.append(Reading(1.0 if spans else 0.0, 0.0, 0.5, 0.0, None, tuple(spans)))
        return out


# -- cut where something would be torn ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        ("由市局负责。", "由市局负责。", "由市局负责"),
        ("因故障，停电。应当申报。", "停电。应当申报", "停电。应当申报"),
        ("因线路故障停电。应当申报，经审核。", "因线路故障停电。应当", "因线路故障停电"),
        ("停电。应当及时申报，经审核。", "停电。应当及时申报", "应当及时申报"),
        ("补助（含设备购置费）给予企业", "补助（含设备购置费", "含设备购置费"),
        ("（一）企业申报；（二）审核", "一）企业申报；", "企业申报"),
        ("（四)项的企业", "（四)项的企业", "（四)项的企业"),
        ("称为“第一。第二。”的，", "称为“第一。第二。”", "称为“第一。第二。”"),
        ("材料\n申报材料清单", "材料\n申报材料", "申报材料"),
        ("一等奖\t5万元", "一等奖\t5万元", "一等奖"),
        ("𠮷企业， １２万元。", "， １２万元。", "１２万元"),
        ("。；，", "。；，", None),
    ],
)
def test_a_span_is_cut_where_something_would_be_torn(text: str, span: str, kept: str | None) -> None:
    at = text.index(span)
    part = whole(text, at, at + len(span))
    assert (text[slice(*part)] if part else None) == kept


@given(st.text(alphabet="企业𠮷，。；\n\t （）(《》“”１ ", max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_what_is_kept_tears_nothing(text: str, start: int, end: int) -> None:
    start, end = min(start, len(text)), min(end, len(text))
    part = whole(text, start, end)
    if part is None:
        return
    a, b = part
    said = text[a:b]
    assert start <= a < b <= end and said == said.strip("，。； ")
    assert not set("\n\t") & set(said)
    assert said.count("（") + said.count("(") == said.count("）") and said.count("《") == said.count("》")
    assert whole(text, a, b) == part


# -- what the reader is asked for --------------------------------------------------------------------------------------


def sentences(text: str, question: str) -> list[list[Sentence]]:
    terms = terms_of(understood(question), Tokenizer(), lambda token: 3.0)
    return [sentences_of(source, terms, Tokenizer()) for source in sources(text)]


def by_rule(sentence: Sentence, found: bool) -> Candidate:
    return Candidate(sentence.text, sentence, (sentence.span,), 0.4, found)


def read_by(
    reader: Pointing, read: Sequence[Sequence[Sentence]], question: str
) -> list[tuple[Sequence[Sentence], Reading]]:
    texts = [Readable(s[0].source.hit.passage.text) for s in read if s]
    return [*zip([s for s in read if s], reader.read(question, texts), strict=True), ([], Reading(1, 1, 1, 0, None))]


TEXT = "第一条 因供电线路故障停电的，补偿 １２万元。\n第二条 由𠮷局说明原因。用户应当申报。"


def test_spans_take_the_place_of_pieces_of_sentences_and_stand_beside_forms() -> None:
    question = "为何停电"
    read = sentences(TEXT, question)
    first = read[0][0]
    rules = [by_rule(first, True), by_rule(first, False)]
    reader = Pointing("供电线路故障", "由𠮷局说明原因。用户应当申报")
    found = candidates(rules, understood(question), read_by(reader, read, question))
    assert found[0] is rules[0] and [c.text for c in found[1:]] == ["供电线路故障", "由𠮷局说明原因。用户应当申报"]
    for candidate in found[1:]:
        quote = candidate.sentence.source.document.quote
        assert candidate.found and candidate.fit == 0.8
        assert quote(candidate.spans[1]) == candidate.text and candidate.spans[0].contains(candidate.spans[1])
        assert candidate.spans[0].contains(candidate.sentence.span)


def test_nothing_read_leaves_all_to_the_rules() -> None:
    read = sentences(TEXT, "为何停电")
    rules = [by_rule(read[0][0], False)]
    assert candidates(rules, understood("为何停电"), read_by(Pointing("没有的话"), read, "为何停电")) == rules


@pytest.mark.parametrize(
    ("question", "found", "told"),
    [
        ("停电的原因", True, True),
        ("停电了怎么申报？", True, True),
        ("什么条件的企业有补偿？", True, True),
        ("什么是停电？", True, True),
        ("补偿多少钱？", True, False),
        ("补偿多少钱？", False, True),
        ("由哪个部门说明？", False, True),
        ("停电有补偿吗？", False, False),
    ],
)
def test_spans_are_told_where_no_form_answers(question: str, found: bool, told: bool) -> None:
    read = sentences(TEXT, question)
    rules = [by_rule(read[0][0], found)]
    given = candidates(rules, understood(question), read_by(Pointing("供电"), read, question))
    assert (given != rules) == told


@pytest.mark.parametrize(
    ("question", "yes", "said"),
    [
        ("停电可以补偿吗？", 0.9, "可以"),
        ("停电可以补偿吗？", 0.2, "不可以"),
        ("停电要不要申报？", 0.2, "不需要"),
        ("停电不用申报了吧？", 0.9, "是"),
        ("停电不用申报了吧？", 0.1, "否"),
        ("停电有补偿吗？", 0.1, "否"),
    ],
)
def test_yes_and_no_are_said_by_a_reader_that_knows_them(question: str, yes: float, said: str) -> None:
    read = sentences(TEXT, question)
    at = TEXT.index("补偿")
    reading = Reading(0.8, 0.9, yes, 0.0, 0.0, (ReadSpan(at, at + 2, 0.5),))
    (first, *_) = [s for s in read if s]
    (candidate,) = candidates([by_rule(first[0], True)], understood(question), [(first, reading)])
    assert candidate.text == said and candidate.found
    assert "补偿" in candidate.sentence.source.document.quote(candidate.spans[0])
    assert candidate.fit == pytest.approx(0.8 * max(yes, 1 - yes))


def test_a_reading_that_wants_no_yes_or_no_leaves_it_to_the_rules() -> None:
    read = sentences(TEXT, "停电有补偿吗？")
    rules = [by_rule(read[0][0], True)]
    reading = Reading(0.8, 0.1, 0.9, 0.0, 0.0, (ReadSpan(0, 3, 0.5),))
    assert candidates(rules, understood("停电有补偿吗？"), [(read[0], reading)]) == rules


def test_several_items_are_said_together() -> None:
    passage = "一、甲材料；二、乙材料。"
    spans = (ReadSpan(2, 5, 0.4),)
    items = (ReadSpan(2, 5, 0.9), ReadSpan(8, 11, 0.9))
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.9, 0.0, spans, items)) == "甲材料、乙材料"
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.1, 0.0, spans, items)) == "甲材料"
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.1, 0.0)) == ""


# -- the whole path ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neural")
    (folder / "办法.txt").write_text(POLICY, "utf-8")
    store = Store(folder / "data")
    ingest(store, [folder / "办法.txt"])
    update_index(store, folder / "data")
    return folder / "data"


def reading(data: Path, reader: Any) -> Engine:
    engine = build_engine(data)
    engine.reader = reader
    return engine.with_threshold(0.0)


def test_an_answer_is_cited_word_for_word(data: Path) -> None:
    reader = Pointing("供电线路故障")
    outcome = reading(data, reader).answer(Question("生产障碍是什么原因造成的", DAY))
    assert isinstance(outcome, Answer) and outcome.text == "供电线路故障"
    assert "因供电线路故障造成的生产障碍" in outcome.citations[0].quote
    (document,) = Store(data).documents()
    assert reader.asked
    for question, passages in reader.asked:
        assert question == "生产障碍是什么原因造成的" and all(p in document.text for p in passages)


def test_a_figure_is_left_to_the_rules(data: Path) -> None:
    outcome = reading(data, Pointing("停电")).answer(Question("停电超过十小时每户奖励多少钱？", DAY))
    assert isinstance(outcome, Answer) and outcome.text == "5万元"


def test_a_reader_that_finds_nothing_changes_nothing(data: Path) -> None:
    plain = build_engine(data, reader="none")
    silent = reading(data, Pointing()).with_threshold(plain.threshold)
    for text in ("停电怎么申报？", "生产障碍是什么原因造成的", "奖励多少？", "第二条怎么规定的"):
        question = Question(text, DAY)
        assert replace(silent.answer(question), timings_ms={}) == replace(plain.answer(question), timings_ms={})


@pytest.mark.usefixtures("offline", "quiet")
def test_the_setting_reaches_every_command(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOWEN_READER", known_model(tmp_path / "known"))
    monkeypatch.setenv("TIAOWEN_MAX_WRONG_RATE", "1")
    assert main(["ask", "停电的说法", "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith("因供电线路故障造成的生产障碍 ")
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        '{"id": "1", "question": "停电的说法", "type": "span", "answers": ["因供电线路故障造成的生产障碍"],'
        ' "quote": "因供电线路故障造成的生产障碍"}\n',
        "utf-8",
    )
    assert main(["eval", str(gold), "--data", str(data)]) == 0
    assert "both             1.000" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["ask", "eval", "serve"])
def test_a_reader_that_does_not_exist(
    command: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOWEN_READER", str(tmp_path / "no such model"))
    if command == "serve":
        failures: list[BaseException] = []
        service = EngineService(build_engine(data, reader=str(tmp_path / "no such model")), failures.append)
        service.warm_up().join(30)
        assert not service.ready() and "阅读模型" in str(failures[0])
        return
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "1", "question": "为何停电", "type": "unanswerable"}\n', "utf-8")
    assert main([command, {"ask": "为何停电", "eval": str(gold)}[command], "--data", str(data)]) == 1
    err = capsys.readouterr().err
    assert "找不到阅读模型文件夹" in err and "TIAOWEN_READER" in err


def test_the_builtin_reader_imports_nothing_of_transformers(data: Path) -> None:
    program = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from qa.build import build_engine; from qa.types import Question\n"
        f"engine = build_engine(Path({str(data)!r}), reader='')\n"
        "engine.warm_up(); engine.answer(Question('停电怎么申报？', date(2026, 11, 21)))\n"
        "heavy = {'torch', 'transformers', 'index.reader.extractive'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
