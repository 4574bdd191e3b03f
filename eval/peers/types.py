"""What a peer must do, and the error where it is not installed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import index
from corpus.errors import PolicyError

# The builtin encoder as a folder that sentence-transformers loads.
MODEL = Path(index.__file__).parent / "model"

# How many candidates each retriever of a hybrid hands on: as many as our own.
CANDIDATES = 100


class Peer(Protocol):
    """A retriever made by others. Texts are known by their number, 0-based, in the order that they were given in."""

    def build(self, texts: Sequence[str]) -> None:
        """Index the texts. Called once, before any search. Raises PeerMissing."""
        ...

    def search(self, query: str, k: int) -> list[int]:
        """The numbers of the `k` best texts, best first; fewer where fewer match."""
        ...


class PeerMissing(PolicyError):
    """A package that a peer needs is not installed."""

    code = "peer_missing"


def needed(module: str, package: str) -> Any:
    """The module, imported now. Raises PeerMissing where its package is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PeerMissing(f"没有安装 {package}（{error}）", "用 pip install '.[peers]' 安装对照程序后再试") from error


def jieba_words(text: str) -> list[str]:
    """The words of a text by jieba as it comes, lower case, without white space and punctuation."""
    import jieba

    return [word for word in jieba.lcut(text.lower()) if any(map(str.isalnum, word))]


def characters(text: str) -> list[str]:
    """The letters, digits and ideographs of a text one by one, lower case."""
    return [char for char in text.lower() if char.isalnum()]
