"""Words that are made to keep the service busy: whatever a question or a document holds, it is read in no time worth telling.

Each of these took minutes, or more than the age of the world, where patterns were tried in every possible way.
"""

from __future__ import annotations

import pytest

from corpus.bulletin import _CONTENTS
from corpus.readers.html import matches
from corpus.titles import NAMES
from qa.figures import magnitudes
from qa.read.quantity import quantities


@pytest.mark.parametrize("gap", ["  ", "   ", "    "])
def test_a_line_of_single_characters_far_apart(gap: str) -> None:
    assert NAMES.match(f"王{gap}" * 300 + "x") is None
    assert NAMES.match("王  五  张小三  李  四")


@pytest.mark.parametrize("part", [b"<!--a-->", b"<?xml a?>", b"<!--", b"<!--a--><?xml b?> <!--c-->"])
def test_a_file_of_comments_is_soon_known_for_no_page(part: bytes) -> None:
    assert not matches(part * 1000 + b"<x")
    assert matches(b"<!--a--> <?xml version='1.0'?>\n<!-- b --><html><p>1</p></html>")


def test_a_line_of_spaces_is_no_entry_of_a_contents_list() -> None:
    assert _CONTENTS.match(" " * 5000) is None
    entry = _CONTENTS.match("一、 关于印发若干措施的通知 …………… 12")
    assert entry is not None and entry[1] == "关于印发若干措施的通知"


def test_a_number_of_hundreds_of_numerals_is_no_number() -> None:
    assert quantities("一" * 490 + "万元") == []
    assert magnitudes("一" * 490 + "万元") == ()
