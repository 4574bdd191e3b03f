"""The light reranker: a small network over features of the candidates, two milliseconds for fifty."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.errors import EncoderError
from index.light_features import FEATURES, QUERY_FEATURES, Reading, features

Values = NDArray[np.float32]

FOLDER = Path(__file__).parent / "reranker"
MODEL = "model.safetensors"
# Standard deviations that a feature may be away from its mean: one odd candidate must not decide.
_MOST = 4.0
_MOST_ASKED = 3.0
_TINY = 1e-6
# What the learned score, scaled to 0..1 over the candidates, counts beside the fused one. Alone (1) it is as good on
# statutes, but policy questions, which the model has never seen the like of, then get fewer right answers: by share 0.3,
# 0.5, 0.7, 1 of 175 questions right 0.760, 0.754, 0.743, 0.749 (0.760 without), while MRR@10 of statutes dev is 0.501,
# 0.517, 0.529, 0.528 (0.466 without).
SHARE = 0.5


class LightReranker:
    """The learned model in `folder`, run on numpy.

    >>> Searcher(snapshot, encoder, tokenizer, reranker=LightReranker())

    learned(c) = l . x(c) + sum over hidden units of o * silu(h . (x(c), q) + b), x(c) the features of a candidate scaled
    over the candidates of the question, q those of the question scaled over the training questions. The score, in 0..1,
    is the mean of the learned and the fused one by `SHARE`. Safe for several threads.

    Raises EncoderError where the model is missing, damaged, or made for other features.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        try:
            self._weights, told = read_model(folder / MODEL)
            self.id = f"light-{hashlib.blake2b((folder / MODEL).read_bytes(), digest_size=6).hexdigest()}"
            fits = told == {"features": " ".join(FEATURES), "asked": " ".join(QUERY_FEATURES)}
        except Exception as error:  # safetensors raises an error of its own
            raise EncoderError(f"重排模型缺失或已损坏：{folder}（{error}）", "请重新安装") from error
        if not fits:
            raise EncoderError(f"重排模型与程序版本不符：{folder}", "请重新安装，或重新训练（index.training.light）")
        self._reading: Reading | None = None

    def scores(self, found: Candidates) -> Values:
        if not len(found):
            return np.zeros(0, dtype=np.float32)
        own, asked = features(found, self._reading_of(found))
        weights = self._weights
        learned = score(weights, scaled(own), scaled_asked(asked, weights["asked_mean"], weights["asked_spread"]))
        result: Values = SHARE * _to_unit(learned) + (1 - SHARE) * found.fused
        return result

    def _reading_of(self, found: Candidates) -> Reading:
        """What is read of the index once: again where another one is searched."""
        reading = self._reading
        if reading is None or (reading.folder, reading.encoder_id) != (found.snapshot.folder, found.encoder.id):
            reading = self._reading = Reading.of(found.snapshot, found.encoder)
        return reading


def scaled(own: Values) -> Values:
    """Features of the candidates of one question with mean 0 and deviation 1; 0 where all are alike."""
    away = own - own.mean(axis=0)
    spread = own.std(axis=0)
    result: Values = np.clip(np.where(spread > _TINY, away / np.maximum(spread, _TINY), 0), -_MOST, _MOST)
    return result


def scaled_asked(asked: Values, mean: Values, spread: Values) -> Values:
    """Features of a question as they were scaled in training."""
    result: Values = np.clip((asked - mean) / spread, -_MOST_ASKED, _MOST_ASKED)
    return result


def score(weights: dict[str, Values], own: Values, asked: Values) -> Values:
    """The scores of candidates, (n,), by their scaled features and those of the question."""
    width = own.shape[1]
    hidden = own @ weights["hidden"][:, :width].T + (weights["hidden"][:, width:] @ asked + weights["bias"])
    hidden /= 1 + np.exp(-np.clip(hidden, -60, 60))
    result: Values = (own @ weights["linear"] + hidden @ weights["out"]).astype(np.float32)
    return result


def _to_unit(values: Values) -> Values:
    """Lowest 0, highest 1; all 0 where they are alike."""
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, _TINY), dtype=np.float32)


def read_model(path: Path) -> tuple[dict[str, Values], dict[str, str]]:
    """The weights in a file, and the names of the features that they are for. Raises ValueError where they do not fit each other."""
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        told = file.metadata() or {}
    own, asked = len(FEATURES), len(QUERY_FEATURES)
    units = len(weights["bias"])
    shapes = {"linear": (own,), "hidden": (units, own + asked), "bias": (units,), "out": (units,)}
    shapes |= {"asked_mean": (asked,), "asked_spread": (asked,)}
    if {name: values.shape for name, values in weights.items()} != shapes:
        raise ValueError("unexpected tensors")
    return weights, {name: told.get(name, "") for name in ("features", "asked")}
