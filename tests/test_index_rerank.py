"""Rerankers: a real tiny CrossEncoder, and how the searcher uses one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.candidates import Candidates
from index.encoder import load_encoder
from index.errors import EncoderError
from index.light import LightReranker
from index.reader.types import Readable, Reading
from index.rerank import READ, RERANKED, CrossEncoderReranker, ReadingReranker, load_reranker
from index.searcher import Searcher
from index.snapshot import Snapshot, build_snapshot
from index.tokens import Tokenizer
from index.types import Passage

PASSAGES = [Passage(f"p{n}", f"第{n}项企业奖励{n}万元", "办法", "d", "", n, n + 1) for n in range(RERANKED + 10)]
QUERY = "企业奖励多少"


class Backwards:
    """Scores rise from passage to passage, so that the last comes first; remembers how many it was shown."""

    id = "backwards"
    shown = 0

    def scores(self, found: Candidates) -> NDArray[np.float32]:
        self.shown = len(found)
        return np.arange(len(found), dtype=np.float32)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build_snapshot(PASSAGES, tmp_path_factory.mktemp("index"), load_encoder())


def shown(snapshot: Snapshot, passages: Sequence[Passage]) -> Candidates:
    """Candidates of which only question and passages matter."""
    some = np.zeros(len(passages), dtype=np.float32)
    rows = np.arange(len(passages))
    return Candidates(QUERY, passages, rows, some, some, some, some, snapshot, Tokenizer(), load_encoder())


def tiny(folder: Path, labels: int = 1) -> str:
    """A random BERT of two letters' width with a vocabulary of the passages' characters."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    characters = sorted({c for p in PASSAGES for c in p.text + p.context})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]), "utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=5 + len(characters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, num_labels=labels, initializer_range=1.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def cross(tmp_path_factory: pytest.TempPathFactory) -> CrossEncoderReranker:
    return CrossEncoderReranker(tiny(tmp_path_factory.mktemp("models") / "tiny"))


def test_batches_do_not_change_scores(snapshot: Snapshot, cross: CrossEncoderReranker) -> None:
    together = cross.scores(shown(snapshot, PASSAGES))
    alone = np.concatenate([cross.scores(shown(snapshot, [passage])) for passage in PASSAGES[:20]])
    assert together.shape == (len(PASSAGES),) and together.dtype == np.float32
    assert len(np.unique(together)) > 1
    np.testing.assert_allclose(together[:20], alone, atol=1e-4)


def test_long_odd_and_no_passages(snapshot: Snapshot, cross: CrossEncoderReranker) -> None:
    odd = [Passage("a", "奖" * 5000), Passage("b", ""), Passage("c", "企\ud800业")]
    assert np.isfinite(cross.scores(shown(snapshot, odd))).all()
    assert cross.scores(shown(snapshot, [])).shape == (0,)


def test_the_searcher_orders_by_the_model(snapshot: Snapshot, cross: CrossEncoderReranker) -> None:
    searcher = Searcher(snapshot, load_encoder(), Tokenizer(), reranker=cross)
    front = [hit.passage for hit in searcher.search(QUERY, RERANKED, mode="fused")]
    order = np.argsort(-cross.scores(shown(snapshot, front)), kind="stable")
    found = searcher.search(QUERY, RERANKED)
    assert [hit.passage.id for hit in found] == [front[i].id for i in order]
    assert [hit.rank for hit in found] == list(range(1, RERANKED + 1))


def test_only_the_first_are_reranked(snapshot: Snapshot) -> None:
    reranker = Backwards()
    searcher = Searcher(snapshot, load_encoder(), Tokenizer(), reranker=reranker)
    fused = searcher.search(QUERY, len(PASSAGES), mode="fused")
    found = searcher.search(QUERY, len(PASSAGES), mode="reranked")
    assert reranker.shown == RERANKED
    assert [h.passage for h in found[:RERANKED]] == [h.passage for h in fused[:RERANKED]][::-1]
    assert [h.passage for h in found[RERANKED:]] == [h.passage for h in fused[RERANKED:]]
    assert [h.score for h in found] == [h.score for h in fused]
    raw = {hit.passage.id: (hit.scores, hit.ranks) for hit in fused}
    assert all(raw[hit.passage.id] == (hit.scores, hit.ranks) for hit in found)


def test_without_a_reranker(snapshot: Snapshot) -> None:
    searcher = Searcher(snapshot, load_encoder(), Tokenizer(), reranker=load_reranker(" None "))
    assert searcher.search(QUERY, 5) == searcher.search(QUERY, 5, mode="fused")
    with pytest.raises(ValueError, match="reranker"):
        searcher.search(QUERY, 5, mode="reranked")


def test_the_light_one_is_the_default() -> None:
    assert isinstance(load_reranker(), LightReranker)
    assert isinstance(load_reranker(" builtin "), LightReranker)
    assert isinstance(load_reranker("", Liking("")), ReadingReranker)
    assert load_reranker("none", Liking("")) is None


class Liking:
    """A fake reader that likes the passages with given words; remembers how many it read."""

    id = "liking"

    def __init__(self, words: str, compares: bool = True) -> None:
        self.words, self.compares, self.read_last = words, compares, 0

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        self.read_last = len(passages)
        return [Reading(0.5, 0, 0.5, 0, 50.0 * (self.words in p.text) if self.compares else None) for p in passages]


def test_a_reader_orders_the_first_of_another_reranker(snapshot: Snapshot) -> None:
    reader = Liking(f"第{RERANKED - 3}项")
    candidates = shown(snapshot, PASSAGES[:RERANKED])
    before = Backwards().scores(candidates)
    scores = ReadingReranker(Backwards(), reader).scores(candidates)
    assert reader.read_last == READ
    order = np.argsort(-scores, kind="stable").tolist()
    old = np.argsort(-before, kind="stable").tolist()
    assert order[0] == RERANKED - 3
    assert sorted(order[:READ]) == sorted(old[:READ]) and order[READ:] == old[READ:]


def test_a_reader_that_compares_nothing_leaves_the_order(snapshot: Snapshot) -> None:
    candidates = shown(snapshot, PASSAGES)
    scores = ReadingReranker(Backwards(), Liking("第3项", compares=False)).scores(candidates)
    assert scores.tolist() == Backwards().scores(candidates).tolist()
    assert ReadingReranker(Backwards(), Liking("第3项")).scores(shown(snapshot, [])).shape == (0,)


def test_what_cannot_be_loaded_is_told_at_the_first_search(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in (tmp_path / "none", tmp_path / "empty"):
        reranker = load_reranker(str(name))
        assert reranker is not None
        with pytest.raises(EncoderError, match="重排模型") as told:
            reranker.scores(shown(snapshot, PASSAGES[:1]))
        assert "TIAOWEN_RERANKER" in told.value.hint
    two = CrossEncoderReranker(tiny(tmp_path / "two", labels=2))
    with pytest.raises(EncoderError, match="2 个"):
        two.scores(shown(snapshot, PASSAGES[:1]))
