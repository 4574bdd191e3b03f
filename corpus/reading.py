"""What stands in one file: bytes -> documents with their clauses. No store, and no limits but those of the formats."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from corpus import bulletin, metadata, outline, references, responsibility
from corpus import parts as given
from corpus.archives import Found, walk
from corpus.canonical import dropped, paragraphs
from corpus.errors import BadFile, EmptyFile, TooLarge, Unreadable
from corpus.parts import Reading
from corpus.readers import read_lines
from corpus.types import Clause, Document, Source


@dataclass(frozen=True, slots=True)
class Part:
    """A file on disk, or one inside it, with its bytes in memory (see corpus.parts.Part)."""

    found: Found
    digest: str

    @property
    def place(self) -> str:
        return self.found.place

    @property
    def kind(self) -> given.Kind:
        return self.found.kind

    @property
    def error(self) -> BadFile | None:
        return self.found.content if isinstance(self.found.content, BadFile) else None

    def read(self, name: str) -> Reading:
        """Raises BadFile."""
        if isinstance(self.found.content, BadFile):
            raise self.found.content
        return read_file(self.found.content, name, self.digest)


def parts(path: Path) -> Iterator[Part]:
    """The parts of a file on disk, one in memory at a time (see corpus.parts.Parts)."""
    for found in _on_disk(path):
        content = found.content
        yield Part(found, "" if isinstance(content, BadFile) else hashlib.sha256(content).hexdigest())


def _on_disk(path: Path) -> Iterator[Found]:
    """What a file on disk holds (see archives.walk), or why it cannot be had."""
    try:
        if path.stat().st_size > given.MAX_BYTES:
            raise TooLarge(f"文件超过 {given.MAX_BYTES // 1024 // 1024} MB", "请拆分后重新导入")
        data = path.read_bytes()
    except BadFile as error:
        yield Found("", error)
    except OSError as error:
        yield Found("", Unreadable(f"文件无法读取（{error.strerror}）", "请检查文件权限"))
    else:
        yield from walk(data)


def read_documents(data: bytes, name: str, digest: str = "") -> list[tuple[Document, tuple[Clause, ...]]]:
    """The documents that stand in a file, each with its clauses. Raises BadFile."""
    return read_file(data, name, digest).documents


def read_file(data: bytes, name: str, digest: str = "") -> Reading:
    """Everything that stands in a file. Raises BadFile."""
    lines = read_lines(data)
    sure = {line.number: line.confidence for line in lines if line.confidence is not None and line.text.strip()}
    unread = {line.page for line in lines if line.confidence == 0.0 and not line.text and line.page}
    recognised = {line.page for line in lines if line.number in sure and line.page}
    left_out = (*(line.left_out for line in lines if line.left_out is not None), *dropped(lines))
    drafts = bulletin.split(paragraphs(lines))
    del lines
    if not drafts:
        raise EmptyFile("文件里没有文字", "请确认文件内容不为空后重新导入")
    alone = name if len(drafts) == 1 else ""
    metas = [metadata.read(draft, name=alone) for draft in drafts]
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
    return Reading(list(out.values()), tuple(sorted(recognised)), tuple(sorted(unread)), left_out)


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
