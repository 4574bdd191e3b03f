"""Figures of an evaluation: report.json for programs, an aligned table for people."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

# Packages whose version may change a figure.
_PACKAGES = ("faiss-cpu", "numpy", "torch", "sentence-transformers", "transformers")


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, on what and with what.

    `figures` are named as metrics are (recall@10, mrr@10, both, p50_ms ...); a figure of one part or retriever has it
    in front (lexical/recall@10, unseen/mrr@10). Without a prefix: the whole set, as the service searches.
    """

    dataset: str
    split: str
    figures: Mapping[str, float]
    settings: Mapping[str, str] = field(default_factory=dict)


def write_report(report: Report, folder: Path, now: datetime) -> Path:
    """Write `folder`/report.json and return its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    content = {
        "dataset": report.dataset,
        "split": report.split,
        "date": now.isoformat(timespec="seconds"),
        "figures": dict(report.figures),
        "settings": dict(report.settings),
        "versions": versions(),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return path


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that figures depend on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, aligned where CJK characters are two cells wide; the first to the left, the others to
    the right. Raises ValueError where a row has another number of cells than the header."""
    lines = [list(header), *(list(row) for row in rows)]
    if any(len(line) != len(header) for line in lines):
        raise ValueError("a row has another number of cells than the header")
    widths = [max(width(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(_padded(cell, widths[column], left=column == 0) for column, cell in enumerate(line)).rstrip()
        for line in lines
    )


def width(text: str) -> int:
    """How many terminal cells `text` takes: wide and full-width characters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _padded(text: str, cells: int, left: bool) -> str:
    space = " " * (cells - width(text))
    return text + space if left else space + text
