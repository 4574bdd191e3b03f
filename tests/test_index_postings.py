"""Counts by passage turned into counts by token: what scipy's sparse matrices give, in any number of steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from index import postings
from index.postings import Counts, by_token

TOKENS = 12
PASSAGES = st.lists(st.dictionaries(st.integers(0, TOKENS - 1), st.integers(1, 300), max_size=TOKENS), max_size=20)


def counts_of(passages: list[dict[int, int]]) -> Counts:
    pairs = [pair for passage in passages for pair in sorted(passage.items())]
    starts = np.cumsum([0, *map(len, passages)], dtype=np.int64)
    ids, times = (np.array([pair[n] for pair in pairs], dtype=kind) for n, kind in ((0, np.int32), (1, np.uint16)))
    return Counts(starts, ids, times)


@given(PASSAGES, st.integers(1, 40))
def test_the_counts_of_each_token_are_those_of_scipy(passages: list[dict[int, int]], at_a_time: int) -> None:
    counts = counts_of(passages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "_TURNED_AT_A_TIME", at_a_time)
        starts, rows, times = by_token(counts, TOKENS)
    matrix = csr_array((counts.times, counts.ids, counts.starts), shape=(len(counts), TOKENS)).tocsc()
    assert np.array_equal(starts, matrix.indptr) and starts.dtype == np.int64
    assert np.array_equal(rows, matrix.indices) and rows.dtype == np.int32
    assert np.array_equal(times, matrix.data) and times.dtype == counts.times.dtype
