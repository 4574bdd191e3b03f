"""An index brought up to date step by step is the one built at once."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_index_snapshot import HashEncoder

from index import dense as dense_module
from index import lexical as lexical_module
from index import snapshot as module
from index.dense import DenseIndex
from index.lexical import LexicalIndex, best
from index.postings import compacted, count, merged
from index.searcher import Searcher
from index.snapshot import Snapshot, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.types import Passage

WORDS = ("奖励", "企业", "处罚", "罚款", "300万元", "市工信局", "申请", "材料")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map("".join)
STATES = st.lists(st.lists(TEXTS, max_size=9), min_size=1, max_size=5)
QUERIES = ("企业奖励", "罚款300万元", "申请材料", "没有的")


class Counting(HashEncoder):
    """Remembers which texts it encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded.extend(texts)
        return super().encode_passages(texts)


def some(texts: Sequence[str]) -> list[Passage]:
    return [Passage(f"p{i}", text, "措施", f"d{i % 2}") for i, text in enumerate(texts)]


def answers(snapshot: Snapshot) -> list[object]:
    searcher = Searcher(snapshot, HashEncoder(), Tokenizer())
    found: list[object] = [
        [(hit.passage, hit.score, hit.scores, hit.ranks) for hit in searcher.search(query, 5, documents)]
        for query in QUERIES
        for documents in (None, frozenset({"d1"}))
    ]
    return [*found, *[(searcher.idf(word), searcher.document_frequency(word)) for word in ("奖", "企业", "没")]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES)
def test_step_by_step_as_at_once(tmp_path: Path, states: list[list[str]]) -> None:
    steps = tmp_path / "steps"
    shutil.rmtree(steps, ignore_errors=True)
    for state in states:
        build_snapshot(some(state), steps, HashEncoder(), reuse=True)
        opened = open_snapshot(steps, full=True)
        once = build_snapshot(some(state), tmp_path / "once", HashEncoder())
        assert answers(opened) == answers(once)
        assert list(opened.passages) == some(state)
        rows = np.arange(len(state))
        np.testing.assert_array_equal(opened.dense.vectors(rows), once.dense.vectors(rows))


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    build_snapshot(some(["奖励企业", "处罚", "处罚", "申请"]), tmp_path, HashEncoder())
    encoder, told = Counting(), list[tuple[str, int, int]]()
    after = some(["申请", "处罚", "材料", "奖励企业", "申请"])
    build_snapshot(after, tmp_path, encoder, lambda *step: told.append(step), reuse=True)
    assert encoder.encoded == ["措施\n材料", "措施\n申请"]
    assert ("tokens", 2, 2) in told and ("vectors", 2, 2) in told and ("index", 5, 5) in told
    build_snapshot(after, tmp_path, encoder)
    assert len(encoder.encoded) == 7


def test_readers_of_the_old_one_are_not_disturbed(tmp_path: Path) -> None:
    old = build_snapshot(some(["奖励企业", "处罚"]), tmp_path, HashEncoder())
    before = answers(old)
    for texts in (["处罚", "申请"], ["材料"]):
        build_snapshot(some(texts), tmp_path, HashEncoder(), reuse=True)
    assert answers(old) == before


@pytest.mark.parametrize("damage", ["format", "encoder", "tokenizer", "bytes"])
def test_one_that_cannot_be_used_is_built_anew_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    passages = some(["奖励企业", "处罚"])
    folder = build_snapshot(passages, tmp_path, HashEncoder("other" if damage == "encoder" else "hash")).folder
    if damage == "format":
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text("utf-8").replace(f'"format": {module.FORMAT}', '"format": 1'), "utf-8")
    elif damage == "tokenizer":
        monkeypatch.setattr("index.tokens.VERSION", 99)
    elif damage == "bytes":
        file = folder / "dense" / "vectors.faiss"
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    encoder = Counting()
    with caplog.at_level(logging.WARNING):
        build_snapshot(passages, tmp_path, encoder, reuse=True)
    assert len(encoder.encoded) == 2
    assert [("全部重新建立" in record.getMessage(), record.levelname) for record in caplog.records] == [
        (True, "WARNING")
    ]
    caplog.clear()
    build_snapshot(passages, tmp_path, encoder, reuse=True)
    assert len(encoder.encoded) == 2 and not caplog.records


def test_a_first_index_is_no_surprise(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    build_snapshot(some(["处罚"]), tmp_path, HashEncoder(), reuse=True)
    assert not caplog.records


# -- BM25 --------------------------------------------------------------------------------------------------------------

LISTS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=12)


@settings(deadline=None)
@given(LISTS, LISTS)
def test_counts_of_another_order(old: list[list[str]], new: list[list[str]]) -> None:
    vocabulary: dict[str, int] = {}
    before, fresh = count(old, vocabulary), count(new, vocabulary)
    kept = np.array([*range(0, len(old), 2), *[-1] * len(new)], dtype=np.int64)
    np.random.default_rng(len(old)).shuffle(kept)
    rest = iter(new)
    wanted = [old[row] if row >= 0 else next(rest) for row in kept.tolist()]
    counts, left = compacted(merged(before, fresh, kept), vocabulary)
    names = list(left)
    for i, tokens in enumerate(wanted):
        part = slice(int(counts.starts[i]), int(counts.starts[i + 1]))
        own = zip(counts.ids[part].tolist(), counts.times[part].tolist(), strict=True)
        assert {names[at]: times for at, times in own} == {t: tokens.count(t) for t in tokens}
    assert counts.lengths().tolist() == [len(tokens) for tokens in wanted]
    assert set(names) == {token for tokens in wanted for token in tokens}


def many_lists(n: int, seed: int) -> list[list[str]]:
    """Tokens as rare and as common as in a text (Zipf)."""
    generator = np.random.default_rng(seed)
    return [[f"t{min(t, 400)}" for t in generator.zipf(1.3, int(size))] for size in generator.integers(0, 40, n)]


@pytest.mark.parametrize("k", [0, 1, 10, 60])
@pytest.mark.parametrize("limited", [False, True])
def test_what_is_left_out_changes_nothing(monkeypatch: pytest.MonkeyPatch, k: int, limited: bool) -> None:
    index = LexicalIndex.build(many_lists(4000, 1))
    finished = []
    real = LexicalIndex._finished
    monkeypatch.setattr(LexicalIndex, "_finished", lambda *given: finished.append(1) or real(*given))
    allowed = np.random.default_rng(2).random(4000) < 0.3 if limited else None
    for seed in range(60):
        tokens = [*{f"t{t}" for t in np.random.default_rng(seed).integers(1, 60, 4)}, "t1", "t2", "t3", "t999"]
        weights = {token: 0.5 if i % 3 == 0 else 1.0 for i, token in enumerate(tokens)}
        monkeypatch.setattr(lexical_module, "PRUNED_FROM", 10**9)
        full = index.find(weights, k, allowed)
        monkeypatch.setattr(lexical_module, "PRUNED_FROM", 0)
        pruned = index.find(weights, k, allowed)
        np.testing.assert_array_equal(pruned[0], full[0])
        np.testing.assert_array_equal(pruned[1], full[1])
        np.testing.assert_array_equal(index.scores_of(weights, full[0]), full[1])
    assert bool(finished) == (k > 0)


def test_every_weight_one_is_the_plain_score() -> None:
    index = LexicalIndex.build(many_lists(300, 3))
    tokens = ["t1", "t2", "t7", "t30"]
    scores = index.scores(tokens)
    np.testing.assert_array_equal(index.scores_of(dict.fromkeys(tokens, 1.0), np.arange(300)), scores)
    np.testing.assert_array_equal(index.find(dict.fromkeys(tokens, 1.0), 9)[0], best(scores, 9)[0])


def test_more_occurrences_than_a_byte_holds() -> None:
    index = LexicalIndex.build([["a"] * 70_000 + ["b"], ["a", "b"]])
    assert index.updated(np.array([0, 1, -1]), [["b"] * 300]).top(["b"], 3)[0].tolist() == [2, 1, 0]


# -- vectors -----------------------------------------------------------------------------------------------------------


def vectors_of(n: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def opened(index: DenseIndex, folder: Path) -> DenseIndex:
    index.save(folder)
    return DenseIndex.open(folder)


@pytest.mark.parametrize("exact", [False, True])
def test_a_graph_is_added_to_and_taken_from(tmp_path: Path, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    exact_up_to = 1000 if exact else 10
    vectors, index = vectors_of(400, 1), DenseIndex.build(vectors_of(400, 1), exact_up_to)
    generator = np.random.default_rng(4)
    for step in range(6):
        index = opened(index, tmp_path / str(step))
        gone = generator.choice(len(vectors), 20, replace=False)
        kept = np.append(np.delete(np.arange(len(vectors)), gone), [-1] * 30)
        if step == 3:
            generator.shuffle(kept)
        fresh = vectors_of(30, 10 + step)
        now = np.empty((len(kept), 16), dtype=np.float32)
        now[kept >= 0], now[kept < 0] = vectors[kept[kept >= 0]], fresh
        vectors, index = now, index.updated(kept, fresh, exact_up_to)
        assert (len(index), index.exact) == (len(vectors), exact)
        np.testing.assert_array_equal(index.vectors(np.arange(len(vectors))), vectors)
        allowed = generator.random(len(vectors)) < 0.5
        monkeypatch.setattr(dense_module, "SCAN_UP_TO", 0)
        for query in vectors_of(5, 100 + step):
            order = np.argsort(-(vectors @ query))
            assert index.top(query, 10)[0].tolist() == order[:10].tolist()
            assert index.top(query, 10, allowed)[0].tolist() == order[allowed[order]][:10].tolist()


def test_too_many_gone_or_another_kind_is_built_anew(tmp_path: Path) -> None:
    index = opened(DenseIndex.build(vectors_of(400, 1), 10), tmp_path / "a")
    none = np.zeros((0, 16), dtype=np.float32)
    few = index.updated(np.arange(5, 400), none, 10)
    many = index.updated(np.arange(100, 400), none, 10)
    assert (int(few._index.ntotal), int(many._index.ntotal)) == (400, 300)
    assert index.updated(np.arange(9), none, 10).exact
    grown = opened(DenseIndex.build(vectors_of(10, 1), 10), tmp_path / "b")
    assert not grown.updated(np.append(np.arange(10), -1), vectors_of(1, 2), 10).exact
