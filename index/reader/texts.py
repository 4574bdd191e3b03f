"""Texts as tokenizers take them, with offsets that stay."""

from __future__ import annotations

from corpus.simplified import simplified


def readable(text: str) -> str:
    """`text` in simplified characters, with lone surrogates, which no tokenizer takes, replaced one by one: offsets stay."""
    return simplified(text)


def stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    """[start, end) without the white space that some tokenizers count among a word; None where nothing is left."""
    words = text[start:end]
    start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
    return (start, end) if start < end else None
