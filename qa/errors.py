"""The errors of answering.

PolicyError (corpus.errors)
├── BadLexicon               code "bad_lexicon"     the operator's word list cannot be read
└── BadSetting               code "bad_setting"     a setting has a value that it cannot have
"""

from __future__ import annotations

from corpus.errors import PolicyError


class BadLexicon(PolicyError):
    """The operator's lexicon.toml is not valid."""

    code = "bad_lexicon"


class BadSetting(PolicyError):
    """A setting has a value that it cannot have."""

    code = "bad_setting"
