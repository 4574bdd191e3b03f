"""HTTP service, chat page and command line."""

__all__: list[str] = []
