"""What a reranker is shown: the best passages of a search and all that the search knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.snapshot import Snapshot
from index.tokens import Tokenizer
from index.types import Passage


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best passages of a search, best first, row numbers and scores in the same order.

    `lexical` are BM25 scores, `dense` cosines, `fused` lies in 0..1; `vector` is that of the question. `snapshot`,
    `tokenizer` and `encoder` are what was searched with.
    """

    query: str
    passages: Sequence[Passage]
    rows: NDArray[np.int64]
    lexical: NDArray[np.float32]
    dense: NDArray[np.float32]
    fused: NDArray[np.float32]
    vector: NDArray[np.float32]
    snapshot: Snapshot
    tokenizer: Tokenizer
    encoder: Encoder

    def __len__(self) -> int:
        return len(self.passages)
