"""The tables of PostgreSQL brought to those that this version of the program needs, by Alembic.

Whoever opens the database first does it, under a lock of the database, so that of several machines that start one does it and the
others wait. A database that a newer version has changed is refused, as a newer SQLite file is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from corpus.errors import DatabaseAway, StoreError

if TYPE_CHECKING:
    from corpus.sql.postgresql import Server

HEAD = "0002"
"""The last step of corpus/sql/migrations."""

STEPS = Path(__file__).parent / "migrations"
_VERSION = "tiaowen_version"
_LOCK = "tiaowen_migration"


def require(server: Server) -> None:
    """Brings the tables up to date where they are not. Raises DatabaseAway, and StoreError where the database is of a newer version
    or may not be changed."""
    if version(server) != HEAD:
        upgrade(server)


def version(server: Server) -> str | None:
    """The last step that was done; None where none was."""
    (there,) = server.once(f"SELECT to_regclass('{_VERSION}') IS NOT NULL").fetchall()[0]
    rows = server.once(f"SELECT version_num FROM {_VERSION}").fetchall() if there else []
    return str(rows[0][0]) if rows else None


def upgrade(server: Server) -> None:
    """Does the steps that are left, all or none."""
    # Loaded only where there is something to do: half a second.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(STEPS.parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(server.address), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock(hashtext('{_LOCK}'))"))
            before = version(server)
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if before is not None and before not in known:
                raise StoreError(
                    f"数据库由更新的版本建立（{before}，本程序认识到 {HEAD}）",
                    "请安装更新的版本，或恢复升级前的数据库备份",
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError):
            raise DatabaseAway(
                f"数据库没有应答：{server.shown}", "请检查 TIAOWEN_DATABASE 和数据库是否在运行"
            ) from error
        reason = str(error.orig).splitlines()[0]
        raise StoreError(f"数据库的表没有建成（{reason}）", "请检查数据库用户是否可以建表") from error
    finally:
        engine.dispose()
