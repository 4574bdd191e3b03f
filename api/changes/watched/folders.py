"""What lies in a watched folder now. Links are not followed: what one leads to inside the folder is found there by its own name,
and what lies outside is not of the folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.passed_over import passed_over
from qa.errors import BadSetting


@dataclass(frozen=True, slots=True)
class Mark:
    """By what a change of a file is noticed: bytes, time of the last change in nanoseconds. `device` is where it lies; a
    file that is the same on another device has not changed."""

    size: int
    mtime_ns: int
    device: str = ""

    def same(self, other: Mark | None) -> bool:
        return other is not None and (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a folder: its files by name (with / between folders, relative to it), and the folders that could not be
    listed, "" for the whole. `root` is the folder with all links resolved, where the files lie."""

    root: Path
    files: dict[str, Mark]
    unlisted: frozenset[str] = frozenset()

    def could_see(self, name: str) -> bool:
        """Whether a file of this name would have been found."""
        above = [parent.as_posix() for parent in PurePosixPath(name).parents]
        return self.unlisted.isdisjoint("" if parent == "." else parent for parent in above)


def scan(folder: Path, without: Path | None = None) -> Seen:
    """Looks at a folder and all folders in it, but `without` (resolved). Raises nothing: what cannot be listed is told."""
    root = _real(folder)
    files: dict[str, Mark] = {}
    unlisted: set[str] = set()
    waiting = [""]
    while waiting:
        at = waiting.pop()
        try:
            for entry in _entries(root / at):
                name = f"{at}/{entry.name}" if at else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if without is None or root / name != without:
                        waiting.append(name)
                elif entry.is_file(follow_symlinks=False):
                    files[name] = _mark(entry.stat(follow_symlinks=False))
        except OSError:  # it cannot be read, is not mounted, or went in this moment: the next look may tell
            unlisted.add(at)
    return Seen(root, files, frozenset(unlisted))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What a folder holds less links, what programs leave there, and names that are no text."""
    with os.scandir(folder) as found:
        for entry in found:
            junction = getattr(entry, "is_junction", lambda: False)  # of Windows, Python 3.12 and later
            if not (entry.is_symlink() or junction() or passed_over([entry.name]) or _is_no_text(entry.name)):
                yield entry


def _is_no_text(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)


def _real(folder: Path) -> Path:
    """The folder with all links resolved; as far as that can be done, where Path.resolve would raise an error."""
    return Path(os.path.realpath(folder))


def mark_of(path: Path) -> Mark | None:
    """How a file is now; None where there is none."""
    try:
        return _mark(path.stat(follow_symlinks=False))
    except OSError:
        return None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _mark(found: os.stat_result) -> Mark:
    return Mark(found.st_size, found.st_mtime_ns, str(found.st_dev))


def require_apart(folders: Sequence[Path], data: Path) -> tuple[Path, ...]:
    """The folders as absolute paths. Raises BadSetting where one is a file, lies in another one or in the data folder."""
    out = tuple(dict.fromkeys(Path(os.path.abspath(folder)) for folder in folders))  # noqa: PTH100 (links are kept: they may be redirected)
    data = data.resolve()
    for folder in out:
        if folder.is_file():
            raise BadSetting(f"要看管的是文件夹，这是一个文件：{folder}", "请写文件所在的文件夹")
        if _real(folder).is_relative_to(data):
            raise BadSetting(f"不能看管数据目录：{folder}", "请另放政策文件的文件夹")
        for other in out:
            if other != folder and _real(folder).is_relative_to(_real(other)):
                raise BadSetting(f"看管的文件夹 {folder} 在 {other} 里面", "只写外面的那一个，子文件夹已包括在内")
    return out
