"""The learned weights of this room, as `python -m eval.turns` writes them: qa/turns/turns.npz, see README.md."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import BadScorer
from qa.turns.fluency import BUCKETS as FLUENCY_BUCKETS
from qa.turns.lean import BUCKETS, GRAM, SIGNALS
from qa.turns.rank import KINDS, WIDTH

FILE = Path(__file__).parent / "turns.npz"

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """Rows of `dense` and `grams`: small talk, leaning, then one a kind. `splice` scores a way to make a turn whole."""

    fluency: NDArray[np.uint8]
    mean: Array
    scale: Array
    dense: Array
    grams: Array
    bias: Array
    splice: Array

    def logits(self, signals: Array, slots: NDArray[np.int64]) -> Array:
        """A logit a row, of the signals and n-grams of a turn."""
        said = self.dense @ ((signals - self.mean) / self.scale) + self.bias
        return np.asarray(said + self.grams[:, slots].sum(1) * (GRAM / max(1, len(slots)) ** 0.5), np.float32)

    def save(self, path: Path) -> None:
        """Raises OSError."""
        held = {name: getattr(self, name) for name in self.__slots__}
        np.savez_compressed(
            path,
            allow_pickle=False,
            **{
                n: v if n == "fluency" else v.astype(np.float16 if n == "grams" else np.float32)
                for n, v in held.items()
            },
        )


def model_of(told: Mapping[str, NDArray[np.generic]]) -> Model:
    """The model of such a file. Raises ValueError where its parts do not fit, KeyError where one is missing."""
    parts = {name: told[name].astype(np.float32) for name in Model.__slots__ if name != "fluency"}
    found = Model(fluency=told["fluency"].astype(np.uint8), **parts)
    rows = 2 + len(KINDS)
    shapes = (found.mean.shape, found.dense.shape, found.grams.shape, found.splice.shape, found.fluency.shape)
    if shapes != ((len(SIGNALS),), (rows, len(SIGNALS)), (rows, BUCKETS), (WIDTH,), (FLUENCY_BUCKETS,)):
        raise ValueError("other signals or features")
    return found


@cache
def load_model(path: Path = FILE) -> Model:
    """Raises BadScorer where the file is missing or broken."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as told:
            return model_of(told)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadScorer(f"对话模型损坏：{path.name}", "请重新安装，或重新生成该文件") from error
