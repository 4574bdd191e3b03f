"""What a job says of the files that it was about, as GET /v1/ingestions/{id} gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.changes.leftout import counts
from corpus.ingest import FileReport
from corpus.store import Store


def told(store: Store, report: FileReport, path: Path | str) -> dict[str, Any]:
    """What became of one file; its documents are those that were read from `path`."""
    names = ("file", "outcome", "code", "message", "hint")
    return {
        **{name: getattr(report, name) for name in names},
        "documents": [] if report.outcome == "rejected" else _documents(store, path),
        "clauses": report.clauses,
        "added": list(report.diff.added),
        "changed": list(report.diff.changed),
        "removed": list(report.diff.removed),
        "recognised": list(report.recognised),
        "unread": list(report.unread),
        "left_out": counts(report.left_out),
        "before": "",
    }


def is_of(report: dict[str, Any], name: str) -> bool:
    """Whether what is told is of a file of this name or, where that is an archive or a mail, of one inside it."""
    return bool(report["file"] == name or report["file"].startswith(f"{name}/"))


def _documents(store: Store, path: Path | str) -> list[dict[str, str]]:
    return [{"id": document.id, "title": document.title} for document, _ in store.read_of(str(path))]
