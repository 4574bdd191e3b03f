"""The best candidates of a search in a better order: one protocol, and behind it a light learned model (the default,
see `index.light`) or any sentence-transformers CrossEncoder."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.errors import EncoderError
from index.extras import models_for
from index.light import LightReranker
from index.reader.types import JointReader, Readable

Scores = NDArray[np.float32]

# How many candidates a reranker sees: of 300 statute questions (dev), 77.5 % of the articles are among the 50 best fused.
RERANKED = 50
# Of long passages fewer: reading them is what the time goes into.
LEAST_RERANKED, MOST_CHARS = 20, 6_000
READ = 8
"""Of them are read by a reader."""

READ_SHARE = 0.05
"""What a unit of a reader's relevance (a logit) is worth beside the score of the reranker before it, which lies in 0..1."""

_BATCH = 16  # pairs scored at a time: bounds the memory, not the result
_HINT = "请检查 TIAOWEN_RERANKER：可填本地模型文件夹，或已下载的 Hugging Face 交叉编码器名（如 BAAI/bge-reranker-base）；留空用内置的轻量模型，none 不重排。"


BUILTIN = "builtin"
NONE = "none"


class Reranker(Protocol):
    """Says how well candidates answer their query; `id` names the model. Only the order of the scores of a query
    matters."""

    @property
    def id(self) -> str: ...

    def scores(self, found: Candidates) -> Scores:
        """A finite score for each candidate, the higher the better: shape (len(found),)."""
        ...


def load_reranker(name: str = "", reader: JointReader | None = None) -> Reranker | None:
    """The reranker called `name`: "" or "builtin" is the light learned one, whose first candidates `reader` then reads where
    one is given; "none" is None, any other name a model folder or a Hugging Face model. A CrossEncoder is not loaded yet.
    Raises EncoderError where the builtin one is damaged."""
    name = name.strip()
    if name.lower() == NONE:
        return None
    if name not in ("", BUILTIN):
        return CrossEncoderReranker(name)
    return LightReranker() if reader is None else ReadingReranker(LightReranker(), reader)


class ReadingReranker:
    """The order of another reranker, whose first candidates a reader then weighs by reading them.

    >>> Searcher(snapshot, encoder, tokenizer, reranker=ReadingReranker(LightReranker(), OnnxReader()))

    What was read stays in front of what was not. Raises BadReader, from `scores`.
    """

    def __init__(self, first: Reranker, reader: JointReader, read: int = READ) -> None:
        self._first, self._reader, self._read = first, reader, read
        self.id = f"{first.id}+{reader.id}"

    def scores(self, found: Candidates) -> Scores:
        scores = self._first.scores(found)
        front = np.argsort(-scores, kind="stable")[: self._read]
        passages = [found.passages[at] for at in front]
        readings = self._reader.read(found.query, [Readable(p.text, p.context) for p in passages])
        if not readings or any(reading.relevance is None for reading in readings):
            return scores
        total = scores[front] + READ_SHARE * np.array([r.relevance for r in readings], dtype=np.float32)
        scores = scores.copy()
        scores[front] = float(scores.max()) + 1 + total - total.min()
        return scores


class CrossEncoderReranker:
    """A model that reads question and passage together, loaded by sentence-transformers at the first search.

    >>> Searcher(snapshot, encoder, tokenizer, reranker=CrossEncoderReranker("BAAI/bge-reranker-base"))

    The passage is read with its context; a pair longer than the model takes is cut. Safe for several threads, which
    score one after the other. Raises EncoderError, from `scores`, where the model cannot be loaded or has not exactly
    one score a pair.
    """

    def __init__(self, name: str) -> None:
        self.id = name
        self._lock = threading.Lock()
        self._model: Any = None

    def scores(self, found: Candidates) -> Scores:
        if not len(found):
            return np.zeros(0, dtype=np.float32)
        texts = [f"{p.context}\n{p.text}" if p.context else p.text for p in found.passages]
        pairs = [(_readable(found.query), _readable(text)) for text in texts]
        with self._lock:
            if self._model is None:
                self._model = _cross_encoder(self.id)
            told = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True)
        scores = np.asarray(told, dtype=np.float32)
        if not np.isfinite(scores).all():
            raise EncoderError(f"重排模型给出的分数无效：{self.id}", _HINT)
        return scores


def _cross_encoder(name: str) -> Any:
    folder = Path(name).expanduser()
    if name.startswith((".", "~", "/")) and not folder.is_dir():
        raise EncoderError(f"找不到重排模型文件夹：{folder}", _HINT)
    try:
        with models_for(f"重排模型 {name} ", EncoderError):
            from sentence_transformers import CrossEncoder
        model = CrossEncoder(str(folder) if folder.is_dir() else name)
        labels = int(model.num_labels)
    except EncoderError:
        raise
    except Exception as error:  # hub, tokeniser and weight readers each raise errors of their own
        raise EncoderError(f"无法加载重排模型：{name}（{error}）", _HINT) from error
    if labels != 1:
        raise EncoderError(f"重排模型应当只给一个分数，{name} 给出 {labels} 个", _HINT)
    return model


def _readable(text: str) -> str:
    """`text` without lone surrogates, which no tokeniser takes."""
    return text.encode("utf-8", "ignore").decode("utf-8")
