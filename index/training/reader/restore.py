"""Turns the reader that is shipped back into weights to train on from: `python -m index.training.reader.restore --checkpoint DIR --out FILE`.

What int8 lost stays lost (a few thousandths of the answers), and comes back with the first steps: `train --init FILE`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index.reader.onnx import FOLDER, MODEL
from index.training.reader.network import JointReader

_PER_LAYER = ("joined", "attention.output.dense", "intermediate.dense", "output.dense")
_HEADS = ("pooled", "deciding", "whole", "yes")


def restored(path: Path, checkpoint: Path) -> JointReader:
    """The network with the weights of a served graph; `checkpoint` says how it is built."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    reader = JointReader(checkpoint)
    state: dict[str, Any] = {
        name.removeprefix("reader."): value for name, value in values.items() if name.startswith("reader.")
    }
    state = {name: value for name, value in state.items() if name in reader.state_dict()}
    state["encoder.embeddings.word_embeddings.weight"] = values["words"].astype(np.float32) * values["scales"]
    for name in _HEADS:
        state[f"{name}.weight"] = values[f"reader.{name}.weight_Transposed"].T
    [token] = [n.input[1] for n in graph.node if n.op_type == "MatMul" and n.input[1] in values and "token" in n.name]
    state["token.weight"] = values[token].T
    products = [_dequantised(values, node.input[1]) for node in graph.node if node.op_type == "MatMulInteger"]
    size = (reader.encoder.config.hidden_size // reader.heads) ** -0.5
    for layer in range(reader.encoder.config.num_hidden_layers):
        own = dict(zip(_PER_LAYER, products[4 * layer : 4 * layer + 4], strict=True))
        weights, biases = np.split(own.pop("joined"), 3), np.split(values[f"joined.{layer}.bias"], 3)
        for part, weight, bias, scale in zip(("query", "key", "value"), weights, biases, (size, 1, 1), strict=True):
            state[f"encoder.encoder.layer.{layer}.attention.self.{part}.weight"] = weight / scale
            state[f"encoder.encoder.layer.{layer}.attention.self.{part}.bias"] = bias / scale
        for name, weight in own.items():
            state[f"encoder.encoder.layer.{layer}.{name}.weight"] = weight
    told = reader.load_state_dict(
        {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in state.items()}, strict=False
    )
    left = [name for name in told.missing_keys if "position_embeddings" not in name and "token_type" not in name]
    if left or told.unexpected_keys:
        raise ValueError(f"the graph does not fit the network: {left}, {told.unexpected_keys}")
    return reader


def _dequantised(values: dict[str, Any], name: str) -> Any:
    """A weight (out, in) of the graph's int8 one (in, out) with a scale for each column."""
    stem = name.removesuffix("_quantized")
    zero = values[f"{stem}_zero_point"].astype(np.float32)
    return ((values[name].astype(np.float32) - zero) * values[f"{stem}_scale"]).T


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.restore", description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER / MODEL)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.save(restored(given.model, given.checkpoint).state_dict(), given.out)


if __name__ == "__main__":
    main()
