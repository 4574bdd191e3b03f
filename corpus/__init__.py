"""Files -> documents -> clauses: reading, cutting, metadata and the store of what was read."""

__all__: list[str] = []
