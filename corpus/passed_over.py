"""Names of files and folders that nobody means to import: hidden ones, what editors and downloads leave while they are at work,
and what operating systems and network storage put beside people's files."""

from __future__ import annotations

from collections.abc import Iterable

_BEGIN = (".", "~$", "~wrl", "$recycle")
"""Hidden files and locks (.办法.docx.swp, .~lock.办法.odt#), owner files and drafts of Office (~$办法.docx, ~WRL0001.tmp)."""

_END = (
    "~", ".tmp", ".temp", ".swp", ".swo", ".swx", ".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload",
    ".aria2", ".td", ".xltd", ".!qb", ".!ut",
)  # fmt: skip

_SYSTEM = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "#recycle", "#snapshot", "lost+found",
    "system volume information",
})  # fmt: skip


def passed_over(parts: Iterable[str]) -> bool:
    """Whether one of these names, of a file and of the folders above it, is one of them. Case does not matter."""
    return any(_is(part.casefold()) for part in parts)


def _is(name: str) -> bool:
    marked = len(name) > 2 and name.startswith("#") and name.endswith("#")  # what Emacs saves by itself
    return marked or name.startswith(_BEGIN) or name.endswith(_END) or name in _SYSTEM
