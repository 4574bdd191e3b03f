"""A generation of the index in Milvus: built beside the one in use, then switched to by the alias."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.errors import SnapshotError
from index.milvus.client import Connection
from index.milvus.parts import MilvusDense, MilvusDocuments, MilvusLexical, MilvusPassages
from index.milvus.stored import ABOUT, StoredRows, in_parts, make_about, make_rows, norms, plain, sparse_of
from index.postings import Counts, count
from index.tokens import Tokenizer
from index.types import Passage

REBUILD = "重新执行 tiaowen ingest"
_WRITTEN = 256  # rows of an insert: under a megabyte
_LISTED = 2000  # tokens or documents of a piece

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Generation:
    """The parts of a generation, as a snapshot has them."""

    passages: MilvusPassages
    lexical: MilvusLexical
    dense: MilvusDense
    documents: MilvusDocuments


def write(
    connection: Connection,
    passages: Sequence[Passage],
    texts: Callable[[Passage], str],
    digests: Sequence[bytes],
    encoder: Encoder,
    tokenizer: Tokenizer,
    tell: Tell,
    old: MilvusLexical | None,
    content: str = "",
) -> str:
    """Writes a new generation, which nobody sees until `publish`; returns its collection. Of passages whose text (by its digest) is in
    the generation of `old` the vector and the tokens are taken over. `texts` gives what is searched of a passage. `content` tells this
    generation from others (see `holding`).

    Raises IndexAway; SnapshotError where not all rows arrived.
    """
    name = _next(connection)
    kept = _matched(connection, old, digests) if old is not None else {}
    vocabulary: dict[str, int] = {}
    counts = count(_token_lists(passages, texts, tokenizer, old, kept, tell), vocabulary)
    lengths = counts.lengths()
    mean = float(lengths.mean()) if len(lengths) else 0.0
    documents: dict[str, int] = {}
    connection.create(name, make_rows(encoder.dim, len(passages)))
    connection.create(name + ABOUT, make_about)
    done = 0
    for rows in in_parts(range(len(passages)), _WRITTEN):
        vectors = _vectors([passages[row] for row in rows], rows, texts, encoder, old, kept)
        connection.upsert(
            name,
            [
                _told(row, passages[row], documents, digests[row], counts, int(lengths[row]), mean, vector)
                for row, vector in zip(rows, vectors, strict=True)
            ],
        )
        done += len(rows)
        tell("vectors", done, len(passages))
    tell("index", 0, len(passages))
    about = {"passages": len(passages), "dim": encoder.dim, "mean": mean, "content": content}
    connection.upsert(name + ABOUT, list(_about(about, vocabulary, counts, documents)))
    for collection in (name, name + ABOUT):
        connection.finish(collection)
    if connection.count(name) != len(passages):
        raise SnapshotError("写入 Milvus 的段落数不符", REBUILD)
    tell("index", len(passages), len(passages))
    return name


def publish(connection: Connection, collection: str, kept: Sequence[str] = ()) -> None:
    """Lets everybody search a generation that was written, and removes those that are neither it nor among `kept`."""
    before = connection.in_use()
    if before != collection:
        connection.point(collection)
    own = re.compile(re.escape(connection.address.collection) + r"_\d{6}(?:" + ABOUT + ")?")
    staying = {name + end for name in (collection, before, *kept) if name for end in ("", ABOUT)}
    for name in connection.collections():
        if own.fullmatch(name) and name not in staying:
            connection.drop(name)


def holding(connection: Connection, content: str, passages: int) -> str | None:
    """The collection of the generation that everybody searches, where it is of this content and whole: another machine has written it
    from the same documents."""
    collection = connection.in_use()
    if collection is None:
        return None
    for row in connection.rows(collection + ABOUT, ["about"], ["key", "value"]):
        if row["key"] == "about" and _value(row).get("content") == content:
            return collection if connection.count(collection) == passages else None
    return None


def read(connection: Connection, collection: str) -> Generation:
    """Opens a generation. Raises IndexAway; SnapshotError where it is gone or not whole."""
    told = {row["key"]: _value(row) for row in connection.rows(collection + ABOUT, ["about"], ["key", "value"])}
    if "about" not in told:
        raise SnapshotError("索引在 Milvus 里不完整", REBUILD)
    about = told["about"]
    tokens = _pieces(connection, collection, "tokens", about["tokens"])
    frequencies = _pieces(connection, collection, "frequencies", about["tokens"])
    documents = _pieces(connection, collection, "documents", about["documents"])
    stored = StoredRows(connection, collection, int(about["passages"]))
    lexical = MilvusLexical(stored, tokens, np.array(frequencies, dtype=np.int64), float(about["mean"]))
    dense = MilvusDense(stored, int(about["dim"]))
    return Generation(MilvusPassages(stored), lexical, dense, MilvusDocuments(documents))


def _next(connection: Connection) -> str:
    """A name after all that are there."""
    own = re.compile(re.escape(connection.address.collection) + r"_(\d{6})(?:" + ABOUT + ")?")
    numbers = [int(match[1]) for name in connection.collections() if (match := own.fullmatch(name))]
    return f"{connection.address.collection}_{max(numbers, default=0) + 1:06d}"


def _matched(connection: Connection, old: MilvusLexical, digests: Sequence[bytes]) -> dict[int, int]:
    """For each passage whose text the old generation has, by its row, a row there; no row is given twice."""
    wanted = {digest.hex() for digest in digests}
    there: dict[str, list[int]] = {}
    for rows in in_parts(range(len(old.stored)), 2 * _LISTED):
        for told in connection.rows(old.stored.collection, rows, ["row", "digest"]):
            if told["digest"] in wanted:
                there.setdefault(told["digest"], []).append(int(told["row"]))
    return {row: there[d.hex()].pop() for row, d in enumerate(digests) if there.get(d.hex())}


def _token_lists(
    passages: Sequence[Passage], texts: Callable[[Passage], str], tokenizer: Tokenizer, old: MilvusLexical | None,
    kept: dict[int, int], tell: Tell,
) -> Iterator[list[str]]:  # fmt: skip
    names = list(old.tokens) if old is not None else []
    for rows in in_parts(range(len(passages)), _WRITTEN):
        if old is not None:
            old.stored.get(kept[row] for row in rows if row in kept)  # in one request; each is then at hand
        for row in rows:
            if old is not None and row in kept:
                ids, times = old.tokens_in(kept[row])
                yield [names[n] for n, often in zip(ids.tolist(), times.tolist(), strict=True) for _ in range(often)]
            else:
                yield tokenizer.tokens(texts(passages[row]))
        tell("tokens", rows[-1] + 1, len(passages))


def _vectors(
    passages: Sequence[Passage], rows: Sequence[int], texts: Callable[[Passage], str], encoder: Encoder, old: MilvusLexical | None,
    kept: dict[int, int],
) -> NDArray[np.float32]:  # fmt: skip
    out = np.zeros((len(rows), encoder.dim), dtype=np.float32)
    new = [at for at, row in enumerate(rows) if row not in kept]
    if new:
        out[new] = encoder.encode_passages([texts(passages[at]) for at in new])
    if old is not None and len(new) < len(rows):
        taken = [at for at, row in enumerate(rows) if row in kept]
        out[taken] = np.stack([row.vector for row in old.stored.get(kept[rows[at]] for at in taken)])
    return out


def _told(
    row: int, passage: Passage, documents: dict[str, int], digest: bytes, counts: Counts, length: int, mean: float,
    vector: NDArray[np.float32],
) -> dict[str, Any]:  # fmt: skip
    held = slice(int(counts.starts[row]), int(counts.starts[row + 1]))
    times = counts.times[held].astype(np.float64)
    return {
        "row": row, "id": passage.id, "text": plain(passage.text), "context": plain(passage.context),
        "document_id": passage.document_id,
        "document": documents.setdefault(passage.document_id, len(documents)), "clause_id": passage.clause_id,
        "start": passage.start, "end": passage.end, "length": length, "digest": digest.hex(),
        "dense": vector.tolist(),
        "sparse": sparse_of(counts.ids[held].tolist(), (times / (times + norms(np.array([length]), mean))).tolist()),
    }  # fmt: skip


def _about(
    about: dict[str, Any], vocabulary: dict[str, int], counts: Counts, documents: dict[str, int]
) -> Iterator[dict[str, Any]]:
    lists = {
        "tokens": list(map(plain, vocabulary)), "frequencies": counts.frequencies(len(vocabulary)).tolist(), "documents": list(documents),
    }  # fmt: skip
    for name, values in lists.items():
        for at, piece in enumerate(in_parts(values, _LISTED)):
            yield {"key": f"{name}/{at}", "value": {"values": list(piece)}, "none": [0.0, 1.0]}
    about |= {"tokens": len(vocabulary), "documents": len(documents)}
    yield {"key": "about", "value": about, "none": [0.0, 1.0]}  # the last: what has it is whole


def _pieces(connection: Connection, collection: str, name: str, size: int) -> list[Any]:
    keys = [f"{name}/{at}" for at in range(-(-size // _LISTED))]
    told: dict[str, Any] = {}
    for part in in_parts(keys, 16):
        told |= {row["key"]: _value(row) for row in connection.rows(collection + ABOUT, part, ["key", "value"])}
    out = [value for key in keys for value in told.get(key, {"values": []})["values"]]
    if len(out) != size:
        raise SnapshotError("索引在 Milvus 里不完整", REBUILD)
    return out


def _value(row: dict[str, Any]) -> dict[str, Any]:
    value = row["value"]
    return json.loads(value) if isinstance(value, str | bytes) else dict(value)
