"""What the service itself keeps in its SQLite file: questions, feedback, hand-offs, FAQ, keys, conversations, events."""

__all__: list[str] = []
