"""Where the vectors start: words that stand among the same words get similar vectors (PPMI and a truncated SVD).

Levy and Goldberg 2014, with the context smoothing of Levy, Goldberg and Dagan 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_REACH = 5  # tokens to either side; nearer ones count more
_SMOOTH = 0.75


def word_vectors(texts: Sequence[Sequence[int]], rows: int, width: int, seed: int) -> Tensor:
    """A vector of length 1 for each token that `texts` (token ids) hold, zero for the others: shape (rows, width)."""
    left, right, weight = _pairs(texts, rows)
    by_left = np.bincount(left, weight, rows)
    by_right = np.bincount(right, weight, rows) ** _SMOOTH
    by_right /= by_right.sum()
    information = np.log(weight / (by_left[left] * by_right[right]))
    kept = information > 0
    places = torch.from_numpy(np.stack((left[kept], right[kept])))
    values = torch.from_numpy(information[kept]).float()
    matrix = torch.sparse_coo_tensor(places, values, (rows, rows), check_invariants=False).coalesce()
    torch.manual_seed(seed)
    return torch.nn.functional.normalize(_reduced(matrix, width))


Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def _pairs(texts: Sequence[Sequence[int]], rows: int) -> Pairs:
    """Ordered pairs of tokens within reach, each once, and the sum of 1/distance over the places where they stand."""
    gap = [-1] * _REACH  # keeps texts apart
    flat = np.fromiter((token for text in texts for token in (*text, *gap)), dtype=np.int64)
    keys, weights = np.empty(0, dtype=np.int64), np.empty(0)
    for distance in range(1, _REACH + 1):
        one, two = flat[:-distance], flat[distance:]
        both = (one > 0) & (two > 0)
        found, counts = np.unique(one[both] * rows + two[both], return_counts=True)
        keys, weights = np.concatenate((keys, found)), np.concatenate((weights, counts / distance))
    keys = np.concatenate((keys, keys % rows * rows + keys // rows))
    keys, places = np.unique(keys, return_inverse=True)
    total = np.bincount(places, np.concatenate((weights, weights))).astype(np.float64)
    common = total >= 1.0
    return keys[common] // rows, keys[common] % rows, total[common]


def _reduced(matrix: Tensor, width: int) -> Tensor:
    """A randomised SVD (Halko et al. 2011): the `width` strongest directions, times the roots of their strengths."""
    sketch = torch.randn(matrix.shape[1], width + 32)
    for _ in range(4):  # the matrix is symmetric but for the smoothing: its own product sharpens the sketch
        sketch = torch.linalg.qr(matrix @ sketch).Q
    values, turned = torch.linalg.eigh(sketch.T @ (matrix @ sketch))
    largest = values.abs().argsort(descending=True)[:width]
    directions: Tensor = sketch @ turned[:, largest] * values[largest].abs().sqrt()
    return directions
