"""Question -> answer with its citation, or a refusal with its reason."""

__all__: list[str] = []
