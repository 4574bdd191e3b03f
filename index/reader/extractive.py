"""Any extractive question-answering model of transformers as a reader of spans."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import BadReader
from index.extras import models_for
from index.reader.spans import GIVEN, best_spans
from index.reader.texts import readable, stripped
from index.reader.types import Readable, Reading, ReadSpan

_MOST_TOKENS = 512  # of a window, question and passage together, where the model takes more
_LEAST_TOKENS = 32  # a model that takes fewer cannot hold a question and a sentence
_BATCH = 32  # windows read in one forward: more than the passages of a question give, so that it is usually one
_PROBE = "企业奖励一万元。"
_HINT = "请检查 TIAOWEN_READER：填中文抽取式问答模型（transformers 的 AutoModelForQuestionAnswering，配快速分词器）的本地文件夹，或已下载的 Hugging Face 模型名；none 只用规则。"


Logits = NDArray[np.float64]


class TransformersReader:
    """A model that points at the first and the last token of the answer, loaded at the first reading.

    >>> reader = TransformersReader("models/my-reader")
    >>> [spans] = reader.spans("由谁负责？", ["市工信局负责申报受理。"])
    >>> [(span.start, span.end) for span in spans]
    [(0, 4)]

    A passage too long for the model is read in windows that overlap; all windows of all passages go through the model
    together. A span counts where it is likelier than "not here", which the model says at its first token ([CLS]).
    Probabilities are a softmax over all spans of a window and "not here". A folder is read without the network. Threads
    read one after the other. Raises BadReader, from `spans`, where the model cannot be loaded, has no trained head for
    question answering, no fast tokeniser or no first token, or takes too short a text.
    """

    def __init__(self, name: str) -> None:
        self.id = name
        self._lock = threading.Lock()
        self._loaded: _Model | None = None

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        """As JointReader.read: such a model knows spans alone, so that it never says that a yes or no is wanted and compares
        no passages; how sure it is of its spans stands for whether the passage answers."""
        return [_told(found) for found in self.spans(question, [p.text for p in passages])]

    def spans(self, question: str, passages: Sequence[str]) -> list[list[ReadSpan]]:
        """For each passage its best spans, the likeliest first and none overlapping; none where the passage rather does
        not answer. Raises BadReader."""
        found: list[list[ReadSpan]] = [[] for _ in passages]
        if not passages:
            return found
        with self._lock:  # fast tokenisers may not be used by two threads at once
            if self._loaded is None:
                self._loaded = _Model(self.id)
            for row, span in self._loaded.read(readable(question), [readable(p) for p in passages]):
                found[row].append(span)
        return [_apart(spans) for spans in found]


class _Model:
    """A loaded model with its tokeniser. Raises BadReader."""

    def __init__(self, name: str) -> None:
        self.name = name
        folder = Path(name).expanduser()
        if name.startswith((".", "~", "/")) and not folder.is_dir():
            raise BadReader(f"找不到阅读模型文件夹：{folder}", _HINT)
        try:
            self._load(str(folder) if folder.is_dir() else name, folder.is_dir())
        except BadReader:
            raise
        except Exception as error:  # hub, tokeniser and weight readers each raise errors of their own
            raise BadReader(f"无法加载阅读模型：{name}（{error}）", _HINT) from error
        self._check()

    def _load(self, source: str, local: bool) -> None:
        with models_for(f"阅读模型 {self.name} ", BadReader):
            import torch
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        self._torch: Any = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=local)
        model, told = AutoModelForQuestionAnswering.from_pretrained(
            source, local_files_only=local, output_loading_info=True, dtype=torch.float32
        )
        # A model of another task loads as well, with a head of random numbers, and would answer at random.
        if told["missing_keys"] or told["mismatched_keys"]:
            raise BadReader(f"这不是训练好的抽取式问答模型，缺少权重：{source}", _HINT)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model: Any = model.to(self._device).eval()

    def _check(self) -> None:
        """Whether the parts fit each other; the last check reads a text as long as the model is said to take."""
        tokenizer = self._tokenizer
        if not getattr(tokenizer, "is_fast", False):
            raise BadReader(f"阅读模型没有快速分词器，无法定位原文：{self.name}", _HINT)
        if tokenizer.cls_token_id is None or tokenizer.pad_token_id is None:
            raise BadReader(f"阅读模型的分词器没有 [CLS] 或 [PAD] 标记：{self.name}", _HINT)
        known = set(tokenizer(_PROBE, add_special_tokens=False)["input_ids"])
        if known <= {tokenizer.unk_token_id}:  # so also where there is none: an empty one is made then
            raise BadReader(f"阅读模型的分词器不认识汉字：{self.name}", _HINT)
        if len(tokenizer) > self._model.get_input_embeddings().num_embeddings:
            raise BadReader(f"阅读模型的分词器和权重不配套：{self.name}", _HINT)
        self._most = min(int(tokenizer.model_max_length), _positions(self._model), _MOST_TOKENS)
        if self._most < _LEAST_TOKENS:
            raise BadReader(f"阅读模型一次只能读 {self._most} 个词元，太短：{self.name}", _HINT)
        try:
            list(self.read("奖励多少？", [_PROBE * self._most]))
        except BadReader:
            raise
        except Exception as error:  # whatever a model raises that is given what it does not take
            raise BadReader(f"阅读模型不能读问题和段落：{self.name}（{error}）", _HINT) from error

    def read(self, question: str, passages: Sequence[str]) -> Iterator[tuple[int, ReadSpan]]:
        """The spans of each window, with the row of the passage that it belongs to."""
        question = self._shortened(question)
        windows = self._tokenizer(
            [question] * len(passages),
            list(passages),
            truncation="only_second",
            max_length=self._most,
            stride=self._most // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=True,
        )
        starts, ends = self._logits(windows)
        for at, row in enumerate(windows["overflow_to_sample_mapping"]):
            offsets = windows["offset_mapping"][at]
            inside = [
                place
                for place, part in enumerate(windows.sequence_ids(at))
                if part == 1 and offsets[place][0] < offsets[place][1]
            ]
            null = windows["input_ids"][at].index(self._tokenizer.cls_token_id)
            missing = float(starts[at, null] + ends[at, null])
            for first, last, probability in best_spans(starts[at, inside], ends[at, inside], missing):
                span = stripped(passages[row], offsets[inside[first]][0], offsets[inside[last]][1])
                if span is not None:
                    yield row, ReadSpan(*span, probability)

    def _shortened(self, question: str) -> str:
        """The end of a question that leaves room for the passage: what is asked stands after the story."""
        told = self._tokenizer(question, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        offsets = told["offset_mapping"]
        most = self._most // 4
        return question[offsets[-most][0] :] if len(offsets) > most else question

    def _logits(self, windows: Any) -> tuple[Logits, Logits]:
        names = [name for name in self._tokenizer.model_input_names if name in windows]
        starts, ends = [], []
        for begin in range(0, len(windows["input_ids"]), _BATCH):
            batch = {name: self._torch.tensor(windows[name][begin : begin + _BATCH]) for name in names}
            with self._torch.inference_mode():
                told = self._model(**{name: rows.to(self._device) for name, rows in batch.items()})
            starts.append(told.start_logits.double().cpu().numpy())
            ends.append(told.end_logits.double().cpu().numpy())
        out = np.concatenate(starts), np.concatenate(ends)
        if not all(np.isfinite(logits).all() for logits in out):
            raise BadReader(f"阅读模型给出的分数无效：{self.name}", _HINT)
        return out


def _told(spans: Sequence[ReadSpan]) -> Reading:
    answers = min(1.0, sum(span.probability for span in spans))
    shares = tuple(ReadSpan(s.start, s.end, min(1.0, s.probability / answers)) for s in spans)  # if the passage answers
    return Reading(answers, 0.0, 0.5, 0.0, None, shares)


def _apart(spans: Sequence[ReadSpan]) -> list[ReadSpan]:
    """The likeliest spans that do not overlap, from all windows of a passage."""
    out: list[ReadSpan] = []
    for span in sorted(spans, key=lambda s: (-s.probability, s.start, s.end)):
        if len(out) < GIVEN and all(span.end <= other.start or span.start >= other.end for other in out):
            out.append(span)
    return out


def _positions(model: Any) -> int:
    """How many tokens a model takes; unlimited where it does not say."""
    positions = getattr(model.config, "max_position_embeddings", None) or _MOST_TOKENS
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)  # RoBERTa counts its positions from behind this one
    return int(positions) - (0 if padding is None else int(padding) + 1)
