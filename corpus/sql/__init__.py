"""The database behind what is written: SQLite files of a data folder, or one PostgreSQL that several machines share.

    shapes.py       what statements are given to and what they give back, the same for both
    dialect.py      the few words of SQL in which the two differ
    postgresql.py   a PostgreSQL: connections, transactions, locks, and its errors as ours
    choice.py       which of the two this process works with
    copies.py       the copies that each machine has of what lies in PostgreSQL
    node.py         the name of a data folder among those that share it
    migrate.py      the tables of PostgreSQL, brought up to date
    migrations/     how they came to be, one file a step; env.py is what Alembic runs for it

SQLite is spoken to by its own module of Python where it was before: its connections have the shape of shapes.Connection.
"""

from __future__ import annotations

__all__: list[str] = []
