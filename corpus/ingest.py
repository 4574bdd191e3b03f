"""Files and folders -> the store, one file at a time; what went in, what did not, and why."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from corpus import bulletin, metadata, outline, references, responsibility
from corpus.canonical import paragraphs
from corpus.errors import BadFile, EmptyFile, NotFound, TooLarge
from corpus.readers import ocr, read_lines
from corpus.revision import Diff, carry_over
from corpus.store import Store
from corpus.types import Clause, Document, Source

PARSER = "6"
"""Version of the reading: a file read by another version is read again."""

_UNREAD = "+unread"  # beside the version: some pages wait for text recognition to be installed

MAX_BYTES = 200 * 1024 * 1024
"""Largest file taken in."""

Outcome = Literal["added", "updated", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. `code`, `message` and `hint` are set where it was rejected, `diff` where it was read
    anew. `recognised` are the pages that are pictures and were read by text recognition, `unread` those that were not
    for want of it."""

    file: str
    outcome: Outcome
    documents: int = 0
    clauses: int = 0
    code: str = ""
    message: str = ""
    hint: str = ""
    diff: Diff = Diff()
    recognised: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in one file: its documents with their clauses, and its pages that are pictures (see FileReport)."""

    documents: list[tuple[Document, tuple[Clause, ...]]]
    recognised: tuple[int, ...]
    unread: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every file, in order."""

    files: tuple[FileReport, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(f.outcome == outcome for f in self.files)

    @property
    def changed(self) -> bool:
        return any(f.outcome in ("added", "updated") for f in self.files)


def find_files(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Every file under the paths, each once, with the name that users see (relative to the folder given).

    Hidden files are passed over. Raises BadFile where a path does not exist.
    """
    out: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path)
                if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                    out.setdefault(file.resolve(), inside.as_posix())
        elif path.is_file():
            out.setdefault(path.resolve(), path.name)
        else:
            raise BadFile(f"找不到文件或目录：{path}", "请检查路径是否正确")
    return list(out.items())


def ingest(store: Store, paths: Iterable[Path], progress: Callable[[str], None] | None = None) -> Report:
    """Reads files into the store. A bad file is reported and the others go on. `progress` is called with each name."""
    reports = []
    for path, name in find_files(paths):
        if progress:
            progress(name)
        reports.append(_ingest_file(store, path, name))
    report = Report(tuple(reports))
    if report.changed:
        store.link()
    return report


def _ingest_file(store: Store, path: Path, name: str) -> FileReport:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(f"文件超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分后重新导入")
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        known = store.file(str(path))
        if known == (digest, PARSER) or (known == (digest, PARSER + _UNREAD) and ocr.problem()):
            return FileReport(name, "unchanged")
        reading = read_file(data, name, digest)
    except BadFile as error:
        return FileReport(name, "rejected", code=error.code, message=error.message, hint=error.hint)
    except OSError as error:
        return FileReport(
            name, "rejected", code="unreadable", message=f"文件无法读取（{error.strerror}）", hint="请检查文件权限"
        )
    diff = Diff()
    read = reading.documents
    if known:
        read, diff = carry_over(store.read_of(str(path)), read)
    store.replace_file(str(path), name, digest, PARSER + (_UNREAD if reading.unread else ""), read)
    return FileReport(
        name,
        "updated" if known else "added",
        len({d.id for d, _ in read}),
        sum(len(c) for _, c in read),
        diff=diff,
        recognised=reading.recognised,
        unread=reading.unread,
    )


def drop(store: Store, names: Iterable[str]) -> list[str]:
    """Takes files out of the store, by the name that users see or by path; returns the paths taken out.

    Documents that stand in another file too stay. Raises NotFound for a name that is not there, before anything is done.
    """
    paths: list[str] = []
    for name in names:
        found = store.paths(name) or store.paths(str(Path(name).resolve()))
        if not found:
            raise NotFound(f"没有导入过这个文件：{name}", "可用 tiaowen documents 查看已导入的文件")
        paths += [path for path in found if path not in paths]
    for path in paths:
        store.drop_file(path)
    if paths:
        store.link()
    return paths


def read_documents(data: bytes, name: str, digest: str = "") -> list[tuple[Document, tuple[Clause, ...]]]:
    """The documents that stand in a file, each with its clauses. Raises BadFile."""
    return read_file(data, name, digest).documents


def read_file(data: bytes, name: str, digest: str = "") -> Reading:
    """Everything that stands in a file. Raises BadFile."""
    lines = read_lines(data)
    sure = {line.number: line.confidence for line in lines if line.confidence is not None and line.text.strip()}
    unread = {line.page for line in lines if line.confidence == 0.0 and not line.text and line.page}
    recognised = {line.page for line in lines if line.number in sure and line.page}
    drafts = bulletin.split(paragraphs(lines))
    del lines
    if not drafts:
        raise EmptyFile("文件里没有文字", "请确认文件内容不为空后重新导入")
    metas = [metadata.read(draft) for draft in drafts]
    regions = Counter(meta.region for meta in metas if meta.region)
    region = regions.most_common(1)[0][0] if regions else None
    out: dict[str, tuple[Document, tuple[Clause, ...]]] = {}
    for draft, meta in zip(drafts, metas, strict=True):
        document, clauses = _document(draft, meta, name, digest, region)
        if sure:
            anchors = tuple(replace(a, confidence=sure.get(a.line)) for a in document.anchors)
            document = replace(document, anchors=anchors)
        if document.id in out:  # the same text twice in one file: one document, two sources
            first, kept = out[document.id]
            out[document.id] = (replace(first, sources=first.sources + document.sources), kept)
        else:
            out[document.id] = (document, clauses)
    return Reading(list(out.values()), tuple(sorted(recognised)), tuple(sorted(unread)))


def _document(
    draft: bulletin.Draft, meta: metadata.Metadata, name: str, digest: str, region: str | None
) -> tuple[Document, tuple[Clause, ...]]:
    tree = outline.build(draft, meta.title)
    lines = [anchor.line for anchor in tree.anchors]
    pages = [anchor.page for anchor in tree.anchors if anchor.page is not None]
    source = Source(name, digest, min(lines), max(lines), min(pages, default=None), max(pages, default=None))
    amended = next((link.title for link in meta.links if link.kind == "amends"), None)
    found = references.find(tree.text, meta.title, tree.clauses, amended if meta.kind == "amendment" else None)
    clauses = tuple(
        replace(clause, responsible=by, references=tuple(found.get(clause.id, ())))
        if by or clause.id in found
        else clause
        for clause, by in zip(tree.clauses, responsibility.assign(tree.text, tree.clauses), strict=True)
    )
    document = Document(
        id=outline.document_id(tree.text),
        text=tree.text,
        title=meta.title,
        title_inferred=meta.title_inferred,
        number=meta.number,
        issuer=meta.issuer,
        issued_on=meta.issued_on,
        validity=meta.validity,
        kind=meta.kind,
        region=meta.region or region,
        sources=(source,),
        links=meta.links,
        anchors=tree.anchors,
    )
    return document, clauses
