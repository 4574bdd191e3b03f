"""A cell of a table row: what stands in the row that the question names, under the header that it asks for.

Also the group that a row stands in (一等奖, a line inside the table or over it), and what is said of a table as a whole
(table_whole.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.tables import Table
from corpus.types import Clause, Span
from qa.evidence import Sentence
from qa.read import table_whole
from qa.read.candidate import Candidate, Context
from qa.read.table_match import Match, match

_GROUP = re.compile(r"几等|什么奖|哪个奖|哪一?等|等级|哪组|哪一组|哪类奖")
_OFFERED = 3  # cells of a row
_NAMED = 0.5  # of the question that a cell holds: it is what is asked about
_UNNAMED_COLUMN = 0.6  # what a cell is worth whose header the question does not name, where others are named


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates from the row that a sentence is; none where it is no row, or not the first sentence of one."""
    found = row_of(sentence)
    if found is None:
        return
    table, at = found
    clause = table.rows[at].clause
    if sentence.start > max(clause.span.start, sentence.source.hit.passage.start) + 1:
        return  # the row was offered with its first sentence
    question = context.question.text
    if _GROUP.search(question):
        yield from _group(sentence, context, clause)
        return
    matched = match(table, question)
    for column, worth in _columns(matched, at):
        cell = table.rows[at].cells[column]
        if context.cover(cell.text) < _NAMED:
            spans = (clause.span, cell.span, *(header.span for header in table.headers[-1:]))
            yield Candidate(table.value(table.rows[at], column), sentence, spans, worth)
    yield from table_whole.read(sentence, context, matched)


def row_of(sentence: Sentence) -> tuple[Table, int] | None:
    """The table and the place in it of the row that a sentence is of; None where it is of none."""
    return sentence.source.row_at(sentence.start, sentence.end)


def _columns(matched: Match, row: int) -> list[tuple[int, float]]:
    """The columns of a row whose cells may be meant, best first, with what they are worth, 0..1."""
    named = any(matched.headers.values())
    out = []
    for column, cell in enumerate(matched.table.rows[row].cells):
        score = matched.of_cell(row, column)
        if cell.text and score:
            own = matched.of_column(column)
            out.append((column, score if own or not named else _UNNAMED_COLUMN * score))
    return sorted(out, key=lambda c: -c[1])[:_OFFERED]


def _group(sentence: Sentence, context: Context, clause: Clause) -> Iterator[Candidate]:
    """The heading of the group that a row stands in."""
    group = sentence.source.clause(clause.parent)
    if group is None or not group.heading:
        return
    document = sentence.source.document
    head_end = document.text.find("\n", group.span.start, group.span.end)
    heading = Span(group.span.start, head_end if head_end > 0 else group.span.end)
    yield Candidate(group.heading, sentence, (clause.span, heading), min(1.0, 0.5 + 0.5 * context.cover(sentence.text)))
