"""The service as processes, and its data folder as a whole: serving, backup, restore, permissions."""

__all__: list[str] = []
