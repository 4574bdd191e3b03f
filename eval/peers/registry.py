"""The peers by name."""

from __future__ import annotations

from collections.abc import Callable

from eval.peers import bm25s_alone, haystack_hybrid, rank_bm25_okapi, txtai_hybrid
from eval.peers.types import Peer

PEERS: dict[str, Callable[[], Peer]] = {
    "bm25s-words": bm25s_alone.words,
    "bm25s-chars": bm25s_alone.chars,
    "rank_bm25": rank_bm25_okapi.RankBm25,
    "txtai": txtai_hybrid.Txtai,
    "haystack": haystack_hybrid.plain,
    "haystack-jieba": haystack_hybrid.presplit,
}
