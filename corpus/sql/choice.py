"""Which database this process works with: chosen once, by whoever starts it and reads the environment.

It is no parameter of everything that opens a data folder, because a process that wrote part of what belongs together into one
database and part into the other would be wrong whatever the part.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from corpus.errors import StoreError
from corpus.sql.dialect import POSTGRESQL, SQLITE, Dialect

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

BUILTIN = "builtin"
PACKAGES = ("psycopg", "psycopg_binary", "alembic", "sqlalchemy")
_NAMES = ("postgresql://", "postgres://")

_address = ""


def choose(address: str) -> None:
    """Sets the database of this process: "" or "builtin" for the files of each data folder, or postgresql://user@host/name.

    Nothing is connected to yet. Raises StoreError on an address that is neither.
    """
    global _address
    text = address.strip()
    if text in ("", BUILTIN):
        _address = ""
        return
    if not text.startswith(_NAMES):
        raise StoreError(
            "数据库地址无法识别（TIAOWEN_DATABASE）",
            "填 postgresql://用户名:密码@主机:5432/库名；留空用数据目录里的文件",
        )
    _address = text


def chosen() -> Server | None:
    """The PostgreSQL that was chosen, the same object in all threads; None for files. Raises StoreError where what it needs is not
    installed or its address cannot be read."""
    return _server(_address) if _address else None


def dialect_of(server: Server | None) -> Dialect:
    """How statements are said there."""
    return SQLITE if server is None else POSTGRESQL


@cache
def _server(address: str) -> Server:
    try:
        from corpus.sql.postgresql import Server
    except ModuleNotFoundError as absent:
        package = (absent.name or "").partition(".")[0]
        if package not in PACKAGES:
            raise
        raise StoreError(
            f"TIAOWEN_DATABASE 需要另外安装的组件（缺少 {package}）",
            "请在程序目录执行 .venv/bin/pip install -c constraints.txt -e '.[cluster]'，或去掉这项设置，用数据目录里的文件",
        ) from absent
    return Server(address)
