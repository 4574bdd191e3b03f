"""The joint reader: one forward over a question and passages tells what answers it, where, and how well each passage fits."""

__all__: list[str] = []
