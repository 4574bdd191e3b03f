"""What a reader of an answer is told of the document that it cites: that it has no force any more, and since when."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.reading import read_documents
from qa.decide.outcome import warnings
from qa.types import Citation, Question

LAW = "第一条 依法供水。\n第二条 本办法自2020年4月1日起施行{}。\n"


@pytest.mark.parametrize(
    ("head", "tail", "code", "words"),
    [
        ("时效性：失效\n", "", "expired", "已失效"),
        ("效力状态：已废止\n", "", "superseded", "已废止"),
        ("", "，有效期3年", "expired", "已于2023-03-31到期"),
        ("时效性：失效\n", "，有效期10年", "expired", "已失效"),
    ],
)
def test_a_document_without_force_is_said_to_be_so(head: str, tail: str, code: str, words: str) -> None:
    ((document, clauses),) = read_documents(f"澜江市供水办法\n{head}{LAW.format(tail)}".encode(), "x.txt")
    clause = next(c for c in clauses if c.label == "第一条")
    citation = Citation(document, clause, clause.span, document.quote(clause.span))
    (warning,) = warnings([citation], Question("供水？", date(2026, 1, 1)))
    assert warning.code == code
    assert words in warning.message
    assert "None" not in warning.message
