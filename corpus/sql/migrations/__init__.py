"""The history of the tables in PostgreSQL, a file a step, oldest first; ../env.py is how Alembic runs them.

A step is written once and never follows the code: it says in words of its own what the database was made into. So that machines can
be replaced one by one, a step only adds what the version before can live with; what is no longer needed goes a version later.
"""

from __future__ import annotations

__all__: list[str] = []
