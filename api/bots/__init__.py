"""Chats of other programs: one file a platform, each turns its messages into questions and answers into its cards."""

__all__: list[str] = []
