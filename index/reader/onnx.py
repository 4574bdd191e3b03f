"""The builtin reader: a small BERT with int8 weights on ONNX Runtime, on the CPU, without torch.

How it was made and what it can do: `index/reader/model/README.md`; the scripts are in `index/training/reader/`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import BadReader
from index.reader.spans import best_spans, runs
from index.reader.texts import readable, stripped
from index.reader.types import Readable, Reading, ReadSpan

FOLDER = Path(__file__).parent / "model"
MODEL, TOKENIZER, SETTINGS = "reader.onnx", "tokenizer.json", "reader.json"

TOKEN = ("start", "end", "inside")
WHOLE = ("answers", "asks_yes_no", "yes", "several", "relevant")
"""The logits of the two outputs, as index/training/reader/network.py names them."""

_OVERLAP = 64  # tokens that two windows of a long passage share at least
_ROWS = 4  # windows of a batch at most: bounds the memory
_WIDER = 1.3  # a batch holds windows at most so many times as long as its shortest: padding is read, too
_KEPT = 64  # questions with their passages whose readings are remembered: people search, then ask the same
_SURE_INSIDE = 0.5
_HINT = "请重新安装；或用 TIAOWEN_READER 指定别的阅读模型，none 只用规则"

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of a passage as the model reads it: its ids, and the place of each passage token in the passage."""

    row: int
    ids: list[int]
    begin: int
    offsets: list[tuple[int, int]]


class OnnxReader:
    """The reader in `folder`, loaded at the first reading.

    >>> reader = OnnxReader()
    >>> [reading] = reader.read("小巨人奖多少？", [Readable("对国家级小巨人企业，给予最高100万元奖励。", "若干措施")])
    >>> [(span.start, span.end) for span in reading.spans[:1]]
    [(12, 19)]

    A passage too long for the model is read in windows that overlap; the window that answers best speaks for the passage.
    All windows of a question go through the model in as few batches as their lengths allow. Threads read one after the other,
    each with `threads` cores (0: all). Readings are remembered for a while, so that asking again costs nothing. Activations have
    one int8 scale a batch, so that the companions of a passage move the last digits of its reading; the same call says the same.
    Raises BadReader, from `read`, where the model is missing, damaged, or made for another version of the program.
    """

    def __init__(self, folder: Path = FOLDER, threads: int = 0) -> None:
        self._folder, self._threads = folder, threads
        self._lock = threading.Lock()
        self._loaded: _Model | None = None
        self._kept: OrderedDict[tuple[str, tuple[Readable, ...]], list[Reading]] = OrderedDict()
        self.id = f"builtin-{_digest(folder / MODEL)}"

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        key = (question, tuple(passages))
        with self._lock:
            if self._loaded is None:
                self._loaded = _Model(self._folder, self._threads)
            if key not in self._kept:
                self._kept[key] = self._loaded.read(readable(question), [_plain(passage) for passage in passages])
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return list(self._kept[key])


class _Model:
    """The session with its tokenizer. Raises BadReader."""

    def __init__(self, folder: Path, threads: int) -> None:
        try:
            from onnxruntime import InferenceSession, SessionOptions
            from tokenizers import Tokenizer

            settings = json.loads((folder / SETTINGS).read_text("utf-8"))
            self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
            self._tokenizer.encode_special_tokens = True  # a "</s>" in a text is four characters of it
            options = SessionOptions()
            options.intra_op_num_threads = threads
            options.enable_mem_pattern = False  # lengths differ from batch to batch
            # Awake between operations threads would take a fifth off a reading, and the cores from whoever else works here.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._session: Any = InferenceSession(
                str(folder / MODEL), options, providers=[("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})],
                disabled_optimizers=["SkipLayerNormFusion"],  # the fused kernel is slower than its two parts
            )  # fmt: skip
            fits = settings["token"] == list(TOKEN) and settings["whole"] == list(WHOLE)
            self._most, self._most_asked, self._most_context = (
                int(settings[name]) for name in ("tokens", "question_tokens", "context_tokens")
            )
            self._start, self._end, self._pad = (int(settings[name]) for name in ("start", "end", "pad"))
        except Exception as error:  # the runtime, the tokenizer and json raise errors of their own
            raise BadReader(f"阅读模型缺失或已损坏：{folder}（{error}）", _HINT) from error
        if not fits:
            raise BadReader(f"阅读模型与程序版本不符：{folder}", _HINT)

    def read(self, question: str, passages: Sequence[Readable]) -> list[Reading]:
        windows = list(self._windows(question, passages))
        found: list[list[Reading]] = [[] for _ in passages]
        for batch in batches(windows):
            for window, tokens, whole in zip(batch, *self._run(batch), strict=True):
                found[window.row].append(_reading(window, passages[window.row].text, tokens, whole))
        return [max(readings, key=lambda r: r.answers) if readings else _NOTHING for readings in found]

    def _windows(self, question: str, passages: Sequence[Readable]) -> Iterator[_Window]:
        asked = self._ids(question)[-self._most_asked :]  # what is asked stands after the story
        half = self._most_context // 2
        for row, passage in enumerate(passages):
            context = self._ids(passage.context)
            if len(context) > self._most_context:
                context = [*context[:half], *context[-half:]]
            head = [self._start, *asked, self._end, *context, self._end]
            encoding = self._tokenizer.encode(passage.text, add_special_tokens=False)
            for first, last in stretches(len(encoding.ids), self._most - len(head) - 1):
                ids = [*head, *encoding.ids[first:last], self._end]
                yield _Window(row, ids, len(head), encoding.offsets[first:last])

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _run(self, batch: Sequence[_Window]) -> tuple[Logits, Logits]:
        longest = max(len(window.ids) for window in batch)
        ids = np.full((len(batch), longest), self._pad, dtype=np.int64)
        for at, window in enumerate(batch):
            ids[at, : len(window.ids)] = window.ids
        try:
            tokens, whole = self._session.run(None, {"ids": ids})
        except Exception as error:  # the runtime raises errors of its own
            raise BadReader(f"阅读模型无法运行（{error}）", _HINT) from error
        return tokens, whole


_NOTHING = Reading(answers=0.0, yes_no=0.0, yes=0.5, several=0.0, relevance=-20.0)
"""Of a passage without words."""


def stretches(count: int, room: int) -> list[tuple[int, int]]:
    """[first, last) of the windows over `count` tokens, `room` at most each, spread evenly and overlapping."""
    if count <= 0:
        return []
    if count <= room:
        return [(0, count)]
    overlap = min(_OVERLAP, room // 2)
    steps = -(-(count - room) // (room - overlap))
    return [(start, start + room) for start in ((count - room) * step // steps for step in range(steps + 1))]


def batches(windows: Sequence[_Window]) -> Iterator[list[_Window]]:
    """The windows, the shortest first, in batches of similar length."""
    batch: list[_Window] = []
    for window in sorted(windows, key=lambda w: len(w.ids)):
        if batch and (len(batch) == _ROWS or len(window.ids) > _WIDER * len(batch[0].ids)):
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _reading(window: _Window, text: str, tokens: Logits, whole: Logits) -> Reading:
    begin, stop = window.begin, window.begin + len(window.offsets)
    said = dict(zip(WHOLE, whole.tolist(), strict=True))
    start, end, inside = (tokens[begin:stop, at].astype(np.float64) for at in range(len(TOKEN)))

    def spans(found: Sequence[tuple[int, int, float]]) -> tuple[ReadSpan, ...]:
        out = []
        for first, last, probability in found:
            part = stripped(text, window.offsets[first][0], window.offsets[last][1])
            if part is not None:
                out.append(ReadSpan(*part, probability))
        return tuple(out)

    return Reading(
        answers=_probability(said["answers"]),
        yes_no=_probability(said["asks_yes_no"]),
        yes=_probability(said["yes"]),
        several=_probability(said["several"]),
        relevance=said["relevant"],
        spans=spans(best_spans(start, end)),
        items=spans(runs(inside)),
    )


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))


def _plain(passage: Readable) -> Readable:
    return Readable(readable(passage.text), readable(passage.context))


def _digest(path: Path) -> str:
    """Tells one model file from another; "missing" where there is none, which `read` reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:12]
    except OSError:
        return "missing"
