"""The errors of retrieval: the branch of the tree of corpus/errors.py that index/ adds.

PolicyError                  (corpus/errors.py)
├── BadReader                code "bad_reader"         the model that reads passages cannot be used
├── EncoderError             code "encoder_unusable"   the sentence model cannot be loaded
├── IndexAway                code "index_away"         the engine that carries the index does not answer
└── SnapshotError            code "index_unusable"     the index folder cannot be read or written
"""

from __future__ import annotations

from corpus.errors import PolicyError


class BadReader(PolicyError):
    """The model that reads passages cannot be loaded or run, or is no extractive question-answering model."""

    code = "bad_reader"


class EncoderError(PolicyError):
    """The sentence model named in the settings is missing or is not one that can be loaded."""

    code = "encoder_unusable"


class SnapshotError(PolicyError):
    """The index folder is missing, damaged, or was built for another encoder or format."""

    code = "index_unusable"
    status = 503
    retryable = True


class IndexAway(PolicyError):
    """The engine that carries the index (TIAOWEN_INDEX) does not answer, or not in time."""

    code = "index_away"
    status = 503
    retryable = True
