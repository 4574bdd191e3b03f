"""A fitted linear model over named features, as the files of weights tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic model: a weight for each feature, and the bias. Of a conditional logit only differences within a question mean something."""

    weights: NDArray[np.float32]
    bias: float

    @classmethod
    def of(cls, told: Mapping[str, Any], names: Sequence[str]) -> Linear:
        """From the weights by the names of the features; one that is not named weighs nothing. Raises ValueError, KeyError, TypeError or
        AttributeError where `told` is no such model."""
        weights = told["weights"]
        if unknown := weights.keys() - set(names):
            raise ValueError(f"unknown features {sorted(unknown)}")
        fit = cls(np.array([weights.get(name, 0.0) for name in names], dtype=np.float32), float(told["bias"]))
        if not np.isfinite(fit.weights).all() or not np.isfinite(fit.bias):
            raise ValueError("weights that are no numbers")
        return fit

    def logits(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Those of rows of features (n, len(names)), (n,)."""
        return (rows @ self.weights + np.float32(self.bias)).astype(np.float32)
