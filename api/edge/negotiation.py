"""What a caller's headers allow: a body packed by gzip, and none where the caller has it already."""

from __future__ import annotations


def has_tag(header: str, tag: str) -> bool:
    """Whether If-None-Match names this tag (RFC 9110, 13.1.2: weak comparison)."""
    named = {part.strip().removeprefix("W/") for part in header[:4096].split(",")}
    return f'"{tag}"' in named


def takes_gzip(header: str) -> bool:
    """Whether Accept-Encoding allows it, by name."""
    for part in header.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return not weight or weight.strip("0.") != ""
    return False
