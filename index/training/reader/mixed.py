"""Weights between two stages of a reader: `python -m index.training.reader.mixed --from A.pt --to B.pt --share 0.7 --out C.pt`.

A stage that learns new questions forgets some of what the one before could do. Between the weights it began from and those it ended
with lie some that do both better than either (Wortsman et al. 2022, Robust fine-tuning of zero-shot models).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor


def mixed(begun: Mapping[str, Tensor], ended: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """`share` (0..1) of the weights `ended` and the rest of `begun`. Raises ValueError where they are of different models."""
    shapes = [{name: tuple(value.shape) for name, value in weights.items()} for weights in (begun, ended)]
    if shapes[0] != shapes[1]:
        raise ValueError("these weights are of different models")
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies in 0..1, not {share}")
    return {
        name: (1 - share) * begun[name].float() + share * value.float() if value.is_floating_point() else value
        for name, value in ended.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.mixed", description=__doc__)
    parser.add_argument("--from", dest="begun", type=Path, required=True, help="the weights that a stage began from")
    parser.add_argument("--to", dest="ended", type=Path, required=True, help="those it ended with")
    parser.add_argument("--share", type=float, default=0.7, help="how much of the latter")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    begun, ended = (torch.load(path, weights_only=True) for path in (given.begun, given.ended))
    torch.save(mixed(begun, ended, given.share), given.out)


if __name__ == "__main__":
    main()
