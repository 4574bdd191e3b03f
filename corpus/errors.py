"""The root of every error that a user of Tiaowen can cause, and the errors of reading files.

    PolicyError                  code "internal"
    ├── BadFile                  a file that cannot be taken in; the others go on
    │   ├── EmptyFile            code "empty_file"
    │   ├── NotText              code "not_text"
    │   ├── TooLarge             code "file_too_large"
    │   └── see readers/errors.py: encrypted_file, damaged_file, no_text_layer
    ├── NotFound                 code "not_found"
    └── StoreError               code "store_unusable"

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


class NotFound(PolicyError):
    """The named document or clause is not in the store."""

    code = "not_found"
    status = 404


class StoreError(PolicyError):
    """The data folder cannot be read or written."""

    code = "store_unusable"
    status = 503
    retryable = True
