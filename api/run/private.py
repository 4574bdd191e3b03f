"""The data folder is its owner's: nobody else of this machine reads questions, contacts, or hashes of keys."""

from __future__ import annotations

import logging
from pathlib import Path

from api.records.database import FILE as RECORDS
from corpus.sql.node import FILE as NODE
from corpus.store import FILE as DOCUMENTS

_OTHERS = 0o077

log = logging.getLogger("tiaowen.api")


def make_private(data: Path) -> None:
    """Takes the rights of group and others from a data folder and its databases. A folder that is none is left alone, as
    is one of another owner, which only that one may change."""
    if not any((data / name).exists() for name in (RECORDS, DOCUMENTS, NODE)):
        return
    for path in (data, *data.glob("*.sqlite3*")):
        try:
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(mode & 0o7777 & ~_OTHERS)
        except OSError as error:
            log.warning("%s stays readable for others: %s", path.name, error.strerror)
