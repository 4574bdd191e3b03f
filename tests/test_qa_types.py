"""Answers that cannot be built wrongly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import sources

from corpus.types import Span
from qa.types import Answer, Citation

SOURCE = sources("对国家级企业给予100万元奖励。")[-1]


@given(st.integers(0, 40), st.integers(0, 40), st.text(max_size=6))
def test_a_citation_quotes_word_for_word_or_is_not_built(start: int, length: int, wrong: str) -> None:
    document = SOURCE.document
    span = Span(start, start + length)
    words = document.quote(span)
    if words:
        assert Citation(document, SOURCE.clauses[0], span, words).quote == words
    if wrong != words or not words:
        with pytest.raises(ValueError, match="word for word"):
            Citation(document, SOURCE.clauses[0], span, wrong)


def test_an_answer_has_a_text_and_a_citation() -> None:
    citation = Citation(SOURCE.document, SOURCE.clauses[0], Span(0, 2), SOURCE.document.text[:2])
    assert Answer("是", (citation,), 0.9, ()).warnings == ()
    for text, citations in (("", (citation,)), ("是", ())):
        with pytest.raises(ValueError, match="citation"):
            Answer(text, citations, 0.9, ())
