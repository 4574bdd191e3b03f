"""The root of every error that a user of Tiaowen can cause, and the errors of reading files.

    PolicyError                  code "internal"
    ├── BadFile                  a file that cannot be taken in; the others go on
    │   ├── EmptyFile            code "empty_file"
    │   ├── NotText              code "not_text"
    │   ├── TooLarge             code "file_too_large"
    │   ├── Unreadable           code "unreadable"
    │   ├── TooMuchMemory        code "too_much_memory"
    │   ├── TooMuchTime          code "too_much_time"
    │   ├── ReaderDied           code "reader_died"
    │   └── see readers/errors.py: encrypted_file, damaged_file, no_text_layer
    ├── NotFound                 code "not_found"
    ├── NoReader                 code "no_reader"
    └── StoreError               code "store_unusable"
        ├── DatabaseAway         code "database_away"
        ├── StoreBusy            code "store_busy"
        └── StoreConflict        code "store_conflict"

Folders above add their own branches (index/errors.py, qa/errors.py, api/errors.py). Each class carries a stable `code`,
each instance a Chinese `message` and a `hint` that says what to do next; `retryable` says whether the same call may
succeed later without a change.
"""

from __future__ import annotations

from typing import ClassVar


class PolicyError(Exception):
    """Root of the tree. Raise a subclass."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadFile(PolicyError):
    """A file that cannot be taken in."""

    code = "bad_file"
    status = 400


class EmptyFile(BadFile):
    """The file holds no text at all."""

    code = "empty_file"


class NotText(BadFile):
    """The bytes are not text in any encoding that we read."""

    code = "not_text"


class TooLarge(BadFile):
    """The file is larger than the limit."""

    code = "file_too_large"
    status = 413


class Unreadable(BadFile):
    """The system does not let the file be read."""

    code = "unreadable"


class TooMuchMemory(BadFile):
    """Reading the file takes more memory than one may have (corpus/confined.py)."""

    code = "too_much_memory"
    status = 413


class TooMuchTime(BadFile):
    """Reading the file takes more time than one may have (corpus/confined.py)."""

    code = "too_much_time"
    status = 413


class ReaderDied(BadFile):
    """The process that read the file came to an end, or met with a fault of this program."""

    code = "reader_died"


class NotFound(PolicyError):
    """The named document or clause is not in the store."""

    code = "not_found"
    status = 404


class NoReader(PolicyError):
    """The process that reads files cannot be started: none can be taken in."""

    code = "no_reader"
    status = 503
    retryable = True


class StoreError(PolicyError):
    """The data folder cannot be read or written."""

    code = "store_unusable"
    status = 503
    retryable = True


class DatabaseAway(StoreError):
    """The database that several machines share (TIAOWEN_DATABASE) does not answer, or not in time."""

    code = "database_away"


class StoreBusy(StoreError):
    """Another process is changing the documents, and took longer than could be waited for. Nothing was changed."""

    code = "store_busy"


class StoreConflict(StoreError):
    """What was to be written contradicts what is stored: a fault of this program, not of the disk or the file."""

    code = "store_conflict"
    status = 500
    retryable = False
