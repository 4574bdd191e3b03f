"""BM25 against a plain implementation of its formula."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.lexical import K1, B, LexicalIndex, best

Lists = list[list[str]]
TOKEN_LISTS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=8)


def plain_bm25(lists: Lists, query: list[str]) -> list[float]:
    """BM25 as the textbook has it (idf of Lucene), one passage after the other."""
    average = sum(map(len, lists)) / max(1, len(lists))
    scores = []
    for tokens in lists:
        counts = Counter(tokens)
        score = 0.0
        for token in set(query):
            df = sum(token in other for other in lists)
            idf = math.log(1 + (len(lists) - df + 0.5) / (df + 0.5))
            if counts[token]:
                score += idf * counts[token] / (counts[token] + K1 * (1 - B + B * len(tokens) / average))
        scores.append(score)
    return scores


@settings(deadline=None)
@given(TOKEN_LISTS, st.lists(st.sampled_from("abcdefz"), max_size=6))
def test_scores_are_those_of_the_formula(lists: Lists, query: list[str]) -> None:
    np.testing.assert_allclose(LexicalIndex.build(lists).scores(query), plain_bm25(lists, query), rtol=1e-5)


def test_scores_are_those_of_bm25s() -> None:
    bm25s = pytest.importorskip("bm25s")
    generator = np.random.default_rng(1)
    lists = [[f"t{t}" for t in generator.zipf(1.5, int(size))] for size in generator.integers(1, 60, 500)]
    peer = bm25s.BM25(k1=K1, b=B, method="lucene")
    peer.index(lists, show_progress=False)
    index = LexicalIndex.build(lists)
    for query in (["t1"], ["t1", "t2", "t9"], ["t30", "t2"]):
        np.testing.assert_allclose(index.scores(query), peer.get_scores(query), rtol=1e-5)


@settings(deadline=None)
@given(TOKEN_LISTS, st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6), st.integers(0, 10))
def test_top_is_the_head_of_the_full_order(lists: Lists, query: list[str], k: int) -> None:
    index = LexicalIndex.build(lists)
    scores = index.scores(query)
    order = [row for row in sorted(range(len(lists)), key=lambda r: (-scores[r], r)) if scores[row] > 0]
    rows, found = index.top(query, k)
    assert rows.tolist() == order[:k]
    assert found.tolist() == [scores[row] for row in order[:k]]


def test_allowed_rows_only() -> None:
    index = LexicalIndex.build([["a"], ["a"], ["a", "b"]])
    assert index.top(["a"], 5, np.array([False, True, True]))[0].tolist() == [1, 2]
    assert index.top(["b"], 5, np.array([True, True, False]))[0].tolist() == []


def test_equal_scores_at_the_cut_go_by_row() -> None:
    assert best(np.array([1, 2, 1, 1], dtype=np.float32), 2)[0].tolist() == [1, 0]


@pytest.mark.parametrize("lists", [[], [[], []], [["a"], [], ["b", "a", "a"]]])
def test_saved_and_opened_it_is_the_same(tmp_path: Path, lists: Lists) -> None:
    built = LexicalIndex.build(lists)
    built.save(tmp_path)
    opened = LexicalIndex.open(tmp_path)
    assert len(opened) == len(lists)
    for query in (["a"], ["b", "a"], ["z"], []):
        np.testing.assert_array_equal(opened.scores(query), built.scores(query))
        assert opened.idf("a") == built.idf("a")


def test_same_lists_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        LexicalIndex.build([["a", "b"], ["c", "a"]]).save(tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_idf_and_document_frequency() -> None:
    index = LexicalIndex.build([["a", "a"], ["a", "b"], ["a"]])
    assert [index.document_frequency(t) for t in "abz"] == [3, 1, 0]
    assert index.idf("b") == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert index.idf("a") < index.idf("b") < index.idf("z")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"counts\.starts\.npy"):
        LexicalIndex.open(tmp_path)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.integers(1, 40), st.integers(1, 50))
def test_best_of_many(seed: int, n: int, k: int, different: int) -> None:
    scores = np.random.default_rng(seed).integers(0, different, n).astype(np.float32)
    expected = [row for row in np.argsort(-scores, kind="stable").tolist() if scores[row] > 0][:k]
    assert best(scores, k)[0].tolist() == expected
