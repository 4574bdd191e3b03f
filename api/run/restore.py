"""A data folder from the archive that `tiaowen backup` wrote: `tiaowen restore`.

Everything is unpacked and checked in a new folder beside the data folder; only then do the two change names. Whatever is
wrong with the archive, the data folder is as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import Timeout

from api.changes.jobs import UPLOADS
from api.errors import BadArchive, CannotRestore
from api.run.backup import DATABASES, FORMAT, MANIFEST, Contents, Entry, Tell, is_ours
from corpus.disk import sync
from corpus.sql.choice import chosen
from corpus.store import FILE as DOCUMENTS

SERVING = ".serving"
"""A file in the data folder that is locked, shared, as long as a service uses it."""

_AT_A_TIME = 1 << 20
_MANIFEST_BYTES = 64 * 2**20
_HINT = "请换一份备份；数据目录没有改动。"
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
)


def restore(
    archive: Path, data: Path, force: bool = False, tell: Tell = lambda name: None
) -> tuple[Contents, Path | None]:
    """Puts what is in `archive` in the place of the data folder; returns what it was, and where the folder of before lies.

    A folder that holds anything is only replaced where `force` is true, and then kept under another name. Raises
    BadArchive, and CannotRestore.
    """
    if chosen() is not None:
        raise CannotRestore(
            "记录和文件库在 PostgreSQL 里，不在数据目录里。",
            "请用 pg_restore 恢复数据库，见 docs/cluster.md；要恢复成 SQLite，去掉 TIAOWEN_DATABASE。",
        )
    data = data.absolute()
    there = data.is_dir() and any(data.iterdir())
    if there and not force:
        raise CannotRestore(f"{data} 里已有数据。", "换一个目录；或加上 --force，原来的目录会改名保留。")
    if data.exists() and not data.is_dir():
        raise CannotRestore(f"{data} 不是目录。", "用 --data 指明数据目录。")
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with _unused(data) if there else nullcontext():
            fresh = Path(tempfile.mkdtemp(prefix=f".{data.name}.restoring-", dir=data.parent))
            try:
                contents = _unpack(archive, fresh, tell)
                _move_uploads(fresh, contents.folder, data)
                return contents, _exchange(fresh, data, there)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise CannotRestore(
            f"恢复没有完成：{reason}。", "请检查磁盘空间和目录权限后重试；数据目录没有改动。"
        ) from error


def read_contents(archive: zipfile.ZipFile) -> Contents:
    """What an archive says of itself, checked against its entries. Raises BadArchive."""
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()) or MANIFEST not in infos:
        raise BadArchive("这不是 tiaowen backup 写的备份，或者不完整。", _HINT)
    if infos[MANIFEST].file_size > _MANIFEST_BYTES:
        raise BadArchive("备份的清单大得不合理。", _HINT)
    told = json.loads(archive.read(MANIFEST))
    if told["format"] != FORMAT:
        raise BadArchive(f"备份的格式版本为 {told['format']}，本程序只认 {FORMAT}。", "请用写它的那个版本恢复。")
    entries = tuple(Entry(str(f["path"]), int(f["size"]), str(f["sha256"])) for f in told["files"])
    if {entry.path for entry in entries} != set(infos) - {MANIFEST} or len(entries) != len(infos) - 1:
        raise BadArchive("备份里的文件和清单不一致。", _HINT)
    for entry in entries:
        kind = stat.S_IFMT(infos[entry.path].external_attr >> 16)
        if not is_ours(entry.path) or kind not in (0, stat.S_IFREG) or infos[entry.path].is_dir():
            raise BadArchive(f"备份里有不该有的文件：{entry.path[:80]!r}。", _HINT)
        if infos[entry.path].file_size != entry.size:
            raise BadArchive(f"备份已损坏：{entry.path}。", _HINT)
    return Contents(datetime.fromisoformat(told["created"]), str(told["folder"]), entries)


def _unpack(archive: Path, folder: Path, tell: Tell) -> Contents:
    """Every file of the archive in `folder`, byte for byte what its manifest says."""
    try:
        with zipfile.ZipFile(archive) as opened:
            contents = read_contents(opened)
            if contents.size > shutil.disk_usage(folder).free:
                raise CannotRestore(f"磁盘空间不够，需要 {contents.size >> 20} MB。", "请腾出空间后重试。")
            for entry in contents.entries:
                tell(entry.path)
                path = folder / entry.path
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry.path) as source:
                    _copy(source, path, entry)
    except FileNotFoundError as error:
        raise BadArchive(f"找不到备份文件：{archive}。", "请检查路径。") from error
    except _UNREADABLE as error:
        raise BadArchive(f"备份无法读取（{error}）。", _HINT) from error
    for name in DATABASES:
        if (folder / name).is_file():
            _check_database(folder / name)
    if not (folder / DOCUMENTS).is_file():
        raise BadArchive("备份里没有文件库。", _HINT)
    return contents


def _copy(source: IO[bytes], path: Path, entry: Entry) -> None:
    total, left = hashlib.sha256(), entry.size
    with path.open("xb") as target:
        path.chmod(0o600 if "/" not in entry.path else 0o644)  # databases and settings hold secrets
        while block := source.read(_AT_A_TIME):
            left -= len(block)
            if left < 0:  # more than it said: it may have no end
                break
            total.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if left or total.hexdigest() != entry.sha256:
        raise BadArchive(f"备份已损坏：{entry.path}（校验和不符）。", _HINT)


def _check_database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            told = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        told = str(error)
    if told != "ok":
        raise BadArchive(f"备份里的数据库 {path.name} 已损坏（{told}）。", _HINT)


def _move_uploads(folder: Path, before: str, data: Path) -> None:
    """Tells the store where the uploaded files will lie: it names files by their paths."""
    from corpus.store import Store

    old = PurePosixPath(before) / UPLOADS
    store = Store(folder)
    for path in store.all_paths():
        if path.startswith(f"{old}/") and (moved := str(data.resolve() / UPLOADS / path[len(f"{old}/") :])) != path:
            store.move_file(path, moved)
    store.close()


def _exchange(fresh: Path, data: Path, there: bool) -> Path | None:
    """Gives the new folder the name of the old one, which keeps what it was under another."""
    _sync_all(fresh)
    fresh.chmod(data.stat().st_mode & 0o7777 if data.is_dir() else 0o755)
    if not there:
        with _told_of_mounts(data):
            if data.is_dir():
                data.rmdir()
            fresh.rename(data)
        sync(data.parent)
        return None
    kept = data.with_name(f"{data.name}.before-{datetime.now():%Y%m%d-%H%M%S}")
    while kept.exists():
        kept = kept.with_name(kept.name + "x")
    with _told_of_mounts(data):
        data.rename(kept)
    try:
        fresh.rename(data)
    except OSError:
        kept.rename(data)
        raise
    sync(data.parent)
    return kept


@contextmanager
def _told_of_mounts(data: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotRestore(
            f"{data} 不能改名（{error.strerror}），可能是挂载点。",
            "请恢复到它里面的一个子目录，并让服务使用那个子目录。",
        ) from error


@contextmanager
def in_use(data: Path) -> Iterator[None]:
    """Around the time that a service uses a data folder. Raises CannotRestore while it is being replaced."""
    from filelock import ReadWriteLock  # its import looks at the system's mounts

    with _told_of_lock(CannotRestore(f"{data} 正在恢复。", "请等它结束后再启动服务。")):
        held = ReadWriteLock(data / SERVING, is_singleton=False).acquire_read(blocking=False)
    with held:
        yield


@contextmanager
def _unused(data: Path) -> Iterator[None]:
    """Holds a data folder that no service uses, so that none starts meanwhile. Raises CannotRestore."""
    from filelock import ReadWriteLock

    with _told_of_lock(CannotRestore(f"有服务正在使用 {data}。", "请先停止服务，再恢复。")):
        held = ReadWriteLock(data / SERVING, is_singleton=False).acquire_write(blocking=False)
    with held:
        yield


@contextmanager
def _told_of_lock(taken: CannotRestore) -> Iterator[None]:
    try:
        yield
    except Timeout:
        raise taken from None


def _sync_all(folder: Path) -> None:
    for inner in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync(inner)
