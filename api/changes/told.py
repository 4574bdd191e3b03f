"""What a job says of the files that it was about, as GET /v1/ingestions/{id} gives it."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from api.changes.leftout import counts
from corpus.ingest import FileReport
from corpus.store import Store


class DocumentTold(TypedDict):
    """A document that was read from a file."""

    id: str
    title: str


class FileTold(TypedDict):
    """What became of one file: `outcome` is that of FileReport, or `renamed` (`before` is its old name), `removed`, `gone`. The
    changes are addresses of clauses, `left_out` counts by reason."""

    file: str
    outcome: str
    code: str
    message: str
    hint: str
    documents: list[DocumentTold]
    clauses: int
    added: list[str]
    changed: list[str]
    removed: list[str]
    recognised: list[int]
    unread: list[int]
    left_out: dict[str, int]
    before: str


class JobReport(TypedDict, total=False):
    """What a job says at its end: of its files and the index that it made, or the figures of an evaluation."""

    files: list[FileTold]
    documents: int
    clauses: int
    passages: int
    index: str | None
    figures: dict[str, float]


def told(store: Store, report: FileReport, path: Path | str) -> FileTold:
    """What became of one file; its documents are those that were read from `path`."""
    return FileTold(
        file=report.file,
        outcome=report.outcome,
        code=report.code,
        message=report.message,
        hint=report.hint,
        documents=[] if report.outcome == "rejected" else _documents(store, path),
        clauses=report.clauses,
        added=list(report.diff.added),
        changed=list(report.diff.changed),
        removed=list(report.diff.removed),
        recognised=list(report.recognised),
        unread=list(report.unread),
        left_out=counts(report.left_out),
        before="",
    )


def is_of(report: FileTold, name: str) -> bool:
    """Whether what is told is of a file of this name or, where that is an archive or a mail, of one inside it."""
    return bool(report["file"] == name or report["file"].startswith(f"{name}/"))


def _documents(store: Store, path: Path | str) -> list[DocumentTold]:
    return [DocumentTold(id=document.id, title=document.title) for document, _ in store.read_of(str(path))]
