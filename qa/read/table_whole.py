"""What a table says as a whole: which row has the most, how many rows there are, which rows belong to what is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from corpus.numerals import to_int
from corpus.tables import Row, Table
from corpus.types import Span
from qa.evidence import Sentence
from qa.figures import magnitude
from qa.read.candidate import Candidate, Context
from qa.read.quantity import intervals, quantities
from qa.read.table_match import Match, words_of

_MOST = re.compile(r"最[高多大长贵远晚迟久重]|第一名")
_LEAST = re.compile(r"最[低少小短近早轻]|最便宜")
_HOW_MANY = re.compile(r"(?:多少|几)\s*(?P<measure>[个家所项种类间处条名位人件份门次批台套辆座档样级])?")
_WHICH = re.compile(r"哪些|哪几|都有|有哪|分别是|列出|名单|包括什么|有什么")
_ASKS_VALUE = re.compile(r"多少|几|什么时候|几月|哪天")
_ASKS_WHICH = re.compile(r"哪|谁")
_NAMED_BY = 2  # characters behind 最高 that a name has as well
_TOTAL = re.compile(r"合\s*计|总\s*计|小\s*计|累\s*计|全市|全省|平均")
_NUMBER = re.compile(r"序号|编号|行次|^No\.?$", re.I)
_FIGURE = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_DAY = re.compile(r"(?:(\d{4})\s*[年./-])?\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})?")
_NUMERIC = 0.7  # share of the cells of a column that are figures
_LONGEST = 800  # characters of a list
_MOST_ROWS = 60  # of a list


def read(sentence: Sentence, context: Context, matched: Match) -> Iterator[Candidate]:
    """Candidates from the table of a row, for questions that are about more than one row of it."""
    for candidate in _read(sentence, context, matched):
        yield replace(candidate, told_by="table")


def _read(sentence: Sentence, context: Context, matched: Match) -> Iterator[Candidate]:
    question = context.question.text
    named = _named_values(matched, frozenset(words_of(sentence.source.document.title)))
    rows = _meant(matched, named)
    least = _asks(_LEAST, question, matched.table)
    if least or _asks(_MOST, question, matched.table):
        yield from _extreme(sentence, matched, question, least, rows)
    if (bounded := _bounded(matched, question, named)) is not None:
        rows = bounded
        if len(rows) == 1 and _ASKS_WHICH.search(question) and (name := _name(matched, rows[0], -1)):
            yield Candidate(
                name, sentence, (matched.table.rows[rows[0]].clause.span,), 0.5 * (1 + matched.of_row(rows[0]))
            )
    if len(rows) < 2:
        return
    if (asked := _HOW_MANY.search(question)) and asked["measure"]:
        yield from _count(sentence, matched, rows, asked["measure"])
    if _WHICH.search(question) or context.question.kind == "list":
        yield from _list(sentence, matched, rows)


def _asks(pattern: re.Pattern[str], question: str, table: Table) -> bool:
    """Whether a question asks for an extreme with one of its words. A word that belongs to what the table calls a column or a
    row (最高限价, 最低生活保障) asks for none, save where the question wants to know which (哪类药最高限价最低)."""
    asked = [question[m.start() : m.end() + _NAMED_BY] for m in pattern.finditer(question)]
    named = {text for text in asked if len(text) == _NAMED_BY + 2 and _is_named(text, table)}
    rows = {text for text in named if not any(text in column.name for column in table.columns)}
    return any(text not in named or (_ASKS_WHICH.search(question) and text not in rows) for text in asked)


def _is_named(text: str, table: Table) -> bool:
    held = any(text in cell.text for row in table.rows for cell in row.cells)
    return held or any(text in column.name for column in table.columns)


def _meant(matched: Match, named: Mapping[int, str]) -> list[int]:
    """The rows that a question is about: those with every value that it has `named` of the columns whose values repeat (一类区域,
    民办); else those that hold most of the question, all as much; else all. Rows of totals are not meant."""
    table = matched.table
    if named:
        rows = _holding(table, named)
    elif best := matched.best_rows:
        rows = [row for row, score in best if score >= best[0][1] - 1e-6]
    else:
        rows = list(range(len(table.rows)))
    return sorted(row for row in rows if not _is_total(table, row))


def _holding(table: Table, named: Mapping[int, str]) -> list[int]:
    """The rows with all of these values, by column."""
    return [r for r, row in enumerate(table.rows) if all(_at(row, c) == value for c, value in named.items())]


def _bounded(matched: Match, question: str, named: Mapping[int, str]) -> list[int] | None:
    """Of the rows that are of what a question names, else of all, those whose figure lies within the bound that it sets
    (不低于860元的县区): that of the column of figures that it names best. None where it sets none, or all or no rows lie within."""
    limits = [limit for limit in intervals(question) if not limit.bare and not limit.ranked]
    columns = [c for c in range(len(matched.table.columns)) if _is_numeric(matched.table, c)]
    if len(limits) != 1 or not columns:
        return None
    column = max(columns, key=lambda c: (matched.of_column(c), -c))
    rows = [r for r in _holding(matched.table, named) if not _is_total(matched.table, r)]
    valued = [(r, _quantity(matched.table, r, column, limits[0].dimension)) for r in rows]
    inside = [r for r, value in valued if value is not None and limits[0].holds(value)]
    return inside if 0 < len(inside) < len(rows) else None


def _quantity(table: Table, row: int, column: int, dimension: str) -> float | None:
    """The figure of a cell in the base unit of a dimension; one without any unit counts as it is."""
    text = table.value(table.rows[row], column)
    for found in quantities(text):
        return found.value if found.dimension == dimension else None
    return _value(text)


def _named_values(matched: Match, titled: frozenset[str]) -> dict[int, str]:
    """For each column the value that a question names best, where that stands in several rows and at least half of its words
    are in the question; -1 is the line that rows stand under. Half a name whose words the title has (云冈镇, for who asks about 云冈区)
    is none."""
    held: dict[tuple[int, str], set[int]] = {}
    best: dict[int, tuple[float, str]] = {}
    for r, cells in matched.rows.items():
        for c in cells:
            held.setdefault((c, _at(matched.table.rows[r], c)), set()).add(r)
    for (c, value), rows in held.items():
        own = set(words_of(value))
        found = own & matched.rows[next(iter(rows))][c]
        named = found if found == own else found - titled
        if len(rows) > 1 and own and 2 * len(named) >= len(own):
            score = sum(matched.weights[word] for word in found) * len(found) / len(own)
            if score > best.get(c, (0.0, ""))[0]:
                best[c] = score, value
    return {c: value for c, (_, value) in best.items()}


def _at(row: Row, column: int) -> str:
    return row.group if column < 0 else row.cells[column].text


def _extreme(
    sentence: Sentence, matched: Match, question: str, least: bool, rows: Sequence[int]
) -> Iterator[Candidate]:
    """Of the rows that are meant the one with the largest figure or latest day under the header asked for; of a single row the column."""
    table = matched.table
    if len(rows) == 1 and len(table.rows) > 1:
        yield from _extreme_in_row(sentence, matched, rows[0], least)
        rows = [row for row in range(len(table.rows)) if not _is_total(table, row)]
    columns = [c for c in range(len(table.columns)) if _is_numeric(table, c)]
    if not columns or len(rows) < 2:
        return
    column = max(columns, key=lambda c: (matched.of_column(c), -c))
    valued = [(value, row) for row in rows if (value := _value(table.rows[row].cells[column].text)) is not None]
    if len(valued) < 2:
        return
    value = (min if least else max)(v for v, _ in valued)
    found = [row for v, row in valued if v == value]
    worth = 0.5 + 0.5 * matched.of_column(column)
    names = list(dict.fromkeys(name for row in found if (name := _name(matched, row, column))))
    spans = tuple(table.rows[row].clause.span for row in found[:4])
    if names:
        yield Candidate("、".join(names), sentence, spans, worth if not _ASKS_VALUE.search(question) else 0.7 * worth)
    if _ASKS_VALUE.search(question):
        cell = table.rows[found[0]].cells[column]
        yield Candidate(table.value(table.rows[found[0]], column), sentence, (spans[0], cell.span), worth)


def _extreme_in_row(sentence: Sentence, matched: Match, row: int, least: bool) -> Iterator[Candidate]:
    table = matched.table
    valued = [
        (value, column)
        for column, cell in enumerate(table.rows[row].cells)
        if (value := _value(cell.text)) is not None and table.columns[column].path and not _is_label(table, column)
    ]
    if len(valued) >= 2:
        _, column = (min if least else max)(valued)
        spans = (table.rows[row].clause.span, *(header.span for header in table.headers))
        yield Candidate(table.columns[column].path[-1], sentence, spans, 0.6)


def _count(sentence: Sentence, matched: Match, rows: Sequence[int], measure: str) -> Iterator[Candidate]:
    """How many rows, and how many things, where some stand in several rows."""
    names = {_name(matched, row, -1) or str(row) for row in rows}
    spans = tuple(matched.table.rows[row].clause.span for row in rows[:4])
    worth = 0.5 * (1 + matched.of_row(rows[0]))
    for count, share in {len(names): 0.8, len(rows): 1.0}.items():
        yield Candidate(f"{count}{measure}", sentence, spans, share * worth)


def _list(sentence: Sentence, matched: Match, rows: Sequence[int]) -> Iterator[Candidate]:
    """What stands in the column asked for, in all rows that are meant."""
    table = matched.table
    if len(rows) > _MOST_ROWS:
        return
    columns = sorted(range(len(table.columns)), key=lambda c: -matched.of_column(c))[:1] if matched.headers else []
    if (own := _name_column(matched, rows)) is not None and own not in columns:
        columns.append(own)
    for column in columns:
        cells = [table.rows[row].cells[column] for row in rows if table.rows[row].cells[column].text]
        texts = dict.fromkeys(cell.text for cell in cells)
        if len(texts) >= 2 and sum(map(len, texts)) <= _LONGEST:
            first, last = cells[0].span, cells[-1].span
            spans = (Span(table.rows[rows[0]].clause.span.start, max(last.end, first.end)), *(c.span for c in cells))
            worth = 0.4 + 0.3 * matched.of_column(column) + 0.3 * matched.of_row(rows[0])
            yield Candidate("、".join(texts), sentence, spans, min(1.0, worth))


def _is_total(table: Table, row: int) -> bool:
    return any(_TOTAL.search(cell.text) for cell in table.rows[row].cells[:3])


def _is_label(table: Table, column: int) -> bool:
    return _NUMBER.search(table.columns[column].name) is not None


def _is_numeric(table: Table, column: int) -> bool:
    """Whether most cells of a column are figures, and these do not number the rows."""
    texts = [row.cells[column].text for row in table.rows if row.cells[column].text]
    values = [value for text in texts if (value := _value(text)) is not None]
    if len(values) < 2 or len(values) < _NUMERIC * len(texts) or _is_label(table, column):
        return False
    return bool(table.columns[column].path) or values != [float(n) for n in range(1, len(values) + 1)]


def _value(text: str) -> float | None:
    """A figure with or without a unit, or a day, as a number; None for any other cell."""
    if not text or len(text) > 30:
        return None
    if _FIGURE.fullmatch(text):
        return float(text.replace(",", ""))
    if (day := _DAY.match(text)) is not None:
        return int(day[1] or 0) * 10_000 + int(day[2]) * 100 + int(day[3] or 0)
    found = magnitude(text) if _FIGURE.search(text) else None
    return found[0] if found is not None else None


def _name_column(matched: Match, rows: Sequence[int], other: int = -1) -> int | None:
    """The first column but `other` whose cells name the rows: texts, most of them different, that do not only number."""
    table = matched.table
    best: tuple[float, int] | None = None
    for column in range(len(table.columns)):
        texts = [table.rows[row].cells[column].text for row in rows]
        if (
            column == other
            or _is_label(table, column)
            or sum(_is_figure(t) or _is_ordinal(t) for t in texts) > 0.3 * len(texts)
        ):
            continue
        distinct = len({t for t in texts if t}) / len(texts)
        score = distinct + 2 * matched.of_column(column)
        if distinct > 0.3 and (best is None or score > best[0] + 0.1):
            best = score, column
    return best[1] if best else None


def _is_figure(text: str) -> bool:
    """Whether a cell is a figure or a day and no more: 5路 and 3号楼 are names."""
    whole = next(iter(quantities(text)), None)
    return bool(_FIGURE.fullmatch(text) or _DAY.fullmatch(text)) or (
        whole is not None and (whole.start, whole.end) == (0, len(text))
    )


def _is_ordinal(text: str) -> bool:
    try:
        return to_int(text) > 0
    except (ValueError, KeyError):
        return False


def _name(matched: Match, row: int, other: int) -> str:
    """What a row is called, by the column of names; not by the cell of column `other`."""
    rows = [n for n in range(len(matched.table.rows)) if not _is_total(matched.table, n)]
    column = _name_column(matched, rows, other)
    return matched.table.rows[row].cells[column].text if column is not None else ""
