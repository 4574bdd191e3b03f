"""Writes the reader that is shipped: `python -m index.training.reader.export --checkpoint DIR --weights DIR/reader.pt --out index/reader/model`.

An ONNX graph with int8 weights (one scale an output channel) for ONNX Runtime: `ids` (n, t) of int64, padded with 1, give `tokens`
(n, t, 3) and `whole` (n, 5). Query, key and value of a layer are one product. Activations are quantised as they come, with one
scale a tensor. Vectors of pieces have a scale each. Weights keep to 7 bits, since the 8-bit products of processors without VNNI (AVX2) would overflow otherwise.
`--full` also writes the graph in float32, which the int8 one is measured against.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from index.reader.onnx import MODEL, SETTINGS, TOKENIZER
from index.training.reader.network import END, TOKEN, WHOLE, JointReader, passage_of
from index.training.reader.train import PAD, QUESTION_TOKENS, START, TITLE_TOKENS

OPSET = 17
SERVED_TOKENS = 448
"""Of a window: more than in training, so that a passage of 500 characters is read once and not in two halves that overlap. On
held-out contexts that are that long F1 is the same (CMRC 2018 0.645 for 0.641, DRCD 0.762 for 0.766; a third of them)."""

HEADS = ("token", "pooled", "whole", "deciding", "yes")


class Served(nn.Module):
    """The network as it is served: ids alone, three products in one, and (but where it is `exact`) the vectors of the pieces in
    int8 with a scale each."""

    def __init__(self, reader: JointReader, exact: bool = False) -> None:
        super().__init__()
        self.reader, self.exact = reader, exact
        self.words: Tensor
        self.scales: Tensor
        words = reader.encoder.embeddings.word_embeddings.weight.data
        scales = words.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("scales", scales)
        self.register_buffer("words", (words / scales).round().to(torch.int8))
        self.joined = nn.ModuleList()
        for layer in reader.encoder.encoder.layer:
            parts = [layer.attention.self.query, layer.attention.self.key, layer.attention.self.value]
            one = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
            size = (parts[0].out_features // reader.heads) ** -0.5  # scores are scaled in the weights of the queries
            one.weight.data = torch.cat([parts[0].weight.data * size, parts[1].weight.data, parts[2].weight.data])
            one.bias.data = torch.cat([parts[0].bias.data * size, parts[1].bias.data, parts[2].bias.data])
            self.joined.append(one)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        reader, embeddings = self.reader, self.reader.encoder.embeddings
        places = embeddings.position_embeddings.weight[: ids.shape[1]] + embeddings.token_type_embeddings.weight[0]
        pieces = embeddings.word_embeddings(ids) if self.exact else self.words[ids].float() * self.scales[ids]
        hidden = embeddings.LayerNorm(pieces + places)
        away = (ids == PAD)[:, None, None, :].to(hidden.dtype) * -1e4
        rows, length, width = hidden.shape
        for joined, layer in zip(self.joined, reader.encoder.encoder.layer, strict=True):
            split = joined(hidden).view(rows, length, 3, reader.heads, width // reader.heads)
            query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
            mixed = (query @ key.transpose(-1, -2) + away).softmax(-1) @ value
            inner = layer.attention.output
            hidden = inner.LayerNorm(inner.dense(mixed.transpose(1, 2).reshape(rows, length, width)) + hidden)
            hidden = layer.output.LayerNorm(layer.output.dense(layer.intermediate(hidden)) + hidden)
        token = reader.token(hidden)
        return token, reader.said(hidden, token, (ids != PAD).long() * passage_of(ids))


def export(reader: JointReader, path: Path, exact: bool = True) -> None:
    """Writes the graph in float32, but where it is not to be `exact` for the vectors of the pieces."""
    served = Served(reader, exact).eval()  # the exporter puts back the mode that it found
    ids = torch.randint(5, 9, (2, 24))
    torch.onnx.export(
        served, (ids,), str(path),
        input_names=["ids"], output_names=["tokens", "whole"], opset_version=OPSET, dynamo=False,
        dynamic_axes={"ids": {0: "n", 1: "t"}, "tokens": {0: "n", 1: "t"}, "whole": {0: "n"}},
    )  # fmt: skip


def quantise(full: Path, out: Path) -> None:
    """Writes the graph with int8 weights. The small heads stay in float32: they decide, and cost nothing."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(full)).graph
    heads = [n.name for n in graph.node if n.op_type in ("MatMul", "Gemm") and n.name.split("/")[1] in HEADS]
    if len(heads) != len(HEADS):
        raise ValueError(f"heads not found in the graph: {heads}")
    heads += [f"{name}_MatMul" for name in heads]  # as the quantiser renames a Gemm before it looks
    quantize_dynamic(
        str(full), str(out), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, nodes_to_exclude=heads,
        op_types_to_quantize=["MatMul"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.export", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full", type=Path, help="a folder for the same reader in float32")
    given = parser.parse_args()
    reader = JointReader(given.checkpoint)
    weights = torch.load(given.weights, weights_only=True)
    reader.load_state_dict(weights.get("model", weights))
    settings = {
        "token": list(TOKEN), "whole": list(WHOLE), "tokens": SERVED_TOKENS, "question_tokens": QUESTION_TOKENS,
        "context_tokens": TITLE_TOKENS, "start": START, "end": END, "pad": PAD,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / MODEL
        export(reader, graph, exact=False)
        for out in [given.out, *([given.full] if given.full else [])]:
            out.mkdir(parents=True, exist_ok=True)
            shutil.copy(given.checkpoint / TOKENIZER, out / TOKENIZER)
            (out / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
        quantise(graph, given.out / MODEL)
        if given.full:
            export(reader, given.full / MODEL)


if __name__ == "__main__":
    main()
