"""The commands of `tiaowen` that have actions or files of their own; api/cli.py has the rest."""

__all__: list[str] = []
