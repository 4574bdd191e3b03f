"""Search over a real snapshot in every mode."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_index_snapshot import PASSAGES, HashEncoder

from index.errors import SnapshotError
from index.searcher import Mode, Searcher
from index.snapshot import Snapshot, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.types import Passage

MORE = tuple(Passage(f"n{i}", f"第{i}条 关于事项{i}的规定和要求。", "条例", f"d{i % 5 + 3}") for i in range(40))
MODES: tuple[Mode, ...] = ("fused", "lexical", "dense")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    parent = tmp_path_factory.mktemp("index")
    build_snapshot([*PASSAGES, *MORE], parent, HashEncoder())
    return open_snapshot(parent)


@pytest.fixture(scope="module")
def searcher(snapshot: Snapshot) -> Searcher:
    return Searcher(snapshot, HashEncoder(), Tokenizer())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("高新技术企业最高奖励多少", "p1"),
        ("哪个是责任单位", "p2"),
        ("从哪天起施行，有效期几年", "p3"),
        ("第７条规定", "n7"),
    ],
)
def test_finds_what_is_asked(searcher: Searcher, query: str, found: str, mode: Mode) -> None:
    hits = searcher.search(query, 3, mode=mode)
    assert found in [hit.passage.id for hit in hits][: 3 if mode == "dense" else 1]


@pytest.mark.parametrize("mode", MODES)
def test_ranks_and_scores(searcher: Searcher, mode: Mode) -> None:
    hits = searcher.search("高新技术企业奖励规定", 20, mode=mode)
    retrievers = {"lexical", "dense"} if mode == "fused" else {mode}
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(1 >= a.score >= b.score >= 0 for a, b in zip(hits, hits[1:], strict=False))
    assert all(set(hit.scores) == retrievers and set(hit.ranks) <= retrievers for hit in hits)
    if mode != "fused":
        assert [hit.ranks[mode] for hit in hits] == [hit.rank for hit in hits]
        raw = [hit.scores[mode] for hit in hits]
        assert raw == sorted(raw, reverse=True)


def test_fused_ranks_are_those_of_the_retrievers(searcher: Searcher) -> None:
    query = "企业奖励规定"
    alone = {mode: [h.passage.id for h in searcher.search(query, 43, mode=mode)] for mode in ("lexical", "dense")}
    for hit in searcher.search(query, 43):
        for mode, rank in hit.ranks.items():
            assert alone[mode][rank - 1] == hit.passage.id


@pytest.mark.parametrize("mode", MODES)
def test_limited_to_documents(searcher: Searcher, mode: Mode) -> None:
    hits = searcher.search("高新技术企业的规定", 50, documents=frozenset({"d2", "d4", "not there"}), mode=mode)
    assert hits
    assert {hit.passage.document_id for hit in hits} <= {"d2", "d4"}
    assert searcher.search("规定", 5, documents=frozenset(), mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_search_for(searcher: Searcher, mode: Mode) -> None:
    assert len(searcher.search("？！", 5, mode=mode)) == (0 if mode == "lexical" else 5)
    assert searcher.search("规定", 0, mode=mode) == []


def test_more_wanted_than_candidates(snapshot: Snapshot) -> None:
    assert len(Searcher(snapshot, HashEncoder(), Tokenizer(), candidates=2).search("规定", 30)) == 30
    assert len(Searcher(snapshot, HashEncoder(), Tokenizer()).search("规定", 1000)) == 43


@pytest.mark.parametrize("mode", MODES)
def test_empty_snapshot(tmp_path: Path, mode: Mode) -> None:
    searcher = Searcher(build_snapshot([], tmp_path, HashEncoder()), HashEncoder(), Tokenizer())
    assert searcher.search("规定", 5, mode=mode) == []
    assert searcher.idf("规定") > 0


def test_encoder_is_made_once_and_only_when_needed(snapshot: Snapshot) -> None:
    made: list[HashEncoder] = []

    def make() -> HashEncoder:
        made.append(HashEncoder())
        return made[-1]

    searcher = Searcher(snapshot, make, Tokenizer())
    searcher.search("规定", 5, mode="lexical")
    assert made == []
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: searcher.search("企业奖励规定", 5), range(64)))
    assert len(made) == 1
    assert all(result == results[0] for result in results)


def test_other_encoder_or_tokenizer(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SnapshotError, match="hash.*other"):
        Searcher(snapshot, HashEncoder("other"), Tokenizer())
    lazy = Searcher(snapshot, lambda: HashEncoder("other"), Tokenizer())
    with pytest.raises(SnapshotError, match="hash.*other"):
        lazy.search("规定", 5)
    monkeypatch.setattr("index.tokens.VERSION", 99)
    with pytest.raises(SnapshotError, match="分词器"):
        Searcher(snapshot, HashEncoder(), Tokenizer())


def test_idf_falls_with_frequency(searcher: Searcher) -> None:
    assert searcher.idf("规定") < searcher.idf("奖励") < searcher.idf("没有的")
    assert (searcher.document_frequency("奖励"), searcher.document_frequency("规定")) == (1, 40)
