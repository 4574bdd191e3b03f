"""The connection to Milvus: every call has a deadline, and what goes wrong is told as the program tells it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from index.errors import IndexAway, SnapshotError
from index.extras import engine_for
from index.milvus.address import MilvusAddress

ASKED_SECONDS = 5.0
"""What a search or a look-up may take; pymilvus tries again meanwhile, waiting longer each time, while the server is away."""

BUILT_SECONDS = 600.0
"""The same of what builds: inserting, flushing, indexing and loading a collection."""

_NOT_FOUND, _NOT_LOADED = 100, 101  # Milvus' codes for a collection that is not there, or not in memory
_REBUILD = "重新执行 tiaowen ingest"
_AWAY = "请检查 Milvus 是否在运行、TIAOWEN_INDEX 是否正确；恢复后会自动继续"

_Told = TypeVar("_Told")


class _NotLoaded(IndexAway):
    """A collection is there but not in the memory of the server."""


class Connection:
    """One client of one Milvus, for all threads of a process. Made once; it connects again by itself."""

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        with engine_for("用 Milvus 保存索引"):
            from pymilvus import MilvusClient
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # each error is raised, and told once by who asked
        if address.is_file:
            Path(address.uri).parent.mkdir(parents=True, exist_ok=True)
        self._client: Any = self._told(
            lambda: MilvusClient(address.uri, user=address.user, password=address.password, timeout=ASKED_SECONDS)
        )

    # -- what is asked -------------------------------------------------------------------------------------------------

    def search(
        self,
        collection: str,
        field: str,
        query: Any,
        limit: int,
        filter: str = "",
        parameters: dict[str, int] | None = None,
    ) -> list[tuple[int, float]]:
        """Row numbers and scores of the best rows of a field by inner product, best first."""
        found = self._loaded(
            collection,
            lambda: self._client.search(
                collection, data=[query], anns_field=field, limit=limit, filter=filter, output_fields=["row"],
                search_params={"metric_type": "IP", "params": parameters or {}}, timeout=ASKED_SECONDS,
            ),
        )  # fmt: skip
        return [(int(hit["row"]), float(hit["distance"])) for hit in found[0]]

    def rows(self, collection: str, rows: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """The rows with these keys, in no order; those that are not there are left out."""
        return list(
            self._loaded(
                collection,
                lambda: self._client.get(collection, ids=list(rows), output_fields=list(fields), timeout=ASKED_SECONDS),
            )
        )

    def in_use(self) -> str | None:
        """The collection that the alias names; None where nothing was published."""
        name = self.address.collection
        if name not in self._told(self._aliases):
            return None
        return str(self._told(lambda: self._client.describe_alias(name, timeout=ASKED_SECONDS))["collection_name"])

    def _aliases(self) -> set[str]:
        return {
            alias
            for collection in self._client.list_collections(timeout=ASKED_SECONDS)
            for alias in self._client.list_aliases(collection, timeout=ASKED_SECONDS)["aliases"]
        }

    def collections(self) -> list[str]:
        """The names of all collections."""
        return list(self._told(lambda: self._client.list_collections(timeout=ASKED_SECONDS)))

    # -- what builds ---------------------------------------------------------------------------------------------------

    def create(self, collection: str, make: Callable[[Any], tuple[Any, Any]]) -> None:
        """A new collection; `make` gets the client and gives its schema and indexes."""
        schema, indexes = make(self._client)
        self._told(
            lambda: self._client.create_collection(
                collection, schema=schema, index_params=indexes, consistency_level="Strong", timeout=BUILT_SECONDS
            )
        )

    def upsert(self, collection: str, rows: list[dict[str, Any]]) -> None:
        """Writes rows, over those with the same keys."""
        self._told(lambda: self._client.upsert(collection, rows, timeout=BUILT_SECONDS))

    def finish(self, collection: str) -> None:
        """Makes what was written lasting and ready to be searched."""
        self._told(lambda: self._client.flush(collection, timeout=BUILT_SECONDS))
        self._told(lambda: self._client.load_collection(collection, timeout=BUILT_SECONDS))

    def count(self, collection: str) -> int:
        """How many rows a loaded collection has."""
        told = self._told(
            lambda: self._client.query(collection, filter="", output_fields=["count(*)"], timeout=BUILT_SECONDS)
        )
        return int(told[0]["count(*)"])

    def point(self, collection: str) -> None:
        """Lets the alias name this collection from now on, in one step."""
        name = self.address.collection
        change = self._client.create_alias if self.in_use() is None else self._client.alter_alias
        self._told(lambda: change(collection, name, timeout=BUILT_SECONDS))

    def drop(self, collection: str) -> None:
        self._told(lambda: self._client.drop_collection(collection, timeout=BUILT_SECONDS))

    def close(self) -> None:
        """Ends the connection; a file can then be opened by another process."""
        self._client.close()

    def _loaded(self, collection: str, call: Callable[[], _Told]) -> _Told:
        """What a call to a collection gives, which is loaded first where a server that was started again has not."""
        try:
            return self._told(call)
        except _NotLoaded:
            self._told(lambda: self._client.load_collection(collection, timeout=BUILT_SECONDS))
            return self._told(call)

    def _told(self, call: Callable[[], _Told]) -> _Told:
        """What a call gives. Raises SnapshotError where a collection is gone, IndexAway where Milvus does not answer."""
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            return call()
        except MilvusException as error:
            if error.code == _NOT_FOUND or "not found" in str(error.message).lower():
                raise SnapshotError("索引在 Milvus 里不存在或已被替换", _REBUILD) from error
            if error.code == _NOT_LOADED:
                raise _NotLoaded(f"Milvus 里的集合还没有载入：{self.address.uri}", _AWAY) from error
            raise IndexAway(f"Milvus 没有应答：{self.address.uri}", _AWAY) from error
        except (RpcError, OSError) as error:
            raise IndexAway(f"Milvus 没有应答：{self.address.uri}", _AWAY) from error
