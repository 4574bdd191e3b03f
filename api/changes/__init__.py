"""Changes of the documents and other long work: the line of jobs and the process that does them."""

__all__: list[str] = []
