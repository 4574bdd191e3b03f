"""One archive of a data folder, made while the service runs: `tiaowen backup`.

The archive is a zip file. Its last entry, `manifest.json`, names every other one with its size and SHA-256. In it are
copies of the databases, each in one state whoever is writing, the index in use, and the files that lie beside: the adapted
encoder, the operator's settings, what was uploaded, question sets and evaluations. An ingestion by upload waits until the archive is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from api.bots.settings import FILE as BOTS
from api.changes.evaluations import FOLDER as EVALUATIONS
from api.changes.jobs import INCOMING, UPLOADS
from api.errors import CannotBackUp
from api.records.database import FILE as RECORDS
from corpus.disk import sync
from corpus.sql.choice import chosen
from corpus.store import FILE as DOCUMENTS
from corpus.store import Store
from index.snapshot import CURRENT
from qa.build import INDEX, LEXICON, MODEL
from qa.changes import alone

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = (DOCUMENTS, RECORDS)
SETTINGS = (LEXICON, BOTS)
FOLDERS = (INDEX, MODEL, UPLOADS, EVALUATIONS)

_COPIES = ".backup-"
_AT_A_TIME = 1 << 20
_TRIES = 5  # an index may be removed while it is looked at: two newer ones were published meanwhile

Tell = Callable[[str], None]
"""Is told the name of each file as it is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: its path inside the data folder, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself. `folder` is where the data folder lay."""

    created: datetime
    folder: str
    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Bytes of all files, unpacked."""
        return sum(entry.size for entry in self.entries)


def back_up(data: Path, archive: Path, tell: Tell = lambda name: None) -> Contents:
    """Writes `archive`, in the place of one of that name only when it is whole. Readable by its owner alone: it holds
    secrets of bots, hashes of keys and what people asked.

    Raises CannotBackUp.
    """
    if chosen() is not None:
        raise CannotBackUp(
            "记录和文件库在 PostgreSQL 里，不在数据目录里。",
            "请用 pg_dump 备份数据库，用文件备份数据目录，见 docs/cluster.md。",
        )
    if not (data / DOCUMENTS).is_file():
        raise CannotBackUp(f"{data} 不是数据目录。", "用 --data 指明数据目录。")
    if archive.is_dir():
        raise CannotBackUp(f"{archive} 是一个目录。", "写明备份文件的名字，例如 tiaowen.zip。")
    partial: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{archive.name}.", suffix=".partial", dir=archive.parent)
        partial = Path(name)
        with os.fdopen(descriptor, "wb") as file, alone(data):
            for left in data.glob(f"{_COPIES}*"):  # by a backup that was killed
                shutil.rmtree(left, ignore_errors=True)
            Store(data, create=False).finish_moves()
            contents = _write(data, file, tell)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(archive)
        sync(archive.parent)
        partial = None
    except (OSError, sqlite3.Error, zipfile.LargeZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotBackUp(
            f"备份没有完成：{reason}。", "请检查磁盘空间和目录权限后重试；原有的备份没有改动。"
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
    return contents


def _write(data: Path, file: IO[bytes], tell: Tell) -> Contents:
    entries = []
    created = datetime.now(UTC)
    with (
        ExitStack() as stack,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        tempfile.TemporaryDirectory(prefix=_COPIES, dir=data) as copies,
    ):
        for path, source in _sources(data, Path(copies), stack):
            if not is_ours(path):
                raise CannotBackUp(f"文件名无法写进备份：{path[:80]!r}。", "请把这个文件改名，再备份。")
            tell(path)
            entries.append(_add(archive, path, source))
        contents = Contents(created, str(data.resolve()), tuple(entries))
        archive.writestr(MANIFEST, _told(contents))
    return contents


def is_ours(name: str) -> bool:
    """Whether a path is one that an archive may hold: in the data folder, under a name that we know."""
    path = PurePosixPath(name)
    plain = name == path.as_posix() and "\\" not in name and not path.is_absolute() and ".." not in path.parts
    if not plain or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        return False
    return name in (*DATABASES, *SETTINGS) or (len(path.parts) > 1 and path.parts[0] in FOLDERS)


def _sources(data: Path, copies: Path, stack: ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of a data folder, open, the databases as copies."""
    held = _held(data, stack)
    for name in DATABASES:
        if (data / name).is_file():
            copy = copies / name
            with closing(sqlite3.connect(data / name, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
            with copy.open("rb") as opened:
                yield name, opened
            copy.unlink()
    yield from held
    for path, name in _tree(data, UPLOADS):  # they stay as they are: uploads wait
        with path.open("rb") as opened:
            yield name, opened
    for path, name in _tree(data, EVALUATIONS):
        # Of more runs than are kept the oldest is removed, perhaps just now.
        with contextlib.suppress(FileNotFoundError), path.open("rb") as opened:
            yield name, opened


def _held(data: Path, stack: ExitStack) -> list[tuple[str, IO[bytes]]]:
    """The index in use, the encoder and the settings, all open: what is removed from now on is still read whole."""
    for _ in range(_TRIES):
        with ExitStack() as opened, contextlib.suppress(FileNotFoundError):
            found = _tree(data, MODEL) + [(data / name, name) for name in SETTINGS if (data / name).is_file()]
            pointer = data / INDEX / CURRENT
            if pointer.is_file():
                folder = f"{INDEX}/{pointer.read_text('utf-8').strip()}"
                found += [(pointer, f"{INDEX}/{CURRENT}"), (data / folder / "manifest.json", f"{folder}/manifest.json")]
                found += [entry for entry in _tree(data, folder) if entry not in found]
            out: list[tuple[str, IO[bytes]]] = [(name, opened.enter_context(path.open("rb"))) for path, name in found]
            if all(path.exists() for path, _ in found):  # else something was removed while it was looked through
                stack.enter_context(opened.pop_all())
                return out
    raise CannotBackUp("索引正在不断更换，没能备份。", "请稍后再试。")


def _tree(data: Path, name: str) -> list[tuple[Path, str]]:
    """All files under a folder with their paths in the archive; what is on its way in, or no plain file, is passed over."""
    root = data / name
    return [
        (path, f"{name}/{path.relative_to(root).as_posix()}")
        for path in sorted(root.rglob("*"))
        if INCOMING not in path.relative_to(root).parts and path.is_file() and not path.is_symlink()
    ]


def _add(archive: zipfile.ZipFile, path: str, source: IO[bytes]) -> Entry:
    total, size = hashlib.sha256(), 0
    info = zipfile.ZipInfo(path, datetime.now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    with archive.open(info, "w", force_zip64=True) as target:
        while block := source.read(_AT_A_TIME):
            total.update(block)
            size += len(block)
            target.write(block)
    return Entry(path, size, total.hexdigest())


def _told(contents: Contents) -> str:
    files: list[dict[str, Any]] = [{"path": e.path, "size": e.size, "sha256": e.sha256} for e in contents.entries]
    told = {"format": FORMAT, "created": contents.created.isoformat(), "folder": contents.folder, "files": files}
    return json.dumps(told, ensure_ascii=False, indent=1)
