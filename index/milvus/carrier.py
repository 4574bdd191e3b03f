"""Milvus as the carrier of snapshots: a generation of collections for each folder, which says which."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from index.encoder import Encoder
from index.errors import SnapshotError
from index.milvus import publish
from index.milvus.address import MilvusAddress
from index.milvus.client import Connection
from index.milvus.parts import MilvusLexical
from index.snapshot import ELSEWHERE, FORMAT, REBUILD, Manifest, Progress, Snapshot, searched_text, text_digest
from index.tokens import Tokenizer
from index.types import Passage

_THERE = "there"
"""In ELSEWHERE: the generation was there before, written by another machine from the same documents."""


class MilvusCarrier:
    """Keeps passages, counts and vectors in the collections of one Milvus (index.snapshot.Carrier).

    >>> build_snapshot(passages, folder, encoder, carrier=MilvusCarrier(MilvusAddress.parse("milvus://db.local/laws")))
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address

    @functools.cached_property
    def connection(self) -> Connection:
        """Made at the first use. Raises IndexAway, SnapshotError."""
        return Connection(self.address)

    def write(
        self, folder: Path, passages: Sequence[Passage], encoder: Encoder, tokenizer: Tokenizer, tell: Progress,
        old: Snapshot | None,
    ) -> int:  # fmt: skip
        """As Carrier says."""
        digests = [text_digest(passage) for passage in passages]
        documents = len({passage.document_id for passage in passages})
        content = _content(passages, encoder, tokenizer)
        found = publish.holding(self.connection, content, len(passages))
        if found is not None:
            (folder / ELSEWHERE).write_text(json.dumps({"collection": found, _THERE: True}), "utf-8")
            tell("index", len(passages), len(passages))
            return documents
        before = old.lexical if old is not None and isinstance(old.lexical, MilvusLexical) else None
        name = publish.write(
            self.connection, passages, searched_text, digests, encoder, tokenizer, tell, before, content
        )
        (folder / ELSEWHERE).write_text(json.dumps({"collection": name}), "utf-8")
        return documents

    def open(self, folder: Path, manifest: Manifest) -> Snapshot:
        """As Carrier says."""
        found = publish.read(self.connection, _collection(folder))
        return Snapshot(folder, manifest, found.passages, found.lexical, found.dense, found.documents)

    def publish(self, folder: Path, kept: Sequence[Path]) -> None:
        """As Carrier says."""
        if json.loads((folder / ELSEWHERE).read_text("utf-8")).get(_THERE):
            return  # who wrote it has let everybody see it, and removes what is left
        others = [_collection(path) for path in kept if (path / ELSEWHERE).is_file()]
        publish.publish(self.connection, _collection(folder), others)


def _content(passages: Sequence[Passage], encoder: Encoder, tokenizer: Tokenizer) -> str:
    """Another one for all that makes the rows of a generation others."""
    total = hashlib.sha256(json.dumps([FORMAT, encoder.id, tokenizer.settings_id]).encode())
    for passage in passages:
        total.update(json.dumps(astuple(passage)).encode("utf-8"))
        total.update(b"\n")
    return total.hexdigest()


def _collection(folder: Path) -> str:
    if not (folder / ELSEWHERE).is_file():
        raise SnapshotError("索引保存在文件里，不在 TIAOWEN_INDEX 指的 Milvus 里", REBUILD)
    return str(json.loads((folder / ELSEWHERE).read_text("utf-8"))["collection"])


@functools.cache
def carrier_at(address: MilvusAddress) -> MilvusCarrier:
    """The carrier of an address, one a process: a file of Milvus Lite is opened once."""
    return MilvusCarrier(address)
