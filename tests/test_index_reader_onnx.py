"""The builtin reader: the model that is shipped, run for real, and the arithmetic around it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import BadReader
from index.reader.load import load_reader
from index.reader.onnx import FOLDER, MODEL, SETTINGS, TOKENIZER, OnnxReader, batches, stretches
from index.reader.spans import runs
from index.reader.types import Readable

CLAUSE = (
    "第五条 对新认定的国家级专精特新“小巨人”企业，给予一次性奖励100万元；对省级专精特新中小企业，给予一次性奖励50万元。"
    "申请奖励的企业应当在每年3月31日前向市工业和信息化局提出申请，逾期不予受理。"
)
TITLE = "澜江市支持专精特新企业发展若干措施"
OTHER = Readable(
    "第八条 养犬人应当为犬只办理登记，每年接种狂犬病疫苗。禁止携带犬只进入学校、医院。", "澜江市养犬管理条例"
)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


def words(passage: str, question: str, reader: OnnxReader) -> str:
    [reading] = reader.read(question, [Readable(passage, TITLE)])
    span = reading.spans[0]
    return passage[span.start : span.end]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("国家级小巨人奖多少钱？", "100万元"),
        ("我们是省级的专精特新，能拿多少", "50万元"),
        ("申请交到哪个部门？", "市工业和信息化局"),
    ],
)
def test_it_finds_the_words_that_answer(reader: OnnxReader, question: str, answer: str) -> None:
    assert answer in words(CLAUSE, question, reader)


def test_what_answers_is_told_from_what_does_not(reader: OnnxReader) -> None:
    about, stranger = reader.read("国家级小巨人奖多少钱？", [Readable(CLAUSE, TITLE), OTHER])
    assert about.answers > 0.5 > stranger.answers
    assert about.relevance is not None and stranger.relevance is not None and about.relevance > stranger.relevance


def test_yes_and_no_are_asked_for_by_some_questions_only(reader: OnnxReader) -> None:
    [polar] = reader.read("狗能带进医院吗？", [OTHER])
    [figure] = reader.read("国家级小巨人奖多少钱？", [Readable(CLAUSE, TITLE)])
    assert polar.yes_no > 0.5 > figure.yes_no
    assert polar.yes < 0.5


ODD = st.text(
    alphabet=st.sampled_from([*"企业奖励万元，。；（）0123１２３ＡＢ", *"𠮷\n \t　\x00\u200bİﬁé\ud800😀①㎡"]),
    max_size=60,
)


@given(ODD, st.lists(ODD, max_size=3), ODD)
@settings(max_examples=25, deadline=None)
def test_any_text_is_read_and_spans_lie_in_it(question: str, texts: list[str], context: str) -> None:
    reader = OnnxReader()  # the session is shared by nothing: what one example leaves behind is its own
    reader._loaded = _loaded(reader)
    readings = reader.read(question, [Readable(text, context) for text in texts])
    assert len(readings) == len(texts)
    for text, reading in zip(texts, readings, strict=True):
        for probability in (reading.answers, reading.yes_no, reading.yes, reading.several):
            assert 0 <= probability <= 1
        for span in (*reading.spans, *reading.items):
            assert (
                0 <= span.start < span.end <= len(text)
                and text[span.start : span.end].strip() == text[span.start : span.end]
            )
            assert 0 <= span.probability <= 1
        assert sum(span.probability for span in reading.spans) <= 1.0001


_SHARED: dict[str, object] = {}


def _loaded(reader: OnnxReader) -> object:
    if "model" not in _SHARED:
        reader.read("奖励？", [Readable("奖励。")])
        _SHARED["model"] = reader._loaded
    return _SHARED["model"]


def test_offsets_are_those_of_the_text_given_not_of_its_plain_form(reader: OnnxReader) -> None:
    passage = "𠮷㎡ﬁ　对国家级企业，给予最高１００万元奖励。"
    assert words(passage, "国家级企业最高奖多少？", reader) in passage
    assert "１００万元" in words(passage, "国家级企业最高奖多少？", reader)


def test_an_answer_at_the_end_of_a_long_passage_is_found(reader: OnnxReader) -> None:
    filler = "市人民政府应当加强对中小企业工作的领导，协调解决发展中的重大问题。" * 40
    assert "100万元" in words(filler + CLAUSE, "国家级小巨人奖多少钱？", reader)


def test_passages_read_together_are_read_as_alone(reader: OnnxReader) -> None:
    passages = [Readable(CLAUSE, TITLE), OTHER, Readable("附则。"), Readable(CLAUSE * 6, TITLE)]
    together = reader.read("申请交到哪个部门？", passages)
    alone = [OnnxReader().read("申请交到哪个部门？", [p])[0] for p in passages]
    for one, other in zip(together, alone, strict=True):
        # activations are quantised with one scale a batch, so that companions move the last digits
        assert one.answers == pytest.approx(other.answers, abs=0.1)


def test_nothing_and_blanks(reader: OnnxReader) -> None:
    assert reader.read("奖励？", []) == []
    for blank in ("", " \n　"):
        [reading] = reader.read("奖励？", [Readable(blank)])
        assert reading.answers < 0.5 and reading.spans == ()


def test_threads_read_the_same(reader: OnnxReader) -> None:
    expected = reader.read("申请交到哪个部门？", [Readable(CLAUSE, TITLE), OTHER])
    fresh, found = OnnxReader(threads=1), {}

    def read(n: int) -> None:
        found[n] = fresh.read("申请交到哪个部门？", [Readable(CLAUSE, TITLE), OTHER])

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[n] == found[0] for n in found) and len(found) == 4
    assert found[0][0].spans[0].start == expected[0].spans[0].start


# -- windows and spans -------------------------------------------------------------------------------------------------


@given(st.integers(0, 3000), st.integers(2, 400))
def test_windows_cover_all_tokens_and_fit(count: int, room: int) -> None:
    found = stretches(count, room)
    assert all(0 <= a < b <= count and b - a <= room for a, b in found)
    assert {at for a, b in found for at in range(a, b)} == set(range(count))
    assert all(a < b_before for (_, b_before), (a, _) in zip(found, found[1:], strict=False))


@given(st.lists(st.integers(1, 400), max_size=30))
def test_batches_hold_every_window_once(lengths: list[int]) -> None:
    from index.reader.onnx import _Window

    windows = [_Window(n, [0] * length, 0, []) for n, length in enumerate(lengths)]
    found = list(batches(windows))
    assert sorted(w.row for batch in found for w in batch) == list(range(len(lengths)))
    for batch in found:
        sizes = [len(w.ids) for w in batch]
        assert max(sizes) <= 1.3 * min(sizes)


def test_runs_are_the_stretches_above_the_threshold() -> None:
    found = runs(np.array([-1.0, 2.0, 3.0, -2.0, 0.5, -0.1, 1.0]))
    assert [(a, b) for a, b, _ in found] == [(1, 2), (4, 4), (6, 6)]
    assert all(0.5 < sure < 1 for _, _, sure in found)


# -- what cannot be loaded ---------------------------------------------------------------------------------------------


def copied(folder: Path) -> Path:
    folder.mkdir()
    for name in (MODEL, TOKENIZER, SETTINGS):
        shutil.copy(FOLDER / name, folder / name)
    return folder


def broken(folder: Path) -> Path:
    (copied(folder) / MODEL).write_bytes(b"no graph")
    return folder


def without_tokenizer(folder: Path) -> Path:
    (copied(folder) / TOKENIZER).unlink()
    return folder


def of_another_version(folder: Path) -> Path:
    told = json.loads((copied(folder) / SETTINGS).read_text("utf-8"))
    (folder / SETTINGS).write_text(json.dumps(told | {"whole": ["answers"]}), "utf-8")
    return folder


@pytest.mark.parametrize("make", [broken, without_tokenizer, of_another_version, lambda folder: folder])
def test_a_model_that_cannot_be_used_is_told(tmp_path: Path, make: object) -> None:
    reader = OnnxReader(make(tmp_path / "model"))  # type: ignore[operator]
    with pytest.raises(BadReader) as told:
        reader.read("奖励？", [Readable("奖励。")])
    assert told.value.code == "bad_reader" and "TIAOWEN_READER" in told.value.hint


@pytest.mark.parametrize("name", ["none", " None "])
def test_none_is_no_reader(name: str) -> None:
    assert load_reader(name) is None


@pytest.mark.parametrize("name", ["", " ", "builtin"])
def test_the_builtin_one_is_the_default(name: str) -> None:
    assert isinstance(load_reader(name), OnnxReader)


def test_reading_imports_no_torch() -> None:
    program = (
        "import sys\nfrom index.reader.onnx import OnnxReader\nfrom index.reader.types import Readable\n"
        "OnnxReader().read('奖励多少', [Readable('奖励五万元。')])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
