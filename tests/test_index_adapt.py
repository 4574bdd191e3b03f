"""Adapting the builtin encoder to documents: what is held out, what moves, when it is kept, and the command."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import qa.build
from api.cli import main
from corpus.store import Store
from index import adapt as adapting
from index.adapt import Figures, Item, Measure, Recipe, Report, adapt, general_mrr, items_of, make_pairs, save, split
from index.encoder import StaticEncoder, load_encoder
from index.errors import EncoderError
from index.snapshot import Snapshot, open_snapshot
from index.tokens import Tokenizer
from qa.build import MODEL, build_engine, encoder_of

SUBJECTS = [
    "梅花灯会",
    "龙舟竞渡",
    "竹编工坊",
    "古桥修缮",
    "夜间菜场",
    "社区食堂",
    "渔船检修",
    "茶园采摘",
    "温室育苗",
    "旧书流转",
]
ACTIONS = ["场地租金", "设备购置", "人员培训", "宣传推广", "安全检查", "水电费用"]
QUICK = Recipe(pairs=3, batch=64, most_steps=4, check_every=2, most_questions=20, threads=1)
FIGURES = Figures(0.8, 0.6, 0.8, 0.5, 0.7, 0.5, 0.6, 0.4, 0.9)
REPORT = Report(300, 200, 900, 30, 40, 20, FIGURES, FIGURES, 0.05, 0.02, 0.08, 0.001, 0.02)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapt")
    rng = random.Random(1)
    files = folder / "files"
    files.mkdir()
    for number, subject in enumerate(SUBJECTS):
        articles = [
            f"第{'一二三四五六七八九十'[n // 10]}十{'一二三四五六七八九'[n % 9]}条 企业申请{subject}{rng.choice(ACTIONS)}补贴的，"
            f"应当在{n + 1}个工作日内提交材料{number}份，由市商务局审核；符合条件的给予{(n + 1) * (number + 1)}万元奖励。"
            + f"{rng.choice(ACTIONS)}支出单独列账，接受检查。"
            * 12
            for n in range(24)
        ]
        text = "\n\n".join([f"甲山市支持{subject}若干措施", *articles])
        (files / f"{number}.txt").write_text(text + "\n", "utf-8")
    assert main(["ingest", str(files), "--data", str(folder / "data")]) == 0
    return folder / "data"


@pytest.fixture(scope="module")
def snapshot(data: Path) -> Snapshot:
    return open_snapshot(data / "index")


@pytest.fixture(scope="module")
def items(data: Path, snapshot: Snapshot) -> list[Item]:
    store = Store(data, create=False)
    return items_of(((document, store.clauses(document.id)) for document in store.documents()), snapshot)


@pytest.fixture(scope="module")
def base() -> StaticEncoder:
    encoder = load_encoder()
    assert isinstance(encoder, StaticEncoder)
    return encoder


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIAOWEN_ENCODER", raising=False)


def test_every_clause_has_the_passage_that_holds_it(items: list[Item], snapshot: Snapshot) -> None:
    assert len(items) >= 200
    assert all(item.text[:20] in snapshot.passages[item.row].text for item in items)


@pytest.mark.parametrize("documents", [10, adapting._MANY_DOCUMENTS])
def test_what_is_held_out_is_in_no_pair(items: list[Item], snapshot: Snapshot, documents: int) -> None:
    spread = [replace(item, document=item.row % documents) for item in items]
    training, stopping, measured = split(spread, QUICK)
    parts = [{item.row for item in part} for part in (training, stopping, measured)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert sum(map(len, (training, stopping, measured))) == len(items)
    assert len(measured) >= 0.05 * len(items) and stopping
    if documents >= adapting._MANY_DOCUMENTS:
        assert not {i.document for i in training} & {i.document for i in (*stopping, *measured)}
    pairs = make_pairs(training, snapshot, QUICK)
    assert pairs == make_pairs(training, snapshot, QUICK), "the seed decides"
    assert {pair[3] for pair in pairs} <= parts[0]
    said = "\n".join(pair[1] + pair[2] for pair in pairs)
    ends = {item.text[:60] for item in measured} - {item.text[:60] for item in training}
    assert ends and not any(end in said for end in ends)


def test_only_tokens_of_the_documents_move(items: list[Item], snapshot: Snapshot, base: StaticEncoder) -> None:
    trainer = adapting._Trainer(make_pairs(items, snapshot, QUICK), base, QUICK)
    for _ in range(3):
        trainer.step()
    rows = trainer.rows()
    moved = set(np.flatnonzero((rows != base.rows).any(axis=1)).tolist())
    assert moved and moved <= set(trainer._used.tolist()) and len(moved) < 5000
    other = base.with_rows(rows, "other")
    assert other.id == "other" and base.id != "other"
    unknown = ["龙卷风预警信号", "企业补贴"]
    changed = np.abs(other.encode_queries(unknown) - base.encode_queries(unknown)).max(axis=1)
    assert changed[1] > 0


def test_the_base_is_measured_as_the_service_searches(
    data: Path, items: list[Item], snapshot: Snapshot, base: StaticEncoder
) -> None:
    measure = Measure(snapshot, Tokenizer())
    asked = measure.questions(items, QUICK)
    assert len(asked) == QUICK.most_questions
    held, among_all = measure.ranks(measure.searcher(base), asked, "fused", frozenset(range(len(snapshot))))
    assert (held == among_all).all() and held.any()
    engine = build_engine(data)
    for (question, row), value in zip(asked, among_all, strict=True):
        ids = [hit.passage.id for hit in engine.searcher.search(question, 10, mode="fused")]
        wanted = snapshot.passages[row].id
        assert value == pytest.approx(1 / (ids.index(wanted) + 1) if wanted in ids else 0)


def test_everyday_questions_are_answered_by_the_builtin_encoder(base: StaticEncoder) -> None:
    assert general_mrr(base) > 0.8
    assert general_mrr(base.with_rows(np.roll(base.rows, 7, axis=0), "wrong")) < 0.5


def test_adapting_tells_what_it_came_to(items: list[Item], snapshot: Snapshot, base: StaticEncoder) -> None:
    told: list[tuple[str, int, int]] = []
    encoder, report = adapt(snapshot, items, base, Tokenizer(), QUICK, lambda *step: told.append(step))
    assert told and report.questions == QUICK.most_questions and report.clauses == len(items)
    assert (encoder is base) == bool(report.reason)
    with pytest.raises(EncoderError, match="条款"):
        adapt(snapshot, items[: adapting.FEWEST - 1], base, Tokenizer(), QUICK)


@pytest.mark.parametrize(
    ("report", "kept"),
    [
        (REPORT, True),
        (replace(REPORT, steps=0), False),
        (replace(REPORT, gain=-0.05), False),
        (replace(REPORT, p=0.2), False),
        (replace(REPORT, after=replace(FIGURES, fused_mrr=0.4)), False),
        (replace(REPORT, after=replace(FIGURES, general_mrr=0.8)), False),
    ],
)
def test_it_is_kept_only_where_it_helps(report: Report, kept: bool) -> None:
    assert (report.reason == "") is kept


def test_chance_is_no_gain() -> None:
    assert adapting._interval(np.array([0.5, -0.5] * 40), 1)[2] > 0.05
    assert adapting._interval(np.array([0.5, 0.0] * 40), 1)[2] < 0.05
    assert adapting._interval(np.zeros(0), 1)[2] == 1


# -- the command -------------------------------------------------------------------------------------------------------


def changed(encoder: StaticEncoder) -> StaticEncoder:
    rows = np.array(encoder.rows)
    rows[1000:] += np.float16(0.01)
    return encoder.with_rows(rows, "changed")


def test_kept_then_undone(
    data: Path, base: StaticEncoder, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    other = changed(base)
    monkeypatch.setattr(qa.build, "adapt", lambda *_, **__: (other, REPORT))
    assert main(["adapt", "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "已采用" in out and "+0.050" in out
    assert not list(data.glob("model.*"))
    adapted = load_encoder(encoder_of(data))
    assert adapted.id != base.id and open_snapshot(data / "index").encoder_id == adapted.id
    assert np.allclose(adapted.encode_queries(["企业补贴"]), other.encode_queries(["企业补贴"]), atol=1e-6)
    assert "seed 20" in (data / MODEL / "README.md").read_text("utf-8")
    assert main(["search", "龙舟竞渡补贴", "--data", str(data)]) == 0
    assert encoder_of(data, "builtin") == "builtin", "the setting wins"
    monkeypatch.setenv("TIAOWEN_ENCODER", "builtin")
    assert main(["search", "龙舟竞渡补贴", "--data", str(data)]) == 1
    assert main(["adapt", "--data", str(data)]) == 1
    assert "TIAOWEN_ENCODER" in capsys.readouterr().err
    monkeypatch.delenv("TIAOWEN_ENCODER")
    assert main(["adapt", "--data", str(data), "--undo"]) == 0
    assert open_snapshot(data / "index").encoder_id == base.id and not (data / MODEL).exists()
    assert main(["adapt", "--data", str(data), "--undo"]) == 0
    assert "未作改动" in capsys.readouterr().out


def test_not_kept_changes_nothing(
    data: Path, base: StaticEncoder, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(qa.build, "adapt", lambda *_, **__: (base, replace(REPORT, p=0.5)))
    before = (data / "index" / "CURRENT").read_text()
    assert main(["adapt", "--data", str(data)]) == 0
    assert "未采用" in capsys.readouterr().out
    assert not (data / MODEL).exists() and (data / "index" / "CURRENT").read_text() == before


def test_too_few_clauses(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "一.txt").write_text("甲山市停车管理办法\n\n第一条 首次停车三十分钟内免收停车费用。\n", "utf-8")
    assert main(["ingest", str(tmp_path / "一.txt"), "--data", str(tmp_path / "d")]) == 0
    assert main(["adapt", "--data", str(tmp_path / "d")]) == 1
    assert "条款" in capsys.readouterr().err and not (tmp_path / "d" / MODEL).exists()


def test_a_folder_that_cannot_be_written(base: StaticEncoder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EncoderError, match="无法写入"):
        save(base, REPORT, tmp_path / "file" / "model")
