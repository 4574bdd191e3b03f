"""The errors of answering.

PolicyError (corpus.errors)
├── BadLexicon               code "bad_lexicon"     the operator's word list cannot be read
├── BadScorer                code "bad_scorer"      the fitted scorer does not fit the program
└── BadSetting               code "bad_setting"     a setting has a value that it cannot have
"""

from __future__ import annotations

from corpus.errors import PolicyError


class BadLexicon(PolicyError):
    """The operator's lexicon.toml is not valid."""

    code = "bad_lexicon"


class BadScorer(PolicyError):
    """The file of the learned scorer is damaged, or made for other features."""

    code = "bad_scorer"


class BadSetting(PolicyError):
    """A setting has a value that it cannot have."""

    code = "bad_setting"
