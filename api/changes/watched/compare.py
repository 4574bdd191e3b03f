"""A look at a folder against what was taken in from it: which files are new or changed, which are gone, which only look so."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.changes.watched.folders import Mark, Seen

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Known:
    """What was made of a file when it was looked at last: under which path it was read, its SHA-256 ("" where it could
    not be had), by which version of the reading, and the code of what was wrong with it ("" where it was taken in).
    `gone`: it has been told that it is no longer there."""

    mark: Mark
    path: str
    sha256: str
    parser: str
    code: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of files: new or changed, not there any more, there again as they were, and `away`: not to be seen for now,
    because their folder or their disk is not."""

    fresh: tuple[str, ...]
    gone: tuple[str, ...]
    back: tuple[str, ...]
    away: tuple[str, ...]


def compare(known: Mapping[str, Known], seen: Seen) -> Changes:
    """What differs between a folder and what is known of it.

    A file is gone only where it would have been seen, and where another file that lay on the same device is still there:
    a share or a disk that is not mounted leaves an empty folder, and takes all of its files with it.
    """
    there = {known[name].mark.device for name in seen.files if name in known}
    missing = [name for name in known if name not in seen.files]
    gone = [name for name in missing if seen.could_see(name) and known[name].mark.device in there]
    return Changes(
        fresh=tuple(
            sorted(name for name, mark in seen.files.items() if not _is_as_known(known.get(name), seen, name, mark))
        ),
        gone=tuple(sorted(name for name in gone if not known[name].gone)),
        back=tuple(sorted(name for name in seen.files if name in known and known[name].gone)),
        away=tuple(sorted(set(missing) - set(gone))),
    )


def _is_as_known(known: Known | None, seen: Seen, name: str, mark: Mark) -> bool:
    return known is not None and known.mark.same(mark) and known.path == str(seen.root / name)


class AtRest(Generic[Key]):
    """Tells which of the things that are looked at again and again have been as they are for some seconds: a file that is
    being written is read when that is done, and one that is replaced by another is not gone in between."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Key, tuple[Mark | None, float]] = {}

    def look(self, now: float, found: Mapping[Key, Mark | None]) -> set[Key]:
        """The keys that are at rest; what is not in `found` is forgotten. `now` is in seconds of a clock that never jumps."""
        since = {}
        for key, mark in found.items():
            before = self._since.get(key)
            same = before is not None and (mark.same(before[0]) if mark is not None else before[0] is None)
            since[key] = (mark, before[1] if same and before is not None else now)
        self._since = since
        return {key for key, (_, began) in since.items() if now - began >= self._seconds}

    def wait(self, now: float) -> float | None:
        """Seconds until the next of them may be at rest; None where none waits."""
        left = [self._seconds - (now - began) for _, began in self._since.values() if now - began < self._seconds]
        return min(left, default=None)
