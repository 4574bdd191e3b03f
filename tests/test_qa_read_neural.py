"""Spans of a neural reader as candidates, and on the whole path: how they are offered, cut and cited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import TITLE, sources, understood
from test_index_reader_extractive import known_model, offline, quiet  # noqa: F401

from api.answer.service import EngineService
from api.cli import main
from corpus.ingest import ingest
from corpus.store import Store
from index.reader.types import Readable, Reading, ReadSpan
from index.tokens import Tokenizer
from qa.build import build_engine, update_index
from qa.engine import Engine
from qa.evidence import Sentence, sentences_of, terms_of
from qa.passages import READ, READ_FIRST
from qa.read import candidates as rules
from qa.read.borders import clean, whole
from qa.read.candidate import Candidate, Context
from qa.read.neural import agreement, candidates, said_by, says_yes, unpaired, values_of
from qa.types import Question

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


@pytest.mark.parametrize(
    ("text", "span", "told"),
    [
        ("于4月15日至30日公布", "15日至30日", "4月15日至30日"),
        ("于4月15日至30日公布", "30日", "4月15日至30日"),
        ("每年3月至9月招生", "9月", "3月至9月"),
        ("每年3月至9月招生", "3月", "3月至9月"),
        ("5月9日—5月16日，", "5月9日", "5月9日—5月16日"),
        ("补1,500元。", "500元", "1,500元"),
        ("补1,500元。", "1,5", "1,500元"),
        ("罚100元以上200元以下", "200元以下", "200元以下"),
        ("奖三至五万元的", "五万元", "三至五万元"),
        ("第三至五条规定", "五条", "第三至五条"),
        ("于考试后第1天下午派位", "1天", "第1天"),
        ("电话0512-65213000", "65213000", "0512-65213000"),
        ("由60元提高到80元", "80元", "80元"),
        ("到社保局办理", "社保局", "社保局"),
        ("满3年到社保局办理", "满3年", "满3年"),
        ("本人直接申报或者委托", "本人直接申报或者", "本人直接申报"),
        ("③北台、曹边户籍", "③北台、曹边户籍", "北台、曹边户籍"),
        ("或者", "或者", "或者"),
        ("奖励5\n万元", "奖励5", "奖励5"),
    ],
)
def test_a_span_is_made_whole_where_it_would_tear_a_figure_or_a_range(text: str, span: str, told: str) -> None:
    at = text.index(span)
    part = clean(text, at, at + len(span))
    assert part is not None and text[slice(*part)] == told
    assert clean(text, *part) == part


@given(st.text(alphabet="1５3,.月日至-到万元年第三或者、③企\n", max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_what_is_made_whole_tears_no_number(text: str, start: int, end: int) -> None:
    start, end = min(start, len(text)), min(end, len(text))
    part = clean(text, start, end)
    if part is None:
        return
    a, b = part
    assert 0 <= a < b <= len(text) and not set("\n\t") & set(text[a:b])
    assert not (a and text[a - 1].isdecimal() and text[a].isdecimal())
    assert not (b < len(text) and text[b - 1].isdecimal() and text[b].isdecimal())


# -- what the reader is asked for --------------------------------------------------------------------------------------


def sentences(text: str, question: str) -> list[list[Sentence]]:
    terms = terms_of(understood(question), Tokenizer(), lambda token: 3.0)
    return [sentences_of(source, terms, Tokenizer()) for source in sources(text)]


def read_by(
    reader: Pointing, read: Sequence[Sequence[Sentence]], question: str
) -> list[tuple[Sequence[Sentence], Reading]]:
    texts = [Readable(s[0].source.hit.passage.text) for s in read if s]
    return [*zip([s for s in read if s], reader.read(question, texts), strict=True), ([], Reading(1, 1, 1, 0, None))]


def told(question: str, reading: Reading) -> list[Candidate]:
    """What is offered of one reading of the first passage of TEXT."""
    return list(candidates(understood(question), [(sentences(TEXT, question)[0], reading)]))


TEXT = "第一条 因供电线路故障停电的，补偿 １２万元。\n第二条 由𠮷局说明原因。用户应当申报。"
SHOWN = f"{TITLE}\n{TEXT}"
"""The passage that TEXT becomes."""


def test_each_span_is_a_candidate_with_its_sentence() -> None:
    question = "由谁说明停电的原因"
    reader = Pointing("供电线路故障", "由𠮷局说明原因。用户应当申报")
    found = list(candidates(understood(question), read_by(reader, sentences(TEXT, question), question)))
    assert [c.text for c in found] == ["供电线路故障", "由𠮷局说明原因。用户应当申报"]
    for candidate in found:
        quote = candidate.sentence.source.document.quote
        assert candidate.found and candidate.fit == 0.8 and candidate.told_by == "reader"
        assert candidate.kind == understood(question).kind
        assert quote(candidate.spans[1]) == candidate.text and candidate.spans[0].contains(candidate.spans[1])
        assert candidate.spans[0].contains(candidate.sentence.span)


def test_nothing_read_offers_nothing() -> None:
    read = sentences(TEXT, "为何停电")
    assert not list(candidates(understood("为何停电"), read_by(Pointing("没有的话"), read, "为何停电")))
    assert not list(candidates(understood("为何停电"), []))


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
    """Both, the likelier first, each with the words that decide."""
    at = SHOWN.index("补偿")
    likelier, other = told(question, Reading(0.8, 0.95, yes, 0.0, 0.0, (ReadSpan(at, at + 2, 0.5),)))
    assert likelier.text == said and likelier.kind == other.kind == "yesno"
    assert likelier.found and {says_yes(likelier, question), says_yes(other, question)} == {True, False}
    assert "补偿" in likelier.sentence.source.document.quote(likelier.spans[0])
    assert likelier.fit == pytest.approx(0.8 * max(yes, 1 - yes)) and other.fit == pytest.approx(
        0.8 * min(yes, 1 - yes)
    )
    assert likelier.spans == other.spans


@pytest.mark.parametrize(
    ("question", "yes_no", "kinds"),
    [
        ("补偿多少钱？", 0.1, ["amount"]),
        ("补偿多少钱？", 0.6, ["yesno", "yesno", "amount"]),
        ("停电有补偿吗？", 0.6, ["yesno", "yesno", "span"]),
        ("停电有补偿吗？", 0.1, ["yesno", "yesno", "span"]),
    ],
)
def test_words_stand_beside_yes_and_no_where_either_may_be_wanted(
    question: str, yes_no: float, kinds: list[str]
) -> None:
    at = SHOWN.index("１２万元")
    found = told(question, Reading(0.8, yes_no, 0.9, 0.0, 0.0, (ReadSpan(at, at + 4, 0.5),)))
    assert [c.kind for c in found] == kinds
    assert found[-1].text == "１２万元" and found[-1].told_by == "reader"


def test_a_reader_that_doubts_a_passage_doubts_its_words() -> None:
    (candidate,) = told("补偿多少钱？", Reading(0.2, 0.1, 0.9, 0.0, 0.0, (ReadSpan(4, 10, 0.5),)))
    assert not candidate.found and candidate.fit == pytest.approx(0.1)


def test_items_that_stand_apart_are_one_candidate() -> None:
    first, last = SHOWN.index("供电线路"), SHOWN.index("１２万元")
    items = (ReadSpan(first, first + 4, 0.9), ReadSpan(last, last + 4, 0.6))
    whole_list, *_ = told("有哪些？", Reading(0.8, 0.1, 0.9, 0.9, 0.0, items[:1], items))
    assert whole_list.text == "供电线路、１２万元" and whole_list.fit == pytest.approx(0.8 * 0.6)
    quote = whole_list.sentence.source.document.quote
    assert [quote(span) for span in values_of(whole_list)] == ["供电线路", "１２万元"]


# -- how far a reader agrees with a candidate --------------------------------------------------------------------------

SHARES = st.floats(0, 1)
SPANS = st.tuples(st.integers(0, len(SHOWN) - 2), st.integers(1, 20), SHARES).map(
    lambda t: ReadSpan(t[0], min(len(SHOWN), t[0] + t[1]), t[2])
)
READINGS = st.builds(
    Reading, SHARES, SHARES, SHARES, SHARES, st.none() | st.floats(-20, 20), st.lists(SPANS, max_size=4).map(tuple),
    st.lists(SPANS, max_size=4).map(tuple),
)  # fmt: skip


@given(READINGS, READINGS, st.sampled_from(["补偿多少钱？", "停电有补偿吗？", "有哪些？"]))
def test_any_reading_agrees_with_any_candidate_between_not_at_all_and_wholly(
    one: Reading, other: Reading, question: str
) -> None:
    for candidate in told(question, one):
        assert 0.0 <= candidate.fit <= 1.0 and candidate.sentence.source.document.quote(candidate.spans[0])
        assert 0.0 <= agreement(candidate, question, other) <= 1.0


def test_a_reader_agrees_with_its_own_words_as_surely_as_it_found_them() -> None:
    at = SHOWN.index("１２万元")
    reading = Reading(0.8, 0.1, 0.9, 0.0, 0.0, (ReadSpan(at, at + 4, 0.7), ReadSpan(4, 8, 0.2)))
    first, second = told("补偿多少钱？", reading)
    assert agreement(first, "补偿多少钱？", reading) == pytest.approx(0.7)
    assert agreement(second, "补偿多少钱？", reading) == pytest.approx(0.2)


def test_several_items_are_said_together() -> None:
    passage = "一、甲材料；二、乙材料。"
    spans = (ReadSpan(2, 5, 0.4),)
    items = (ReadSpan(2, 5, 0.9), ReadSpan(8, 11, 0.9))
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.9, 0.0, spans, items)) == "甲材料、乙材料"
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.1, 0.0, spans, items)) == "甲材料"
    assert said_by("要什么材料", passage, Reading(0.9, 0.1, 0.5, 0.1, 0.0)) == ""


def test_of_a_list_that_is_paired_the_order_decides() -> None:
    """Who reads points at one of the values of 分别给予…; which of them is asked for the sentence says by their order."""
    question = "国家级企业奖励多少？"
    text = "第一条 对国家级、省级、市级企业，分别给予最高100万元、50万元、20万元奖励。"
    asked, tokenizer = understood(question), Tokenizer()
    context = Context(asked, terms_of(asked, tokenizer, lambda token: 3.0), tokenizer.tokens)
    (sentence,) = [s for part in sentences(text, question) for s in part if "分别" in s.text]
    shown = sentence.source.hit.passage.text
    places = {value: shown.index(value) for value in ("100万元", "50万元", "20万元")}
    spans = tuple(
        ReadSpan(places[v], places[v] + len(v), p) for v, p in (("50万元", 0.5), ("100万元", 0.2), ("20万元", 0.1))
    )
    reading = Reading(0.9, 0.0, 0.5, 0.0, 1.0, spans)
    by_form = list(rules(sentence, context))
    (own,) = [c for c in by_form if c.instead_of]
    assert own.text == "最高100万元" and len(own.instead_of) == 2
    assert agreement(own, question, reading) == pytest.approx(0.8, abs=0.05)
    found = [*by_form, *candidates(asked, [([sentence], reading)])]
    assert {c.text for c in found if c.told_by == "reader"} == {"50万元", "100万元", "20万元"}
    kept = unpaired(found)
    assert {c.text for c in kept if c.told_by == "reader"} == {"100万元"} and [
        c for c in kept if c in by_form
    ] == by_form
    alone = [c for c in found if not c.instead_of]
    assert unpaired(alone) == alone, "where nothing is paired nothing is left out"


# -- the whole path ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neural")
    (folder / "办法.txt").write_text(POLICY, "utf-8")
    store = Store(folder / "data")
    ingest(store, [folder / "办法.txt"])
    update_index(store, folder / "data")
    return folder / "data"


def offered(engine: Engine, question: str) -> list[Candidate]:
    considered = engine.consider(Question(question, DAY))
    assert considered is not None
    return [s.candidate for s in considered.scored]


def test_what_a_reader_finds_is_cited_word_for_word(data: Path) -> None:
    reader, question = Pointing("供电线路故障"), "生产障碍是什么原因造成的"
    engine = build_engine(data, reader="none").with_reader(reader)
    found = [c for c in offered(engine, question) if c.told_by == "reader"]
    assert [c.text for c in found] == ["供电线路故障"]
    (citation, *_) = engine.cite(found[0])
    (document,) = Store(data).documents()
    assert "因供电线路故障造成的生产障碍" in citation.quote == document.quote(citation.span)
    assert reader.asked
    for asked, passages in reader.asked:
        assert asked == question and all(p in document.text for p in passages)


@pytest.mark.parametrize("question", ["停电怎么申报？", "生产障碍是什么原因造成的", "奖励多少？"])
def test_a_reader_that_finds_nothing_leaves_all_to_the_forms(data: Path, question: str) -> None:
    """The sentences themselves, which are offered where nothing reads, are not forms."""
    plain = build_engine(data, reader="none")
    found = {(c.text, c.spans) for c in offered(plain.with_reader(Pointing()), question)}
    alone = offered(plain, question)
    assert found <= {(c.text, c.spans) for c in alone}
    assert all(c.kind == "yesno" or not c.found for c in alone if (c.text, c.spans) not in found)


@pytest.mark.parametrize(("finds", "read"), [((), READ), (("补贴",), READ_FIRST)])
def test_passages_behind_those_that_surely_answer_are_not_read(
    finds: tuple[str, ...], read: int, tmp_path: Path
) -> None:
    for n, place in enumerate("甲乙丙丁戊己庚辛壬", 1):
        text = f"{place}江市企业补贴办法\n\n第一条 为了企业，制定本办法。\n第二条 {place}江市企业每户补贴{n}万元。\n"
        (tmp_path / f"{place}.txt").write_text(text, "utf-8")
    store = Store(tmp_path / "data")
    ingest(store, sorted(tmp_path.glob("*.txt")))
    update_index(store, tmp_path / "data")
    reader = Pointing(*finds)
    considered = (
        build_engine(tmp_path / "data", reader="none").with_reader(reader).consider(Question("企业每户补贴多少？", DAY))
    )
    assert considered is not None and sum(len(passages) for _, passages in reader.asked) == read
    assert len({s.candidate.sentence.source.hit.passage.id for s in considered.scored}) == read


def test_another_reader_leaves_the_engine_as_it_was(data: Path) -> None:
    plain = build_engine(data, reader="none")
    other = plain.with_reader(Pointing("停电"))
    assert plain.reader is None and other.reader is not None and other.with_reader(None).reader is None
    assert other.conversations is plain.conversations and other.store is plain.store


@pytest.mark.usefixtures("offline", "quiet")
def test_a_folder_is_read_with(data: Path, tmp_path: Path) -> None:
    engine = build_engine(data, reader=known_model(tmp_path / "known"))
    found = [c.text for c in offered(engine, "停电的说法") if c.told_by == "reader"]
    assert found == ["因供电线路故障造成的生产障碍"]


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
