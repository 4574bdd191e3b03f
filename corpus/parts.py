"""What reading hands over: a file on disk in its parts, and what stands in each. Owns the types only, so that a program
that has files read elsewhere (corpus/confined.py) loads none of the readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from corpus.errors import BadFile
from corpus.readers.lines import LeftOut
from corpus.types import Clause, Document

MAX_BYTES = 200 * 1024 * 1024
"""Largest file taken in."""

Kind = Literal["file", "archive", "mail"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in one file: its documents with their clauses, its pages that are pictures and were read by text
    recognition (`recognised`) or were not for want of it (`unread`), and what the file holds beside its text."""

    documents: list[tuple[Document, tuple[Clause, ...]]]
    recognised: tuple[int, ...]
    unread: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()


class Part(Protocol):
    """A file on disk, or one inside it where it is an archive or a mail. To be asked before the next one is taken."""

    @property
    def place(self) -> str:
        """Where it lies in the file: "" for the file itself, "/2024/办法.docx"."""

    @property
    def kind(self) -> Kind:
        """Whether it is an archive, or a mail that brings files along: those come before it."""

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes; "" where `error` says why they cannot be had."""

    @property
    def error(self) -> BadFile | None: ...

    def read(self, name: str) -> Reading:
        """What stands in it, as a file of this name. Raises BadFile."""


Parts = Callable[[Path], Iterator[Part]]
"""How files are taken apart and read: the parts of a file on disk, those inside an archive or a mail first. A file that
cannot be had is a part with an error; nothing is raised."""
