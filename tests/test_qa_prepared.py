"""Passages prepared once: the same as anew, no more kept than said, also from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from reading import sources
from test_index_snapshot import HashEncoder

from index.tokens import Tokenizer
from qa.prepared import PreparedPassages

TEXT = "\n".join(f"第{n}条 对第{n}类企业给予{n}万元奖励。由第{n}科负责。" + "其他规定。" * 90 for n in "一二三四五六")


class Counting(HashEncoder):
    """Counts the texts that it is given."""

    encoded = 0

    def encode_passages(self, texts: list[str]) -> np.ndarray:  # type: ignore[override,type-arg]
        self.encoded += len(texts)
        return super().encode_passages(texts)


def test_the_same_as_anew_and_encoded_once() -> None:
    encoder, found = Counting(), sources(TEXT)
    assert len(found) > 3
    kept = PreparedPassages(Tokenizer())
    first = kept.of(found, encoder)
    count = encoder.encoded
    again = kept.of(found[::-1], encoder)[::-1]
    assert encoder.encoded == count == sum(len(parts.pieces) for parts, _ in first)
    for (parts, vectors), (same, others), source in zip(first, again, found, strict=True):
        assert parts is same and vectors is others and len(vectors) == len(parts.pieces)
        assert all(source.document.text.startswith(piece.text, piece.start) for piece in parts.pieces)
        expected = encoder.encode_passages([piece.text for piece in parts.pieces])
        assert np.allclose(vectors, expected)


def test_no_more_is_kept_than_said() -> None:
    encoder, found = Counting(), sources(TEXT)
    kept = PreparedPassages(Tokenizer(), capacity=2)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: kept.of(found, encoder), range(8)))
    assert len(kept._kept) == 2
    assert all([len(v) for _, v in result] == [len(v) for _, v in results[0]] for result in results)


def test_nothing_asked() -> None:
    assert PreparedPassages(Tokenizer()).of([], Counting()) == []
