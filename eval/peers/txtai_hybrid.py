"""txtai with `hybrid=True`: its BM25 and a FAISS index, their scores added half and half, all settings as they come.

Its tokeniser follows Unicode word borders, which makes every Chinese character a token of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval.peers.types import MODEL, needed


class Txtai:
    """`txtai.Embeddings` over the texts, the vectors by the builtin encoder through sentence-transformers."""

    def __init__(self) -> None:
        self._embeddings: Any = None

    def build(self, texts: Sequence[str]) -> None:
        library = needed("txtai", "txtai")
        self._embeddings = library.Embeddings(path=str(MODEL), method="sentence-transformers", hybrid=True)
        self._embeddings.index(enumerate(texts))

    def search(self, query: str, k: int) -> list[int]:
        return [int(row) for row, _ in self._embeddings.search(query, k)]
