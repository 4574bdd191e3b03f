"""The errors of answering.

PolicyError (corpus.errors)
├── BadLexicon               code "bad_lexicon"     the operator's word list cannot be read
├── BadReader                code "bad_reader"      the model named to read spans cannot be used
└── BadSetting               code "bad_setting"     a setting has a value that it cannot have
"""

from __future__ import annotations

from corpus.errors import PolicyError


class BadLexicon(PolicyError):
    """The operator's lexicon.toml is not valid."""

    code = "bad_lexicon"


class BadReader(PolicyError):
    """The model named to read spans cannot be loaded, or is no extractive question-answering model."""

    code = "bad_reader"


class BadSetting(PolicyError):
    """A setting has a value that it cannot have."""

    code = "bad_setting"
