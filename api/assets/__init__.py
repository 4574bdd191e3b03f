"""The files of the pages as they are sent: modules joined, names with a digest, packed by gzip; made once, at the start."""

__all__: list[str] = []
