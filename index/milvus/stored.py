"""A generation in Milvus: the fields of its rows, and rows fetched together and kept for a while.

A row is a passage with its vector and its tokens. The tokens are a sparse vector of tf / (tf + k1 * (1 - b + b * |d| / avg|d|)) by token
number: multiplied by the idf of a question's tokens this is BM25 to the last digits, so that Milvus ranks as `index.lexical` does, and
how often a token occurs can be told from it again. What belongs to no row (the vocabulary, the ids of documents) stands in a second
collection, in pieces.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.dense import EXACT_UP_TO, HNSW_EF_BUILD, sized
from index.errors import SnapshotError
from index.lexical import K1, B
from index.milvus.client import Connection
from index.types import Passage

LONGEST_ID = 200
LONGEST_TEXT = 65_535  # bytes; passages have at most some thousand characters
ABOUT = "_about"
"""Ends the name of the collection of what belongs to no row."""

_FIELDS = (
    "row",
    "id",
    "text",
    "context",
    "document_id",
    "clause_id",
    "start",
    "end",
    "length",
    "sparse",
    "dense",
)
_KEPT = 4096  # rows remembered: those of some dozen questions
_FETCHED = 512  # in one request

Vector = NDArray[np.float32]
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it was fetched: `ids` the numbers of its tokens, ascending, `parts` what each adds to BM25 before its idf."""

    passage: Passage
    vector: Vector
    ids: NDArray[np.int32]
    parts: NDArray[np.float32]
    length: int


def in_parts(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    """The values, `size` at a time (itertools.batched of Python 3.12)."""
    return (values[start : start + size] for start in range(0, len(values), size))


def norms(lengths: NDArray[Any], mean: float) -> NDArray[np.float64]:
    """k1 * (1 - b + b * |d| / avg|d|) of passages with so many tokens."""
    told: NDArray[np.float64] = K1 * (1 - B + B * np.asarray(lengths, dtype=np.float64) / max(mean, 1e-9))
    return told


def times_of(row: StoredRow, mean: float) -> NDArray[np.int64]:
    """How often each token of a row occurs in it."""
    parts = row.parts.astype(np.float64)
    return np.rint(parts * norms(np.array([row.length]), mean) / (1 - parts)).astype(np.int64)


def make_rows(dim: int, count: int) -> Any:
    """The schema and indexes of a generation of so many rows, for Connection.create: searched exactly or by a graph as in files."""

    def make(client: Any) -> tuple[Any, Any]:
        from pymilvus import DataType

        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        for name in ("id", "document_id", "clause_id", "digest"):
            schema.add_field(name, DataType.VARCHAR, max_length=LONGEST_ID)
        for name in ("text", "context"):
            schema.add_field(name, DataType.VARCHAR, max_length=LONGEST_TEXT)
        for name in ("document", "start", "end", "length"):
            schema.add_field(name, DataType.INT64)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        indexes = client.prepare_index_params()
        if count <= EXACT_UP_TO:
            indexes.add_index("dense", index_type="FLAT", metric_type="IP")
        else:
            graph = {"M": sized(count)[0], "efConstruction": HNSW_EF_BUILD}
            indexes.add_index("dense", index_type="HNSW", metric_type="IP", params=graph)
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        indexes.add_index("document", index_type="INVERTED")
        return schema, indexes

    return make


def make_about(client: Any) -> tuple[Any, Any]:
    """The schema and index of the collection beside it: pieces of JSON by key, with the vector that Milvus wants of every row."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=LONGEST_ID)
    schema.add_field("value", DataType.JSON)
    schema.add_field("none", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("none", index_type="FLAT", metric_type="IP")
    return schema, indexes


class StoredRows:
    """The rows of a generation. Those asked for together are fetched in one request; the last ones are remembered, since one
    question looks at the same rows several times. Safe for several threads."""

    def __init__(self, connection: Connection, collection: str, count: int) -> None:
        self.connection, self.collection = connection, collection
        self._count = count
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, StoredRow] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def get(self, rows: Iterable[int]) -> list[StoredRow]:
        """The rows with these numbers, in this order. Raises IndexAway; SnapshotError where one is not there."""
        wanted = list(rows)
        with self._lock:
            here = {row: self._kept[row] for row in wanted if row in self._kept}
        missing = [row for row in dict.fromkeys(wanted) if row not in here]
        for start in range(0, len(missing), _FETCHED):
            for told in self.connection.rows(self.collection, missing[start : start + _FETCHED], _FIELDS):
                here[int(told["row"])] = _row(told)
        if any(row not in here for row in wanted):
            raise SnapshotError("索引在 Milvus 里不完整", "重新执行 tiaowen ingest")
        with self._lock:
            for row in wanted:
                self._kept[row] = here[row]
                self._kept.move_to_end(row)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return [here[row] for row in wanted]


def _row(told: dict[str, Any]) -> StoredRow:
    passage = Passage(
        told["id"],
        told["text"],
        told["context"],
        told["document_id"],
        told["clause_id"],
        int(told["start"]),
        int(told["end"]),
    )
    sparse = sorted((int(number), float(part)) for number, part in told["sparse"].items())
    return StoredRow(
        passage,
        np.array(told["dense"], dtype=np.float32),
        np.array([number for number, _ in sparse if number], dtype=np.int32) - 1,
        np.array([part for number, part in sparse if number], dtype=np.float32),
        int(told["length"]),
    )


def sparse_of(ids: Sequence[int], parts: Sequence[float]) -> dict[int, float]:
    """Tokens by number as Milvus keeps them: from 1 on, since 0 holds a place in passages without any (a sparse vector may not be empty)."""
    return {int(number) + 1: float(part) for number, part in zip(ids, parts, strict=True)} or {0: 1.0}


def plain(text: str) -> str:
    """`text` with "?" for lone surrogates, which Milvus does not keep: as long as it was. Quotes are of the document, not of the row."""
    return text.encode("utf-8", "replace").decode("utf-8")
