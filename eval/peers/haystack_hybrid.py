"""Haystack 2: BM25 and embedding retrievers over its in-memory store, joined by reciprocal rank fusion.

`plain` gives it the texts as they are: its pattern for words takes a whole run of Chinese characters as one token.
`presplit` puts blanks between jieba's words for BM25, as its users do for Chinese; vectors are of the plain texts in
both. The store scores every document in Python at every query.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

from eval.peers.types import CANDIDATES, MODEL, jieba_words, needed

_PACKAGE = "haystack-ai"
_BATCH = 512


class Haystack:
    """A pipeline of InMemoryBM25Retriever, InMemoryEmbeddingRetriever and DocumentJoiner, as its documentation shows.

    `split` makes what BM25 sees of a text or a question.
    """

    def __init__(self, split: Callable[[str], str]) -> None:
        self._split = split
        self._pipeline: Any = None

    def build(self, texts: Sequence[str]) -> None:
        os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # it would report its use to its makers
        haystack = needed("haystack", _PACKAGE)
        logging.getLogger("haystack").setLevel(logging.WARNING)
        memory = needed("haystack.document_stores.in_memory", _PACKAGE)
        retrievers = needed("haystack.components.retrievers.in_memory", _PACKAGE)
        joiners = needed("haystack.components.joiners", _PACKAGE)
        embedders = needed("haystack.components.embedders", _PACKAGE)

        store = memory.InMemoryDocumentStore(embedding_similarity_function="cosine", return_embedding=False)
        encoder = embedders.SentenceTransformersDocumentEmbedder(str(MODEL), batch_size=_BATCH, progress_bar=False)
        encoder.warm_up()
        documents = [haystack.Document(id=str(row), content=text) for row, text in enumerate(texts)]
        embedded = encoder.run(documents)["documents"]
        store.write_documents(
            [haystack.Document(id=d.id, content=self._split(d.content), embedding=d.embedding) for d in embedded]
        )

        pipeline = haystack.Pipeline()
        pipeline.add_component("words", retrievers.InMemoryBM25Retriever(store, top_k=CANDIDATES))
        pipeline.add_component("query", embedders.SentenceTransformersTextEmbedder(str(MODEL), progress_bar=False))
        pipeline.add_component("vectors", retrievers.InMemoryEmbeddingRetriever(store, top_k=CANDIDATES))
        pipeline.add_component("joined", joiners.DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("query.embedding", "vectors.query_embedding")
        pipeline.connect("words", "joined")
        pipeline.connect("vectors", "joined")
        pipeline.warm_up()
        self._pipeline = pipeline

    def search(self, query: str, k: int) -> list[int]:
        given = {"words": {"query": self._split(query) or query}, "query": {"text": query}, "joined": {"top_k": k}}
        return [int(document.id) for document in self._pipeline.run(given)["joined"]["documents"]]


def plain() -> Haystack:
    """Texts as they are."""
    return Haystack(lambda text: text)


def presplit() -> Haystack:
    """Texts with blanks between jieba's words."""
    return Haystack(lambda text: " ".join(jieba_words(text)))
