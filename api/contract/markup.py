"""Words of documents and people inside Markdown: they show as they are, and nothing in them acts.

Where a text could be read as markup, a backslash goes before the character that would begin it (CommonMark 2.4). What cannot
act stays as it is: many programs show the text without reading Markdown, and a quotation is to be read word for word.
Held against CommonMark and GitHub's flavour by tests (tests/test_api_markup.py).
"""

from __future__ import annotations

import re

_ACTIVE = re.compile(
    r"""
    [`*_~|]                                 # code, emphasis, strikethrough, cells of a table: wherever they stand
    | \\ (?= [!-/:-@\[-`{-~] | \n | \Z )    # a backslash that would take a character after it, ours included
    | \[ (?= \^ )                           # a footnote that is none of ours
    | \] (?= \s* [(\[:] | \Z )              # the end of a link's words, or of its name where it is defined
    | < (?= [!-~] | \Z )                    # a tag, a comment, an address between angle brackets
    | & (?= \#? \w{1,32} ; )                # a character by its name
    | (?<= [a-z] ) : (?= // )               # addresses that GitHub's flavour finds in plain words
    | (?: (?<= mailto ) | (?<= xmpp ) ) :
    | (?<= \w ) \. (?= [a-z]{2} )
    | (?<= [\w.+-] ) @ (?= \w )
    """,
    re.X | re.I,
)
_FIRST = re.compile(
    r"""
    ^ (?:
        (?= \# {1,6} (?: [ \t] | $ ) )      # a heading
        | (?= > )                           # a quotation
        | (?= [-+] (?: [ \t] | $ ) )        # an item of a list
        | (?= [-=:] [-=: \t]* $ )           # the line under a heading or under the head of a table
        | (\d{1,9}) (?= [.)] (?: [ \t] | $ ) )  # an item of a numbered list
    )
    """,
    re.X | re.M,
)
_INDENT = re.compile(r"^[ \t]+", re.M)


def inert(text: str) -> str:
    """Text of which Markdown makes no link, no picture that tells another site who reads, no HTML, no heading and no list.

    Its visible characters are those of `text`; white space at the beginning of a line, which would make code of it, goes.
    """
    lines = _INDENT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _FIRST.sub(r"\1\\", _ACTIVE.sub(r"\\\g<0>", lines))
