"""The errors of files in a binary format, under BadFile of corpus/errors.py.

    BadFile                      code "bad_file"
    ├── Encrypted                code "encrypted_file"   opens with a password only
    ├── Damaged                  code "damaged_file"     cut off, or not what its first bytes say
    └── NoTextLayer              code "no_text_layer"    pages are pictures: needs OCR first

EmptyFile, NotText and TooLarge are raised by these readers too, with the same meaning as for text.
"""

from __future__ import annotations

from corpus.errors import BadFile


class Encrypted(BadFile):
    """The file opens with a password only."""

    code = "encrypted_file"


class Damaged(BadFile):
    """The file is cut off, or its inside is not what its format asks for."""

    code = "damaged_file"


class NoTextLayer(BadFile):
    """The pages are pictures without text."""

    code = "no_text_layer"
