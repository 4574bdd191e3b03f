"""Sentence encoders: text -> unit vectors whose inner product says how near two meanings are.

`load_encoder("builtin")` is the model shipped in index/model; any other name is a folder or a Hugging Face model that
sentence-transformers can load, where the extra `models` is installed. A static model (one vector a token, as the builtin
one) is run here on numpy alone, without torch; a test holds it against sentence-transformers.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.simplified import simplified
from index.errors import EncoderError
from index.extras import models_for

Vectors = NDArray[np.float32]
BUILTIN = "builtin"
_BUILTIN_FOLDER = Path(__file__).parent / "model"
_BATCH = 512  # texts tokenised and gathered at a time: bounds the memory, not the result
_HINT = "请检查编码器设置：可填 builtin、本地模型文件夹，或已下载的 Hugging Face 模型名（如 BAAI/bge-small-zh-v1.5）。"

# Prompts that a family was trained with but does not carry in its config: encode_query would silently leave them out
# and recall would fall. BGE's come from its model card (queries only), E5's from its paper (both sides).
_FAMILY_PROMPTS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"bge-(small|base|large)-zh", re.I), "为这个句子生成表示以用于检索相关文章：", ""),
    (re.compile(r"\be5-(small|base|large)(?!.*instruct)", re.I), "query: ", "passage: "),
)
_DTYPES = {"F16": "<f2", "F32": "<f4"}  # what the static path reads; other weights go through sentence-transformers


class Encoder(Protocol):
    """Turns texts into vectors of `dim` float32 of length 1; the vector of a text without a known token may be zero.

    `id` names the model and its content: vectors of encoders with different ids must not be compared.
    """

    @property
    def id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """What people ask: shape (len(texts), dim)."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """What is searched: shape (len(texts), dim)."""
        ...


def load_encoder(name: str = BUILTIN) -> Encoder:
    """The encoder called `name`: "builtin", a model folder, or a Hugging Face model name.

    >>> encoder = load_encoder()
    >>> encoder.encode_queries(["公司能补多少钱"]).shape == (1, encoder.dim)
    True

    Raises EncoderError where the folder or model is missing or cannot be loaded.
    """
    folder = _BUILTIN_FOLDER if name == BUILTIN else Path(name).expanduser()
    if name.strip() and folder.is_dir():
        return _load_folder(folder, name)
    if name == BUILTIN or _is_path(name):
        raise EncoderError(f"找不到编码器模型文件夹：{folder}", _HINT)
    return SentenceTransformerEncoder(name, name)


@cache
def builtin_id() -> str:
    """The id of the builtin encoder, without loading it."""
    return f"{BUILTIN}-{_content_hash(_BUILTIN_FOLDER)}"


def is_earlier_builtin(identity: str) -> bool:
    """Whether an encoder's id is that of the builtin one of another version of this program."""
    return identity.startswith(f"{BUILTIN}-") and identity != builtin_id()


def _load_folder(folder: Path, name: str) -> Encoder:
    if not any((folder / file).is_file() for file in ("modules.json", "config.json")):
        raise EncoderError(f"文件夹里没有编码器模型：{folder}", _HINT)
    label = BUILTIN if name == BUILTIN else folder.resolve().name
    identity = builtin_id() if name == BUILTIN else f"{label}-{_content_hash(folder)}"
    static = _static_folder(folder)
    if static is not None:
        return StaticEncoder(static, identity)
    return SentenceTransformerEncoder(str(folder), label, identity)


def _is_path(name: str) -> bool:
    """A hub name is `model` or `owner/model`; whatever else is written is meant as a path."""
    return name.startswith((".", "~", "/")) or "\\" in name or name.count("/") > 1 or not name.strip()


def _content_hash(folder: Path) -> str:
    """12 hex digits over the files that decide the vectors; the card may be edited without a new index."""
    total = hashlib.blake2b(digest_size=6)
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"]
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        with path.open("rb") as file:
            total.update(path.relative_to(folder).as_posix().encode())
            total.update(hashlib.file_digest(file, "blake2b").digest())
    return total.hexdigest()


class StaticEncoder:
    """A static model run on numpy: the mean of the tokens' vectors, scaled to length 1.

    The weights stay memory-mapped in the type they are stored in; queries and passages are encoded alike. `folder` is
    the module folder with `tokenizer.json` and `model.safetensors`. Raises EncoderError where one is missing or broken.

    >>> StaticEncoder(Path("index/model"), "mine").encode_passages([""]).any()
    False
    """

    def __init__(self, folder: Path, identity: str) -> None:
        from tokenizers import Tokenizer

        try:
            self._rows = _mapped_rows(folder / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise EncoderError(f"编码器模型文件夹不完整或已损坏：{folder}（{error}）", _HINT) from error
        if self._tokenizer.get_vocab_size() > len(self._rows):
            raise EncoderError(f"编码器的词表与权重行数不符：{folder}", _HINT)
        self._tokenizer.no_padding()
        self.folder = folder
        self.id = identity
        self.dim = int(self._rows.shape[1])

    @property
    def rows(self) -> NDArray[Any]:
        """The vector of each token, as stored: shape (tokens, dim)."""
        return self._rows

    @property
    def vocabulary(self) -> dict[str, int]:
        """The row of each token."""
        tokens: dict[str, int] = self._tokenizer.get_vocab()
        return tokens

    def with_rows(self, rows: NDArray[Any], identity: str) -> StaticEncoder:
        """This encoder with other vectors for the same tokens."""
        other = copy.copy(self)
        other._rows, other.id = rows, identity
        return other

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The rows of each text's tokens."""
        batch = [simplified(text) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            ids = self.token_ids(texts[start : start + _BATCH])
            vectors[start : start + len(ids)] = self._sums(ids)
        return _unit(vectors)  # the mean and the sum have the same direction

    def _sums(self, ids: list[list[int]]) -> Vectors:
        sums = np.zeros((len(ids), self.dim), dtype=np.float32)
        for place, row in enumerate(ids):
            if row:
                sums[place] = self._rows[row].sum(axis=0, dtype=np.float32)
        return sums


class SentenceTransformerEncoder:
    """Any model that sentence-transformers loads, with the prompts that it was trained with.

    A model whose config has prompts ("query"; "document" or "passage") gets them from encode_query and encode_document;
    one of a family known to need prompts that its config lacks gets the family's. Texts longer than the model takes are
    cut.

    Raises EncoderError where the model cannot be loaded.
    """

    def __init__(self, source: str, name: str, identity: str = "") -> None:
        self._model = _sentence_transformer(source)
        self._query_prompt, self._passage_prompt = _missing_prompts(self._model.prompts, name)
        self.id = identity or f"{name}@{_revision(self._model)}"
        self.dim = int(self.encode_queries(["维"]).shape[1])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(self._model.encode_query, texts, self._query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(self._model.encode_document, texts, self._passage_prompt)

    def _encode(self, encode: Any, texts: Sequence[str], prompt: str | None) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        batch = [_encodable(text) for text in texts]
        found = encode(batch, prompt=prompt, convert_to_numpy=True, show_progress_bar=False)
        # A half-precision Normalize module divides the zero vector of an empty text by zero.
        return _unit(np.nan_to_num(np.asarray(found, dtype=np.float32)))


def _static_folder(folder: Path) -> Path | None:
    """The module folder where `folder` is StaticEmbedding, optionally with Normalize, in a type that numpy has."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
        place = folder / modules[0]["path"]
        with (place / "model.safetensors").open("rb") as file:
            header, _ = _header(file.read(8), file)
        config = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    prompted = any((config.get("prompts") or {}).values())  # a prompt must be tokenised by sentence-transformers
    plain = kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])
    weights = header.get("embedding.weight")
    return place if plain and not prompted and weights and weights["dtype"] in _DTYPES else None


def _header(size: bytes, file: Any) -> tuple[dict[str, Any], int]:
    """The JSON header of a safetensors file and where the tensors begin (bytes)."""
    length = int.from_bytes(size, "little")
    if length > 1 << 20:
        raise ValueError("not a safetensors file")
    return json.loads(file.read(length)), 8 + length


def _mapped_rows(path: Path) -> NDArray[Any]:
    """The embedding table of a safetensors file, memory-mapped: shape (tokens, dim)."""
    with path.open("rb") as file:
        header, begins = _header(file.read(8), file)
    weights = header["embedding.weight"]
    offset = begins + weights["data_offsets"][0]
    mapped = np.memmap(path, _DTYPES[weights["dtype"]], "r", offset, tuple(weights["shape"]))
    return mapped.view(np.ndarray)


def _sentence_transformer(source: str) -> Any:
    try:
        with models_for(f"编码器模型 {source} ", EncoderError):
            from sentence_transformers import SentenceTransformer
        return SentenceTransformer(source)
    except EncoderError:
        raise
    except Exception as error:  # hub, tokeniser and weight readers each raise errors of their own
        raise EncoderError(f"无法加载编码器模型：{source}（{error}）", _HINT) from error


def _missing_prompts(own: dict[str, str | None], name: str) -> tuple[str | None, str | None]:
    """The prompts to give for queries and passages; None leaves the choice to the model's own config."""
    if any(own.values()):
        return None, None
    for pattern, query, passage in _FAMILY_PROMPTS:
        if pattern.search(name):
            return query, passage
    return None, None


def _revision(model: Any) -> str:
    """The commit of a hub model, or "unknown" where the model does not say."""
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    return str(getattr(config, "_commit_hash", None) or "unknown")


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which no tokeniser takes."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
