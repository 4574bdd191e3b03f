"""From a request to an answer: the engine as the service sees it, the one desk for every door, streams and whole documents."""

__all__: list[str] = []
