"""Question -> ranked passages: BM25 and vectors over one snapshot, fused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.encoder import Encoder
from index.errors import SnapshotError
from index.fuse import fuse
from index.parts import Allowed
from index.rerank import LEAST_RERANKED, MOST_CHARS, RERANKED, Reranker
from index.snapshot import REBUILD, Snapshot, other_encoder
from index.tokens import Tokenizer
from index.types import Hit, Passage

Mode = Literal["fused", "lexical", "dense", "reranked"]

# Recall@10 / MRR@10 / nDCG@10 on statutes dev by weight: 0 0.487/0.429/0.404, 0.3 0.579/0.449/0.445, 0.5 0.609/0.450/0.458,
# 0.6 0.612/0.466/0.468, 1 0.588/0.461/0.454: 0.6 is the first that beats both retrievers on all three. Policy questions that
# repeat the words of the text would rather have 0.2 (hit@1 0.81 against 0.73 here, before qa reranks by evidence).
# Reciprocal rank fusion at equal weight was worse there still.
DENSE_WEIGHT = 0.6
# 50 or 200 candidates change MRR by 0.01 at most.
CANDIDATES = 100

# Words that the asker did not say (a lexicon's). By weight in BM25 and share in the vector, policy questions with answers,
# right answer and passage: 0.5/0 0.743, 0.5/0.15 0.749, 0.5/0.3 0.754; appended (1/1) 0.771, but more wrong answers and
# the best passage first less often (0.903 against 0.92). Statutes dev, recall@10: none 0.612, 0.25/0.1 0.605, 0.5/0.3
# 0.588, 0.5/0.5 0.578, appended 0.574: where lay questions were trained on, added words only blur the vector.
ADDED_WEIGHT = 0.5
ADDED_SHARE = 0.3

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """What one retriever found, best first, its score of any row, and the vector that it asked with, if any."""

    rows: Rows
    score_of: Callable[[Rows], Scores]
    vector: NDArray[np.float32] | None = None


class Searcher:
    """Finds the passages of a snapshot that speak of what is asked.

    >>> searcher = Searcher(open_snapshot(folder), lambda: load_encoder("builtin"), Tokenizer())
    >>> searcher.search("高新技术企业最高奖励多少", top_k=5)[0].passage.text

    `encoder` may be a function that makes it: it is then called once, at the first search that needs vectors.
    `candidates` is how many passages each retriever hands to the fusion (at least `top_k`). Safe for several threads.
    Raises SnapshotError where the snapshot was built by another encoder or tokeniser.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        encoder: Encoder | Callable[[], Encoder],
        tokenizer: Tokenizer,
        dense_weight: float = DENSE_WEIGHT,
        candidates: int = CANDIDATES,
        reranker: Reranker | None = None,
    ) -> None:
        if tokenizer.settings_id != snapshot.manifest.tokenizer_id:
            raise SnapshotError("索引由另一版本的分词器建立", REBUILD)
        self.snapshot = snapshot
        self.tokenizer = tokenizer
        self._dense_weight = dense_weight
        self._candidates = candidates
        self.reranker = reranker
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._make_encoder: Callable[[], Encoder] | None = None
        if hasattr(encoder, "encode_queries"):
            self._encoder = self._checked(cast(Encoder, encoder))
        else:
            self._make_encoder = encoder

    @property
    def encoder(self) -> Encoder:
        """The sentence model, loaded where it was not yet."""
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    assert self._make_encoder is not None
                    self._encoder = self._checked(self._make_encoder())
        return self._encoder

    def search(
        self,
        query: str,
        top_k: int,
        documents: frozenset[str] | None = None,
        mode: Mode | None = None,
        added: str = "",
    ) -> list[Hit]:
        """The `top_k` best passages, best first, equal scores in index order.

        `added` are words that the asker did not say (what documents say for his): BM25 counts their tokens at
        `ADDED_WEIGHT`, the vector of the query is drawn towards theirs.

        Mode "reranked", the default where there is a reranker (else "fused"), lets it order the best `RERANKED` of the
        fused list; the scores of that list stay with its ranks. Raises ValueError for it without a reranker.

        `documents` limits the search to passages of these documents. `Hit.score` is relative to this query's candidates
        (best near 1); `Hit.scores` holds the raw BM25 score and the cosine of every hit, `Hit.ranks` its rank with each
        retriever that found it among its candidates.
        """
        mode = mode or ("fused" if self.reranker is None else "reranked")
        if mode == "reranked" and self.reranker is None:
            raise ValueError("no reranker was given")
        weight = {"lexical": 0.0, "dense": 1.0}.get(mode, self._dense_weight)
        if top_k <= 0 or not len(self.snapshot):
            return []
        allowed = None if documents is None else self.snapshot.allowed(documents)
        depth = max(top_k, self._candidates)
        lists: dict[str, Found] = {}
        if mode != "dense":
            lists["lexical"] = self._lexical(query, added, depth, allowed)
        if mode != "lexical":
            lists["dense"] = self._dense(query, added, depth, allowed)
        rows = np.unique(np.concatenate([found.rows for found in lists.values()]))
        scores = {name: found.score_of(rows) for name, found in lists.items()}
        nothing = np.zeros(len(rows), dtype=np.float32)
        order, fused = fuse(rows, scores.get("lexical", nothing), scores.get("dense", nothing), weight)
        if mode == "reranked":
            order = self._reranked(self._candidates_of(query, lists["dense"], rows, scores, order, fused), order)
        ranks = {name: {int(row): rank for rank, row in enumerate(found.rows, 1)} for name, found in lists.items()}
        at = {int(row): i for i, row in enumerate(rows)}
        return [
            Hit(
                passage=self.snapshot.passages[row],
                rank=rank,
                score=float(score),
                ranks={name: ranks[name][row] for name in lists if row in ranks[name]},
                scores={name: float(scores[name][at[row]]) for name in lists},
            )
            for rank, (row, score) in enumerate(zip(order[:top_k].tolist(), fused[:top_k], strict=True), 1)
        ]

    def _candidates_of(
        self, query: str, dense: Found, rows: Rows, scores: dict[str, Scores], order: Rows, fused: Scores
    ) -> Candidates:
        """The best `RERANKED` of what was found, fewer of long ones."""
        assert dense.vector is not None
        passages = self._shown(order[:RERANKED].tolist())
        front = order[: len(passages)]
        at = np.searchsorted(rows, front)
        return Candidates(
            query, passages, front,
            scores["lexical"][at], scores["dense"][at], fused[: len(front)], dense.vector,
            self.snapshot, self.tokenizer, self.encoder,
        )  # fmt: skip

    def _shown(self, rows: list[int]) -> list[Passage]:
        """The passages of the first rows, at least `LEAST_RERANKED` and no more than make `MOST_CHARS`."""
        out: list[Passage] = []
        chars = 0
        for row in rows:
            passage = self.snapshot.passages[row]
            chars += len(passage.text)
            if len(out) >= LEAST_RERANKED and chars > MOST_CHARS:
                break
            out.append(passage)
        return out

    def _reranked(self, found: Candidates, order: Rows) -> Rows:
        """The rows with those found first as the reranker orders them, equal scores as they were."""
        if not len(found):
            return order
        assert self.reranker is not None
        scores = self.reranker.scores(found)
        return np.concatenate([found.rows[np.argsort(-scores, kind="stable")], order[len(found) :]])

    def _lexical(self, query: str, added: str, depth: int, allowed: Allowed | None) -> Found:
        weights = dict.fromkeys(self.tokenizer.tokens(added), ADDED_WEIGHT) if added else {}
        weights |= dict.fromkeys(self.tokenizer.tokens(query), 1.0)
        lexical = self.snapshot.lexical
        return Found(lexical.find(weights, depth, allowed)[0], lambda rows: lexical.scores_of(weights, rows))

    def _dense(self, query: str, added: str, depth: int, allowed: Allowed | None) -> Found:
        vector = self._vector(query, added)
        dense = self.snapshot.dense
        return Found(dense.top(vector, depth, allowed)[0], lambda rows: dense.scores(vector, rows), vector)

    def _vector(self, query: str, added: str) -> NDArray[np.float32]:
        """The vector of a query, length 1, drawn towards that of the `added` words by `ADDED_SHARE`."""
        if not added:
            return cast("NDArray[np.float32]", self.encoder.encode_queries([query])[0])
        own, other = self.encoder.encode_queries([query, added])
        vector = own + np.float32(ADDED_SHARE) * other
        return cast("NDArray[np.float32]", vector / max(float(np.linalg.norm(vector)), 1e-9))

    def idf(self, token: str) -> float:
        """How rare a token (as `Tokenizer.tokens` gives it) is: ln(1 + (N - df + 0.5) / (df + 0.5)) over N passages."""
        return self.snapshot.lexical.idf(token)

    def document_frequency(self, token: str) -> int:
        """In how many passages `token` occurs."""
        return self.snapshot.lexical.document_frequency(token)

    def _checked(self, encoder: Encoder) -> Encoder:
        if encoder.id != self.snapshot.encoder_id:
            raise other_encoder(self.snapshot.encoder_id, encoder.id)
        return encoder
