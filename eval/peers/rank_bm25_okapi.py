"""The library rank_bm25 (BM25Okapi with its default settings) over words of jieba. Last released in 2022."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eval.peers.types import jieba_words, needed


class RankBm25:
    """BM25 with every passage scored in Python at every query."""

    def __init__(self) -> None:
        self._model: Any = None

    def build(self, texts: Sequence[str]) -> None:
        self._model = needed("rank_bm25", "rank-bm25").BM25Okapi([jieba_words(text) for text in texts])

    def search(self, query: str, k: int) -> list[int]:
        scores = np.asarray(self._model.get_scores(jieba_words(query)))
        best = np.argsort(-scores, kind="stable")[:k]
        return [int(row) for row in best if scores[row] > 0]
