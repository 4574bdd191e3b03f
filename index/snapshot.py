"""The index on disk: a folder written once, published in one step, checked when opened.

parent/
  CURRENT           the name of the folder in use
  000002/           manifest.json, passages.bin, passages.offsets.npy, passages.texts.npy (what each row was made of),
                    documents.json, documents.rows.npy, lexical/, dense/, and what its maker put in
  000001/           the one before, kept
  .lock             held while somebody writes
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.disk import locked, sync
from index.dense import DenseIndex
from index.encoder import Encoder
from index.errors import SnapshotError
from index.lexical import LexicalIndex
from index.parts import Allowed, Dense, Documents, Lexical
from index.tokens import Tokenizer
from index.types import Passage

FORMAT = 2
HASH_UP_TO_BYTES = 64 * 2**20
_DIGEST_BYTES = 16
ENCODE_BATCH = 1024

# What is told to a progress bar: the stage ("tokens", "vectors", "index"), how many are done, of how many.
Progress = Callable[[str, int, int], None]

_log = logging.getLogger(__name__)
CURRENT = "CURRENT"  # the file that names the folder in use
_MANIFEST = "manifest.json"
_TEXTS = "passages.texts.npy"
REBUILD = "重新执行 tiaowen ingest"
ELSEWHERE = "carried.json"
"""In the folder of a snapshot that an engine carries: where."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a snapshot, as it was written: path inside it, bytes and SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself."""

    format: int
    created: datetime
    passages: int
    documents: int
    encoder_id: str
    dim: int
    tokenizer_id: str
    files: tuple[FileRecord, ...]


class Passages(Sequence[Passage]):
    """The passages of a snapshot by row number, read from a memory-mapped file one at a time."""

    def __init__(self, data: bytes | mmap.mmap, offsets: NDArray[np.int64]) -> None:
        self._data = data
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        at = int(row) + (len(self) if row < 0 else 0)
        if not 0 <= at < len(self):
            raise IndexError(row)
        return Passage(*json.loads(self._data[int(self._offsets[at]) : int(self._offsets[at + 1])]))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened index folder. Everything in it is read-only and safe for several threads."""

    folder: Path
    manifest: Manifest
    passages: Sequence[Passage]
    lexical: Lexical
    dense: Dense
    documents: Documents

    def __len__(self) -> int:
        return self.manifest.passages

    @property
    def encoder_id(self) -> str:
        return self.manifest.encoder_id

    def allowed(self, documents: frozenset[str]) -> Allowed:
        """What limits a search of the parts to passages of these documents."""
        return self.documents.allowed(documents)


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """The documents of a snapshot in files: `of_row` (n,) has for each row the place of its document in `ids`."""

    ids: tuple[str, ...]
    of_row: NDArray[np.int32]

    def allowed(self, documents: frozenset[str]) -> NDArray[np.bool_]:
        """Which rows belong to one of `documents`: bool (n,)."""
        wanted = np.fromiter((d in documents for d in self.ids), dtype=np.bool_, count=len(self.ids))
        return wanted[self.of_row]


class Carrier(Protocol):
    """Who keeps the passages, counts and vectors of snapshots: files of their folders (FileCarrier), or an engine that several
    machines search (index.milvus.carrier)."""

    def write(
        self,
        folder: Path,
        passages: Sequence[Passage],
        encoder: Encoder,
        tokenizer: Tokenizer,
        tell: Progress,
        old: Snapshot | None,
    ) -> int:
        """Writes what a snapshot in `folder` will need, taking over what it can from `old`; returns how many documents the passages are
        of. Nobody sees it yet."""
        ...

    def open(self, folder: Path, manifest: Manifest) -> Snapshot:
        """Opens what was written. Raises SnapshotError where another carrier wrote it, and what reading files raises."""
        ...

    def publish(self, folder: Path, kept: Sequence[Path]) -> None:
        """Everybody is to search the snapshot in `folder`, and only it and those in `kept` are still needed. Done twice, it does nothing
        the second time."""
        ...


@contextmanager
def writing(parent: Path, wait: float = 0.0) -> Iterator[None]:
    """The right to write indexes in a folder, which is made where it is not there; a thread that has it may ask again.

    Raises SnapshotError where another process has it, still after `wait` seconds, or where the folder cannot be made.
    """
    taken = SnapshotError(f"另一个进程正在写入索引目录 {parent}", "等它结束后再试")
    with ExitStack() as held:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(parent / ".lock", taken, wait))
        except OSError as error:
            raise _not_writable(parent, error) from error
        yield


def build_snapshot(
    passages: Sequence[Passage] | Callable[[Path], Sequence[Passage]],
    parent: Path,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    tokenizer: Tokenizer | None = None,
    reuse: bool = False,
    carrier: Carrier | None = None,
) -> Snapshot:
    """Index `passages`, publish the snapshot in `parent` and open it.

    A function given as `passages` is called with the folder before anything else is in it, while nobody else can write.
    It may put files of its own there, which are published, checked and removed with the snapshot: what the passages were
    made from, so that both are of one state.

    `reuse` takes what it can from the snapshot in use, where that is whole and of the same format, encoder and
    tokeniser: only passages whose searched text is not in it are tokenised and encoded. Scores are those of building
    anew; where vectors are searched approximately, what is found may differ as it may between two approximations.

    It is written under another name, synced to disk and renamed; `CURRENT` is replaced last, so that a crash at any
    point leaves the old snapshot in use. The one before is kept, older ones and remains of crashes are removed. No
    passages at all is legal. Raises SnapshotError where `parent` cannot be written or somebody else is writing.
    """
    tell = progress or _silent
    tokenizer = tokenizer or Tokenizer()
    carrier = carrier or FileCarrier()
    try:
        with writing(parent):
            _remove_partial(parent)
            name = f"{max((int(p.name) for p in _published(parent)), default=0) + 1:06d}"
            partial = parent / f"{name}.partial"
            partial.mkdir()
            old = _reusable(parent, encoder, tokenizer, carrier) if reuse else None
            given = passages(partial) if callable(passages) else passages
            documents = carrier.write(partial, given, encoder, tokenizer, tell, old)
            _write_manifest(partial, len(given), documents, encoder, tokenizer)
            del old
            partial.rename(parent / name)
            before = _named(parent)
            _point(parent, name)
            _remove_others(parent, {name, before})
            carrier.publish(parent / name, [parent / before] if before else [])
    except OSError as error:
        raise _not_writable(parent, error) from error
    return open_snapshot(parent, verify=False, carrier=carrier)


def _not_writable(parent: Path, error: OSError) -> SnapshotError:
    reason = error.strerror or error
    return SnapshotError(f"索引目录 {parent} 无法写入：{reason}", "检查目录权限和磁盘空间后" + REBUILD)


def open_snapshot(
    parent: Path,
    verify: bool = True,
    *,
    encoder_id: str | None = None,
    full: bool = False,
    carrier: Carrier | None = None,
) -> Snapshot:
    """Open the snapshot that `parent` points at.

    `verify` compares the sizes of all files, and the checksums of those up to 64 MB (`full`: of all). `encoder_id`,
    where given, must be the one that the vectors were made by. Raises SnapshotError where the snapshot is missing,
    damaged, or of another format, encoder or carrier.
    """
    folder = _current(parent)
    manifest = _read_manifest(folder)
    if encoder_id is not None and encoder_id != manifest.encoder_id:
        raise other_encoder(manifest.encoder_id, encoder_id)
    if verify:
        _verify(folder, manifest, full)
    try:
        snapshot = (carrier or FileCarrier()).open(folder, manifest)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise SnapshotError(f"索引 {folder} 已损坏：{error}", REBUILD) from error
    sizes = {len(snapshot.passages), len(snapshot.lexical), len(snapshot.dense)}
    if sizes != {manifest.passages}:
        raise SnapshotError(f"索引 {folder} 已损坏：各部分条数不一致", REBUILD)
    return snapshot


@dataclass(frozen=True, slots=True)
class FileCarrier:
    """Keeps a snapshot in files of its folder."""

    def write(
        self, folder: Path, passages: Sequence[Passage], encoder: Encoder, tokenizer: Tokenizer, tell: Progress,
        old: Snapshot | None,
    ) -> int:  # fmt: skip
        """As Carrier says."""
        documents = _write_passages(folder, passages)
        digests = [text_digest(p) for p in passages]
        np.save(folder / _TEXTS, np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, _DIGEST_BYTES))
        lexical, dense = (old.lexical, old.dense) if old is not None else (None, None)
        kept = _matched(old.folder, digests) if old is not None else np.full(len(passages), -1, dtype=np.int64)
        del digests
        new = np.flatnonzero(kept < 0).tolist()

        def token_lists() -> Iterator[list[str]]:
            for done, row in enumerate(new, 1):
                yield tokenizer.tokens(searched_text(passages[row]))
                if done % 256 == 0 or done == len(new):
                    tell("tokens", done, len(new))

        if isinstance(lexical, LexicalIndex):
            lexical.updated(kept, token_lists()).save(folder / "lexical")
        else:
            LexicalIndex.build(token_lists()).save(folder / "lexical")
        vectors = np.zeros((len(new), encoder.dim), dtype=np.float32)
        for start in range(0, len(new), ENCODE_BATCH):
            batch = new[start : start + ENCODE_BATCH]
            texts = [searched_text(passages[row]) for row in batch]
            vectors[start : start + len(batch)] = encoder.encode_passages(texts)
            tell("vectors", start + len(batch), len(new))
        tell("index", 0, len(passages))
        if isinstance(dense, DenseIndex):
            dense.updated(kept, vectors).save(folder / "dense")
        else:
            DenseIndex.build(vectors).save(folder / "dense")
        tell("index", len(passages), len(passages))
        return documents

    def open(self, folder: Path, manifest: Manifest) -> Snapshot:
        """As Carrier says."""
        if (folder / ELSEWHERE).exists():
            raise SnapshotError("索引保存在 Milvus 里，而没有设置 TIAOWEN_INDEX", "设置 TIAOWEN_INDEX，或" + REBUILD)
        with (folder / "passages.bin").open("rb") as file:
            data: bytes | mmap.mmap = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if manifest.passages else b""
        ids = tuple(json.loads((folder / "documents.json").read_text("utf-8")))
        documents = DocumentRows(ids, np.load(folder / "documents.rows.npy"))
        if len(documents.of_row) != manifest.passages:
            raise ValueError("not every row has a document")
        return Snapshot(
            folder, manifest, Passages(data, np.asarray(np.load(folder / "passages.offsets.npy", mmap_mode="r"))),
            LexicalIndex.open(folder / "lexical"), DenseIndex.open(folder / "dense"), documents,
        )  # fmt: skip

    def publish(self, folder: Path, kept: Sequence[Path]) -> None:
        """As Carrier says: the folder is all there is, and CURRENT names it."""


def _reusable(parent: Path, encoder: Encoder, tokenizer: Tokenizer, carrier: Carrier) -> Snapshot | None:
    """The snapshot in use, every byte checked, where vectors and counts of it can be taken over."""
    if not (parent / CURRENT).is_file():
        return None
    try:
        old = open_snapshot(parent, encoder_id=encoder.id, full=True, carrier=carrier)
        if old.manifest.tokenizer_id != tokenizer.settings_id:
            raise SnapshotError("索引由另一版本的分词器建立", REBUILD)
    except SnapshotError as error:
        _log.warning("%s。现在全部重新建立索引", error.message)
        return None
    return old


def text_digest(passage: Passage) -> bytes:
    """Tells one searched text from another."""
    text = searched_text(passage).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()


def _matched(folder: Path, digests: Sequence[bytes]) -> NDArray[np.int64]:
    """For each digest a row of the snapshot in `folder` with the same one, or -1; no row is given twice."""
    old: NDArray[np.uint8] = np.load(folder / _TEXTS)
    following = np.full(len(old), -1, dtype=np.int64)  # the next row with the same text
    first: dict[bytes, int] = {}
    for row in range(len(old) - 1, -1, -1):
        digest = old[row].tobytes()
        following[row] = first.get(digest, -1)
        first[digest] = row
    kept = np.full(len(digests), -1, dtype=np.int64)
    for i, digest in enumerate(digests):
        row = first.get(digest, -1)
        if row >= 0:
            kept[i] = row
            first[digest] = int(following[row])
    return kept


def other_encoder(built_by: str, wanted: str) -> SnapshotError:
    """The error to raise where the vectors of a snapshot were made by another encoder than the one in use."""
    return SnapshotError(f"索引由编码模型 {built_by} 建立，与当前设置的 {wanted} 不一致", REBUILD)


def searched_text(passage: Passage) -> str:
    """What both retrievers see of a passage: its context, then its text."""
    return f"{passage.context}\n{passage.text}" if passage.context else passage.text


def _write_passages(folder: Path, passages: Sequence[Passage]) -> int:
    """Write passages and the document of each; returns the number of documents."""
    offsets = np.zeros(len(passages) + 1, dtype=np.int64)
    document_of_row = np.zeros(len(passages), dtype=np.int32)
    documents: dict[str, int] = {}
    with (folder / "passages.bin").open("wb") as file:
        for row, p in enumerate(passages):
            fields = (p.id, p.text, p.context, p.document_id, p.clause_id, p.start, p.end)
            line = json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")
            offsets[row + 1] = offsets[row] + file.write(line)
            document_of_row[row] = documents.setdefault(p.document_id, len(documents))
    np.save(folder / "passages.offsets.npy", offsets)
    np.save(folder / "documents.rows.npy", document_of_row)
    (folder / "documents.json").write_text(json.dumps(list(documents), ensure_ascii=False), "utf-8")
    return len(documents)


def _write_manifest(folder: Path, passages: int, documents: int, encoder: Encoder, tokenizer: Tokenizer) -> None:
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        sync(path)
        name = path.relative_to(folder).as_posix()
        files.append({"path": name, "size": path.stat().st_size, "sha256": _sha256(path)})
    manifest = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "passages": passages,
        "documents": documents,
        "encoder_id": encoder.id,
        "dim": encoder.dim,
        "tokenizer_id": tokenizer.settings_id,
        "files": files,
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
    sync(folder / _MANIFEST)
    for inner in (*(p for p in folder.rglob("*") if p.is_dir()), folder):
        sync(inner)


def _current(parent: Path) -> Path:
    if not (parent / CURRENT).is_file():
        raise SnapshotError(f"{parent} 中还没有索引", "先执行 tiaowen ingest 建立索引")
    name = _named(parent)
    if not name.isdigit() or not (parent / name).is_dir():
        raise SnapshotError(f"{parent} 指向的索引“{name[:40]}”不存在", REBUILD)
    return parent / name


def _read_manifest(folder: Path) -> Manifest:
    try:
        raw = json.loads((folder / _MANIFEST).read_text("utf-8"))
        if raw["format"] != FORMAT:
            raise SnapshotError(f"索引 {folder} 的格式版本为 {raw['format']}，本程序需要 {FORMAT}", REBUILD)
        return Manifest(
            format=int(raw["format"]),
            created=datetime.fromisoformat(raw["created"]),
            passages=int(raw["passages"]),
            documents=int(raw["documents"]),
            encoder_id=str(raw["encoder_id"]),
            dim=int(raw["dim"]),
            tokenizer_id=str(raw["tokenizer_id"]),
            files=tuple(FileRecord(str(f["path"]), int(f["size"]), str(f["sha256"])) for f in raw["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"索引 {folder} 的清单无法读取：{error}", REBUILD) from error


def _verify(folder: Path, manifest: Manifest, full: bool) -> None:
    for record in manifest.files:
        path = folder / record.path
        try:
            same = path.stat().st_size == record.size
            if same and (full or record.size <= HASH_UP_TO_BYTES):
                same = _sha256(path) == record.sha256
        except OSError as error:
            raise SnapshotError(f"索引文件 {path} 无法读取：{error.strerror or error}", REBUILD) from error
        if not same:
            raise SnapshotError(f"索引文件 {path} 已损坏（校验和不符）", REBUILD)


def _point(parent: Path, name: str) -> None:
    temporary = parent / f"{CURRENT}.partial"
    temporary.write_text(name + "\n", "utf-8")
    sync(temporary)
    sync(parent)
    temporary.replace(parent / CURRENT)
    sync(parent)


def _published(parent: Path) -> list[Path]:
    return sorted((p for p in parent.iterdir() if p.is_dir() and p.name.isdigit()), key=lambda p: int(p.name))


def _remove_partial(parent: Path) -> None:
    for path in parent.glob("*.partial"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _remove_others(parent: Path, kept: set[str]) -> None:
    for path in _published(parent):
        if path.name not in kept:
            shutil.rmtree(path)


def _named(parent: Path) -> str:
    """The name in CURRENT; empty where there is none yet, or none that can be read."""
    try:
        return (parent / CURRENT).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(stage: str, done: int, total: int) -> None:
    """No progress wanted."""
