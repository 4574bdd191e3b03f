"""Passages cut into sentences and encoded, kept for the next question: what many ask for is prepared once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.tokens import Tokenizer
from qa.evidence import Source, Split, split

KEPT = 512
"""Passages that are kept, about 50 kB each; the one used longest ago goes first."""

Prepared = tuple[Split, NDArray[np.float32]]
"""A passage's sentences and their vectors, (sentences, dim)."""


class PreparedPassages:
    """Prepares passages and keeps those used last. Safe for several threads. For one encoder."""

    def __init__(self, tokenizer: Tokenizer, capacity: int = KEPT) -> None:
        self._tokenizer = tokenizer
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, str, str], Prepared] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sources: Sequence[Source], encoder: Encoder) -> list[Prepared]:
        """The passages of the sources, in their order; all that are new are encoded in one batch."""
        # The text is part of the key: passages looked up by address begin where others do and end elsewhere.
        keys = [(p.id, p.text, p.context) for p in (source.hit.passage for source in sources)]
        with self._lock:
            known = {key: self._kept[key] for key in keys if key in self._kept}
        new = {
            key: split(source, self._tokenizer) for key, source in zip(keys, sources, strict=True) if key not in known
        }
        texts = [piece.text for parts in new.values() for piece in parts.pieces]
        vectors = encoder.encode_passages(texts) if texts else np.zeros((0, encoder.dim), np.float32)
        at = 0
        for key, parts in new.items():
            own = vectors[at : at + len(parts.pieces)]
            at += len(parts.pieces)
            known[key] = (parts, own.copy())  # not the whole batch
        with self._lock:
            for key in keys:
                self._kept[key] = known[key]
                self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return [known[key] for key in keys]
