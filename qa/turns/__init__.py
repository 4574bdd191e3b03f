"""Turns of a conversation: whether one leans on what came before, how it is made whole, and what is remembered."""

__all__: list[str] = []
