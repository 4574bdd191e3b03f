"""The addresses, a file for each group of callers; no work is done here."""

__all__: list[str] = []
