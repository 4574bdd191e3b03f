"""The choice of a carrier by what the operator wrote: TIAOWEN_INDEX."""

from __future__ import annotations

from index.snapshot import Carrier, FileCarrier

BUILTIN = "builtin"


def carrier_of(index: str = "") -> Carrier:
    """ "" or "builtin" keeps the index in files of the data folder, milvus://host:19530/collection or milvus:/path/file.db in Milvus.
    Nothing is connected to yet. Raises SnapshotError on an address that is neither."""
    if index.strip() in ("", BUILTIN):
        return FileCarrier()
    from index.milvus.address import MilvusAddress
    from index.milvus.carrier import carrier_at

    return carrier_at(MilvusAddress.parse(index))
