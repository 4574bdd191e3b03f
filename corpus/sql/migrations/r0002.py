"""Files that wait to be taken in by the workers of one or several machines (corpus/claims.py)."""

from __future__ import annotations

import re

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE intake (
  batch TEXT, place INTEGER, node TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
  lease_until DOUBLE PRECISION NOT NULL, tries INTEGER NOT NULL, report TEXT, PRIMARY KEY (batch, place)
);
CREATE INDEX intake_open ON intake (place) WHERE state != 'done';
"""


def upgrade() -> None:
    """Makes the table."""
    for statement in TABLES.split(";"):
        if statement.strip():
            op.execute(re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement))
