"""The name of a data folder among those whose machines share a database: files that wait for a change lie in one of them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from corpus.errors import StoreError

FILE = "node"


def node_of(folder: Path) -> str:
    """The name kept in a data folder, which is given one where it has none. Raises StoreError where it cannot be written."""
    path = folder / FILE
    try:
        if not path.is_file():
            partial = folder / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
            partial.write_text(secrets.token_hex(8), "ascii")
            with suppress(FileExistsError):  # of several processes the first names it
                os.link(partial, path)
            partial.unlink()
        return path.read_text("ascii").strip()
    except OSError as error:
        raise StoreError(f"数据目录无法使用：{folder}（{error}）", "请检查目录权限，或换一个数据目录") from error
