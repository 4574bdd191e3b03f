"""Clauses -> ranked passages: tokens, BM25, vectors, fusion and the snapshot on disk."""

__all__: list[str] = []
