"""What crosses the wire: the bodies of requests and answers, and answers as text for programs that show text."""

__all__: list[str] = []
