"""What statements are given to and what they give back. sqlite3 has these shapes; corpus/sql/postgresql.py takes them on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Values = Sequence[Any] | Mapping[str, Any]
"""What stands for the `?` of a statement in their order, or for its `:name`."""


class Row(Protocol):
    """A row: its values by place or by name of the column, and in their order."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> Any:
        """The names of the columns."""


class Result(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Takes statements: inside a transaction where one is open in this thread, else each for itself."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, values: Values = ..., /) -> Result:
        """Does one statement."""

    def executemany(self, sql: str, rows: Iterable[Any], /) -> Result:
        """Does one statement for each row of values."""


def holes(values: Sequence[object]) -> str:
    """What stands behind IN for these values, which are given beside: `(?,?)`, and for none what holds none."""
    return f"({','.join('?' * len(values))})" if values else "(SELECT NULL WHERE 1 = 0)"
