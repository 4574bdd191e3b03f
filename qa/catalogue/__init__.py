"""Questions about the documents themselves (in force? which end this year? which are for me?), answered from metadata and clauses."""

__all__: list[str] = []
