"""How the joint reader (index/reader) was made: checkpoint, data, training, export. Unused at run time."""

__all__: list[str] = []
