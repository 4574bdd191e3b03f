"""What a question asks for: its answer type, learned."""

__all__: list[str] = []
