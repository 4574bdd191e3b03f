"""The index carried by Milvus: the same answers as from files, one generation at a time, and the truth where it is away."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from milvus_server import Server
from test_index_snapshot import PASSAGES, HashEncoder

from index.carriers import carrier_of
from index.encoder import BUILTIN, load_encoder
from index.errors import IndexAway, SnapshotError
from index.milvus import client
from index.milvus.address import MilvusAddress
from index.milvus.carrier import MilvusCarrier
from index.rerank import load_reranker
from index.searcher import Searcher
from index.snapshot import CURRENT, Carrier, FileCarrier, Snapshot, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.types import Hit, Passage

pytest.importorskip("milvus_lite", reason="the extra `cluster` is not installed")


def approx(value: object) -> object:
    return pytest.approx(value, abs=1e-5)


WORDS = [
    "奖励",
    "补贴",
    "企业",
    "高新技术",
    "小巨人",
    "市级",
    "省级",
    "国家级",
    "最高",
    "万元",
    "申报",
    "材料",
    "期限",
    "部门",
    "工信局",
    "人社局",
    "落户",
    "积分",
    "入学",
    "医保",
    "公租房",
    "300",
    "50",
    "2025年",
]


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[MilvusCarrier]:
    """Milvus Lite in a file of its own."""
    carrier = MilvusCarrier(MilvusAddress.parse(f"milvus:{tmp_path}/lite.db#laws"))
    yield carrier
    carrier.connection.close()


def passages_of(rng: np.random.Generator, n: int) -> list[Passage]:
    out = []
    for i in range(n):
        words = rng.choice(WORDS, rng.integers(3, 30))
        out.append(Passage(f"p{i}", "".join(words) + "。", f"办法{i % 7}", f"d{i % 7}", f"c{i}", i, i + 9))
    return out


def told(hits: Sequence[Hit]) -> list[tuple[str, int, dict[str, int]]]:
    return [(h.passage.id, h.rank, h.ranks) for h in hits]


def test_it_finds_what_files_find(lite: MilvusCarrier, tmp_path: Path) -> None:
    """With the builtin encoder and reranker: passages, order, ranks and scores, with and without a filter."""
    encoder, tokenizer = load_encoder(BUILTIN), Tokenizer()
    passages = passages_of(np.random.default_rng(1), 150)
    searchers = []
    carriers: list[Carrier] = [FileCarrier(), lite]
    for at, carrier in enumerate(carriers):
        snapshot = build_snapshot(passages, tmp_path / str(at), encoder, carrier=carrier)
        assert list(snapshot.passages) == passages
        searchers.append(Searcher(snapshot, encoder, tokenizer, reranker=load_reranker()))
    for question in ("高新技术企业奖励多少万元", "积分入学要什么材料", "工信局申报期限", "没有这个词"):
        for documents in (None, frozenset({"d1", "d3"}), frozenset(f"d{i}" for i in range(6)), frozenset({"d9"})):
            for mode in ("lexical", "dense", "fused", "reranked"):
                ours, theirs = (s.search(question, 20, documents, mode, added="企业补贴") for s in searchers)  # type: ignore[arg-type]
                assert told(ours) == told(theirs)
                for one, other in zip(ours, theirs, strict=True):
                    assert (one.score, one.scores) == (approx(other.score), approx(other.scores))
    for token in ("奖励", "2025", "无"):
        assert searchers[0].idf(token) == searchers[1].idf(token)
        assert searchers[0].document_frequency(token) == searchers[1].document_frequency(token)


@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=9), st.sampled_from(["d1", "d2"])), max_size=6))
def test_any_text_comes_out_as_it_went_in(
    lite: MilvusCarrier, tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    passages = [Passage(f"p{i}", text, context, doc, "c", 0, len(text)) for i, (text, context, doc) in enumerate(rows)]
    ours = build_snapshot(passages, tmp_path / "files", HashEncoder())
    theirs = build_snapshot(passages, tmp_path / "milvus", HashEncoder(), carrier=lite, reuse=True)
    assert list(theirs.passages) == passages
    for row in range(len(passages)):
        assert _counts(ours, row) == _counts(theirs, row)
        at = np.array([row])
        assert theirs.dense.vectors(at) == pytest.approx(ours.dense.vectors(at), abs=1e-6)
    assert theirs.lexical.mean_length() == pytest.approx(ours.lexical.mean_length())


def _counts(snapshot: Snapshot, row: int) -> dict[str, int]:
    names = list(snapshot.lexical.tokens)
    ids, times = snapshot.lexical.tokens_in(row)
    return {names[at]: int(often) for at, often in zip(ids.tolist(), times.tolist(), strict=True)}


class Counting(HashEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:  # type: ignore[type-arg]
        self.encoded += texts
        return super().encode_passages(texts)


def test_an_update_encodes_only_what_is_new_and_says_the_same_as_built_at_once(
    lite: MilvusCarrier, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    before = passages_of(rng, 60)
    after = [*before[10:40], *passages_of(rng, 5), before[0]]
    encoder = Counting()
    build_snapshot(before, tmp_path / "a", encoder, carrier=lite)
    encoder.encoded.clear()
    updated = build_snapshot(after, tmp_path / "a", encoder, carrier=lite, reuse=True)
    assert len(encoder.encoded) == 5
    files = build_snapshot(after, tmp_path / "b", HashEncoder())
    assert list(updated.passages) == after
    assert [_counts(updated, row) for row in range(36)] == [_counts(files, row) for row in range(36)]
    ours, theirs = (Searcher(s, HashEncoder(), Tokenizer()).search("高新技术企业奖励", 10) for s in (files, updated))
    assert told(ours) == told(theirs)


def test_who_reads_a_generation_keeps_it_while_the_next_is_published(lite: MilvusCarrier, tmp_path: Path) -> None:
    build_snapshot(PASSAGES, tmp_path, HashEncoder(), carrier=lite)
    first = open_snapshot(tmp_path, carrier=lite)
    build_snapshot(PASSAGES[:2], tmp_path, HashEncoder(), carrier=lite)
    second = open_snapshot(tmp_path, carrier=lite)
    assert (len(first), len(second)) == (3, 2)
    assert list(first.passages) == list(PASSAGES) and list(second.passages) == list(PASSAGES[:2])
    build_snapshot(PASSAGES[:1], tmp_path, HashEncoder(), carrier=lite)
    names = sorted(lite.connection.collections())
    assert names == ["laws_000002", "laws_000002_about", "laws_000003", "laws_000003_about"], "the one before is kept"
    assert lite.connection.in_use() == "laws_000003"


def test_another_machine_takes_over_what_is_there_of_the_same_documents(lite: MilvusCarrier, tmp_path: Path) -> None:
    encoder = Counting()
    build_snapshot(PASSAGES, tmp_path / "here", encoder, carrier=lite)
    there, encoded = lite.connection.collections(), len(encoder.encoded)
    other = build_snapshot(PASSAGES, tmp_path / "there", encoder, carrier=lite)
    assert list(other.passages) == list(PASSAGES) and len(encoder.encoded) == encoded
    assert lite.connection.collections() == there and lite.connection.in_use() == "laws_000001"
    build_snapshot(PASSAGES[:2], tmp_path / "here", encoder, carrier=lite)
    assert len(open_snapshot(tmp_path / "there", carrier=lite)) == 3, (
        "until it follows, its answers are of the version before"
    )
    assert len(build_snapshot(PASSAGES[:2], tmp_path / "there", encoder, carrier=lite)) == 2
    assert {open_snapshot(tmp_path / name, carrier=lite).lexical.stored.collection for name in ("here", "there")} == {
        "laws_000002"
    }


def test_a_build_cut_short_leaves_the_old_generation_in_use(
    lite: MilvusCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_snapshot(PASSAGES, tmp_path, HashEncoder(), carrier=lite)

    def cut_short(collection: str) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lite.connection, "count", cut_short)
        with pytest.raises(KeyboardInterrupt):
            build_snapshot(PASSAGES[:1], tmp_path, HashEncoder(), carrier=lite)
    assert lite.connection.in_use() == "laws_000001"
    assert len(open_snapshot(tmp_path, carrier=lite)) == 3
    build_snapshot(PASSAGES[:2], tmp_path, HashEncoder(), carrier=lite)
    names = {name for name in lite.connection.collections() if not name.endswith("_about")}
    assert names == {"laws_000001", "laws_000003"}, "what was left of it is gone"


def test_rows_that_did_not_arrive_are_not_published(
    lite: MilvusCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lite.connection, "count", lambda collection: 2)
    with pytest.raises(SnapshotError, match="段落数不符"):
        build_snapshot(PASSAGES, tmp_path, HashEncoder(), carrier=lite)
    assert lite.connection.in_use() is None and not (tmp_path / CURRENT).exists()


def test_an_index_of_the_other_kind_is_named(lite: MilvusCarrier, tmp_path: Path) -> None:
    build_snapshot(PASSAGES, tmp_path / "a", HashEncoder(), carrier=lite)
    with pytest.raises(SnapshotError, match="没有设置 TIAOWEN_INDEX"):
        open_snapshot(tmp_path / "a")
    build_snapshot(PASSAGES, tmp_path / "b", HashEncoder())
    with pytest.raises(SnapshotError, match="不在 TIAOWEN_INDEX"):
        open_snapshot(tmp_path / "b", carrier=lite)


# -- where it is ---------------------------------------------------------------------------------------------------------


def test_addresses() -> None:
    server = MilvusAddress.parse("milvus://tw:p%40ss@db.local/laws")
    assert (server.uri, server.collection, server.user, server.password) == (
        "http://db.local:19530", "laws", "tw", "p@ss",
    )  # fmt: skip
    assert not server.is_file and "p@ss" not in repr(server)
    assert MilvusAddress.parse("milvus://[::1]:19531").uri == "http://[::1]:19531"
    file = MilvusAddress.parse("milvus:/srv/data/index.db#cities")
    assert (file.uri, file.collection, file.is_file) == ("/srv/data/index.db", "cities", True)


@pytest.mark.parametrize(
    "text", ["faiss", "milvus:", "milvus:index.db", "milvus:/srv/index", "milvus://a:b@h:port/x", "milvus://h/a-b", "http://h:19530"]
)  # fmt: skip
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError) as refused:
        carrier_of(text)
    assert "TIAOWEN_INDEX" in refused.value.hint and "a:b@" not in refused.value.message


# -- away ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    out = Server(tmp_path / "server")
    out.start()
    yield out
    out.kill()


def test_a_server_that_is_away_is_told_and_waited_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ASKED_SECONDS", 1.0)
    carrier = MilvusCarrier(MilvusAddress.parse(f"milvus://127.0.0.1:{server.port}/laws"))
    snapshot = build_snapshot(PASSAGES, tmp_path / "data", HashEncoder(), carrier=carrier)
    searcher = Searcher(snapshot, HashEncoder(), Tokenizer())
    [first] = searcher.search("高新技术企业奖励", 1)
    server.kill()
    with pytest.raises(IndexAway) as away:
        searcher.search("高新技术企业最高", 1)
    assert away.value.status == 503 and away.value.retryable and "Milvus" in away.value.message
    server.start()
    until = time.monotonic() + 30
    while True:
        try:
            [again] = searcher.search("高新技术企业最高奖励", 1)
            break
        except IndexAway:
            assert time.monotonic() < until, "it did not connect again"
    assert again.passage == first.passage
    carrier.connection.close()


def test_a_server_that_is_not_there_at_the_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ASKED_SECONDS", 1.0)
    carrier = MilvusCarrier(MilvusAddress.parse("milvus://127.0.0.1:1/laws"))
    with pytest.raises(IndexAway):
        build_snapshot(PASSAGES, tmp_path, HashEncoder(), carrier=carrier)
    assert not (tmp_path / CURRENT).exists()
