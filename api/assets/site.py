"""Everything that the pages load, ready to be sent.

A page names its style sheets and its module as they lie in api/web; what is sent names one sheet and one script, each with
the digest of its content in its name, so that a browser keeps it for good and asks again for the page only.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from api.assets.modules import joined

WEB = Path(__file__).resolve().parents[1] / "web"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
KEEP = "public, max-age=31536000, immutable"
"""Cache-Control of a name that holds the digest of what it names."""
_SHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="web/([\w-]+\.css)">\n')
_MODULE = re.compile(r'<script src="web/([\w-]+\.js)" type="module"></script>')
_SINGLE = re.compile(r"web/([\w-]+\.(?:svg|js))(?=[\"'`#])")
_DIGESTED = re.compile(r"(.+)-[0-9a-f]{12}(\.\w+)")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, the same packed by gzip where that is shorter, its tag, and how long a browser may keep it."""

    data: bytes
    packed: bytes | None
    tag: str
    media_type: str
    cache_control: str


class Site:
    """The files by the names they are asked by: `index.html` and its like, and what is asked for below /web/."""

    def __init__(self, folder: Path = WEB, switched_on: Iterable[str] = ()) -> None:
        """`switched_on` are the words that stand as data-… on the root of the chat page: what its scripts may offer."""
        self._files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in MEDIA_TYPES}
        self._assets = {name: _asset(name, data) for name, data in self._files.items()}
        self._current: dict[str, str] = {}
        flags = "".join(f" data-{word}" for word in sorted(switched_on))
        for name in [name for name in self._files if name.endswith(".html")]:
            page = self._page(self._text(name))
            if name == "index.html":
                page = page.replace("<html ", f"<html{flags} ", 1)
            self._assets[name] = _asset(name, page.encode())

    @property
    def names(self) -> Mapping[str, Asset]:
        """All files by name."""
        return self._assets

    def find(self, name: str) -> Asset | None:
        """A file; None where there is none. One named with the digest of another version, which a page that was sent by
        that version still asks for, is what there is now, to be kept by nobody."""
        if name in self._assets:
            return self._assets[name]
        match = _DIGESTED.fullmatch(name)
        current = self._current.get(match[1] + match[2]) if match else None
        return replace(self._assets[current], cache_control="no-cache") if current else None

    def _text(self, name: str) -> str:
        return self._files[name].decode()

    def _page(self, html: str) -> str:
        """A page that names one sheet and one script, with digests."""
        module = _MODULE.search(html)
        stem = PurePosixPath(module[1]).stem if module else "page"
        if module:
            script = self._add(f"{stem}.js", self._with_digests(joined(module[1], self._text)))
            html = _MODULE.sub(f'<script src="web/{script}" type="module"></script>', html, count=1)
        if sheets := _SHEET.findall(html):
            sheet = self._add(f"{stem}.css", "\n".join(map(self._text, sheets)))
            html = _SHEET.sub(f'  <link rel="stylesheet" href="web/{sheet}">\n', html, count=1)
            html = _SHEET.sub(lambda match: match[0] if sheet in match[0] else "", html)
        return self._with_digests(html)

    def _with_digests(self, text: str) -> str:
        """Names of single files, pictures and the script of the colours, with the digests of these."""
        return _SINGLE.sub(
            lambda match: f"web/{self._add(match[1], self._text(match[1]))}" if match[1] in self._files else match[0],
            text,
        )

    def _add(self, name: str, text: str) -> str:
        data = text.encode()
        stem, _, suffix = name.rpartition(".")
        named = f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"
        self._assets[named] = _asset(named, data, KEEP)
        self._current[name] = named
        return named


@cache
def site(switched_on: tuple[str, ...] = ()) -> Site:
    """The site of api/web, made once for each set of words."""
    return Site(WEB, switched_on)


def _asset(name: str, data: bytes, cache_control: str = "no-cache") -> Asset:
    packed = gzip.compress(data, 9, mtime=0)
    tag = hashlib.sha256(data).hexdigest()[:16]
    return Asset(
        data, packed if len(packed) < len(data) else None, tag, MEDIA_TYPES[PurePosixPath(name).suffix], cache_control
    )
