"""Where the static vectors may start: what a transformer makes of each token alone.

Every token is read once by the checkpoint of `index.training.reader.checkpoint` (a multilingual-e5-small), its vectors are taken to
fewer dimensions by principal components; their weights by frequency come with the rest of the start (`Vectors` in static.py).
The method is that of model2vec (Tulkens and van Dongen 2024, "Model2Vec: Fast State-of-the-Art Static Embeddings").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

_PROMPT = "query: "  # with which E5 reads what is not a passage
_BATCH = 512


@torch.inference_mode()
def token_vectors(tokens: Sequence[str], checkpoint: Path, width: int) -> Tensor:
    """A vector of length 1 for each token, zero for an empty one: shape (tokens, width)."""
    from tokenizers import Tokenizer
    from transformers import BertModel

    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    model = BertModel.from_pretrained(checkpoint, add_pooling_layer=False).eval()
    pad = model.config.pad_token_id
    ids = [[0, *e.ids, 2] for e in tokenizer.encode_batch([_PROMPT + t for t in tokens], add_special_tokens=False)]
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    out = torch.zeros(len(ids), model.config.hidden_size)
    for begin in range(0, len(order), _BATCH):
        rows = order[begin : begin + _BATCH]
        longest = len(ids[rows[-1]])
        batch = torch.tensor([ids[at] + [pad] * (longest - len(ids[at])) for at in rows])
        mask = (batch != pad).float()
        hidden = model(input_ids=batch, attention_mask=mask).last_hidden_state
        out[rows] = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return reduced(functional.normalize(out), width) * torch.tensor([bool(t) for t in tokens])[:, None]


def reduced(vectors: Tensor, width: int) -> Tensor:
    """The first `width` principal components of the rows, each row of length 1."""
    centred = vectors - vectors.mean(0)
    _, directions = torch.linalg.eigh(centred.T @ centred)  # in rising order
    return functional.normalize(centred @ directions.flip(1)[:, :width])
