"""The network of the joint reader: a BERT encoder with a head at each token and one at the first.

The encoder is that of transformers, read from the checkpoint; its layers are run here, with dropout that is the same at every
token of a sequence (Gal & Ghahramani 2016) and attention in bfloat16, which together train three times as fast on two cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

TOKEN = ("start", "end", "inside")
"""What is said of each token, as logits."""

WHOLE = ("answers", "asks_yes_no", "yes", "several", "relevant")
"""What is said of question and passage, as logits: the passage answers; the question wants yes or no; it is yes; the answer is
several spans; and how well the passage fits the question, to be compared over passages of one question."""

LAYERS = 9
"""Of the twelve of the checkpoint, the first: those above had learnt to sum a text up in one vector."""

DROP = 0.1
END = 2
"""The id of </s>, which stands behind the question, the title and the passage."""


def passage_of(ids: Tensor) -> Tensor:
    """1 for the tokens between the second and the third </s>, where the passage stands, else 0."""
    ends = (ids == END).long()
    return (ends.cumsum(-1) == 2).long() * (1 - ends)


class JointReader(nn.Module):
    """ids (n, t) and the mask of real tokens (n, t) -> logits of the tokens (n, t, 3) and of the whole (n, 5)."""

    def __init__(self, checkpoint: Path, layers: int = LAYERS) -> None:
        super().__init__()
        from transformers import BertModel

        self.encoder = BertModel.from_pretrained(checkpoint, add_pooling_layer=False)
        self.encoder.encoder.layer = self.encoder.encoder.layer[:layers]
        self.encoder.config.num_hidden_layers = len(self.encoder.encoder.layer)
        width = self.encoder.config.hidden_size
        self.heads = self.encoder.config.num_attention_heads
        self.token = nn.Linear(width, len(TOKEN))
        self.pooled = nn.Linear(width, width)
        self.whole = nn.Linear(width, len(WHOLE))
        self.deciding = nn.Linear(2 * width, width)
        self.yes = nn.Linear(width, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.dropped(self.encoder.embeddings(input_ids=ids))
        away = (1 - mask[:, None, None, :].to(hidden.dtype)) * -1e4
        for layer in self.encoder.encoder.layer:
            hidden = self.layer(layer, hidden, away)
        token = self.token(hidden)
        return token, self.said(hidden, token, mask * passage_of(ids))

    def layer(self, layer: Any, hidden: Tensor, away: Tensor) -> Tensor:
        """What one layer of the encoder makes of the vectors."""
        mixed = self.attention(layer.attention.self, hidden, away)
        inner = layer.attention.output
        hidden = inner.LayerNorm(self.dropped(inner.dense(mixed)) + hidden)
        said = layer.output.dense(layer.intermediate(hidden))
        out: Tensor = layer.output.LayerNorm(self.dropped(said) + hidden)
        return out

    def compile_layers(self) -> None:
        """From here on one compiled function runs each layer (torch.compile; needs a C++ compiler): elementwise steps are fused."""
        self.layer = torch.compile(self.layer, dynamic=True)  # type: ignore[method-assign]

    def said(self, hidden: Tensor, token: Tensor, passage: Tensor) -> Tensor:
        """The logits of the whole. Whether it is yes is said from the words that decide, too: where the answer seems to begin and
        end in the passage, each token counts as much as that is likely."""
        first = self.dropped(nn.functional.gelu(self.pooled(hidden[:, 0])), row=True)
        likely = (token.detach()[..., :2].float().sum(-1) + (1 - passage.float()) * -1e4).softmax(-1).to(hidden.dtype)
        words = (likely[:, None, :] @ hidden)[:, 0]
        decided = self.dropped(nn.functional.gelu(self.deciding(torch.cat([hidden[:, 0], words], -1))), row=True)
        told = self.whole(first)
        return torch.cat([told[:, :2], self.yes(decided), told[:, 3:]], -1)

    def attention(self, part: Any, hidden: Tensor, away: Tensor) -> Tensor:
        n, t, width = hidden.shape
        size = width // self.heads

        def split(linear: Any) -> Tensor:
            values: Tensor = linear(hidden)
            return values.view(n, t, self.heads, size).transpose(1, 2)

        query, key, value = split(part.query), split(part.key), split(part.value)
        with torch.autocast(hidden.device.type, enabled=False):
            scores = query @ key.transpose(-1, -2) * size**-0.5 + away.to(query.dtype)
            mixed: Tensor = scores.softmax(-1) @ value
        return mixed.transpose(1, 2).reshape(n, t, width)

    def dropped(self, values: Tensor, row: bool = False) -> Tensor:
        """`values` with the same tenth of the coordinates zeroed at all tokens of a sequence, while training."""
        if not self.training:
            return values
        shape = (values.shape[0], values.shape[-1]) if row else (values.shape[0], 1, values.shape[-1])
        keep = (torch.rand(shape, device=values.device) >= DROP).to(values.dtype) / (1 - DROP)
        return values * keep
