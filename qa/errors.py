"""The errors of answering.

PolicyError (corpus.errors)
└── BadLexicon               code "bad_lexicon"     the operator's word list cannot be read
"""

from __future__ import annotations

from corpus.errors import PolicyError


class BadLexicon(PolicyError):
    """The operator's lexicon.toml is not valid."""

    code = "bad_lexicon"
