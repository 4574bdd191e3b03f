"""An engine without a reader over a few files that a test writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corpus.ingest import ingest
from corpus.store import Store
from qa.build import build_engine, update_index
from qa.engine import Engine


def engine_over(folder: Path, files: Mapping[str, str]) -> Engine:
    """Writes the files (text by name) into a folder, takes them all in, in this order, and opens them."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    store = Store(folder / "data")
    assert ingest(store, [folder / name for name in files]).count("rejected") == 0
    update_index(store, folder / "data")
    return build_engine(folder / "data", reader="none")
