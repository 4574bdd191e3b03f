"""What Alembic runs to migrate: on the connection that corpus/sql/migrate.py gives it."""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Does the steps inside the transaction of the connection given."""
    context.configure(connection=context.config.attributes["connection"], version_table="tiaowen_version")
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file
    run()
