"""The library bm25s (Lù 2024, arXiv:2407.03618) with its default settings, over words of jieba or over characters."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from eval.peers.types import characters, jieba_words, needed


class Bm25s:
    """BM25 as bm25s computes it (Lucene's variant, k1 1.5, b 0.75), without vectors."""

    def __init__(self, tokens: Callable[[str], list[str]]) -> None:
        self._tokens = tokens
        self._model: Any = None
        self._size = 0

    def build(self, texts: Sequence[str]) -> None:
        library = needed("bm25s", "bm25s")
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets DEBUG
        self._size = len(texts)
        self._model = library.BM25()
        self._model.index([self._tokens(text) for text in texts], show_progress=False)

    def search(self, query: str, k: int) -> list[int]:
        tokens = self._tokens(query)
        if not tokens:
            return []
        rows, scores = self._model.retrieve([tokens], k=min(k, self._size), show_progress=False)
        return [int(row) for row, score in zip(rows[0], scores[0], strict=True) if score > 0]


def words() -> Bm25s:
    """bm25s over jieba's words."""
    return Bm25s(jieba_words)


def chars() -> Bm25s:
    """bm25s over characters."""
    return Bm25s(characters)
