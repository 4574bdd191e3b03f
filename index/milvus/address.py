"""Where the index is: TIAOWEN_INDEX as the operator wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from index.errors import SnapshotError

SCHEME = "milvus"
PORT = 19530
COLLECTION = "tiaowen"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_HINT = "请检查 TIAOWEN_INDEX：填 milvus://主机:19530/集合名（可带 用户名:密码@），或 milvus:/路径/文件.db（Milvus Lite）；留空用内置索引"


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """A Milvus server or a file of Milvus Lite, and the collection in it. `uri` is what pymilvus connects to."""

    uri: str
    collection: str = COLLECTION
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> MilvusAddress:
        """Reads milvus://[user:password@]host[:port]/collection and milvus:/path/file.db[#collection].

        >>> MilvusAddress.parse("milvus://db.local/laws").uri
        'http://db.local:19530'

        Raises SnapshotError on anything else; the password is never in its message.
        """
        parts = urlsplit(text.strip())
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme != SCHEME or port == 0:
            raise _not_understood(text)
        if parts.hostname is None:
            path, collection = Path(unquote(parts.path)).expanduser(), parts.fragment or COLLECTION
            if not path.is_absolute() or path.suffix != ".db" or not _NAME.fullmatch(collection):
                raise _not_understood(text)
            return cls(str(path), collection)
        collection = parts.path.strip("/") or COLLECTION
        if not _NAME.fullmatch(collection):
            raise _not_understood(text)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(
            f"http://{host}:{port or PORT}", collection, unquote(parts.username or ""), unquote(parts.password or "")
        )

    @property
    def is_file(self) -> bool:
        """Whether it is a file of Milvus Lite, which one process has open at a time."""
        return not self.uri.startswith("http")


def _not_understood(text: str) -> SnapshotError:
    shown = re.sub(r"//[^/@]*@", "//***@", text)[:80]
    return SnapshotError(f"索引地址无法识别：{shown}", _HINT)
