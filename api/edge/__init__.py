"""What stands around every request: who calls, how often, with what headers, over which connection, and what is logged of it."""

__all__: list[str] = []
