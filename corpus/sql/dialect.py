"""The few words of SQL in which SQLite and PostgreSQL differ, where statements need them. All else is written so that both take it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of saying it. `{0}` stands for a column or `?`, `{1}` for the name of what is made of it."""

    _items: str
    _texts: str
    _within: str
    _shanghai: str
    _first: str
    nulls_first: str
    """Behind what is sorted by: what has no value comes first, as SQLite does it unasked."""
    by_row: bool
    """Whether rows have numbers of their own, `rowid`, without a column for them."""

    def items(self, column: str, name: str) -> str:
        """A table of what a JSON array holds, in FROM: `name.value ->> 'key'` is a text of each."""
        return self._items.format(column, name)

    def texts(self, column: str, name: str) -> str:
        """A table of the texts that a JSON array holds, in FROM: `name.value` is each."""
        return self._texts.format(column, name)

    def within(self, text: str) -> str:
        """Whether `?` stands somewhere in a text."""
        return self._within.format(text)

    def by(self, index: str) -> str:
        """Behind a table: read by this index, where that can be asked for."""
        return f"INDEXED BY {index}" if self.by_row else ""

    def first(self, column: str) -> str:
        """The first thing that a JSON array holds; `->> 'key'` behind it is a text of that."""
        return self._first.format(column)

    def shanghai(self, column: str) -> str:
        """The day in Shanghai (2026-11-21) of a time in UTC as api.records.database.now writes it."""
        return self._shanghai.format(column)


SQLITE = Dialect(
    "json_each({0}) {1}",
    "json_each({0}) {1}",
    "instr({0}, ?) > 0",
    "date({0}, '+8 hours')",
    "({0} -> 0)",
    "",
    True,
)
POSTGRESQL = Dialect(
    "json_array_elements(CAST({0} AS json)) AS {1}(value)",
    "json_array_elements_text(CAST({0} AS json)) AS {1}(value)",
    "strpos({0}, ?) > 0",
    "to_char((CAST({0} AS timestamptz) AT TIME ZONE 'UTC') + interval '8 hours', 'YYYY-MM-DD')",
    "(CAST({0} AS json) -> 0)",
    "NULLS FIRST",
    False,
)
